"""更正: which earlier message a message supersedes, and whether it may.

A correction names the message it stands in for (`supersedes` in its data). It must come from the same
sender and be of the same type, and one message can be superseded by one other only: whoever corrects
again supersedes the correction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.ports import SUPERSEDED_SPACE, Journal, Stored, Write
from schemas.envelope import Message

_NAMED: Final = b'"supersedes":"'


@dataclass(frozen=True, slots=True)
class Correction:
    """What a message supersedes. `problem`: why it may not; `gone` is then None."""

    gone: Message | None
    problem: str = ""


async def find_corrections(journal: Journal, messages: Iterable[Message]) -> dict[str, Correction]:
    """Return, by id, those of the messages that supersede another one. Raises Unavailable."""
    found: dict[str, Correction] = {}
    for message in messages:
        named = superseded_by(message)
        if named:
            found[message.id] = await _correction(journal, message, named)
    return found


def superseded_by(message: Message) -> str:
    """Return the id of the message that this one supersedes; "" where it supersedes none."""
    if _NAMED not in message.data:  # by far the most: nothing is parsed
        return ""
    return str(message.content().get("supersedes") or "")


async def _correction(journal: Journal, message: Message, named: str) -> Correction:
    entry = await journal.find(named)
    if entry is None:
        return Correction(None, f"supersedes {named}, which is not in the journal")
    gone = entry.message
    if gone.partner != message.partner:
        return Correction(None, f"supersedes {named}, which another partner sent")
    if gone.type != message.type:
        return Correction(None, f"supersedes {named}, which is a {gone.type}")
    if gone.id == message.id:
        return Correction(None, "supersedes itself")
    return Correction(gone)


class Superseded:
    """Who stands in whose place, within one transaction: read once, written with it."""

    def __init__(self, known: dict[str, Stored]) -> None:
        self._by = {gone: stored.value.decode() for gone, stored in known.items()}
        self._known = set(known)

    @classmethod
    async def read(cls, journal: Journal, gone: Iterable[str]) -> Superseded:
        """Read what is known of these messages."""
        wanted = list(gone)
        return cls(await journal.get_many(SUPERSEDED_SPACE, wanted) if wanted else {})

    def claim(self, gone: str, by: str) -> str:
        """Let `by` stand in the place of `gone`; return the problem when another one already does."""
        first = self._by.setdefault(gone, by)
        return "" if first == by else f"supersedes {gone}, in whose place {first} already stands"

    def writes(self) -> list[Write]:
        """Return what is new. A version of 0 lets only the first of two transactions through."""
        return [
            Write(SUPERSEDED_SPACE, gone, by.encode(), 0)
            for gone, by in self._by.items()
            if gone not in self._known
        ]

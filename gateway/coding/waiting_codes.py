"""待对照编码: what the hold list waits for, code by code, found in one pass over it.

A held message names the codes it lacks in its issues; it may also wait behind others by the keys they
share. Both are counted: how many messages wait for a code, and how many more cannot go before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.coding.translate import KEY_MARK
from gateway.ports import Held, Journal
from schemas.issues import Issue

PAGE: Final = 2000
SAMPLES: Final = 5
_LANE: Final = 24
"""Bits of a counter: one addition of two long integers counts a message for all its codes at once."""

Key = tuple[str, str, str]
"""(partner, kind, local code)"""


@dataclass(slots=True)
class WaitingCode:
    """One code that held messages lack. `number` and `since` are those of the oldest of them."""

    partner: str
    kind: str
    local_code: str
    number: int
    since: str
    direct: int = 0
    behind: int = 0
    """Messages that do not lack this code but cannot go before one that does."""
    samples: list[str] = field(default_factory=list)
    """Ids of the oldest messages that lack it."""

    @property
    def key(self) -> str:
        """Return `partner|kind|local code`, as hold keys write it."""
        return KEY_MARK.join((self.partner, self.kind, self.local_code))


async def waiting_codes(journal: Journal, partner: str = "") -> dict[Key, WaitingCode]:
    """Return what is waited for, oldest first; `partner` "" is all of them. Raises Unavailable."""
    counting, after = _Counting(partner), 0
    while page := await journal.held(limit=PAGE, after=after):
        # beside the event loop: a hundred thousand take seconds, and partners wait for answers
        await asyncio.to_thread(counting.take_all, page)
        after = page[-1].number
    return await asyncio.to_thread(counting.result)


async def every_held(journal: Journal) -> AsyncIterator[Held]:
    """Yield the hold list, oldest first, in pages."""
    after = 0
    while page := await journal.held(limit=PAGE, after=after):
        for held in page:
            yield held
        after = page[-1].number


def lacking(held: Held) -> list[Key]:
    """Return the codes that a held message lacks, each once."""
    found = (missing_code(each) for each in held.issues)
    return list(dict.fromkeys((held.partner, *one) for one in found if one is not None))


def missing_code(found: Issue) -> tuple[str, str] | None:
    """Return (kind, local code) of an issue that says that a code has no meaning, None for others."""
    if found.code not in _LACKING:
        return None
    facts = dict(found.facts)
    return (facts["kind"], facts["code"])


_LACKING: Final = frozenset({"code.unknown", "code.expired"})


class _Counting:
    """The pass. Sets of codes are integers with a lane per code of the partner."""

    def __init__(self, partner: str) -> None:
        self._partner = partner
        self._codes: dict[Key, WaitingCode] = {}
        self._lanes: dict[str, dict[Key, int]] = {}
        self._behind_of: dict[tuple[str, str], int] = {}
        self._sums: dict[str, int] = {}

    def take_all(self, page: Iterable[Held]) -> None:
        for held in page:
            if self._partner in ("", held.partner):
                self.take(held)

    def take(self, held: Held) -> None:
        own = 0
        for key in lacking(held):
            own |= 1 << self._noted(key, held)
        keys = [(held.partner, each) for each in dict.fromkeys((held.subject, *held.keys))]
        before = 0
        for each in keys:
            before |= self._behind_of.get(each, 0)
        behind = before & ~own
        if behind:
            self._sums[held.partner] = self._sums.get(held.partner, 0) + behind
        for each in keys:
            self._behind_of[each] = before | own

    def _noted(self, key: Key, held: Held) -> int:
        """Count a message for a code; return the place of the code's lane."""
        code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = WaitingCode(*key, held.number, held.since)
        code.direct += 1
        if len(code.samples) < SAMPLES:
            code.samples.append(held.id)
        lanes = self._lanes.setdefault(held.partner, {})
        return lanes.setdefault(key, len(lanes) * _LANE)

    def result(self) -> dict[Key, WaitingCode]:
        for partner, lanes in self._lanes.items():
            total = self._sums.get(partner, 0)
            raw = total.to_bytes(len(lanes) * _LANE // 8 + 1, "little")
            for key, place in lanes.items():
                at = place // 8
                self._codes[key].behind = int.from_bytes(raw[at : at + _LANE // 8], "little")
        return self._codes

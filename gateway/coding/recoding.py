"""更正重放: messages that were coded by a wrong meaning are said again, freshly coded.

The corrected message is the partner's own, with the same business content, the codes of now, and
`supersedes`: the policies withdraw what the earlier one contributed. Nothing is erased: the earlier one
stays in the journal, and the corrected one's raw bytes say who had it corrected, when and why. Doing it
again finds nothing left to do; a crash in between leaves whole messages corrected and others not.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.impact import Impact
from gateway.coding.occurrences import business_day
from gateway.coding.translate import code_draft, take_back
from gateway.errors import Contended, Issue, Rejected, Unavailable, issue
from gateway.partners import Partners
from gateway.ports import (
    SUPERSEDED_SPACE,
    Commit,
    Entry,
    EntryKind,
    Journal,
    Row,
    Submission,
    Verdict,
    Write,
)
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import EVENT_TYPES, EventType

RECODING: Final = "recoding"
"""What stands for the interface of a corrected message: no partner sent these bytes."""
SUPERSEDES: Final = "supersedes"
TOGETHER: Final = 100
ATTEMPTS: Final = 20
CHAIN_LIMIT: Final = 1000
"""Corrections of corrections that are followed."""

Progress = Callable[[int, int], None]
"""(messages looked at, messages chosen)"""
Why = Literal[
    "missing",
    "not_published",
    "not_said_by_a_partner",
    "partner_gone",
    "uncoded",
    "contract",
    "unchanged",
]
"""Why a chosen message was left as it is; `unchanged`: its codes mean now what they meant then."""


@dataclass(frozen=True, slots=True)
class Left:
    """A chosen message that was not corrected. `id` is the one that was chosen."""

    id: str
    why: Why
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Recoded:
    """What became of the chosen messages: every one of them stands here, in one of the two."""

    corrected: tuple[tuple[str, str], ...] = ()
    """(id of the message that was superseded, id of the one in its place)"""
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class _Order:
    """Who wants what corrected, and why."""

    by: str
    reason: str
    decision: str
    now: datetime

    def raw(self, old: str) -> bytes:
        """Return what stands as the corrected message's raw bytes."""
        return canonical_bytes(
            {
                "supersedes": old,
                "by": self.by,
                "reason": self.reason,
                "decision": self.decision,
                "at": self.now.isoformat(),
            }
        )


async def recode(
    journal: Journal,
    chosen: Impact | Iterable[str],
    crosswalk: Crosswalk,
    partners: Partners,
    *,
    by: str,
    reason: str,
    now: datetime,
    decision: str = "",
    progress: Progress | None = None,
) -> Recoded:
    """Say the chosen messages again, coded as of now; those of one key in the order they were said.

    `decision` is the id of the message by which the mapping was decided, where it is known. Raises
    Rejected (by or reason is blank), Unavailable (what was corrected so far is durable: do it again).
    """
    blank = [name for name, text in (("by", by), ("reason", reason)) if not text.strip()]
    if blank:
        raise Rejected(*(issue("field.required", name) for name in blank))
    ids = [one.id for one in chosen.touched] if isinstance(chosen, Impact) else chosen
    order = _Order(by.strip(), reason.strip(), decision, now)
    return await _Recoding(journal, crosswalk, partners, order).all_of(ids, progress)


class _Recoding:
    """One run."""

    def __init__(
        self, journal: Journal, crosswalk: Crosswalk, partners: Partners, order: _Order
    ) -> None:
        self._journal, self._crosswalk, self._partners = journal, crosswalk, partners
        self._order = order
        self._corrected: list[tuple[str, str]] = []
        self._left: list[Left] = []

    async def all_of(self, chosen: Iterable[str], progress: Progress | None) -> Recoded:
        ordered = await self._in_order(list(dict.fromkeys(chosen)))
        for start in range(0, len(ordered), TOGETHER):
            await self._together(ordered[start : start + TOGETHER])
            if progress is not None:
                progress(min(start + TOGETHER, len(ordered)), len(ordered))
        return Recoded(tuple(self._corrected), tuple(self._left))

    async def _in_order(self, chosen: Sequence[str]) -> list[str]:
        """Return the ids in the order in which the messages were said; what is missing is noted."""
        placed: list[tuple[float, int, int, str]] = []
        for start in range(0, len(chosen), TOGETHER):
            part = chosen[start : start + TOGETHER]
            found = await asyncio.gather(*(self._journal.find(each) for each in part))
            for identity, entry in zip(part, found, strict=True):
                if entry is None:
                    self._left.append(Left(identity, "missing"))
                else:
                    place = (_seconds(entry.recorded_at), entry.shard, entry.seq, identity)
                    placed.append(place)
        return [identity for *_, identity in sorted(placed)]

    async def _together(self, chosen: Sequence[str]) -> None:
        """Correct some in one commit; again from reading on when somebody corrects at the same time."""
        for _ in range(ATTEMPTS):
            left: list[Left] = []
            made: dict[str, Submission] = {}
            standing = await asyncio.gather(*(self._standing(each) for each in chosen))
            for identity, entry in zip(chosen, standing, strict=True):
                told = self._correction(identity, entry, made)
                if told is not None:
                    left.append(told)
            try:
                await self._commit(made)
            except Contended:
                continue
            self._corrected += [(old, given.id) for old, given in made.items()]
            self._left += left
            return
        raise Unavailable("other workers keep correcting the same messages")

    async def _commit(self, made: dict[str, Submission]) -> None:
        if not made:
            return
        # version 0: of two that correct the same message at once, one is turned away
        writes = [Write(SUPERSEDED_SPACE, old, made[old].id.encode(), 0) for old in made]
        outcomes = await self._journal.commit(Commit(list(made.values()), writes))
        for outcome in outcomes:
            if outcome.verdict is Verdict.CONFLICT:
                raise Unavailable(f"{outcome.submission_id}: another correction has this id")

    def _correction(
        self, identity: str, entry: Entry | None, made: dict[str, Submission]
    ) -> Left | None:
        """Add to `made` the correction of what stands in a message's place; return why there is none."""
        if entry is None:
            return Left(identity, "missing")
        if entry.message.id in made:
            return Left(identity, "unchanged")
        found = self._corrected_form(identity, entry)
        if isinstance(found, Left):
            return found
        made[entry.message.id] = found
        return None

    async def _standing(self, identity: str) -> Entry | None:
        """Return the message that stands in a message's place now: itself, or its newest correction."""
        for _ in range(CHAIN_LIMIT):
            after = await self._journal.get(SUPERSEDED_SPACE, identity)
            if after is None:
                return await self._journal.find(identity)
            identity = after.value.decode()
        return None

    def _corrected_form(self, chosen: str, entry: Entry) -> Submission | Left:
        before = entry.message
        listed, partner = EVENT_TYPES.get(before.type), self._partners.get(before.partner)
        if (
            listed is None
            or listed.derived
            or partner is None
            or entry.kind is not EntryKind.MESSAGE
        ):
            return Left(chosen, _unfit(entry, listed))
        data = before.content()
        said = data.pop(SUPERSEDES, None)
        take_back(data, self._crosswalk)
        issues = code_draft(data, partner, business_day(before.type, data), self._crosswalk).issues
        if issues:
            return Left(chosen, "uncoded", issues)
        if canonical_bytes(_with(data, said)) == before.data:
            return Left(chosen, "unchanged")
        data[SUPERSEDES] = before.id
        blob = canonical_bytes(data)
        wrong = check(before.type, data, blob)
        if wrong:
            return Left(chosen, "contract", wrong)
        message = replace(
            before,
            id=message_identity(before.partner, f"{before.id}!recoded"),
            subject=listed.subject(data),
            time=listed.business_time(data),
            data=blob,
            causationid=self._order.decision or before.id,
            sequence="",
        )
        return self._submission(entry, message)

    def _submission(self, entry: Entry, message: Message) -> Submission:
        raw = self._order.raw(entry.message.id)
        return Submission(
            id=message.id,
            partner=message.partner,
            message_id=entry.message_id,
            interface=RECODING,
            raw=raw,
            digest=hashlib.sha256(raw).hexdigest(),
            received_at=self._order.now.isoformat(),
            # it takes the earlier one's place: what is held behind that one is not before it
            rows=[Row(message)],
        )


def _unfit(entry: Entry, listed: EventType | None) -> Why:
    """Return why a message cannot be said again."""
    if entry.kind is not EntryKind.MESSAGE:
        return "not_published"
    if listed is None or listed.derived:
        return "not_said_by_a_partner"
    return "partner_gone"


def _with(data: dict[str, Any], superseded: Any) -> dict[str, Any]:
    return data if superseded is None else data | {SUPERSEDES: superseded}


def _seconds(recorded_at: str) -> float:
    moment = datetime.fromisoformat(recorded_at)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()

"""挂起与放行: held messages flow on, in order, once their codes have been mapped, or go back.

A held row carries the partner's own codes. It is released when every code has a meaning on its
business day and nothing that was held before it shares a key with it; what is released is appended
like any other message, with the same id, freshly coded. It is sent back, wherever it stands, when one
of its codes was refused: nothing will ever map it, and those behind it must not wait for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.leaving import rejection_of, release_of
from gateway.coding.records import Relation
from gateway.coding.refusals import refused_codes
from gateway.coding.rows import SHAPES
from gateway.coding.translate import KEY_MARK, Coded, code_draft
from gateway.log_events import HELD_REJECTED, HELD_RELEASED, HELD_STRANDED, log
from gateway.partners import Partner, Partners
from gateway.ports import (
    Commit,
    Entry,
    EntryKind,
    Held,
    Journal,
    LineState,
    Outcome,
    Submission,
    Verdict,
)
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes
from schemas.events import EVENT_TYPES, EventType

PAGE: Final = 200

Reason = Literal["partner_gone", "type_unknown", "row_missing"]


@dataclass(frozen=True, slots=True)
class Stranded:
    """A held message that neither can be released nor sent back: a person must look at it."""

    id: str
    partner: str
    reason: Reason


class Settled(NamedTuple):
    """How many held messages flowed on, and how many went back."""

    released: int = 0
    rejected: int = 0


class Holds:
    """放行: takes off the hold list what can leave it. Any number may run at once: each leaves once."""

    def __init__(self, journal: Journal, partners: Partners) -> None:
        self._journal = journal
        self._partners = partners
        self.stranded: tuple[Stranded, ...] = ()
        """What the last pass could neither release nor send back, and why."""

    async def release(self, crosswalk: Crosswalk, now: datetime) -> int:
        """Do as `settle`; return only how many flowed on."""
        return (await self.settle(crosswalk, now)).released

    async def settle(self, crosswalk: Crosswalk, now: datetime) -> Settled:
        """Release what can be coded, oldest first, and send back what says a refused code.

        What is coded but then breaks its contract (sums that could not be checked before) goes back
        too. Raises Unavailable (what has left so far is durable; the rest is still held).
        """
        released = rejected = 0
        while True:
            walk = _Walk(crosswalk, self._partners, now.isoformat())
            once = await self._walk(walk)
            released, rejected = released + once.released, rejected + once.rejected
            if not any(once):
                break
        self._report(released, rejected, walk.stranded)
        return Settled(released, rejected)

    async def _walk(self, walk: _Walk) -> Settled:
        """Go once over the hold list."""
        released = rejected = after = 0
        while page := await self._journal.held(limit=PAGE, after=after):
            after = page[-1].number
            once = await self._commit(await self._leaving(walk, page))
            released, rejected = released + once.released, rejected + once.rejected
        return Settled(released, rejected)

    async def _leaving(self, walk: _Walk, page: Sequence[Held]) -> list[Submission]:
        """Return what may leave of a page, in order; the rows that may be needed are read together."""
        wanted = [each.id for each in page if walk.is_worth_reading(each)]
        found = await asyncio.gather(*(self._journal.find(each) for each in wanted))
        entries = dict(zip(wanted, found, strict=True))
        ready: list[Submission] = []
        for held in page:
            if not walk.may_leave(held):
                continue
            entry = entries[held.id]
            if entry is not None and entry.kind is not EntryKind.HELD:
                continue  # another worker was faster
            submission = walk.leaving(held, entry)
            if submission is not None:
                ready.append(submission)
        return ready

    async def _commit(self, ready: Sequence[Submission]) -> Settled:
        if not ready:
            return Settled()
        outcomes = await self._journal.commit(Commit(submissions=list(ready)))
        left = [given for given, outcome in zip(ready, outcomes, strict=True) if _left(outcome)]
        rejected = sum(bool(given.rejects) for given in left)
        return Settled(len(left) - rejected, rejected)

    def _report(self, released: int, rejected: int, stranded: Sequence[Stranded]) -> None:
        if released:
            log(HELD_RELEASED, count=released)
        if rejected:
            log(HELD_REJECTED, count=rejected)
        known = {each.id for each in self.stranded}
        for each in stranded:
            if each.id not in known:
                log(HELD_STRANDED, id=each.id, partner=each.partner, reason=each.reason)
        self.stranded = tuple(stranded)


class _Walk:
    """One pass over the hold list: what has been met that holds later ones back."""

    def __init__(self, crosswalk: Crosswalk, partners: Partners, now: str) -> None:
        self._crosswalk, self._partners, self._now = crosswalk, partners, now
        self._blocked: set[str] = set()
        self._waits: dict[str, bool] = {}
        self._refused: dict[str, bool] = {}
        self.stranded: list[Stranded] = []

    def is_worth_reading(self, held: Held) -> bool:
        """Return whether the row may leave, seen from its keys and from what was met so far.

        One with a code that was ever refused is read wherever it stands, for its business day.
        """
        return not self._waits_for_others(held) or self._was_ever_refused(held)

    def may_leave(self, held: Held) -> bool:
        """Return `is_worth_reading` in the row's turn: where it waits it holds back those after it."""
        if not self._waits_for_others(held):
            return True
        self._blocked.update(_keys(held))
        return self._was_ever_refused(held)

    def _waits_for_others(self, held: Held) -> bool:
        """Return whether it stands behind another or lacks a code that nobody has ever heard of."""
        return not self._blocked.isdisjoint(_keys(held)) or any(
            self._is_unknown(held.partner, *each) for each in self._codes(held)
        )

    def _was_ever_refused(self, held: Held) -> bool:
        return any(self._was_refused(held.partner, *each) for each in self._codes(held))

    def _codes(self, held: Held) -> Iterator[tuple[str, str]]:
        partner = self._partners.get(held.partner)
        return _codes(held, partner) if partner is not None else iter(())

    def leaving(self, held: Held, entry: Entry | None) -> Submission | None:
        """Return how a held message leaves the list, None when it stays."""
        partner = self._partners.get(held.partner)
        listed = EVENT_TYPES.get(entry.message.type) if entry is not None else None
        if partner is None or entry is None or listed is None:
            missing: Reason = "row_missing" if entry is None else "type_unknown"
            self._strand(held, "partner_gone" if partner is None else missing)
            return None
        data: dict[str, Any] = entry.message.content()
        coded = self._code(data, partner, listed)
        wrong = refused_codes(coded.issues)
        blob = canonical_bytes(data)
        if not coded.issues:
            wrong = check(listed.name, data, blob)
        if wrong:
            return rejection_of(held, entry, partner, wrong, self._now)
        if coded.issues or not self._blocked.isdisjoint(_keys(held)):
            self._blocked.update(_keys(held))
            return None
        message = _coded(entry.message, listed, data, blob)
        return release_of(held, entry, message, self._now)

    def _code(self, data: dict[str, Any], partner: Partner, listed: EventType) -> Coded:
        return code_draft(data, partner, listed.business_day(data), self._crosswalk)

    def _is_unknown(self, partner: str, kind: str, code: str) -> bool:
        key = KEY_MARK.join((partner, kind, code))
        if key not in self._waits:
            self._waits[key] = self._crosswalk.absence(partner, kind, code) == "unknown"
        return self._waits[key]

    def _was_refused(self, partner: str, kind: str, code: str) -> bool:
        key = KEY_MARK.join((partner, kind, code))
        if key not in self._refused:
            versions = self._crosswalk.history(partner, kind, code)
            self._refused[key] = any(each.relation is Relation.NONE for each in versions)
        return self._refused[key]

    def _strand(self, held: Held, reason: Reason) -> None:
        self.stranded.append(Stranded(held.id, held.partner, reason))
        self._blocked.update(_keys(held))


def _coded(before: Message, listed: EventType, data: dict[str, Any], blob: bytes) -> Message:
    return replace(
        before,
        data=blob,
        subject=listed.subject(data),
        time=listed.business_time(data),
        sequence="",
    )


def _left(outcome: Outcome) -> bool:
    accepted = outcome.verdict is Verdict.ACCEPTED
    return accepted and all(line.state is LineState.ACCEPTED for line in outcome.lines)


def _codes(held: Held, partner: Partner) -> Iterator[tuple[str, str]]:
    """Yield (kind, local code) of a held message's keys: those that are looked up."""
    for key in held.keys:
        named, _, rest = key.partition(KEY_MARK)
        kind, _, code = rest.partition(KEY_MARK)
        looked_up = named == held.partner and key != held.subject and kind in SHAPES
        if looked_up and kind not in partner.native_codes:
            yield kind, code


def _keys(held: Held) -> set[str]:
    return {held.subject, *held.keys}

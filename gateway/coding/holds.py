"""挂起与放行: held messages flow on, in order, once their codes have been mapped.

A held row carries the partner's own codes. It is released when every code has a meaning on its
business day and nothing that was held before it shares a key with it; what is released is appended
like any other message, with the same id, freshly coded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.rows import SHAPES
from gateway.coding.translate import KEY_MARK, code_draft
from gateway.errors import Issue
from gateway.log_events import HELD_RELEASED, HELD_STRANDED, log
from gateway.partners import Partners
from gateway.ports import Commit, Entry, EntryKind, Held, Journal, LineState, Row, Submission
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import EVENT_TYPES

DAY: Final = len("2026-01-31")
COMMITTED_TOGETHER: Final = 200
_LISTED_AT_FIRST: Final = 10_000

Reason = Literal["partner_gone", "type_unknown", "contract", "row_missing"]


@dataclass(frozen=True, slots=True)
class Stranded:
    """A held message that no mapping can release: a person must look at it. It stays held."""

    id: str
    partner: str
    reason: Reason
    issues: tuple[Issue, ...] = ()


class Holds:
    """放行: releases what has become codable. Any number may run at once: each release happens once."""

    def __init__(self, journal: Journal, partners: Partners) -> None:
        self._journal = journal
        self._partners = partners
        self.stranded: tuple[Stranded, ...] = ()
        """What the last `release` could never release, and why."""

    async def release(self, crosswalk: Crosswalk, now: datetime) -> int:
        """Release all that can be released, oldest first; return how many.

        Raises Unavailable (what was released so far is durable; the rest is still held).
        """
        released = 0
        while True:
            walk = _Walk(crosswalk, self._partners, now.isoformat())
            count = await self._walk(walk)
            released += count
            if not count:
                break
        self._report(released, walk.stranded)
        return released

    async def _walk(self, walk: _Walk) -> int:
        """Go once over the hold list."""
        count = 0
        ready: list[Submission] = []
        for held in await self._listed():
            if walk.waits(held) or walk.lacks_a_code(held):
                continue
            entry = await self._journal.find(held.id)
            if entry is not None and entry.kind is not EntryKind.HELD:
                continue  # another worker was faster
            submission = walk.submission(held, entry)
            if submission is not None:
                ready.append(submission)
            if len(ready) == COMMITTED_TOGETHER:
                count += await self._commit(ready)
                ready = []
        return count + await self._commit(ready)

    async def _listed(self) -> list[Held]:
        limit = _LISTED_AT_FIRST
        while len(found := await self._journal.held(limit=limit)) == limit:
            limit *= 4
        return found

    async def _commit(self, ready: Sequence[Submission]) -> int:
        if not ready:
            return 0
        outcomes = await self._journal.commit(Commit(submissions=list(ready)))
        return sum(
            line.state is LineState.ACCEPTED and outcome.verdict == "accepted"
            for outcome in outcomes
            for line in outcome.lines
        )

    def _report(self, released: int, stranded: Sequence[Stranded]) -> None:
        if released:
            log(HELD_RELEASED, count=released)
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
        self.stranded: list[Stranded] = []

    def waits(self, held: Held) -> bool:
        """Return whether one held before it shares a key; its own keys then hold back others."""
        if self._blocked.isdisjoint(_keys(held)):
            return False
        self._blocked.update(_keys(held))
        return True

    def lacks_a_code(self, held: Held) -> bool:
        """Return whether a code is still wholly unknown: seen from the keys, without reading the row."""
        partner = self._partners.get(held.partner)
        if partner is None:
            return False
        for key in held.keys:
            named, _, rest = key.partition(KEY_MARK)
            kind, _, code = rest.partition(KEY_MARK)
            looked_up = (
                named == held.partner
                and key != held.subject
                and kind in SHAPES
                and kind not in partner.native_codes
            )
            if looked_up and self._crosswalk.absence(named, kind, code) == "unknown":
                self._blocked.update(_keys(held))
                return True
        return False

    def submission(self, held: Held, entry: Entry | None) -> Submission | None:
        """Return the release of a held message, None when it cannot be released.

        It brings no bytes of its own: the journal keeps pointing to what the partner sent.
        """
        message = self._coded(held, entry)
        if message is None or entry is None:
            self._blocked.update(_keys(held))
            return None
        return Submission(
            id=message_identity(held.partner, f"{held.id}!released"),
            partner=held.partner,
            message_id=entry.message_id,
            interface=entry.interface,
            raw=b"",
            digest=entry.digest,
            received_at=self._now,
            rows=[Row(message)],
            releases=held.id,
        )

    def _coded(self, held: Held, entry: Entry | None) -> Message | None:
        partner = self._partners.get(held.partner)
        if partner is None or entry is None:
            self._strand(held, "partner_gone" if partner is None else "row_missing")
            return None
        before = entry.message
        listed = EVENT_TYPES.get(before.type)
        if listed is None:
            self._strand(held, "type_unknown")
            return None
        data: dict[str, Any] = before.content()
        day = str(data.get(listed.dated_by, ""))[:DAY]
        if code_draft(data, partner, day, self._crosswalk).issues:
            return None
        blob = canonical_bytes(data)
        wrong = check(before.type, data, blob)
        if wrong:
            self._strand(held, "contract", wrong)
            return None
        return replace(
            before,
            data=blob,
            subject=listed.subject(data),
            time=listed.business_time(data),
            sequence="",
        )

    def _strand(self, held: Held, reason: Reason, issues: tuple[Issue, ...] = ()) -> None:
        self.stranded.append(Stranded(held.id, held.partner, reason, issues))


def _keys(held: Held) -> set[str]:
    return {held.subject, *held.keys}

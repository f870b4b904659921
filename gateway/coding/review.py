"""审核: what a code means is proposed by one person and approved by another (两人经办).

Nothing is believed before its approval, nothing fuzzy is approved by itself, nothing that was believed is
erased. Every act is one commit: the proposals, the codes' documents, the change log, and a message for each
proposal in the hash chain. Acts may be repeated and may happen in any number of processes at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import CrosswalkVersion, Proposal, Status, known_instant
from gateway.coding.review_filing import (
    Filed,
    Filing,
    Page,
    listed_as,
    newly_filed,
    newly_refused,
    newly_retired,
    on_sheets,
    proposal_id,
)
from gateway.coding.review_messages import (
    About,
    AboutPartner,
    decided_data,
    deciding,
    proposing,
)
from gateway.coding.review_people import (
    bulk,
    check_batch,
    check_person,
    check_reason,
    check_two_people,
    own,
)
from gateway.coding.review_plan import (
    Decided,
    Decision,
    OutcomeState,
    ProposalOutcome,
    decide,
    documents_after,
    examine,
    known_after,
)
from gateway.coding.store import Counter, CrosswalkStore, decided
from gateway.errors import Contended, Rejected, Unavailable, issue
from gateway.ports import Commit

ATTEMPTS: Final = 50
BULK_LIMIT: Final = 1000

T = TypeVar("T")


class Review:
    """审核: proposals and decisions. `crosswalk` is what is believed, kept up with the store."""

    def __init__(
        self,
        store: CrosswalkStore,
        crosswalk: Crosswalk,
        about: AboutPartner = lambda _: About(),
    ) -> None:
        self._store = store
        self._filing = Filing(store.journal)
        self._about = about
        self.crosswalk = crosswalk
        """Replaced when it is followed, and by whoever has read the files anew."""

    async def follow(self) -> Crosswalk:
        """Take in what was decided, here or elsewhere; return what is believed now.

        Raises Misconfigured when a decision contradicts the files, Unavailable.
        """
        while True:
            before = self.crosswalk
            newer = await self._store.refresh(before)
            # the files may have been read anew meanwhile: then begin with those
            if self.crosswalk is before:
                self.crosswalk = before if newer is None else newer
                return self.crosswalk

    # ------------------------------------------------------------------ proposing

    async def propose(
        self,
        proposals: Sequence[Proposal],
        *,
        by: str,
        now: datetime,
        batch: str = "",
        all_or_none: bool = False,
    ) -> list[ProposalOutcome]:
        """File proposals in one commit; return the word on each, in order.

        A refused one does not hinder the others, unless `all_or_none`: then nothing is filed. Raises
        Rejected for a bad `by` or `batch`, Unavailable.
        """
        check_person(by)
        check_batch(batch)
        at = known_instant(now)

        async def attempt() -> list[ProposalOutcome]:
            crosswalk = await self.follow()
            known = await self._repeated(proposals)
            fresh = [one for one, (_, old) in zip(proposals, known, strict=True) if old is None]
            examined = iter(
                await asyncio.to_thread(examine, fresh, crosswalk, by=by, at=at, batch=batch)
            )
            outcomes: list[ProposalOutcome] = []
            filed: dict[str, Filed] = {}
            for proposal, (identity, old) in zip(proposals, known, strict=True):
                word = _duplicate(identity) if old is not None else next(examined)
                if identity in filed:
                    word = _duplicate(identity)
                elif word is None:
                    word = ProposalOutcome(identity, OutcomeState.ACCEPTED)
                    filed[identity] = Filed(identity, proposal, by, at, batch)
                outcomes.append(word)
            spoiled = any(one.state is OutcomeState.REFUSED for one in outcomes)
            if filed and not (all_or_none and spoiled):
                work = await asyncio.to_thread(self._filing_work, list(filed.values()), now)
                await self._store.journal.commit(work)
            return outcomes

        return await _again(attempt)

    def _filing_work(self, filed: list[Filed], now: datetime) -> Commit:
        sheets = on_sheets(filed)
        document = proposing(sheets, self._about, now.isoformat())
        return Commit(submissions=[document], writes=newly_filed(sheets))

    async def _repeated(self, proposals: Sequence[Proposal]) -> list[tuple[str, Filed | None]]:
        """Return each proposal's id and, where it waits or stands already, what is on file.

        After a refusal, or when what was approved is believed no longer, a new round begins.
        """
        found: list[tuple[str, Filed | None]] = [("", None)] * len(proposals)
        left = list(range(len(proposals)))
        round_ = 0
        while left:
            ids = {number: proposal_id(proposals[number], round_) for number in left}
            wanted = list(dict.fromkeys(ids.values()))
            on_file = await self._filing.get_many(wanted, self.crosswalk)
            over = []
            for number, identity in ids.items():
                old = on_file.get(identity)
                if old is not None and self._is_over(old):
                    over.append(number)
                else:
                    found[number] = (identity, old)
            left, round_ = over, round_ + 1
        return found

    def _is_over(self, filed: Filed) -> bool:
        """Tell whether nothing is left of a proposal, so that the same may be proposed anew."""
        if filed.status is not Status.APPROVED:
            return filed.status is Status.REFUSED
        if filed.proposal.replaces:
            return False  # what it replaced is gone for good
        versions = self.crosswalk.history(*filed.proposal.key)
        return not any(one.id == filed.id and one.believed for one in versions)

    async def retire(
        self, version_id: str, *, by: str, reason: str, now: datetime
    ) -> ProposalOutcome:
        """Propose that a believed version ends without a successor; another person approves it.

        Raises Rejected when there is no such version in the store, Unavailable.
        """
        filed = await self.get(version_id)
        if filed is None or filed.proposal.retires:
            raise Rejected(issue("crosswalk.replaced", "version", id=version_id))
        wanted = replace(
            filed.proposal, retires=True, replaces=version_id, reason=reason, exact=False
        )
        (outcome,) = await self.propose([wanted], by=by, now=now)
        return outcome

    # ------------------------------------------------------------------ deciding

    async def approve(self, ids: Sequence[str], *, by: str, now: datetime) -> Decided:
        """Approve proposals, all or none, in one commit; those approved before stay as they are.

        Raises Refused (`coding.two_people`: somebody approves an own proposal), Rejected (unknown or
        refused ones, overlaps, unclear choices: all issues, `path` being the proposal's id), Unavailable.
        """
        check_person(by)

        async def attempt() -> Decided:
            crosswalk = await self.follow()
            filed, already = await self._open(ids, Status.APPROVED, crosswalk)
            check_two_people(filed, by)
            return await self._approve(crosswalk, filed, already, by, now, all_or_none=True)

        return await _again(attempt)

    async def approve_batch(
        self, batch: str, *, by: str, now: datetime, exact_only: bool = False
    ) -> Decided:
        """Approve what still waits of a batch, all or none. Raises as `approve`; Rejected: no such batch."""
        check_person(by)
        check_batch(batch)

        async def attempt() -> Decided:
            ids = await self._filing.batch(batch) if batch else []
            if not ids:
                raise Rejected(issue("proposal.unknown", "batch", id=batch))
            crosswalk = await self.follow()
            found = await self._filing.get_many(ids, crosswalk)
            known = [found[each] for each in ids if each in found]
            waiting = [one for one in known if one.status is Status.PROPOSED]
            if exact_only:
                waiting = [one for one in waiting if bulk(one)]
            already = tuple(one.id for one in known if one.status is Status.APPROVED)
            check_two_people(waiting, by)
            return await self._approve(crosswalk, waiting, already, by, now, all_or_none=True)

        return await _again(attempt)

    async def approve_exact(
        self, *, by: str, now: datetime, partner: str = "", limit: int = BULK_LIMIT
    ) -> Decided:
        """Approve waiting proposals that were found by exact comparison, up to `limit`, oldest first.

        Corrections, retirements and the approver's own proposals are passed over; what is unsound is left
        and told (`left`). Raises Rejected for a bad `by`, Unavailable.
        """
        check_person(by)

        async def attempt() -> Decided:
            chosen: list[Filed] = []
            after = ""
            crosswalk = await self.follow()
            while len(chosen) < limit:
                page = await self._filing.page(
                    Status.PROPOSED, partner, after, BULK_LIMIT, crosswalk
                )
                chosen += [one for one in page.items if bulk(one) and not own(one, by)]
                if not page.next:
                    break
                after = page.next
            return await self._approve(crosswalk, chosen[:limit], (), by, now, all_or_none=False)

        return await _again(attempt)

    async def refuse(self, ids: Sequence[str], *, by: str, reason: str, now: datetime) -> Decided:
        """Turn proposals down, all or none; the proposer may do so too (takes them back).

        Raises Rejected (no reason; unknown or approved ones), Unavailable.
        """
        check_person(by)
        check_reason(reason)
        at = known_instant(now)

        async def attempt() -> Decided:
            filed, already = await self._open(ids, Status.REFUSED, await self.follow())
            if filed:
                data = [
                    (one, decided_data(one, "refused", None, by=by, at=at, reason=reason))
                    for one in filed
                ]
                writes = await self._filing.leaving(filed)
                writes += newly_refused(filed, by=by, at=at, reason=reason)
                document = deciding(data, self._about, now.isoformat())
                work = Commit(submissions=[document], writes=writes)
                await self._store.journal.commit(work)
            return Decided(tuple(one.id for one in filed), already)

        return await _again(attempt)

    # ------------------------------------------------------------------ reading

    async def get(self, identity: str) -> Filed | None:
        """Return a proposal by its id (the id of the version that it made)."""
        return (await self._filing.get_many([identity], await self.follow())).get(identity)

    async def proposals(
        self,
        status: Status = Status.PROPOSED,
        partner: str = "",
        after: str = "",
        limit: int = 100,
    ) -> Page:
        """Return a part of a work list (PROPOSED, APPROVED or REFUSED), by partner, oldest first."""
        return await self._filing.page(status, partner, after, limit, await self.follow())

    async def version(self, version_id: str) -> CrosswalkVersion | None:
        """Return a version of the store by its id, believed or not."""
        filed = await self.get(version_id)
        if filed is None:
            return None
        versions = (await self.follow()).history(*filed.proposal.key)
        return next((one for one in versions if one.id == version_id), None)

    # ------------------------------------------------------------------ the steps

    async def _open(
        self, ids: Sequence[str], wanted: Status, crosswalk: Crosswalk
    ) -> tuple[list[Filed], tuple[str, ...]]:
        """Return the open ones of the proposals, and those that were decided as `wanted` before.

        Raises Rejected for those that do not exist or were decided otherwise.
        """
        listed = list(dict.fromkeys(ids))
        found = await self._filing.get_many(listed, crosswalk)
        wrong = [issue("proposal.unknown", each, id=each) for each in listed if each not in found]
        wrong += [
            issue("proposal.decided", one.id, id=one.id, status=one.status)
            for one in found.values()
            if one.status not in (Status.PROPOSED, wanted)
        ]
        if wrong:
            raise Rejected(*wrong)
        known = [found[each] for each in listed]
        already = tuple(one.id for one in known if one.status is wanted)
        return [one for one in known if one.status is Status.PROPOSED], already

    async def _approve(
        self,
        crosswalk: Crosswalk,
        filed: Sequence[Filed],
        already: tuple[str, ...],
        by: str,
        now: datetime,
        *,
        all_or_none: bool,
    ) -> Decided:
        # `crosswalk` is the one by which `filed` were open: a later one may have them approved already
        if not filed:
            return Decided((), already)
        counter = await self._store.counter()
        if counter.revision != crosswalk.revision:
            raise Contended("somebody has decided meanwhile")
        known = known_after(now, counter.known)
        decision = await asyncio.to_thread(decide, filed, crosswalk, by=by, known=known)
        if decision.issues and all_or_none:
            raise Rejected(
                *(
                    replace(each, path=identity)
                    for identity, issues in decision.issues.items()
                    for each in issues
                )
            )
        if decision.filed:
            work = await asyncio.to_thread(
                self._approving_work, decision, crosswalk, counter, by, now
            )
            work.writes += await self._filing.leaving(decision.filed)
            await self._store.journal.commit(work)
            with contextlib.suppress(Unavailable):  # what was decided is durable
                await self.follow()
        return Decided(
            tuple(one.id for one in decision.filed),
            already,
            tuple(decision.approved),
            tuple(decision.ended),
            tuple(decision.issues.items()),
            counter.revision + 1 if decision.filed else 0,
        )

    def _approving_work(
        self, decision: Decision, crosswalk: Crosswalk, counter: Counter, by: str, now: datetime
    ) -> Commit:
        writes = decided(counter, documents_after(decision, crosswalk), decision.known)
        writes += listed_as(decision.filed, Status.APPROVED, decision.known)
        writes += newly_retired(decision.filed, by=by, at=decision.known)
        document = deciding(decision.data, self._about, now.isoformat())
        return Commit(submissions=[document], writes=writes)


async def _again(attempt: Callable[[], Awaitable[T]]) -> T:
    """Redo what another process has come before. Raises Contended when that never ends."""
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(Contended):
            return await attempt()
        await asyncio.sleep(0)
    return await attempt()


def _duplicate(identity: str) -> ProposalOutcome:
    return ProposalOutcome(identity, OutcomeState.DUPLICATE)

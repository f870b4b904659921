"""审核推演: what a set of proposals would become, in memory, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.crosswalk_loading import Key
from gateway.coding.records import CrosswalkVersion, Proposal, known_instant
from gateway.coding.review_filing import SHEET, Filed
from gateway.coding.review_messages import data_issues, decided_data, proposed_data
from gateway.coding.review_rules import Working, ended, form_issues, version_of
from gateway.coding.store_documents import document_of, versions_of
from schemas.events import CROSSWALK_MAPPING_PROPOSED
from schemas.issues import Issue, issue

_ANY_ID: Final = "0" * 32


class OutcomeState(StrEnum):
    """How one proposal ended."""

    ACCEPTED = "accepted"
    """Filed: it waits for another person."""
    DUPLICATE = "duplicate"
    """It is waiting already, or believed already: nothing was written."""
    REFUSED = "refused"
    """It cannot be: `issues` say why; nothing was written of it."""


@dataclass(frozen=True, slots=True)
class ProposalOutcome:
    """The word on one proposal, in the order given. `id`: of the proposal, or of the version that says
    the same already ("" where that stands in a file).
    """

    id: str
    state: OutcomeState
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What one call has decided."""

    ids: tuple[str, ...]
    """Proposals that were decided now, in the order given."""
    already: tuple[str, ...] = ()
    """Proposals that had been decided the same way before."""
    approved: tuple[CrosswalkVersion, ...] = ()
    """Versions that are believed from now on."""
    ended: tuple[CrosswalkVersion, ...] = ()
    """Versions that are believed no longer (corrected or retired)."""
    left: tuple[tuple[str, tuple[Issue, ...]], ...] = ()
    """Of a bulk approval: proposals that could not be approved, and why; they still wait."""
    revision: int = 0
    """The store's revision after the call; 0 when nothing was approved."""


def examine(
    proposals: Sequence[Proposal], crosswalk: Crosswalk, *, by: str, at: str, batch: str
) -> list[ProposalOutcome | None]:
    """Return what speaks against each proposal, or that it is believed already; None: it may be filed.

    Those before it in the call count as believed, so that a batch can be approved as a whole.
    """
    working = Working(crosswalk)
    found: list[ProposalOutcome | None] = [
        _refused(issues) if issues else None
        for issues in _form_issues(proposals, by=by, at=at, batch=batch)
    ]
    for number, proposal in enumerate(proposals):
        if found[number] is None and proposal.replaces:
            issues = _replacing(proposal, working)
            if issues:
                found[number] = _refused(issues)
    for number, proposal in enumerate(proposals):
        if found[number] is None and not proposal.retires:
            found[number] = _believable(proposal, working)
    return found


def _form_issues(
    proposals: Sequence[Proposal], *, by: str, at: str, batch: str
) -> list[Sequence[Issue]]:
    """Return what is wrong with each proposal by itself, its message's contract included."""
    checked = set[tuple[str, ...]]()
    found: list[Sequence[Issue]] = [form_issues(each, checked) for each in proposals]
    sound = [number for number, issues in enumerate(found) if not issues]

    def contract(numbers: Sequence[int]) -> tuple[Issue, ...]:
        filed = [Filed(_ANY_ID, proposals[each], by, at, batch) for each in numbers]
        return data_issues(CROSSWALK_MAPPING_PROPOSED, proposed_data(filed))

    for start in range(0, len(sound), SHEET):
        part = sound[start : start + SHEET]
        if contract(part):  # all at once is much faster; who is at fault is asked only then
            for number in part:
                found[number] = contract([number])
    return found


def _replacing(proposal: Proposal, working: Working) -> list[Issue]:
    """Take the replaced version out of what is believed, so that its days are free."""
    version = working.find(proposal.key, proposal.replaces)
    if version is None:
        return [issue("crosswalk.replaced", "replaces", id=proposal.replaces)]
    if not proposal.retires and _same(proposal, version):
        return [issue("crosswalk.unchanged", "replaces", id=proposal.replaces)]
    working.end(version)
    return []


def _same(proposal: Proposal, version: CrosswalkVersion) -> bool:
    return (
        (proposal.relation, proposal.unified_code) == version.meaning
        and (proposal.valid_from, proposal.valid_to) == (version.valid_from, version.valid_to)
        and (proposal.choice, proposal.reason) == (version.choice, version.reason)
    )


def _believable(proposal: Proposal, working: Working) -> ProposalOutcome | None:
    wanted = version_of(proposal, "", proposed_by="", approved_by="", known="", origin="")
    same = working.same(wanted)
    if same is not None:
        return ProposalOutcome(same.id, OutcomeState.DUPLICATE)
    issues = working.issues(wanted)
    if issues:
        return _refused(issues)
    working.add(wanted)
    return None


def _refused(issues: Sequence[Issue]) -> ProposalOutcome:
    return ProposalOutcome("", OutcomeState.REFUSED, tuple(issues))


@dataclass(slots=True)
class Decision:
    """What an approval becomes."""

    known: str
    filed: list[Filed] = field(default_factory=list)
    approved: list[CrosswalkVersion] = field(default_factory=list)
    ended: list[CrosswalkVersion] = field(default_factory=list)
    data: list[tuple[Filed, dict[str, Any]]] = field(default_factory=list)
    issues: dict[str, tuple[Issue, ...]] = field(default_factory=dict)
    """Proposal → what speaks against it."""


def decide(filed: Sequence[Filed], crosswalk: Crosswalk, *, by: str, known: str) -> Decision:
    """Work out the approval of open proposals against what is believed now.

    What is corrected or retired ends first, so that the order of the proposals does not matter.
    """
    decision, working = Decision(known), Working(crosswalk)
    previous: dict[str, CrosswalkVersion] = {}
    for one in filed:
        if one.proposal.replaces:
            version = working.find(one.proposal.key, one.proposal.replaces)
            if version is None:
                wrong = issue("crosswalk.replaced", one.id, id=one.proposal.replaces)
                decision.issues[one.id] = (wrong,)
                continue
            working.end(version)
            previous[one.id] = version
    for one in filed:
        if one.id not in decision.issues:
            _decide_one(one, decision, working, previous.get(one.id), by)
    return decision


def _decide_one(
    one: Filed, decision: Decision, working: Working, previous: CrosswalkVersion | None, by: str
) -> None:
    proposal, retires = one.proposal, one.proposal.retires
    if not retires:
        wanted = version_of(
            proposal,
            one.id,
            proposed_by=one.proposed_by,
            approved_by=by,
            known=decision.known,
            origin=f"import {one.batch}" if one.batch else "review",
        )
        issues = working.issues(wanted)
        if issues:
            decision.issues[one.id] = tuple(issues)
            return
        working.add(wanted)
        decision.approved.append(wanted)
    if previous is not None:
        gone = ended(previous, known=decision.known, by_id=one.id, reason=proposal.reason)
        decision.ended.append(gone)
    said = "retired" if retires else "approved"
    if previous is not None and not retires:  # whoever keeps mappings must end the old one first
        told = decided_data(one, "retired", previous, by=by, at=decision.known)
        decision.data.append((one, told))
    data = decided_data(one, said, previous, by=by, at=decision.known)
    decision.filed.append(one)
    decision.data.append((one, data))


def documents_after(decision: Decision, crosswalk: Crosswalk) -> Mapping[Key, bytes]:
    """Return the documents of the codes that a decision changes."""
    changed: dict[Key, dict[str, CrosswalkVersion]] = {}
    for version in (*decision.ended, *decision.approved):
        versions = changed.get(version.key)
        if versions is None:
            document = crosswalk.document(version.key)
            known = versions_of(version.key, document) if document else []
            versions = changed[version.key] = {one.id: one for one in known}
        versions[version.id] = version
    return {key: document_of(versions.values()) for key, versions in changed.items()}


def known_after(now: datetime, last: str) -> str:
    """Return the known time of a decision made `now`: after that of every decision before it."""
    given = known_instant(now)
    if given > last:
        return given
    return known_instant(datetime.fromisoformat(last) + timedelta(microseconds=1))

"""审核规则: what may be proposed and approved. Pure: a crosswalk in memory, and no I/O.

form         the row's own checks (rows.py), a reason where one is needed
overlap      one meaning on a day: the other one is named
choice       several local codes for one unified code of a partner need an explicit choice
correction   what is replaced must be believed now, and something must change
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import (
    OPEN_END,
    Choice,
    CrosswalkVersion,
    Proposal,
    Relation,
    Status,
)
from gateway.coding.rows import CrosswalkRow, row_problem
from schemas.issues import Issue, issue

_FOREVER: Final = date.max


def form_issues(proposal: Proposal, checked: set[tuple[str, ...]]) -> list[Issue]:
    """Return what is wrong with a proposal by itself. `checked`: see rows.row_problem."""
    row = CrosswalkRow(
        *proposal.key,
        proposal.unified_code,
        proposal.valid_from,
        proposal.valid_to,
        proposal.relation,
        proposal.choice,
        proposal.reason,
    )
    problem = row_problem(row, checked)
    found = [issue("field.format", "proposal", detail=problem)] if problem else []
    if proposal.retires and not proposal.replaces:
        found.append(issue("field.required", "replaces"))
    if proposal.retires and not proposal.reason.strip():
        found.append(issue("crosswalk.reason", "reason"))
    return found


def version_of(
    proposal: Proposal,
    identity: str,
    *,
    proposed_by: str,
    approved_by: str,
    known: str,
    origin: str,
) -> CrosswalkVersion:
    """Return the version that an approved proposal makes, believed from `known` on."""
    return CrosswalkVersion(
        *proposal.key,
        proposal.unified_code,
        proposal.valid_from,
        proposal.valid_to,
        Relation(proposal.relation),
        Choice(proposal.choice),
        known_from=known,
        proposed_by=proposed_by,
        approved_by=approved_by,
        evidence=proposal.evidence,
        reason=proposal.reason,
        id=identity,
        origin=origin,
        replaces=proposal.replaces,
        local_name=proposal.local_name,
        local_specification=proposal.local_specification,
    )


class Working:
    """What is believed while a set of proposals is gone through: those before it count already."""

    def __init__(self, crosswalk: Crosswalk) -> None:
        self._crosswalk = crosswalk
        self._believed: dict[tuple[str, str, str], list[CrosswalkVersion]] = {}
        self._added: dict[tuple[str, str, str], list[str]] = {}
        """(partner, kind, unified code) → local codes that say it newly."""

    def believed(self, key: tuple[str, str, str]) -> list[CrosswalkVersion]:
        """Return the versions of a code that are believed."""
        found = self._believed.get(key)
        if found is None:
            versions = self._crosswalk.history(*key)
            found = self._believed[key] = [one for one in versions if one.believed]
        return found

    def find(self, key: tuple[str, str, str], identity: str) -> CrosswalkVersion | None:
        """Return the believed version with this id."""
        return next((one for one in self.believed(key) if one.id == identity), None)

    def end(self, version: CrosswalkVersion) -> None:
        """Believe a version no longer."""
        self.believed(version.key).remove(version)

    def add(self, version: CrosswalkVersion) -> None:
        """Believe a version."""
        self.believed(version.key).append(version)
        place = (version.partner, version.kind, version.unified_code)
        self._added.setdefault(place, []).append(version.local_code)

    def same(self, newcomer: CrosswalkVersion) -> CrosswalkVersion | None:
        """Return a believed version that says the same of all the newcomer's days already."""
        for one in self.believed(newcomer.key):
            covered = one.valid_from <= newcomer.valid_from and newcomer.valid_to <= one.valid_to
            if covered and one.meaning == newcomer.meaning and one.choice == newcomer.choice:
                return one
        return None

    def issues(self, newcomer: CrosswalkVersion) -> list[Issue]:
        """Return what speaks against believing a newcomer; both versions are named."""
        found = [
            issue(
                "crosswalk.overlap",
                "valid_from",
                code=newcomer.local_code,
                said=_said(newcomer),
                other=_said(one),
                origin=one.id or one.origin,
            )
            for one in self.believed(newcomer.key)
            if one.overlaps(newcomer) and (one.id or one.meaning != newcomer.meaning)
        ]
        rival = self._rival(newcomer)
        if rival is not None:
            found.append(
                issue(
                    "crosswalk.choice",
                    "choice",
                    code=newcomer.local_code,
                    unified=newcomer.unified_code,
                    other=rival.local_code,
                    chosen=rival.choice or "only",
                )
            )
        return found

    def _rival(self, newcomer: CrosswalkVersion) -> CrosswalkVersion | None:
        """Return another local code that is said for the same unified code on one of the days."""
        if newcomer.relation is not Relation.EQUIVALENT or newcomer.choice is Choice.INBOUND_ONLY:
            return None
        partner, kind, own = newcomer.key
        locals_ = self._crosswalk.locals_of(partner, kind, newcomer.unified_code)
        added = self._added.get((partner, kind, newcomer.unified_code), ())
        for local in dict.fromkeys((*locals_, *added)):
            if local == own:
                continue
            for one in self.believed((partner, kind, local)):
                said = one.meaning == newcomer.meaning and one.choice is not Choice.INBOUND_ONLY
                clear = newcomer.choice is Choice.PREFERRED and one.choice is Choice.ONLY
                if said and not clear and one.overlaps(newcomer):
                    return one
        return None


def _said(version: CrosswalkVersion) -> str:
    until = "…" if version.valid_to == OPEN_END else version.valid_to
    meaning = version.unified_code or version.relation
    return f"{meaning} {version.valid_from} – {until}"


def ended(version: CrosswalkVersion, *, known: str, by_id: str, reason: str) -> CrosswalkVersion:
    """Return a version as it is once it is believed no longer."""
    return replace(
        version,
        status=Status.RETIRED,
        known_to=known,
        ended_by=by_id,
        reason=reason or version.reason,
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """空档: days (both inclusive) on which a code means nothing, though it did before and does after."""

    partner: str
    kind: str
    local_code: str
    since: str
    until: str
    before: str
    after: str
    """The unified codes (or "") on both sides."""


def gaps(crosswalk: Crosswalk, partner: str = "", kind: str = "") -> Iterator[Gap]:
    """Yield the gaps in what is believed now, of a partner or all (""), of a kind or all ("")."""
    key, believed = ("", "", ""), list[CrosswalkVersion]()
    for version in crosswalk.versions(partner, kind):
        if version.key != key:
            yield from _gaps(believed)
            key, believed = version.key, []
        if version.believed:
            believed.append(version)
    yield from _gaps(believed)


def _gaps(believed: list[CrosswalkVersion]) -> Iterator[Gap]:
    believed.sort(key=lambda one: one.valid_from)
    reached: CrosswalkVersion | None = None
    for one in believed:
        if reached is not None:
            first = _day_after(reached.valid_to)
            if first and first < one.valid_from:
                until = (date.fromisoformat(one.valid_from) - timedelta(days=1)).isoformat()
                yield Gap(*one.key, first, until, reached.unified_code, one.unified_code)
        if reached is None or one.valid_to > reached.valid_to:
            reached = one


def _day_after(day: str) -> str:
    """Return the next day, "" after the last of the calendar."""
    given = date.fromisoformat(day)
    return "" if given == _FOREVER else (given + timedelta(days=1)).isoformat()

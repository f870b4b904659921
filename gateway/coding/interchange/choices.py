"""选用: several local codes of a partner for one unified code need a choice, or nobody knows which to say.

Judged on what would be believed after the import: the rows of the file, and what they leave standing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.coding.interchange.believed import Believed, Key, believed
from gateway.coding.interchange.preview import Preview, State
from gateway.coding.records import OPEN_END, Choice, CrosswalkVersion, Proposal, Relation

Meant = tuple[str, str, str]
"""(partner, kind, unified code)."""


@dataclass(frozen=True, slots=True)
class _Say:
    """A local code that can be said for a unified one from one day to another; `row` 0: not of the file."""

    local: str
    since: str
    until: str
    preferred: bool
    row: int


def settle_choices(preview: Preview, crosswalk: Believed) -> None:
    """Turn those rows into conflicting ones that leave it open which local code is to be said."""
    ended = {one.replaces for one in preview.proposals() if one.replaces}
    file: dict[Meant, list[_Say]] = {}
    for change in preview.changes:
        if change.state in {State.NEW, State.CHANGED}:
            for one in change.proposals:
                if _can_be_said(one):
                    said = file.setdefault((*one.key[:2], one.unified_code), [])
                    said.append(_say(one, change.row))
    for meant, said in file.items():
        locals_ = {one.local for one in said}.union(crosswalk.locals_of(*meant))
        if len(locals_) > 1:
            standing = _standing(meant, locals_, ended, crosswalk)
            _settle(preview, meant, [*said, *standing])


def _standing(
    meant: Meant, locals_: Iterable[str], ended: set[str], crosswalk: Believed
) -> Iterator[_Say]:
    for local in locals_:
        key: Key = (*meant[:2], local)
        for version in believed(crosswalk, key):
            same = version.unified_code == meant[2] and _can_be_said(version)
            if same and not (version.id and version.id in ended):
                yield _say(version, 0)


def _can_be_said(one: Proposal | CrosswalkVersion) -> bool:
    retires = isinstance(one, Proposal) and one.retires
    equivalent = one.relation is Relation.EQUIVALENT
    return equivalent and one.choice is not Choice.INBOUND_ONLY and not retires


def _say(one: Proposal | CrosswalkVersion, row: int) -> _Say:
    preferred = one.choice is Choice.PREFERRED
    return _Say(one.local_code, one.valid_from, one.valid_to, preferred, row)


def _settle(preview: Preview, meant: Meant, said: list[_Say]) -> None:
    day = unclear_from(said)
    if not day:
        return
    met = sorted({one.local for one in said if one.since <= day <= one.until})
    listed = ", ".join(met[:5]) + (" …" if len(met) > 5 else "")  # noqa: PLR2004 - enough to look up
    rows = {one.row for one in said if one.row}
    preview.conflict(
        rows,
        f"{day} 起多个本地编码({listed})对应 {meant[2]},须将一个标为首选(preferred),其余标为只入不出(inbound_only)",
        f"from {day} on several local codes ({listed}) mean {meant[2]}: mark one as preferred, the others as inbound_only",
    )


def unclear_from(said: Iterable[_Say]) -> str:
    """Return the first day on which a row of the file leaves open which of several local codes is said.

    One of the file must then be preferred, or only understood (and not be here); a code without a choice
    that stood before may give way to a preferred one.
    """
    by_day: dict[str, list[tuple[bool, _Say]]] = {}
    for one in said:
        by_day.setdefault(one.since, []).append((True, one))
        if one.until < OPEN_END:
            by_day.setdefault(day_after(one.until), []).append((False, one))
    active: list[_Say] = []
    for day in sorted(by_day):
        for begins, one in by_day[day]:
            if begins:
                active.append(one)
            else:
                active.remove(one)
        if len(active) > 1 and _unclear(active):
            return day
    return ""


def _unclear(active: Sequence[_Say]) -> bool:
    if len({one.local for one in active}) == 1 or not any(one.row for one in active):
        return False
    preferred = {one.local for one in active if one.preferred}
    return len(preferred) != 1 or any(one.row and not one.preferred for one in active)


def day_after(day: str) -> str:
    """Return the day after."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()

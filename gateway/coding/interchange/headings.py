"""表头: where the heading row stands, which column is which, and what could be meant where nobody said.

Title rows above the headings are skipped. Headings are compared without blanks, line breaks, width and
the asterisk of required columns.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from gateway.coding.interchange.cells import Cell, Flaw, Table
from gateway.coding.interchange.fields import CROSSWALK, ITEMS, OTHER_CODE, Field
from gateway.coding.interchange.findings import BadFile, Finding, bad_file, finding
from gateway.coding.interchange.plan import ColumnPlan, near

CATALOGUES: Final = Path(__file__).parents[3] / "contracts" / "catalogues"
SEARCHED: Final = 20
"""Rows among which the headings are looked for."""
TableKind = Literal["crosswalk", "items"]
FIELDS: Final[Mapping[TableKind, Mapping[str, Field]]] = {"crosswalk": CROSSWALK, "items": ITEMS}


@dataclass(frozen=True, slots=True)
class Headed:
    """A table whose columns are known."""

    places: Mapping[str, int]
    """Field → place of its column."""
    headings: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[Cell]]]
    """The rows after the headings."""


def headed(table: Table, plan: ColumnPlan, kind: TableKind, *, suggested: bool = False) -> Headed:
    """Return the table with its columns found. `suggested` takes the usual meaning of its headings.

    Raises BadFile: columns.* (no heading row, missing or double columns, fields without a source).
    """
    fields = FIELDS[kind]
    problems = plan.problems(fields)
    if problems:
        raise BadFile(*problems)
    top = list(islice(table.rows, max(SEARCHED, plan.header_row)))
    columns = dict(plan.columns) or _known_columns(top, plan, kind, suggested=suggested)
    at = _header(top, plan, columns)
    headings = tuple("" if isinstance(one, Flaw) else str(one).strip() for one in top[at][1])
    problems = _problems(headings, columns, plan, fields)
    if problems:
        raise BadFile(*problems)
    folded = [fold(one) for one in headings]
    places = {name: folded.index(fold(heading)) for name, heading in columns.items()}
    _note_unused(table, headings, places)
    return Headed(places, headings, _after(top[at + 1 :], table.rows))


def fold(heading: str) -> str:
    """Return a heading as it is compared."""
    plain = "".join(unicodedata.normalize("NFKC", heading).split())
    return plain.strip("*").casefold()


@cache
def _usual(kind: TableKind) -> Mapping[str, str]:
    """Return folded heading → field; a field's own name always counts."""
    with (CATALOGUES / "headings.toml").open("rb") as file:
        listed = tomllib.load(file)[kind]
    usual: dict[str, str] = {}
    for name in FIELDS[kind]:
        for heading in (name, *listed.get(name, ())):
            usual.setdefault(fold(heading), name)
    return usual


def suggestion(row: Sequence[Cell], kind: TableKind) -> dict[str, str]:
    """Return field → heading for the headings of a row whose usual meaning is known; first one wins."""
    usual, found = _usual(kind), {}
    for cell in row:
        if not isinstance(cell, str):
            continue
        name = usual.get(fold(cell), "")
        if fold(cell).startswith(OTHER_CODE) and kind == "items":
            name = fold(cell)
        if name and name not in found:
            found[name] = cell.strip()
    return found


def _known_columns(
    top: Sequence[tuple[int, Sequence[Cell]]],
    plan: ColumnPlan,
    kind: TableKind,
    *,
    suggested: bool,
) -> dict[str, str]:
    """Return the columns of a table about which the plan says nothing."""
    rows = [top[plan.header_row - 1]] if 0 < plan.header_row <= len(top) else top
    likest = max((suggestion(row, kind) for _, row in rows), key=len, default={})
    own = {name: heading for name, heading in likest.items() if fold(heading) == fold(name)}
    if suggested and likest:
        return likest
    if not _missing(own, plan, FIELDS[kind]):
        return own
    shown = " ".join(f'--column {name}="{heading}"' for name, heading in likest.items()) or "–"
    raise bad_file("columns.none", suggested=shown)


def _header(
    top: Sequence[tuple[int, Sequence[Cell]]], plan: ColumnPlan, columns: Mapping[str, str]
) -> int:
    if not top:
        raise bad_file("sheet.empty")
    if plan.header_row:
        if plan.header_row > len(top):
            raise bad_file("columns.no_header", rows=len(top), wanted=", ".join(columns.values()))
        return plan.header_row - 1
    wanted = {fold(heading) for heading in columns.values()}
    found = [len(wanted & {fold(one) for one in row if isinstance(one, str)}) for _, row in top]
    best = max(range(len(top)), key=lambda at: found[at])
    if not found[best]:
        raise bad_file("columns.no_header", rows=len(top), wanted=", ".join(columns.values()))
    return best


def _missing(
    columns: Mapping[str, str], plan: ColumnPlan, fields: Mapping[str, Field]
) -> list[str]:
    return [
        field.name
        for field in fields.values()
        if (field.required or field.column)
        and field.name not in columns
        and field.name not in plan.constants
    ]


def _problems(
    headings: Sequence[str],
    columns: Mapping[str, str],
    plan: ColumnPlan,
    fields: Mapping[str, Field],
) -> list[Finding]:
    folded = [fold(one) for one in headings]
    found = [finding("columns.required", field=name) for name in _missing(columns, plan, fields)]
    for name, heading in columns.items():
        count = folded.count(fold(heading))
        if not count:
            nearest = near(heading, filter(None, headings))
            found.append(finding("columns.missing", name=heading, field=name, nearest=nearest))
        elif count > 1:
            found.append(finding("columns.twice", name=heading, count=count))
    return found


def _note_unused(table: Table, headings: Sequence[str], places: Mapping[str, int]) -> None:
    used = set(places.values())
    unused = [one for at, one in enumerate(headings) if one and at not in used]
    if unused:
        listed = ", ".join(unused)
        table.notes.append(f"{table.name}: 未使用的列 columns not used: {listed}")


def _after(
    seen: Sequence[tuple[int, Sequence[Cell]]], rest: Iterator[tuple[int, Sequence[Cell]]]
) -> Iterator[tuple[int, Sequence[Cell]]]:
    yield from seen
    yield from rest

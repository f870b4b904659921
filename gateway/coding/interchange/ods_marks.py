"""ODS 单元格标记: formulas of an OpenDocument sheet, and how large it really is.

Cells say how often they repeat: a few bytes can claim a billion cells, so repeats are counted before
the reader of values is let at the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.coding.interchange.archive import Archive
from gateway.coding.interchange.cells import Flaw, Limits, cell_name
from gateway.coding.interchange.findings import bad_file
from gateway.coding.interchange.marks import Scan, check_area

_TAG: Final = re.compile(
    rb"<(/?)table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*?)(/?)>"
    rb"|<!(DOCTYPE|ENTITY)"
)
_ROWS: Final = re.compile(rb"""table:number-rows-repeated\s*=\s*["']([0-9]{1,10})["']""")
_COLUMNS: Final = re.compile(rb"""table:number-columns-repeated\s*=\s*["']([0-9]{1,10})["']""")
_WIDE: Final = re.compile(rb"""table:number-columns-spanned\s*=\s*["']([0-9]{1,10})["']""")
_HIGH: Final = re.compile(rb"""table:number-rows-spanned\s*=\s*["']([0-9]{1,10})["']""")
_MARK_LIMIT: Final = 1_000_000
_PART: Final = "content.xml"


@dataclass(slots=True)
class _Walk:
    """Where the scan stands, and what it found on each sheet."""

    scans: list[Scan] = field(default_factory=list)
    nested: int = 0
    row: int = 0
    """Row of the cells that come now, from 1."""
    repeat: int = 1
    column: int = 0


def ods_scans(archive: Archive, limits: Limits) -> list[Scan]:
    """Scan every sheet, in the workbook's order. Raises BadFile (too large, a DOCTYPE)."""
    walk = _Walk()
    for closing, name, attributes, closed, declared in _tags(archive):
        if declared:
            raise bad_file("file.damaged", detail="DOCTYPE")
        if name == b"table":
            _table(walk, closing=bool(closing))
        elif walk.nested == 1 and not closing:
            if name == b"table-row":
                walk.row += walk.repeat
                walk.repeat, walk.column = _count(_ROWS, attributes), 0
            else:
                _cell(walk, attributes, blank=bool(closed))
                check_area(walk.scans[-1].rows, walk.scans[-1].columns, limits)
    return walk.scans


def _table(walk: _Walk, *, closing: bool) -> None:
    if closing:
        walk.nested -= 1
        return
    walk.nested += 1
    if walk.nested == 1:
        walk.scans.append(Scan())
        walk.row, walk.repeat = 0, 1


def _cell(walk: _Walk, attributes: bytes, *, blank: bool) -> None:
    """Take one cell. One that closes itself has neither text nor value, but may have a formula."""
    scan = walk.scans[-1]
    many = _count(_COLUMNS, attributes)
    formula = b"table:formula" in attributes
    if not blank or formula or b"office:value" in attributes:
        scan.rows = max(scan.rows, walk.row + walk.repeat - 1)
        scan.columns = max(scan.columns, walk.column + many)
    place = (walk.row, walk.column)
    wide, high = _count(_WIDE, attributes), _count(_HIGH, attributes)
    if wide > 1 or high > 1:
        _merged(scan, place, wide, high)
    if formula:
        _formulas(scan, place, many, walk.repeat)
    walk.column += many


def _formulas(scan: Scan, place: tuple[int, int], wide: int, high: int) -> None:
    top, left = place
    if len(scan.marks) + wide * high > _MARK_LIMIT:
        raise bad_file("cell.formula", cell=cell_name(top, left))
    for row in range(top, top + high):
        for column in range(left, left + wide):
            scan.marks[row, column] = Flaw("cell.formula", cell_name(row, column))


def _merged(scan: Scan, place: tuple[int, int], wide: int, high: int) -> None:
    top, left = place
    if len(scan.marks) + wide * high > _MARK_LIMIT:
        raise bad_file("cell.merged", cell=cell_name(top, left), area=f"{wide} × {high}")
    area = f"{cell_name(top, left)}:{cell_name(top + high - 1, left + wide - 1)}"
    for row in range(top, top + high):
        for column in range(left, left + wide):
            scan.marks[row, column] = Flaw("cell.merged", cell_name(row, column), area=area)


def _count(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found.group(1)) if found else 1


def _tags(archive: Archive) -> Iterator[tuple[bytes, bytes, bytes, bytes, bytes]]:
    left = b""
    for chunk in archive.chunks(_PART):
        text = left + chunk
        end = text.rfind(b"<")
        left = text[end:] if end >= 0 else b""
        for found in _TAG.finditer(text, 0, max(end, 0)):
            yield tuple(one or b"" for one in found.groups())  # type: ignore[misc]
    for found in _TAG.finditer(left):
        yield tuple(one or b"" for one in found.groups())  # type: ignore[misc]

"""单元格标记: which cells of a workbook's sheet are formulas or error values, found in its XML.

The reader of values gives a formula's remembered result and a blank for an error, as if they had been
typed. This scan sees what really stands there. It is a search, not a parser: `<` cannot stand in a text
or an attribute, and only UTF-8 is let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from adapters._kit.xml import Element, parse
from gateway.coding.interchange.archive import Archive
from gateway.coding.interchange.cells import Flaw, Limits, cell_name, column_at
from gateway.coding.interchange.findings import bad_file
from schemas.issues import Rejected

Marks = dict[tuple[int, int], Flaw]
"""(row from 1, column from 0) of every cell that must not be taken."""


@dataclass(slots=True)
class Scan:
    """What a scan saw of one sheet; `rows` and `columns` reach to the last cell with content."""

    marks: Marks = field(default_factory=dict)
    rows: int = 0
    columns: int = 0


_MARK_LIMIT: Final = 1_000_000
_SHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL: Final = re.compile(
    rb"<(?:[A-Za-z_][A-Za-z0-9_.-]*:)?c(?=[\s/>])([^>]*?)(/?)>"
    rb"|<(?:[A-Za-z_][A-Za-z0-9_.-]*:)?(f)(?=[\s/>])"
    rb"|<(!DOCTYPE|!ENTITY)"
)
_PLACE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ERROR: Final = re.compile(rb"""\st\s*=\s*["']e["']""")
_NAME: Final = rb"<(?:[A-Za-z_][A-Za-z0-9_.-]*:)?"
_OPENED: Final = re.compile(_NAME + rb"c(?=[\s/>])")
_PLACED: Final = re.compile(
    _NAME + rb"""c(?=\s)[^>]*?\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["'][^>]*?(/?)>"""
)
_SUSPECT: Final = re.compile(_NAME + rb"""f(?=[\s/>])|\st\s*=\s*["']e["']|<!(?:DOCTYPE|ENTITY)""")
_TAIL: Final = 1 << 14
_PIECE_LIMIT: Final = 1 << 20


def sheet_parts(archive: Archive) -> list[str]:
    """Return the XML part of each sheet of an XLSX, in the workbook's order ("" for one not found)."""
    try:
        book = parse(archive.read("xl/workbook.xml"))
        links = parse(archive.read("xl/_rels/workbook.xml.rels"))
    except Rejected as error:
        raise bad_file("file.damaged", detail=error.issues[0].en) from error
    targets = {one.get("Id", ""): _part(one.get("Target", "")) for one in links}
    return [targets.get(_link(one), "") for one in book.iter(_SHEET)]


def _link(sheet: Element) -> str:
    return sheet.get(_ID) or ""


def _part(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def xlsx_scan(archive: Archive, part: str, limits: Limits) -> Scan:
    """Scan one sheet. Raises BadFile (too wide, too long, not plain UTF-8 XML)."""
    scan, place = Scan(), (0, 0)
    for text in _whole_tags(archive, part):
        if _SUSPECT.search(text):
            place = _scan_closely(scan, text, place)
        else:
            _scan_places(scan, text)
        check_area(scan.rows, scan.columns, limits)
    return scan


def _scan_places(scan: Scan, text: bytes) -> None:
    """Take only the places of cells: there is nothing else in this part of the sheet."""
    placed = _PLACED.findall(text)
    if len(placed) != len(_OPENED.findall(text)):
        raise bad_file("file.damaged", detail=f"a cell without its place after row {scan.rows}")
    filled = [(column, row) for column, row, closed in placed if not closed]
    if filled:
        columns = {column for column, _ in filled}
        scan.columns = max(scan.columns, *(column_at(one.decode()) + 1 for one in columns))
        scan.rows = max(scan.rows, *(int(row) for _, row in filled))


def _scan_closely(scan: Scan, text: bytes, place: tuple[int, int]) -> tuple[int, int]:
    """Take every cell one by one; return the place of the last one."""
    for found in _CELL.finditer(text):
        attributes, closed, formula, declared = found.groups()
        if declared:
            raise bad_file("file.damaged", detail="DOCTYPE")
        if formula:
            scan.marks[place] = Flaw("cell.formula", cell_name(*place))
            if len(scan.marks) > _MARK_LIMIT:
                raise bad_file("cell.formula", cell=cell_name(*place))
            continue
        place = _place(attributes, place[0])
        if _ERROR.search(attributes):
            scan.marks[place] = Flaw("cell.error", cell_name(*place), "#N/A …")
        if not closed:
            scan.rows, scan.columns = max(scan.rows, place[0]), max(scan.columns, place[1] + 1)
    return place


def _place(attributes: bytes, row: int) -> tuple[int, int]:
    found = _PLACE.search(attributes)
    if found is None:
        raise bad_file("file.damaged", detail=f"a cell without its place after row {row}")
    return int(found.group(2)), column_at(found.group(1).decode())


def _whole_tags(archive: Archive, part: str) -> Iterator[bytes]:
    """Yield the sheet's text in pieces that begin with a cell, so that no tag and no cell is torn."""
    left, first = b"", True
    for chunk in archive.chunks(part):
        text = left + chunk
        if first:
            _check_charset(text)
            first = False
        end = _last_cell(text)
        if not end and len(text) > _PIECE_LIMIT:  # what comes before and after the cells
            end = text.rfind(b"<")
        if end < 0:
            raise bad_file("file.damaged", detail=f"{part}: a text without a tag")
        left = text[end:]
        yield text[:end]
    yield left


def _last_cell(text: bytes) -> int:
    """Return where the last cell begins, 0 where there is none."""
    for start in (max(0, len(text) - _TAIL), 0):
        place = 0
        for found in _OPENED.finditer(text, start):
            place = found.start()
        if place:
            return place
    return 0


def _check_charset(head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf")
    declared = re.match(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""", text)
    plain = declared is None or declared.group(1).lower() in {b"utf-8", b"us-ascii", b"ascii"}
    if not text.lstrip().startswith(b"<") or not plain or b"\x00" in text[:200]:
        raise bad_file("file.damaged", detail="a sheet that is not UTF-8")


def check_area(rows: int, columns: int, limits: Limits) -> None:
    """Raise BadFile where a sheet is longer, wider or larger than the limits."""
    if rows > limits.rows:
        raise bad_file("file.too_many_rows", limit=limits.rows)
    if columns > limits.columns:
        raise bad_file("file.too_wide", limit=limits.columns)
    if rows * columns > limits.area:
        raise bad_file("file.too_many_rows", limit=limits.area // max(columns, 1))

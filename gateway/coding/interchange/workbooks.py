"""工作簿: one sheet of an XLSX, XLS or ODS file as a table, with every cell that must not be trusted marked.

Values come from calamine; formulas, errors and merged ranges, which it would pass off as plain values,
come from the marks.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
)

from adapters._kit.xml import check_chunks
from gateway.coding.interchange.archive import Archive
from gateway.coding.interchange.cells import Cell, Flaw, Limits, Table, cell_name
from gateway.coding.interchange.findings import bad_file
from gateway.coding.interchange.marks import Marks, Scan, check_area, sheet_parts, xlsx_scan
from gateway.coding.interchange.ods_marks import ods_scans
from gateway.coding.interchange.source import Content
from gateway.coding.interchange.xls_marks import sheet_starts, workbook_stream, xls_scan
from schemas.issues import Rejected

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column; rows from 1, columns from 0."""
_PARTS: Final = re.compile(
    r"(?:xl/(?:_rels/.*|worksheets/.*|workbook|sharedStrings|styles)|content|META-INF/manifest)"
    r"\.(?:xml|rels)\Z"
)
"""Parts that the reader of values opens."""
_PANIC: Final = "PanicException"


def workbook_table(path: Path, content: Content, sheet: str, limits: Limits) -> Table:
    """Return the named sheet ("": the only one with content) as a table.

    Raises BadFile: damaged, locked, with macros, no such sheet, several to choose from, too large.
    """
    scans = _scans(path, content, limits)  # before the other reader is let at the file
    opened = _opened(path)
    if len(opened.sheet_names) != len(scans):
        raise bad_file("file.damaged", detail=f"{len(scans)} sheets")
    at = _chosen(opened, sheet, scans)
    found = _sheet(opened, at)
    name = f"{path.name}[{opened.sheet_names[at]}]"
    return Table(name, _rows(found, scans[at].marks, limits), typed=True)


def _scans(path: Path, content: Content, limits: Limits) -> list[Scan]:
    if content is Content.XLS:
        stream = workbook_stream(path.read_bytes())
        return [xls_scan(stream, start) for start in sheet_starts(stream)]
    archive = Archive(path, limits)
    _check_parts(archive, limits)
    if content is Content.ODS:
        return ods_scans(archive, limits)
    parts = sheet_parts(archive)
    if not all(part in archive for part in parts):
        raise bad_file("file.damaged", detail="a sheet has no part")
    return [xlsx_scan(archive, part, limits) for part in parts]


def _check_parts(archive: Archive, limits: Limits) -> None:
    """Hold those parts to their size and to being XML: the reader may loop for ever on less."""
    checking = Archive(archive.path, limits)  # has a limit of its own: each part is read twice
    for name in archive.names:
        if _PARTS.match(name):
            try:
                check_chunks(checking.chunks(name))
            except Rejected as error:
                detail = f"{name}: {error.issues[0].en}"
                raise bad_file("file.damaged", detail=detail) from error


def _opened(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    except PasswordError as error:
        raise bad_file("file.encrypted") from error
    except (CalamineError, OSError, ValueError) as error:
        raise bad_file("file.damaged", detail=str(error)) from error
    except BaseException as error:
        raise _panicked(error) from error


def _panicked(error: BaseException) -> BaseException:
    """Return a finding for a fault inside the reader's native code; anything else as it is."""
    if type(error).__name__ == _PANIC:
        return bad_file("file.damaged", detail="the reader gave up")
    return error


def _chosen(opened: CalamineWorkbook, wanted: str, scans: Sequence[Scan]) -> int:
    """Return the place of the sheet to read: the named one, or the only one with content."""
    names = opened.sheet_names
    sheets = [
        at for at, one in enumerate(opened.sheets_metadata) if one.typ is SheetTypeEnum.WorkSheet
    ]
    if wanted:
        for at in sheets:
            if names[at] == wanted:
                return at
        raise bad_file("sheet.unknown", name=wanted, names=", ".join(names))
    filled = [at for at in sheets if scans[at].rows]
    if not filled:
        raise bad_file("sheet.empty")
    if len(filled) > 1:
        raise bad_file("sheet.choose", names=", ".join(names[at] for at in filled))
    return filled[0]


def _sheet(opened: CalamineWorkbook, at: int) -> CalamineSheet:
    try:
        return opened.get_sheet_by_index(at)
    except (CalamineError, ValueError) as error:
        raise bad_file("file.damaged", detail=str(error)) from error
    except BaseException as error:
        raise _panicked(error) from error


def _merged(sheet: CalamineSheet) -> list[Area]:
    found = sheet.merged_cell_ranges or []
    return [(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in found]


def _rows(
    sheet: CalamineSheet, marks: Marks, limits: Limits
) -> Iterator[tuple[int, Sequence[Cell]]]:
    last = max((row for row, _ in marks), default=0)
    start, end = sheet.start or (0, 0), sheet.end
    if end is not None:
        check_area(end[0] + 1, end[1] + 1, limits)
        last = max(last, end[0] + 1)
    flawed = _by_row(marks, _merged(sheet), last)
    blank: list[Cell] = [""] * start[1]  # the reader leaves out the empty columns on the left
    cells = sheet.iter_rows() if end is not None else iter(())
    for row in range(1, last + 1):
        # a formula without a remembered value is blank for the reader, which may end before it
        found: list[Cell] = [*blank, *next(cells, ())]
        for column, flaw in flawed.get(row, ()):
            found += [""] * (column + 1 - len(found))
            found[column] = flaw
        yield row, found


def _by_row(marks: Marks, merged: list[Area], last: int) -> dict[int, list[tuple[int, Flaw]]]:
    flawed: dict[int, list[tuple[int, Flaw]]] = {}
    for (row, column), flaw in marks.items():
        flawed.setdefault(row, []).append((column, flaw))
    for top, left, bottom, right in merged:
        area = f"{cell_name(top, left)}:{cell_name(bottom, right)}"
        for row in range(top, min(bottom, last) + 1):
            flawed.setdefault(row, []).extend(
                (column, Flaw("cell.merged", cell_name(row, column), area=area))
                for column in range(left, right + 1)
            )
    return flawed

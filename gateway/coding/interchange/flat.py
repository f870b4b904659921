"""平面导出: the crosswalk as a table, CSV or XLSX, that an import reads back as it was.

A cell that a spreadsheet would run (= + - @ …) gets an apostrophe before it in CSV, which our import takes
off again; in XLSX every cell is a text, which nothing runs. Row by row: a million rows take no memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from gateway.coding.interchange.texts import made_safe
from gateway.coding.records import KNOWN_OPEN, OPEN_END, CrosswalkVersion

COLUMNS: Final = (
    "partner",
    "kind",
    "local_code",
    "unified_code",
    "valid_from",
    "valid_to",
    "relation",
    "choice",
    "reason",
    "evidence",
    "local_name",
    "local_specification",
    "status",
    "known_from",
    "known_to",
    "proposed_by",
    "approved_by",
    "id",
    "origin",
    "replaces",
)
BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it spreadsheets on Chinese desktops read UTF-8 as GBK."""
SHEET: Final = "对照"
SHEET_ROWS: Final = 1_000_000
"""Rows of one sheet; a spreadsheet holds 1,048,576."""


def row_of(version: CrosswalkVersion) -> list[str]:
    """Return the cells of a version; without end is blank."""
    cells = [str(getattr(version, name)) for name in COLUMNS]
    cells[COLUMNS.index("valid_to")] = "" if version.valid_to == OPEN_END else version.valid_to
    cells[COLUMNS.index("known_to")] = "" if version.known_to == KNOWN_OPEN else version.known_to
    return cells


def write_csv(versions: Iterable[CrosswalkVersion], file: IO[str], *, safe: bool = True) -> int:
    """Write the versions as CSV (UTF-8 with byte order mark, CRLF); return how many.

    Without `safe` the cells stand as they are, for programs; such a file is read with `escaped = false`.
    """
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    for version in versions:
        cells = row_of(version)
        writer.writerow(map(made_safe, cells) if safe else cells)
        count += 1
    return count


def write_xlsx(versions: Iterable[CrosswalkVersion], path: Path) -> int:
    """Write the versions as a workbook, every cell a text; return how many."""
    book = Workbook(write_only=True)
    count = 0
    sheet = _sheet(book, 1)
    for count, version in enumerate(versions, start=1):
        if count > 1 and count % SHEET_ROWS == 1:
            sheet = _sheet(book, count // SHEET_ROWS + 1)
        sheet.append(list(_cells(sheet, row_of(version))))
    book.save(path)
    return count


def _sheet(book: Workbook, number: int) -> WriteOnlyWorksheet:
    sheet: WriteOnlyWorksheet = book.create_sheet(SHEET if number == 1 else f"{SHEET}{number}")
    sheet.append(COLUMNS)
    return sheet


def _cells(sheet: WriteOnlyWorksheet, texts: Iterable[str]) -> Iterator[object]:
    for text in texts:
        plain = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
        if plain.startswith("="):  # the library takes it for a formula
            cell = WriteOnlyCell(sheet, value=plain)
            cell.data_type = "s"
            yield cell
        else:
            yield plain or None

"""XLS 单元格标记: formulas, error values, locks and macros of a workbook in Excel's old format.

Source: [MS-XLS] 2.3 (records), 2.4.28 BoundSheet8, 2.4.127 Formula, 2.4.24 BoolErr, 2.4.117 FilePass.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from gateway.coding.interchange.cells import Flaw, Limits, cell_name
from gateway.coding.interchange.compound import Compound
from gateway.coding.interchange.findings import bad_file
from gateway.coding.interchange.marks import Scan, check_area

_BOF: Final = frozenset({0x0809, 0x0409, 0x0209, 0x0009})
_EOF: Final = 0x000A
_BOUND_SHEET: Final = 0x0085
_FILE_PASS: Final = 0x002F
_FORMULAS: Final = frozenset({0x0006, 0x0206, 0x0406})
_BOOL_ERR: Final = 0x0205
_CELLS: Final = _FORMULAS | {_BOOL_ERR, 0x00FD, 0x0204, 0x0203, 0x027E, 0x00BD, 0x00D6}
"""Records with a cell's content: text, number, formula, logical value or error."""
_MACRO_SHEET: Final = 1
_LOCKED: Final = frozenset({"EncryptedPackage", "EncryptionInfo"})
_MACROS: Final = frozenset({"_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"})


def workbook_stream(raw: bytes) -> bytes:
    """Return the workbook's records. Raises BadFile: locked, with macros, damaged, or no workbook."""
    compound = Compound(raw)
    if compound.names & _LOCKED:
        raise bad_file("file.encrypted")
    if compound.names & _MACROS:
        raise bad_file("file.macros")
    for name in ("Workbook", "Book"):
        if name in compound.names:
            return compound.stream(name)
    raise bad_file("file.kind", content="OLE 文档 document, not a workbook")


def sheet_starts(stream: bytes) -> list[int]:
    """Return where each sheet begins, in the workbook's order. Raises BadFile: locked, macros."""
    starts = []
    for kind, start, length in _records(stream, 0):
        if kind == _FILE_PASS:
            raise bad_file("file.encrypted")
        if kind == _BOUND_SHEET and length >= 6:  # noqa: PLR2004 - position, state, type
            place, _, sheet_type = struct.unpack_from("<IBB", stream, start)
            if sheet_type == _MACRO_SHEET:
                raise bad_file("file.macros")
            starts.append(place)
    return starts


def xls_scan(stream: bytes, begin: int, limits: Limits) -> Scan:
    """Scan the sheet whose records begin there. Raises BadFile (damaged, too large)."""
    scan = Scan()
    for kind, start, length in _records(stream, begin):
        if kind not in _CELLS or length < 4:  # noqa: PLR2004 - row and column
            continue
        row, column = struct.unpack_from("<HH", stream, start)
        scan.rows, scan.columns = max(scan.rows, row + 1), max(scan.columns, column + 1)
        place, name = (row + 1, column), cell_name(row + 1, column)
        if kind in _FORMULAS:
            scan.marks[place] = Flaw("cell.formula", name)
        elif kind == _BOOL_ERR and length >= 8 and stream[start + 7]:  # noqa: PLR2004 - is it an error
            scan.marks[place] = Flaw("cell.error", name, "#N/A …")
    check_area(scan.rows, scan.columns, limits)
    return scan


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, where its content starts, length) until the substream's end; nested ones inside."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if at + 4 + length > len(stream):
            break
        if kind in _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth <= 1:
            yield kind, at + 4, length
        at += 4 + length
    raise bad_file("file.damaged", detail="XLS: records are cut short")

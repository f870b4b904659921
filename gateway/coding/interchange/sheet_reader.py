"""表格读取进程: reads one sheet of a workbook with calamine and writes it as JSON lines.

Run by `workbooks` as a process of its own (python -m): on a hostile file the native reader may panic, loop
or ask for more memory than there is, and must not take the gateway with it.

First line: {"at", "name", "first_column", "end", "merged"} or {"error", "facts"}; then one JSON list a row, dates
as {"d": "2026-07-01"} and {"t": "2026-07-01T08:00:00"}; last line: null.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import orjson
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
)


class _Wrong(Exception):  # noqa: N818 - it becomes a finding in the other process
    """A finding's code with its facts."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def main() -> None:
    """Read as told by the first argument: {"path", "sheet", "filled", "memory"}."""
    told = orjson.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (told["memory"], told["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = CalamineWorkbook.from_path(told["path"])
        at = _chosen(book, told["sheet"], told["filled"])
        _write_sheet(at, book.get_sheet_by_index(at))
    except _Wrong as wrong:
        _write({"error": wrong.code, "facts": wrong.facts})
    except PasswordError:
        _write({"error": "file.encrypted", "facts": {}})
    except (CalamineError, OSError, ValueError) as error:
        _write({"error": "file.damaged", "facts": {"detail": str(error)}})


def _chosen(book: CalamineWorkbook, wanted: str, filled: Sequence[bool]) -> int:
    """Return the place of the sheet to read: the named one, or the only one with content."""
    names = book.sheet_names
    if len(names) != len(filled):
        raise _Wrong("file.damaged", detail=f"{len(filled)} sheets")
    sheets = [
        at for at, one in enumerate(book.sheets_metadata) if one.typ is SheetTypeEnum.WorkSheet
    ]
    if wanted:
        for at in sheets:
            if names[at] == wanted:
                return at
        raise _Wrong("sheet.unknown", name=wanted, names=", ".join(names))
    with_content = [at for at in sheets if filled[at]]
    if not with_content:
        raise _Wrong("sheet.empty")
    if len(with_content) > 1:
        raise _Wrong("sheet.choose", names=", ".join(names[at] for at in with_content))
    return with_content[0]


def _write_sheet(at: int, sheet: CalamineSheet) -> None:
    head = {
        "at": at,
        "name": sheet.name,
        "first_column": sheet.start[1] if sheet.start else 0,
        "end": sheet.end,
        "merged": sheet.merged_cell_ranges or [],
    }
    _write(head)
    if sheet.end is not None:
        for row in sheet.iter_rows():
            _write([cell if type(cell) in _PLAIN else _told(cell) for cell in row])
    _write(None)


_PLAIN: Final = frozenset({str, int, float, bool})


def _told(cell: object) -> Any:
    if isinstance(cell, datetime):
        return {"t": cell.isoformat()}
    if isinstance(cell, date):
        return {"d": cell.isoformat()}
    return str(cell)


def _write(said: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(said) + b"\n")


if __name__ == "__main__":
    main()

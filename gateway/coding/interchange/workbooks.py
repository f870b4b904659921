"""工作簿: one sheet of an XLSX, XLS or ODS file as a table, with every cell that must not be trusted marked.

Values come from calamine, in a process of its own (sheet_reader); formulas, errors and merged ranges, which it would pass off as plain values,
come from the marks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from adapters._kit.xml import check_chunks
from gateway.coding.interchange.archive import Archive
from gateway.coding.interchange.cells import Cell, Flaw, Limits, Table, cell_name
from gateway.coding.interchange.findings import bad_file
from gateway.coding.interchange.marks import Marks, Scan, check_area, sheet_parts, xlsx_scan
from gateway.coding.interchange.ods_marks import ods_scans
from gateway.coding.interchange.source import Content
from gateway.coding.interchange.xls_marks import sheet_starts, workbook_stream, xls_scan
from schemas.issues import Rejected

Head = dict[str, Any]
"""First line of the reading process, see sheet_reader."""
Area = tuple[int, int, int, int]
"""First row, first column, last row, last column; rows from 1, columns from 0."""
_PARTS: Final = re.compile(
    r"(?:xl/(?:_rels/.*|worksheets/.*|workbook|sharedStrings|styles)|content|META-INF/manifest)"
    r"\.(?:xml|rels)\Z"
)
"""Parts that the reader of values opens."""


def workbook_table(path: Path, content: Content, sheet: str, limits: Limits) -> Table:
    """Return the named sheet ("": the only one with content) as a table.

    Raises BadFile: damaged, locked, with macros, no such sheet, several to choose from, too large.
    """
    scans = _scans(path, content, limits)  # before the other reader is let at the file
    lines = _read_apart(path, sheet, [scan.rows > 0 for scan in scans], limits)
    head = orjson.loads(next(lines))
    if "error" in head:
        raise bad_file(head["error"], **head["facts"])
    rows = _rows(head, lines, scans[head["at"]].marks, limits)
    return Table(f"{path.name}[{head['name']}]", rows, typed=True)


def _scans(path: Path, content: Content, limits: Limits) -> list[Scan]:
    if content is Content.XLS:
        stream = workbook_stream(path.read_bytes())
        return [xls_scan(stream, start, limits) for start in sheet_starts(stream)]
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


def _read_apart(path: Path, sheet: str, filled: list[bool], limits: Limits) -> Iterator[bytes]:
    """Return the lines that the reading process wrote. Raises BadFile where it did not come to its end."""
    told = {
        "path": str(path.absolute()),
        "sheet": sheet,
        "filled": filled,
        "memory": limits.reader_memory,
    }
    reader = "gateway.coding.interchange.sheet_reader"
    words = [sys.executable, "-m", reader, orjson.dumps(told).decode()]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, the path is an argument
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # its native traces say nothing to an operator
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            timeout=limits.reader_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise bad_file("file.damaged", detail="reading it never ends") from error
    whole = done.returncode == 0 and done.stdout.endswith((b"\nnull\n", b"}\n"))
    if not whole:
        raise bad_file("file.damaged", detail="the reader gave up")
    return iter(done.stdout.splitlines())


def _rows(
    head: Head, lines: Iterator[bytes], marks: Marks, limits: Limits
) -> Iterator[tuple[int, Sequence[Cell]]]:
    last = max((row for row, _ in marks), default=0)
    if head["end"] is not None:
        bottom, right = head["end"]
        check_area(bottom + 1, right + 1, limits)
        last = max(last, bottom + 1)
    flawed = _by_row(marks, _merged(head), last)
    blank: list[Cell] = [""] * head[
        "first_column"
    ]  # the reader leaves out the empty ones on the left
    for row in range(1, last + 1):
        # a formula without a remembered value is blank for the reader, which may end before it
        cells = orjson.loads(next(lines, b"null")) or ()
        found: list[Cell] = [*blank, *map(_cell, cells)]
        for column, flaw in flawed.get(row, ()):
            found += [""] * (column + 1 - len(found))
            found[column] = flaw
        yield row, found


def _cell(said: Any) -> Cell:
    """Return a cell as the reading process told it."""
    if said is None:
        return Flaw("cell.error", "–", "NaN")
    if not isinstance(said, dict):
        plain: Cell = said
        return plain
    if "d" in said:
        return date.fromisoformat(said["d"])
    return datetime.fromisoformat(said["t"])


def _merged(head: Head) -> list[Area]:
    return [(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in head["merged"]]


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

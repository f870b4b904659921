"""单元格: what a table's cells hold, and the limits a file must keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from string import ascii_uppercase


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold; everything beyond is a finding, not an attempt."""

    file_bytes: int = 512 << 20
    unpacked_bytes: int = 2 << 30
    """Of all parts of a packed file together."""
    members: int = 10_000
    rows: int = 1_048_576
    columns: int = 1_024
    area: int = 40_000_000
    """Rows times columns of a sheet: a single cell far out must not claim memory for all between."""
    reader_memory: int = 4 << 30
    """Bytes that the process may claim which reads a workbook's values."""
    reader_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell whose content must not be taken: a finding's code with its facts."""

    code: str
    cell: str
    """Name as a spreadsheet shows it, e.g. B12."""
    text: str = ""
    area: str = ""


Cell = str | float | int | bool | date | datetime | time | timedelta | Flaw
"""float, int, bool, dates only from workbooks; "" is a blank cell."""


@dataclass(slots=True)
class Table:
    """表: one table of a file. `rows` yields (the file's own row number from 1, cells) once."""

    name: str
    rows: Iterator[tuple[int, Sequence[Cell]]]
    typed: bool
    """True where cells have types (workbooks): a number is then not the text that was typed."""
    notes: list[str] = field(default_factory=list)
    """What an operator may want to know; may grow while `rows` is read."""


def column_name(at: int) -> str:
    """Return a spreadsheet's name of the column at `at` (from 0): A, B … Z, AA …"""
    name = ""
    at += 1
    while at:
        at, left = divmod(at - 1, len(ascii_uppercase))
        name = ascii_uppercase[left] + name
    return name


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, row from 1 and column from 0: B12."""
    return f"{column_name(column)}{row}"


def column_at(name: str) -> int:
    """Return the place (from 0) of a column's name; -1 for "". `name` is A to Z only."""
    at = 0
    for letter in name:
        at = at * len(ascii_uppercase) + ascii_uppercase.index(letter) + 1
    return at - 1

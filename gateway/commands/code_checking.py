"""jicai codes check: whether the codes of a list keep to their systems, row by row."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, NamedTuple

import typer

from gateway.commands.given_files import given_text
from gateway.commands.questions import day
from gateway.commands.terminal import EXIT_NO, AsJson, note, print_json
from gateway.errors import Misconfigured

COLUMNS: Final = ("code_type", "code")
_SHOWN_COLUMNS: Final = 200


class Checked(NamedTuple):
    """One row of the list with its verdict: valid or invalid; parts by name, or the reason."""

    code_type: str
    code: str
    verdict: str
    parts: Mapping[str, str]
    reason: str

    def line(self) -> str:
        """Return the row for a person: verdict, type, code, then parts or reason, by tabs."""
        shown = " ".join(f"{name}={text}" for name, text in self.parts.items())
        cells = (self.verdict, self.code_type, self.code, shown or self.reason)
        return "\t".join(map(_visible, cells))


def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV: code_type,code; “-” 读标准输入")
    ],
    *,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="有无效编码时退出码 1")] = False,
    on: Annotated[str, typer.Option("--on", help="按该日判断 YYYY-MM-DD, 空为任何时候")] = "",
) -> None:
    """校验编码 check each code of a CSV file: valid with its parts, or invalid with the reason."""
    checked = list(checked_rows(file, given_text(file), day(on) if on else ""))
    invalid = sum(row.verdict == "invalid" for row in checked)
    if as_json:
        print_json([row._asdict() for row in checked])
    else:
        text = "".join(f"{row.line()}\n" for row in checked)
        sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
        sys.stdout.flush()
    note(f"{len(checked)} 条 codes: {len(checked) - invalid} 有效 valid, {invalid} 无效 invalid")
    if strict and invalid:
        raise typer.Exit(EXIT_NO)


def checked_rows(name: str, text: str, on: str = "") -> Iterator[Checked]:
    """Yield the rows of a CSV file with their verdicts, in order; blank lines are left out.

    `name` is the file's in messages. Raises Misconfigured for a file that cannot be used as a whole.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next((cells for cells in reader if any(map(str.strip, cells))), [])
        places = _places(name, header)
        for cells in reader:
            if any(map(str.strip, cells)):
                yield _checked(cells, places, len(header), on)
    except csv.Error as error:
        raise Misconfigured(
            f"{name} line {reader.line_num}: CSV 有误 (引号、分隔) malformed CSV: {error}"
        ) from error


def _checked(cells: list[str], places: tuple[int, int], width: int, on: str) -> Checked:
    from gateway.coding.systems import (  # noqa: PLC0415 - only here, other commands start sooner
        ParsedCode,
        UnknownCodeType,
        parse,
        unknown_type,
    )

    code_type, code = (cells[at] if at < len(cells) else "" for at in places)
    code_type = code_type.strip()
    if any(map(str.strip, cells[width:])):
        reason = (
            f"本行有 {len(cells)} 列，表头 {width} 列；含逗号的编码须加引号 "
            f"{len(cells)} cells under {width} columns; quote codes with commas"
        )
        return Checked(code_type, code, "invalid", {}, reason)
    try:
        read = parse(code_type, code, on)
    except UnknownCodeType:
        return Checked(code_type, code, "invalid", {}, unknown_type(code_type).reason)
    if isinstance(read, ParsedCode):
        return Checked(code_type, code, "valid", read.by_name(), "")
    return Checked(code_type, code, "invalid", {}, read.reason)


def _places(name: str, header: list[str]) -> tuple[int, int]:
    """Return where the two columns stand. Raises Misconfigured when one is missing or stands twice."""
    found = [cell.strip().lower() for cell in header]
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        given = _visible(", ".join(header))[:_SHOWN_COLUMNS] or "–"
        raise Misconfigured(
            f"{name}: 缺少列 missing column {', '.join(missing)}; 现有 found: {given}"
        )
    twice = [column for column in COLUMNS if found.count(column) > 1]
    if twice:
        raise Misconfigured(f"{name}: 列重复 column stands twice: {', '.join(twice)}")
    return found.index(COLUMNS[0]), found.index(COLUMNS[1])


def _visible(text: str) -> str:
    """Return a text that stays on its line and in its column: what cannot be seen is escaped."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )

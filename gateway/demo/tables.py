"""读表: CSV files as people really send them.

Byte order mark, GB18030, blank cells, ragged rows and full-width digits are read and noted; a missing
required file or column stops the run with a sentence that names it.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.demo.findings import Findings
from gateway.errors import Misconfigured

_FULL_WIDTH_DIGIT: Final = re.compile("[\uff10-\uff19]")
_DECIMAL: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,30}))?")
SIZE_LIMIT: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table: its cells by column, and where it stands (`file:line`)."""

    cells: dict[str, str]
    where: str

    def text(self, column: str) -> str:
        """Return a cell without surrounding blanks; "" when the column is missing or blank."""
        return self.cells.get(column, "")


def read_table(
    path: Path, required: tuple[str, ...], findings: Findings, *, optional: bool = False
) -> list[Record]:
    """Return the rows of a CSV file, in order.

    Raises Misconfigured when the file or a required column is missing (a missing optional file is a
    finding), when it is neither UTF-8 nor GB18030, or when it is no CSV.
    """
    if not path.is_file():
        if optional:
            findings.add("file.missing", path.name, path.name)
            return []
        raise Misconfigured(f"数据文件缺失 a data file is missing: {path.name}")
    reader = csv.reader(io.StringIO(_decoded(path, findings), newline=""))
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise Misconfigured(f"{path.name}:{reader.line_num}: 不是有效的 CSV: {error}") from error
    columns = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    missing = [name for name in required if name not in columns]
    if missing:
        raise Misconfigured(*(f"{path.name}: 缺少列 missing column: {name}" for name in missing))
    return list(_records(path.name, columns, rows[1:], findings))


def _records(
    name: str, columns: list[str], rows: list[tuple[int, list[str]]], findings: Findings
) -> Iterator[Record]:
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue  # an empty line carries nothing
        where = f"{name}:{line}"
        if len(row) != len(columns):
            findings.add("row.ragged", f"{len(row)} ≠ {len(columns)}", where)
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=False)}
        if any(_FULL_WIDTH_DIGIT.search(cell) for cell in row):
            shown = next(cell for cell in row if _FULL_WIDTH_DIGIT.search(cell))
            findings.add("text.fullwidth", shown.strip(), where)
        yield Record(cells, where)


def _decoded(path: Path, findings: Findings) -> str:
    if path.stat().st_size > SIZE_LIMIT:
        raise Misconfigured(f"{path.name}: 文件过大 larger than {SIZE_LIMIT} bytes")
    raw = path.read_bytes()
    for charset in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(charset)
        except UnicodeDecodeError:
            continue
        if charset != "utf-8-sig":
            findings.add("file.encoding", charset, path.name)
        if "\x00" in text:
            break
        return text
    raise Misconfigured(f"{path.name}: 既非 UTF-8 也非 GB18030 neither UTF-8 nor GB18030 text")


def ascii_text(text: str) -> str:
    """Return the text with full-width letters, digits and signs as ASCII (NFKC), without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def decimal(text: str, scale: int) -> tuple[int, bool] | None:
    """Return (value in 10^-scale units, whether it was rounded half up); None when it is no number.

    A sign, an exponent or a thousands separator is no number here: a price list does not have them.
    """
    found = _DECIMAL.fullmatch(ascii_text(text))
    if found is None:
        return None
    whole, fraction = found[1], found[2] or ""
    kept, rest = fraction[:scale].ljust(scale, "0"), fraction[scale:]
    value = int(whole) * 10**scale + int(kept or "0")
    if not rest.strip("0"):
        return value, False
    return value + (1 if rest[0] >= "5" else 0), True

"""文本表: CSV and other separated text as a table, in whatever of the known encodings it comes.

UTF-8 (with or without byte order mark) is the rule. GB18030, which spreadsheets on Chinese desktops
still write, and UTF-16 with a byte order mark are taken and named. A UTF-8 file with a broken byte is
said to be that, and not read as GB18030, in which almost anything has a reading.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.coding.interchange.cells import Cell, Flaw, Limits, Table, cell_name
from gateway.coding.interchange.findings import bad_file

Chunks = Callable[[], Iterator[bytes]]
SAFE_MARK: Final = "'"
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", SAFE_MARK)
"""What a spreadsheet takes for a formula at the start of a cell (and the mark that stops it)."""
_AS_TEXT: Final = re.compile(r'="([^"]*)"\Z')
"""="0012": how exports keep a spreadsheet from turning a text into a number."""
_CHUNK: Final = 1 << 20
_BOM: Final = 4
_SAMPLE: Final = 1 << 16
_DELIMITERS: Final = (",", "\t", ";", "|")
_MULTIBYTE: Final = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH: Final = re.compile(rb"[\x80-\xff]")


def text_table(path: Path, delimiter: str, limits: Limits, *, escaped: bool = True) -> Table:
    """Return a separated text file as a table; `delimiter` "" means: see the first lines.

    With `escaped` the mark that our own exports put before a risky cell is taken off again.
    Raises BadFile (encoding); while rows are read also for what is not CSV, or too much.
    """
    encoding, notes = encoding_of(path.name, lambda: file_chunks(path))
    if not delimiter:
        delimiter = _delimiter(path, encoding)
    rows = _rows(path, encoding, delimiter, limits, escaped=escaped)
    return Table(path.name, rows, typed=False, notes=notes)


def encoding_of(name: str, chunks: Chunks) -> tuple[str, list[str]]:
    """Return how the bytes are to be decoded, and what the operator may want to know of it.

    `chunks` gives the bytes anew at each call. Raises BadFile: file.encoding, file.utf8_broken.
    """
    head = b""
    for chunk in chunks():
        head += chunk
        if len(head) >= _BOM:
            break
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        broken = _broken_line(chunks(), "utf-16")
        if broken:
            raise bad_file("file.encoding", line=broken)
        return "utf-16", [f"{name}: UTF-16 编码,已读取 read as UTF-16"]
    broken = _broken_line(chunks(), "utf-8-sig")
    if not broken:
        return "utf-8-sig", []
    if _mostly_utf8(chunks()):
        raise bad_file("file.utf8_broken", line=broken)
    if _broken_line(chunks(), "gb18030"):
        raise bad_file("file.encoding", line=broken)
    return "gb18030", [f"{name}: 不是 UTF-8,按 GB18030 读取 not UTF-8, read as GB18030"]


def file_chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _broken_line(chunks: Iterator[bytes], encoding: str) -> int:
    """Return the line (from 1) of the first bytes that the encoding does not know; 0: there are none."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    for chunk in _ended(chunks):
        if b"\x00" in chunk and encoding != "utf-16":
            return line + chunk[: chunk.index(b"\x00")].count(b"\n")
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return line + bytes(error.object[: error.start]).count(b"\n")
        line += text.count("\n")
    return 0


def _ended(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks, and an empty one at the end."""
    yield from chunks
    yield b""


def _mostly_utf8(chunks: Iterator[bytes]) -> bool:
    """Return whether by far the most of what is beyond ASCII would be sound UTF-8."""
    sound = high = 0
    for chunk in chunks:
        high += len(_HIGH.findall(chunk))
        sound += sum(len(found) for found in _MULTIBYTE.findall(chunk))
    return sound * 10 > high * 9


def _delimiter(path: Path, encoding: str) -> str:
    """Return the separator that stands most often in the first line that has any, outside quotes."""
    with path.open(encoding=encoding, newline="") as file:
        lines = file.read(_SAMPLE).splitlines()
    for line in lines:
        bare = re.sub(r'"[^"]*"', "", line)
        counts = {one: bare.count(one) for one in _DELIMITERS}
        best = max(counts, key=lambda one: counts[one])
        if counts[best]:
            return best
    return _DELIMITERS[0]


def _rows(
    path: Path, encoding: str, delimiter: str, limits: Limits, *, escaped: bool
) -> Iterator[tuple[int, Sequence[Cell]]]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        before = 0
        try:
            for cells in reader:
                row, before = before + 1, reader.line_num
                if row > limits.rows:
                    raise bad_file("file.too_many_rows", limit=limits.rows)
                if len(cells) > limits.columns:
                    raise bad_file("file.too_wide", limit=limits.columns)
                yield row, _taken(row, cells, escaped=escaped)
        except csv.Error as error:
            raise bad_file("file.not_csv", detail=f"line {before + 1}: {error}") from error


def _taken(row: int, cells: list[str], *, escaped: bool) -> Sequence[Cell]:
    for cell in cells:
        if cell and cell[0] in "='":
            return [_one(row, at, cell, escaped=escaped) for at, cell in enumerate(cells)]
    return cells


def _one(row: int, column: int, cell: str, *, escaped: bool) -> Cell:
    if escaped and cell.startswith(SAFE_MARK) and cell[1:].startswith(RISKY):
        return cell[1:]
    if not cell.startswith("="):
        return cell
    plain = _AS_TEXT.match(cell)
    return plain.group(1) if plain else Flaw("cell.formula", cell_name(row, column))


def made_safe(text: str) -> str:
    """Return a cell that no spreadsheet runs; `text_table` reads it back as it was."""
    return SAFE_MARK + text if text.startswith(RISKY) else text

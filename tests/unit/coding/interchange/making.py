"""Files of every kind, made byte by byte where no library writes them (XLS, ODS, broken ones)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from openpyxl import Workbook

ROWS = (
    ("药品编码", "国家医保编码", "药品名称"),
    ("0012", "XJ01XDT045A001010104642", "替硝唑片"),
    ("0013", "ZA01BAF0011010101234", "某某颗粒"),
)


def csv_file(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def xlsx_file(
    path: Path, rows: Iterable[Iterable[object]], **sheets: Iterable[Iterable[object]]
) -> Path:
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "目录"
    for row in rows:
        first.append(list(row))
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(list(row))
    book.save(path)
    return path


def repacked(path: Path, changed: Mapping[str, bytes], *, drop: Iterable[str] = ()) -> Path:
    """Write a zip again with parts changed, added or dropped."""
    with zipfile.ZipFile(path) as opened:
        parts = {name: opened.read(name) for name in opened.namelist()}
    parts.update(changed)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            if name not in drop:
                made.writestr(name, content)
    return path


# ------------------------------------------------------------------ XLS (BIFF8 in a compound file)

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(stream: bytes, name: str = "Workbook", storages: Iterable[str] = ()) -> bytes:
    """A compound file with one stream of at least 4096 bytes."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(stream) // 512
    assert count <= 120
    numbers = [_FAT, _END, *range(3, 2 + count), _END]
    numbers += [_FREE] * (128 - len(numbers))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    head += struct.pack("<109I", 0, *([_FREE] * 108))
    directory = _entry("Root Entry", 5, _END, 0, child=1) + _entry(name, 2, 2, len(stream))
    for storage in storages:
        directory += _entry(storage, 1, 0, 0)
    return head + struct.pack("<128I", *numbers) + directory.ljust(512, b"\0") + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB3I", len(text), kind, 1, _FREE, _FREE, child)
        + b"\0" * 36
        + struct.pack("<IQ", start, size)
    )


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _text(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def xls_stream(
    cells: Mapping[tuple[int, int], object],
    merged: Iterable[tuple[int, int, int, int]] = (),
    *,
    locked: bool = False,
    sheet_type: int = 0,
) -> bytes:
    """Records of a workbook with one sheet; a cell "=" is a formula, "#" an error, a float a number."""
    body = _record(0x809, struct.pack("<4H2I", 0x600, 0x10, 0, 0, 0, 6))
    for (row, column), value in sorted(cells.items()):
        place = struct.pack("<3H", row, column, 0)
        if value == "=":
            body += _record(6, place + struct.pack("<dHIH", 2.0, 0, 0, 3) + b"\x1e\x02\x00")
        elif value == "#":
            body += _record(0x205, place + struct.pack("<BB", 0x2A, 1))
        elif isinstance(value, float):
            body += _record(0x203, place + struct.pack("<d", value))
        else:
            body += _record(0x204, place + _text(str(value)))
    areas = list(merged)
    if areas:
        packed = b"".join(struct.pack("<4H", *one) for one in areas)
        body += _record(0xE5, struct.pack("<H", len(areas)) + packed)
    body += _record(0xA, b"")

    def globals_(start: int) -> bytes:
        found = _record(0x809, struct.pack("<4H2I", 0x600, 5, 0, 0, 0, 6))
        found += _record(0x2F, b"\0" * 6) if locked else b""
        found += _record(0x42, struct.pack("<H", 1200)) + _record(0xE0, b"\0" * 20)
        name = "Sheet1".encode("utf-16-le")
        found += _record(0x85, struct.pack("<I4B", start, 0, sheet_type, 6, 1) + name)
        return found + _record(0xA, b"")

    return globals_(len(globals_(0))) + body


def xls_file(path: Path, rows: Iterable[Iterable[object]], **options: object) -> Path:
    cells = {(r, c): value for r, row in enumerate(rows) for c, value in enumerate(row)}
    path.write_bytes(compound(xls_stream(cells, **options)))  # type: ignore[arg-type]  # passed on
    return path


# ------------------------------------------------------------------ ODS

_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="目录">{rows}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)
MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest'
    ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry'
    ' manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    "</manifest:manifest>"
)


def ods_cell(text: str, attributes: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


def ods_row(cells: Iterable[str], attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def ods_file(path: Path, rows: Iterable[str], manifest: str = MANIFEST) -> Path:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        opened.writestr("META-INF/manifest.xml", manifest)
        opened.writestr("content.xml", _ODS.format(rows="".join(rows)))
    path.write_bytes(made.getvalue())
    return path

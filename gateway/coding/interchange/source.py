"""文件识别: what a file is, by its bytes, not by its name; what may not be read at all.

The name must agree: a workbook called .csv, or a web page called .xls, is a finding and not a guess.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from gateway.coding.interchange.archive import Archive
from gateway.coding.interchange.cells import Limits
from gateway.coding.interchange.findings import bad_file

OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
_HEAD: Final = 4096


class Content(StrEnum):
    """What a file's bytes are."""

    TEXT = "text"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    ZIP = "zip"
    """A packed file that is no workbook: a catalogue's download."""


SUFFIXES: Final[dict[Content, frozenset[str]]] = {
    Content.TEXT: frozenset({".csv", ".tsv", ".txt", ""}),
    Content.XLSX: frozenset({".xlsx", ".xlsm"}),
    Content.XLS: frozenset({".xls"}),
    Content.ODS: frozenset({".ods"}),
    Content.ZIP: frozenset({".zip"}),
}


def content_of(path: Path, limits: Limits) -> Content:
    """Return what the file is. Raises BadFile when it may not be read or is misnamed."""
    try:
        facts = path.stat()
        if not (S_ISREG(facts.st_mode) or S_ISDIR(facts.st_mode)):
            # a pipe can be read once, and is read by nobody twice: it would be waited for in vain
            raise bad_file("file.unreadable", detail=f"{path}: 不是普通文件 not a regular file")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise bad_file("file.unreadable", detail=f"{path}: {error.strerror or error}") from error
    size = facts.st_size
    if not size:
        raise bad_file("file.empty")
    if size > limits.file_bytes:
        raise bad_file("file.too_large", size=size, limit=limits.file_bytes)
    content = _sniffed(path, head, limits)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES[content]:
        raise bad_file("file.extension", suffix=suffix or "–", content=content.value)
    return content


def _sniffed(path: Path, head: bytes, limits: Limits) -> Content:
    if head.startswith(_ZIP_MAGIC):
        return _packed(Archive(path, limits))
    if head.startswith(OLE_MAGIC):
        return Content.XLS
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta")):
        raise bad_file("file.kind", content="HTML 网页 web page")
    if start.startswith(b"<?xml") or b"urn:schemas-microsoft-com" in head:
        raise bad_file("file.kind", content="XML")
    for magic, name in (
        (b"%PDF", "PDF"),
        (b"Rar!", "RAR"),
        (b"\x1f\x8b", "gzip"),
        (b"7z\xbc", "7z"),
    ):
        if head.startswith(magic):
            raise bad_file("file.kind", content=name)
    return Content.TEXT


def _packed(archive: Archive) -> Content:
    names = set(archive.names)
    lowered = {name.lower() for name in names}
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in lowered):
        raise bad_file("file.macros")
    if "xl/workbook.bin" in lowered:
        raise bad_file("file.kind", content="XLSB")
    if "xl/workbook.xml" in names:
        return Content.XLSX
    if "mimetype" in names and "content.xml" in names:
        return _open_document(archive, lowered)
    if "[content_types].xml" in lowered:
        raise bad_file("file.kind", content="Office 文档 document, not a workbook")
    return Content.ZIP


def _open_document(archive: Archive, lowered: set[str]) -> Content:
    kind = archive.read("mimetype", limit=200).decode("ascii", "replace").strip()
    if kind != _ODS:
        raise bad_file("file.kind", content=kind)
    if any(name.startswith(("basic/", "scripts/")) for name in lowered):
        raise bad_file("file.macros")
    manifest = "META-INF/manifest.xml"
    if manifest in archive and b"encryption-data" in archive.read(manifest):
        raise bad_file("file.encrypted")
    return Content.ODS

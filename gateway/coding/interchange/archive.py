"""压缩包: the parts of a zip file (workbook or download), unpacked under limits.

What the directory of a zip says about sizes is only a claim: each part is inflated here and counted
before another reader gets the file.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.coding.interchange.cells import Limits
from gateway.coding.interchange.findings import bad_file

_CHUNK: Final = 1 << 18
_LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")
_ENCRYPTED: Final = 0x1


class Archive:
    """The parts of one zip file by name. Raises BadFile where it is damaged, locked or too large."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self._limits, self._left = path, limits, limits.unpacked_bytes
        try:
            with zipfile.ZipFile(path) as opened:
                listed = opened.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
            raise bad_file("file.damaged", detail=str(error)) from error
        self._parts = {one.filename: one for one in listed}
        self._check(listed)

    def _check(self, listed: list[zipfile.ZipInfo]) -> None:
        if len(listed) > self._limits.members:
            raise bad_file("file.bomb", limit=self._left, detail=f"{len(listed)} parts")
        if len(self._parts) != len(listed):
            raise bad_file("file.damaged", detail="a part stands twice")
        if any(one.flag_bits & _ENCRYPTED for one in listed):
            raise bad_file("file.encrypted")
        claimed = sum(one.file_size for one in listed)
        if claimed > self._left:
            raise bad_file("file.bomb", limit=self._left, detail=f"{claimed} bytes")

    @property
    def names(self) -> list[str]:
        """Return the names of all parts, in the file's order."""
        return list(self._parts)

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def read(self, name: str, *, limit: int = 16 << 20) -> bytes:
        """Return a small part as a whole. Raises BadFile when there is none or it is too large."""
        if name not in self._parts:
            raise bad_file("file.damaged", detail=f"no part {name}")
        found = bytearray()
        for chunk in self.chunks(name):
            found += chunk
            if len(found) > limit:
                raise bad_file("file.bomb", limit=limit, detail=name)
        return bytes(found)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a part's bytes; what is read counts towards the limit for the whole file."""
        part = self._parts[name]
        size, check = 0, 0
        for chunk in self._unpacked(part):
            size += len(chunk)
            self._left -= len(chunk)
            if size > part.file_size or self._left < 0:
                raise bad_file("file.bomb", limit=self._limits.unpacked_bytes, detail=name)
            check = zlib.crc32(chunk, check)
            yield chunk
        if size != part.file_size or check != part.CRC:
            raise bad_file("file.damaged", detail=f"{name}: size or checksum does not fit")

    def _unpacked(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        packed = self._packed(part)
        if part.compress_type == zipfile.ZIP_STORED:
            yield from packed
        elif part.compress_type == zipfile.ZIP_DEFLATED:
            yield from _inflated(packed, part.filename)
        else:
            raise bad_file("file.damaged", detail=f"{part.filename}: unknown compression")

    def _packed(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        if part.header_offset < 0:
            raise bad_file("file.damaged", detail=f"{part.filename}: no header")
        with self.path.open("rb") as file:
            file.seek(part.header_offset)
            head = file.read(_LOCAL_HEADER.size)
            if len(head) < _LOCAL_HEADER.size or not head.startswith(b"PK\x03\x04"):
                raise bad_file("file.damaged", detail=f"{part.filename}: no header")
            *_, name_length, extra_length = _LOCAL_HEADER.unpack(head)
            file.seek(name_length + extra_length, 1)
            left = part.compress_size
            while left:
                chunk = file.read(min(left, _CHUNK))
                if not chunk:
                    raise bad_file("file.damaged", detail=f"{part.filename}: cut short")
                left -= len(chunk)
                yield chunk


def _inflated(packed: Iterator[bytes], name: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in packed:
            given = chunk
            while given and not inflater.eof:
                yield inflater.decompress(given, _CHUNK)
                given = inflater.unconsumed_tail
        while not inflater.eof and (found := inflater.decompress(b"", _CHUNK)):
            yield found
    except zlib.error as error:
        raise bad_file("file.damaged", detail=f"{name}: {error}") from error
    if not inflater.eof:
        raise bad_file("file.damaged", detail=f"{name}: cut short")

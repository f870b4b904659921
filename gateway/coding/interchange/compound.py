"""复合文档: the streams of an OLE compound file, in which XLS workbooks (and locked XLSX ones) lie.

Source: [MS-CFB] 2.2 to 2.6. Only what finding a stream takes; a chain that runs in circles is damage.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from gateway.coding.interchange.findings import bad_file

_HEADER: Final = 512
_ENTRY: Final = 128
_MINI: Final = 64
_LAST: Final = 0xFFFFFFFA
"""Sector numbers from here on are marks (end of chain, free, FAT), not sectors."""
_SHIFTS: Final = (9, 12)


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    size: int


class Compound:
    """One compound file in memory. Raises BadFile where its structure does not hold."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        try:
            self._open()
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise bad_file("file.damaged", detail="OLE") from error

    def _open(self) -> None:
        shift = struct.unpack_from("<H", self._raw, 30)[0]
        if shift not in _SHIFTS:
            raise bad_file("file.damaged", detail="OLE")
        self._sector = 1 << shift
        first_directory, _, self._cutoff, first_mini, _, more, _ = struct.unpack_from(
            "<7I", self._raw, 48
        )
        self._table = self._numbers(self._fat_sectors(more))
        self._mini = self._numbers(self._chain(first_mini))
        self._streams: dict[str, _Place] = {}
        self._root = _Place(0, 0)
        self._read_directory(self._joined(self._chain(first_directory)))

    @property
    def names(self) -> set[str]:
        """Return the names of all streams and storages."""
        return set(self._streams)

    def stream(self, name: str) -> bytes:
        """Return a stream's bytes. Raises BadFile when there is none, or it is cut short."""
        place = self._streams.get(name)
        if place is None:
            raise bad_file("file.damaged", detail=f"OLE: no stream {name}")
        if place.size < self._cutoff:
            container = self._joined(self._chain(self._root.start))
            numbers = _followed(self._mini, place.start)
            found = b"".join(container[one * _MINI : (one + 1) * _MINI] for one in numbers)
        else:
            found = self._joined(self._chain(place.start))
        if len(found) < place.size:
            raise bad_file("file.damaged", detail=f"OLE: {name} is cut short")
        return found[: place.size]

    def _fat_sectors(self, more: int) -> list[int]:
        listed = list(struct.unpack_from("<109I", self._raw, 76))
        per = self._sector // 4
        seen: set[int] = set()
        while more < _LAST and more not in seen:
            seen.add(more)
            numbers = struct.unpack(f"<{per}I", self._at(more))
            listed += numbers[:-1]
            more = numbers[-1]
        return [one for one in listed if one < _LAST]

    def _at(self, number: int) -> bytes:
        start = (number + 1) * self._sector
        found = self._raw[start : start + self._sector]
        if len(found) < self._sector:
            raise bad_file("file.damaged", detail="OLE: cut short")
        return found

    def _numbers(self, sectors: list[int]) -> tuple[int, ...]:
        joined = self._joined(sectors)
        return struct.unpack(f"<{len(joined) // 4}I", joined)

    def _chain(self, start: int) -> list[int]:
        return _followed(self._table, start)

    def _joined(self, sectors: list[int]) -> bytes:
        return b"".join(self._at(one) for one in sectors)

    def _read_directory(self, directory: bytes) -> None:
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            start, size = struct.unpack_from("<IQ", directory, at + 116)
            name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le")
            place = _Place(start, size & 0xFFFFFFFF)
            if kind == 5:  # noqa: PLR2004 - [MS-CFB] 2.6.1: the root
                self._root = place
            elif kind:
                self._streams.setdefault(name, place)


def _followed(table: tuple[int, ...], start: int) -> list[int]:
    found: list[int] = []
    at = start
    while at < _LAST:
        if len(found) > len(table) or at >= len(table):
            raise bad_file("file.damaged", detail="OLE: a chain of sectors is broken")
        found.append(at)
        at = table[at]
    return found

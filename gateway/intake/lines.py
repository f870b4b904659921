"""行: takes a stream of bytes apart into lines, with memory bounded by the longest line allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_BLANK: Final = b" \t\r\n"


class Lines:
    """Splits at line feeds. Numbers count every line from 1; blank lines are counted and left out.

    A line beyond `limit` bytes comes as None, once; the rest of it is passed over unread.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._number = 0
        self._passing_over = False

    def feed(self, part: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Yield the lines that end in `part`."""
        *ended, rest = part.split(b"\n")
        for piece in ended:
            yield from self._grow(piece)
            yield from self._end()
        yield from self._grow(rest)

    def finish(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the last line when it has no line feed."""
        yield from self._end()

    def _grow(self, piece: bytes) -> Iterator[tuple[int, None]]:
        if self._passing_over:
            return
        self._rest += piece
        if len(self._rest) > self._limit:
            self._passing_over = True
            self._rest.clear()
            yield self._number + 1, None

    def _end(self) -> Iterator[tuple[int, bytes]]:
        self._number += 1
        line = bytes(self._rest).strip(_BLANK)
        self._rest.clear()
        self._passing_over = False
        if line:
            yield self._number, line

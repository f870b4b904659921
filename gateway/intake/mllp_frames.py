"""MLLP 帧: 0x0B message 0x1C 0x0D, out of a byte stream that may hold halves, several or garbage.

Source: HL7 Minimal Lower Layer Protocol, release 1. No I/O here: bytes in, frames and findings out, the
same however the bytes were cut into pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.errors import Issue, issue

START: Final = b"\x0b"
END: Final = b"\x1c\r"
PATIENCE: Final = 16
"""Broken frames in a row after which a connection is given up."""
_START_BYTE: Final = 0x0B
_RETURN: Final = 0x0D
_SIGN: Final = re.compile(rb"[\x0b\x1c]")
_LINE_ENDS: Final = b"\r\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that was no frame. `seen` is what was read of the message, for the answer's sake."""

    seen: bytes
    found: Issue
    fatal: bool = False
    """The stream is not read any further."""


def framed(message: bytes) -> bytes:
    """Return a message as a frame."""
    return START + message + END


class FrameReader:
    """Collects frames of at most `limit` bytes; holds never more than that."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._inside = False
        self._ending = False
        self._stray = 0
        self._muted = False
        self._broken_in_a_row = 0
        self._closed = False

    @property
    def inside(self) -> bool:
        """Return whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> list[Frame | Broken]:
        """Return what the next bytes completed, in order. Nothing more after a fatal finding."""
        events: list[Frame | Broken] = []
        at = 0
        while at < len(data) and not self._closed:
            at = self._collect(data, at, events) if self._inside else self._skip(data, at, events)
        return events

    def cut_off(self) -> Broken | None:
        """Return what is wrong if the stream ends here (closed, or silent for too long)."""
        events: list[Frame | Broken] = []
        if self._inside:
            self._break(events, "帧未结束 the frame has no end block")
        elif self._stray and not self._muted:
            self._break(events, f"帧外 {self._stray} 字节 bytes outside a frame")
        self._inside, self._stray = False, 0
        found = events[0] if events else None
        return found if isinstance(found, Broken) else None

    def _skip(self, data: bytes, at: int, events: list[Frame | Broken]) -> int:
        """Pass over what stands before a frame; line ends between frames are harmless."""
        start = data.find(START, at)
        stray = data[at : start if start >= 0 else len(data)]
        self._stray += len(stray.translate(None, _LINE_ENDS))
        if self._stray > self._limit:
            self._too_large(events)
            return len(data)
        if start < 0:
            return len(data)
        if self._stray and not self._muted:
            self._break(events, f"帧前 {self._stray} 字节 bytes before the start block")
        self._begin()
        return start + 1

    def _collect(self, data: bytes, at: int, events: list[Frame | Broken]) -> int:
        if self._ending:
            return self._finish(data, at, events)
        sign = _SIGN.search(data, at)
        stop = sign.start() if sign else len(data)
        self._held += data[at : min(stop, at + self._limit + 1)]
        if len(self._held) > self._limit:
            self._too_large(events)
            return len(data)
        if sign is None:
            return stop
        if data[stop] == _START_BYTE:
            self._break(events, "帧未结束又见 0x0B a frame began inside a frame")
            self._begin()
        else:
            self._ending = True
        return stop + 1

    def _finish(self, data: bytes, at: int, events: list[Frame | Broken]) -> int:
        """Look at the byte behind 0x1C."""
        self._ending = self._inside = False
        if data[at] == _RETURN:
            events.append(Frame(bytes(self._held)))
            self._held.clear()
            self._stray, self._broken_in_a_row = 0, 0
            return at + 1
        self._break(events, "0x1C 后应为 0x0D 0x1C must be followed by 0x0D")
        self._muted = True  # what follows up to the next start block belongs to the same mishap
        return at

    def _begin(self) -> None:
        self._held.clear()
        self._inside, self._ending, self._muted, self._stray = True, False, False, 0

    def _break(self, events: list[Frame | Broken], detail: str) -> None:
        self._broken_in_a_row += 1
        self._closed = self._broken_in_a_row >= PATIENCE
        found = issue("hl7.framing", "", detail=detail)
        events.append(Broken(bytes(self._held), found, fatal=self._closed))
        self._held.clear()

    def _too_large(self, events: list[Frame | Broken]) -> None:
        self._closed = True
        found = issue("body.too_large", "", limit=self._limit)
        events.append(Broken(bytes(self._held), found, fatal=True))
        self._held.clear()
        self._inside, self._stray = False, 0

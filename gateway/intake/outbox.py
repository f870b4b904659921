"""应答暂存: answers that a client has not read yet, in memory at first, then in a temporary file.

A client may write its whole stream before it reads the first answer. Were the writer of answers to wait
for it, both sides would wait for each other; were they kept in memory, a stream could fill it.
"""

from __future__ import annotations

import asyncio
from tempfile import SpooledTemporaryFile
from typing import Final, Self

IN_MEMORY: Final = 1 << 20
_PIECE: Final = 1 << 16


class Outbox:
    """Bytes in, the same bytes out; putting never waits."""

    def __init__(self) -> None:
        self._kept: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed in __exit__
        self._read = self._written = 0
        self._closed = False
        self._changed = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_seen: object) -> None:
        self._kept.close()

    def put(self, answers: bytes) -> None:
        """Keep bytes for whoever takes them."""
        self._kept.seek(self._written)
        self._kept.write(answers)
        self._written += len(answers)
        self._changed.set()

    def close(self) -> None:
        """Nothing more will be put."""
        self._closed = True
        self._changed.set()

    async def take(self) -> bytes:
        """Return the next bytes, waiting for them; b"" when all were taken and it is closed."""
        while self._read == self._written and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        self._kept.seek(self._read)
        taken = self._kept.read(_PIECE)
        self._read += len(taken)
        if self._read == self._written:  # all taken: begin anew, so that it stays small
            self._kept.seek(0)
            self._kept.truncate()
            self._read = self._written = 0
        return taken

"""流式接入: NDJSON, one document a line, committed in chunks and answered line by line while it comes in.

Memory is bounded whatever the stream's length. A stream that breaks off keeps the chunks that were
committed; sent again, those lines are duplicates. A signed stream is put aside (memory, then a temporary
file) until its digest has been checked, because nothing unproven may be committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from tempfile import SpooledTemporaryFile
from typing import Any, Final

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import Refused, Unavailable, issue
from gateway.flow import Received
from gateway.intake import answers, failures
from gateway.intake.lines import Lines
from gateway.intake.outbox import IN_MEMORY, Outbox
from gateway.steps import Arrival

CHUNK_LINES: Final = 500
CHUNK_BYTES: Final = 1 << 20
LULL: Final = 0.02
"""Seconds without new bytes after which lines at hand are committed, though the chunk is not full."""
_PIECE: Final = 1 << 16

Receiver = Callable[[Sequence[Arrival], str], Coroutine[Any, Any, list[Received]]]
_Line = tuple[int, bytes | None]


async def put_aside(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the pieces again, but only after the last one has come (and the digest was checked)."""
    with SpooledTemporaryFile(IN_MEMORY) as kept:
        async for piece in pieces:
            kept.write(piece)
        kept.seek(0)
        while piece := kept.read(_PIECE):
            yield piece


class LineByLine:
    """One stream: its pieces in, its answers out."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        receive: Receiver,
        arrival: Callable[[bytes], Arrival],
        *,
        nonce: str,
        line_limit: int,
    ) -> None:
        self._pieces = pieces
        self._receive = receive
        self._arrival = arrival
        self._nonce = nonce
        self._limit = line_limit

    async def answers(self) -> AsyncIterator[bytes]:
        """Yield the answers chunk by chunk, each after its commit.

        What ends the stream early is raised when nothing was answered yet, else it is the last line.
        """
        answered = 0
        try:
            async with aclosing(self._chunks()) as chunks:
                async for chunk in chunks:
                    yield await self._committed(chunk)
                    answered = chunk[-1][0]
        except (Refused, Unavailable) as seen:
            if not answered:
                raise
            yield _broken_off(seen, answered + 1)
        else:
            if not answered:
                raise Refused("body.empty", "报文为空", "The body is empty", status=422)

    async def _chunks(self) -> AsyncGenerator[list[_Line], None]:
        """Yield lines by the chunk: full ones, and what is at hand when the client pauses."""
        lines, chunk, size = Lines(self._limit), list[_Line](), 0
        pieces = aiter(self._pieces)
        coming = asyncio.ensure_future(_next(pieces))
        try:
            while True:
                if chunk and not (await asyncio.wait({coming}, timeout=LULL))[0]:
                    yield chunk
                    chunk, size = [], 0
                piece = await coming
                for line in lines.feed(piece) if piece is not None else lines.finish():
                    chunk.append(line)
                    size += len(line[1] or b"")
                    if len(chunk) == CHUNK_LINES or size >= CHUNK_BYTES:
                        yield chunk
                        chunk, size = [], 0
                if piece is None:
                    break
                coming = asyncio.ensure_future(_next(pieces))
        finally:
            coming.cancel()
        if chunk:
            yield chunk

    async def _committed(self, chunk: Sequence[_Line]) -> bytes:
        """Commit a chunk and return its answers, a line each, in order."""
        arrivals = [self._arrival(line) for _, line in chunk if line is not None]
        received = iter(await self._receive(arrivals, self._nonce))
        if arrivals:
            self._nonce = ""  # used once: with the first commit
        return b"".join(
            answers.streamed(number, next(received))
            if line is not None
            else _line_too_long(number, self._limit)
            for number, line in chunk
        )


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)


def _line_too_long(number: int, limit: int) -> bytes:
    told = answers.rejected(issue("body.too_large", "", limit=limit))
    return orjson.dumps({"line": number, **told}, option=orjson.OPT_APPEND_NEWLINE)


def _broken_off(seen: Refused | Unavailable, line: int) -> bytes:
    """Return the last line: from which line on nothing was accepted, and why."""
    code, zh, en = failures.sentences(seen)
    told = {"line": line, **failures.error_body(code, zh, en)}
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


async def begun(told: AsyncIterator[bytes], seconds: float) -> Response:
    """Return the response to a stream once its first answers are there.

    Raises what ended the stream before: so that still becomes an ordinary status.
    """
    return _Streaming(await anext(told), told, seconds)


class _Streaming(Response):
    """Sends answers while more are made; `seconds` is the time a client has to take some."""

    media_type = answers.NDJSON

    def __init__(self, first: bytes, rest: AsyncIterator[bytes], seconds: float) -> None:
        super().__init__(None)
        del self.headers["content-length"]
        self._first, self._rest, self._seconds = first, rest, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, then the answers as they come."""
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        with Outbox() as outbox:
            outbox.put(self._first)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._collect(outbox))
                both.create_task(self._send(outbox, send))

    async def _collect(self, outbox: Outbox) -> None:
        async for answer in self._rest:
            outbox.put(answer)
        outbox.close()

    async def _send(self, outbox: Outbox, send: Send) -> None:
        more = True
        while more:
            answer = await outbox.take()
            more = bool(answer)
            async with asyncio.timeout(self._seconds):
                await send({"type": "http.response.body", "body": answer, "more_body": more})

"""An MLLP door on a local port, and a raw line to it on which any bytes can be put."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from gateway.intake.mllp import Handle, MllpListener, Peer

LIMIT = 2000
HEAD = b"MSH|^~\\&|HIS|HOSP|JICAI|GW|20250501||RDE^O11|M1|P|2.5\r"


async def echo(content: bytes, peer: Peer) -> bytes:
    return b"ACK " + content


@asynccontextmanager
async def door(
    handle: Handle = echo,
    *,
    frame_limit: int = LIMIT,
    idle_timeout: float = 5.0,
    connection_limit: int = 8,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[MllpListener]:
    listener = MllpListener(
        "127.0.0.1",
        0,
        handle,
        frame_limit=frame_limit,
        idle_timeout=idle_timeout,
        connection_limit=connection_limit,
        clock=lambda: datetime(2025, 5, 1, 2, 3, 4, tzinfo=UTC),
        tls=tls,
    )
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(grace=5.0)


class Line:
    """A raw connection: bytes in any shape out, answers in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def put(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        async with asyncio.timeout(5):
            found = await self.reader.readuntil(b"\x1c\r")
        assert found.startswith(b"\x0b")
        return found[1:-2]

    async def closed(self) -> bool:
        async with asyncio.timeout(5):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True


@asynccontextmanager
async def line_to(listener: MllpListener) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)

"""A plain TCP client that sends HTTP byte by byte, as badly behaved ones do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from gateway.intake.server import HttpServer


@dataclass
class Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def post(self, path: str, headers: Mapping[str, str]) -> None:
        """Send a request's head; the body is the test's."""
        lines = [f"POST {path} HTTP/1.1", "host: gateway"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await self.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def chunk(self, data: bytes) -> None:
        await self.write(b"%x\r\n" % len(data) + data + b"\r\n")

    async def head(self) -> tuple[int, dict[str, str]]:
        """Return status and headers of the answer."""
        raw = await self.reader.readuntil(b"\r\n\r\n")
        first, *rest = raw.decode("latin-1").strip().split("\r\n")
        named = (each.partition(":") for each in rest)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in named}

    async def body(self, headers: Mapping[str, str]) -> bytes:
        """Return the whole body."""
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        parts = []
        while part := await self.next_chunk():
            parts.append(part)
        return b"".join(parts)

    async def next_chunk(self) -> bytes:
        size = int(await self.reader.readline(), 16)
        part = await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        return part

    async def closed_within(self, seconds: float) -> bool:
        """Tell whether the other side closes in time; what it still says is read over."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True


@asynccontextmanager
async def listening(app: FastAPI, *, head_seconds: float = 5.0) -> AsyncIterator[HttpServer]:
    server = HttpServer(app, "127.0.0.1", 0, head_seconds=head_seconds)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def connected(server: HttpServer) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()

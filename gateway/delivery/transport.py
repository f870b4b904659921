"""直连: HTTP/1.1 calls over asyncio's own streams, read by llhttp, as a transport for httpx.

A delivery is one small request and one small answer on a kept connection. httpx's own pool costs about
2 ms of processor for that, this about a tenth, which decides how many deliveries a second one process makes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final

import httptools
import httpx

HEAD_LIMIT: Final = 64 << 10
IDLE_SECONDS: Final = 15.0
IDLE_CONNECTIONS: Final = 64
"""Kept per partner."""
_CHUNK: Final = 64 << 10
_FINAL: Final = 200  # 1xx answers only announce the one that counts
_PORTS: Final = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


class _Reading:
    """What llhttp has read of one answer."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: deque[bytes] = deque()
        self.status = 0
        self.has_head = self.is_complete = self.has_surplus = False
        self.allows_another = False
        self.parser = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        self.has_surplus = self.is_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_surplus:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if not self.has_surplus:
            self.status = self.parser.get_status_code()
            self.has_head = self.status >= _FINAL

    def on_body(self, chunk: bytes) -> None:
        if not self.has_surplus:
            self.body.append(chunk)

    def on_message_complete(self) -> None:
        if self.has_surplus:
            return
        if self.has_head:
            self.is_complete = True
            self.allows_another = self.parser.should_keep_alive()  # true only in this very moment
        else:
            self.headers.clear()

    @property
    def leaves_the_connection_open(self) -> bool:
        """Tell whether the answer was read to its end, with nothing behind it, and allows another."""
        return self.is_complete and self.allows_another and not self.has_surplus

    @property
    def ends_with_the_connection(self) -> bool:
        """Tell whether the answer neither gives its length nor comes in chunks (RFC 9112 6.3)."""
        named = {name.lower() for name, _ in self.headers}
        return self.has_head and not named & {b"content-length", b"transfer-encoding"}


class _Connection:
    """One connection; `idle_since` is the loop's time at which its last answer was complete."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.idle_since = 0.0
        self.is_used = False

    @property
    def is_fresh(self) -> bool:
        """Tell whether it may carry another request."""
        idle = asyncio.get_running_loop().time() - self.idle_since
        return idle < IDLE_SECONDS and not self.reader.at_eof() and not self.writer.is_closing()

    async def send(self, request: bytes, limit: float | None) -> None:
        """Write a request. Raises WriteTimeout, WriteError."""
        try:
            async with asyncio.timeout(limit):
                self.writer.write(request)
                await self.writer.drain()
        except TimeoutError as error:
            raise httpx.WriteTimeout("the request could not be written in time") from error
        except OSError as error:
            raise httpx.WriteError(str(error)) from error

    async def receive(self, reading: _Reading, limit: float | None) -> int:
        """Read on; return how many bytes, 0 at the end. Raises Read…, RemoteProtocolError."""
        try:
            async with asyncio.timeout(limit):
                data = await self.reader.read(_CHUNK)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        try:
            reading.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise httpx.RemoteProtocolError(f"not HTTP: {error}") from error
        return len(data)

    def close(self) -> None:
        """Drop the connection."""
        self.writer.close()


class _Stream(httpx.AsyncByteStream):
    """The body of an answer; closing it gives the connection back, or drops it when unread."""

    def __init__(
        self,
        owner: DirectTransport,
        origin: Origin,
        connection: _Connection,
        reading: _Reading,
        limit: float | None,
    ) -> None:
        self._owner, self._origin = owner, origin
        self._connection, self._reading, self._limit = connection, reading, limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        reading = self._reading
        while True:
            while reading.body:
                yield reading.body.popleft()
            if reading.is_complete:
                return
            if not await self._connection.receive(reading, self._limit):
                if reading.ends_with_the_connection:
                    return
                raise httpx.RemoteProtocolError("the answer ended in the middle")

    async def aclose(self) -> None:
        if self._reading.leaves_the_connection_open:
            self._owner.keep(self._origin, self._connection)
        else:
            self._connection.close()


class DirectTransport(httpx.AsyncBaseTransport):
    """See the module. No proxies, no HTTP/2, no compression of its own; TLS is verified."""

    def __init__(self, verify: ssl.SSLContext | None = None) -> None:
        self._tls = verify
        self._idle: dict[Origin, deque[_Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer with its body still to be read.

        Raises httpx's own errors: ConnectError, ConnectTimeout, Read…, Write…, RemoteProtocolError,
        LocalProtocolError, UnsupportedProtocol.
        """
        origin = _origin(request.url)
        content = b"".join([chunk async for chunk in _async_stream(request)])
        wire = _head(request) + content
        limits: dict[str, Any] = request.extensions.get("timeout", {})
        kept = self._kept(origin)
        if kept is not None:
            with contextlib.suppress(_Stale):
                return await self._exchanged(origin, kept, wire, limits)
        fresh = await self._connected(origin, limits.get("connect"))
        return await self._exchanged(origin, fresh, wire, limits)

    async def aclose(self) -> None:
        """Drop all kept connections."""
        idle, self._idle = self._idle, {}
        for each in (one for kept in idle.values() for one in kept):
            each.close()
            with contextlib.suppress(OSError):
                await each.writer.wait_closed()

    def keep(self, origin: Origin, connection: _Connection) -> None:
        """Take a connection back whose answer was read to its end."""
        kept = self._idle.setdefault(origin, deque())
        connection.idle_since = asyncio.get_running_loop().time()
        connection.is_used = True
        kept.append(connection)
        if len(kept) > IDLE_CONNECTIONS:
            kept.popleft().close()

    def _kept(self, origin: Origin) -> _Connection | None:
        kept = self._idle.get(origin, ())
        while kept:
            connection = kept.pop()
            if connection.is_fresh:
                return connection
            connection.close()
        return None

    async def _connected(self, origin: Origin, limit: float | None) -> _Connection:
        scheme, host, port = origin
        tls = self._context() if scheme == "https" else None
        try:
            async with asyncio.timeout(limit):
                return _Connection(*await asyncio.open_connection(host, port, ssl=tls))
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that is none
            raise httpx.ConnectError(str(error)) from error

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context(trust_env=False)
        return self._tls

    async def _exchanged(
        self, origin: Origin, connection: _Connection, wire: bytes, limits: dict[str, Any]
    ) -> httpx.Response:
        reading = _Reading()
        try:
            await _until_head(connection, reading, wire, limits)
        except BaseException:
            connection.close()
            raise
        stream = _Stream(self, origin, connection, reading, limits.get("read"))
        return httpx.Response(reading.status, headers=reading.headers, stream=stream)


class _Stale(Exception):  # noqa: N818 - says what the connection was
    """A kept connection had been closed by the partner before it read the request."""


async def _until_head(
    connection: _Connection, reading: _Reading, wire: bytes, limits: dict[str, Any]
) -> None:
    silent, read = True, 0
    try:
        await connection.send(wire, limits.get("write"))
        while not reading.has_head:
            size = await connection.receive(reading, limits.get("read"))
            if not size:
                break
            silent, read = False, read + size
            if read > HEAD_LIMIT and not reading.has_head:
                raise httpx.RemoteProtocolError("headers without end")
    except (httpx.WriteError, httpx.ReadError) as error:
        if connection.is_used and silent:
            raise _Stale from error
        raise
    if not reading.has_head:
        if connection.is_used and silent:
            raise _Stale
        raise httpx.RemoteProtocolError("no answer before the connection ended")


def _origin(url: httpx.URL) -> Origin:
    if url.scheme not in _PORTS:
        raise httpx.UnsupportedProtocol(f"not an HTTP address: {url.scheme}")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def _head(request: httpx.Request) -> bytes:
    method = request.method
    if not (method.isascii() and method.isalpha()) or method in {"HEAD", "CONNECT"}:
        raise httpx.UnsupportedProtocol(f"method {method!r} is not for deliveries")
    lines = [b"%b %b HTTP/1.1" % (method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % pair for pair in request.headers.raw]
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
        raise httpx.LocalProtocolError("a header breaks its line")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _async_stream(request: httpx.Request) -> httpx.AsyncByteStream:
    if not isinstance(request.stream, httpx.AsyncByteStream):
        raise httpx.LocalProtocolError("only asynchronous bodies can be sent")
    if "transfer-encoding" in request.headers:
        raise httpx.LocalProtocolError("a delivery gives its length")
    return request.stream

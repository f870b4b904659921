"""MLLP 监听: HL7 messages over TCP. One answer per message, in order per connection.

What is in the frames is the business of `handle` (see hl7_door.py): it gets one message and returns the
acknowledgement, which must be AA only after the commit. An empty answer sends nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Literal, NamedTuple

from adapters._kit.protocol import Answer, Sender
from adapters.his_hl7v2.reply import reply
from gateway.errors import Issue
from gateway.intake.mllp_frames import Broken, Frame, FrameReader, framed
from gateway.log_events import FRAME_BROKEN, INTAKE_FAILED, MLLP_FULL, log

CHUNK: Final = 1 << 16
LINGER: Final = 2.0
"""Seconds to read on after a fatal answer, so that a reset does not destroy it on its way."""
BACKLOG: Final = 512


class Peer(NamedTuple):
    """Who is at the other end: address, and SHA-256 (hex) of the client certificate, "" without one."""

    host: str
    port: int
    certificate: str = ""


Handle = Callable[[bytes, Peer], Awaitable[bytes]]


class _Link:
    """One connection. `busy` while a message is being handled or answered."""

    __slots__ = ("busy", "peer", "reader", "task", "writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.task = asyncio.current_task()
        self.peer = _peer(writer)
        self.busy = False


class MllpListener:
    """The MLLP door. `port` 0 takes a free one; read `port` after `start`.

    `idle_timeout` bounds (seconds) the silence between messages, the time from a frame's first byte to
    its last, and the time a sender takes to fetch an answer. `frame_limit` bounds memory per connection.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handle: Handle,
        *,
        frame_limit: int,
        idle_timeout: float,
        connection_limit: int,
        clock: Callable[[], datetime] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._handle = host, port, handle
        self._frame_limit, self._idle = frame_limit, idle_timeout
        self._connection_limit, self._clock, self._tls = connection_limit, clock, tls
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._stopping = False

    @property
    def port(self) -> int:
        """Return the port that is listened on; 0 when the door is closed."""
        if self._server is None or not self._server.sockets:
            return 0
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._links)

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        self._stopping = False
        self._server = await asyncio.start_server(
            self._serve,
            self._host,
            self._port,
            limit=CHUNK,
            backlog=BACKLOG,
            ssl=self._tls,
            ssl_handshake_timeout=self._idle if self._tls else None,
        )

    async def stop(self, grace: float = 30.0) -> None:
        """Take no more; messages in flight are finished and answered, at most `grace` seconds long.

        Half frames are dropped without an answer: their senders send them again.
        """
        self._stopping = True
        if self._server is None:
            return
        self._server.close()
        tasks = {link.task for link in self._links if link.task is not None}
        for link in self._links:
            if not link.busy and link.task is not None:
                link.task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._stopping or len(self._links) >= self._connection_limit:
            log(MLLP_FULL, limit=self._connection_limit)
            writer.transport.abort()
            return
        link = _Link(reader, writer)
        self._links.add(link)
        try:
            await self._converse(link)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            writer.transport.abort()  # the sender is gone, or does not fetch its answers
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._links.discard(link)
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(LINGER):
                    await writer.wait_closed()

    async def _converse(self, link: _Link) -> None:
        """Read frames and answer them until the sender closes, falls silent or goes too far."""
        frames, loop = FrameReader(self._frame_limit), asyncio.get_running_loop()
        deadline = loop.time() + self._idle
        while not self._stopping:
            was_inside = frames.inside
            data = await self._read(link, deadline)
            events = frames.feed(data) if data else [frames.cut_off()]
            for event in events:
                if event is not None:
                    await self._answer(link, event)
            fatal = any(isinstance(event, Broken) and event.fatal for event in events)
            if not data or fatal:
                await self._linger(link)
                return
            if events or frames.inside is not was_inside:
                deadline = loop.time() + self._idle

    @staticmethod
    async def _read(link: _Link, deadline: float) -> bytes:
        """Return the next bytes; b"" when the sender has closed or let the deadline pass."""
        try:
            async with asyncio.timeout_at(deadline):
                return await link.reader.read(CHUNK)
        except TimeoutError:
            return b""

    async def _answer(self, link: _Link, event: Frame | Broken) -> None:
        link.busy = True
        try:
            if isinstance(event, Frame):
                answer = await self._handled(event.content, link.peer)
            else:
                log(FRAME_BROKEN, peer=link.peer.host, issue=event.found.code)
                answer = self._refusal(event.seen, "rejected", event.found)
            if answer:
                link.writer.write(framed(answer))
                async with asyncio.timeout(self._idle):
                    await link.writer.drain()
        finally:
            link.busy = False

    async def _handled(self, content: bytes, peer: Peer) -> bytes:
        """Return the answer to a message; AE when handling failed, for nothing is known to be durable."""
        try:
            return await self._handle(content, peer)
        except Exception as error:  # noqa: BLE001 - one message must not end the door
            log(INTAKE_FAILED, peer=peer.host, error=type(error).__name__)
            return self._refusal(content, "unavailable")

    def _refusal(
        self, seen: bytes, verdict: Literal["rejected", "unavailable"], *found: Issue
    ) -> bytes:
        now = self._clock().isoformat() if self._clock else ""
        return reply(seen, None, Answer(verdict, (), found, now), Sender("", "", now)).body

    async def _linger(self, link: _Link) -> None:
        """Close our side and read away what is still coming, for a moment."""
        if not link.writer.can_write_eof():
            return
        link.writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(LINGER, self._idle)):
                while await link.reader.read(CHUNK):
                    pass


def _peer(writer: asyncio.StreamWriter) -> Peer:
    host, port = (*(writer.get_extra_info("peername") or ("", 0)), 0)[:2]
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    secured = writer.get_extra_info("ssl_object")
    shown = secured.getpeercert(binary_form=True) if secured is not None else None
    return Peer(str(host), int(port), hashlib.sha256(shown).hexdigest() if shown else "")

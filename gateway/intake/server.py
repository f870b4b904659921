"""HTTP 服务: uvicorn (httptools) run by the program itself, in the loop that is running.

What uvicorn leaves open is closed here: a client that never finishes its headers, headers without end, a
body that goes on after it was refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from asyncio.events import TimerHandle
from collections.abc import Iterator
from typing import Final

import orjson
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.errors import Misconfigured
from gateway.intake.failures import error_body

HEAD_SECONDS: Final = 15.0
"""For a request's line and headers; and for the rest of a body after its answer was given."""
HEAD_BYTES: Final = 64 << 10
KEEP_ALIVE_SECONDS: Final = 75
GRACE_SECONDS: Final = 30
"""How long a stop waits for requests in flight."""
CONNECTIONS: Final = 2000
BACKLOG: Final = 2048
_POLL: Final = 0.005


class HttpServer:
    """One listening socket with an application. `port` is the actual one when 0 was asked for."""

    def __init__(
        self, app: ASGIApp, host: str, port: int, *, head_seconds: float = HEAD_SECONDS
    ) -> None:
        self._app, self._host, self._head_seconds = app, host, head_seconds
        self.port = port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind and serve; returns when connections are accepted. Raises Misconfigured."""
        sock = _bound(self._host, self.port)
        self.port = sock.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=_patient(self._head_seconds),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([sock]), name="http")
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(_POLL)

    async def stop(self) -> None:
        """Accept nothing more, let requests in flight finish, close."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = None


class _Server(uvicorn.Server):
    """Signals belong to the program, not to the server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(host, port, error) from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise _unusable(host, port, error) from error
    sock.setblocking(False)  # noqa: FBT003 - the standard library's own
    return sock


def _unusable(host: str, port: int, error: OSError) -> Misconfigured:
    return Misconfigured(f"JICAI_HOST/JICAI_PORT: {host}:{port}: {error.strerror}")


def _patient(seconds: float) -> type[HttpToolsProtocol]:
    return type("PatientProtocol", (_Patient,), {"head_seconds": seconds})


class _Patient(HttpToolsProtocol):
    """uvicorn's protocol with a time limit where it has none, and a limit on the size of headers."""

    head_seconds = HEAD_SECONDS
    _alarm: TimerHandle | None = None
    _head_bytes = 0
    _in_head = True
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_alarm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_alarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._alarm is None:  # the first bytes of a next request on this connection
                self._set_alarm()
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too large.")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP request, in the shape of all errors, and close."""
        body = orjson.dumps(error_body("request.malformed", "请求有误", msg))
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        self._unset_alarm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._in_body = True, False
        self._unset_alarm()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body:  # refused before it was read: let it run out, but not for ever
            self._set_alarm()

    def _set_alarm(self) -> None:
        self._unset_alarm()
        self._alarm = self.loop.call_later(self.head_seconds, self._ring)

    def _unset_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _ring(self) -> None:
        self._alarm = None
        if not self.transport.is_closing():
            self.transport.close()

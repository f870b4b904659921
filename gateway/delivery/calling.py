"""调用: one bounded exchange with a partner over HTTP or MLLP.

Everything is limited: the whole call in time, the answer in bytes (also after decompression), the address
to the partner's own (no redirects, no proxies of the environment, no cookies kept).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import zlib
from dataclasses import dataclass
from typing import Final

import httpx

from adapters._kit.protocol import WireRequest, WireResponse
from gateway.delivery.address import base_of, target_of

ANSWER_LIMIT: Final = 1 << 20
CONNECT_LIMIT: Final = 5.0  # seconds; a machine that is there accepts at once
CONNECT_SHARE: Final = (
    0.8  # of the whole: a partner that is away must not look like one that is slow
)
_NOT_THE_ADAPTERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "idempotency-key", "content-type"}
)
_BREAKS_A_LINE: Final = re.compile(r"[\x00\r\n]")
_START, _END = b"\x0b", b"\x1c\x0d"


class CallFailed(Exception):  # noqa: N818 - says how the call ended
    """There is no usable answer. `away`: the partner was not reached or said it cannot serve now."""

    def __init__(self, code: str, *, away: bool = False) -> None:
        super().__init__(code)
        self.code, self.away = code, away


class Unsendable(Exception):  # noqa: N818 - says what is wrong with the request
    """The request itself cannot be sent, now or later."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one call may take: seconds in all, bytes of answer."""

    seconds: float
    answer: int = ANSWER_LIMIT


CONNECTIONS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=0)
"""A connection of its own for each call. On a kept one httpx takes a second answer that nobody asked for
as the answer to the next call: a delivery would count as received that never was. How many are open at
once is bounded per partner (`parallel`)."""


def connect_limit(seconds: float) -> float:
    """Return how long connecting (TLS included) may take within a call of `seconds`."""
    return min(CONNECT_LIMIT, CONNECT_SHARE * seconds)


def delivery_client(seconds: float) -> httpx.AsyncClient:
    """Return a client fit for deliveries: no redirects, no environment proxies, no kept connections."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(seconds, connect=connect_limit(seconds)),
        limits=CONNECTIONS,
        follow_redirects=False,
        trust_env=False,
    )


async def call_http(
    client: httpx.AsyncClient,
    url: str,
    request: WireRequest,
    bounds: Bounds,
    *,
    traceparent: str = "",
) -> WireResponse:
    """Make one HTTP call to a partner's base URL and read the whole answer.

    Raises OffTarget, Unsendable (never to be retried) and CallFailed (unknown: resend).
    """
    outgoing = _outgoing(url, request, bounds, traceparent)
    try:
        async with asyncio.timeout(bounds.seconds):
            response = await client.send(outgoing, stream=True, follow_redirects=False)
            try:
                body = await _body(response, bounds.answer)
            finally:
                await response.aclose()
    except TimeoutError as error:
        raise CallFailed("call.timeout") from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise CallFailed("call.unreachable", away=True) from error
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol) as error:
        raise Unsendable(f"the request breaks HTTP: {error}") from error
    except httpx.TimeoutException as error:
        raise CallFailed("call.timeout") from error
    except httpx.HTTPError as error:
        raise CallFailed("call.broken") from error
    return WireResponse(response.status_code, body, dict(response.headers))


def _outgoing(url: str, request: WireRequest, bounds: Bounds, traceparent: str) -> httpx.Request:
    """Return the request. Built apart from the client, so that no cookie of another call comes along."""
    target = target_of(base_of(url, "http"), request.path)
    headers = {"Accept-Encoding": "gzip, identity", "User-Agent": "jicai-gateway"}
    headers |= {
        name: text
        for name, text in request.headers.items()
        if name.lower() not in _NOT_THE_ADAPTERS
    }
    headers["Content-Type"] = request.content_type
    headers["Idempotency-Key"] = request.idempotency_key
    if traceparent:
        headers["traceparent"] = traceparent
    if any(_BREAKS_A_LINE.search(name + text) for name, text in headers.items()):
        raise Unsendable("a header breaks its line")
    timeout = httpx.Timeout(bounds.seconds, connect=connect_limit(bounds.seconds))
    try:
        return httpx.Request(
            request.method,
            target,
            headers=headers,
            content=request.body,
            extensions={"timeout": timeout.as_dict()},
        )
    except (ValueError, TypeError) as error:
        raise Unsendable(f"the request cannot be built: {error}") from error


async def _body(response: httpx.Response, limit: int) -> bytes:
    raw = bytearray()
    async for chunk in response.aiter_raw():
        raw += chunk
        if len(raw) > limit:
            raise CallFailed("answer.too_large")
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        return bytes(raw)
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise CallFailed("answer.encoding")
    return _inflated(bytes(raw), limit)


def _inflated(raw: bytes, limit: int) -> bytes:
    """Return a gzip or zlib body, never more than `limit` bytes of it in memory."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        body = reader.decompress(raw, limit + 1)
    except zlib.error as error:
        raise CallFailed("answer.encoding") from error
    if len(body) > limit:
        raise CallFailed("answer.too_large")
    if not reader.eof:
        raise CallFailed("answer.encoding")
    return body


async def call_mllp(url: str, request: WireRequest, bounds: Bounds) -> WireResponse:
    """Send one HL7 message in an MLLP frame and return the framed answer's content (status 200).

    Raises OffTarget, Unsendable and CallFailed as `call_http` does.
    """
    base = base_of(url, "mllp")
    body = request.body.removeprefix(_START).removesuffix(_END)
    if _START in body or _END in body:
        raise Unsendable("the message contains MLLP framing bytes")
    try:
        async with asyncio.timeout(bounds.seconds):
            reader, writer = await _connected(base, bounds)
            try:
                writer.write(_START + body + _END)
                await writer.drain()
                answer = await reader.readuntil(_END)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError as error:
        raise CallFailed("call.timeout") from error
    except asyncio.LimitOverrunError as error:
        raise CallFailed("answer.too_large") from error
    except (OSError, asyncio.IncompleteReadError) as error:
        raise CallFailed("call.broken") from error
    _, framed, content = answer.removesuffix(_END).partition(_START)
    if not framed:
        raise CallFailed("answer.framing")
    return WireResponse(200, content)


async def _connected(
    base: httpx.URL, bounds: Bounds
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(connect_limit(bounds.seconds)):
            return await asyncio.open_connection(base.host, base.port, limit=bounds.answer)
    except (OSError, TimeoutError) as error:
        raise CallFailed("call.unreachable", away=True) from error

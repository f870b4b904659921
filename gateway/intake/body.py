"""报文体: reads a request's body with limits on size, time and decompression. Nothing is parsed here.

The digest is fed the bytes as sent; what comes out is decompressed. A body that is too large is refused
(413) by its declared length before it is read, else as soon as it grows past the limit; one that comes
too slowly, 408; one that breaks off, 400; a compression other than gzip, 415.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final, Protocol

from starlette.requests import Request
from starlette.types import Message as Event
from starlette.types import Receive

from gateway.errors import Refused
from gateway.intake.authentication import Caller

_GZIP: Final = 16 + zlib.MAX_WBITS
_HEAD: Final = "jicai.head"
_STEP: Final = 1 << 18
"""Bytes that are decompressed at a time: a bomb is seen long before it has gone off."""


def too_large(limit: int) -> Refused:
    """Return the refusal of a body, or of what it unpacks to, beyond `limit` bytes."""
    return Refused(
        "body.too_large",
        f"报文超过上限 {limit} 字节",
        f"The body is larger than the limit of {limit} bytes",
        status=413,
    )


def head_of(request: Request) -> Mapping[bytes, bytes]:
    """Return a request's headers, names in lower case; made once per request.

    Of a header that came twice this has the last; those that prove or delimit something are looked at
    where that matters.
    """
    head: Mapping[bytes, bytes] | None = request.scope.get(_HEAD)
    if head is None:
        head = request.scope[_HEAD] = dict(request.scope["headers"])
    return head


async def read_body(request: Request, caller: Caller, limit: int, seconds: float) -> bytes:
    """Return the whole body, decompressed, of at most `limit` bytes.

    `seconds` is the time the client has for all of it. Raises Refused (400, 401 auth.digest, 408, 413,
    415).
    """
    parts = [part async for part in body_parts(request, caller, limit, seconds)]
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def body_parts(
    request: Request, caller: Caller, limit: int, seconds: float, *, renewed_by: bytes = b""
) -> AsyncIterator[bytes]:
    """Yield the body piece by piece, decompressed; after the last the promised digest is checked.

    The client has `seconds` for all of it; with `renewed_by` (a stream's line feed) it has them anew
    whenever that came, so a stream may last but never stand still. Raises as `read_body`.
    """
    unpacking = _unpacking(request)
    _refuse_declared_size(request, limit)
    digest = caller.body_hash()
    patience = _Patience(request.receive, seconds)
    total, more = 0, True
    while more:
        sent, more = await patience.next()
        if digest is not None:
            digest.update(sent)
        for part in unpacking.feed(sent):
            total += len(part)
            if total > limit:
                raise too_large(limit)
            if renewed_by and renewed_by in part:
                patience.renew()
            yield part
    unpacking.finish()
    caller.check_body(digest)


def _refuse_declared_size(request: Request, limit: int) -> None:
    declared = head_of(request).get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)


class _Patience:
    """Waits for the client, and only that long; our own work in between does not count."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive, self._seconds, self._left = receive, seconds, seconds

    def renew(self) -> None:
        self._left = self._seconds

    async def next(self) -> tuple[bytes, bool]:
        """Return the next bytes and whether more will come. Raises Refused (400, 408)."""
        clock = asyncio.get_running_loop().time
        since = clock()
        try:
            async with asyncio.timeout(max(0.0, self._left)):
                event: Event = await self._receive()
        except TimeoutError:
            raise Refused(
                "body.timeout", "报文体发送超时", "The body came too slowly", status=408
            ) from None
        self._left -= clock() - since
        if event["type"] != "http.request":
            raise Refused("body.incomplete", "报文体不完整", "The body broke off", status=400)
        return event.get("body", b""), event.get("more_body", False)


class _Unpacking(Protocol):
    def feed(self, sent: bytes, /) -> Iterator[bytes]: ...
    def finish(self) -> None: ...


def _unpacking(request: Request) -> _Unpacking:
    if b"content-encoding" not in head_of(request):
        return _Plain()
    named = ",".join(request.headers.getlist("content-encoding")).strip().lower()
    if named == "identity":
        return _Plain()
    if named in {"gzip", "x-gzip"}:
        return _Gzip()
    raise Refused(
        "body.compression_unknown",
        "仅支持 gzip 压缩",
        "Only gzip is accepted as Content-Encoding",
        status=415,
    )


class _Plain:
    """No compression."""

    def feed(self, sent: bytes) -> Iterator[bytes]:
        if sent:
            yield sent

    def finish(self) -> None:
        """Nothing can be missing."""


class _Gzip:
    """gzip of any number of members, unpacked in steps of bounded size."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(_GZIP)

    def feed(self, sent: bytes) -> Iterator[bytes]:
        while sent:
            if self._inflater.eof:
                self._inflater = zlib.decompressobj(_GZIP)
            try:
                part = self._inflater.decompress(sent, _STEP)
            except zlib.error:
                raise _badly_compressed() from None
            sent = self._inflater.unconsumed_tail or self._inflater.unused_data
            if part:
                yield part

    def finish(self) -> None:
        if not self._inflater.eof:
            raise _badly_compressed()


def _badly_compressed() -> Refused:
    return Refused(
        "body.compression", "gzip 数据无效或不完整", "The body is not valid gzip", status=400
    )

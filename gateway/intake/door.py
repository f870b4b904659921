"""接入门: the HTTP handlers. Authenticate by headers, read the body, receive, answer.

Handlers take the plain request and return finished bytes: no model objects on this path.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters._kit.protocol import Answer, Interface, Sender
from gateway.errors import Refused, Rejected, Unavailable, issue
from gateway.flow import Received, Receiving
from gateway.intake import answers, canonical, failures
from gateway.intake.authentication import Authenticator, Caller, refusal
from gateway.intake.batch import elements
from gateway.intake.body import body_parts, head_of, read_body
from gateway.intake.stream import LineByLine, begun, put_aside
from gateway.intake.way import way_of
from gateway.log_events import INTAKE_REJECTED, log
from gateway.partners import Partners
from gateway.ports import Journal
from gateway.settings import Settings
from gateway.steps import Arrival

STREAM_FACTOR: Final = 64
"""A stream may be that many times as long as a body that is held in memory."""
SLICE: Final = 100
"""Elements of a batch that are measured before other requests get their turn."""
_NDJSON: Final = frozenset({answers.NDJSON, "application/ndjson", "application/jsonl"})
_SUFFIX: Final = "json"
# version, trace id, parent id, flags; all-zero ids and version ff are invalid (W3C Trace Context)
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)

Observed = Callable[[str, Sequence[Received], float], None]
"""Told after each commit: interface, what was received, seconds from the body to the answer."""


class Door:
    """The handlers of the partner API, with what they need."""

    def __init__(
        self,
        receiving: Receiving,
        journal: Journal,
        partners: Partners,
        interfaces: Mapping[str, Interface],
        settings: Settings,
        clock: Callable[[], datetime],
        observed: Observed,
    ) -> None:
        self._receiving = receiving
        self._journal = journal
        self._interfaces = interfaces
        self._settings = settings
        self._clock = clock
        self._observed = observed
        self.authenticator = Authenticator(partners, settings.replay_window)

    # ------------------------------------------------------------------ the routes

    async def messages(self, request: Request) -> Response:
        """POST /v1/messages: events in the canonical language, one, a batch or a stream."""
        return await self._canonical(request, self.admit(request))

    async def documents(self, request: Request) -> Response:
        """POST /v1/interfaces/{interface}/messages: a document in the partner's own words."""
        caller = self.admit(request)
        name = request.path_params["interface"]
        interface = self._interfaces.get(name)
        if interface is None or interface.read is None:
            raise Refused(
                "interface.unknown", "没有此接口", "There is no such interface", status=404
            )
        if caller.partner.interface != name:
            raise Refused(
                "interface.not_yours",
                "该对接方未开通此接口",
                "This partner is not configured for this interface",
                status=403,
            )
        if name == canonical.NAME:
            return await self._canonical(request, caller)
        media = _media_type(request)
        if media in _NDJSON and any(each.endswith(_SUFFIX) for each in interface.media_types):
            return await self._stream(request, caller, name, "application/json")
        if media and interface.media_types and media not in interface.media_types:
            raise _wrong_media(interface.media_types)
        return await self._native(request, caller, interface)

    async def message(self, request: Request) -> Response:
        """GET /v1/messages/{id}: the way of one of the caller's messages."""
        caller = self.admit(request)
        await read_body(request, caller, 0, self._settings.read_timeout)
        self.authenticator.remember(caller, self._clock())
        way = await way_of(
            self._journal,
            caller.partner.id,
            request.path_params["id"],
            journal_is_bus=self._settings.bus == "embedded",
        )
        return Response(orjson.dumps(way), media_type=answers.JSON)

    async def interfaces(self, _request: Request) -> Response:
        """GET /v1/interfaces: what is spoken here; the same for everyone, so it needs no key."""
        listed = [
            {
                "name": each.name,
                "title": each.title,
                "transport": each.transport,
                "media_types": each.media_types,
                "receives": each.says if each.read is not None else (),
                "delivers": each.hears if each.write is not None else (),
            }
            for each in self._interfaces.values()
        ]
        return Response(orjson.dumps({"interfaces": listed}), media_type=answers.JSON)

    # ------------------------------------------------------------------ one, several, many

    async def _canonical(self, request: Request, caller: Caller) -> Response:
        media = _media_type(request)
        if media == canonical.STRUCTURED:
            return await self._event(request, caller)
        if media == canonical.BATCH:
            return await self._batch(request, caller)
        if media in _NDJSON:
            return await self._stream(request, caller, canonical.NAME, canonical.STRUCTURED)
        if media == canonical.BINARY:
            return await self._event(request, caller)
        raise _wrong_media(canonical.CANONICAL.media_types)

    async def _event(self, request: Request, caller: Caller) -> Response:
        settings = self._settings
        limit = min(settings.message_limit, settings.body_limit)
        raw = await read_body(request, caller, limit, settings.read_timeout)
        head = head_of(request)
        if b"ce-id" in head or b"ce-specversion" in head:
            raw = _from_binary(request, caller, raw)
        arrival = self._arrival(request, caller, canonical.NAME, canonical.STRUCTURED, raw)
        self._require_bound_id(caller, arrival)
        (received,) = await self._receive(caller, [arrival], caller.nonce)
        return answers.single(received)

    async def _batch(self, request: Request, caller: Caller) -> Response:
        raw = await read_body(
            request, caller, self._settings.body_limit, self._settings.read_timeout
        )
        try:
            events = await self._taken_apart(raw)
        except (
            Rejected
        ):  # read again by the steps, so that the rejection is journalled like any other
            whole = self._arrival(request, caller, canonical.NAME, canonical.BATCH, raw)
            (received,) = await self._receive(caller, [whole], caller.nonce)
            return answers.single(received)
        limit = self._settings.message_limit
        make = partial(self._arrival, request, caller, canonical.NAME, canonical.STRUCTURED)
        fitting = [make(event) for event in events if len(event) <= limit]
        done = iter(await self._receive(caller, fitting, caller.nonce))
        too_large = answers.rejected(issue("body.too_large", "", limit=limit))
        return answers.several(
            [answers.shown(next(done)) if len(event) <= limit else too_large for event in events]
        )

    async def _taken_apart(self, raw: bytes) -> list[bytes]:
        events: list[bytes] = []
        for event in elements(raw):
            events.append(event)
            if len(events) > self._settings.line_limit:
                raise Refused(
                    "batch.too_long",
                    f"批次超过 {self._settings.line_limit} 条",
                    f"A batch has at most {self._settings.line_limit} events",
                    status=413,
                )
            if len(events) % SLICE == 0:
                await asyncio.sleep(0)
        return events

    async def _stream(
        self, request: Request, caller: Caller, interface: str, content_type: str
    ) -> Response:
        settings = self._settings
        limit = settings.body_limit * STREAM_FACTOR
        pieces = body_parts(request, caller, limit, settings.read_timeout, renewed_by=b"\n")
        stream = LineByLine(
            put_aside(pieces) if caller.digest else pieces,
            partial(self._receive, caller),
            partial(self._arrival, request, caller, interface, content_type),
            nonce=caller.nonce,
            line_limit=settings.message_limit,
        )
        return await begun(stream.answers(), settings.read_timeout)

    async def _native(self, request: Request, caller: Caller, interface: Interface) -> Response:
        settings = self._settings
        raw = await read_body(request, caller, settings.body_limit, settings.read_timeout)
        content_type = head_of(request).get(b"content-type", b"").decode("latin-1")
        arrival = self._arrival(request, caller, interface.name, content_type, raw)
        self._require_bound_id(caller, arrival)
        natively = interface.reply is not None and (
            interface.answers_natively is None
            or interface.answers_natively(
                raw, head_of(request).get(b"accept", b"").decode("latin-1")
            )
        )
        try:
            (received,) = await self._receive(caller, [arrival], caller.nonce)
        except Unavailable as seen:
            if not natively:
                raise
            failures.unavailable(seen)
            received = Received(
                self._receiving.prepare(arrival).document,
                Answer("unavailable", (), (), arrival.received_at),
                "",
            )
        return _replied(interface, arrival, received) if natively else answers.single(received)

    # ------------------------------------------------------------------ what they share

    def admit(self, request: Request) -> Caller:
        """Return who sends, proven by the headers. Raises Refused."""
        scope = request.scope
        target = scope.get("raw_path") or scope["path"].encode()
        if scope["query_string"]:
            target = target + b"?" + scope["query_string"]
        return self.authenticator.admit(
            scope["method"], target.decode("latin-1"), scope["headers"], self._clock()
        )

    def _arrival(
        self, request: Request, caller: Caller, interface: str, content_type: str, raw: bytes
    ) -> Arrival:
        traceparent = head_of(request).get(b"traceparent", b"").decode("latin-1")
        return Arrival(
            partner=caller.partner,
            interface=interface,
            raw=raw,
            received_at=self._clock().isoformat(timespec="milliseconds"),
            content_type=content_type,
            traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else "",
        )

    def _require_bound_id(self, caller: Caller, arrival: Arrival) -> None:
        """Raise Refused when the signature names another message than the body holds."""
        if not caller.message_id:
            return
        document = self._receiving.prepare(arrival).document
        if document is not None and document.message_id != caller.message_id:
            raise refusal("auth.message_id")

    async def _receive(
        self, caller: Caller, arrivals: Sequence[Arrival], nonce: str
    ) -> list[Received]:
        begun_at = time.perf_counter()
        all_received = await self._receiving.receive(arrivals, nonce=nonce)
        if not arrivals:
            return []
        self.authenticator.remember(caller, self._clock())
        interface = arrivals[0].interface
        self._observed(interface, all_received, time.perf_counter() - begun_at)
        for received in all_received:
            if received.answer.issues:
                log(
                    INTAKE_REJECTED,
                    partner=caller.partner.id,
                    interface=interface,
                    verdict=received.answer.verdict,
                    issue=received.answer.issues[0].code,
                )
        return all_received


def _from_binary(request: Request, caller: Caller, body: bytes) -> bytes:
    # a signature covers the body and the message id, not the ce-* headers: the id must be bound by it
    head = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in head_of(request).items()
    }
    if caller.digest and head.get("ce-id", "") != caller.message_id:
        raise refusal("auth.message_id")
    return canonical.structured(head, body)


def _replied(interface: Interface, arrival: Arrival, received: Received) -> Response:
    """Return our answer in the interface's own words."""
    partner = arrival.partner
    sender = Sender(
        partner.id, partner.region, arrival.received_at, arrival.content_type, partner.settings
    )
    if interface.reply is None:
        return answers.single(received)
    reply = interface.reply(arrival.raw, received.document, received.answer, sender)
    return Response(reply.body, reply.status, headers={"content-type": reply.content_type})


def _media_type(request: Request) -> str:
    """Return the media type in lower case. Raises Refused (415) for JSON in another charset."""
    media, _, parameters = (
        head_of(request).get(b"content-type", b"").decode("latin-1").partition(";")
    )
    media = media.strip().lower()
    charset = _CHARSET.search(parameters)
    if charset and media.endswith(_SUFFIX) and charset.group(1).lower() not in {"utf-8", "utf8"}:
        raise Refused(
            "body.charset", "JSON 报文须为 UTF-8 编码", "JSON bodies are UTF-8", status=415
        )
    return media


def _wrong_media(accepted: Sequence[str]) -> Refused:
    listed = ", ".join(accepted)
    return Refused(
        "body.media_type",
        f"不支持此内容类型,应为:{listed}",
        f"The media type is not supported here; send one of: {listed}",
        status=415,
    )

"""The other side for tests: a tiny dialect, and a partner that speaks it over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn

from adapters._kit.protocol import (
    Acknowledgement,
    Interface,
    Recipient,
    WireRequest,
    WireResponse,
)
from schemas.envelope import Message
from schemas.events import ORDER_PLACED, SETTLEMENT_HELD, SETTLEMENT_RESUMED
from schemas.issues import Rejected, issue

UNSAYABLE = "unsayable"


def write(message: Message, recipient: Recipient) -> WireRequest:
    if message.subject.startswith(UNSAYABLE):
        raise Rejected(issue("message.unsupported", "type", detail=message.type))
    if message.subject.startswith("faulty"):
        raise ZeroDivisionError
    body = {
        "msgid": message.id,
        "to": recipient.partner,
        "subject": message.subject,
        "data": message.content(),
    }
    return WireRequest(
        orjson.dumps(body), "application/json", path="/inbox", idempotency_key=message.id
    )


def understand(response: WireResponse, request: WireRequest) -> Acknowledgement:
    try:
        answer = json.loads(response.body)
        code = str(answer["code"])
    except (ValueError, KeyError, TypeError):
        return Acknowledgement("retry", "unreadable", response.body[:40].decode("utf-8", "replace"))
    meanings: dict[str, Any] = {"0": "delivered", "dup": "already", "no": "refused"}
    meaning = meanings.get(code, "retry")
    return Acknowledgement(meaning, code, answer.get("text", ""), answer.get("reference", ""))


TINY = Interface(
    "tiny",
    "测试接口",
    write=write,
    understand=understand,
    hears=(ORDER_PLACED, SETTLEMENT_HELD, SETTLEMENT_RESUMED),
)
DEAF = Interface("deaf", "只读接口")
INTERFACES = {one.name: one for one in (TINY, DEAF)}


@dataclass
class Call:
    """One request as the partner got it."""

    path: str
    key: str
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """What the partner says; `after` seconds, `work` done (remembered) or not."""

    status: int = 200
    body: bytes = b'{"code":"0","reference":"R1"}'
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    works: bool = True


Behaviour = Callable[[Call], Answer]


class Counterpart:
    """A partner: answers as `script` says, one entry per call, then as `behaviour` says.

    A key it has worked on before is a duplicate to it, as the idempotency key promises.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.worked: list[str] = []
        self.script: list[Answer] = []
        self.behaviour: Behaviour = lambda _call: Answer()
        self.under_way: list[str] = []
        self.most_under_way = 0
        self.overlaps: list[str] = []
        self.url = ""

    def subjects(self) -> list[str]:
        return [call.body["subject"] for call in self.calls]

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        call = Call(scope["path"], headers.get("idempotency-key", ""), headers, orjson.loads(body))
        self.calls.append(call)
        self._begin(call)
        answer = self.script.pop(0) if self.script else self.behaviour(call)
        if answer.works and answer.status == 200:
            if call.key in self.worked:
                answer = Answer(body=b'{"code":"dup"}')
            else:
                self.worked.append(call.key)
        if answer.after:
            await asyncio.sleep(answer.after)
        self.under_way.remove(call.body["subject"])
        given = [(k.encode(), v.encode()) for k, v in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": given})
        await send({"type": "http.response.body", "body": answer.body})

    def _begin(self, call: Call) -> None:
        subject = call.body["subject"]
        if subject in self.under_way:
            self.overlaps.append(subject)
        self.under_way.append(subject)
        self.most_under_way = max(self.most_under_way, len(self.under_way))


@asynccontextmanager
async def listening(counterpart: Counterpart) -> AsyncIterator[Counterpart]:
    """Serve it on 127.0.0.1 until the block ends."""
    # named TCP: asyncio sets TCP_NODELAY only on sockets that know their protocol (else 40 ms a call)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            counterpart,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        server.config.load()
        task = asyncio.create_task(server._serve([door]))
        while not server.started:
            await asyncio.sleep(0.005)
        counterpart.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        try:
            yield counterpart
        finally:
            server.should_exit = True
            await task

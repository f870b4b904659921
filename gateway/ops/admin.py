"""运维接口: what operators see and do. Every route needs the admin key; without a configured key all are closed.

Lists show envelopes, never data; one message is shown whole, because it was asked for by name.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import asdict
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import SecretStr

from gateway.errors import Refused
from gateway.ops.chain import ChainWatch
from gateway.ops.doors import Deliveries, Drawer
from gateway.ops.key import operators_only
from gateway.ports import Bus, Entry, EntryKind, Held, Journal, Search, TopicPosition

GROUPS: Final = ("policies", "delivery")
LIMIT: Final = 1000
BODY_LIMIT: Final = 16 << 10
WAY_LIMIT: Final = 1000
CAUSES_LIMIT: Final = 50

_T = TypeVar("_T")
Count = Annotated[int, Query(ge=1, le=LIMIT)]
Text = Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$")]
PartnerName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
LetterKey = Annotated[str, Path(pattern=r"^[0-9]{1,32}$")]
MessageId = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$")]


class Desk:
    """What the routes do, without HTTP."""

    def __init__(
        self, journal: Journal, bus: Bus, drawer: Drawer, deliveries: Deliveries, chain: ChainWatch
    ) -> None:
        self.journal, self.bus, self.drawer = journal, bus, drawer
        self.deliveries, self.chain = deliveries, chain

    async def message(self, message_id: str) -> dict[str, Any]:
        """Return a message whole, with its place, hash and its way. Raises Refused (404)."""
        entry = await self.journal.find(message_id)
        if entry is None:
            raise _missing()
        return {
            **envelope(entry),
            "data": _data(entry),
            "head_id": entry.head_id,
            "digest": entry.digest,
            "hash": entry.hash,
            "causes": [envelope(each) for each in await self._causes(entry)],
            "followed_by": [envelope(each) for each in await self._followers(entry)],
        }

    async def _causes(self, entry: Entry) -> list[Entry]:
        """Return what led to a message, nearest first."""
        found: list[Entry] = []
        seen = {entry.message.id}
        while (cause := entry.message.causationid) and cause not in seen:
            seen.add(cause)
            before = await self.journal.find(cause)
            if before is None or len(found) == CAUSES_LIMIT:
                break
            found.append(before)
            entry = before
        return found

    async def _followers(self, entry: Entry) -> list[Entry]:
        """Return receipts and conclusions of the same subject that name the message as their cause."""
        question = Search(subject=entry.message.subject, since=entry.recorded_at, limit=WAY_LIMIT)
        found = await self.journal.search(question)
        return [one for one in reversed(found) if one.message.causationid == entry.message.id]

    async def topics(self) -> dict[str, Any]:
        """Return every topic's ends and where the groups stand."""
        groups = {name: await self.bus.positions(name) for name in GROUPS}
        return {
            "topics": [
                {"topic": e.topic, "partition": e.partition, "begin": e.offset, "end": e.end}
                for e in await self.bus.ends()
            ],
            "groups": {name: [_position(each) for each in at] for name, at in groups.items()},
        }

    async def chains(self) -> dict[str, Any]:
        """Return the ends of the chains and how the last verification stands."""
        heads = [asdict(each) for each in await self.journal.heads()]
        return {"heads": heads, "verification": self.chain.status.shown()}

    async def delivering(self) -> dict[str, Any]:
        """Return what waits, what is stopped and which breakers are open, by partner."""
        paused = await self.deliveries.paused()
        return {
            "pending": await self.deliveries.pending(),
            "paused": {name: asdict(each) for name, each in paused.items()},
            "breakers": self.deliveries.breakers(),
        }


def make_admin_router(admin_key: SecretStr, desk: Desk) -> APIRouter:
    """Return the operators' routes under /admin."""
    router = APIRouter(
        prefix="/admin",
        tags=["运维 operations"],
        dependencies=[Depends(operators_only(admin_key))],
    )
    _messages(router, desk)
    _dead_letters(router, desk)
    _deliveries(router, desk)
    _evidence(router, desk)
    return router


def _messages(router: APIRouter, desk: Desk) -> None:
    @router.get("/messages", summary="检索报文 search, newest first")
    async def search(
        partner: Text = "",
        subject: Text = "",
        type: Text = "",  # noqa: A002 - the attribute's name in the envelope
        since: Text = "",
        until: Text = "",
        kind: EntryKind | None = None,
        limit: Count = 100,
    ) -> Response:
        question = Search(partner, subject, type, since, until, kind.value if kind else "", limit)
        return _json({"messages": [envelope(one) for one in await desk.journal.search(question)]})

    @router.get("/messages/{message_id}", summary="一条报文的来龙去脉 a message and its way")
    async def message(message_id: MessageId) -> Response:
        return _json(await desk.message(message_id))

    @router.get("/held", summary="挂起报文 held messages, oldest first")
    async def held(limit: Count = 100) -> Response:
        return _json({"held": [_held(each) for each in await desk.journal.held(limit=limit)]})


def _dead_letters(router: APIRouter, desk: Desk) -> None:
    drawer, base = desk.drawer, "/dead-letters"

    @router.get(base, summary="死信 dead letters, oldest first")
    async def listed(partner: Text = "", after: Text = "", limit: Count = 100) -> Response:
        found = await drawer.listed(partner, after=after, limit=limit)
        shown = [{"partner": e.partner, "key": e.key, **asdict(e.letter)} for e in found]
        return _json({"dead_letters": shown})

    @router.get(f"{base}/{{partner}}/{{key}}", summary="一封死信及其报文 one, with its message")
    async def inspect(partner: PartnerName, key: LetterKey) -> Response:
        letter, entry = await _present(drawer.inspect(partner, key))
        message = {**envelope(entry), "data": _data(entry)} if entry else None
        return _json({"partner": partner, "key": key, **asdict(letter), "message": message})

    @router.post(f"{base}/{{partner}}/replay", summary="全部重发 replay all of a partner")
    async def replay_all(partner: PartnerName) -> Response:
        return _json({"replayed": await drawer.replay(partner)})

    @router.post(f"{base}/{{partner}}/{{key}}/replay", summary="重发一封 replay one")
    async def replay(partner: PartnerName, key: LetterKey) -> Response:
        return _json({"replayed": await _present(drawer.replay(partner, key))})

    @router.post(
        f"{base}/{{partner}}/{{key}}/discard", summary='作废 discard, {"reason": …, "by": …}'
    )
    async def discard(partner: PartnerName, key: LetterKey, request: Request) -> Response:
        reason, by = _why(await _body(request))
        await _present(drawer.discard(partner, key, reason, by))
        return _json({"discarded": 1})


def _deliveries(router: APIRouter, desk: Desk) -> None:
    @router.get("/deliveries", summary="下发状态 queues, stops and breakers by partner")
    async def deliveries() -> Response:
        return _json(await desk.delivering())

    @router.post("/deliveries/{partner}/resume", summary="恢复下发 resume a stopped partner")
    async def resume(partner: PartnerName) -> Response:
        return _json({"resumed": await desk.deliveries.resume(partner)})


def _evidence(router: APIRouter, desk: Desk) -> None:
    @router.get("/topics", summary="主题与进度 topics and where the groups stand")
    async def topics() -> Response:
        return _json(await desk.topics())

    @router.get("/chain", summary="审计链 ends of the chains, last verification")
    async def chain() -> Response:
        return _json(await desk.chains())

    @router.post("/chain/verify", summary="校验审计链 verify all chains in the background")
    async def verify() -> Response:
        began = desk.chain.begin()
        return _json({"began": began, **desk.chain.status.shown()}, 202)


def envelope(entry: Entry) -> dict[str, Any]:
    """Return an entry's envelope for a list: no data."""
    message = entry.message
    return {
        "id": message.id,
        "kind": entry.kind.value,
        "place": f"{entry.shard}-{entry.seq}",
        "partner": message.partner,
        "message_id": entry.message_id,
        "interface": entry.interface,
        "type": message.type,
        "subject": message.subject,
        "region": message.region,
        "time": message.time,
        "recorded_at": entry.recorded_at,
        "causationid": message.causationid,
        "correlationid": message.correlationid,
    }


def _data(entry: Entry) -> Any:
    return orjson.loads(entry.message.data) if entry.message.data else None


def _held(held: Held) -> dict[str, Any]:
    return {
        "id": held.id,
        "place": f"{held.shard}-{held.seq}",
        "partner": held.partner,
        "subject": held.subject,
        "keys": list(held.keys),
        "issues": [each.as_dict() for each in held.issues],
        "since": held.since,
    }


def _position(at: TopicPosition) -> dict[str, Any]:
    return {**asdict(at), "lag": at.lag}


async def _present(asked: Awaitable[_T]) -> _T:
    try:
        return await asked
    except KeyError as error:
        raise _missing() from error


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise Refused("body.too_large", "请求体过大", "The body is too large", status=413)
    return body


def _why(body: bytes) -> tuple[str, str]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        given = None
    reason = given.get("reason") if isinstance(given, dict) else None
    by = given.get("by", "") if isinstance(given, dict) else ""
    if not isinstance(reason, str) or not reason.strip() or not isinstance(by, str):
        raise Refused(
            "request.reason",
            '需说明理由:{"reason": "…", "by": "…"}',
            'A reason is needed: {"reason": "…", "by": "…"}',
            status=422,
        )
    return reason.strip(), by.strip()


def _missing() -> Refused:
    return Refused("request.not_found", "没有此资源", "There is no such resource", status=404)


def _json(shown: object, status: int = 200) -> Response:
    return Response(orjson.dumps(shown), status, media_type="application/json")

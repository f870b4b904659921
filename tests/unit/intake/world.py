"""A gateway's HTTP door with a journal in memory, three partners and a small crosswalk."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
from fastapi import FastAPI

from adapters._kit import json_text
from adapters._kit.protocol import Answer, Document, Draft, Interface, Reply, Sender
from gateway.coding.crosswalk import Crosswalk
from gateway.flow import Received, Receiving
from gateway.intake import signing
from gateway.intake.canonical import BATCH, CANONICAL, STRUCTURED
from gateway.intake.http import make_app
from gateway.partners import Partner, Partners
from gateway.settings import Settings
from schemas.issues import Rejected, issue
from tests.fakes.journal import MemoryJournal

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEY = "synthetic-key-of-hospital-a"
OTHER_KEY = "synthetic-key-of-hospital-b"
SECRET = b"synthetic-secret-of-platform"
SM3_SECRET = b"synthetic-secret-of-regulator"
INSTITUTION = "H53000000001"
ENTERPRISE = "91530000TEXTAA0001"

_CODES = f"""partner,kind,local_code,unified_code,valid_from,valid_to
hospital-a,product,YP0001,XA01TEST000001,2026-01-01,
hospital-a,institution,H-01,{INSTITUTION},2026-01-01,
hospital-a,enterprise,D-01,{ENTERPRISE},2026-01-01,
hospital-b,product,YP0001,XA01TEST000001,2026-01-01,
hospital-b,institution,H-01,{INSTITUTION},2026-01-01,
hospital-b,enterprise,D-01,{ENTERPRISE},2026-01-01,
platform,product,YP0001,XA01TEST000001,2026-01-01,
platform,institution,H-01,{INSTITUTION},2026-01-01,
platform,enterprise,D-01,{ENTERPRISE},2026-01-01,
regulator,product,YP0001,XA01TEST000001,2026-01-01,
regulator,institution,H-01,{INSTITUTION},2026-01-01,
regulator,enterprise,D-01,{ENTERPRISE},2026-01-01,
"""


def order(message_id: str = "PO-1", **changed: Any) -> dict[str, Any]:
    """Return the data of a good order of one line."""
    line = {
        "line_no": 1,
        "local_code": "YP0001",
        "quantity": "100.0000",
        "unit_price": "1.230000",
        "amount": "123.00",
    }
    data = {
        "msg_id": message_id,
        "order_no": f"DD-{message_id}",
        "institution_local": "H-01",
        "distributor_local": "D-01",
        "placed_at": "2026-03-01T09:30:00+08:00",
        "lines": [line],
        "total": "123.00",
    }
    return {**data, **changed}


def with_line(message_id: str = "PO-1", **changed: Any) -> dict[str, Any]:
    """Return an order whose only line is changed."""
    data = order(message_id)
    data["lines"] = [{**data["lines"][0], **changed}]
    return data


def event(message_id: str = "PO-1", data: Any = None, **changed: Any) -> dict[str, Any]:
    """Return a good event; `changed` attributes of None are left out."""
    whole = {
        "specversion": "1.0",
        "id": message_id,
        "source": "urn:example:hospital-a",
        "type": "cn.jicai.order.placed.v1",
        "data": order(message_id) if data is None else copy.deepcopy(data),
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _read_desk(raw: bytes, sender: Sender) -> Document:
    """Read `{"no": …, "orders": [data, …]}`: several lines in one document."""
    given = json_text.parse(raw)
    if not isinstance(given, dict) or not isinstance(given.get("no"), str):
        raise Rejected(issue("id.missing", "no"))
    drafts = [
        Draft("cn.jicai.order.placed.v1", data, number)
        for number, data in enumerate(given["orders"], start=1)
    ]
    return Document(given["no"], "orders", drafts, wire=given)


def _reply_desk(raw: bytes, document: Document | None, answer: Answer, sender: Sender) -> Reply:
    named = document.message_id if document is not None else "?"
    return Reply(f"{named}|{answer.verdict}".encode(), "text/desk", 202)


DESK = Interface(
    name="desk",
    title="合成示例接口",
    media_types=("application/json", "text/desk"),
    read=_read_desk,
    reply=_reply_desk,
    says=("cn.jicai.order.placed.v1",),
    answers_natively=lambda _raw, accept: "text/desk" in accept,
)


def _partner(name: str, interface: str, auth: str, **more: Any) -> Partner:
    return Partner.model_validate(
        {"id": name, "name": f"合成示例 {name}", "interface": interface, "region": "530000"}
        | {"auth": auth, **more}
    )


def partner_on(interface: Interface) -> str:
    """Return the id of the partner that `open_world` puts on an interface."""
    return f"on-{interface.name.replace('_', '-')}"


@dataclass
class World:
    """What a test talks to and looks into."""

    app: FastAPI
    journal: MemoryJournal
    receiving: Receiving
    partners: Partners
    client: httpx.AsyncClient
    now: datetime = NOON
    observed: list[tuple[str, Received]] = field(default_factory=list)

    def pass_time(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    async def send(
        self,
        body: bytes,
        content_type: str = STRUCTURED,
        path: str = "/v1/messages",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send with hospital A's key, or with other headers."""
        proof = headers if headers is not None else by_key("hospital-a", KEY)
        return await self.client.post(
            path, content=body, headers={"content-type": content_type, **proof}
        )

    async def send_event(self, given: dict[str, Any], **more: Any) -> httpx.Response:
        return await self.send(orjson.dumps(given), **more)

    async def send_batch(self, events: Sequence[dict[str, Any]], **more: Any) -> httpx.Response:
        return await self.send(orjson.dumps(events), BATCH, **more)

    async def send_signed(
        self, body: bytes, content_type: str = STRUCTURED, path: str = "/v1/messages", **how: Any
    ) -> httpx.Response:
        """Send with the platform's signature; `how` goes to `signed`."""
        return await self.send(body, content_type, path, self.signed(body, path, **how))

    def signed(self, body: bytes, path: str = "/v1/messages", **how: Any) -> dict[str, str]:
        given: dict[str, Any] = {
            "partner": "platform",
            "secret": SECRET,
            "method": "POST",
            "timestamp": int(self.now.timestamp()),
        } | how
        return signing.sign(target=path, body=body, **given)

    def published(self) -> list[str]:
        """Return the types of all published messages, in order of arrival."""
        return [
            entry.message.type for entry in self.journal._state.arrived if entry.kind == "message"
        ]


def by_key(partner: str, key: str) -> dict[str, str]:
    return {signing.PARTNER: partner, signing.KEY: key}


@asynccontextmanager
async def open_world(
    folder: Path,
    interfaces: Sequence[Interface] = (),
    *,
    operator_header: Mapping[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """Open a door in this process; nothing listens on a socket."""
    (folder / "codes").mkdir(parents=True, exist_ok=True)
    (folder / "codes" / "all.csv").write_text(_CODES, encoding="utf-8")
    partners = Partners(
        {
            each.id: each
            for each in (
                _partner("hospital-a", "canonical", "api_key"),
                _partner("hospital-b", "canonical", "api_key"),
                _partner("hospital-off", "canonical", "api_key", enabled=False),
                _partner("platform", "desk", "hmac_sha256"),
                _partner("regulator", "canonical", "hmac_sm3"),
                _partner("secretless", "canonical", "hmac_sha256"),
                *(_partner(partner_on(one), one.name, "api_key") for one in interfaces),
            )
        },
        {
            "hospital-a": f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}".encode(),
            "hospital-b": OTHER_KEY.encode(),
            "hospital-off": KEY.encode(),
            "platform": SECRET,
            "regulator": SM3_SECRET,
            **{partner_on(one): KEY.encode() for one in interfaces},
        },
    )
    listed = {one.name: one for one in (CANONICAL, DESK, *interfaces)}
    journal = MemoryJournal()
    receiving = Receiving(journal, listed, Crosswalk.load(folder / "codes"))
    world: World

    def now() -> datetime:
        return world.now

    def observed(interface: str, all_received: Sequence[Received], seconds: float) -> None:
        assert seconds > 0
        world.observed += [(interface, received) for received in all_received]

    app = make_app(
        receiving,
        journal,
        partners,
        listed,
        Settings(home=folder, **settings),
        now,
        observed=observed,
        is_operator=lambda request: any(
            request.headers.get(name) == key for name, key in (operator_header or {}).items()
        ),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        world = World(app, journal, receiving, partners, client)
        yield world

"""A whole delivery room for tests: journal in memory, a feed, a clock that only tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from gateway.delivery.calling import delivery_client
from gateway.delivery.delivery import Delivery
from gateway.delivery.equipment import Limits
from gateway.delivery.routes import Route, Routes
from gateway.partners import Partner, Partners
from gateway.ports import Commit, Entry, EntryKind, Row, Search, Submission
from gateway.settings import Settings
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import ORDER_PLACED
from tests.fakes.journal import MemoryJournal
from tests.unit.delivery.counterpart import INTERFACES, Counterpart
from tests.unit.delivery.feed import FeedBus

BEGAN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def partner(name: str, url: str, **more: Any) -> Partner:
    given = {"id": name, "name": "测试对接方", "interface": "tiny", "region": "520000", "url": url}
    return Partner.model_validate(given | more)


def route(to: str, *types: str, **more: Any) -> Route:
    return Route.model_validate({"types": types, "to": to, "reason": "测试"} | more)


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Desk:
    """`delivery` may be made anew at any time with `restart`: only the journal and the bus remain."""

    def __init__(self, *partners: Partner, routes: list[Route] | None = None, **more: Any) -> None:
        self.journal = MemoryJournal()
        self.bus = FeedBus(self.journal)
        self.clock = Clock()
        self.partners = Partners(
            {one.id: one for one in partners}, {"insurer": b"secret-of-insurer"}
        )
        given = routes or [route(one.id, "cn.jicai.order.*") for one in partners]
        self.routes = Routes(tuple(given), INTERFACES)
        self.client: httpx.AsyncClient = delivery_client(2.0)
        self.settings = Settings(
            delivery_timeout=more.pop("timeout", 2.0),
            delivery_attempts=more.pop("attempts", 4),
            delivery_backoff=1.0,
            delivery_backoff_cap=8.0,
        )
        limits = Limits(self.settings.delivery_timeout, self.settings.delivery_attempts, **more)
        self.limits = limits
        self.attempts: list[tuple[str, str]] = []
        self.delivery = self.restart()

    def restart(self, owner: str = "") -> Delivery:
        self.delivery = Delivery(
            self.journal,
            self.bus,
            self.partners,
            self.routes,
            self.settings,
            self.clock,
            self.client,
            counted=lambda to, meaning: self.attempts.append((to, meaning)),
            owner=owner,
            limits=self.limits,
            draw=lambda: 1.0,
        )
        return self.delivery

    async def accepts(
        self, subject: str, type_: str = ORDER_PLACED, *, region: str = "520100", **data: Any
    ) -> str:
        """Let a message into the journal; return its id."""
        number = str(len(self.journal._state.arrived))
        identity = message_identity("hospital", number)
        message = Message(
            identity,
            f"{SOURCE_PREFIX}hospital",
            type_,
            subject,
            BEGAN.isoformat(),
            canonical_bytes({"n": number, **data}),
            region=region,
        )
        given = Submission(
            identity, "hospital", number, "tiny", b"raw", "00", BEGAN.isoformat(), [Row(message)]
        )
        await self.journal.commit(Commit(submissions=[given]))
        return identity

    async def queues(self) -> int:
        return await self.delivery.queue_step()

    async def sends(self) -> int:
        """Send until nothing may begin any more at this moment."""
        done = 0
        while tried := await self.delivery.send_step():
            done += tried
        return done

    async def delivers(self) -> int:
        while await self.queues():
            pass
        return await self.sends()

    async def receipts(self, type_: str = "") -> list[Entry]:
        kind = EntryKind.RECEIPT
        return await self.journal.search(Search(kind=kind, type=type_, limit=100_000))

    async def meanings(self) -> list[str]:
        """What became of deliveries, oldest first."""
        rows = await self.receipts()
        return [orjson.loads(row.message.data)["meaning"] for row in reversed(rows)]

    async def close(self) -> None:
        await self.delivery.stop()
        await self.client.aclose()


@asynccontextmanager
async def desk_for(
    insurer: Counterpart, parallel: int = 1, url: str = "", **more: Any
) -> AsyncIterator[Desk]:
    one = partner("insurer", url or insurer.url, settings={"parallel": str(parallel)})
    desk = Desk(one, **more)
    try:
        yield desk
    finally:
        await desk.close()

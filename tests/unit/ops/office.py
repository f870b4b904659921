"""The operators' application for tests, over a delivery room in memory."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse

from gateway.errors import Refused
from gateway.ops.admin import Desk, make_admin_router
from gateway.ops.chain import ChainWatch
from gateway.ops.health import Readiness, make_ops_router
from gateway.ops.metrics import Metrics
from tests.unit.delivery import desk as delivery_desk
from tests.unit.delivery.desk import partner

DELIVERED_TO = "insurer"


class Office:
    def __init__(self, key: str) -> None:
        self.room = delivery_desk.Desk(
            partner(DELIVERED_TO, "http://127.0.0.1:9"), breaker_threshold=1000
        )
        self.metrics = Metrics()
        self.lag: dict[str, int] = {}
        delivery = self.room.delivery
        self.readiness = Readiness(
            self.room.journal,
            self.room.bus,
            self.room.clock,
            relay_lag=self._lag,
            dead_letters=delivery.dead_letters.counts,
            pending=delivery.pending,
            metrics=self.metrics,
        )
        self.chain = ChainWatch(self.room.journal, self.room.clock)
        desk = Desk(self.room.journal, self.room.bus, delivery.dead_letters, delivery, self.chain)
        app = FastAPI()
        app.include_router(make_ops_router(self.readiness, self.metrics, SecretStr(key)))
        app.include_router(make_admin_router(SecretStr(key), desk))
        app.add_exception_handler(Refused, _refused)
        self.app = app
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(
            transport=transport,
            base_url="http://gateway",
            headers=[(b"x-admin-key", key.encode())] if key else [],
        )

    async def _lag(self) -> dict[str, int]:
        return self.lag

    async def dies(self, subject: str) -> str:
        """Let a message become a dead letter (nobody listens at the partner's address)."""
        identity = await self.room.accepts(subject, amount="1.00")
        await self.room.delivers()
        for _ in range(8):
            self.room.clock.passes(60)
            await self.room.sends()
        return identity

    async def close(self) -> None:
        await self.chain.stop()
        await self.http.aclose()
        await self.room.close()


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return JSONResponse({"error": {"code": error.code}}, error.status)


def said(response: httpx.Response) -> Any:
    return orjson.loads(response.content)

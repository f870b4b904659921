"""健康: `/healthz` (the process lives), `/readyz` (it can accept messages), `/metrics`.

Not ready means: send the partners elsewhere. What waits for a person (held, dead letters) is shown, and
does not make the gateway unready. The checks run at most every few seconds, whoever asks how often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import SecretStr

from gateway.ops.key import operators_only
from gateway.ops.metrics import CONTENT_TYPE, Metrics
from gateway.ports import Bus, Commit, Journal, Write

CHECK_EVERY: Final = timedelta(seconds=5)
CHECK_SECONDS: Final = 3.0
SPACE: Final = "ops"
_KEY: Final = "ready"

Counts = Callable[[], Awaitable[Mapping[str, int]]]
State = Literal["ok", "attention", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one component; only `failed` makes the gateway unready."""

    component: str
    state: State
    zh: str
    en: str
    count: int | None = None
    oldest_seconds: int | None = None
    """How long the oldest of what waits has waited."""


class Readiness:
    """The checks. `relay_lag`: unpublished rows by shard; `dead_letters`, `pending`: by partner."""

    def __init__(
        self,
        journal: Journal,
        bus: Bus,
        clock: Callable[[], datetime],
        *,
        relay_lag: Counts | None = None,
        dead_letters: Counts | None = None,
        pending: Counts | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._journal, self._bus, self._clock = journal, bus, clock
        self._relay_lag, self._dead, self._pending = relay_lag, dead_letters, pending
        self._metrics = metrics
        self._findings: list[Finding] = []
        self._checked_at: datetime | None = None
        self._checking = asyncio.Lock()

    async def findings(self) -> list[Finding]:
        """Return one finding per component, at most CHECK_EVERY old."""
        async with self._checking:
            now = self._clock()
            # a clock that went back must not freeze the findings
            if self._checked_at is None or not timedelta(0) <= now - self._checked_at < CHECK_EVERY:
                self._findings = list(
                    await asyncio.gather(
                        self._guarded("journal", self._journal_writes),
                        self._guarded("bus", self._bus_answers),
                        self._guarded("relay", self._relay_keeps_up),
                        self._guarded("held", self._held),
                        self._guarded("dead_letters", self._dead_letters),
                        self._guarded("delivery", self._deliveries),
                    )
                )
                self._checked_at = now
            return self._findings

    async def _guarded(self, component: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await check()
        except TimeoutError:
            return Finding(component, "failed", "检查超时", "The check took too long")
        except Exception as error:  # noqa: BLE001 - a failed check is the finding
            kind = type(error).__name__
            return Finding(component, "failed", f"不可用:{kind}", f"Not available: {kind}")

    async def _journal_writes(self) -> Finding:
        value = self._clock().isoformat().encode()
        await self._journal.commit(Commit(writes=[Write(SPACE, _KEY, value)]))
        return Finding("journal", "ok", "留痕库可写", "The journal can be written")

    async def _bus_answers(self) -> Finding:
        await self._bus.ends()
        return Finding("bus", "ok", "消息总线可达", "The bus can be reached")

    async def _relay_keeps_up(self) -> Finding:
        lag = dict(await self._relay_lag()) if self._relay_lag else {}
        if self._metrics:
            self._metrics.set_all("jicai_bus_relay_lag", "shard", lag)
        return Finding("relay", "ok", "待发布条目", "Rows to be published", sum(lag.values()))

    async def _held(self) -> Finding:
        counts = await self._journal.held_counts()
        now = self._clock()
        ages = {one.partner: _seconds_since(one.since, now) for one in counts}
        number = sum(one.count for one in counts)
        if self._metrics:
            self._metrics.set("jicai_coding_held", number)
            by_partner = {one.partner: one.count for one in counts}
            self._metrics.set_all("jicai_coding_held_of", "partner", by_partner)
            self._metrics.set_all("jicai_coding_hold_age", "partner", ages)
        oldest = max(ages.values(), default=None)
        return Finding("held", _waits(number), "挂起报文", "Held messages", number, oldest)

    async def _dead_letters(self) -> Finding:
        counts = dict(await self._dead()) if self._dead else {}
        if self._metrics:
            self._metrics.set_all("jicai_delivery_dead_letters", "partner", counts)
        number = sum(counts.values())
        return Finding("dead_letters", _waits(number), "死信", "Dead letters", number)

    async def _deliveries(self) -> Finding:
        counts = dict(await self._pending()) if self._pending else {}
        if self._metrics:
            self._metrics.set_all("jicai_delivery_pending", "partner", counts)
        number = sum(counts.values())
        return Finding("delivery", "ok", "待下发", "Deliveries that wait", number)


def make_ops_router(readiness: Readiness, metrics: Metrics, admin_key: SecretStr) -> APIRouter:
    """Return the routes; health needs no key and names no partner, metrics need the admin key."""
    router = APIRouter(tags=["运维 operations"])

    @router.get("/healthz", summary="存活 the process lives")
    async def live() -> Response:
        return _json({"status": "alive"})

    @router.get("/readyz", summary="就绪 the gateway can accept messages")
    async def ready() -> Response:
        findings = await readiness.findings()
        good = all(each.state != "failed" for each in findings)
        shown = {
            "status": "ready" if good else "unready",
            "components": [asdict(each) for each in findings],
        }
        return _json(shown, 200 if good else 503)

    @router.get(
        "/metrics",
        summary="指标 metrics for Prometheus (admin key)",
        dependencies=[Depends(operators_only(admin_key))],
    )
    async def scraped() -> Response:
        await readiness.findings()  # brings the gauges up to date
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    return router


def _seconds_since(since: str, now: datetime) -> int:
    held = datetime.fromisoformat(since)
    return max(0, int((now - (held if held.tzinfo else held.replace(tzinfo=UTC))).total_seconds()))


def _waits(number: int) -> State:
    return "attention" if number else "ok"


def _json(shown: object, status: int = 200) -> Response:
    return Response(orjson.dumps(shown), status, media_type="application/json")

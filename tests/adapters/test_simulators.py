"""The simulated partners over ASGI: moods, control, ledger."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import httpx
import pytest

from adapters._kit.protocol import Recipient, WireRequest, WireResponse
from adapters._kit.simulation import MOODS, Mood, SimulatedPartner
from adapters._kit.times import CHINA
from adapters.insurance_nhsa.simulator import InsurancePlatform
from adapters.registry import INTERFACES
from adapters.yunnan_procurement.simulator import YunnanPlatform
from tests.adapters.samples import message_of, outbound_samples

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=CHINA)
SECRET = b"synthetic-key"


def partners() -> list[tuple[str, SimulatedPartner]]:
    return [
        ("yunnan_procurement", YunnanPlatform(lambda: NOW, secret=SECRET)),
        ("insurance_nhsa", InsurancePlatform(lambda: NOW, secret=SECRET)),
    ]


def request_for(name: str) -> WireRequest:
    write = INTERFACES[name].write
    assert write is not None
    sample = next(one for one in outbound_samples() if one.interface.name == name)
    recipient = Recipient("p", "530000", NOW.isoformat(), 1, {}, SECRET)
    return write(message_of(sample.expected), recipient)


async def call(app: Any, request: WireRequest, *, limit: float = 5.0) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://partner.test"
    ) as client:
        headers = {**request.headers, "Content-Type": request.content_type}
        async with asyncio.timeout(limit):
            return await client.post("/service", content=request.body, headers=headers)


async def understood(name: str, app: Any, request: WireRequest) -> str:
    answer = await call(app, request)
    understand = INTERFACES[name].understand
    assert understand is not None
    response = WireResponse(answer.status_code, answer.content, dict(answer.headers))
    return understand(response, request).meaning


@pytest.mark.parametrize(("name", "app"), partners())
async def test_every_mood_but_the_good_ones_is_unknown_and_a_resend_settles_it(
    name: str, app: SimulatedPartner
) -> None:
    request = request_for(name)
    app.mood.script.extend(["unavailable", "throttled", "html", "error_inside"])
    meanings = [await understood(name, app, request) for _ in range(5)]
    assert meanings == ["retry"] * 4 + ["delivered"]
    app.mood.script.extend(["truncated", "ok"])
    assert [await understood(name, app, request) for _ in range(2)] == ["retry", "already"]


@pytest.mark.parametrize(("name", "app"), partners())
async def test_a_lost_answer_was_work_done_the_resend_finds_it(
    name: str, app: SimulatedPartner
) -> None:
    request = request_for(name)
    app.mood.script.append("lost")
    with pytest.raises(TimeoutError):
        await call(app, request, limit=0.2)
    assert len(app.ledger()["received"]) == 1
    assert await understood(name, app, request) == "already"
    assert len(app.ledger()["received"]) == 1


@pytest.mark.parametrize(("name", "app"), partners())
async def test_throttling_tells_when_to_come_back(name: str, app: SimulatedPartner) -> None:
    app.mood = Mood(always="throttled", retry_after=7)
    answer = await call(app, request_for(name))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(("name", "app"), partners())
async def test_slow_is_slow_but_good(name: str, app: SimulatedPartner) -> None:
    app.mood = Mood(always="slow", delay=0.05)
    assert await understood(name, app, request_for(name)) == "delivered"


@pytest.mark.parametrize(("name", "app"), partners())
async def test_the_mood_is_set_and_the_ledger_read_from_outside(
    name: str, app: SimulatedPartner
) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://partner.test"
    ) as client:
        told = await client.post("/_control", json={"script": ["unavailable"], "always": "ok"})
        assert told.status_code == 200
        for wrong in (b'{"always":"odd"}', b"[]", b"{", b'{"delay":"x"}'):
            assert (await client.post("/_control", content=wrong)).status_code == 422
        assert [await understood(name, app, request_for(name)) for _ in range(2)] == [
            "retry",
            "delivered",
        ]
        ledger = (await client.get("/_ledger")).json()
    assert len(ledger["received"]) == 1
    assert ledger["calls"] == 2


def test_every_mood_has_a_name_that_can_be_asked_for() -> None:
    for name in MOODS:
        Mood().change({"always": name})
    with pytest.raises(ValueError, match="no such mood"):
        Mood().change({"script": ["ok", "odd"]})


async def test_the_lifespan_is_answered() -> None:
    sent: list[str] = []
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await partners()[0][1]({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

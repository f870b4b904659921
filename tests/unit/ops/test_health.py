"""Whether the gateway lives, whether it can accept messages, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.ports import EntryKind, TopicPosition
from tests.journal.making import commit, order
from tests.unit.ops.office import Office, said


async def components(office: Office) -> dict[str, Any]:
    response = await office.http.get("/readyz", headers={"x-admin-key": ""})
    found = {each["component"]: each for each in said(response)["components"]}
    return {"status": response.status_code, **found}


async def test_a_live_process_says_so_without_a_key(office: Office) -> None:
    response = await office.http.get("/healthz", headers={"x-admin-key": ""})
    assert (response.status_code, said(response)) == (200, {"status": "alive"})


async def test_a_sound_gateway_is_ready(office: Office) -> None:
    found = await components(office)
    assert found["status"] == 200
    assert {name: found[name]["state"] for name in found if name != "status"} == {
        "journal": "ok",
        "bus": "ok",
        "relay": "ok",
        "held": "ok",
        "dead_letters": "ok",
        "delivery": "ok",
    }


async def test_a_journal_that_cannot_be_written_makes_it_unready(office: Office) -> None:
    office.room.journal.down = True
    found = await components(office)
    assert found["status"] == 503
    assert found["journal"]["state"] == "failed"
    assert found["bus"]["state"] == "ok"


async def test_a_bus_that_cannot_be_reached_makes_it_unready(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends() -> Sequence[TopicPosition]:
        raise OSError("broker-7.internal refused")

    monkeypatch.setattr(office.room.bus, "ends", ends)
    response = await office.http.get("/readyz")
    assert response.status_code == 503
    assert "broker-7" not in response.text


async def test_dead_letters_ask_for_attention_and_name_no_partner(office: Office) -> None:
    await office.dies("ORDER-1")
    office.lag = {"0": 3, "1": 4}
    response = await office.http.get("/readyz", headers={"x-admin-key": ""})
    found = {each["component"]: each for each in said(response)["components"]}
    assert response.status_code == 200
    assert (found["dead_letters"]["state"], found["dead_letters"]["count"]) == ("attention", 1)
    assert found["relay"]["count"] == 7
    assert "insurer" not in response.text


async def test_the_checks_are_not_made_anew_for_every_caller(office: Office) -> None:
    for _ in range(5):
        await components(office)
    assert office.room.journal.commits == 1
    office.room.clock.passes(5)
    await components(office)
    assert office.room.journal.commits == 2
    office.room.clock.passes(-3600)
    await components(office)
    assert office.room.journal.commits == 3


async def test_metrics_are_for_those_with_the_key(office: Office) -> None:
    await office.dies("ORDER-1")
    assert (await office.http.get("/metrics", headers={"x-admin-key": "x"})).status_code == 401
    response = await office.http.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'jicai_delivery_dead_letters{partner="insurer"} 1\n' in response.text
    assert 'jicai_delivery_pending{partner="insurer"} 0\n' in response.text
    bearer = [(b"authorization", "Bearer open-sesame-密钥".encode())]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(office.app), base_url="http://gateway"
    ) as scraper:
        assert (await scraper.get("/metrics", headers=bearer)).status_code == 200
        assert (
            await scraper.get("/metrics", headers={"authorization": "Basic x"})
        ).status_code == 401


async def test_what_is_held_is_counted_and_aged_and_named_only_to_those_with_the_key(
    office: Office,
) -> None:
    now = office.room.clock()
    for partner, number, hours in (("his-a", "1", 30), ("his-a", "2", 2), ("his-b", "3", 1)):
        given = order(number, f"s{number}", partner=partner, kind=EntryKind.HELD, keys=(number,))
        given.received_at = (now - timedelta(hours=hours)).isoformat()
        await office.room.journal.commit(commit(given))
    response = await office.http.get("/readyz", headers={"x-admin-key": ""})
    found = {each["component"]: each for each in said(response)["components"]}
    assert (found["held"]["state"], found["held"]["count"]) == ("attention", 3)
    assert found["held"]["oldest_seconds"] == 30 * 3600
    assert response.status_code == 200
    assert "his-" not in response.text
    shown = (await office.http.get("/metrics")).text
    for line in (
        "jicai_coding_held 3",
        'jicai_coding_held_of{partner="his-a"} 2',
        'jicai_coding_hold_age{partner="his-a"} 108000',
        'jicai_coding_hold_age{partner="his-b"} 3600',
    ):
        assert f"{line}\n" in shown

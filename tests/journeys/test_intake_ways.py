"""报文去向: where a message stands, told to those whose message it is and to nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.ports import Commit, EntryKind, Row, Write
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes
from tests.unit.intake.world import (
    KEY,
    OTHER_KEY,
    World,
    by_key,
    event,
    open_world,
    order,
    with_line,
)

DELIVERED_AT = "2026-03-02T12:00:05+00:00"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, bus="kafka") as opened:
        yield opened


async def _way(world: World, named: str, partner: str = "hospital-a", key: str = KEY) -> list[str]:
    answer = await world.client.get(f"/v1/messages/{named}", headers=by_key(partner, key))
    assert answer.status_code == 200
    return [each["state"] for each in answer.json()["states"]]


async def _deliver(world: World, identity: str, partner: str, meaning: str = "delivered") -> None:
    entry = await world.journal.find(identity)
    assert entry is not None
    data = {"partner": partner, "message_id": identity, "meaning": meaning}
    message = Message(
        id=f"receipt-{identity}-{partner}",
        source=SOURCE_PREFIX + partner,
        type="cn.jicai.delivery.receipted.v1",
        subject=entry.message.subject,
        time=DELIVERED_AT,
        data=canonical_bytes({**data, "delivered_at": DELIVERED_AT}),
        causationid=identity,
    )
    await world.journal.commit(Commit(receipts=[Row(message, kind=EntryKind.RECEIPT)]))


async def test_the_way_grows_as_the_message_goes_on(world: World) -> None:
    identity = (await world.send_event(event())).json()["id"]
    assert await _way(world, identity) == ["received"]
    entry = await world.journal.find(identity)
    assert entry is not None
    place = Write("relay", str(entry.shard), str(entry.seq).encode())
    await world.journal.commit(Commit(writes=[place]))
    assert await _way(world, identity) == ["received", "published"]
    await world.journal.commit(Commit(handled=[("policies", identity)]))
    assert await _way(world, identity) == ["received", "published", "concluded"]
    await _deliver(world, identity, "hospital-b")
    expected = ["received", "published", "concluded", "delivered"]
    assert await _way(world, identity) == expected


async def test_on_the_embedded_bus_what_is_received_is_published(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        identity = (await world.send_event(event())).json()["id"]
        assert await _way(world, identity) == ["received", "published"]


async def test_a_held_message_says_that_it_is_held(world: World) -> None:
    identity = (await world.send_event(event(data=with_line(local_code="NEW")))).json()["id"]
    assert await _way(world, identity) == ["received", "held"]


async def test_the_sender_sees_the_receipts(world: World) -> None:
    identity = (await world.send_event(event())).json()["id"]
    await _deliver(world, identity, "hospital-b")
    answer = await world.client.get(f"/v1/messages/{identity}", headers=by_key("hospital-a", KEY))
    (receipt,) = answer.json()["receipts"]
    assert (receipt["partner"], receipt["meaning"]) == ("hospital-b", "delivered")
    assert receipt["at"] == DELIVERED_AT


async def test_a_recipient_sees_the_message_and_only_its_own_receipt(world: World) -> None:
    identity = (await world.send_event(event())).json()["id"]
    theirs = by_key("hospital-b", OTHER_KEY)
    before = await world.client.get(f"/v1/messages/{identity}", headers=theirs)
    assert before.status_code == 404
    await _deliver(world, identity, "hospital-b")
    await _deliver(world, identity, "regulator")
    told = (await world.client.get(f"/v1/messages/{identity}", headers=theirs)).json()
    assert [each["partner"] for each in told["receipts"]] == ["hospital-b"]
    assert (told["message_id"], told["interface"]) == ("", "")


async def test_a_receipt_of_another_message_of_the_same_subject_opens_nothing(
    world: World,
) -> None:
    mine = order("A", order_no="SAME")
    secret = (await world.send_event(event("A", mine))).json()["id"]
    shown = (await world.send_event(event("B", order("B", order_no="SAME")))).json()["id"]
    await _deliver(world, shown, "hospital-b")
    theirs = by_key("hospital-b", OTHER_KEY)
    assert (await world.client.get(f"/v1/messages/{shown}", headers=theirs)).status_code == 200
    assert (await world.client.get(f"/v1/messages/{secret}", headers=theirs)).status_code == 404


async def test_a_receipt_is_not_a_message(world: World) -> None:
    identity = (await world.send_event(event())).json()["id"]
    await _deliver(world, identity, "hospital-a")
    named = f"receipt-{identity}-hospital-a"
    answer = await world.client.get(f"/v1/messages/{named}", headers=by_key("hospital-a", KEY))
    assert answer.status_code == 404

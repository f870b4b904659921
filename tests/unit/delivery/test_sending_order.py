"""Deliveries over real HTTP in order: one subject's messages never overtake each other."""

from __future__ import annotations

from schemas.envelope import message_identity
from schemas.events import SETTLEMENT_HELD, SETTLEMENT_RESUMED
from tests.unit.delivery.counterpart import Answer, Counterpart
from tests.unit.delivery.desk import desk_for, route


async def test_a_message_arrives_once_with_one_receipt(insurer: Counterpart) -> None:
    async with desk_for(insurer) as desk:
        identity = await desk.accepts("ORDER-1", amount="12.50")
        assert await desk.delivers() == 1
        assert await desk.delivers() == 0
        [row] = await desk.receipts()
        assert [call.key for call in insurer.calls] == [identity]
        assert insurer.calls[0].path == "/inbox"
        receipt = row.message
        assert receipt.id == message_identity("delivery", f"{identity}:insurer")
        assert (receipt.type, receipt.subject) == ("cn.jicai.delivery.receipted.v1", "ORDER-1")
        assert (receipt.source, receipt.causationid) == ("urn:jicai:partner:insurer", identity)
        said = receipt.content()
        assert (said["meaning"], said["reference"], said["attempts"]) == ("delivered", "R1", 1)
        assert said["delivered_at"] == "2026-11-02T08:00:00+00:00"
        assert len(said["request_digest"]) == len(said["response_digest"]) == 64
        assert await desk.delivery.pending() == {"insurer": 0}
        assert desk.attempts == [("insurer", "delivered")]


async def test_messages_of_one_subject_arrive_in_order_even_with_many_under_way(
    insurer: Counterpart,
) -> None:
    insurer.behaviour = lambda call: Answer(after=0.02 + int(call.body["data"]["n"]) % 3 / 100)
    async with desk_for(insurer, parallel=8) as desk:
        for number in range(40):
            await desk.accepts(f"ORDER-{number % 5}", turn=number)
        await desk.delivers()
        for subject in range(5):
            turns = [
                call.body["data"]["turn"]
                for call in insurer.calls
                if call.body["subject"] == f"ORDER-{subject}"
            ]
            assert turns == list(range(subject, 40, 5))
        assert insurer.overlaps == []
        assert insurer.most_under_way == 5
        assert len(await desk.receipts()) == 40


async def test_by_default_one_delivery_after_the_other(insurer: Counterpart) -> None:
    async with desk_for(insurer) as desk:
        for number in range(6):
            await desk.accepts(f"ORDER-{number}")
        await desk.delivers()
        assert insurer.most_under_way == 1
        assert insurer.subjects() == [f"ORDER-{number}" for number in range(6)]


async def test_hold_and_resumption_go_out_in_the_journals_order_whatever_the_bus_does(
    insurer: Counterpart,
) -> None:
    async with desk_for(insurer, routes=[route("insurer", "cn.jicai.settlement.*")]) as desk:
        held = await desk.accepts("H1/D1", SETTLEMENT_HELD, turn=1)
        resumed = await desk.accepts("H1/D1", SETTLEMENT_RESUMED, turn=2)
        desk.bus.order = [resumed, held]
        await desk.delivers()
        assert [call.body["data"]["turn"] for call in insurer.calls] == [1, 2]


async def test_of_one_subject_the_earlier_goes_first_though_queued_in_a_later_batch(
    insurer: Counterpart,
) -> None:
    async with desk_for(insurer, routes=[route("insurer", "cn.jicai.settlement.*")]) as desk:
        held = await desk.accepts("H1/D1", SETTLEMENT_HELD, turn=1)
        resumed = await desk.accepts("H1/D1", SETTLEMENT_RESUMED, turn=2)
        desk.bus.order = [resumed, held]
        published = desk.bus.published()
        for each in published:
            await desk.delivery._queueing._queued([each.message])
        await desk.sends()
        assert [call.body["data"]["turn"] for call in insurer.calls] == [1, 2]


async def test_the_head_blocks_the_queue_while_it_is_retried(insurer: Counterpart) -> None:
    insurer.script = [Answer(500, b"oops")]
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1")
        await desk.accepts("ORDER-2")
        assert await desk.delivers() == 1
        desk.clock.passes(0.99)
        assert await desk.sends() == 0
        desk.clock.passes(0.01)
        assert await desk.sends() == 2
        assert insurer.subjects() == ["ORDER-1", "ORDER-1", "ORDER-2"]


async def test_with_parallel_only_the_same_subject_waits_for_a_retry(insurer: Counterpart) -> None:
    insurer.script = [Answer(500, b"oops")]
    async with desk_for(insurer, parallel=4) as desk:
        await desk.accepts("ORDER-1", turn=1)
        await desk.accepts("ORDER-1", turn=2)
        await desk.accepts("ORDER-2", turn=3)
        await desk.queues()
        await desk.delivery.send_step()
        await desk.sends()
        assert insurer.subjects() == ["ORDER-1", "ORDER-2"]
        desk.clock.passes(1)
        await desk.sends()
        turns = [call.body["data"]["turn"] for call in insurer.calls]
        assert sorted(turns[:2]) == [1, 3]
        assert turns[2:] == [1, 2]

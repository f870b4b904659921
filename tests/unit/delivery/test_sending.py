"""Deliveries to a partner over real HTTP: order, receipts, the unknown, the drawer."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from gateway.errors import Unavailable
from schemas.envelope import message_identity
from schemas.events import SETTLEMENT_HELD, SETTLEMENT_RESUMED
from tests.unit.delivery.counterpart import Answer, Call, Counterpart
from tests.unit.delivery.desk import Desk, partner, route


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


async def test_a_timeout_after_the_work_is_resent_and_ends_as_already(insurer: Counterpart) -> None:
    insurer.script = [Answer(after=0.5)]
    async with desk_for(insurer, timeout=0.15) as desk:
        identity = await desk.accepts("ORDER-1")
        await desk.delivers()
        assert await desk.receipts() == []
        assert await desk.delivery.pending() == {"insurer": 1}
        desk.clock.passes(1)
        await desk.sends()
        assert [call.key for call in insurer.calls] == [identity, identity]
        assert [call.body["msgid"] for call in insurer.calls] == [identity, identity]
        assert insurer.worked == [identity]
        [row] = await desk.receipts()
        assert row.message.content()["meaning"] == "already"
        assert row.message.content()["attempts"] == 2


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7), ("Mon, 02 Nov 2026 08:00:09 GMT", 9), ("0", 1), ("soon", 1), ("-5", 1)],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_respected(
    insurer: Counterpart, status: int, retry_after: str, seconds: int
) -> None:
    insurer.script = [Answer(status, b"", {"retry-after": retry_after})]
    async with desk_for(insurer, parallel=2) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        desk.clock.passes(seconds - 0.01)
        assert await desk.sends() == 0
        desk.clock.passes(0.01)
        assert await desk.sends() == 1
        assert await desk.meanings() == ["delivered"]


async def test_the_whole_partner_rests_when_it_asks_for_patience(insurer: Counterpart) -> None:
    insurer.script = [Answer(429, b"", {"retry-after": "30"})]
    async with desk_for(insurer, parallel=4) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        await desk.accepts("ORDER-2")
        assert await desk.delivers() == 0
        desk.clock.passes(30)
        assert await desk.sends() == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html><body>maintenance</body></html>", {"content-type": "text/html"}),
        Answer(200, b""),
        Answer(200, b'{"code":'),
        Answer(500, b'{"code":"0"}'),
        Answer(404, b'{"code":"0"}'),
        Answer(500, b'{"code":"dup"}'),
        Answer(302, b"", {"location": "http://127.0.0.1:1/elsewhere"}),
        Answer(200, b"x" * (2 << 20)),
        Answer(200, gzip.compress(b"0" * (8 << 20), mtime=0), {"content-encoding": "gzip"}),
        Answer(200, b"not gzip", {"content-encoding": "gzip"}),
        Answer(200, gzip.compress(b'{"code":"0"}', mtime=0)[:-9], {"content-encoding": "gzip"}),
        Answer(200, b'{"code":"0"}', {"content-encoding": "br"}),
        Answer(200, b'{"code":"0"}', {"content-length": "99"}),
    ],
    ids=lambda answer: f"{answer.status}-{len(answer.body)}-{answer.body[:8]!r}",
)
async def test_an_answer_that_says_nothing_certain_is_unknown(
    insurer: Counterpart, answer: Answer
) -> None:
    answer.works = False
    insurer.script = [answer]
    async with desk_for(insurer) as desk:
        identity = await desk.accepts("ORDER-1")
        assert await desk.delivers() == 1
        assert await desk.receipts() == []
        desk.clock.passes(1)
        assert await desk.sends() == 1
        assert [call.key for call in insurer.calls] == [identity, identity]
        assert await desk.meanings() == ["delivered"]


async def test_a_compressed_answer_is_understood(insurer: Counterpart) -> None:
    body = gzip.compress(b'{"code":"0","reference":"Z9"}')
    insurer.script = [Answer(200, body, {"content-encoding": "gzip"})]
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        [row] = await desk.receipts()
        assert row.message.content()["reference"] == "Z9"


async def test_a_conflict_that_says_already_is_as_good_as_delivered(insurer: Counterpart) -> None:
    insurer.script = [Answer(409, b'{"code":"dup"}')]
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        assert await desk.meanings() == ["already"]


async def test_a_partner_that_is_not_there_is_retried(insurer: Counterpart) -> None:
    async with desk_for(insurer, url="http://127.0.0.1:9") as desk:
        await desk.accepts("ORDER-1")
        assert await desk.delivers() == 1
        assert await desk.delivery.pending() == {"insurer": 1}
        desk.partners = type(desk.partners)({"insurer": partner("insurer", insurer.url)}, {})
        desk.delivery.replace(desk.partners, desk.routes)
        desk.clock.passes(1)
        assert await desk.sends() == 1
        assert await desk.meanings() == ["delivered"]


@pytest.mark.parametrize("subject", ["refused", "unsayable", "faulty"])
async def test_what_cannot_be_delivered_becomes_a_dead_letter_and_the_next_goes_on(
    insurer: Counterpart, subject: str
) -> None:
    insurer.behaviour = lambda call: (
        Answer(200, b'{"code":"no","text":"unknown code"}', works=False)
        if call.body["subject"] == "refused" and call.body["data"]["turn"] == 1
        else Answer()
    )
    async with desk_for(insurer) as desk:
        identity = await desk.accepts(subject, turn=1)
        await desk.accepts("ORDER-2", turn=2)
        await desk.delivers()
        [filed] = await desk.delivery.dead_letters.listed()
        assert (filed.partner, filed.letter.item.message_id) == ("insurer", identity)
        assert filed.letter.reason == "refused"
        assert filed.letter.item.attempts == 1
        assert await desk.meanings() == ["dead", "delivered"]
        assert await desk.delivery.pending() == {"insurer": 0}


async def test_a_later_message_of_the_same_subject_is_delivered_past_a_dead_letter(
    insurer: Counterpart,
) -> None:
    insurer.script = [Answer(200, b'{"code":"no"}', works=False)]
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1", turn=1)
        await desk.accepts("ORDER-1", turn=2)
        await desk.delivers()
        assert [call.body["data"]["turn"] for call in insurer.calls] == [1, 2]
        assert await desk.meanings() == ["dead", "delivered"]


async def test_attempts_end_at_the_limit_with_doubling_waits(insurer: Counterpart) -> None:
    insurer.behaviour = lambda _call: Answer(500, b"oops")
    async with desk_for(insurer, attempts=4) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        for wait in (1, 2, 4):
            desk.clock.passes(wait - 0.01)
            assert await desk.sends() == 0
            desk.clock.passes(0.01)
            assert await desk.sends() == 1
        [filed] = await desk.delivery.dead_letters.listed()
        assert (filed.letter.reason, filed.letter.item.attempts) == ("exhausted", 4)
        assert filed.letter.status == 500
        assert await desk.meanings() == ["dead"]


async def test_the_breaker_opens_rests_and_recovers_without_burning_attempts(
    insurer: Counterpart,
) -> None:
    insurer.behaviour = lambda _call: Answer(503, b"")
    async with desk_for(insurer, parallel=4, attempts=4, breaker_threshold=3) as desk:
        for number in range(6):
            await desk.accepts(f"ORDER-{number}")
        await desk.queues()
        await desk.delivery.send_step()
        assert len(insurer.calls) == 4
        assert desk.delivery.breakers() == {"insurer": "open"}
        desk.clock.passes(29)
        assert await desk.sends() == 0
        for _ in range(20):
            desk.clock.passes(31)
            assert await desk.sends() == 1
        assert await desk.delivery.dead_letters.listed() == []
        insurer.behaviour = lambda _call: Answer()
        desk.clock.passes(31)
        await desk.sends()
        assert desk.delivery.breakers() == {"insurer": "closed"}
        assert await desk.meanings() == ["delivered"] * 6


async def test_a_message_that_brings_the_partner_down_does_not_block_it_for_ever(
    insurer: Counterpart,
) -> None:
    insurer.behaviour = lambda call: (
        Answer(502, b"") if call.body["subject"] == "poison" else Answer()
    )
    async with desk_for(insurer, attempts=4, breaker_threshold=2) as desk:
        await desk.accepts("poison")
        await desk.accepts("ORDER-2")
        await desk.delivers()
        desk.clock.passes(31)
        await desk.sends()
        desk.clock.passes(24 * 3600)
        for _ in range(6):
            await desk.sends()
            desk.clock.passes(31)
        assert await desk.meanings() == ["dead", "delivered"]


async def test_throttling_does_not_open_the_breaker(insurer: Counterpart) -> None:
    insurer.behaviour = lambda _call: Answer(429, b"")
    async with desk_for(insurer, attempts=4, breaker_threshold=2) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        desk.clock.passes(1)
        await desk.sends()
        desk.clock.passes(2)
        await desk.sends()
        assert desk.delivery.breakers() == {"insurer": "closed"}


async def test_a_run_of_dead_letters_stops_the_partner_until_an_operator_resumes(
    insurer: Counterpart,
) -> None:
    insurer.behaviour = lambda _call: Answer(200, b'{"code":"no"}', works=False)
    async with desk_for(insurer, run_limit=20) as desk:
        for number in range(30):
            await desk.accepts(f"ORDER-{number}")
        await desk.delivers()
        assert len(insurer.calls) == 20
        assert set(await desk.delivery.paused()) == {"insurer"}
        assert await desk.delivery.pending() == {"insurer": 10}
        desk.restart()
        assert await desk.delivers() == 0
        insurer.behaviour = lambda _call: Answer()
        assert await desk.delivery.resume("insurer")
        assert not await desk.delivery.resume("insurer")
        assert await desk.delivers() == 10
        assert await desk.delivery.paused() == {}


async def test_nineteen_dead_letters_and_a_success_do_not_stop_the_partner(
    insurer: Counterpart,
) -> None:
    insurer.script = [Answer(200, b'{"code":"no"}', works=False)] * 19 + [Answer()]
    insurer.script += [Answer(200, b'{"code":"no"}', works=False)] * 19
    async with desk_for(insurer, run_limit=20) as desk:
        for number in range(39):
            await desk.accepts(f"ORDER-{number}")
        await desk.delivers()
        assert await desk.delivery.paused() == {}
        assert len(await desk.delivery.dead_letters.listed()) == 38


async def test_more_than_half_dead_of_the_last_hundred_stops_the_partner(
    insurer: Counterpart,
) -> None:
    refused = Answer(200, b'{"code":"no"}', works=False)
    insurer.behaviour = lambda call: refused if int(call.body["data"]["turn"]) % 3 else Answer()
    async with desk_for(insurer, run_limit=20) as desk:
        for number in range(120):
            await desk.accepts(f"ORDER-{number}", turn=number)
        await desk.delivers()
        assert set(await desk.delivery.paused()) == {"insurer"}
        assert 100 <= len(insurer.calls) <= 102


async def test_a_restart_in_the_middle_loses_and_doubles_nothing(insurer: Counterpart) -> None:
    async with desk_for(insurer, parallel=2) as desk:
        identities = [await desk.accepts(f"ORDER-{number}") for number in range(9)]
        await desk.queues()
        await desk.delivery.send_step()
        desk.restart()
        await desk.delivery.send_step()
        desk.restart()
        desk.bus.committed.clear()  # the bus delivers everything again
        await desk.delivers()
        assert sorted(insurer.worked) == sorted(identities)
        assert len(insurer.calls) == 9
        assert await desk.meanings() == ["delivered"] * 9


async def test_attempts_and_waits_survive_a_restart(insurer: Counterpart) -> None:
    insurer.behaviour = lambda _call: Answer(500, b"oops")
    async with desk_for(insurer, attempts=3) as desk:
        await desk.accepts("ORDER-1")
        await desk.delivers()
        desk.restart()
        assert await desk.sends() == 0
        desk.clock.passes(1)
        assert await desk.sends() == 1
        desk.restart()
        desk.clock.passes(2)
        assert await desk.sends() == 1
        [filed] = await desk.delivery.dead_letters.listed()
        assert filed.letter.item.attempts == 3


async def test_when_the_receipt_cannot_be_written_the_message_is_sent_again(
    insurer: Counterpart,
) -> None:
    async with desk_for(insurer) as desk:

        def breaks_the_journal(_call: Call) -> Answer:
            desk.journal.down = True
            return Answer()

        insurer.behaviour = breaks_the_journal
        await desk.accepts("ORDER-1")
        await desk.queues()
        with pytest.raises(Unavailable):
            await desk.sends()
        desk.journal.down = False
        insurer.behaviour = lambda _call: Answer()
        desk.restart()
        await desk.sends()
        assert await desk.meanings() == ["already"]
        assert len(insurer.calls) == 2


async def test_a_partner_never_sees_what_is_meant_for_another(
    insurer: Counterpart, platform: Counterpart
) -> None:
    one = partner("insurer", insurer.url, settings={"parallel": "4"})
    other = partner("platform", platform.url, settings={"parallel": "4"})
    routes = [
        route("insurer", "cn.jicai.settlement.*"),
        route("platform", "cn.jicai.order.*", regions=["530000"]),
        route("insurer", "cn.jicai.order.*", institutions=["H52010000001"]),
    ]
    desk = Desk(one, other, routes=routes)
    try:
        await desk.accepts("H1/D1", SETTLEMENT_HELD)
        await desk.accepts("YN-1", region="530900")
        await desk.accepts("GZ-1", region="520100", institution="H52010000001")
        await desk.accepts("GZ-2", region="520100", institution="H52010000002")
        await desk.delivers()
        assert sorted(insurer.subjects()) == ["GZ-1", "H1/D1"]
        assert platform.subjects() == ["YN-1"]
        assert {call.body["to"] for call in insurer.calls} == {"insurer"}
        assert {call.body["to"] for call in platform.calls} == {"platform"}
        assert all("cookie" not in call.headers for call in insurer.calls)
    finally:
        await desk.close()


async def test_cookies_of_a_partner_are_not_carried_along(insurer: Counterpart) -> None:
    insurer.behaviour = lambda _call: Answer(headers={"set-cookie": "session=1; Path=/"})
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1")
        await desk.accepts("ORDER-2")
        await desk.delivers()
        assert all("cookie" not in call.headers for call in insurer.calls)


async def test_the_queue_of_a_disabled_partner_waits(insurer: Counterpart) -> None:
    off = partner("insurer", insurer.url, enabled=False)
    desk = Desk(off)
    try:
        await desk.accepts("ORDER-1")
        assert await desk.delivers() == 0
        assert await desk.delivery.pending() == {"insurer": 1}
        on = type(desk.partners)({"insurer": partner("insurer", insurer.url)}, {})
        desk.delivery.replace(on, desk.routes)
        assert await desk.delivers() == 1
    finally:
        await desk.close()


async def test_of_two_processes_only_the_one_with_the_lease_sends(insurer: Counterpart) -> None:
    async with desk_for(insurer) as desk:
        first = desk.restart("first")
        await desk.accepts("ORDER-1")
        await desk.accepts("ORDER-2")
        await first.queue_step()
        assert await first.send_step() == 1
        second = desk.restart("second")
        assert await second.send_step() == 0
        desk.clock.passes(30)
        assert await second.send_step() == 1
        assert await first.send_step() == 0
        assert await desk.meanings() == ["delivered", "delivered"]
        assert orjson.loads((await desk.receipts())[0].message.data)["partner"] == "insurer"

"""When deliveries to a partner stop: the breaker, and a run of dead letters."""

from __future__ import annotations

from tests.unit.delivery.counterpart import Answer, Counterpart
from tests.unit.delivery.desk import desk_for


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

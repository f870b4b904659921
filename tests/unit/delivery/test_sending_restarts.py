"""Deliveries across restarts and between processes: nothing lost, nothing doubled."""

from __future__ import annotations

import orjson
import pytest

from gateway.errors import Unavailable
from tests.unit.delivery.counterpart import Answer, Call, Counterpart
from tests.unit.delivery.desk import desk_for


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

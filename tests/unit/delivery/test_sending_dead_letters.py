"""Deliveries that end as dead letters (死信), and those behind them that go on."""

from __future__ import annotations

import pytest

from tests.unit.delivery.counterpart import Answer, Counterpart
from tests.unit.delivery.desk import desk_for


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

"""The drawer: list, inspect, replay, discard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.delivery.queue_item import dead_space
from gateway.delivery.receipts import DISCARDED
from tests.unit.delivery.counterpart import Answer, Counterpart
from tests.unit.delivery.desk import Desk, partner

REFUSED = Answer(200, b'{"code":"no","text":"bad \\ud800 half"}', works=False)


@pytest_asyncio.fixture
async def desk(insurer: Counterpart) -> AsyncIterator[Desk]:
    desk = Desk(partner("insurer", insurer.url))
    insurer.behaviour = lambda _call: REFUSED
    yield desk
    await desk.close()


async def test_a_letter_tells_why_and_shows_its_message(desk: Desk) -> None:
    identity = await desk.accepts("ORDER-1")
    await desk.delivers()
    letters = desk.delivery.dead_letters
    [filed] = await letters.listed("insurer")
    letter, entry = await letters.inspect("insurer", filed.key)
    assert (letter.reason, letter.code, letter.text) == ("refused", "no", "bad ? half")
    assert letter.died_at == "2026-11-02T08:00:00+00:00"
    assert len(letter.response_digest) == 64
    assert entry is not None
    assert entry.message.id == identity
    assert await letters.counts() == {"insurer": 1}


async def test_a_replayed_letter_goes_to_the_end_with_fresh_attempts_and_arrives(
    desk: Desk, insurer: Counterpart
) -> None:
    first = await desk.accepts("ORDER-1")
    await desk.delivers()
    await desk.accepts("ORDER-2")
    await desk.queues()
    insurer.behaviour = lambda _call: Answer()
    letters = desk.delivery.dead_letters
    [filed] = await letters.listed()
    assert await letters.replay("insurer", filed.key) == 1
    assert await letters.listed() == []
    await desk.sends()
    assert insurer.subjects() == ["ORDER-1", "ORDER-2", "ORDER-1"]
    assert insurer.calls[-1].key == first
    assert await desk.meanings() == ["dead", "delivered", "delivered"]


async def test_a_letter_that_dies_again_is_filed_again(desk: Desk) -> None:
    await desk.accepts("ORDER-1")
    await desk.delivers()
    letters = desk.delivery.dead_letters
    assert await letters.replay("insurer") == 1
    await desk.sends()
    [filed] = await letters.listed()
    assert filed.letter.item.replays == 1
    assert await desk.meanings() == ["dead", "dead"]
    assert len({row.message.id for row in await desk.receipts()}) == 2


async def test_all_letters_of_a_partner_are_replayed_in_order(
    desk: Desk, insurer: Counterpart
) -> None:
    for number in range(5):
        await desk.accepts(f"ORDER-{number}")
    await desk.delivers()
    insurer.behaviour = lambda _call: Answer()
    assert await desk.delivery.dead_letters.replay("insurer") == 5
    assert await desk.delivery.dead_letters.replay("insurer") == 0
    await desk.sends()
    assert insurer.subjects()[5:] == [f"ORDER-{number}" for number in range(5)]


async def test_a_discarded_letter_leaves_its_reason_in_the_journal(desk: Desk) -> None:
    identity = await desk.accepts("ORDER-1")
    await desk.delivers()
    letters = desk.delivery.dead_letters
    [filed] = await letters.listed()
    await letters.discard("insurer", filed.key, " 重复下发 ", "值班员甲")
    assert await letters.listed() == []
    [row] = await desk.receipts(DISCARDED)
    said = row.message.content()
    assert row.message.causationid == identity
    assert (said["meaning"], said["discarded_for"], said["discarded_by"]) == (
        "discarded",
        "重复下发",
        "值班员甲",
    )
    assert await desk.sends() == 0


async def test_what_is_not_there_and_what_has_no_reason_is_refused(desk: Desk) -> None:
    await desk.accepts("ORDER-1")
    await desk.delivers()
    letters = desk.delivery.dead_letters
    [filed] = await letters.listed()
    with pytest.raises(ValueError, match="reason"):
        await letters.discard("insurer", filed.key, "  ")
    for partner_id, key in (("insurer", "9" * 16), ("nobody", filed.key)):
        with pytest.raises(KeyError):
            await letters.inspect(partner_id, key)
        with pytest.raises(KeyError):
            await letters.replay(partner_id, key)
        with pytest.raises(KeyError):
            await letters.discard(partner_id, key, "x")
    assert await letters.replay("nobody") == 0
    assert len(await letters.listed()) == 1


async def test_listing_goes_on_after_a_key_and_stops_at_the_limit(desk: Desk) -> None:
    for number in range(5):
        await desk.accepts(f"ORDER-{number}")
    await desk.delivers()
    letters = desk.delivery.dead_letters
    first = await letters.listed("insurer", limit=2)
    rest = await letters.listed("insurer", after=first[-1].key, limit=10)
    assert [each.letter.item.subject for each in first + rest] == [f"ORDER-{n}" for n in range(5)]
    assert len(await letters.listed(limit=3)) == 3
    assert len(await desk.journal.scan(dead_space("insurer"))) == 5


async def test_two_operators_replay_a_letter_once(desk: Desk) -> None:
    await desk.accepts("ORDER-1")
    await desk.delivers()
    letters = desk.delivery.dead_letters
    [filed] = await letters.listed()
    assert await letters.replay("insurer", filed.key) == 1
    with pytest.raises(KeyError):
        await letters.replay("insurer", filed.key)
    assert await desk.delivery.pending() == {"insurer": 1}

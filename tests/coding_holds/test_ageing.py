"""挂起告警: what waits too long is told once per step, by however many processes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.coding.ageing import HoldAgeing
from gateway.partners import Partner, Partners
from gateway.policies.explaining.explain import explain
from gateway.ports import Journal, Search
from schemas.envelope import Message, message_identity
from schemas.events import CROSSWALK_HOLD_AGED, EVENT_TYPES
from tests.journal.conftest import AnyJournal
from tests.unit.coding.waiting import PARTNER, acceptance, crosswalk, holds, put, submission

HELD_AT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # what `submission` is received at
DAY = timedelta(days=1)


def ageing(journal: Journal, *partners: Partner, warn_after: timedelta = DAY) -> HoldAgeing:
    listed = Partners({one.id: one for one in partners or (PARTNER,)}, {})
    return HoldAgeing(journal, lambda: listed, warn_after, lambda: HELD_AT)


async def told(journal: Journal) -> list[Message]:
    found = await journal.search(Search(type=CROSSWALK_HOLD_AGED, limit=1000))
    return [each.message for each in reversed(found)]


def identity(number: str) -> str:
    return message_identity("his-a", number)


async def test_nothing_is_told_before_the_time_and_once_after_it(journal: AnyJournal) -> None:
    await put(journal, submission("m1", acceptance("1")), submission("m2", acceptance("1")))
    look = ageing(journal).look
    assert await look(HELD_AT + DAY - timedelta(seconds=1)) == 0
    assert await look(HELD_AT + DAY) == 1
    assert await look(HELD_AT + 2 * DAY) == 0
    (message,) = await told(journal)
    EVENT_TYPES[CROSSWALK_HOLD_AGED].model.model_validate_json(message.data)
    content = message.content()
    assert message.subject == "his-a/product/1"
    assert (message.partner, message.region) == ("coding", "520000")
    assert (content["waiting"], content["step"]) == (2, 1)
    assert content["since"] == "2026-03-02T00:00:00+08:00"
    assert content["sample_ids"] == [identity("m1"), identity("m2")]
    tree = await explain(journal, message.id)
    assert [child.id for child in tree.children] == content["sample_ids"]


async def test_it_is_told_again_at_three_and_seven_times_the_limit(journal: AnyJournal) -> None:
    await put(journal, submission("m1", acceptance("1")))
    look = ageing(journal).look
    counts = [await look(HELD_AT + days * DAY) for days in range(1, 9)]
    assert counts == [1, 0, 1, 0, 0, 0, 1, 0]
    assert [each.content()["step"] for each in await told(journal)] == [1, 3, 7]


async def test_a_step_that_was_slept_through_is_not_told_afterwards(journal: AnyJournal) -> None:
    await put(journal, submission("m1", acceptance("1")))
    assert await ageing(journal).look(HELD_AT + 8 * DAY) == 1
    (message,) = await told(journal)
    assert message.content()["step"] == 7


async def test_each_code_is_told_for_itself_and_only_what_lacks_it_counts(
    journal: AnyJournal,
) -> None:
    await put(
        journal,
        submission("m1", acceptance("1", "7")),
        submission("m2", acceptance("2", "8")),
        submission("m3", acceptance("2", "new-ward")),
    )
    assert await ageing(journal).look(HELD_AT + DAY) == 3
    found = {each.subject: each.content()["waiting"] for each in await told(journal)}
    assert found == {
        "his-a/product/1": 1,
        "his-a/product/2": 2,
        "his-a/institution/new-ward": 1,
    }


async def test_several_processes_tell_it_once(journal: AnyJournal) -> None:
    await put(journal, *(submission(f"m{n}", acceptance(str(n), "7")) for n in range(8)))
    looking = [ageing(journal).look(HELD_AT + timedelta(hours=24 + n)) for n in range(4)]
    assert sum(await asyncio.gather(*looking)) == 8
    assert len(await told(journal)) == 8


async def test_a_code_that_is_held_again_later_begins_anew(journal: AnyJournal) -> None:
    watch = ageing(journal)
    await put(journal, submission("m1", acceptance("1")))
    assert await watch.look(HELD_AT + DAY) == 1
    assert await holds(journal).release(crosswalk("1"), HELD_AT) == 1
    assert await watch.look(HELD_AT + DAY) == 0
    assert await journal.scan("hold-aged") == []
    await put(journal, submission("m2", acceptance("1")))
    assert await watch.look(HELD_AT + DAY) == 1
    first, second = await told(journal)
    assert first.id != second.id
    assert second.content()["sample_ids"] == [identity("m2")]


async def test_a_partner_that_is_no_longer_listed_still_waits(journal: AnyJournal) -> None:
    await put(journal, submission("m1", acceptance("1"), partner="his-gone"))
    assert await ageing(journal).look(HELD_AT + DAY) == 1
    (message,) = await told(journal)
    assert message.region == ""
    assert "region" not in message.content()


@pytest.mark.parametrize("code", ["A B", 'a"b\\c', "药|01", "1:product 2", "x" * 64])
async def test_a_code_is_named_as_the_partner_writes_it(journal: AnyJournal, code: str) -> None:
    await put(journal, submission("m1", acceptance(code)))
    assert await ageing(journal).look(HELD_AT + DAY) == 1
    (message,) = await told(journal)
    assert message.content()["local_code"] == code


async def test_it_stops_when_it_is_told_to(journal: AnyJournal) -> None:
    stop = asyncio.Event()
    await put(journal, submission("m1", acceptance("1")))
    watch = HoldAgeing(journal, lambda: Partners({}, {}), DAY, lambda: HELD_AT + DAY)
    running = asyncio.create_task(watch.run(stop))
    while not await told(journal):
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 5)

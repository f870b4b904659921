"""查询: reading along the chains, searching, and waiting for what is new."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.errors import Rejected
from gateway.ports import Commit, EntryKind, Row, Search
from schemas.envelope import message_identity
from tests.journal.conftest import AnyJournal, Opening
from tests.journal.making import commit, document, message, order

MORNING, NOON, EVENING = (f"2026-03-01T{hour}:00:00+08:00" for hour in ("08", "12", "18"))


async def test_rows_are_read_in_order_without_gaps_and_without_raw_bytes(
    opening: Opening,
) -> None:
    journal = await opening(shards=1)
    await journal.commit(commit(*(order(f"m{n}") for n in range(5)), document("d", ["a", "b"])))
    all_rows = await journal.read(0, 0, 100, published_only=False)
    assert [row.seq for row in all_rows] == list(range(1, 9))
    assert [row.seq for row in await journal.read(0, 0, 100)] == [1, 2, 3, 4, 5, 7, 8]
    assert [row.seq for row in await journal.read(0, 2, 2)] == [3, 4]
    assert [row.seq for row in await journal.read(0, 5, 2)] == [7, 8]
    assert await journal.read(0, 8, 10) == []
    assert await journal.read(0, 0, 0) == []
    assert all(row.raw == b"" for row in all_rows)


async def test_rows_of_one_business_key_stand_in_one_chain(journal: AnyJournal) -> None:
    await journal.commit(commit(*(order(f"m{n}", f"order-{n % 5}") for n in range(50))))
    places: dict[str, set[int]] = {}
    for shard in range(journal.shards):
        for row in await journal.read(shard, 0, 100):
            places.setdefault(row.message.subject, set()).add(shard)
    assert len(places) == 5
    assert all(len(shards) == 1 for shards in places.values())


async def found(journal: AnyJournal, question: Search) -> list[str]:
    return [entry.message_id for entry in await journal.search(question)]


@pytest.fixture
async def three(journal: AnyJournal) -> AnyJournal:
    for name, subject, partner, at in (
        ("m1", "order-1", "his-a", MORNING),
        ("m2", "order-2", "his-b", NOON),
        ("m3", "order-1", "his-b", EVENING),
    ):
        given = order(name, subject, partner=partner, received_at=at)
        await journal.commit(commit(given))
    receipt = Row(message("c" * 32, "order-1"), kind=EntryKind.RECEIPT)
    await journal.commit(Commit(receipts=[receipt]))
    return journal


ANSWERS = [
    (Search(kind="message"), ["m3", "m2", "m1"]),
    (Search(kind="receipt"), [""]),
    (Search(kind="held"), []),
    (Search(kind="no such kind"), []),
    (Search(partner="his-b"), ["m3", "m2"]),
    (Search(partner="nobody"), []),
    (Search(subject="order-1", kind="message"), ["m3", "m1"]),
    (Search(subject="order-1", partner="his-b"), ["m3"]),
    (Search(type="cn.jicai.order.placed.v1", kind="message"), ["m3", "m2", "m1"]),
    (Search(type="cn.jicai.order.placed.v2"), []),
    (Search(since=NOON), ["m3", "m2"]),
    (Search(until=NOON, kind="message"), ["m1"]),
    (Search(since="2026-03-01T04:00:00Z", until="2026-03-01T04:00:00.000001Z"), ["m2"]),
    (Search(since="2026-03-01", until="2026-03-01"), ["m3", "m2", "m1"]),
    (Search(since="2026-03-02"), []),
    (Search(limit=1), ["m3"]),
    (Search(limit=0), []),
    (Search(limit=-1), []),
    (Search(partner="' OR 1=1 --"), []),
    (Search(subject="nul \0 and \ud800"), []),
]


async def test_a_search_gives_what_fits_newest_first(three: AnyJournal) -> None:
    for question, expected in ANSWERS:
        assert await found(three, question) == expected, question


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-03-01T25:00:00Z"])
async def test_a_search_by_what_is_no_time_is_rejected(three: AnyJournal, text: str) -> None:
    for question in (Search(since=text), Search(until=text)):
        with pytest.raises(Rejected) as wrong:
            await three.search(question)
        assert [each.code for each in wrong.value.issues] == ["date.invalid"]


async def test_questions_no_row_can_answer_are_no_error(journal: AnyJournal) -> None:
    for odd in ("\0", "\ud800", "x" * 10_000, "药" * 5_000):
        assert await journal.find(odd) is None
        assert await journal.get("s", odd) is None
        assert await journal.get(odd, "k") is None
        assert await journal.scan("s", odd) == []
        assert await journal.scan("s", after=odd) == []
        assert await journal.unhandled("c", [odd]) == {odd}
        with pytest.raises(KeyError):
            await journal.raw(odd)
    assert await journal.read(99, 0, 10) == []
    assert await journal.read(0, -5, 10) == []
    assert await journal.read(0, 2**70, 10) == []


async def test_who_waits_is_woken_by_a_commit(journal: AnyJournal) -> None:
    heads = await journal.heads()
    began = time.monotonic()
    waiting = [asyncio.create_task(journal.wait(heads, 20.0)) for _ in range(3)]
    await asyncio.sleep(0.1)
    await journal.commit(commit(order("m1")))
    assert await asyncio.gather(*waiting) == [True] * 3
    assert time.monotonic() - began < 10
    assert await journal.wait(heads, 0.0)


async def test_who_waits_is_woken_by_another_process_too(opening: Opening) -> None:
    here, there = await opening(), await opening()
    heads = await here.heads()
    waiting = asyncio.create_task(here.wait(heads, 20.0))
    await asyncio.sleep(0.1)
    await there.commit(commit(order("m1")))
    assert await waiting


async def test_waiting_ends_in_time_and_only_for_the_shards_asked_for(
    journal: AnyJournal,
) -> None:
    (outcome,) = await journal.commit(commit(order("m1")))
    heads = await journal.heads()
    began = time.monotonic()
    assert not await journal.wait(heads, 0.15)
    assert 0.1 < time.monotonic() - began < 5
    others = [head for head in heads if head.shard != outcome.shard]
    waiting = asyncio.create_task(journal.wait(others, 0.3))
    await journal.commit(commit(order("m2")))
    assert not await waiting


async def test_a_reader_sees_what_a_commit_has_answered(journal: AnyJournal) -> None:
    for number in range(20):
        await journal.commit(commit(order(f"m{number}")))
        assert await journal.find(message_identity("his-a", f"m{number}")) is not None

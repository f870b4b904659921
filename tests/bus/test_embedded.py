"""What is peculiar to the embedded bus: how it reads the journal and where it keeps its offsets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.bus.embedded import EmbeddedBus
from gateway.bus.embedded_group import stored_offsets
from gateway.bus.embedded_member import PAGE
from gateway.errors import Unavailable
from gateway.ports import Commit, Entry, EntryKind, Head, Row
from schemas.events import TOPICS
from tests.bus.roads import ACCEPTANCES, BOTH, ORDERS, acceptance, hear, numbers, order, write
from tests.fakes.journal import MemoryJournal

SPACE = "offset/g"


class CountingJournal(MemoryJournal):
    """Counts how often it is read and waited for."""

    reads = 0
    waits = 0

    async def read(
        self, shard: int, after: int, limit: int, *, published_only: bool = True
    ) -> list[Entry]:
        self.reads += 1
        return await super().read(shard, after, limit, published_only=published_only)

    async def wait(self, heads: Sequence[Head], timeout: float) -> bool:
        self.waits += 1
        return await super().wait(heads, timeout)


@pytest.fixture
def journal() -> CountingJournal:
    return CountingJournal(shards=1)


async def test_a_shard_is_read_once_for_all_topics(journal: CountingJournal) -> None:
    await write(journal, *(order(n) for n in range(50)), *(acceptance(n) for n in range(50)))
    member = EmbeddedBus(journal).consumer("g", list(TOPICS))
    await member.start()
    for _ in range(10):
        assert len(await member.fetch(10, 1)) == 10
    assert journal.reads == 1


async def test_rows_of_other_topics_are_stepped_over_without_reading_them_again(
    journal: CountingJournal,
) -> None:
    await write(journal, *(acceptance(n) for n in range(3 * PAGE)), order(1))
    member = EmbeddedBus(journal).consumer("g", [ORDERS])
    await member.start()
    assert numbers(await member.fetch(10, 1)) == [1]
    assert journal.reads == 4
    assert await member.fetch(10, 0.05) == []
    assert journal.reads == 4


async def test_rows_that_are_never_published_do_not_keep_a_member_busy(
    journal: CountingJournal,
) -> None:
    receipts = [Row(replace(order(n), id=f"r{n}"), kind=EntryKind.RECEIPT) for n in range(5)]
    await journal.commit(Commit(receipts=receipts))
    member = EmbeddedBus(journal).consumer("g", BOTH)
    await member.start()
    assert await member.fetch(10, 0.5) == []
    assert journal.reads == 1
    assert journal.waits <= 5


async def test_an_idle_group_has_no_lag_for_rows_of_other_topics(journal: CountingJournal) -> None:
    await write(journal, *(acceptance(n) for n in range(20)))
    bus = EmbeddedBus(journal)
    member = bus.consumer("g", [ORDERS])
    await member.start()
    assert await member.fetch(10, 0.01) == []
    (position,) = await bus.positions("g")
    assert (position.topic, position.offset, position.lag) == (ORDERS, 21, 0)
    assert await stored_offsets(journal, SPACE) == {(ORDERS, 0): 21}


async def test_a_commit_writes_only_the_topics_that_were_heard(journal: CountingJournal) -> None:
    await write(journal, order(1), acceptance(2))
    member = EmbeddedBus(journal).consumer("g", list(TOPICS))
    await member.start()
    await hear(member, 2)
    before = journal.commits
    await member.commit()
    assert journal.commits == before + 1
    assert set(await stored_offsets(journal, SPACE)) == {(ORDERS, 0), (ACCEPTANCES, 0)}
    await member.commit()
    assert journal.commits == before + 1


async def test_topics_long_stepped_over_are_remembered_with_the_next_commit(
    journal: CountingJournal,
) -> None:
    member = EmbeddedBus(journal).consumer("g", BOTH)
    await member.start()
    await write(journal, *(acceptance(n) for n in range(PAGE + 1)))
    await hear(member, PAGE + 1)
    await member.commit()
    assert await stored_offsets(journal, SPACE) == {
        (ACCEPTANCES, 0): PAGE + 2,
        (ORDERS, 0): PAGE + 2,
    }


async def test_a_fetch_that_is_cancelled_gives_nothing_out(journal: CountingJournal) -> None:
    class SlowJournal(MemoryJournal):
        async def read(
            self, shard: int, after: int, limit: int, *, published_only: bool = True
        ) -> list[Entry]:
            found = await super().read(shard, after, limit, published_only=published_only)
            await asyncio.sleep(0.05)
            return found

    slow = SlowJournal(shards=4)
    await write(slow, *(order(n) for n in range(40)))
    member = EmbeddedBus(slow).consumer("g", BOTH)
    await member.start()
    for patience in (0.01, 0.07, 0.12):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(member.fetch(100, 5), patience)
    await member.commit()
    assert sorted(numbers(await hear(member, 40))) == list(range(40))


async def test_a_group_may_add_a_topic_later_and_hears_it_from_the_beginning(
    journal: CountingJournal,
) -> None:
    await write(journal, order(1), acceptance(2), order(3))
    bus = EmbeddedBus(journal)
    member = bus.consumer("g", [ORDERS])
    await member.start()
    assert numbers(await hear(member, 2)) == [1, 3]
    await member.commit()
    await member.stop()
    wider = bus.consumer("g", BOTH)
    await wider.start()
    assert numbers(await hear(wider, 1)) == [2]
    assert await wider.fetch(10, 0.01) == []


async def test_members_with_different_topics_do_not_take_each_others(
    journal: CountingJournal,
) -> None:
    bus = EmbeddedBus(journal)
    one, two = bus.consumer("g", [ORDERS]), bus.consumer("g", [ACCEPTANCES])
    await one.start()
    await two.start()
    await write(journal, order(1), acceptance(2))
    assert numbers(await hear(one, 1)) == [1]
    assert numbers(await hear(two, 1)) == [2]


async def test_members_with_the_same_topics_take_whole_shards() -> None:
    journal = MemoryJournal(shards=4)
    bus = EmbeddedBus(journal)
    members = [bus.consumer("g", BOTH) for _ in range(2)]
    for member in members:
        await member.start()
    await write(journal, *(order(n) for n in range(40)), *(acceptance(n) for n in range(40)))
    shards = []
    for member in members:
        found = []
        while got := await member.fetch(100, 0.01):
            found += got
        shards.append({each.partition for each in found})
        assert {each.topic for each in found} == set(BOTH)
    assert shards == [{0, 2}, {1, 3}]


async def test_a_journal_that_is_down_is_unavailable_and_the_commit_can_be_repeated(
    journal: CountingJournal,
) -> None:
    await write(journal, order(1))
    bus = EmbeddedBus(journal)
    member = bus.consumer("g", [ORDERS])
    await member.start()
    await hear(member, 1)
    journal.down = True
    with pytest.raises(Unavailable):
        await member.commit()
    journal.down = False
    await member.commit()
    assert await stored_offsets(journal, SPACE) == {(ORDERS, 0): 2}


async def test_leaving_while_the_journal_is_down_still_leaves(journal: CountingJournal) -> None:
    await write(journal, acceptance(1))
    bus = EmbeddedBus(journal)
    member = bus.consumer("g", [ORDERS])
    await member.start()
    await member.commit()
    journal.down = True
    with pytest.raises(Unavailable):
        await asyncio.wait_for(member.fetch(1, 0), 1)
    with pytest.raises(Unavailable):
        await member.stop()
    journal.down = False
    await member.stop()
    assert bus._groups["g"].members == []


async def test_unknown_topics_and_negative_offsets_are_refused(journal: CountingJournal) -> None:
    bus = EmbeddedBus(journal)
    with pytest.raises(KeyError):
        bus.consumer("g", ["vbp.nothing.known"])
    member = bus.consumer("g", BOTH)
    await member.start()
    with pytest.raises(ValueError, match="not negative"):
        await member.seek(ORDERS, 0, -1)
    with pytest.raises(Unavailable):
        await member.seek(ORDERS, 1, 0)


async def test_closing_the_bus_lets_its_members_leave(journal: CountingJournal) -> None:
    bus = EmbeddedBus(journal)
    for _ in range(3):
        await bus.consumer("g", BOTH).start()
    await bus.stop()
    assert bus._groups["g"].members == []

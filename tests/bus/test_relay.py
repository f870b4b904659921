"""The relay: at least once, in order per shard, one process per shard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.bus.embedded import EmbeddedBus
from gateway.bus.lease import Lease
from gateway.bus.relay import Relay
from gateway.errors import Contended, Misconfigured, Unavailable
from gateway.ports import Commit, Entry, EntryKind, Outcome, Row, Submission, Write
from tests.bus.roads import acceptance, order, write
from tests.fakes.journal import MemoryJournal


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class RecordingBus(EmbeddedBus):
    """Takes what is relayed and remembers it; raises the planned failures first."""

    def __init__(self, journal: MemoryJournal) -> None:
        super().__init__(journal)
        self.published: list[Entry] = []
        self.failures: list[Exception] = []
        self.refuse: Callable[[Sequence[Entry]], bool] = lambda _: False

    async def relay(self, entries: Sequence[Entry]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        if self.refuse(entries):
            raise Misconfigured("this shard cannot be published")
        self.published += entries

    def ids(self) -> list[str]:
        return [each.message.id for each in self.published]


class ForgetfulJournal(MemoryJournal):
    """Loses the next commits that remember a position, as a process killed there would."""

    lose = 0

    async def commit(self, work: Commit) -> list[Outcome]:
        if self.lose and any(each.space == "relay" for each in work.writes):
            self.lose -= 1
            raise Unavailable("killed between publishing and remembering")
        return await super().commit(work)


@pytest.fixture
def journal() -> ForgetfulJournal:
    return ForgetfulJournal(shards=3)


@pytest.fixture
def bus(journal: ForgetfulJournal) -> RecordingBus:
    return RecordingBus(journal)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_everything_is_published_once_and_in_order_per_shard(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    await write(journal, *(order(number) for number in range(50)))
    relay = Relay(journal, bus, clock, batch=7)
    steps = 0
    while await relay.step():
        steps += 1
    assert steps > 1
    assert len(bus.published) == len(set(bus.ids())) == 50
    for shard in range(3):
        seqs = [each.seq for each in bus.published if each.shard == shard]
        assert seqs == sorted(seqs)
    assert sum((await relay.behind()).values()) == 0
    assert await relay.step() == 0


async def test_only_messages_are_published(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    held = order(1, "K")
    await journal.commit(
        Commit(
            submissions=[
                Submission(held.id, "p1", "m", "i", b"", "d", "t", [Row(held, kind=EntryKind.HELD)])
            ],
            receipts=[Row(replace(order(2, "K"), id="receipt"), kind=EntryKind.RECEIPT)],
        )
    )
    await write(journal, order(3, "K"))
    relay = Relay(journal, bus, clock)
    assert await relay.step() == 1
    assert bus.ids() == [order(3).id]


async def test_a_crash_between_publishing_and_remembering_publishes_again_and_loses_nothing(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    await write(journal, *(order(number, "K") for number in range(5)))
    journal.lose = 1
    with pytest.raises(Unavailable):
        await Relay(journal, bus, clock, owner="a").step()
    assert len(bus.published) == 5
    await write(journal, order(5, "K"))
    assert await Relay(journal, bus, clock, owner="a").step() == 6
    expected = [order(number).id for number in range(6)]
    assert bus.ids() == expected[:5] + expected


async def test_the_same_relay_goes_on_after_it_could_not_remember(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    await write(journal, *(order(number, "K") for number in range(5)))
    relay = Relay(journal, bus, clock)
    journal.lose = 1
    with pytest.raises(Unavailable):
        await relay.step()
    assert await relay.step() == 5
    assert await relay.step() == 0


async def test_a_bus_that_fails_gets_the_same_rows_again(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    await write(journal, *(order(number, "K") for number in range(5)))
    bus.failures.append(Unavailable("broker away"))
    relay = Relay(journal, bus, clock)
    with pytest.raises(Unavailable):
        await relay.step()
    assert bus.published == []
    assert await relay.step() == 5


async def test_a_shard_that_cannot_be_published_does_not_keep_the_others_back(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    await write(journal, *(order(number) for number in range(30)))
    bus.refuse = lambda entries: entries[0].shard == 1
    relay = Relay(journal, bus, clock)
    for _ in range(3):
        with pytest.raises(Misconfigured):
            await relay.step()
    assert {each.shard for each in bus.published} == {0, 2}
    assert len(bus.ids()) == len(set(bus.ids()))
    bus.refuse = lambda _: False
    await relay.step()
    assert len(set(bus.ids())) == 30


async def test_a_position_is_kept_across_processes(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    await write(journal, *(order(number) for number in range(10)))
    first = Relay(journal, bus, clock, owner="a")
    assert await first.step() == 10
    await first.release()
    assert await Relay(journal, bus, clock, owner="b").step() == 0


async def test_only_one_process_relays_a_shard_until_its_lease_has_run_out(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    one = Relay(journal, bus, clock, owner="one", lease_seconds=60)
    two = Relay(journal, bus, clock, owner="two", lease_seconds=60)
    await one.step()
    await write(journal, *(order(number) for number in range(10)))
    assert await two.step() == 0
    clock.now += timedelta(seconds=59)
    assert await two.step() == 0
    clock.now += timedelta(seconds=1)
    assert await two.step() == 10
    assert await one.step() == 0


async def test_a_released_lease_is_free_at_once(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    one = Relay(journal, bus, clock, owner="one")
    await one.step()
    await one.release()
    await write(journal, *(order(number) for number in range(10)))
    assert await Relay(journal, bus, clock, owner="two").step() == 10


async def test_a_relay_that_overslept_its_lease_cannot_move_the_position_back(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    one = Relay(journal, bus, clock, owner="one", lease_seconds=60)
    await write(journal, order(0, "K"))
    assert await one.step() == 1
    # the other process's clock runs ahead, it takes over while the first still believes in its lease
    ahead = Clock()
    ahead.now += timedelta(seconds=120)
    two = Relay(journal, bus, ahead, owner="two", lease_seconds=60)
    await write(journal, *(order(number, "K") for number in range(1, 4)))
    assert await two.step() == 3
    await write(journal, order(4, "K"))
    assert await one.step() == 4
    assert await two.step() == 1
    await two.release()
    assert await Relay(journal, bus, ahead, owner="three").step() == 0
    assert sum((await two.behind()).values()) == 0


async def test_an_unreadable_lease_is_free(journal: ForgetfulJournal, clock: Clock) -> None:
    for value in (
        b"",
        b"{}",
        b"[]",
        b'{"owner":"x","until":"soon"}',
        b'{"owner":"x","until":"2099-01-01"}',
    ):
        await journal.commit(Commit(writes=[Write("lease", "k", value)]))
        assert await Lease(journal, "k", "me", 60, clock).hold()


async def test_a_lease_is_renewed_only_when_half_of_it_has_gone(
    journal: ForgetfulJournal, clock: Clock
) -> None:
    lease = Lease(journal, "k", "me", 60, clock)
    assert await lease.hold()
    before = journal.commits
    clock.now += timedelta(seconds=29)
    assert await lease.hold()
    assert journal.commits == before
    clock.now += timedelta(seconds=1)
    assert await lease.hold()
    assert journal.commits == before + 1


async def test_releasing_what_another_has_taken_takes_nothing_from_it(
    journal: ForgetfulJournal, clock: Clock
) -> None:
    mine, other = (Lease(journal, "k", name, 60, clock) for name in ("me", "other"))
    assert await mine.hold()
    await journal.commit(Commit(writes=[Write("lease", "k", b"{}")]))
    assert await other.hold()
    await mine.release()
    assert not await mine.hold()
    await other.release()
    assert await mine.hold()


class ContendedJournal(MemoryJournal):
    async def commit(self, work: Commit) -> list[Outcome]:
        if any(each.space == "lease" for each in work.writes):
            raise Contended("another was faster")
        return await super().commit(work)


async def test_a_lease_lost_in_the_race_is_not_held(clock: Clock) -> None:
    assert not await Lease(ContendedJournal(), "k", "me", 60, clock).hold()


async def test_running_publishes_what_comes_and_ends_when_told(
    journal: ForgetfulJournal, bus: RecordingBus, clock: Clock
) -> None:
    stop = asyncio.Event()
    relay = Relay(journal, bus, clock)
    bus.failures.append(Unavailable("broker away"))
    running = asyncio.create_task(relay.run(stop))
    await write(journal, *(order(number) for number in range(10)))
    await _until(lambda: len(bus.published) == 10)
    await asyncio.sleep(0.05)
    await write(journal, acceptance(10))
    await _until(lambda: len(bus.published) == 11)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert await Lease(journal, "relay/0", "another process", 60, clock).hold()
    assert len(set(bus.ids())) == 11


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)

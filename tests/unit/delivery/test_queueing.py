"""From a bus that delivers at least once to queues that hold each message once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.queue_item import COUNTERS, journal_order, queue_space
from gateway.delivery.queueing import Queueing, in_journal_order
from gateway.errors import Contended, Unavailable
from gateway.ports import Commit, Write
from schemas.envelope import Message
from schemas.events import SETTLEMENT_HELD
from tests.unit.delivery.desk import Desk, partner, route

NOWHERE = "http://127.0.0.1:9"


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk(
        partner("insurer", NOWHERE),
        partner("platform", NOWHERE),
        routes=[
            route("insurer", "cn.jicai.order.*"),
            route("platform", "cn.jicai.order.*", regions=["530000"]),
        ],
    )
    yield desk
    await desk.close()


async def queued(desk: Desk, to: str) -> list[str]:
    page = await desk.journal.scan(queue_space(to))
    return [orjson.loads(stored.value)["subject"] for _, stored in page]


async def test_each_partner_gets_its_own_queue_in_the_journals_order(desk: Desk) -> None:
    await desk.accepts("GZ-1")
    await desk.accepts("YN-1", region="530100")
    await desk.accepts("YN-2", region="530100")
    assert await desk.queues() == 5
    assert await queued(desk, "insurer") == ["GZ-1", "YN-1", "YN-2"]
    assert await queued(desk, "platform") == ["YN-1", "YN-2"]
    keys = [key for key, _ in await desk.journal.scan(queue_space("insurer"))]
    assert keys == [f"{number:016d}" for number in (1, 2, 3)]


async def test_what_the_bus_delivers_again_is_not_queued_again(desk: Desk) -> None:
    await desk.accepts("GZ-1")
    await desk.queues()
    desk.bus.committed.clear()
    desk.restart()
    await desk.accepts("GZ-2")
    assert await desk.queues() == 1
    assert await queued(desk, "insurer") == ["GZ-1", "GZ-2"]


async def test_what_no_route_wants_leaves_no_trace(desk: Desk) -> None:
    await desk.accepts("H/D", SETTLEMENT_HELD)
    before = desk.journal.commits
    assert await desk.queues() == 0
    assert desk.journal.commits == before
    assert desk.bus.committed == {"delivery": 1}


async def test_a_batch_that_could_not_be_written_is_kept_and_comes_again(desk: Desk) -> None:
    await desk.accepts("GZ-1")
    desk.journal.down = True
    with pytest.raises(Unavailable):
        await desk.queues()
    assert desk.bus.committed == {}
    desk.journal.down = False
    assert await desk.queues() == 1
    assert await queued(desk, "insurer") == ["GZ-1"]


async def test_two_workers_queue_everything_once_with_distinct_places(desk: Desk) -> None:
    for number in range(10):
        await desk.accepts(f"GZ-{number}")
    published = [each.message for each in desk.bus.published()]
    other = Queueing(desk.journal, desk.bus, desk.routes, desk.clock)
    real = desk.journal.commit
    raced: list[bool] = []

    async def commit(work: Commit) -> list[object]:
        if not raced:  # the other worker is faster, once
            raced.append(True)
            await other._queued(published[:6])
        return list(await real(work))

    desk.journal.commit = commit  # type: ignore[method-assign, assignment]
    assert await desk.queues() == 4
    assert await queued(desk, "insurer") == [f"GZ-{number}" for number in range(10)]


async def test_a_counter_that_never_stands_still_is_given_up_for_now(desk: Desk) -> None:
    await desk.accepts("GZ-1")

    async def commit(work: Commit) -> list[object]:
        raise Contended("another one again")

    desk.journal.commit = commit  # type: ignore[method-assign, assignment]
    with pytest.raises(Contended):
        await desk.queues()


async def test_the_counter_and_the_queue_move_together(desk: Desk) -> None:
    await desk.accepts("GZ-1")
    await desk.queues()
    stored = await desk.journal.get(COUNTERS, "insurer")
    assert stored is not None
    assert stored.value == b"1"
    with pytest.raises(Contended):
        await desk.journal.commit(Commit(writes=[Write(COUNTERS, "insurer", b"9", expected=0)]))


def at(place: str) -> Message:
    return Message(place, "", "", place, "", b"{}", sequence=place)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), unique=True))
def test_each_shard_comes_in_order_and_keeps_its_slots(places: list[tuple[int, int]]) -> None:
    came = [at(f"{shard}-{seq:016d}") for shard, seq in places]
    ordered = in_journal_order(came)
    assert [m.sequence[0] for m in ordered] == [m.sequence[0] for m in came]
    for shard in "0123":
        mine = [m.sequence for m in ordered if m.sequence[0] == shard]
        assert mine == sorted(mine)
    assert sorted(m.id for m in ordered) == sorted(m.id for m in came)


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ("3-0000000000000012", ("3", 12)),
        ("", ("", 0)),
        ("7", ("", 7)),
        ("a-b", ("", 0)),
        ("3-\uff11", ("", 0)),
        ("3-²", ("", 0)),
    ],
)
def test_a_journal_place_is_read_or_is_none(place: str, order: tuple[str, int]) -> None:
    assert journal_order(place) == order

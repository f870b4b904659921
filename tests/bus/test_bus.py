"""What every bus promises: one suite, both buses."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import Unavailable
from gateway.ports import Consumer
from tests.bus.roads import ACCEPTANCES, BOTH, ORDERS, Road, acceptance, hear, numbers, order


async def test_order_holds_per_business_key(road: Road) -> None:
    keys = [f"K{number}" for number in range(7)]
    await road.say(*(order(number, keys[number % 7]) for number in range(70)))
    async with road.member("g") as member:
        found = await hear(member, 70)
    for position, key in enumerate(keys):
        heard = [each for each in found if each.message.subject == key]
        assert numbers(heard) == list(range(position, 70, 7))


async def test_a_key_stays_on_one_partition_and_keys_spread(road: Road) -> None:
    await road.say(*(order(number, f"K{number % 20}") for number in range(60)))
    async with road.member("g") as member:
        found = await hear(member, 60)
    homes: dict[str, set[int]] = {}
    for each in found:
        homes.setdefault(each.message.subject, set()).add(each.partition)
    assert all(len(partitions) == 1 for partitions in homes.values())
    assert len(set.union(*homes.values())) > 1


async def test_offsets_grow_within_a_partition(road: Road) -> None:
    await road.say(*(order(number) for number in range(30)), *(acceptance(n) for n in range(30)))
    async with road.member("g", [ORDERS]) as member:
        found = await hear(member, 30)
    assert {each.topic for each in found} == {ORDERS}
    for partition in range(4):
        offsets = [each.offset for each in found if each.partition == partition]
        assert offsets == sorted(set(offsets))


async def test_a_message_arrives_as_it_was_journalled(road: Road) -> None:
    said = order(1, "单号/一")
    await road.say(said)
    async with road.member("g") as member:
        (found,) = await hear(member, 1)
    entry = await road.journal.find(said.id)
    assert entry is not None
    assert found.message == said.numbered(entry.shard, entry.seq)
    assert found.message.sequence


async def test_groups_are_independent(road: Road) -> None:
    await road.say(*(order(number) for number in range(10)))
    async with road.member("one") as one, road.member("two") as two:
        assert sorted(numbers(await hear(one, 10))) == list(range(10))
        await one.commit()
        assert sorted(numbers(await hear(two, 10))) == list(range(10))
    assert sum(each.lag for each in await road.bus.positions("one")) == 0


async def test_offsets_survive_a_restart(road: Road) -> None:
    await road.say(*(order(number) for number in range(10)))
    async with road.member("g") as member:
        await hear(member, 10)
        await member.commit()
    await road.restart()
    await road.say(order(10), order(11))
    async with road.member("g") as member:
        assert sorted(numbers(await hear(member, 2))) == [10, 11]
        assert await member.fetch(10, 0.3) == []


async def test_what_was_not_committed_comes_again(road: Road) -> None:
    await road.say(*(order(number) for number in range(10)))
    async with road.member("g") as member:
        await hear(member, 10)
    await road.restart()
    async with road.member("g") as member:
        assert sorted(numbers(await hear(member, 10))) == list(range(10))


async def test_a_commit_covers_what_was_fetched_and_no_more(road: Road) -> None:
    await road.say(*(order(number, "K") for number in range(10)))
    async with road.member("g") as member:
        assert numbers(await hear(member, 4, limit=4)) == [0, 1, 2, 3]
        await member.commit()
        assert numbers(await hear(member, 2, limit=2)) == [4, 5]
    async with road.member("g") as member:
        assert numbers(await hear(member, 6)) == [4, 5, 6, 7, 8, 9]


async def test_replay_from_an_offset(road: Road) -> None:
    await road.say(*(order(number, "K") for number in range(10)))
    async with road.member("g") as member:
        first = await hear(member, 10)
        await member.commit()
        third = first[3]
        await member.seek(ORDERS, third.partition, third.offset)
        assert numbers(await hear(member, 7)) == [3, 4, 5, 6, 7, 8, 9]
        assert await member.fetch(10, 0.3) == []


async def test_a_replay_of_one_topic_leaves_the_others_where_they_are(road: Road) -> None:
    await road.say(order(1, "K"), acceptance(2, "K"), order(3, "K"), acceptance(4, "K"))
    async with road.member("g") as member:
        first = await hear(member, 4)
        await member.commit()
        oldest = next(each for each in first if each.topic == ORDERS)
        await member.seek(ORDERS, oldest.partition, oldest.offset)
        assert numbers(await hear(member, 2)) == [1, 3]
        assert await member.fetch(10, 0.3) == []


async def test_a_seek_counts_only_when_committed(road: Road) -> None:
    await road.say(*(order(number, "K") for number in range(4)))
    async with road.member("g") as member:
        first = await hear(member, 4)
        await member.commit()
        await member.seek(ORDERS, first[0].partition, first[2].offset)
    async with road.member("g") as member:
        assert await member.fetch(10, 0.5) == []
        await member.seek(ORDERS, first[0].partition, first[2].offset)
        await member.commit()
    async with road.member("g") as member:
        assert numbers(await hear(member, 2)) == [2, 3]


async def test_a_partition_that_another_member_holds_cannot_be_moved(road: Road) -> None:
    async with road.member("g") as member:
        with pytest.raises(Unavailable):
            await member.seek(ORDERS, 99, 0)


async def test_lag_is_what_is_not_yet_committed(road: Road) -> None:
    await road.say(*(order(number, "K") for number in range(5)))
    async with road.member("g", [ORDERS]) as member:
        assert await lag(road, "g") == 5
        await hear(member, 3, limit=3)
        await member.commit()
        assert await lag(road, "g") == 2
        await hear(member, 2)
        assert await lag(road, "g") == 2
        await member.commit()
        assert await lag(road, "g") == 0
    await road.restart()
    assert await lag(road, "g") == 0
    await road.say(order(5, "K"))
    assert await lag(road, "g") == 1


async def lag(road: Road, group: str) -> int:
    return sum(each.lag for each in await road.bus.positions(group))


async def test_a_group_that_never_was_stands_nowhere(road: Road) -> None:
    assert await road.bus.positions("nobody") == []


async def test_the_tail_shows_the_newest_messages_oldest_first(road: Road) -> None:
    for number in range(6):
        await road.say(order(number), acceptance(100 + number))
    assert numbers(await road.bus.tail(ORDERS, 3)) == [3, 4, 5]
    assert numbers(await road.bus.tail(ACCEPTANCES, 100)) == list(range(100, 106))
    assert await road.bus.tail(ORDERS, 0) == []


async def test_the_tail_of_an_empty_topic_is_empty(road: Road) -> None:
    assert await road.bus.tail(ORDERS, 5) == []


async def test_ends_name_the_first_and_last_offsets(road: Road) -> None:
    await road.say(*(order(number, "K") for number in range(5)))
    (last,) = await road.bus.tail(ORDERS, 1)
    ends = {(each.topic, each.partition): each for each in await road.bus.ends()}
    assert {topic for topic, _ in ends} >= set(BOTH)
    assert ends[ORDERS, last.partition].end == last.offset + 1
    assert ends[ORDERS, last.partition].lag == 5
    idle = next(
        each for (topic, n), each in ends.items() if topic == ORDERS and n != last.partition
    )
    assert idle.lag == 0


async def test_fetch_gives_no_more_than_asked_and_nothing_after_the_time(road: Road) -> None:
    await road.say(*(order(number) for number in range(9)))
    async with road.member("g") as member:
        sizes = [len(await member.fetch(2, 10)) for _ in range(3)]
        assert max(sizes) <= 2
        rest = await hear(member, 9 - sum(sizes), limit=2)
        assert len(rest) == 9 - sum(sizes)
        before = asyncio.get_running_loop().time()
        assert await member.fetch(2, 0.4) == []
        assert 0.3 <= asyncio.get_running_loop().time() - before < 3


async def test_a_waiting_member_hears_at_once(road: Road) -> None:
    async with road.member("g") as member:
        waiting = asyncio.create_task(member.fetch(10, 20))
        await asyncio.sleep(0.3)
        before = asyncio.get_running_loop().time()
        await road.say(order(1))
        assert numbers(await waiting) == [1]
        assert asyncio.get_running_loop().time() - before < 5


async def test_members_of_a_group_share_the_partitions(road: Road) -> None:
    async with road.member("g") as one, road.member("g") as two:
        await settled(road)
        await road.say(*(order(number) for number in range(80)))
        heard_one, heard_two = await asyncio.gather(drain(one), drain(two))
    assert sorted(heard_one + heard_two) == list(range(80))
    assert heard_one
    assert heard_two


async def test_what_a_leaving_member_did_not_commit_goes_to_another(road: Road) -> None:
    await road.say(*(order(number) for number in range(20)))
    async with road.member("g") as stays:
        async with road.member("g") as leaves:
            await settled(road)
            lost = numbers(await leaves.fetch(20, 10))
        assert lost
        heard: set[int] = set()
        for _ in range(30):
            heard |= set(numbers(await stays.fetch(50, 1)))
            if len(heard) == 20:
                break
    assert heard == set(range(20))


async def test_more_members_than_partitions_leave_some_idle(road: Road) -> None:
    members = [road.bus.consumer("g", [ORDERS]) for _ in range(5)]
    for member in members:
        await member.start()
    await settled(road)
    await road.say(*(order(number) for number in range(40)))
    heard = await asyncio.gather(*map(drain, members))
    assert sorted(number for each in heard for number in each) == list(range(40))
    assert any(not each for each in heard)
    for member in members:
        await member.stop()


async def settled(road: Road) -> None:
    """Let the members of a group agree on their shares; in Kafka the last to join waits for that."""
    await asyncio.sleep(0.5 if road.needs_relay else 0)


async def drain(member: Consumer) -> list[int]:
    heard: list[int] = []
    while found := await member.fetch(50, 2):
        heard += numbers(found)
        await member.commit()
    return heard


async def test_a_large_message_of_two_mebibytes_arrives(road: Road) -> None:
    large = order(1, padding=2 << 20)
    await road.say(order(0, "K"), large, order(2, "K"))
    async with road.member("g") as member:
        found = await hear(member, 3)
    assert sorted(numbers(found)) == [0, 1, 2]
    assert next(each for each in found if len(each.message.data) > 1 << 20).message.id == large.id


async def test_many_more_bytes_than_a_batch_holds_arrive_in_order(road: Road) -> None:
    await road.say(*(order(number, "K", padding=200_000) for number in range(20)))
    async with road.member("g") as member:
        assert numbers(await hear(member, 20)) == list(range(20))

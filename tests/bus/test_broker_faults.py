"""Kafka stopped, killed, frozen and started again: nothing that was accepted is lost on the way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.bus import local_kafka
from gateway.bus.kafka import KafkaBus
from gateway.bus.relay import Relay
from gateway.errors import Unavailable
from tests.bus.roads import NOW, hear, numbers, order, small_catalogue, write
from tests.fakes.journal import MemoryJournal
from tests.kafka_fixture import started

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Path]:
    """A node of this test's own."""
    folder = tmp_path / "node"
    started(folder)
    yield folder
    local_kafka.down(folder, hard=True)


def bus_on(folder: Path, *, time_limit: float = 30.0) -> KafkaBus:
    running = local_kafka.status(folder)
    assert running is not None
    return KafkaBus(running.bootstrap, small_catalogue(), time_limit=time_limit, patience=5.0)


async def everything_once(bus: KafkaBus, count: int) -> None:
    """Hear every number at least once, each key's first hearings in order."""
    member = bus.consumer("check", ["vbp.order.placed"])
    await member.start()
    heard: dict[str, dict[int, None]] = {}
    while sum(map(len, heard.values())) < count:
        got = await hear(member, 500)
        assert got, f"only {sum(map(len, heard.values()))} of {count} arrived"
        for each in got:
            heard.setdefault(each.message.subject, {}).update(dict.fromkeys(numbers([each])))
    await member.stop()
    for key, found in heard.items():
        assert list(found) == sorted(found), key
    assert {number for found in heard.values() for number in found} == set(range(count))


@pytest.mark.parametrize("hard", [False, True], ids=["stopped", "killed"])
async def test_a_broker_that_goes_and_comes_back_during_relay_loses_nothing(
    node: Path, hard: bool
) -> None:
    port = local_kafka.status(node).port  # type: ignore[union-attr]
    journal = MemoryJournal(shards=2)
    bus = bus_on(node)
    await bus.start()
    relay = Relay(journal, bus, lambda: NOW, batch=50)
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    for start in range(0, 1000, 100):
        numbered = range(start, start + 100)
        await write(
            journal, *(order(number, f"K{number % 10}", padding=500) for number in numbered)
        )
        await asyncio.sleep(0.1)
        if start == 300:
            await asyncio.to_thread(local_kafka.down, node, hard=hard)
        if start == 700:
            await asyncio.to_thread(local_kafka.up, node, port)
    async with asyncio.timeout(150):
        while sum((await relay.behind()).values()):
            await asyncio.sleep(0.2)
    stop.set()
    await running
    await everything_once(bus, 1000)
    await bus.stop()


async def test_a_frozen_broker_is_given_up_in_time_and_served_again_when_it_wakes(
    node: Path,
) -> None:
    process = local_kafka.status(node)
    assert process is not None
    journal = MemoryJournal(shards=1)
    bus = bus_on(node, time_limit=2.0)
    await bus.start()
    relay = Relay(journal, bus, lambda: NOW)
    await write(journal, *(order(number, "K") for number in range(10)))
    assert await relay.step() == 10
    os.kill(process.pid, signal.SIGSTOP)
    await asyncio.sleep(0.5)  # every thread has to stop, and the last answers to leave the sockets
    try:
        await write(journal, *(order(number, "K") for number in range(10, 20)))
        async with asyncio.timeout(40):
            with pytest.raises(Unavailable):
                await relay.step()
    finally:
        os.kill(process.pid, signal.SIGCONT)
    async with asyncio.timeout(150):
        while True:
            try:
                await relay.step()
            except Unavailable:
                continue
            break
    await everything_once(bus, 20)
    await bus.stop()


async def test_a_member_survives_a_broker_restart_and_hears_what_follows(node: Path) -> None:
    port = local_kafka.status(node).port  # type: ignore[union-attr]
    journal = MemoryJournal(shards=1)
    bus = bus_on(node)
    await bus.start()
    relay = Relay(journal, bus, lambda: NOW)
    member = bus.consumer("g", ["vbp.order.placed"])
    await member.start()
    await write(journal, *(order(number, "K") for number in range(5)))
    await relay.step()
    assert numbers(await hear(member, 5)) == list(range(5))
    await member.commit()
    await asyncio.to_thread(local_kafka.down, node, hard=True)
    await asyncio.to_thread(local_kafka.up, node, port)
    await write(journal, *(order(number, "K") for number in range(5, 10)))
    heard: dict[int, None] = {}
    async with asyncio.timeout(150):
        while len(heard) < 5:
            try:
                await relay.step()
                heard |= dict.fromkeys(numbers(await member.fetch(50, 2)))
            except Unavailable:
                await asyncio.sleep(0.5)
    # acknowledged by the one disk there is, the first five may come again, but the last are all there
    assert [number for number in heard if number >= 5] == list(range(5, 10))
    await member.stop()
    await bus.stop()

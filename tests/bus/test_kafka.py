"""What is peculiar to Kafka: what others see on the topics, and how its failures end."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pytest
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)
from aiokafka.partitioner import DefaultPartitioner  # type: ignore[import-untyped]

from gateway.bus.kafka import KafkaBus
from gateway.bus.kafka_producer import Publisher, Record
from gateway.bus.reaching import unreachable
from gateway.bus.relay import Relay
from gateway.errors import Misconfigured, Unavailable
from tests.bus.roads import (
    BOTH,
    NOW,
    ORDERS,
    Road,
    hear,
    kafka_road,
    numbers,
    order,
    small_catalogue,
    write,
)
from tests.fakes.journal import MemoryJournal

pytestmark = pytest.mark.kafka
NOWHERE = "127.0.0.1:1"


@pytest.fixture
async def road(kafka_bootstrap: str) -> AsyncIterator[Road]:
    found = kafka_road(MemoryJournal(shards=2), kafka_bootstrap)
    await found.bus.start()
    yield found
    await found.bus.stop()


@pytest.fixture
async def admin(kafka_bootstrap: str) -> AsyncIterator[Any]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


def prefix_of(road: Road) -> str:
    assert isinstance(road.bus, KafkaBus)
    return road.bus._naming.prefix


async def raw_records(bootstrap: str, topic: str, count: int) -> list[Any]:
    """Read a topic as somebody else's program would."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [await asyncio.wait_for(consumer.getone(), 10) for _ in range(count)]
    finally:
        await consumer.stop()


async def test_records_are_cloudevents_in_binary_mode(road: Road, kafka_bootstrap: str) -> None:
    said = order(7, "单号/七")
    await road.say(said)
    (record,) = await raw_records(kafka_bootstrap, f"{prefix_of(road)}.order.placed", 1)
    headers = dict(record.headers)
    assert len(headers) == len(record.headers)
    text = {name: value.decode() for name, value in headers.items()}
    assert text.pop("content-type") == "application/json"
    entry = await road.journal.find(said.id)
    assert entry is not None
    assert text == {
        "ce_specversion": "1.0",
        "ce_id": said.id,
        "ce_source": "urn:jicai:partner:p1",
        "ce_type": "cn.jicai.order.placed.v1",
        "ce_subject": "单号/七",
        "ce_time": "2026-03-01T08:00:00+08:00",
        "ce_region": "530000",
        "ce_correlationid": "c1",
        "ce_sequence": f"{entry.shard}-{entry.seq:016d}",
    }
    assert datetime.fromisoformat(text["ce_time"]).tzinfo is not None
    assert record.key == "单号/七".encode()
    assert orjson.loads(record.value) == said.content()


async def test_other_producers_would_choose_the_same_partition(
    road: Road, kafka_bootstrap: str
) -> None:
    await road.say(*(order(number) for number in range(40)))
    topic = f"{prefix_of(road)}.order.placed"
    found = await raw_records(kafka_bootstrap, topic, 40)
    numbered = [0, 1, 2, 3]
    for record in found:
        assert record.partition == DefaultPartitioner()(record.key, numbered, numbered)


async def test_foreign_records_are_skipped_with_a_log_line(
    road: Road, kafka_bootstrap: str
) -> None:
    topic = f"{prefix_of(road)}.order.placed"
    await road.say(order(1))
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    await producer.send_and_wait(topic, b"not ours", partition=0)
    await producer.send_and_wait(topic, None, key=b"tombstone", partition=1)
    headers = [("ce_id", b"\xff"), ("ce_source", b"x")]
    await producer.send_and_wait(topic, b"{}", partition=2, headers=headers)
    await producer.stop()
    await road.say(order(2))
    with structlog.testing.capture_logs() as lines:
        async with road.member("g") as member:
            assert sorted(numbers(await hear(member, 2))) == [1, 2]
            assert await member.fetch(5, 0.5) == []
            await member.commit()
        assert len(await road.bus.tail(ORDERS, 10)) == 2
    assert {line["event"] for line in lines} == {"bus.unreadable"}
    assert sum(each.lag for each in await road.bus.positions("g")) == 0


async def test_two_processes_may_start_at_the_same_time(kafka_bootstrap: str) -> None:
    prefix = f"t{uuid.uuid4().hex[:12]}"
    buses = [
        KafkaBus(kafka_bootstrap, small_catalogue(), partitions=3, prefix=prefix) for _ in range(3)
    ]
    await asyncio.gather(*(bus.start() for bus in buses))
    ends = await buses[0].ends()
    assert {(each.topic, each.partition) for each in ends} == {
        (topic, partition) for topic in BOTH for partition in range(3)
    }
    for bus in buses:
        await bus.stop()


async def test_new_topics_keep_their_messages_as_long_as_the_catalogue_says(
    road: Road, admin: Any
) -> None:
    topic = f"{prefix_of(road)}.order.placed"
    asked = ConfigResource(
        ConfigResourceType.TOPIC,
        topic,
        {"retention.ms": "", "min.insync.replicas": "", "max.message.bytes": ""},
    )
    (answer,) = await admin.describe_configs([asked])
    found = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert int(found["retention.ms"]) == small_catalogue()[ORDERS].retention.ms
    assert found["min.insync.replicas"] == "1"
    assert int(found["max.message.bytes"]) > 2 << 20


async def test_more_replicas_than_brokers_is_misconfigured(kafka_bootstrap: str) -> None:
    bus = KafkaBus(
        kafka_bootstrap, small_catalogue(), replication=9, prefix=f"t{uuid.uuid4().hex[:12]}"
    )
    with pytest.raises(Misconfigured) as wrong:
        await bus.start()
    assert len(wrong.value.findings) == len(BOTH)
    assert "ReplicationFactor" in str(wrong.value)


async def test_a_topic_too_small_for_our_records_is_misconfigured(
    kafka_bootstrap: str, admin: Any
) -> None:
    prefix = f"t{uuid.uuid4().hex[:12]}"
    small = {"max.message.bytes": "1048588"}
    await admin.create_topics([NewTopic(f"{prefix}.order.placed", 1, 1, topic_configs=small)])
    with pytest.raises(Misconfigured, match=r"max\.message\.bytes is 1048588"):
        await KafkaBus(kafka_bootstrap, small_catalogue(), prefix=prefix).start()


async def test_a_message_no_topic_takes_stops_its_shard_until_the_operator_has_acted(
    road: Road, admin: Any
) -> None:
    topic = f"{prefix_of(road)}.order.placed"
    noise = os.urandom(1 << 19).hex()
    large = replace(order(1, "K"), data=orjson.dumps({"number": 1, "noise": noise}))

    async def allow(size: int) -> None:
        config = {"max.message.bytes": str(size)}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
        await asyncio.sleep(0.5)

    await allow(200_000)
    await write(road.journal, order(0, "K"), large, order(2, "K"))
    relay = Relay(road.journal, road.bus, lambda: NOW)

    async def try_on() -> None:
        for _ in range(12):
            with suppress(Unavailable):  # each time with smaller batches
                await relay.step()

    with pytest.raises(Misconfigured, match=large.id):
        await try_on()
    await allow(8 << 20)
    while await relay.step():
        pass
    async with road.member("g") as member:
        found = await hear(member, 4)
    assert list(dict.fromkeys(numbers(found))) == [0, 1, 2]


async def test_batches_the_broker_finds_too_large_are_made_smaller(
    road: Road, kafka_bootstrap: str
) -> None:
    topic = f"{prefix_of(road)}.order.placed"
    records = [Record(b"K", os.urandom(600_000), [], str(number)) for number in range(30)]
    publisher = Publisher(kafka_bootstrap, batch_bytes=16 << 20)
    with pytest.raises(Unavailable):
        await publisher.publish({(topic, 0): records})
    await publisher.publish({(topic, 0): records})
    await publisher.stop()
    assert publisher.rebuilt == 1
    found = await raw_records(kafka_bootstrap, topic, 30)
    assert [record.value for record in found] == [record.value for record in records]


async def test_a_type_without_a_topic_is_misconfigured(road: Road) -> None:
    await write(road.journal, order(1, kind="cn.jicai.order.forgotten.v1"))
    with pytest.raises(Misconfigured, match="forgotten"):
        await road.carry()


async def test_a_producer_stuck_on_its_sequence_numbers_is_replaced(road: Road) -> None:
    await road.say(*(order(number, "K") for number in range(5)))
    assert isinstance(road.bus, KafkaBus)
    publisher = road.bus._publisher
    stuck = publisher._producer._txn_manager
    for place in stuck._sequence_numbers:
        stuck._sequence_numbers[place] += 1000
    await write(road.journal, *(order(number, "K") for number in range(5, 10)))
    with pytest.raises(Unavailable):
        await road.carry()
    assert publisher.rebuilt == 1
    await road.carry()
    async with road.member("g") as member:
        assert numbers(await hear(member, 10)) == list(range(10))


async def test_a_broker_out_of_reach_is_unavailable_in_time_and_by_name() -> None:
    bus = KafkaBus(NOWHERE, small_catalogue(), patience=1.0)
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 within 1 s"):
            await bus.start()
    journal = MemoryJournal()
    await write(journal, order(1))
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 within 1 s"):
            await Relay(journal, bus, lambda: NOW).step()
    await bus.stop()


async def test_questions_to_a_broker_out_of_reach_are_unavailable() -> None:
    bus = KafkaBus(NOWHERE, small_catalogue(), patience=1.0)
    questions: list[Callable[[], Any]] = [
        bus.ends,
        lambda: bus.tail(ORDERS, 1),
        lambda: bus.positions("g"),
        bus.consumer("g", BOTH).start,
    ]
    for ask in questions:
        with pytest.raises(Unavailable):
            await ask()
    await bus.stop()


async def test_the_check_says_whether_a_broker_answers(kafka_bootstrap: str) -> None:
    assert await unreachable(kafka_bootstrap) == []


async def test_a_cancelled_relay_leaves_the_bus_usable(road: Road) -> None:
    await write(road.journal, *(order(number, "K", padding=1000) for number in range(2000)))
    relaying = asyncio.create_task(road.carry())
    await asyncio.sleep(0.02)
    relaying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await relaying
    await road.carry()
    heard: dict[int, None] = {}
    async with road.member("g") as member:
        while len(heard) < 2000:
            heard |= dict.fromkeys(numbers(await hear(member, 500)))
    assert list(heard) == list(range(2000))

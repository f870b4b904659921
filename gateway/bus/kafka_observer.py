"""观察: reads where topics and groups stand, and their newest messages, without joining any group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from gateway.bus.kafka_consumer import delivered
from gateway.bus.naming import Naming
from gateway.errors import Unavailable
from gateway.ports import Delivered, TopicPosition

_ANSWER_SECONDS: Final = 15.0
_REQUEST_MS: Final = 10_000


class Observer:
    """Looks at the topics of one Kafka, called as in the catalogue."""

    def __init__(self, bootstrap: str, naming: Naming) -> None:
        self._bootstrap = bootstrap
        self._naming = naming

    async def ends(self, topics: Iterable[str]) -> list[TopicPosition]:
        """Return the first and last offsets of the topics' partitions. Raises Unavailable."""
        async with self._reader() as reader:
            places = await self._places(reader, topics)
            begins = await reader.beginning_offsets(places)
            ends = await reader.end_offsets(places)
        return [self._position(place, begins[place], ends[place]) for place in places]

    async def positions(self, group: str, topics: Iterable[str]) -> list[TopicPosition]:
        """Return where a group stands in the topics it has committed to and in `topics`."""
        committed = await self._committed(self._naming.group(group))
        known = {self._naming.catalogue(place.topic) for place in committed}
        ends = await self.ends(sorted(known | set(topics)))
        return [
            TopicPosition(
                each.topic,
                each.partition,
                # what retention has deleted is no longer ahead of anyone
                max(each.offset, committed.get(self._place(each), each.offset)),
                each.end,
            )
            for each in ends
        ]

    async def tail(self, topic: str, count: int) -> list[Delivered]:
        """Return the newest `count` messages of a topic, oldest first. Raises Unavailable."""
        if count < 1:
            return []
        async with self._reader() as reader:
            places = await self._places(reader, [topic])
            begins = await reader.beginning_offsets(places)
            ends = await reader.end_offsets(places)
            starts = {place: max(begins[place], ends[place] - count) for place in places}
            filled = [place for place in places if starts[place] < ends[place]]
            if not filled:
                return []
            reader.assign(filled)
            for place in filled:
                reader.seek(place, starts[place])
            records = await _read_until(reader, {place: ends[place] for place in filled})
        records.sort(key=lambda each: (each.timestamp, each.partition, each.offset))
        read = (delivered(record, self._naming) for record in records)
        return [each for each in read if each is not None][-count:]

    async def _committed(self, group: str) -> dict[Any, int]:
        admin = AIOKafkaAdminClient(
            bootstrap_servers=self._bootstrap, request_timeout_ms=_REQUEST_MS
        )
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await admin.start()
                found = await admin.list_consumer_group_offsets(group)
        except (KafkaError, TimeoutError, OSError) as error:
            raise Unavailable(f"Kafka does not tell the offsets of {group}: {error!r}") from error
        finally:
            await admin.close()
        return {place: stood.offset for place, stood in found.items() if stood.offset >= 0}

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Any]:
        """Give a consumer without a group; what goes wrong with it is Unavailable."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=_REQUEST_MS,
        )
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await reader.start()
                # a reader stopped before its first turn would end our own task instead of its own
                await asyncio.sleep(0)
                yield reader
        except (KafkaError, TimeoutError, OSError) as error:
            raise Unavailable(f"Kafka at {self._bootstrap} does not answer: {error!r}") from error
        finally:
            await reader.stop()

    async def _places(self, reader: Any, topics: Iterable[str]) -> list[Any]:
        found = []
        for topic in topics:
            name = self._naming.topic(topic)
            partitions = await reader._client._wait_on_metadata(name)  # noqa: SLF001 - the public
            # `partitions_for_topic` knows only what the client happens to have heard of
            found += [TopicPartition(name, number) for number in sorted(partitions)]
        return found

    def _place(self, position: TopicPosition) -> Any:
        return TopicPartition(self._naming.topic(position.topic), position.partition)

    def _position(self, place: Any, begin: int, end: int) -> TopicPosition:
        return TopicPosition(self._naming.catalogue(place.topic), place.partition, begin, end)


async def _read_until(reader: Any, ends: Mapping[Any, int]) -> list[Any]:
    """Return the records of the assigned partitions up to (without) the given ends."""
    records: list[Any] = []
    while True:
        positions = {place: await reader.position(place) for place in ends}
        if all(positions[place] >= end for place, end in ends.items()):
            return [each for each in records if each.offset < ends[_of(each)]]
        got = await reader.getmany(timeout_ms=500)
        for found in got.values():
            records += found


def _of(record: Any) -> Any:
    return TopicPartition(record.topic, record.partition)

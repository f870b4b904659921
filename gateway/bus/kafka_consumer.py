"""消费: a member of a Kafka consumer group. At least once; offsets are the group's, kept by Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.abc import ConsumerRebalanceListener  # type: ignore[import-untyped]
from aiokafka.coordinator.assignors.range import (  # type: ignore[import-untyped]
    RangePartitionAssignor,
)
from aiokafka.errors import (  # type: ignore[import-untyped]
    CommitFailedError,
    IllegalStateError,
    KafkaError,
)

from gateway.bus.naming import Naming
from gateway.errors import Unavailable
from gateway.log_events import BUS_UNREADABLE, log
from gateway.ports import Delivered
from schemas.envelope import Message

JOIN_SECONDS: Final = 30.0
_LEAVE_SECONDS: Final = 5.0
_HEARTBEAT_MS: Final = 1_000
_SESSION_MS: Final = 15_000
_FETCH_BYTES: Final = 4 << 20


def delivered(record: Any, naming: Naming) -> Delivered | None:
    """Return a record as a message; None, with a log line, when it is not one of ours.

    Only the gateway writes to its topics; a foreign record was never accepted and must not stop anyone.
    """
    try:
        message = Message.from_headers(list(record.headers), bytes(record.value))
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        # no CloudEvents headers, no data at all, or headers that are not text
        log(
            BUS_UNREADABLE,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=repr(error),
        )
        return None
    return Delivered(naming.catalogue(record.topic), record.partition, record.offset, message)


class KafkaMember:
    """One member of a group; stands in `members` while it has joined."""

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Sequence[str],
        *,
        naming: Naming,
        members: set[KafkaMember],
    ) -> None:
        self.group = group
        self.topics = tuple(topics)
        self._bootstrap = bootstrap
        self._naming = naming
        self._members = members
        self._consumer: Any = None
        self._fetched: dict[Any, int] = {}

    async def start(self) -> None:
        """Join the group and wait for a share of its partitions. Raises Unavailable after 30 s."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._naming.group(self.group),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # the same partitions of all topics to the same member: what has one key meets in one place
            partition_assignment_strategy=(RangePartitionAssignor,),
            heartbeat_interval_ms=_HEARTBEAT_MS,
            session_timeout_ms=_SESSION_MS,
            max_partition_fetch_bytes=_FETCH_BYTES,
            metadata_max_age_ms=60_000,
        )
        names = [self._naming.topic(topic) for topic in self.topics]
        consumer.subscribe(topics=names, listener=_Forgetting(self._fetched))
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await consumer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await _leave(consumer)
            raise Unavailable(f"cannot join group {self.group}: {error!r}") from error
        except BaseException:
            await _leave(consumer)
            raise
        self._consumer = consumer
        self._members.add(self)

    async def fetch(self, limit: int, timeout: float) -> list[Delivered]:
        """Return up to `limit` messages; [] after `timeout` seconds of nothing. Raises Unavailable."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while True:
            left = max(0.0, deadline - clock())
            try:
                got = await self._consumer.getmany(timeout_ms=int(left * 1000), max_records=limit)
            except KafkaError as error:
                raise Unavailable(f"cannot read for group {self.group}: {error!r}") from error
            found = self._take(got)
            # what came may have been foreign records only; then the waiting goes on
            if found or not got or not left:
                return found

    def _take(self, got: Mapping[Any, Sequence[Any]]) -> list[Delivered]:
        found: list[Delivered] = []
        for place, records in got.items():
            self._fetched[place] = records[-1].offset + 1
            read = (delivered(record, self._naming) for record in records)
            found += [each for each in read if each is not None]
        return found

    async def commit(self) -> None:
        """Remember the offsets of everything fetched. Raises Unavailable.

        What was fetched from a partition that has meanwhile gone to another member is not remembered:
        it comes again, there.
        """
        assigned = self._consumer.assignment()
        offsets = {place: offset for place, offset in self._fetched.items() if place in assigned}
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            return
        except KafkaError as error:
            raise Unavailable(f"cannot commit for group {self.group}: {error!r}") from error
        for place, offset in offsets.items():
            if self._fetched.get(place) == offset:
                del self._fetched[place]

    async def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from this offset. Raises Unavailable when another member holds the partition."""
        place = TopicPartition(self._naming.topic(topic), partition)
        try:
            self._consumer.seek(place, offset)
        except IllegalStateError as error:
            raise Unavailable(
                f"partition {partition} of {topic} is not with this member of {self.group}"
            ) from error
        self._fetched[place] = offset

    async def stop(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self._members.discard(self)
            await _leave(consumer)


class _Forgetting(ConsumerRebalanceListener):  # type: ignore[misc]
    """Forgets what was fetched from partitions that are taken away: their next holder reads it again."""

    def __init__(self, fetched: dict[Any, int]) -> None:
        self._fetched = fetched

    async def on_partitions_revoked(self, revoked: Any) -> None:
        for place in revoked:
            self._fetched.pop(place, None)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Nothing to do: reading begins at the committed offsets."""


async def _leave(consumer: Any) -> None:
    try:
        async with asyncio.timeout(_LEAVE_SECONDS):
            await consumer.stop()
    except (KafkaError, TimeoutError, OSError):
        # an absent broker will notice by itself that the member is gone
        await consumer._client.close()  # noqa: SLF001 - its stop was cut short

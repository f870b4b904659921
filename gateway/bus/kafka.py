"""Kafka: the Bus on Apache Kafka through aiokafka.

Journal rows become CloudEvents in binary mode (`ce_*` headers, JSON data), keyed by their subject. The
relay publishes with an idempotent producer and acks=all; groups and offsets are Kafka's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.bus.kafka_consumer import KafkaMember
from gateway.bus.kafka_observer import Observer
from gateway.bus.kafka_producer import CONNECT_SECONDS, Lane, Publisher, Record
from gateway.bus.kafka_topics import Layout, ensure_topics
from gateway.bus.naming import CATALOGUE_PREFIX, Naming
from gateway.bus.partitioning import partition_of
from gateway.errors import Misconfigured
from gateway.ports import Consumer, Delivered, Entry, TopicPosition
from schemas.topics import Topic


class KafkaBus:
    """消息总线 on Kafka. `bootstrap` is host:port[,…]; `topics` the catalogue.

    `prefix` is the first word of every topic and group in Kafka, so that several gateways can share one
    cluster; callers never see it. `time_limit` bounds one `relay`, `patience` the way to the broker, in
    seconds.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Mapping[str, Topic],
        *,
        partitions: int = 4,
        replication: int = 1,
        prefix: str = CATALOGUE_PREFIX,
        time_limit: float = 30.0,
        patience: float = CONNECT_SECONDS,
        compression: str | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._topics = dict(topics)
        self._layout = Layout(partitions, replication)
        self._naming = Naming(prefix)
        self._names = {topic.type: self._naming.topic(name) for name, topic in topics.items()}
        self._publisher = Publisher(
            bootstrap, time_limit=time_limit, patience=patience, compression=compression
        )
        self._patience = patience
        self._observer = Observer(bootstrap, self._naming)
        self._members: set[KafkaMember] = set()

    async def start(self) -> None:
        """Make sure that the topics exist. Raises Unavailable (no broker), Misconfigured."""
        named = {self._naming.topic(name): topic for name, topic in self._topics.items()}
        await ensure_topics(self._bootstrap, named, self._layout, self._patience)

    async def stop(self) -> None:
        """Close the producer and every member that is still there."""
        for member in list(self._members):
            await member.stop()
        await self._publisher.stop()

    async def relay(self, entries: Sequence[Entry]) -> None:
        """Publish rows in order, each with its place in the journal as `ce_sequence`.

        Returns when all are acknowledged by all in-sync replicas. Raises Unavailable (the producer has
        been thrown away; send all of `entries` again) and Misconfigured (a type without a topic, a
        message larger than its topic allows).
        """
        if not entries:
            return
        topics = [self._topic_of(entry) for entry in entries]
        partitions = await self._publisher.partitions(set(topics))
        lanes: dict[Lane, list[Record]] = {}
        for topic, entry in zip(topics, entries, strict=True):
            key = entry.message.subject.encode()
            lane = (topic, partition_of(key, partitions[topic]))
            lanes.setdefault(lane, []).append(_record(entry, key))
        await self._publisher.publish(lanes)

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Return a new member of a group."""
        return KafkaMember(
            self._bootstrap, group, topics, naming=self._naming, members=self._members
        )

    async def positions(self, group: str) -> list[TopicPosition]:
        """Return where a group stands, in all topics it has committed to or has members for here."""
        subscribed = {
            topic for member in self._members if member.group == group for topic in member.topics
        }
        return await self._observer.positions(group, subscribed)

    async def tail(self, topic: str, count: int) -> list[Delivered]:
        """Return the newest messages of a topic, oldest first (by the time they were published)."""
        return await self._observer.tail(topic, count)

    async def ends(self) -> list[TopicPosition]:
        """Return the first and last offsets of every topic's partitions."""
        return await self._observer.ends(self._topics)

    def _topic_of(self, entry: Entry) -> str:
        try:
            return self._names[entry.message.type]
        except KeyError as error:
            unlisted = f"{entry.message.type} of {entry.message.id} has no topic"
            raise Misconfigured(unlisted) from error


def _record(entry: Entry, key: bytes) -> Record:
    message = entry.message.numbered(entry.shard, entry.seq)
    return Record(key, message.data, message.headers(), message.id)

"""The two buses behind one face, for the tests: say something in the journal, hear it on the bus."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from gateway.bus.embedded import EmbeddedBus
from gateway.bus.kafka import KafkaBus
from gateway.bus.relay import Relay
from gateway.ports import Bus, Commit, Consumer, Delivered, Journal, Row, Submission
from schemas.envelope import SOURCE_PREFIX, Message, message_identity
from schemas.events import ACCEPTANCE_RECORDED, ORDER_PLACED, TOPICS
from schemas.topics import Topic, load_topics

ORDERS = "vbp.order.placed"
ACCEPTANCES = "vbp.acceptance.recorded"
BOTH = (ORDERS, ACCEPTANCES)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def order(number: int, subject: str = "", *, kind: str = ORDER_PLACED, padding: int = 0) -> Message:
    """Return a message; its data say only its number."""
    data = {"number": number, "padding": "x" * padding} if padding else {"number": number}
    return Message(
        id=message_identity("p1", f"{kind}-{number}"),
        source=f"{SOURCE_PREFIX}p1",
        type=kind,
        subject=subject or f"ORD{number:06d}",
        time="2026-03-01T08:00:00+08:00",
        data=orjson.dumps(data),
        region="530000",
        correlationid="c1",
    )


def acceptance(number: int, subject: str = "") -> Message:
    """Return a message on the other topic."""
    return order(number, subject, kind=ACCEPTANCE_RECORDED)


def numbers(found: Sequence[Delivered]) -> list[int]:
    """Return the numbers of the orders that were heard."""
    return [each.message.content()["number"] for each in found]


async def write(journal: Journal, *messages: Message) -> None:
    """Put messages into the journal, one submission each, in one commit."""
    await journal.commit(
        Commit(
            submissions=[
                Submission(
                    id=each.id,
                    partner="p1",
                    message_id=each.id,
                    interface="test",
                    raw=each.data,
                    digest=hashlib.sha256(each.data).hexdigest(),
                    received_at="2026-03-01T00:00:00Z",
                    rows=[Row(each)],
                )
                for each in messages
            ]
        )
    )


async def hear(consumer: Consumer, count: int, *, limit: int = 500) -> list[Delivered]:
    """Return `count` messages; fewer when nothing comes for twenty seconds."""
    found: list[Delivered] = []
    while len(found) < count:
        got = await consumer.fetch(min(limit, count - len(found)), 20)
        if not got:
            break
        found += got
    return found


@dataclass
class Road:
    """A journal with a bus, and the relay where the bus needs one."""

    journal: Journal
    bus: Bus
    reopen: Callable[[], Bus]
    needs_relay: bool
    buses: list[Bus] = field(default_factory=list)

    async def say(self, *messages: Message) -> None:
        """Write into the journal and wait until it is on the bus."""
        await write(self.journal, *messages)
        await self.carry()

    async def carry(self) -> None:
        """Relay all there is."""
        if not self.needs_relay:
            return
        relay = Relay(self.journal, self.bus, lambda: NOW, owner="road")
        while await relay.step():
            pass

    @asynccontextmanager
    async def member(
        self, group: str, topics: Sequence[str] = BOTH, bus: Bus | None = None
    ) -> AsyncIterator[Consumer]:
        """Give a started member of a group, and let it leave afterwards."""
        consumer = (bus or self.bus).consumer(group, topics)
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def restart(self) -> None:
        """Close the bus and open it again, as another process would."""
        await self.bus.stop()
        self.bus = self.reopen()
        await self.bus.start()


def small_catalogue() -> dict[str, Topic]:
    """Return the two topics that the tests use."""
    return {name: topic for name, topic in load_topics().items() if name in BOTH}


def embedded_road(journal: Journal) -> Road:
    """Return a road on the embedded bus."""
    return Road(journal, EmbeddedBus(journal), lambda: EmbeddedBus(journal), needs_relay=False)


def kafka_road(journal: Journal, bootstrap: str) -> Road:
    """Return a road on Kafka with topics of its own."""
    prefix = f"t{uuid.uuid4().hex[:12]}"

    def opened() -> KafkaBus:
        return KafkaBus(bootstrap, small_catalogue(), partitions=4, prefix=prefix)

    return Road(journal, opened(), opened, needs_relay=True)


assert set(BOTH) <= set(TOPICS)

"""排队: from the bus into one queue per partner.

The bus delivers at least once; the queue holds each message once per partner, because the queue items,
the counters that order them and the mark "handled" become durable in one commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from gateway.delivery.queue_item import (
    CONSUMER,
    COUNTERS,
    Item,
    journal_order,
    queue_key,
    queue_space,
)
from gateway.delivery.routes import Routes
from gateway.errors import Contended
from gateway.ports import Bus, Commit, Consumer, Delivered, Journal, Write
from schemas.envelope import Message
from schemas.events import TOPICS

FETCH_LIMIT: Final = 500
REDO_LIMIT: Final = 20  # another worker wins a race at most a few times in a row


class Queueing:
    """The consumer group "delivery". It reads every topic, so that a new route holds from the moment it
    was made and never pours a topic's whole past over a partner.
    """

    def __init__(
        self, journal: Journal, bus: Bus, routes: Routes, clock: Callable[[], datetime]
    ) -> None:
        self.routes = routes
        self._journal, self._bus, self._clock = journal, bus, clock
        self._consumer: Consumer | None = None
        self._fetched: list[Delivered] = []

    async def step(self, timeout: float = 0.0) -> int:
        """Queue one batch from the bus; return how many deliveries were queued.

        Raises Unavailable when journal or bus is down; the batch is kept and tried again.
        """
        consumer = await self._joined()
        if not self._fetched:
            self._fetched = await consumer.fetch(FETCH_LIMIT, timeout)
        if not self._fetched:
            return 0
        queued = await self._queued([each.message for each in self._fetched])
        self._fetched = []
        await consumer.commit()
        return queued

    async def stop(self) -> None:
        """Leave the group; what was fetched and not queued comes again."""
        consumer, self._consumer, self._fetched = self._consumer, None, []
        if consumer is not None:
            await consumer.stop()

    async def _joined(self) -> Consumer:
        if self._consumer is None:
            consumer = self._bus.consumer(CONSUMER, tuple(TOPICS))
            await consumer.start()
            self._consumer = consumer
        return self._consumer

    async def _queued(self, messages: Sequence[Message]) -> int:
        for _ in range(REDO_LIMIT):
            work, queued = await self._planned(messages)
            if not queued:
                return 0
            try:
                await self._journal.commit(work)
            except Contended:
                continue
            return queued
        raise Contended(f"{len(messages)} messages could not be queued after {REDO_LIMIT} tries")

    async def _planned(self, messages: Iterable[Message]) -> tuple[Commit, int]:
        """Return the commit that queues those messages which were not queued before."""
        due = {each.id: (each, to) for each in messages if (to := self.routes.matching(each))}
        fresh = await self._journal.unhandled(CONSUMER, list(due)) if due else set()
        ordered = [
            (message, due[message.id][1])
            for message in in_journal_order([due[each][0] for each in due if each in fresh])
        ]
        partners = {matched.partner for _, to in ordered for matched in to}
        counters = await self._journal.get_many(COUNTERS, sorted(partners)) if partners else {}
        last = {each: int(counters[each].value) if each in counters else 0 for each in partners}
        now = self._clock()
        work = Commit(handled=[(CONSUMER, message.id) for message, _ in ordered])
        for message, to in ordered:
            for matched in to:
                last[matched.partner] += 1
                key = queue_key(last[matched.partner])
                item = Item.of(message, matched.route, now).written()
                work.writes.append(Write(queue_space(matched.partner), key, item, expected=0))
        queued = len(work.writes)
        work.writes += [
            advanced(each, last[each], counters[each].version if each in counters else 0)
            for each in sorted(partners)
        ]
        return work, queued


def in_journal_order(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with those of each shard in the journal's order (topics have no order among
    each other); between shards they stay as they came.
    """
    places = [journal_order(each.sequence) for each in messages]
    by_place = sorted(range(len(messages)), key=lambda n: places[n])
    of_shard: dict[str, deque[int]] = {}
    for number in by_place:
        of_shard.setdefault(places[number][0], deque()).append(number)
    return [messages[of_shard[shard].popleft()] for shard, _ in places]


def advanced(partner: str, number: int, version: int) -> Write:
    """Return the write that moves a partner's counter on from the version that was read."""
    return Write(COUNTERS, partner, str(number).encode(), expected=version)

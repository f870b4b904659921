"""A bus for tests: one partition, read straight from the journal in memory, at least once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.ports import Delivered, Entry, EntryKind, TopicPosition
from schemas.events import EVENT_TYPES
from tests.fakes.journal import MemoryJournal


class FeedConsumer:
    def __init__(self, bus: FeedBus, group: str) -> None:
        self._bus, self._group = bus, group
        self._at = 0

    async def start(self) -> None:
        self._at = self._bus.committed.get(self._group, 0)

    async def fetch(self, limit: int, timeout: float) -> list[Delivered]:
        found = self._bus.published()[self._at : self._at + limit]
        self._at += len(found)
        if not found:
            await asyncio.sleep(timeout)
        return found

    async def commit(self) -> None:
        self._bus.committed[self._group] = self._at

    async def seek(self, topic: str, partition: int, offset: int) -> None:
        self._at = offset

    async def stop(self) -> None:
        """Nothing to close."""


class FeedBus:
    """`order` may be set to hand messages out in another order than the journal's."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self.committed: dict[str, int] = {}
        self.order: list[str] = []

    def published(self) -> list[Delivered]:
        entries = [e for e in self._journal._state.arrived if e.kind is EntryKind.MESSAGE]
        if self.order:
            entries.sort(key=lambda e: self.order.index(e.message.id))
        return [
            Delivered(EVENT_TYPES[e.message.type].topic, 0, n, e.message.numbered(e.shard, e.seq))
            for n, e in enumerate(entries)
        ]

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def relay(self, entries: Sequence[Entry]) -> None:
        """Reads the journal itself."""

    def consumer(self, group: str, topics: Sequence[str]) -> FeedConsumer:
        return FeedConsumer(self, group)

    async def positions(self, group: str) -> list[TopicPosition]:
        return [TopicPosition("all", 0, self.committed.get(group, 0), len(self.published()))]

    async def tail(self, topic: str, count: int) -> list[Delivered]:
        return [each for each in self.published() if each.topic == topic][-count:]

    async def ends(self) -> list[TopicPosition]:
        return [TopicPosition("all", 0, 0, len(self.published()))]

"""内置总线: the Bus on the journal itself. Nothing is copied: topics are a view of the journal's rows.

A partition is a shard of the journal, an offset the row's number there (with gaps: the rows of other
topics). Groups keep their offsets in the journal's key-value space. The members of a group in one
process share the shards between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.bus.embedded_group import Group, delivered, offset_space, stored_offsets
from gateway.bus.embedded_member import EmbeddedMember
from gateway.ports import (
    Consumer,
    Delivered,
    Entry,
    EntryKind,
    Journal,
    Search,
    TopicPosition,
)
from schemas.events import TOPICS

FIRST_OFFSET: Final = 1


class EmbeddedBus:
    """消息总线 without a broker, for one process; the journal is started and stopped by its owner."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._groups: dict[str, Group] = {}

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Let every member that is still there leave its group."""
        for group in self._groups.values():
            for member in list(group.members):
                await member.stop()

    async def relay(self, entries: Sequence[Entry]) -> None:
        """Nothing to do: what stands in the journal is on the bus."""

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Return a new member of a group. Raises KeyError for an unknown topic."""
        for topic in topics:
            TOPICS[topic]
        shared = self._groups.setdefault(group, Group(group, self._journal.shards))
        return EmbeddedMember(self._journal, shared, topics)

    async def positions(self, group: str) -> list[TopicPosition]:
        """Return where a group stands in the topics it has committed to or has members for here."""
        found = await stored_offsets(self._journal, offset_space(group))
        live = self._groups.get(group)
        for member in live.members if live else ():
            known = member.committed()
            for place in live.share(member) if live else ():
                found[place] = known.get(place, found.get(place, FIRST_OFFSET))
        ends = await self._ends()
        return [
            TopicPosition(topic, shard, offset, ends[shard])
            for (topic, shard), offset in sorted(found.items())
            if shard in ends
        ]

    async def tail(self, topic: str, count: int) -> list[Delivered]:
        """Return the newest messages of a topic, oldest first."""
        if count < 1:
            return []
        question = Search(type=TOPICS[topic].name, kind=EntryKind.MESSAGE, limit=count)
        newest = await self._journal.search(question)
        return [delivered(entry, topic) for entry in reversed(newest)]

    async def ends(self) -> list[TopicPosition]:
        """Return the first and last offsets of every topic's partitions."""
        ends = await self._ends()
        return [
            TopicPosition(topic, shard, FIRST_OFFSET, end)
            for topic in TOPICS
            for shard, end in ends.items()
        ]

    async def _ends(self) -> dict[int, int]:
        return {head.shard: head.seq + 1 for head in await self._journal.heads()}

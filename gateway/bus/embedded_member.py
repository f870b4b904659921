"""内置消费者: one member of a group, reading the journal's shards.

A shard is read once for all topics of the member, in pages that are kept until they are asked for. Rows
of other topics are stepped over, in memory at once, durably with the next commit or when idle.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.bus.embedded_group import (
    Group,
    Place,
    delivered,
    offset_key,
    offset_space,
    stored_offsets,
)
from gateway.errors import Unavailable
from gateway.ports import Commit, Delivered, Head, Journal, Write
from schemas.events import EVENT_TYPES

PAGE: Final = 500
"""Rows read at once; also how far a restart may have to step over rows of other topics again."""
_TOPIC_OF: Final = {name: listed.topic for name, listed in EVENT_TYPES.items()}
_RECHECK_SECONDS: Final = 0.2
"""How soon a waiting member sees that its share has changed."""


@dataclass(slots=True)
class _Reading:
    """How far a shard has been read: `floors` are the next offsets wanted of each topic."""

    floors: dict[str, int]
    read_to: int
    ahead: deque[Delivered] = field(default_factory=deque)

    def next_of(self, topic: str) -> int:
        """Return the next offset of a topic: all before it were given out or are not of this topic."""
        reached = self.ahead[0].offset if self.ahead else self.read_to + 1
        return max(self.floors[topic], reached)


class EmbeddedMember:
    """消费者 on the journal; see the Consumer port."""

    def __init__(self, journal: Journal, group: Group, topics: Sequence[str]) -> None:
        self.topics = tuple(dict.fromkeys(topics))
        self._journal = journal
        self._group = group
        self._generation = -1
        self._shards: dict[int, _Reading] = {}
        self._turn = 0
        self._open: set[Place] = set()
        """What was given out, or moved by `seek`, since the last commit."""
        self._due: set[Place] = set()
        """What was heard and handled, and is not yet durable."""
        self._committed: dict[Place, int] = {}
        self._saved: dict[Place, int] = {}

    async def start(self) -> None:
        """Join; begins at the group's offsets, else at the beginning."""
        self._group.join(self)
        await self._take_share()

    async def stop(self) -> None:
        """Leave the group; what was not committed comes again to another member."""
        if self not in self._group.members:
            return
        try:
            await self._save(self._committed)
        finally:
            self._group.leave(self)
            self._shards.clear()

    def committed(self) -> dict[Place, int]:
        """Return the offsets that count as handled now, by topic and shard."""
        return dict(self._committed)

    async def fetch(self, limit: int, timeout: float) -> list[Delivered]:
        """Return up to `limit` messages, in order per partition; [] after `timeout` seconds."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while True:
            await self._take_share()
            await self._read_ahead(limit)
            # no waiting from here on: a fetch that is cancelled has given nothing out
            found = self._give(limit)
            if found:
                return found
            left = deadline - clock()
            if left <= 0:
                await self._save(self._committed)
                return []
            await self._wait(min(left, _RECHECK_SECONDS))

    async def commit(self) -> None:
        """Remember for the group that everything fetched has been handled. Raises Unavailable.

        Topics that were only stepped over are remembered once they are far ahead: stepping over them
        again is cheap, writing every topic at each commit is not.
        """
        self._due |= self._open
        self._open.clear()
        self._settle()
        await self._save(
            {
                place: offset
                for place, offset in self._committed.items()
                if place in self._due or offset > self._saved.get(place, 1) + PAGE
            }
        )
        self._due.clear()

    async def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from this offset. Raises Unavailable when another member holds the partition."""
        if offset < 0:
            raise ValueError(f"an offset is not negative: {offset}")
        await self._take_share()
        reading = self._shards.get(partition)
        if reading is None or topic not in reading.floors:
            raise Unavailable(
                f"partition {partition} of {topic} is not with this member of {self._group.name}"
            )
        floors = {each: reading.next_of(each) for each in reading.floors}
        floors[topic] = max(1, offset)
        self._shards[partition] = _Reading(floors, min(floors.values()) - 1)
        self._open.add((topic, partition))

    # ------------------------------------------------------------------ share

    async def _take_share(self) -> None:
        """Take up what others left, let go of what others took; nothing when no one came or went."""
        if self._generation == self._group.generation:
            return
        generation = self._group.generation
        mine = self._group.share(self)
        self._committed = {
            place: offset for place, offset in self._committed.items() if place in mine
        }
        offsets = await stored_offsets(self._journal, offset_space(self._group.name))
        shards: dict[int, _Reading] = {}
        for shard in sorted({shard for _, shard in mine}):
            topics = {topic for topic, each in mine if each == shard}
            reading = self._shards.get(shard)
            if reading is not None and set(reading.floors) == topics:
                shards[shard] = reading
                continue
            floors = {topic: offsets.get((topic, shard), 1) for topic in topics}
            shards[shard] = _Reading(floors, min(floors.values()) - 1)
            self._saved |= {(topic, shard): floor for topic, floor in floors.items()}
            self._open -= {(topic, shard) for topic in self.topics}
        self._open &= mine
        self._due &= mine
        self._shards = shards
        self._generation = generation

    # ------------------------------------------------------------------ reading

    async def _read_ahead(self, limit: int) -> None:
        """Read shards, beginning with another one each time, until there are `limit` messages ahead."""
        ends = {head.shard: head.seq for head in await self._journal.heads()}
        ahead = sum(len(reading.ahead) for reading in self._shards.values())
        self._turn += 1
        for shard in self._order():
            reading = self._shards[shard]
            while ahead < limit and reading.read_to < ends[shard]:
                ahead += await self._read_page(shard, reading, ends[shard])

    async def _read_page(self, shard: int, reading: _Reading, end: int) -> int:
        """Read one page of a shard that ended at `end` a moment ago; return how many messages it had."""
        rows = await self._journal.read(shard, reading.read_to, PAGE)
        found = []
        for row in rows:
            topic = _TOPIC_OF.get(row.message.type, "")
            if row.seq >= reading.floors.get(topic, row.seq + 1):
                found.append(delivered(row, topic))
        reading.ahead.extend(found)
        # behind the last row of a short page stand only rows that are never published
        last = rows[-1].seq if rows else 0
        reading.read_to = last if len(rows) == PAGE else max(last, end)
        return len(found)

    def _give(self, limit: int) -> list[Delivered]:
        found: list[Delivered] = []
        for shard in self._order():
            ahead = self._shards[shard].ahead
            while ahead and len(found) < limit:
                found.append(ahead.popleft())
                self._open.add((found[-1].topic, shard))
        self._settle()
        return found

    def _order(self) -> list[int]:
        shards = sorted(self._shards)
        turn = self._turn % len(shards) if shards else 0
        return shards[turn:] + shards[:turn]

    async def _wait(self, seconds: float) -> None:
        heads = [Head(shard, reading.read_to, "") for shard, reading in self._shards.items()]
        if heads:
            await self._journal.wait(heads, seconds)
        else:
            await asyncio.sleep(seconds)

    # ------------------------------------------------------------------ offsets

    def _settle(self) -> None:
        """Count as handled what was committed or stepped over, in shards of which nothing is open."""
        busy = {shard for _, shard in self._open}
        for shard, reading in self._shards.items():
            if shard not in busy:
                for topic in reading.floors:
                    self._committed[topic, shard] = reading.next_of(topic)

    async def _save(self, offsets: Mapping[Place, int]) -> None:
        """Make those offsets durable that are not yet."""
        changed = {
            place: offset
            for place, offset in offsets.items()
            if offset != self._saved.get(place, 1)
        }
        if not changed:
            return
        space = offset_space(self._group.name)
        writes = [
            Write(space, offset_key(place), str(offset).encode())
            for place, offset in changed.items()
        ]
        await self._journal.commit(Commit(writes=writes))
        self._saved |= changed

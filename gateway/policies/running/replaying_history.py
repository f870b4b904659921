"""历史: the journal's published rows as one stream, and messages by id out of it, each row read once."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gateway.policies.policy import POLICY_PARTNER
from gateway.ports import Entry, Journal
from schemas.envelope import Message
from schemas.events import OFFSET_CHINA

PAGE: Final = 1000

Progress = Callable[[int], None]
"""Told how many rows have been read since it was last told."""


def told_nobody(_rows: int) -> None:
    """Tell nobody."""


def instant_of(recorded_at: str) -> datetime:
    """Return when a row was recorded; without an offset it is China's time."""
    found = datetime.fromisoformat(recorded_at)
    return found if found.tzinfo else datetime.fromisoformat(f"{recorded_at}{OFFSET_CHINA}")


def concluded(message: Message) -> bool:
    """Return whether a message is a policy's conclusion."""
    return message.partner.startswith(POLICY_PARTNER)


@dataclass(slots=True)
class Shard:
    """One shard's rows, read in pages. Known: those recorded up to an instant."""

    journal: Journal
    number: int
    known_at: datetime | None
    told: Progress
    at: int = 0
    ended: bool = False
    ahead: deque[Entry] = field(default_factory=deque)

    async def fill(self) -> bool:
        """Read on when nothing is ahead; return whether something is now."""
        while not self.ahead and not self.ended:
            rows = await self.journal.read(self.number, self.at, PAGE)
            self.told(len(rows))
            self.ended = len(rows) < PAGE
            if rows:
                self.at = rows[-1].seq
            self.ahead.extend(_placed(row) for row in rows if self.known(row))
        return bool(self.ahead)

    def known(self, row: Entry) -> bool:
        """Return whether a row had been recorded by then."""
        return self.known_at is None or instant_of(row.recorded_at) <= self.known_at


def _placed(row: Entry) -> Entry:
    """Return a row whose message bears its place in the journal, as it did when it came over the bus."""
    return replace(row, message=row.message.numbered(row.shard, row.seq))


def _shards(journal: Journal, known_at: datetime | None, told: Progress) -> list[Shard]:
    return [Shard(journal, number, known_at, told) for number in range(journal.shards)]


async def recorded_order(
    journal: Journal, *, known_at: datetime | None = None, told: Progress = told_nobody
) -> AsyncIterator[Entry]:
    """Yield every published row known at an instant in recorded order; within a shard as numbered.

    Raises Unavailable.
    """
    waiting: list[tuple[datetime, int, int]] = []
    shards = _shards(journal, known_at, told)
    latest = [datetime.min.replace(tzinfo=instant_of("2000-01-01T00:00:00Z").tzinfo)] * len(shards)

    async def push(shard: Shard) -> None:
        if await shard.fill():
            row = shard.ahead[0]
            # a row never overtakes the one before it in its shard, whatever its clock said
            latest[shard.number] = max(latest[shard.number], instant_of(row.recorded_at))
            heapq.heappush(waiting, (latest[shard.number], shard.number, row.seq))

    for shard in shards:
        await push(shard)
    while waiting:
        _, number, _ = heapq.heappop(waiting)
        yield shards[number].ahead.popleft()
        await push(shards[number])


@dataclass(slots=True)
class Rows:
    """Rows by id, for callers that ask about in the order of the journal: few are waiting at a time.

    `keep` says which rows are wanted; `met` is told of every row that passes, once.
    """

    journal: Journal
    keep: Callable[[Message], bool]
    met: Callable[[Entry], None]
    known_at: datetime | None = None
    told: Progress = told_nobody
    _shards: list[Shard] = field(default_factory=list)
    _waiting: dict[str, Message] = field(default_factory=dict)
    _turn: int = 0

    async def message(self, message_id: str) -> Message | None:
        """Return a message and forget it; one that was asked for before is looked up. None: unknown."""
        while message_id not in self._waiting and await self._read_on():
            pass
        found = self._waiting.pop(message_id, None)
        if found is not None:
            return found
        entry = await self.journal.find(message_id)
        return _placed(entry).message if entry is not None else None

    async def rest(self) -> None:
        """Read what nobody asked for."""
        while await self._read_on():
            self._waiting.clear()

    async def _read_on(self) -> bool:
        if not self._shards:
            self._shards = _shards(self.journal, self.known_at, self.told)
        for _ in self._shards:
            self._turn = (self._turn + 1) % len(self._shards)
            shard = self._shards[self._turn]
            if await shard.fill():
                for row in shard.ahead:
                    self.met(row)
                    if self.keep(row.message):
                        self._waiting[row.message.id] = row.message
                shard.ahead.clear()
                return True
        return False

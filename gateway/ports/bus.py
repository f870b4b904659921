"""消息: topics with partitions and groups, as the other rooms see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.ports.rows import Entry
from schemas.envelope import Message


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as a consumer gets it. Offsets grow within a partition; they may have gaps."""

    topic: str
    partition: int
    offset: int
    message: Message


@dataclass(frozen=True, slots=True)
class TopicPosition:
    """Where a group stands in a partition; lag is the number of offsets (not always messages) behind."""

    topic: str
    partition: int
    offset: int
    """The next offset to read."""
    end: int

    @property
    def lag(self) -> int:
        """Return how far the group is behind the end."""
        return max(0, self.end - self.offset)


class Consumer(Protocol):
    """A member of a consumer group. At least once: the handler dedupes by message id."""

    async def start(self) -> None:
        """Join; begins where the group left off (`committed`), else at the beginning."""
        ...

    async def fetch(self, limit: int, timeout: float) -> list[Delivered]:
        """Return up to `limit` messages, in order per partition; [] after `timeout` seconds of nothing."""
        ...

    async def commit(self) -> None:
        """Remember for the group that everything fetched so far has been handled."""
        ...

    async def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from this offset (replay)."""
        ...

    async def stop(self) -> None:
        """Leave the group."""
        ...


class Bus(Protocol):
    """消息: topics with partitions and groups. Every implementation passes tests/bus."""

    async def start(self) -> None:
        """Connect and make sure the catalogue's topics exist. Raises Unavailable / Misconfigured."""
        ...

    async def stop(self) -> None:
        """Flush and close."""
        ...

    async def relay(self, entries: Sequence[Entry]) -> None:
        """Publish the journal's rows in order; returns when all are acknowledged by all replicas.

        The embedded bus reads the journal itself: nothing to do there. Raises Unavailable after its own
        attempts to recover (the producer is rebuilt, and the caller sends again from the journal).
        """
        ...

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Return a new member of a group."""
        ...

    async def positions(self, group: str) -> list[TopicPosition]:
        """Return where a group stands, with lag."""
        ...

    async def tail(self, topic: str, count: int) -> list[Delivered]:
        """Return the newest messages of a topic, oldest first."""
        ...

    async def ends(self) -> list[TopicPosition]:
        """Return the first and last offsets of every topic's partitions (`offset` is the beginning)."""
        ...

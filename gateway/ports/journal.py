"""留痕: the journal as the other rooms see it.

An append-only, hash-chained table, plus a small versioned key-value space for everything that must become
durable in the same transaction (policy state, offsets, queues). One call, `commit`, makes a `Commit`
durable as a whole or not at all. Concurrent calls share group commits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from gateway.ports.rows import Commit, Entry, Head, Held, HeldCount, Outcome, Search, Stored


class Journal(Protocol):
    """留痕: see the module's docstring. Every implementation passes tests/journal."""

    async def start(self) -> None:
        """Open, create or migrate. Raises Misconfigured when it cannot be used."""
        ...

    async def stop(self) -> None:
        """Finish what was begun and close."""
        ...

    @property
    def shards(self) -> int:
        """Number of chains; fixed when the journal was created."""
        ...

    async def commit(self, work: Commit) -> list[Outcome]:
        """Make `work` durable in one transaction; one outcome per submission, in order.

        Raises Contended (redo), Unavailable (database down or full; nothing was written).
        """
        ...

    async def find(self, message_id: str) -> Entry | None:
        """Return the row with this canonical id (the released row where it was held)."""
        ...

    async def search(self, question: Search) -> list[Entry]:
        """Return matching rows, newest first, without raw bytes. Raises Rejected for a bad time."""
        ...

    async def read(
        self, shard: int, after: int, limit: int, *, published_only: bool = True
    ) -> list[Entry]:
        """Return rows of a shard with seq > after in order, without their raw bytes."""
        ...

    async def raw(self, head_id: str) -> bytes:
        """Return a submission's raw bytes. Raises KeyError."""
        ...

    async def heads(self) -> list[Head]:
        """Return the end of every shard's chain."""
        ...

    async def held(self, *, limit: int = 1000, after: int = 0) -> list[Held]:
        """Return what is held, oldest first: those with a `number` greater than `after`."""
        ...

    async def held_counts(self) -> list[HeldCount]:
        """Return how much is held, partner by partner in the order of their ids."""
        ...

    def verify(self, shard: int, after: int = 0) -> AsyncIterator[int]:
        """Walk a shard's chain and yield the numbers verified so far (for progress bars).

        Raises Tampered at the first entry whose bytes, number or hash do not fit.
        """
        ...

    async def get(self, space: str, key: str) -> Stored | None:
        """Return one value of the key-value space."""
        ...

    async def get_many(self, space: str, keys: Sequence[str]) -> dict[str, Stored]:
        """Return those of the keys that exist."""
        ...

    async def get_each(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Stored]]:
        """Return, for each space, those of its keys that exist: one question for all spaces."""
        ...

    async def scan(
        self, space: str, prefix: str = "", *, after: str = "", limit: int = 1000
    ) -> list[tuple[str, Stored]]:
        """Return key-values in key order (byte order), those with the prefix and key > after."""
        ...

    async def scan_each(
        self, places: Sequence[tuple[str, str]], *, limit: int = 1000
    ) -> list[list[tuple[str, Stored]]]:
        """Return what `scan` says of each (space, prefix), in order: one question for all."""
        ...

    async def unhandled(self, consumer: str, ids: Sequence[str]) -> set[str]:
        """Return those ids that the consumer has not handled yet."""
        ...

    async def wait(self, heads: Sequence[Head], timeout: float) -> bool:
        """Return True as soon as a shard has grown past these heads, False after `timeout` seconds."""
        ...

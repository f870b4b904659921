"""What every journal answers in the same way, whatever database its rows come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from gateway.journal.chain import Hasher, Record, as_entry
from gateway.journal.identities import askable, askable_after
from gateway.journal.verifying import walk
from gateway.journal.watch import Watch
from gateway.ports import Entry, Head, Held, HeldCount, Search, Stored

_SMALL: Final = 2**31 - 1
_LARGE: Final = 2**63 - 1


class Rows(Protocol):
    """The questions to a database. All raise Unavailable when it cannot be asked."""

    async def by_id(self, identity: str) -> Record | None:
        """Return the row that an id stands for now, with its raw bytes."""
        ...

    async def searched(self, question: Search) -> list[Record]:
        """Return the rows that fit, newest first, without raw bytes. Raises Rejected for a bad time."""
        ...

    async def after(
        self, shard: int, seq: int, limit: int, *, published_only: bool
    ) -> list[Record]:
        """Return rows of a shard behind `seq`, in order, without raw bytes."""
        ...

    async def chained(self, shard: int, seq: int, limit: int) -> list[Record]:
        """Return rows of a shard behind `seq` exactly as they are stored. Raises Unreadable."""
        ...

    async def heads(self) -> list[Head]:
        """Return the end of every chain; number 0 for an empty one."""
        ...

    async def held(self, limit: int, after: int) -> list[Held]:
        """Return the hold list behind a number, oldest first."""
        ...

    async def held_counts(self) -> list[HeldCount]:
        """Return how much each partner has on the hold list, and since when."""
        ...

    async def states(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Stored]]:
        """Return, for each space, those of its keys that exist."""
        ...

    async def scanned(
        self, space: str, prefix: str, behind: str, limit: int
    ) -> list[tuple[str, Stored]]:
        """Return key-values in byte order of their keys."""
        ...

    async def scanned_each(
        self, places: Sequence[tuple[str, str]], limit: int
    ) -> list[list[tuple[str, Stored]]]:
        """Return key-values of each (space, prefix), in byte order of their keys."""
        ...

    async def handled(self, consumer: str, ids: Sequence[str]) -> set[str]:
        """Return those ids that the consumer has handled."""
        ...


class Reading:
    """The reading half of a journal."""

    def __init__(self, rows: Rows, new: Hasher) -> None:
        self._rows = rows
        self._new = new
        self._watch = Watch(rows.heads)

    async def find(self, message_id: str) -> Entry | None:
        """Return the row with this id (the released one where it was held), with its raw bytes."""
        found = await self._rows.by_id(askable(message_id))
        return None if found is None else as_entry(found)

    async def search(self, question: Search) -> list[Entry]:
        """Return matching rows, newest first, without raw bytes. Raises Rejected for a bad time."""
        asked = replace(
            question,
            partner=askable(question.partner),
            subject=askable(question.subject),
            type=askable(question.type),
            kind=askable(question.kind),
            limit=_limit(question.limit),
        )
        return [as_entry(one) for one in await self._rows.searched(asked)]

    async def read(
        self, shard: int, after: int, limit: int, *, published_only: bool = True
    ) -> list[Entry]:
        """Return rows of a shard with seq > after in order, without their raw bytes."""
        if not 0 <= shard <= _SMALL:
            return []
        rows = await self._rows.after(
            shard, _number(after), _limit(limit), published_only=published_only
        )
        return [as_entry(one) for one in rows]

    async def raw(self, head_id: str) -> bytes:
        """Return a submission's raw bytes; a line's id leads to its document. Raises KeyError."""
        found = await self._rows.by_id(askable(head_id))
        if found is not None and found.head_id != head_id:
            found = await self._rows.by_id(found.head_id)
        if found is None:
            raise KeyError(head_id)
        return found.raw or b""

    async def heads(self) -> list[Head]:
        """Return the end of every chain; number 0 for an empty one."""
        return await self._rows.heads()

    async def held(self, *, limit: int = 1000, after: int = 0) -> list[Held]:
        """Return what is held, oldest first: those with a `number` greater than `after`."""
        return await self._rows.held(_limit(limit), _number(after))

    async def held_counts(self) -> list[HeldCount]:
        """Return how much is held, partner by partner in the order of their ids."""
        return sorted(await self._rows.held_counts(), key=lambda one: one.partner)

    async def verify(self, shard: int, after: int = 0) -> AsyncIterator[int]:
        """Walk a chain and yield each number. Raises Tampered at the first entry that does not fit."""

        async def fetch(behind: int, limit: int) -> list[Record]:
            return await self._rows.chained(shard, behind, limit)

        async for seq in walk(self._new, shard, _number(after), fetch, self._rows.heads):
            yield seq

    async def get(self, space: str, key: str) -> Stored | None:
        """Return one value of the key-value space."""
        return (await self.get_many(space, [key])).get(key)

    async def get_many(self, space: str, keys: Sequence[str]) -> dict[str, Stored]:
        """Return those of the keys that exist."""
        return (await self.get_each({space: keys}))[space]

    async def get_each(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Stored]]:
        """Return, for each space, those of its keys that exist: one question for all spaces."""
        asked = {
            space: [askable(key) for key in keys]
            for space, keys in wanted.items()
            if keys and askable(space) == space
        }
        found = await self._rows.states(asked) if asked else {}
        return {space: found.get(space, {}) for space in wanted}

    async def scan(
        self, space: str, prefix: str = "", *, after: str = "", limit: int = 1000
    ) -> list[tuple[str, Stored]]:
        """Return key-values in byte order, those with the prefix and key > after."""
        return await self._rows.scanned(
            askable(space), askable(prefix), askable_after(after), _limit(limit)
        )

    async def scan_each(
        self, places: Sequence[tuple[str, str]], *, limit: int = 1000
    ) -> list[list[tuple[str, Stored]]]:
        """Return what `scan` says of each (space, prefix), in order: one question for all."""
        asked = [(askable(space), askable(prefix)) for space, prefix in places]
        return await self._rows.scanned_each(asked, _limit(limit)) if asked else []

    async def unhandled(self, consumer: str, ids: Sequence[str]) -> set[str]:
        """Return those ids that the consumer has not handled yet."""
        wanted = set(ids)
        if not wanted:
            return wanted
        asked = sorted({askable(one) for one in wanted})
        return wanted - await self._rows.handled(askable(consumer), asked)

    async def wait(self, heads: Sequence[Head], timeout: float) -> bool:
        """Return True as soon as a shard has grown past these heads, False after `timeout` seconds."""
        return await self._watch.wait(heads, timeout)


def _limit(asked: int) -> int:
    return min(max(asked, 0), _SMALL)


def _number(asked: int) -> int:
    return min(max(asked, 0), _LARGE)

"""PostgreSQL: the questions that readers ask, each on a connection of the pool.

SQL is put together from our own column names only; every value goes in as a parameter.
"""
# ruff: noqa: S608 - see above

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from gateway.journal.answers import issues_from
from gateway.journal.chain import COLUMNS, Record
from gateway.journal.identities import id_key
from gateway.journal.instants import since_instant, until_instant
from gateway.journal.ranges import above
from gateway.ports import Head, Held, HeldCount, Search, Stored

_ALL: Final = ", ".join(COLUMNS)
_WITHOUT_RAW: Final = ", ".join("NULL AS raw" if name == "raw" else name for name in COLUMNS)

_EACH: Final = """
SELECT asked.at, found.key, found.value, found.version
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) AS asked (at, space, low, high)
CROSS JOIN LATERAL (
    SELECT key, value, version FROM state
    WHERE space = asked.space AND key >= asked.low AND key < asked.high
    ORDER BY key LIMIT $5) AS found
ORDER BY asked.at, found.key"""

Ask = Callable[..., Awaitable[list[Any]]]
"""(sql, *values) → rows. Raises Unavailable."""


class PostgresRows:
    """The questions of `reading.Rows`, asked of PostgreSQL."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def by_id(self, identity: str) -> Record | None:
        """Return the row that an id stands for now, with its raw bytes."""
        found = await self._ask(
            f"SELECT {_ALL} FROM entry WHERE (shard, seq) ="
            " (SELECT shard, seq FROM identity WHERE id = $1)",
            id_key(identity),
        )
        return Record(*found[0]) if found else None

    async def searched(self, question: Search) -> list[Record]:
        """Return the rows that fit, newest first, without raw bytes. Raises Rejected for a bad time."""
        conditions, values = ["true"], list[Any]()

        def must(condition: str, value: Any) -> None:
            values.append(value)
            conditions.append(condition.format(f"${len(values)}"))

        for name in ("partner", "subject", "type", "kind"):
            if wanted := getattr(question, name):
                must(name + " = {}", wanted)
        if question.since:
            must("at >= {}", since_instant(question.since))
        if question.until:
            must("at < {}", until_instant(question.until))
        found = await self._ask(
            f"SELECT {_WITHOUT_RAW} FROM entry WHERE {' AND '.join(conditions)}"
            f" ORDER BY at DESC, seq DESC, shard DESC LIMIT {question.limit}",
            *values,
        )
        return [Record(*row) for row in found]

    async def after(
        self, shard: int, seq: int, limit: int, *, published_only: bool
    ) -> list[Record]:
        """Return rows of a shard behind `seq`, in order, without raw bytes."""
        only = " AND kind = 'message'" if published_only else ""
        return await self._of_shard(_WITHOUT_RAW, only, shard, seq, limit)

    async def chained(self, shard: int, seq: int, limit: int) -> list[Record]:
        """Return rows of a shard behind `seq` exactly as they are stored."""
        return await self._of_shard(_ALL, "", shard, seq, limit)

    async def _of_shard(
        self, columns: str, only: str, shard: int, seq: int, limit: int
    ) -> list[Record]:
        found = await self._ask(
            f"SELECT {columns} FROM entry WHERE shard = $1 AND seq > $2{only}"
            " ORDER BY seq LIMIT $3",
            shard,
            seq,
            limit,
        )
        return [Record(*row) for row in found]

    async def heads(self) -> list[Head]:
        """Return the end of every chain; number 0 for an empty one."""
        found = await self._ask("SELECT shard, seq, hash FROM shard ORDER BY shard")
        return [Head(shard, seq, linked.hex()) for shard, seq, linked in found]

    async def held(self, limit: int, behind: int) -> list[Held]:
        """Return the hold list behind a number, oldest first."""
        found = await self._ask(
            "SELECT id, shard, seq, partner, subject, keys, issues, since, number FROM held"
            " WHERE number > $2 ORDER BY number LIMIT $1",
            limit,
            behind,
        )
        return [
            Held(identity, shard, seq, partner, subject, tuple(keys), issues_from(why), at, number)
            for identity, shard, seq, partner, subject, keys, why, at, number in found
        ]

    async def held_counts(self) -> list[HeldCount]:
        """Return how much each partner has on the hold list, and since when the oldest waits."""
        found = await self._ask(
            "SELECT c.partner, c.count, h.since FROM"
            " (SELECT partner, count(*) AS count, min(number) AS oldest FROM held GROUP BY partner)"
            " AS c JOIN held AS h ON h.number = c.oldest"
        )
        return [HeldCount(*row) for row in found]

    async def states(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Stored]]:
        """Return, for each space, those of its keys that exist."""
        places = [(space, key) for space, keys in wanted.items() for key in keys]
        rows = await self._ask(
            "SELECT space, key, value, version FROM state"
            " JOIN unnest($1::text[], $2::text[]) AS asked (space, key) USING (space, key)",
            [space for space, _ in places],
            [key for _, key in places],
        )
        found: dict[str, dict[str, Stored]] = {space: {} for space in wanted}
        for space, key, value, version in rows:
            found[space][key] = Stored(value, version)
        return found

    async def scanned(
        self, space: str, prefix: str, behind: str, limit: int
    ) -> list[tuple[str, Stored]]:
        """Return key-values in byte order of their keys."""
        end = above(prefix)
        below = " AND key < $5" if end else ""
        found = await self._ask(
            "SELECT key, value, version FROM state WHERE space = $1 AND key >= $2 AND key > $3"
            f"{below} ORDER BY key LIMIT $4",
            space,
            prefix,
            behind,
            limit,
            *([end] if end else []),
        )
        return [(key, Stored(value, version)) for key, value, version in found]

    async def scanned_each(
        self, places: Sequence[tuple[str, str]], limit: int
    ) -> list[list[tuple[str, Stored]]]:
        """Return key-values of each (space, prefix), in byte order of their keys."""
        found: list[list[tuple[str, Stored]]] = [[] for _ in places]
        ended = [(at, *place, above(place[1])) for at, place in enumerate(places)]
        asked = [each for each in ended if each[-1]]
        columns = [list(each) for each in zip(*asked, strict=True)] or [[], [], [], []]
        for at, key, value, version in await self._ask(_EACH, *columns, limit):
            found[at].append((key, Stored(value, version)))
        for at, space, prefix, end in ended:
            if not end:  # no text lies above: the whole space, or what no key begins with
                found[at] = await self.scanned(space, prefix, "", limit)
        return found

    async def handled(self, consumer: str, ids: Sequence[str]) -> set[str]:
        """Return those ids that the consumer has handled."""
        found = await self._ask(
            "SELECT id FROM handled WHERE consumer = $1 AND id = ANY($2)",
            consumer,
            list(ids),
        )
        return {row[0] for row in found}

"""PostgreSQL: the journal for any number of processes. They may write the same shards at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # the library has no type information

from gateway.errors import Misconfigured, Unavailable
from gateway.journal.chain import hasher
from gateway.journal.group import GroupCommit
from gateway.journal.identities import check_commit
from gateway.journal.plan import Plan, Result
from gateway.journal.postgres_group import write_group
from gateway.journal.postgres_reads import PostgresRows
from gateway.journal.postgres_schema import durable_commit, prepare
from gateway.journal.reading import Reading
from gateway.ports import Commit, Outcome

CONNECTIONS: Final = 6
CONNECT_SECONDS: Final = 10.0
STATEMENT_SECONDS: Final = 60.0
ATTEMPTS: Final = 8
"""How often a group is planned anew when another process took one of its ids or keys in between."""

_BUSY: Final = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
_DOWN: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, restarted, or an operator cancelled the statement
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.PostgresSystemError,  # input/output error
    asyncpg.ReadOnlySQLTransactionError,  # a standby that was not promoted
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InternalServerError,
)


class PostgresJournal(Reading):
    """留痕 in PostgreSQL: see the port. `shards` and `algorithm` only count when it is created."""

    def __init__(self, url: str, *, shards: int = 4, algorithm: str = "sha256") -> None:
        super().__init__(PostgresRows(self._ask), hasher(algorithm))
        self._url = url
        self._shards = shards
        self._algorithm = algorithm
        self._group = GroupCommit(self._write)
        self._pool: Any = None

    async def start(self) -> None:
        """Connect, create what is missing. Raises Misconfigured; Unavailable while there is no server."""
        try:
            durable = await self._prepare()
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=CONNECTIONS,
                timeout=CONNECT_SECONDS,
                command_timeout=STATEMENT_SECONDS,
                max_inactive_connection_lifetime=300.0,
                server_settings={"synchronous_commit": durable, "application_name": "jicai"},
            )
        except (ValueError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            raise Misconfigured(f"journal: the PostgreSQL settings are wrong: {error}") from error
        except asyncpg.InvalidCatalogNameError as error:
            raise Misconfigured(f"journal: {error}") from error
        except _DOWN as error:
            raise Unavailable(f"PostgreSQL cannot be reached: {error}") from error
        self._group = GroupCommit(self._write)

    async def stop(self) -> None:
        """Finish what was begun and disconnect. Stopping twice does no harm."""
        await self._group.stop()
        await self._watch.stop()
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), CONNECT_SECONDS)
            except (TimeoutError, *_DOWN):
                pool.terminate()

    @property
    def shards(self) -> int:
        """Number of chains: that of the database, once it is open."""
        return self._shards

    async def commit(self, work: Commit) -> list[Outcome]:
        """Make `work` durable as a whole. Raises Contended, Unavailable; ValueError for bad texts.

        A connection lost while committing also gives Unavailable: it is then unknown whether the work
        is durable, and sending it again gives the first answer.
        """
        check_commit(work)
        return await self._group.commit(work)

    async def _prepare(self) -> str:
        opened = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
        try:
            made = await prepare(opened, self._shards, self._algorithm)
            self._shards, self._algorithm = made
            self._new = hasher(self._algorithm)
            return await durable_commit(opened)
        finally:
            with suppress(
                TimeoutError, OSError
            ):  # everything is done; how it parts does not matter
                await opened.close(timeout=1.0)

    async def _write(self, group: Sequence[Commit]) -> list[Result]:
        for _ in range(ATTEMPTS):
            try:
                plan = await self._write_once(group)
            except _BUSY:
                continue
            self._watch.saw({shard: seq for shard, (seq, _) in plan.heads.items()})
            return plan.results
        raise Unavailable("PostgreSQL: other processes were faster each time")

    async def _write_once(self, group: Sequence[Commit]) -> Plan:
        try:
            async with self._open_pool().acquire(timeout=CONNECT_SECONDS) as opened:
                return await write_group(opened, group, self._new, self._shards)
        except _BUSY:
            raise
        except _DOWN as error:
            raise Unavailable(f"PostgreSQL: {type(error).__name__}: {error}") from error

    async def _ask(self, sql: str, *values: Any) -> list[Any]:
        try:
            rows: list[Any] = await self._open_pool().fetch(sql, *values)
        except _DOWN as error:
            raise Unavailable(f"PostgreSQL: {type(error).__name__}: {error}") from error
        return rows

    def _open_pool(self) -> Any:
        if self._pool is None:
            raise Unavailable("the journal is closed")
        return self._pool

"""SQLite: the journal in one file, for one machine. One writer thread, readers beside it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.errors import Misconfigured, Unavailable
from gateway.journal import sqlite_reads
from gateway.journal.chain import Record, hasher
from gateway.journal.group import GroupCommit
from gateway.journal.identities import check_commit
from gateway.journal.plan import Plan, Result
from gateway.journal.reading import Reading
from gateway.journal.sqlite_group import write_group
from gateway.journal.sqlite_schema import connect, prepare
from gateway.ports import Commit, Head, Held, HeldCount, Outcome, Search, Stored

READERS: Final = 4

T = TypeVar("T")


class SqliteJournal(Reading):
    """留痕 in SQLite: see the port. `shards` and `algorithm` only count when the file is created."""

    def __init__(self, path: Path, *, shards: int = 4, algorithm: str = "sha256") -> None:
        self._readers = _Readers(path)
        super().__init__(self._readers, hasher(algorithm))
        self._path = path
        self._shards = shards
        self._algorithm = algorithm
        self._group = GroupCommit(self._write)
        self._writing: ThreadPoolExecutor | None = None
        self._writer: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Open or create the file. Raises Misconfigured when it cannot be used."""
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="journal-writer")
        self._group = GroupCommit(self._write)
        try:
            await _in(self._writing, self._open)
        except BaseException:
            self._writing.shutdown(wait=False)
            raise
        self._readers.open()

    async def stop(self) -> None:
        """Finish what was begun and close the file. Stopping twice does no harm."""
        await self._group.stop()
        await self._watch.stop()
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    @property
    def shards(self) -> int:
        """Number of chains: that of the file, once it is open."""
        return self._shards

    async def commit(self, work: Commit) -> list[Outcome]:
        """Make `work` durable as a whole. Raises Contended, Unavailable; ValueError for bad texts."""
        check_commit(work)
        return await self._group.commit(work)

    async def _write(self, group: Sequence[Commit]) -> list[Result]:
        plan = await _in(self._writing, self._write_now, group)
        self._watch.saw({shard: seq for shard, (seq, _) in plan.heads.items()})
        return plan.results

    # ------------------------------------------------------------------ in the writer's thread

    def _write_now(self, group: Sequence[Commit]) -> Plan:
        """Write a group. After an error the connection is opened anew: its state is not trusted."""
        try:
            if self._writer is None:
                self._writer = connect(self._path)
            return write_group(self._writer, group, self._new, self._shards)
        except sqlite3.Error as error:
            self._close_writer()
            raise Unavailable(f"the journal cannot be written: {error}") from error

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = connect(self._path)
            self._shards, self._algorithm = prepare(self._writer, self._shards, self._algorithm)
        except (sqlite3.Error, OSError) as error:
            self._close_writer()
            raise Misconfigured(f"journal {self._path}: {error}") from error
        except Misconfigured:
            self._close_writer()
            raise
        self._new = hasher(self._algorithm)

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _close(self) -> None:
        if self._writing is not None:
            self._writing.shutdown()
        self._readers.close()
        self._close_writer()


class _Readers:
    """A few threads, each with its own connection that only reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads: ThreadPoolExecutor | None = None
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def open(self) -> None:
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
        while self._opened:
            self._opened.pop().close()

    async def by_id(self, identity: str) -> Record | None:
        return await self._read(sqlite_reads.by_id, identity)

    async def searched(self, question: Search) -> list[Record]:
        return await self._read(sqlite_reads.searched, question)

    async def after(
        self, shard: int, seq: int, limit: int, *, published_only: bool
    ) -> list[Record]:
        ask = sqlite_reads.published_after if published_only else sqlite_reads.after
        return await self._read(ask, shard, seq, limit)

    async def chained(self, shard: int, seq: int, limit: int) -> list[Record]:
        return await self._read(sqlite_reads.chained, shard, seq, limit)

    async def heads(self) -> list[Head]:
        return await self._read(sqlite_reads.heads)

    async def held(self, limit: int, after: int) -> list[Held]:
        return await self._read(sqlite_reads.held, limit, after)

    async def held_counts(self) -> list[HeldCount]:
        return await self._read(sqlite_reads.held_counts)

    async def states(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Stored]]:
        return await self._read(sqlite_reads.states, wanted)

    async def scanned(
        self, space: str, prefix: str, behind: str, limit: int
    ) -> list[tuple[str, Stored]]:
        return await self._read(sqlite_reads.scanned, space, prefix, behind, limit)

    async def scanned_each(
        self, places: Sequence[tuple[str, str]], limit: int
    ) -> list[list[tuple[str, Stored]]]:
        return await self._read(sqlite_reads.scanned_each, places, limit)

    async def handled(self, consumer: str, ids: Sequence[str]) -> set[str]:
        return await self._read(sqlite_reads.handled, consumer, ids)

    async def _read(self, ask: Callable[..., T], *args: Any) -> T:
        return await _in(self._threads, self._ask, ask, args)

    def _ask(self, ask: Callable[..., T], args: tuple[Any, ...]) -> T:
        opened: sqlite3.Connection | None = getattr(self._own, "opened", None)
        try:
            if opened is None:
                opened = self._own.opened = connect(self._path, reading=True)
                with self._lock:
                    self._opened.append(opened)
            return ask(opened, *args)
        except sqlite3.Error as error:
            raise Unavailable(f"the journal cannot be read: {error}") from error


async def _in(threads: ThreadPoolExecutor | None, do: Callable[..., T], *args: Any) -> T:
    closed = "the journal is closed"
    if threads is None:
        raise Unavailable(closed)
    try:
        waiting = asyncio.get_running_loop().run_in_executor(threads, do, *args)
    except RuntimeError as error:  # shut down
        raise Unavailable(closed) from error
    return await waiting

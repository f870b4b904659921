"""Both journals behind one fixture: every test of this folder runs on each."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import asyncpg  # type: ignore[import-untyped]  # the library has no type information
import pytest

from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal

AnyJournal = SqliteJournal | PostgresJournal


class Storage(Protocol):
    """Where the journals of one test lie."""

    kind: str

    def made(self, **options: Any) -> AnyJournal: ...

    async def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run SQL past the journal, as somebody with access to the database would. `?` marks values."""
        ...


class SqliteStorage:
    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def made(self, **options: Any) -> AnyJournal:
        return SqliteJournal(self.path, **options)

    async def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        opened = sqlite3.connect(self.path)
        try:
            with opened:
                return opened.execute(sql, values).fetchall()
        finally:
            opened.close()


class PostgresStorage:
    kind = "postgres"

    def __init__(self, url: str) -> None:
        self.url = url

    def made(self, **options: Any) -> AnyJournal:
        return PostgresJournal(self.url, **options)

    async def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        for number in range(len(values)):
            sql = sql.replace("?", f"${number + 1}", 1)
        opened = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await opened.fetch(sql, *values)]
        finally:
            await opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "sqlite":
        return SqliteStorage(tmp_path / "journal.db")
    return PostgresStorage(request.getfixturevalue("postgres_url"))


class Opening:
    """Opens journals on one storage and closes them all at the end."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._opened: list[AnyJournal] = []

    async def __call__(self, **options: Any) -> AnyJournal:
        journal = self._storage.made(**options)
        await journal.start()
        self._opened.append(journal)
        return journal

    async def close(self) -> None:
        while self._opened:
            await self._opened.pop().stop()


@pytest.fixture
async def opening(storage: Storage) -> AsyncIterator[Opening]:
    opening = Opening(storage)
    yield opening
    await opening.close()


@pytest.fixture
async def journal(opening: Opening) -> AnyJournal:
    return await opening()

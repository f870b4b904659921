"""Which journal: the one that the settings name."""

from __future__ import annotations

import asyncio

from gateway.journal.local_postgres import LocalPostgres
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from gateway.ports import Journal
from gateway.settings import Settings


def open_journal(settings: Settings) -> Journal:
    """Return the configured journal, not yet started.

    PostgreSQL without a URL is one of our own under `home`, started and stopped with the journal.
    """
    if settings.journal == "sqlite":
        return SqliteJournal(settings.home / "journal.db", shards=settings.shards)
    url = settings.postgres.get_secret_value()
    if url:
        return PostgresJournal(url, shards=settings.shards)
    return _OwnPostgresJournal(LocalPostgres(settings.home / "postgres"), settings.shards)


class _OwnPostgresJournal(PostgresJournal):
    """A journal in a PostgreSQL that lives and ends with those who use it."""

    def __init__(self, server: LocalPostgres, shards: int) -> None:
        super().__init__("", shards=shards)
        self._server = server

    async def start(self) -> None:
        """Start the server, then the journal."""
        self._url = await asyncio.to_thread(self._server.start)
        try:
            await super().start()
        except BaseException:
            await asyncio.to_thread(self._server.stop)
            raise

    async def stop(self) -> None:
        """Stop the journal, then the server unless others use it."""
        await super().stop()
        await asyncio.to_thread(self._server.stop)

"""故障: the disk full, the server gone, the connection cut at the worst moment. Nothing half-written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.errors import Unavailable
from gateway.journal.local_postgres import LocalPostgres
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from gateway.ports import Verdict
from tests.journal.making import commit, document, order


async def test_a_full_disk_writes_nothing_and_is_survived(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", shards=1)
    await journal.start()
    await journal.commit(commit(order("m1")))
    assert journal._writer is not None
    journal._writer.execute("PRAGMA max_page_count = 40")
    large = order("large", raw=b"x" * 1_000_000)
    small = order("m2")
    done = await asyncio.gather(
        journal.commit(commit(large)), journal.commit(commit(small)), return_exceptions=True
    )
    assert all(isinstance(each, Unavailable) for each in done)
    assert [head.seq for head in await journal.heads()] == [1]
    assert await journal.find(large.id) is None
    (outcome,) = await journal.commit(commit(large))
    assert outcome.verdict is Verdict.ACCEPTED
    assert [seq async for seq in journal.verify(0)] == [1, 2]
    await journal.stop()


async def test_a_file_locked_by_another_program_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.sqlite_schema.BUSY_MILLISECONDS", 50)
    one, two = (SqliteJournal(tmp_path / "journal.db") for _ in range(2))
    await one.start()
    await two.start()
    assert one._writer is not None
    one._writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        await two.commit(commit(order("m1")))
    one._writer.execute("ROLLBACK")
    (outcome,) = await two.commit(commit(order("m1")))
    assert outcome.verdict is Verdict.ACCEPTED
    await one.stop()
    await two.stop()


async def terminate_all(journal: PostgresJournal) -> None:
    await journal._pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.mark.postgres
async def test_cut_connections_are_replaced(postgres_url: str) -> None:
    journal = PostgresJournal(postgres_url)
    await journal.start()
    for number in range(5):
        await asyncio.gather(*(journal.heads() for _ in range(5)))  # several connections
        await terminate_all(journal)
        accepted = False
        while not accepted:  # a connection that died in the pool may cost one attempt
            try:
                await journal.commit(commit(order(f"m{number}")))
                accepted = True
            except Unavailable:
                continue
    assert sum(head.seq for head in await journal.heads()) == 5
    await journal.stop()


@pytest.mark.postgres
async def test_a_stopped_server_is_unavailable_until_it_is_back(
    postgres_server: str, server_folder: Path
) -> None:
    server = LocalPostgres(server_folder)
    journal = PostgresJournal(await asyncio.to_thread(server.start))
    try:
        await journal.start()
        await journal.commit(commit(order("m1")))
        await asyncio.to_thread(server.stop)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await journal.commit(commit(order("m2")))
            with pytest.raises(Unavailable):
                await journal.heads()
            assert not await journal.wait([], 0.1)
        await asyncio.to_thread(server.start)
        (outcome,) = await journal.commit(commit(order("m2")))
        assert outcome.verdict is Verdict.ACCEPTED
        assert sum(head.seq for head in await journal.heads()) == 2
    finally:
        await journal.stop()
        await asyncio.to_thread(server.stop)


class Cutting:
    """Stands between a journal and its server; cuts the line when it hears `word`."""

    def __init__(self, url: str) -> None:
        self._socket = f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432"
        self.word = b""
        self.passes_it_on = True

    async def join(self, down: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        up, on = await asyncio.open_unix_connection(self._socket)
        answers = asyncio.create_task(self._copy(up, back))
        while heard := await down.read(65_536):
            cut = self.word and self.word in heard
            if cut:
                answers.cancel()
            if not cut or self.passes_it_on:
                on.write(heard)
                await on.drain()
            if cut:
                await asyncio.sleep(0.3)  # the server does what it was told; nobody hears it
                break
        back.close()
        on.close()
        await asyncio.gather(answers, return_exceptions=True)

    async def _copy(self, up: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while heard := await up.read(65_536):
            back.write(heard)
            await back.drain()
        back.close()


@asynccontextmanager
async def cutting(url: str) -> AsyncIterator[tuple[Cutting, str]]:
    between = Cutting(url)
    server = await asyncio.start_server(between.join, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = urlsplit(url).path
    async with server:
        yield between, f"postgresql://postgres@127.0.0.1:{port}{database}?sslmode=disable"


@pytest.mark.postgres
@pytest.mark.parametrize("passes_it_on", [True, False])
async def test_a_line_cut_while_committing_is_resolved_by_sending_again(
    postgres_url: str, passes_it_on: bool
) -> None:
    if "host=" not in postgres_url:
        pytest.skip("needs the server started here")
    async with cutting(postgres_url) as (between, url):
        journal = PostgresJournal(url)
        await journal.start()
        given = document("m1", ["a", "b"])
        between.word, between.passes_it_on = b"COMMIT;", passes_it_on
        with pytest.raises(Unavailable):
            await journal.commit(commit(given))
        between.word = b""
        (outcome,) = await journal.commit(commit(given))
        assert outcome.verdict is (Verdict.DUPLICATE if passes_it_on else Verdict.ACCEPTED)
        assert sum(head.seq for head in await journal.heads()) == 3
        await journal.stop()

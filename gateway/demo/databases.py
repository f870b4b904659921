"""数据库: on a PostgreSQL server that is given, the demo works in a database of its own and drops it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped]
from pydantic import SecretStr

from gateway.errors import Misconfigured


@asynccontextmanager
async def demo_database(journal: str, server: SecretStr) -> AsyncIterator[SecretStr]:
    """Yield the URL of a fresh database on a server; "" where the run needs none or starts its own.

    Raises Misconfigured when the server cannot be reached or does not let us create a database.
    """
    url = server.get_secret_value()
    if journal != "postgres" or not url:
        yield SecretStr("")
        return
    name = f"jicai_demo_{uuid.uuid4().hex[:12]}"
    await _execute(url, f'CREATE DATABASE "{name}"')
    try:
        yield SecretStr(_at(url, name))
    finally:
        await _execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _at(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


async def _execute(url: str, statement: str) -> None:
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        raise Misconfigured(f"JICAI_POSTGRES: {type(error).__name__}: {error}") from error
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        raise Misconfigured(f"JICAI_POSTGRES: {error}") from error
    finally:
        await connection.close()

"""A fresh PostgreSQL database per test: on the server of JICAI_POSTGRES, or on one started here.

Without either the tests that need it are skipped, or fail where JICAI_REQUIRE_POSTGRES=1 says that
they must not be.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # the library has no type information
import pytest

from gateway.errors import Misconfigured
from gateway.journal.local_postgres import LocalPostgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server; all workers of a test run share one."""
    if given := os.environ.get("JICAI_POSTGRES"):
        yield given
        return
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}")
    # not pytest's own folder: the server runs as another user where the tests run as root
    folder = Path(tempfile.gettempdir()) / f"jicai-pg-{run[:12]}"
    server = LocalPostgres(folder)
    try:
        url = server.start()
    except Misconfigured as missing:
        if os.environ.get("JICAI_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"PostgreSQL is required: {missing}")
        pytest.skip(f"no PostgreSQL: {missing}")
    try:
        yield url
    finally:
        if server.stop():
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for a server of the test's own, which another user than the tests' may enter."""
    folder = Path(tempfile.mkdtemp(prefix="jicai-pg-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database that is dropped after the test."""
    name = f"jicai_{uuid4().hex}"
    _aside(_run(postgres_server, f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING UTF8'))
    try:
        yield urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    finally:
        _aside(_run(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _run(url: str, sql: str) -> None:
    opened = await asyncpg.connect(url)
    try:
        await opened.execute(sql)
    finally:
        await opened.close()


def _aside(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a loop of its own, whether or not the caller is inside one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()

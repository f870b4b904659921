"""A real Apache Kafka for the tests: a given one (JICAI_KAFKA), else a local node started for this run.

The workers of one run share a node; the last one to finish ends it. Where no node can be had the tests
that need one are skipped, or fail when JICAI_REQUIRE_KAFKA=1.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gateway.bus import local_kafka
from gateway.errors import GatewayError


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch the jars before any test's clock runs; what goes wrong is said by the fixture."""
    wanted = any(item.get_closest_marker("kafka") for item in session.items)
    if wanted and not session.config.option.collectonly and not os.environ.get("JICAI_KAFKA"):
        with suppress(GatewayError):
            local_kafka.fetch_jars()


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address (host:port) of a Kafka that other tests use too: take topics of your own."""
    given = os.environ.get("JICAI_KAFKA", "")
    if given:
        yield given
        return
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kafka"
    address = _join(shared)
    try:
        yield address
    finally:
        _leave(shared)


def started(folder: Path, port: int = 0) -> str:
    """Start a node in `folder`; skip the test (or fail, when Kafka is required) if that cannot be."""
    try:
        return local_kafka.up(folder, port)
    except GatewayError as error:
        if os.environ.get("JICAI_REQUIRE_KAFKA") == "1":
            pytest.fail(f"Kafka is required: {error}")
        pytest.skip(f"no Kafka: {error}")


def _join(shared: Path) -> str:
    users = shared / "users"
    users.mkdir(parents=True, exist_ok=True)
    with _alone(shared):
        address = started(shared / "node")
        (users / str(os.getpid())).touch()
        return address


def _leave(shared: Path) -> None:
    with _alone(shared):
        (shared / "users" / str(os.getpid())).unlink(missing_ok=True)
        for user in (shared / "users").iterdir():
            if not _alive(int(user.name)):
                user.unlink(missing_ok=True)
        if not any((shared / "users").iterdir()):
            local_kafka.down(shared / "node")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

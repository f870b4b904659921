"""场地: on servers that others use too, the demo works in a database and topics of its own, and clears up."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped]
from pydantic import SecretStr

from gateway.errors import Misconfigured
from gateway.settings import Settings

KAFKA_SECONDS = 10.0
DEFAULT_KAFKA = str(Settings.model_fields["kafka"].default)


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


@asynccontextmanager
async def demo_broker(bus: str, named: str) -> AsyncIterator[str]:
    """Yield the address of the Kafka to use: the one that was named, else the local node.

    The local node is the one of `make kafka-up`; where none runs it is started, and ended afterwards.
    Raises Misconfigured and Unavailable as `local_kafka.up` does.
    """
    if bus != "kafka" or named:
        yield named or DEFAULT_KAFKA
        return
    from gateway.bus import local_kafka  # noqa: PLC0415 - Kafka's client loads slowly

    running = local_kafka.status()
    if running is not None:
        yield running.bootstrap
        return
    if await _listens(DEFAULT_KAFKA):
        yield DEFAULT_KAFKA
        return
    address = await asyncio.to_thread(local_kafka.up, port=0)
    try:
        yield address
    finally:
        await asyncio.to_thread(local_kafka.down)


async def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def demo_topics(bus: str, bootstrap: str) -> AsyncIterator[str]:
    """Yield a topic prefix that no other run has; its topics are deleted afterwards."""
    prefix = f"demo-{uuid.uuid4().hex[:12]}"
    try:
        yield prefix
    finally:
        if bus == "kafka":
            await _delete_topics(bootstrap, prefix)


async def _delete_topics(bootstrap: str, prefix: str) -> None:
    from aiokafka.errors import KafkaError  # type: ignore[import-untyped]  # noqa: PLC0415 - loads slowly

    from gateway.bus.kafka_topics import connect  # noqa: PLC0415

    try:
        admin: Any = await connect(bootstrap, KAFKA_SECONDS)
    except Exception:  # noqa: BLE001 - a broker that is gone has said so before
        return
    try:
        ours = [name for name in await admin.list_topics() if name.startswith(f"{prefix}.")]
        if ours:
            await admin.delete_topics(ours)
    except KafkaError:
        return  # what is left bears a name that nobody else uses
    finally:
        await admin.close()

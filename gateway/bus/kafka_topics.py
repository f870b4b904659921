"""建主题: makes sure that the catalogue's topics exist in Kafka as the gateway needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)
from aiokafka.errors import (  # type: ignore[import-untyped]
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    for_code,
)

from gateway.bus.kafka_producer import CONNECT_SECONDS, unreachable
from gateway.errors import Misconfigured, Unavailable
from schemas.topics import Topic

MESSAGE_BYTES: Final = 8 << 20
"""What a topic takes as one record batch; a single record may fill it."""
LEAST_MESSAGE_BYTES: Final = (2 << 20) + (64 << 10)
"""Topics made by others must take a record of 2 MiB with its headers."""
_SETTLE_SECONDS: Final = 30.0
_MAX_BYTES: Final = "max.message.bytes"


@dataclass(frozen=True, slots=True)
class Layout:
    """How new topics are laid out. Existing ones keep their own partitions and replicas."""

    partitions: int
    replication: int

    @property
    def least_in_sync(self) -> int:
        """Return min.insync.replicas: a majority, so that no acknowledged record hangs on one disk."""
        return self.replication // 2 + 1


async def ensure_topics(
    bootstrap: str,
    topics: Mapping[str, Topic],
    layout: Layout,
    patience: float = CONNECT_SECONDS,
) -> None:
    """Create what is missing of `topics` (by their names in Kafka) and wait until all have leaders.

    Raises Unavailable when the broker cannot be reached for `patience` seconds, and Misconfigured, with every
    finding, when it will not create a topic or an existing one is too small for our records.
    """
    admin = await connect(bootstrap, patience)
    try:
        present = set(await admin.list_topics())
        missing = [name for name in topics if name not in present]
        if missing:
            await _create(admin, {name: topics[name] for name in missing}, layout)
        await _settled(admin, list(topics))
        await _large_enough(admin, [name for name in topics if name in present])
    except (KafkaError, TimeoutError, OSError) as error:
        raise Unavailable(f"Kafka at {bootstrap} does not make the topics: {error!r}") from error
    finally:
        await admin.close()


async def connect(bootstrap: str, patience: float = CONNECT_SECONDS) -> Any:
    """Return an admin client; a broker that is just starting is waited for."""
    last: Exception | None = None
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        async with asyncio.timeout(patience):
            while True:
                try:
                    await admin.start()
                except (KafkaError, OSError) as error:
                    last = error
                    await asyncio.sleep(0.5)
                else:
                    return admin
    except TimeoutError as error:
        await admin.close()
        raise Unavailable(f"{unreachable(bootstrap, patience)}: {last!r}") from error


async def _create(admin: Any, missing: Mapping[str, Topic], layout: Layout) -> None:
    answer = await admin.create_topics([_new(*each, layout) for each in missing.items()])
    findings = []
    for name, code, *said in answer.topic_errors:
        kind = for_code(code)
        # another process of the gateway may have been faster
        if kind not in {NoError, TopicAlreadyExistsError}:
            findings.append(f"topic {name}: {kind.__name__}: {next(iter(said), None) or ''}")
    if findings:
        raise Misconfigured(*findings)


def _new(name: str, topic: Topic, layout: Layout) -> Any:
    return NewTopic(
        name,
        layout.partitions,
        layout.replication,
        topic_configs={
            "retention.ms": str(topic.retention.ms),
            "min.insync.replicas": str(layout.least_in_sync),
            _MAX_BYTES: str(MESSAGE_BYTES),
        },
    )


async def _settled(admin: Any, names: Sequence[str]) -> None:
    """Wait until every partition has a leader."""
    async with asyncio.timeout(_SETTLE_SECONDS):
        while True:
            described = await admin.describe_topics(list(names))
            if len(described) == len(names) and all(map(_led, described)):
                return
            await asyncio.sleep(0.1)


def _led(described: Mapping[str, Any]) -> bool:
    partitions = described["partitions"]
    return (
        described["error_code"] == 0
        and bool(partitions)
        and all(each["leader"] >= 0 for each in partitions)
    )


async def _large_enough(admin: Any, names: Sequence[str]) -> None:
    """Refuse topics made by others that cannot take our records; unknown where we may not ask."""
    if not names:
        return
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, {_MAX_BYTES: ""}) for name in names]
    findings = []
    for answer in await admin.describe_configs(asked):
        for code, _, _, name, entries, *_ in answer.resources:
            limits = [int(each[1]) for each in entries if code == 0 and each[0] == _MAX_BYTES]
            findings += [
                f"topic {name}: {_MAX_BYTES} is {limit}, at least {LEAST_MESSAGE_BYTES} is needed"
                for limit in limits
                if limit < LEAST_MESSAGE_BYTES
            ]
    if findings:
        raise Misconfigured(*findings)

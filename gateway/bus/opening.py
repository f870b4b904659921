"""选择总线: which bus the settings ask for. Kafka's client is loaded only where it is used."""

from __future__ import annotations

from gateway.bus.embedded import EmbeddedBus
from gateway.errors import Misconfigured
from gateway.ports import Bus, Journal
from gateway.settings import Settings
from schemas.topics import load_topics


def open_bus(settings: Settings, journal: Journal) -> Bus:
    """Return the bus of the settings, not yet started. Raises Misconfigured (topic catalogue)."""
    if settings.bus == "embedded":
        return EmbeddedBus(journal)
    from gateway.bus.kafka import KafkaBus  # noqa: PLC0415 - aiokafka loads slowly

    try:
        topics = load_topics()
    except ValueError as error:
        raise Misconfigured(*str(error).splitlines()) from error
    return KafkaBus(
        settings.kafka,
        topics,
        partitions=settings.partitions,
        replication=settings.replication,
        prefix=settings.topic_prefix,
        compression=None if settings.compression == "none" else settings.compression,
    )

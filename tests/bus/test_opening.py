from __future__ import annotations

from pathlib import Path

import pytest

from gateway.bus import opening
from gateway.bus.embedded import EmbeddedBus
from gateway.bus.kafka import KafkaBus
from gateway.bus.kafka_topics import Layout
from gateway.bus.naming import Naming
from gateway.bus.opening import open_bus
from gateway.errors import Misconfigured
from gateway.settings import Settings
from schemas.events import TOPICS
from schemas.topics import load_topics
from tests.fakes.journal import MemoryJournal


def test_the_settings_choose_the_bus() -> None:
    journal = MemoryJournal()
    assert isinstance(open_bus(Settings(bus="embedded"), journal), EmbeddedBus)
    settings = Settings(
        bus="kafka", kafka="k1:9092,k2:9092", partitions=6, replication=3, topic_prefix="gz"
    )
    bus = open_bus(settings, journal)
    assert isinstance(bus, KafkaBus)
    assert (bus._bootstrap, bus._layout) == ("k1:9092,k2:9092", Layout(6, 3))
    assert set(bus._names.values()) == {name.replace("vbp", "gz", 1) for name in TOPICS}


def test_a_wrong_topic_catalogue_is_misconfigured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "load_topics", lambda: load_topics(tmp_path))
    with pytest.raises(Misconfigured) as wrong:
        open_bus(Settings(bus="kafka"), MemoryJournal())
    assert len(wrong.value.findings) == len(TOPICS)


@pytest.mark.parametrize("prefix", ["vbp", "gz", "a.b-c", "vbp.vbp"])
def test_names_in_kafka_lead_back_to_the_catalogue(prefix: str) -> None:
    naming = Naming(prefix)
    for name in TOPICS:
        assert naming.topic(name).startswith(f"{prefix}.")
        assert naming.catalogue(naming.topic(name)) == name
    assert naming.group("policies") == f"{prefix}.policies"


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_a_majority_of_the_replicas_must_have_a_record(replicas: int, in_sync: int) -> None:
    assert Layout(1, replicas).least_in_sync == in_sync

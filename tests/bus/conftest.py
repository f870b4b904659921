from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.journal.sqlite import SqliteJournal
from gateway.ports import Journal
from tests.bus.roads import Road, embedded_road, kafka_road
from tests.fakes.journal import MemoryJournal


@pytest.fixture(
    params=[
        "embedded-memory",
        "embedded-sqlite",
        pytest.param("kafka-sqlite", marks=pytest.mark.kafka),
    ]
)
async def road(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Road]:
    memory = request.param.endswith("memory")
    journal: Journal = (
        MemoryJournal(shards=4) if memory else SqliteJournal(tmp_path / "journal.db", shards=4)
    )
    await journal.start()
    if request.param.startswith("kafka"):
        found = kafka_road(journal, request.getfixturevalue("kafka_bootstrap"))
    else:
        found = embedded_road(journal)
    await found.bus.start()
    yield found
    await found.bus.stop()
    await journal.stop()

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.bus.roads import Road, embedded_road, kafka_road
from tests.fakes.journal import MemoryJournal


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def road(request: pytest.FixtureRequest) -> AsyncIterator[Road]:
    journal = MemoryJournal(shards=4)
    if request.param == "kafka":
        found = kafka_road(journal, request.getfixturevalue("kafka_bootstrap"))
    else:
        found = embedded_road(journal)
    await found.bus.start()
    yield found
    await found.bus.stop()

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.unit.ops.office import Office


@pytest_asyncio.fixture
async def office() -> AsyncIterator[Office]:
    office = Office("open-sesame-密钥")
    yield office
    await office.close()

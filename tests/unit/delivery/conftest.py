from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.unit.delivery.counterpart import Counterpart, listening


@pytest_asyncio.fixture
async def insurer() -> AsyncIterator[Counterpart]:
    async with listening(Counterpart()) as counterpart:
        yield counterpart


@pytest_asyncio.fixture
async def platform() -> AsyncIterator[Counterpart]:
    async with listening(Counterpart()) as counterpart:
        yield counterpart

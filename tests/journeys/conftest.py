"""The house behind the intake journeys; a module with other needs opens its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.intake_door import LIMIT
from tests.unit.intake.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, body_limit=LIMIT, message_limit=LIMIT // 2) as opened:
        yield opened

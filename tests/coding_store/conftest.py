"""Both journals behind one fixture, as in tests/journal, and a desk on each."""

from __future__ import annotations

import pytest

from tests.coding_store.desk import Desk, desk_on
from tests.journal.conftest import AnyJournal, journal, opening, storage

__all__ = ["desk", "journal", "opening", "storage"]


@pytest.fixture
async def desk(journal: AnyJournal) -> Desk:
    return await desk_on(journal)

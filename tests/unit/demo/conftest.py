"""A small folder of tables that tests can spoil in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.demo.tables_folder import TablesFolder


@pytest.fixture
def tables(tmp_path: Path) -> TablesFolder:
    return TablesFolder(tmp_path)

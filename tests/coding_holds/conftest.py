"""Both journals behind one fixture: what is held, told and corrected is the same on each."""

from __future__ import annotations

# the fixtures of tests/journal, by the names that pytest looks for
from tests.journal.conftest import journal, opening, storage

__all__ = ["journal", "opening", "storage"]

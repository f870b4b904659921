from __future__ import annotations

from tests.journal.conftest import journal, opening, storage

__all__ = ["journal", "opening", "storage"]

"""The product store stands on the journal: both kinds of it."""

from __future__ import annotations

from tests.journal.conftest import AnyJournal, journal, opening, storage

__all__ = ["AnyJournal", "journal", "opening", "storage"]

"""时间: texts of time as one number that sorts, for searches by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from gateway.errors import Rejected, issue
from schemas.events import OFFSET_CHINA

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DATE_LENGTH: Final = len("2026-01-01")
DAY: Final = 86_400_000_000
"""Microseconds of a day."""


def _parsed(text: str) -> int:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = datetime.fromisoformat(f"{found.isoformat()}{OFFSET_CHINA}")
    return (found - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def instant(text: str) -> int:
    """Return an RFC 3339 time as microseconds since 1970 UTC; without an offset it is China's.

    A text that is no time gives 0: it stays searchable by everything else.
    """
    try:
        return _parsed(text)
    except ValueError:
        return 0


def since_instant(text: str) -> int:
    """Return where a search begins (inclusive); a bare date begins at its midnight in China.

    Raises Rejected for a text that is no time.
    """
    return _bound(text, "since")


def until_instant(text: str) -> int:
    """Return where a search ends (exclusive); a bare date is included as a whole.

    Raises Rejected for a text that is no time.
    """
    return _bound(text, "until") + (DAY if len(text) == _DATE_LENGTH else 0)


def _bound(text: str, field: str) -> int:
    try:
        return _parsed(text)
    except ValueError as error:
        raise Rejected(issue("date.invalid", field, detail=text[:40])) from error

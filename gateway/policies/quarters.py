"""季度: which quarter of a task's term a closed period is, and which days count for it.

A term rarely begins with a calendar quarter (2019-12-30, 2019-03-20): its quarters are counted from its
first day, and a period belongs to the one that its middle lies in.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from datetime import datetime as moment
from functools import lru_cache
from typing import Final

MONTHS_IN_QUARTER: Final = 3
_DAY: Final = timedelta(days=1)
_CHINA: Final = timezone(timedelta(hours=8))
_DAY_LENGTH: Final = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class Window:
    """The days that count for a period (both inclusive, ISO) and its place among the term's quarters."""

    index: int
    first: str
    last: str


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def first_of_next_month(day: date) -> date:
    """Return the first day of the next month (次月起)."""
    return add_months(day.replace(day=1), 1)


def is_quarter(period: str) -> bool:
    """Return whether a period is YYYY-Qn (else it is a month)."""
    return "Q" in period


@lru_cache(maxsize=4096)
def window(term_from: str, term_to: str, ended_on: str) -> Window | None:
    """Return which quarter of a term ended on a day; None when it lies outside the term.

    The first quarter counts from the term's first day, the last one ends with the term: no day of a
    term falls between two quarters.
    """
    first, last, end = map(date.fromisoformat, (term_from, term_to, ended_on))
    begin = add_months(end + _DAY, -MONTHS_IN_QUARTER)
    middle = begin + (end - begin) // 2
    if not first <= middle <= last:
        return None
    index = 0
    while add_months(first, MONTHS_IN_QUARTER * (index + 1)) <= middle:
        index += 1
    opens = first if index == 0 else max(begin, first)
    return Window(index, opens.isoformat(), min(end, last).isoformat())


def day_in_china(instant: str) -> str:
    """Return the day (YYYY-MM-DD) of an RFC 3339 instant as the calendar in China shows it; a day is itself."""
    if len(instant) == _DAY_LENGTH:
        return instant
    if instant.endswith("+08:00"):
        return instant[:_DAY_LENGTH]
    return moment.fromisoformat(instant).astimezone(_CHINA).date().isoformat()

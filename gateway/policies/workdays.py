"""工作日: which days offices work in China, with the exchanged days (调休) as the State Council sets them.

The announced years come from `chinese_calendar`; a file can add or correct days. For a year that nobody
has announced yet Monday to Friday count, and whoever asks is told that it is provisional.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import chinese_calendar  # type: ignore[import-untyped]  # the library has no type information

from gateway.errors import Misconfigured
from gateway.toml_tables import parse_tables, read_text

WORKDAYS_FILE: Final = "workdays.toml"
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Workdays:
    """The calendar. `working` and `off` are days that a file sets otherwise than the library."""

    working: Collection[date] = frozenset()
    off: Collection[date] = frozenset()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `working = […]` and `off = […]` (days without quotes); an absent file adds nothing.

        Raises Misconfigured.
        """
        if not path.exists():
            return cls()
        given: dict[str, Any] = parse_tables(read_text(path), path.name)
        findings = [
            f"{path.name}: 没有此项 unknown {name}"
            for name in sorted(set(given) - {"working", "off"})
        ]
        sets: dict[str, frozenset[date]] = {}
        for name in ("working", "off"):
            days = given.get(name, [])
            if not isinstance(days, list) or any(type(day) is not date for day in days):
                findings.append(
                    f"{path.name}: {name} 应为日期的列表，如 [2026-01-04]，不加引号"
                    f" {name} is a list of days (YYYY-MM-DD, no quotes)"
                )
                days = []
            sets[name] = frozenset(days)
        both = sets["working"] & sets["off"]
        findings += [
            f"{path.name}: {day} 既上班又放假 is both working and off" for day in sorted(both)
        ]
        if findings:
            raise Misconfigured(*findings)
        return cls(**sets)

    def is_workday(self, day: date) -> bool:
        """Return whether offices work on a day."""
        if day in self.working:
            return True
        if day in self.off:
            return False
        known = _announced(day)
        return day.weekday() < _SATURDAY if known is None else known

    def announced(self, day: date) -> bool:
        """Return whether the year's exchanged days are known; else a result is provisional."""
        return _announced(day) is not None

    def after(self, day: date, count: int) -> date:
        """Return the `count`-th workday after a day (个工作日后); the day itself does not count."""
        found = day
        while count > 0:
            found += _DAY
            count -= self.is_workday(found)
        return found

    def between(self, first: date, last: date) -> int:
        """Return how many workdays lie after `first`, up to and including `last`."""
        days = (first + _DAY * step for step in range(1, (last - first).days + 1))
        return sum(self.is_workday(day) for day in days)


@lru_cache(maxsize=4096)  # the library looks through all its days at each call
def _announced(day: date) -> bool | None:
    """Return whether a day is a workday as announced; None for a year that nobody has announced yet."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None

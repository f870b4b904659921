"""日期: the ways a day is written in partners' tables.

2026-07-01, 2026/7/1, 2026.7.1, 20260701, 2026年7月1日, a spreadsheet's own date; with a time only when it
is midnight. 29991231 and 99991231 are how systems write "no end".
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final

from gateway.coding.interchange.cells import Cell, Flaw
from gateway.coding.interchange.findings import quoted
from gateway.coding.records import OPEN_END

OPEN_ENDS: Final = frozenset({"2999-12-31", "9999-12-31"})
"""Days that mean "without end"."""

_WRITTEN: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|\.([0-9]{1,2})\.([0-9]{1,2})"
    r"|年([0-9]{1,2})月([0-9]{1,2})日|([0-9]{2})([0-9]{2}))"
    r"(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?)?\Z"
)
_TOKENS: Final = {
    "YYYY": r"(?P<y>[0-9]{4})",
    "MM": r"(?P<m>[0-9]{1,2})",
    "DD": r"(?P<d>[0-9]{1,2})",
}
_COMPACT: Final = range(1000_01_01, 9999_12_32)


class NotADay(ValueError):  # noqa: N818 - names say what it is
    """The cell holds no day; `code` is a finding's code, `text` what stands there."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def day_of(cell: Cell, formats: tuple[re.Pattern[str], ...] = ()) -> str:
    """Return the day of a cell as YYYY-MM-DD, "" for a blank one. Raises NotADay.

    `formats` are further ways to write it (see `compiled`); they are tried first.
    """
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise NotADay("cell.time_in_date", str(cell))
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _of_number(cell)
    if not isinstance(cell, str) or isinstance(cell, Flaw):
        raise NotADay("cell.date", quoted(cell))
    text = cell.strip()
    return _of_text(text, formats) if text else ""


def end_of(cell: Cell, formats: tuple[re.Pattern[str], ...] = ()) -> str:
    """Return the last day of a cell; blank and the days that mean "no end" give OPEN_END. Raises NotADay."""
    day = day_of(cell, formats)
    return OPEN_END if not day or day in OPEN_ENDS else day


def compiled(written: str) -> re.Pattern[str]:
    """Return the pattern of a way to write a day, e.g. DD.MM.YYYY.

    Raises ValueError unless YYYY, MM and DD stand in it once each.
    """
    pattern = re.escape(written)
    for token, group in _TOKENS.items():
        if written.count(token) != 1:
            raise ValueError(f"{written!r}: {token} must stand once")
        pattern = pattern.replace(token, group)
    return re.compile(pattern + r"\Z")


def _of_number(number: float) -> str:
    """Read 20260701.0; any other number could be a serial day or anything else."""
    if _COMPACT[0] <= number <= _COMPACT[-1] and number == int(number):
        return _of_text(str(int(number)), ())
    raise NotADay("cell.date", repr(number))


def _of_text(text: str, formats: tuple[re.Pattern[str], ...]) -> str:
    for pattern in formats:
        if found := pattern.match(text):
            return _day(text, found["y"], found["m"], found["d"])
    written = _WRITTEN.match(text)
    if written is None:
        raise NotADay("cell.date", quoted(text))
    year, *parts, hour, minute, second = written.groups()
    if any(int(part or 0) for part in (hour, minute, second)):
        raise NotADay("cell.time_in_date", quoted(text))
    month, day = (part for part in parts if part is not None)
    return _day(text, year, month, day)


def _day(text: str, year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError as error:
        raise NotADay("cell.no_such_day", quoted(text)) from error

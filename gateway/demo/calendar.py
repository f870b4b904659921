"""日历: the terms and quarters in which the demo plays, from the data's own years; no clock is asked.

The pilot's term is the real one (渝府办发〔2019〕29号 三: twelve months from 2019-03-20). Terms of later
batches are constructed: the first quarter that begins sixty days or more after the bids were opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.demo.dataset import PILOT, Batch

PILOT_FROM: Final = date(2019, 3, 20)
PILOT_TO: Final = date(2020, 3, 19)
RELISTED_FROM: Final = date(2020, 3, 20)
"""The day after the pilot's term: constructed, the pilot products are listed on at the old price."""
_PREPARATION: Final = timedelta(days=60)
_QUARTERS_IN_TERM: Final = 4
_UNDATED_YEAR: Final = 2021
_YEAR: Final = re.compile(r"(?<![0-9])(20[0-9]{2})(?![0-9])")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter."""

    year: int
    number: int

    @property
    def period(self) -> str:
        """Return YYYY-Qn."""
        return f"{self.year}-Q{self.number}"

    @property
    def first(self) -> date:
        """Return its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        """Return its last day."""
        return self.following.first - timedelta(days=1)

    @property
    def following(self) -> Quarter:
        """Return the next quarter."""
        years, number = divmod(self.number, 4)
        return Quarter(self.year + years, number + 1)

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter a day lies in."""
        return cls(day.year, (day.month + 2) // 3)


@dataclass(frozen=True, slots=True)
class Term:
    """执行期: first and last day of a batch's tasks, and the quarters they are split into."""

    first: date
    last: date
    quarters: tuple[Quarter, ...]


def term_of(batch: Batch) -> Term:
    """Return the term of a batch; the pilot's is the real one, others are constructed (see above)."""
    if batch.code == PILOT:
        return Term(PILOT_FROM, PILOT_TO, _quarters(Quarter(2019, 2)))
    if batch.opened_on:
        ready = date.fromisoformat(batch.opened_on) + _PREPARATION
        first = Quarter.of(ready)
        start = first if first.first >= ready else first.following
    else:
        stated = _YEAR.search(batch.code)
        start = Quarter(int(stated[1]) + 1 if stated else _UNDATED_YEAR, 1)
    quarters = _quarters(start)
    return Term(start.first, quarters[-1].last, quarters)


def _quarters(start: Quarter) -> tuple[Quarter, ...]:
    listed = [start]
    while len(listed) < _QUARTERS_IN_TERM:
        listed.append(listed[-1].following)
    return tuple(listed)

"""历: the passing of time as messages, so that whatever waits for a day can be replayed."""

from __future__ import annotations

from schemas.canonical import DateText, Statement
from schemas.codes import Region


class DayEnded(Statement):
    """日终: a day has ended in a province (24:00 in China). What was due on it is overdue from now on.

    The gateway says it once per province and day, in order, also for days on which it did not run.
    """

    region: Region
    day: DateText

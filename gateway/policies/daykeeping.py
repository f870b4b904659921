"""日终登记: says once per province that a day has ended, so that policies need no clock.

Only provinces whose papers we have are told. After a standstill every missed day follows, in order; a
journal that is new begins with yesterday.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Final

from gateway.errors import Contended
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from gateway.ports import Commit, Journal, Row, Submission, Write
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import CALENDAR_DAY_ENDED, EVENT_TYPES

CALENDAR_PARTNER: Final = "calendar"
CALENDAR_SPACE: Final = "calendar"
DAYS_TOGETHER: Final = 400
LOOK_EVERY: Final = 20.0
_CHINA: Final = timezone(timedelta(hours=8))
_DAY: Final = timedelta(days=1)


def day_ended(region: str, day: date, now: datetime) -> Submission:
    """Return the message that a day has ended in a province; its id depends on both alone."""
    data = {"region": region, "day": day.isoformat()}
    blob, number = canonical_bytes(data), f"{region}:{day.isoformat()}"
    identity = message_identity(CALENDAR_PARTNER, number)
    listed = EVENT_TYPES[CALENDAR_DAY_ENDED]
    message = Message(
        id=identity,
        source=SOURCE_PREFIX + CALENDAR_PARTNER,
        type=CALENDAR_DAY_ENDED,
        subject=listed.subject(data),
        time=listed.business_time(data),
        data=blob,
        region=region,
    )
    digest = hashlib.sha256(blob).hexdigest()
    return Submission(
        id=identity,
        partner=CALENDAR_PARTNER,
        message_id=number,
        interface=CALENDAR_PARTNER,
        raw=blob,
        digest=digest,
        received_at=now.isoformat(),
        rows=[Row(message)],
    )


class DayKeeper:
    """日终: any number of processes may keep the days; each day ends once."""

    def __init__(self, journal: Journal, rules: Rulebook, clock: Callable[[], datetime]) -> None:
        self._journal, self._clock = journal, clock
        self._provinces = sorted({province_of(region) for region in rules.regions})
        self._kept: dict[str, date] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the days until `stop` is set. Raises Unavailable."""
        while not stop.is_set():
            await self.keep()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY)

    async def keep(self) -> int:
        """Say of every day that has ended and was not said yet; return how many."""
        now = self._clock()
        yesterday = now.astimezone(_CHINA).date() - _DAY
        told = 0
        for province in self._provinces:
            while self._kept.get(province, date.min) < yesterday:
                with contextlib.suppress(Contended):  # another process was faster
                    told += await self._tell(province, yesterday, now)
        return told

    async def _tell(self, province: str, yesterday: date, now: datetime) -> int:
        stored = await self._journal.get(CALENDAR_SPACE, province)
        last = date.fromisoformat(stored.value.decode()) if stored else yesterday - _DAY
        days = list(_days(last + _DAY, yesterday))[:DAYS_TOGETHER]
        if days:
            version = stored.version if stored else 0
            write = Write(CALENDAR_SPACE, province, days[-1].isoformat().encode(), version)
            said = [day_ended(province, day, now) for day in days]
            await self._journal.commit(Commit(submissions=said, writes=[write]))
        self._kept[province] = days[-1] if days else last
        return len(days)


def _days(first: date, last: date) -> Iterator[date]:
    for step in range((last - first).days + 1):
        yield first + _DAY * step

"""日终: every day ends once per province, in order, whoever keeps the days and however long nobody did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.daykeeping import DayKeeper
from gateway.policies.workdays import Workdays
from gateway.ports import Search
from schemas.events import CALENDAR_DAY_ENDED
from tests.unit.policies.hosting import RULES


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "j.db")
    await opened.start()
    yield opened
    await opened.stop()


async def ended(journal: SqliteJournal, region: str) -> list[str]:
    found = await journal.search(Search(type=CALENDAR_DAY_ENDED, subject=region, limit=1000))
    return [each.message.content()["day"] for each in reversed(found)]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC), "2026-02-28"),
        (datetime(2026, 3, 1, 16, 0, 0, tzinfo=UTC), "2026-03-01"),
    ],
)
async def test_a_day_ends_at_midnight_in_china(
    journal: SqliteJournal, instant: datetime, day: str
) -> None:
    await DayKeeper(journal, RULES, lambda: instant).keep()
    assert await ended(journal, "520000") == [day]


async def test_after_a_standstill_every_missed_day_follows_in_order(journal: SqliteJournal) -> None:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    await DayKeeper(journal, RULES, lambda: now).keep()
    await DayKeeper(journal, RULES, lambda: now + timedelta(days=500)).keep()
    days = await ended(journal, "530000")
    assert days[0] == "2026-01-04"
    assert days[-1] == (now.date() + timedelta(days=499)).isoformat()
    assert days == sorted(set(days))
    assert len(days) == 501


async def test_two_keepers_end_each_day_once(journal: SqliteJournal) -> None:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    await DayKeeper(journal, RULES, lambda: now).keep()
    later = now + timedelta(days=3)
    keepers = [DayKeeper(journal, RULES, lambda: later) for _ in range(4)]
    told = await asyncio.gather(*(keeper.keep() for keeper in keepers))
    assert sum(told) == 3 * len(keepers[0]._provinces)
    assert await ended(journal, "500000") == [
        "2026-01-04",
        "2026-01-05",
        "2026-01-06",
        "2026-01-07",
    ]


async def test_a_clock_that_was_set_back_says_nothing_twice(journal: SqliteJournal) -> None:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    keeper = DayKeeper(journal, RULES, lambda: now)
    await keeper.keep()
    assert await DayKeeper(journal, RULES, lambda: now - timedelta(days=2)).keep() == 0


def test_the_exchanged_days_of_the_spring_festival_count_as_the_state_council_set_them() -> None:
    days = Workdays()
    # 2020 春节: 1月24日至2月2日 off (the 31st by a later notice); 1月19日, a Sunday, was worked
    assert days.is_workday(datetime(2020, 1, 19, tzinfo=UTC).date())
    assert not days.is_workday(datetime(2020, 1, 24, tzinfo=UTC).date())
    friday = datetime(2020, 1, 17, tzinfo=UTC).date()
    assert days.after(friday, 1).isoformat() == "2020-01-19"
    assert days.after(friday, 5).isoformat() == "2020-01-23"
    assert days.after(friday, 6).isoformat() == "2020-02-03"
    assert days.between(friday, days.after(friday, 10)) == 10


def test_a_file_sets_days_that_were_announced_later(tmp_path: Path) -> None:
    path = tmp_path / "workdays.toml"
    path.write_text("working = [2031-01-04]\noff = [2031-01-06]\n", encoding="utf-8")
    days = Workdays.load(path)
    saturday = datetime(2031, 1, 4, tzinfo=UTC).date()
    assert days.is_workday(saturday)
    assert not days.is_workday(saturday + timedelta(days=2))
    assert not days.announced(saturday)

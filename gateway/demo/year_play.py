"""模拟年: plays a whole year through a real gateway, month by month, and adds it all up."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.bootstrap import Gateway, configure_logs
from gateway.demo.dataset import load
from gateway.demo.play import SHIPPED_DATA
from gateway.demo.year_book import Book, Said
from gateway.demo.year_cast import YEAR, places, write_home
from gateway.demo.year_courier import YearCourier
from gateway.demo.year_evidence import Evidence, gather
from gateway.demo.year_goods import Year, pay_the_rest
from gateway.demo.year_plan import plan_year
from gateway.demo.year_reconcile import reconcile
from gateway.demo.year_report import YearReport, make_report
from gateway.demo.year_scenes import stage_scenes
from gateway.errors import Misconfigured
from gateway.settings import Settings
from schemas.events import VOLUME_PERIOD_CLOSED

MONTHS: Final = 12
_DAY: Final = timedelta(days=1)
AFTERWARDS: Final = [date(YEAR + 1, 1, day) for day in range(1, 11)]
"""Days after the year that are told too."""
Tamper = Callable[[list[Said]], Iterable[Said]]
"""Changes what is sent behind the plan's back: a test of the reconciliation."""


@dataclass(frozen=True, slots=True)
class YearOptions:
    """How the year is played. `drugs`: only so many per province (0: the whole catalogue)."""

    data: Path | None = None
    report: Path | None = None
    regions: tuple[str, ...] = ()
    drugs: int = 0
    every: int = 1
    """Only every so-manieth day's end is told besides the months' last ones: policies compute the same."""
    as_json: bool = False
    quiet: bool = False
    tamper: Tamper | None = None


async def play_year(options: YearOptions) -> YearReport:
    """Play the year and return its report.

    Raises Misconfigured (data, settings or regions cannot be used), Unavailable (the gateway stopped
    answering or did not come to rest).
    """
    began = time.monotonic()
    dataset = load(options.data or SHIPPED_DATA)
    year = plan_year(dataset, places(options.regions), options.drugs)
    if not any(year.lines.values()):
        raise Misconfigured(
            "数据中没有可模拟的约定采购量 no agreed volume with a supplier and a price"
        )
    scenes = stage_scenes(year)
    pay_the_rest(year)
    _close_periods(year)
    evidence, courier = await _played(year, options)
    checks = reconcile(year, evidence, courier.surprises)
    elapsed = time.monotonic() - began
    return make_report(dataset, year, scenes, evidence, checks, elapsed)


def _close_periods(year: Year) -> None:
    """Let every platform say that the year's months and quarters have ended."""
    for place in year.places:
        for month in range(1, MONTHS + 1):
            last = _days(month)[-1].isoformat()
            periods = [f"{YEAR}-{month:02d}"]
            if month % 3 == 0:
                periods.append(f"{YEAR}-Q{month // 3}")
            for period in periods:
                year.book.say(
                    place.platform,
                    VOLUME_PERIOD_CLOSED,
                    last,
                    region=place.region,
                    period=period,
                    ended_on=last,
                )


def _days(month: int) -> list[date]:
    first = date(YEAR, month, 1)
    after = date(YEAR + month // MONTHS, month % MONTHS + 1, 1)
    return [first + _DAY * step for step in range((after - first).days)]


def _ended(month: int, every: int) -> list[date]:
    """Return the days of a month whose ends are told; the last one always is."""
    days = _days(month)
    return [*days[every - 1 : -1 : every], days[-1]]


def by_month(book: Book) -> list[tuple[list[Said], list[Said]]]:
    """Return, month by month, what is said in it, and what is said when it has ended (its closing)."""
    facts: dict[int, list[Said]] = defaultdict(list)
    closings: dict[int, list[Said]] = defaultdict(list)
    for each in sorted(book.said, key=lambda one: one.day):
        month = min(MONTHS, int(each.day[5:7])) if each.day[:4] <= str(YEAR) else MONTHS
        month = 1 if each.day[:4] < str(YEAR) else month
        (closings if each.type == VOLUME_PERIOD_CLOSED else facts)[month].append(each)
    return [(facts[month], closings[month]) for month in range(1, MONTHS + 1)]


async def _played(year: Year, options: YearOptions) -> tuple[Evidence, YearCourier]:
    provinces = [place.region for place in year.places]
    hidden = options.quiet or options.as_json
    key = secrets.token_hex(24)
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jicai-year-")))
        progress = stack.enter_context(_progress(hidden=hidden))
        write_home(home, year.places, key)
        gateway = await stack.enter_async_context(_gateway(home))
        months = range(1, MONTHS + 1)
        ticks = len(provinces) * sum(len(_ended(month, options.every)) for month in months)
        ticks += len(provinces) * len(AFTERWARDS)
        bar = progress.add_task("模拟年 the year", total=len(year.book.said) + ticks)
        courier = YearCourier(gateway, key, lambda count: progress.advance(bar, count))
        stack.push_async_callback(courier.stop)
        for month, (facts, closings) in enumerate(by_month(year.book), start=1):
            progress.update(bar, description=f"{YEAR}-{month:02d}")
            await courier.carry(_sent(facts, options))
            await courier.end_days(provinces, _ended(month, options.every))
            await courier.carry(closings)
        # the last month's sums are drawn up and published after it has closed
        await courier.end_days(provinces, AFTERWARDS)
        reading = progress.add_task("对账 reconciliation", total=None)
        evidence = await gather(gateway, lambda rows: progress.advance(reading, rows))
        return evidence, courier


def _sent(facts: list[Said], options: YearOptions) -> Sequence[Said]:
    return facts if options.tamper is None else list(options.tamper(facts))


@asynccontextmanager
async def _gateway(home: Path) -> AsyncIterator[Gateway]:
    """Run an embedded gateway whose clock stands at the end of the year: the past is played."""
    try:
        given = Settings()
        own: dict[str, Any] = {
            "home": home,
            "journal": "sqlite",
            "bus": "embedded",
            "host": "127.0.0.1",
            "port": 0,
            "mllp_port": 0,
            "log_level": "error",
        }
        settings = Settings.model_validate({**given.model_dump(), **own})
    except ValidationError as error:
        raise Misconfigured(*(str(each["msg"]) for each in error.errors())) from error
    configure_logs(settings)
    gateway = Gateway(settings, lambda: datetime(YEAR + 1, 2, 1, tzinfo=UTC), keep_days=False)
    try:
        await gateway.start()
        yield gateway
    finally:
        await gateway.stop()


def _progress(*, hidden: bool) -> Progress:
    return Progress(
        TextColumn("[bold]{task.description:<24}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=hidden,
    )

"""剧本: what happens in the demo, out of the facts alone. Same data, same plan, on every machine.

Real: products, prices, who supplies which region, agreed volumes, the pilot's dates. Constructed and
said so: institutions and what they do, terms of later batches, the listings of winners who do not supply
Yunnan (云医保〔2020〕71号 四(一) invites them), and the relisting of the pilot's products in Chongqing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from gateway.demo.agreed_volumes import Agreed
from gateway.demo.calendar import PILOT_TO, RELISTED_FROM, Quarter, Term, term_of
from gateway.demo.cast import (
    CHONGQING,
    GUIZHOU,
    PROVINCES_WITH_PAPERS,
    WEIGHTS,
    YUNNAN,
    Place,
    gather,
)
from gateway.demo.dataset import PILOT, Dataset
from gateway.demo.facts import Line, Listing, Order, Task
from gateway.demo.findings import Finding, Findings
from gateway.demo.selected_products import Product
from gateway.demo.volumes_split import FULL, Progress, by_quarter, lag, shares

CHINA: Final = timezone(timedelta(hours=8))
LINES_PER_ORDER: Final = 12
SAMPLED_LINES: Final = 4
"""Lines per sampled order, in regions whose papers the gateway does not know."""
QUARTERS_PLAYED: Final = 2
"""Of the last batch: one quarter to lag in and one to catch up."""
LATE_NUMBER: Final = 2
"""The drug (counted from 0) that reaches 79.99 % in time and 80 % with a late receipt."""
LATE_COMPLETION: Final = 8_000
ORDER_DAY: Final = timedelta(days=40)
RECEIPT_DAY: Final = timedelta(days=55)


@dataclass(frozen=True, slots=True)
class Act:
    """一季: the orders of a quarter, whose receipts follow, and the regions whose period then closes.

    `late` are orders of the quarter that are only reported after it has closed.
    """

    quarter: Quarter
    orders: tuple[Order, ...]
    closing: tuple[Place, ...]
    late: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole play."""

    places: Mapping[str, Place]
    listings: tuple[Listing, ...]
    """By first day, region, batch: the order in which they are sent."""
    tasks: tuple[Task, ...]
    acts: tuple[Act, ...]
    products: Mapping[str, Product]
    """Every product by unified code."""
    findings: tuple[Finding, ...]

    @property
    def buying(self) -> tuple[Place, ...]:
        """Return the places that have institutions."""
        return tuple(place for place in self.places.values() if place.institutions)


def make_plan(dataset: Dataset, regions: Sequence[str] = ()) -> Plan:
    """Return the plan for a dataset; `regions` (GB/T 2260) restricts who buys, not what is listed.

    Every task is assigned and adds up to the agreed volume; of orders, regions without a known paper play
    a sample, and all stop at a common last quarter. Both are said as findings.
    """
    findings = Findings()
    agreed = [
        one
        for one in dataset.agreed
        if one.unit_price and one.quantity and (not regions or one.region in regions)
    ]
    buying = sorted({one.region for one in agreed})
    places = gather(dataset.regions, buying)
    terms = {batch.code: term_of(batch) for batch in dataset.batches}
    tasks = tuple(
        task for one in agreed for task in _tasks(one, places[one.region], terms[one.batch])
    )
    listings = sorted(_listings(dataset, places, terms), key=_listing_order)
    products = {each.product.code: each.product for each in listings}
    products |= {task.product.code: task.product for task in tasks}
    return Plan(
        places=places,
        listings=tuple(listings),
        tasks=tasks,
        acts=tuple(_acts(tasks, places, findings)),
        products=dict(sorted(products.items())),
        findings=tuple(findings),
    )


# --------------------------------------------------------------------------- 挂网


def _listings(
    dataset: Dataset, places: Mapping[str, Place], terms: Mapping[str, Term]
) -> Iterator[Listing]:
    """Yield the selected listings of every region, then the two constructed kinds."""
    supplied: set[tuple[str, str, str]] = set()
    for supply in dataset.supplies:
        supplied.add((supply.batch, supply.region, supply.product.code))
        if supply.unit_price is None:
            continue
        place, term = places[supply.region], terms[supply.batch]
        until = PILOT_TO if supply.batch == PILOT else None
        yield Listing(
            place, supply.batch, supply.product, supply.unit_price, "selected", term.first, until
        )
        if supply.batch == PILOT and supply.region == CHONGQING:
            yield Listing(place, PILOT, supply.product, supply.unit_price, "listed", RELISTED_FROM)
    yield from _offered_in_yunnan(dataset, places, terms, supplied)


def _offered_in_yunnan(
    dataset: Dataset,
    places: Mapping[str, Place],
    terms: Mapping[str, Term],
    supplied: set[tuple[str, str, str]],
) -> Iterator[Listing]:
    yunnan = places.get(YUNNAN)
    served = {batch for batch, region, _ in supplied if region == YUNNAN}
    for winner in dataset.winners:
        key = (winner.batch, YUNNAN, winner.product.code)
        if yunnan is None or winner.unit_price is None or winner.batch not in served:
            continue
        if key not in supplied:
            term = terms[winner.batch]
            yield Listing(
                yunnan, winner.batch, winner.product, winner.unit_price, "listed", term.first
            )


def _listing_order(listing: Listing) -> tuple[date, str, str, str, str]:
    return (
        listing.effective_from,
        listing.place.region,
        listing.batch,
        listing.kind,
        listing.product.code,
    )


# --------------------------------------------------------------------------- 任务


def _tasks(one: Agreed, place: Place, term: Term) -> Iterator[Task]:
    """Yield the institutions' tasks for one agreed volume; they add up to it exactly."""
    if one.product is None or one.unit_price is None:
        return
    split = shares(one.quantity, WEIGHTS[len(place.institutions)])
    for institution, share in zip(place.institutions, split, strict=True):
        if share:
            quarters = tuple(by_quarter(share, len(term.quarters)))
            yield Task(
                place, institution, one.batch, one.product, one.unit_price, term, share, quarters
            )


# --------------------------------------------------------------------------- 采购


def _acts(tasks: Sequence[Task], places: Mapping[str, Place], findings: Findings) -> Iterator[Act]:
    """Yield the quarters in order, up to the second one of the batch that begins last."""
    if not tasks:
        return
    last_begun = max((task.term for task in tasks), key=lambda term: term.quarters[0])
    final = last_begun.quarters[QUARTERS_PLAYED - 1]
    quarters = {quarter for task in tasks for quarter in task.term.quarters}
    findings.add("plan.bounded", final.period, "plan")
    purchases = _purchases(tasks, final)
    _note_sample(tasks, places, findings)
    for quarter in sorted(quarter for quarter in quarters if quarter <= final):
        active = [task for task in tasks if quarter in task.term.quarters]
        closing = sorted({task.place.region for task in active})
        yield Act(
            quarter,
            tuple(_orders(quarter, purchases, late=False)),
            tuple(places[region] for region in closing),
            tuple(_orders(quarter, purchases, late=True)),
        )


Purchases = Mapping[tuple[Quarter, bool, str, str], Sequence[tuple[Task, Line]]]
"""(quarter, whether reported late, institution, batch) → what is ordered there, drug by drug."""


def _purchases(tasks: Sequence[Task], final: Quarter) -> Purchases:
    """Return what every institution orders; regions without a known paper only a first few lines."""
    found: dict[tuple[Quarter, bool, str, str], list[tuple[Task, Line]]] = defaultdict(list)
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for task in tasks:
        key = (task.institution.code, task.batch)
        number = counted[key]
        counted[key] += 1
        sampled = task.place.region not in PROVINCES_WITH_PAPERS
        if sampled and (number >= SAMPLED_LINES or task.institution.serial != 1):
            continue
        for quarter, late, accepted in _accepted(task, number, final):
            if accepted and not (sampled and quarter != task.term.quarters[0]):
                line = Line(task.product, accepted, task.unit_price)
                found[quarter, late, task.institution.code, task.batch].append((task, line))
    return found


def _accepted(task: Task, number: int, final: Quarter) -> Iterator[tuple[Quarter, bool, int]]:
    """Yield (quarter, late, what is accepted) of the task that is `number` in its batch (from 0).

    In Guizhou one drug of each batch reaches 80 % of its first quarter with a receipt that is reported
    late: the warning that was given meanwhile is lifted.
    """
    progress = Progress()
    for quarter, due in zip(task.term.quarters, task.quarters, strict=True):
        if quarter > final:
            return
        yield quarter, False, progress.quarter(due, _completion(task, quarter, number, final))
        first = task.institution.lags and quarter == task.term.quarters[0]
        if first and number == LATE_NUMBER and task.place.region == GUIZHOU:
            yield quarter, True, progress.late(due, LATE_COMPLETION)


def _completion(task: Task, quarter: Quarter, number: int, final: Quarter) -> int:
    """Return what an institution achieves: the lagging one is behind at first, then catches up.

    One drug of the last batch it never catches up with, so that a hold stays open.
    """
    if not task.institution.lags:
        return FULL
    if quarter == task.term.quarters[0]:
        return lag(number)
    never = number == 0 and quarter == final == task.term.quarters[QUARTERS_PLAYED - 1]
    return lag(0) if never else FULL


def _orders(quarter: Quarter, purchases: Purchases, *, late: bool) -> Iterator[Order]:
    batches = {batch: place for place, batch in enumerate(sorted({key[3] for key in purchases}))}
    for key, bought in sorted(purchases.items(), key=lambda item: item[0]):
        if key[:2] != (quarter, late):
            continue
        batch = key[3]
        for chunk, start in enumerate(range(0, len(bought), LINES_PER_ORDER)):
            some = bought[start : start + LINES_PER_ORDER]
            task = some[0][0]
            place, institution = task.place, task.institution
            yield Order(
                number=f"DD{place.region}{institution.serial:02d}-{quarter.period}"
                f"-{batches[batch]:02d}{chunk:02d}{'L' if late else ''}",
                place=place,
                institution=institution,
                distributor=place.distributors[chunk % len(place.distributors)],
                placed_at=_at(quarter.first + ORDER_DAY, chunk),
                accepted_at=_at(quarter.first + RECEIPT_DAY, chunk),
                lines=tuple(line for _, line in some),
            )


def _at(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time(9, 0), CHINA) + timedelta(minutes=minutes)


def _note_sample(tasks: Sequence[Task], places: Mapping[str, Place], findings: Findings) -> None:
    """Say by name of which regions only a sample of orders is played, and of how many tasks."""
    counted: dict[str, int] = defaultdict(int)
    for task in tasks:
        if task.place.region not in PROVINCES_WITH_PAPERS:
            counted[task.place.region] += 1
    for region, count in sorted(counted.items()):
        what = (
            f"{places[region].name}: {count} 项任务全部下达,每批次订单抽样 {SAMPLED_LINES} 个品种"
        )
        findings.add("plan.sampled", what, "plan")

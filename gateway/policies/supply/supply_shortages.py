"""短缺预警: whether what a maker has and can make covers what it is still to deliver.

remaining = agreed − supplied (its own monthly reports); available = stock + reserve + what it can still make.
Of several reports of stock the one counted last stands, of a month's reports the one made last. Without an
agreement, a report of stock or a stated capacity the maker's own report of being short is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.policies.claims import Claim
from gateway.policies.payments.payment_clock_days import end_of_month
from gateway.policies.policy import because
from gateway.policies.prices.price_book import FOREVER, day_after, day_before
from gateway.policies.supply.supply_facts import Known, as_recorded
from gateway.policies.supply.supply_goods import ABOUT, RULE, goods, quantity, units, written
from schemas.events import SUPPLY_CAPACITY_REPORTED_LATE, SUPPLY_SHORTAGE_WARNED
from schemas.money import plain

COVER_SCALE = 4


@dataclass(frozen=True, slots=True)
class Cover:
    """保障: what is still to deliver and what there is for it, in 10^-4 units; None: nobody reported it."""

    agreed: int | None
    supplied: int
    stock: int | None
    reserve: int | None
    causes: tuple[str, ...]

    @property
    def remaining(self) -> int | None:
        """Return what is still to deliver."""
        return None if self.agreed is None else max(0, self.agreed - self.supplied)

    @property
    def at_hand(self) -> int | None:
        """Return stock and reserve."""
        if self.stock is None and self.reserve is None:
            return None
        return (self.stock or 0) + (self.reserve or 0)


def late_claims(known: Known) -> Iterator[tuple[str, Claim]]:
    """Yield the shortages that were not reported before the day on which they began."""
    for identity, short in known.of("short"):
        term = known.rules.term(short["region"], "supply.capacity_notice", short["short_from"])
        if term is None or short["reported_on"] < short["short_from"]:
            continue
        said = f"报告 reported {short['reported_on']} ≥ 起始 begins {short['short_from']}"
        data = {
            **goods(known, short),
            "short_from": short["short_from"],
            "reported_on": short["reported_on"],
            "because": because(RULE, (term,), (said,), (identity,)),
        }
        yield f"late/{identity}", Claim(SUPPLY_CAPACITY_REPORTED_LATE, data, ABOUT)


def shortage_days(known: Known) -> Iterator[str]:
    """Yield the days at whose end a shortage is over by what its report says."""
    for _, _, since, until, _ in _reports(known):
        if until != FOREVER:
            yield max(day_after(until), since)


def shortage_claims(known: Known) -> Iterator[tuple[str, Claim]]:
    """Yield a warning for each report of short capacity or a halt that is not over and not covered."""
    for ground, identity, since, until, fact in _reports(known):
        if until < known.day or until < since:
            continue
        term = known.rules.term(fact["region"], "supply.shortage_warned", fact["reported_on"])
        if term is None:
            continue
        cover = _cover(known, since)
        capacity = _capacity(ground, fact)
        short = _short(cover, capacity)
        if short is not None and short <= 0:
            continue
        data = {
            **goods(known, fact),
            "ground": ground,
            "short_from": since,
            **_figures(cover, capacity, short),
            "because": because(
                RULE, (term,), _arithmetic(cover, capacity, short), (identity, *cover.causes)
            ),
        }
        if until != FOREVER:
            data["short_to"] = until
        yield f"{ground}/{identity}", Claim(SUPPLY_SHORTAGE_WARNED, data, ABOUT)


def _reports(known: Known) -> Iterator[tuple[str, str, str, str, Mapping[str, Any]]]:
    """Yield (ground, id, first day, last day, report); a restoration on or after the first day ends it."""
    restored = sorted(each["restored_from"] for _, each in known.of("restored"))
    for ground, kind, first, last in (
        ("capacity", "short", "short_from", "short_to"),
        ("halt", "halted", "halted_on", "resumed_on"),
    ):
        for identity, fact in known.of(kind):
            until = fact.get(last) or FOREVER
            if kind == "halted" and until != FOREVER:
                until = day_before(until)  # it is the first day of production again
            again = next((day for day in restored if day >= fact[first]), "")
            if again:
                until = min(until, day_before(again))
            yield ground, identity, fact[first], until, fact


def _cover(known: Known, day: str) -> Cover:
    """Return what is still to deliver under the agreements in whose time a day lies, and what there is."""
    agreements = [
        (identity, each)
        for identity, each in known.of("agreed")
        if each["supply_from"] <= day <= each["supply_to"]
    ]
    causes = [identity for identity, _ in agreements]
    supplied = 0
    first = min((each["supply_from"] for _, each in agreements), default="")
    last = max((each["supply_to"] for _, each in agreements), default="")
    months = {
        each["month"]: (identity, each)
        for identity, each in as_recorded(known.of("reported"), "reported_on")
    }
    stocks: list[tuple[str, str, str]] = []
    for month, (identity, each) in sorted(months.items()):
        if first[:7] <= month <= last[:7] and each.get("supplied_quantity"):
            supplied += units(each["supplied_quantity"])
            causes.append(identity)
        if each.get("stock_quantity"):
            stocks.append((end_of_month(f"{month}-01"), identity, each["stock_quantity"]))
    reserve: int | None = None
    for identity, each in as_recorded(known.of("reserve"), "counted_on")[-1:]:
        reserve = units(each["reserve_quantity"])
        causes.append(identity)
    stocks += [
        (each["counted_on"], identity, each["stock_quantity"])
        for identity, each in known.of("reserve")
        if each.get("stock_quantity")
    ]
    stock = max(stocks, default=None)
    if stock is not None:
        causes.append(stock[1])
    agreed = sum(units(each["agreed_quantity"]) for _, each in agreements) if agreements else None
    held = None if stock is None else units(stock[2])
    return Cover(agreed, supplied, held, reserve, tuple(causes))


def _capacity(ground: str, fact: Mapping[str, Any]) -> int | None:
    if ground == "halt":
        return 0
    stated = fact.get("capacity_quantity")
    return None if stated is None else units(stated)


def _short(cover: Cover, capacity: int | None) -> int | None:
    """Return how much is not covered; None where something of it was not reported."""
    if cover.remaining is None or cover.at_hand is None or capacity is None:
        return None
    return cover.remaining - cover.at_hand - capacity


def _figures(cover: Cover, capacity: int | None, short: int | None) -> dict[str, str]:
    known = {
        "agreed_quantity": cover.agreed,
        "supplied_quantity": None if cover.agreed is None else cover.supplied,
        "remaining_quantity": cover.remaining,
        "stock_quantity": cover.stock,
        "reserve_quantity": cover.reserve,
        "capacity_quantity": capacity,
        "short_quantity": short,
    }
    found = {name: quantity(value) for name, value in known.items() if value is not None}
    if cover.remaining and cover.at_hand is not None:
        cut = cover.at_hand * int(10**COVER_SCALE) // cover.remaining
        found["cover"] = plain(cut, COVER_SCALE)
    return found


def _arithmetic(cover: Cover, capacity: int | None, short: int | None) -> tuple[str, ...]:
    lines = []
    if cover.agreed is not None and cover.remaining is not None:
        lines.append(
            f"待供 remaining: {written(cover.agreed)} − {written(cover.supplied)}"
            f" = {written(cover.remaining)}"
        )
    if short is None:
        return (
            *lines,
            "企业自报不足, 数量未全部报送 reported short; not every figure was reported",
        )
    at_hand, can_make = cover.at_hand or 0, capacity or 0
    lines.append(
        f"{written(cover.remaining or 0)} − (库存与储备 at hand {written(at_hand)}"
        f" + 产能 capacity {written(can_make)}) = {written(short)} > 0"
    )
    return tuple(lines)

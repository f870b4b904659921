"""未交付: what of orders was not accepted by a day, from the rows of an institution's ledgers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gateway.policies.policy import State
from gateway.policies.quarters import day_in_china
from gateway.policies.supply.supply_goods import units
from gateway.policies.supply.supply_ledger import Months, rows
from schemas.envelope import Message
from schemas.events import ACCEPTANCE_RECORDED, ORDER_PLACED

Place = tuple[str, str]
"""(order number, product)"""
Group = tuple[str, str]
"""(distributor, product)"""


class Ordered(NamedTuple):
    """An order's line as it lies in the ledger, after its message's id."""

    order_no: str
    day: str
    distributor: str
    region: str
    product: str
    units: str
    drug: str


class Accepted(NamedTuple):
    """What was accepted of an order, as it lies in the ledger after its message's id; `units` may be negative."""

    order_no: str
    day: str
    product: str
    units: str


Lines = Mapping[Place, list[tuple[str, Ordered]]]
"""An order's lines of one product, each with its message's id."""
Taken = Mapping[Place, tuple[int, list[str]]]
"""What was accepted of an order's product, and by which messages."""


def day_of(message: Message, content: State) -> str:
    """Return the day of an order or an acceptance."""
    return day_in_china(content["placed_at" if message.type == ORDER_PLACED else "accepted_at"])


def fields_of(message: Message, content: State, day: str) -> Iterator[Ordered | Accepted]:
    """Yield what is kept of an order's lines, or of an acceptance."""
    number = content["order_no"]
    if message.type == ACCEPTANCE_RECORDED:
        taken = units(content["accepted_quantity"])
        sign = -1 if content["amount"].startswith("-") else 1
        yield Accepted(number, day, content["unified_code"], str(sign * taken))
        return
    for line in content["lines"]:
        yield Ordered(
            number,
            day,
            content["distributor"],
            message.region,
            line["unified_code"],
            str(units(line["quantity"])),
            line.get("drug") or "",
        )


def lines_until(ordered: Months, until: str, products: Iterable[str] = ("",)) -> Lines:
    """Return the lines ordered until a day; of some products only, where they are given."""
    found: dict[Place, list[tuple[str, Ordered]]] = {}
    for product in products:
        for identity, *words in rows(ordered, product):
            line = Ordered(*words)
            if line.day <= until and product in {"", line.product}:
                found.setdefault((line.order_no, line.product), []).append((identity, line))
    return found


def taken_until(accepted: Months, until: str, products: Iterable[str] = ("",)) -> Taken:
    """Return what was accepted until a day; of some products only, where they are given."""
    found: dict[Place, tuple[int, list[str]]] = {}
    for product in products:
        for identity, *words in rows(accepted, product):
            row = Accepted(*words)
            if row.day <= until and product in {"", row.product}:
                amount, causes = found.get((row.order_no, row.product), (0, []))
                causes.append(identity)
                found[row.order_no, row.product] = (amount + int(row.units), causes)
    return found


def first_of(lines: Iterable[tuple[str, Ordered]]) -> Ordered:
    """Return the line that says from whom, where and which drug was ordered: the earliest."""
    return min(lines, key=lambda each: (each[1].day, each[0]))[1]


class Outstanding:
    """未交付: what was ordered of one product from one distributor, and what of it was accepted."""

    def __init__(self, region: str, drug: str) -> None:
        self.region, self.drug = region, drug
        self.ordered = self.accepted = 0
        self.orders: set[str] = set()
        self.oldest = ""
        self.causes: list[str] = []


def outstanding(lines: Lines, taken: Taken) -> dict[Group, Outstanding]:
    """Return what is not wholly delivered; of one order never more is accepted than was ordered."""
    found: dict[Group, Outstanding] = {}
    for place, ordered in sorted(lines.items()):
        amount = sum(int(line.units) for _, line in ordered)
        accepted, causes = taken.get(place, (0, []))
        if accepted >= amount:
            continue
        first = first_of(ordered)
        group = found.setdefault(
            (first.distributor, place[1]), Outstanding(first.region, first.drug)
        )
        group.ordered += amount
        group.accepted += max(0, accepted)
        group.orders.add(place[0])
        group.oldest = min(filter(None, (group.oldest, first.day)))
        group.causes += [*(identity for identity, _ in ordered), *sorted(causes)]
    return found

"""任务完成与超量价格 (R8): when an agreed quantity was reached, and what was paid for more of it.

The task is done on the first day at whose end the accepted quantity of the term has reached it. What is
bought of the task's products on later days of the term is beyond the task and still at the selected price
(仍按中选价供应): the one listed as selected in the region on that day, else the one the task states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import because, shown
from gateway.policies.progress.measure import reached
from gateway.policies.progress.measure_periods import lies_in
from gateway.policies.progress.measure_receipts import Row, ids_of
from gateway.policies.progress.measure_tasks import Task, agreed_amount
from gateway.policies.rulebook import Rulebook
from gateway.policies.volumes.volume_cap_conversion import Product
from schemas.events import (
    VOLUME_OVER_TASK_PRICE_BREACHED,
    VOLUME_OVER_TASK_PRICE_ENDED,
    VOLUME_TASK_COMPLETED,
    VOLUME_TASK_REOPENED,
)
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, divide_half_up, plain, yuan

RULE: Final = "R8"
ABOUT: Final = ("institution", "drug", "drug_name", "region", "batch")
COMPLETION_ENDS: Final = {
    VOLUME_TASK_COMPLETED: VOLUME_TASK_REOPENED,
    VOLUME_OVER_TASK_PRICE_BREACHED: VOLUME_OVER_TASK_PRICE_ENDED,
}
_FEN: Final = 10 ** (PRICE_SCALE + QUANTITY_SCALE - 2)


@dataclass(frozen=True, slots=True)
class Agreement:
    """协议: the tasks of a batch with one term, and what was accepted of their products in it.

    `rows` are in order of their days. Quantities are 10^-4 units.
    """

    batch: str
    first: str
    last: str
    tasks: Sequence[Task]
    rows: Sequence[Row]
    volume: int
    """The agreed quantity."""
    bought: int
    """What was accepted in the term."""
    completed_on: str
    """The day on which the task was done; "" when it is not, or when there is none."""

    @property
    def slot(self) -> str:
        """Return what tells it from the institution's other agreements for the drug."""
        return f"{self.batch}|{self.first}|{self.last}"


def agreements_of(batch: str, tasks: Sequence[Task], rows: Sequence[Row]) -> Iterator[Agreement]:
    """Yield a batch's agreements with their rows."""
    together: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        together.setdefault((task.first, task.last), []).append(task)
    for (first, last), found in sorted(together.items()):
        products = {task.product for task in found}
        inside = [row for row in rows if first <= row.day <= last and row.product in products]
        inside.sort()  # by day and id
        volume = sum(task.volume for task in found)
        bought = sum(row.quantity for row in inside)
        done = reached(inside, volume) if 0 < volume <= bought else ""
        yield Agreement(batch, first, last, found, inside, volume, bought, done)


def completed(
    about: Mapping[str, Any], agreement: Agreement, rules: Rulebook
) -> Iterator[tuple[str, Claim]]:
    """Yield the claim that the task is done, by its slot."""
    day = agreement.completed_on
    term = rules.term(about["region"], "term.completion", day) if day else None
    if term is None:
        return
    rows = [row for row in agreement.rows if row.day <= day]
    reached = sum(row.quantity for row in rows)
    wanted, got = (shown(plain(each, QUANTITY_SCALE)) for each in (agreement.volume, reached))
    causes = (*(task.id for task in agreement.tasks), *ids_of(rows))
    data = {
        **about,
        "batch": agreement.batch,
        "task_volume": plain(agreement.volume, QUANTITY_SCALE),
        "accepted_volume": plain(reached, QUANTITY_SCALE),
        "completed_on": day,
        "term_from": agreement.first,
        "term_to": agreement.last,
        "found_on": day,
        "because": because(RULE, [term], [f"{got} ≥ {wanted}"], causes),
    }
    amount = agreed_amount(agreement.tasks)
    if amount is not None:
        data["agreed_amount"] = yuan(amount)
    yield f"completed|{agreement.slot}", Claim(VOLUME_TASK_COMPLETED, data, ABOUT)


def overpriced(
    about: Mapping[str, Any],
    agreement: Agreement,
    products: Sequence[Product],
    described_by: str,
    rules: Rulebook,
) -> Iterator[tuple[str, Claim]]:
    """Yield a claim for each day, product and price above the selected price after completion."""
    done = agreement.completed_on
    if not done:
        return
    together: dict[tuple[str, str, int], list[Row]] = {}
    for row in agreement.rows:
        if row.day > done:
            together.setdefault((row.day, row.product, row.price), []).append(row)
    for (day, product, price), rows in sorted(together.items()):
        term = rules.term(about["region"], "term.over_task_price", day)
        allowed = selected_price(about["region"], agreement.tasks, products, product, day)
        quantity = sum(row.quantity for row in rows)
        if term is None or allowed is None or price <= allowed or not quantity:
            continue
        over = divide_half_up((price - allowed) * quantity, _FEN)
        paid, agreed = (shown(plain(each, PRICE_SCALE)) for each in (price, allowed))
        lines = [
            f"{day} 晚于完成日 after completion on {done}",
            f"{paid} > {agreed}",
            f"({paid} − {agreed}) × {shown(plain(quantity, QUANTITY_SCALE))} = {yuan(over)}",
        ]
        causes = (*(task.id for task in agreement.tasks), *ids_of(agreement.rows), described_by)
        data = {
            **about,
            "batch": agreement.batch,
            "unified_code": product,
            "bought_on": day,
            "quantity": plain(quantity, QUANTITY_SCALE),
            "unit_price": plain(price, PRICE_SCALE),
            "selected_price": plain(allowed, PRICE_SCALE),
            "overpaid": yuan(over),
            "found_on": day,
            "because": because(RULE, [term], lines, causes),
        }
        slot = f"price|{agreement.slot}|{product}|{day}|{price}"
        yield slot, Claim(VOLUME_OVER_TASK_PRICE_BREACHED, data, ABOUT)


def selected_price(
    region: str,
    tasks: Sequence[Task],
    products: Sequence[Product],
    product: str,
    day: str,
) -> int | None:
    """Return the selected price of a product on a day (10^-6 yuan); None: nobody has said it.

    Of listings for the region and for a wider one the nearer counts.
    """
    listed = [
        (each.region, each.price)
        for each in products
        if each.selected_on(day, product) and lies_in(region, each.region)
    ]
    if listed:
        return max(listed, key=lambda each: (len(each[0].rstrip("0")), each[0]))[1]
    stated = [task.price for task in tasks if task.product == product]
    return next((each for each in stated if each is not None), None)

"""完成率: an institution's accepted quantity of a drug against its task in one closed quarter.

Quantities are integers of 10^-4 units; every comparison is one of integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Final

from gateway.policies.policy import shown
from gateway.policies.progress.measure_receipts import Row, ids_of
from gateway.policies.progress.measure_tasks import Task
from gateway.policies.quarters import Window, window
from schemas.money import QUANTITY_SCALE, plain

COMPLETION_SCALE: Final = 4


@lru_cache(maxsize=256)
def exactly(ratio: str) -> Fraction:
    """Return a term's decimal as a fraction: terms are few, what is held against them is much."""
    return Fraction(ratio)


@dataclass(frozen=True)  # without slots: what is worked out is kept
class Measure:
    """What a quarter comes to; `total` and `total_due` are cumulative over the term."""

    accepted: int
    due: int
    total: int
    total_due: int
    done_on: str
    """The day on which the cumulative task was done; "" when it is not."""
    tasks: tuple[str, ...]
    """Message ids of the tasks."""
    of_quarter: Sequence[Row]
    of_term: Sequence[Row]

    @cached_property
    def in_quarter(self) -> list[str]:
        """Return the message ids of the quarter's acceptances."""
        return ids_of(self.of_quarter)

    @cached_property
    def in_term(self) -> list[str]:
        """Return the message ids of all of the term's acceptances."""
        return ids_of(self.of_term)

    @property
    def done(self) -> bool:
        """Return whether the cumulative task up to the quarter is done."""
        return self.total >= self.total_due

    def below(self, threshold: str) -> bool:
        """Return whether accepted ÷ due is below a decimal threshold, exactly; no task is never below."""
        ratio = exactly(threshold)
        return self.accepted * ratio.denominator < self.due * ratio.numerator

    @cached_property
    def completion(self) -> str:
        """Return accepted ÷ due with four decimals, cut off: 0.69999 never shows as 0.7000.

        Where nothing is due nothing is missing: 1.0000.
        """
        if not self.due:
            return plain(10**COMPLETION_SCALE, COMPLETION_SCALE)
        return plain(self.accepted * 10**COMPLETION_SCALE // self.due, COMPLETION_SCALE)

    @cached_property
    def division(self) -> str:
        """Return the division as a person writes it: 6999 / 10000 = 0.6999."""
        accepted, due = shown_quantity(self.accepted), shown_quantity(self.due)
        if not self.due:
            return f"{accepted}, 无任务 nothing due"
        exact = self.accepted * 10**COMPLETION_SCALE % self.due == 0
        return f"{accepted} / {due} = {self.completion}{'' if exact else '…'}"


def shown_quantity(quantity: int) -> str:
    """Return a quantity as people write it."""
    return shown(plain(quantity, QUANTITY_SCALE))


def measure(tasks: Iterable[Task], accepted: Sequence[Row], ended_on: str) -> Measure:
    """Measure the quarter that ended on a day; nothing is due when it lies outside the tasks' terms.

    `tasks` are those of a batch that count; each counts the acceptances of its own product.
    """
    windows: dict[str, tuple[Window, Task]] = {}
    for task in tasks:
        found = window(task.first, task.last, ended_on)
        if found is not None and found.index < len(task.quarters):
            windows[task.product] = (found, task)
    due = sum(task.quarters[each.index] for each, task in windows.values())
    total_due = sum(sum(task.quarters[: each.index + 1]) for each, task in windows.values())
    of_term = [row for row in accepted if _counts(row, windows)]
    of_term.sort()  # by day and id
    of_quarter = [row for row in of_term if _inside(row.day, windows[row.product][0])]
    return Measure(
        accepted=sum(row.quantity for row in of_quarter),
        due=due,
        total=sum(row.quantity for row in of_term),
        total_due=total_due,
        done_on=reached(of_term, total_due),
        tasks=tuple(sorted(task.id for _, task in windows.values())),
        of_quarter=of_quarter,
        of_term=of_term,
    )


def _counts(row: Row, windows: Mapping[str, tuple[Window, Task]]) -> bool:
    place = windows.get(row.product)
    return place is not None and place[1].first <= row.day <= place[1].last


def _inside(day: str, found: Window) -> bool:
    return found.first <= day <= found.last


def reached(rows: Sequence[Row], quantity: int) -> str:
    """Return the day on which rows, in order, come to a quantity; "" when they do not."""
    so_far = 0
    for row in rows:
        so_far += row.quantity
        if so_far >= quantity:
            return row.day
    return ""

"""完成率: an institution's accepted quantity of a drug against its task in one closed quarter.

Quantities are integers of 10^-4 units; every comparison is one of integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from gateway.policies.policy import shown
from gateway.policies.quarters import Window, window
from schemas.money import QUANTITY_SCALE, plain

COMPLETION_SCALE: Final = 4
Acceptance = Sequence[Any]
"""[day, message id, quantity, unified code]"""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a quarter comes to; `total` and `total_due` are cumulative over the term."""

    accepted: int
    due: int
    total: int
    total_due: int
    done_on: str
    """The day on which the cumulative task was done; "" when it is not."""
    tasks: tuple[str, ...]
    in_quarter: tuple[str, ...]
    in_term: tuple[str, ...]
    """Message ids of the tasks, of the quarter's acceptances and of all of the term's."""

    @property
    def done(self) -> bool:
        """Return whether the cumulative task up to the quarter is done."""
        return self.total >= self.total_due

    def below(self, threshold: str) -> bool:
        """Return whether accepted ÷ due is below a decimal threshold, exactly; no task is never below."""
        return self.accepted < self.due * Fraction(threshold)

    @property
    def completion(self) -> str:
        """Return accepted ÷ due with four decimals, cut off: 0.69999 never shows as 0.7000.

        Where nothing is due nothing is missing: 1.0000.
        """
        if not self.due:
            return plain(10**COMPLETION_SCALE, COMPLETION_SCALE)
        return plain(self.accepted * 10**COMPLETION_SCALE // self.due, COMPLETION_SCALE)

    @property
    def division(self) -> str:
        """Return the division as a person writes it: 6999 / 10000 = 0.6999."""
        accepted, due = (shown(plain(each, QUANTITY_SCALE)) for each in (self.accepted, self.due))
        if not self.due:
            return f"{accepted}, 无任务 nothing due"
        exact = self.accepted * 10**COMPLETION_SCALE % self.due == 0
        return f"{accepted} / {due} = {self.completion}{'' if exact else '…'}"


def measure(
    tasks: Mapping[str, Mapping[str, Any]], accepted: Sequence[Acceptance], ended_on: str
) -> Measure:
    """Measure the quarter that ended on a day; nothing is due when it lies outside the tasks' terms.

    `tasks` are a batch's, by product; each counts the acceptances of its own product.
    """
    windows: dict[str, Window] = {}
    for product, task in tasks.items():
        found = window(task["from"], task["to"], ended_on)
        if found is not None and found.index < len(task["quarters"]):
            windows[product] = found
    due = sum(tasks[product]["quarters"][each.index] for product, each in windows.items())
    total_due = sum(
        sum(tasks[product]["quarters"][: each.index + 1]) for product, each in windows.items()
    )
    of_term = [
        entry
        for entry in accepted
        if entry[3] in windows and tasks[entry[3]]["from"] <= entry[0] <= tasks[entry[3]]["to"]
    ]
    of_term.sort(key=lambda entry: (entry[0], entry[1]))
    of_quarter = [
        entry for entry in of_term if windows[entry[3]].first <= entry[0] <= windows[entry[3]].last
    ]
    return Measure(
        accepted=sum(entry[2] for entry in of_quarter),
        due=due,
        total=sum(entry[2] for entry in of_term),
        total_due=total_due,
        done_on=_reached(of_term, total_due),
        tasks=tuple(sorted(tasks[product]["id"] for product in windows)),
        in_quarter=tuple(entry[1] for entry in of_quarter),
        in_term=tuple(entry[1] for entry in of_term),
    )


def _reached(of_term: Sequence[Acceptance], total_due: int) -> str:
    so_far = 0
    for entry in of_term:
        so_far += entry[2]
        if so_far >= total_due:
            return str(entry[0])
    return ""

"""进度数字: what an institution has accepted of a batch's products in a period and since the term began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from gateway.policies.policy import State, shown
from gateway.policies.progress.measure import COMPLETION_SCALE
from gateway.policies.progress.measure_receipts import ids_of, rows_of
from gateway.policies.progress.measure_tasks import Task
from gateway.policies.quarters import MONTHS_IN_QUARTER, add_months, is_quarter
from schemas.money import QUANTITY_SCALE, plain, yuan

RULE: Final = "R4"
_DAY: Final = timedelta(days=1)
_REMEMBERED: Final = 4096


class Figures(NamedTuple):
    """Sums: quantities in 10^-4 units, amounts in fen."""

    accepted: int = 0
    amount: int = 0
    cumulative: int = 0
    cumulative_amount: int = 0
    task: int = 0

    def as_data(self) -> dict[str, str]:
        """Return them as the conclusions say them."""
        return {
            "accepted_quantity": plain(self.accepted, QUANTITY_SCALE),
            "accepted_amount": yuan(self.amount),
            "cumulative_quantity": plain(self.cumulative, QUANTITY_SCALE),
            "cumulative_amount": yuan(self.cumulative_amount),
            "task_quantity": plain(self.task, QUANTITY_SCALE),
            "completion": completion(self.cumulative, self.task),
        }


def completion(done: int, task: int) -> str:
    """Return done ÷ task with four decimals, cut off; where there is no task nothing is missing: 1.0000."""
    one = 10**COMPLETION_SCALE
    return plain(done * one // task if task else one, COMPLETION_SCALE)


class Earlier(NamedTuple):
    """The period told before: it stands for all that was accepted in the term up to its last day."""

    identity: str = ""
    ended_on: str = ""
    cumulative: int = 0
    amount: int = 0
    tasks: Sequence[str] = ()


NO_EARLIER: Final = Earlier()


def figures_of(
    tasks: Sequence[Task], state: State, begins: str, ended_on: str, earlier: Earlier
) -> tuple[Figures, list[str], list[str]]:
    """Sum up what counts for the tasks from a period's first day to its last, and since their terms began.

    Returns the figures, the ids of the tasks and of the messages that they rest on. With the same tasks as
    `earlier` only what was accepted since then is read.
    """
    spans = {task.product: task for task in tasks}
    named = sorted(task.id for task in spans.values())
    since = min(task.first for task in tasks)
    if earlier.tasks == named:
        since = max(since, day_after(earlier.ended_on))
    else:
        earlier = NO_EARLIER
    rows = []
    accepted = amount = 0
    cumulative, cumulative_amount = earlier.cumulative, earlier.amount
    for row in rows_of(state, since, ended_on):
        task = spans.get(row.product)
        if task is None or not task.first <= row.day <= task.last:
            continue
        rows.append(row)
        cumulative += row.quantity
        cumulative_amount += row.amount
        if begins <= row.day:
            accepted += row.quantity
            amount += row.amount
    rows.sort()  # by day and id
    due = sum(task.volume for task in spans.values())
    found = Figures(accepted, amount, cumulative, cumulative_amount, due)
    return found, named, [*named, earlier.identity, *ids_of(rows)]


@lru_cache(maxsize=_REMEMBERED)
def day_after(day: str) -> str:
    """Return the next day (ISO)."""
    return (date.fromisoformat(day) + _DAY).isoformat()


@lru_cache(maxsize=_REMEMBERED)
def first_day(period: str, ended_on: str) -> str:
    """Return the first day of a period that ended on a day."""
    months = MONTHS_IN_QUARTER if is_quarter(period) else 1
    return add_months(date.fromisoformat(ended_on) + _DAY, -months).isoformat()


def arithmetic(found: Figures, said: dict[str, str]) -> list[str]:
    """Return how the share comes about, line by line; `said` are the figures as texts."""
    if not found.task:
        return ["本期无任务 no task in the period"]
    accepted, total, task = (
        shown(said[f"{name}_quantity"]) for name in ("accepted", "cumulative", "task")
    )
    earlier = shown(plain(found.cumulative - found.accepted, QUANTITY_SCALE))
    exact = found.cumulative * 10**COMPLETION_SCALE % found.task == 0
    return [
        f"累计 cumulative: {earlier} + 本期 this period {accepted} = {total}",
        f"{total} / {task} = {said['completion']}{'' if exact else '…'}",
    ]


def measured_data(
    found: Figures, why: Sequence[Any], causes: Sequence[str], revision: int, replaces: str
) -> dict[str, Any]:
    """Return what a measurement says of the figures. `why`: the clauses and terms that it is made by."""
    figures = found.as_data()
    data = {
        "revision": revision,
        "figures": figures,
        "because": {
            "rule": RULE,
            "clauses": why[0],
            "terms": why[1],
            "arithmetic": arithmetic(found, figures),
            "causes": [each for each in dict.fromkeys((replaces, *causes)) if each],
        },
    }
    if replaces:
        data["replaces"] = replaces
    return data

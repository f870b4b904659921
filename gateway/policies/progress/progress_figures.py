"""进度数字: what an institution has accepted of a batch's products in a period and since the term began."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

from gateway.policies.policy import because, shown
from gateway.policies.progress.measure import COMPLETION_SCALE
from gateway.policies.progress.measure_receipts import Receipts, Row, ids_of
from gateway.policies.progress.measure_tasks import Task
from gateway.policies.rulebook import Term
from schemas.envelope import canonical_bytes
from schemas.money import QUANTITY_SCALE, plain, yuan

RULE: Final = "R4"
_DIGEST_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Found:
    """Sums: quantities in 10^-4 units, amounts in fen. `causes` are the messages that they rest on."""

    accepted: int = 0
    amount: int = 0
    cumulative: int = 0
    cumulative_amount: int = 0
    task: int = 0
    tasks: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()

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


@dataclass(frozen=True, slots=True)
class Measured:
    """One batch's closed period. `why`: [rule, clauses, terms] as the conclusion says them."""

    batch: str
    period: str
    ended_on: str
    closed_by: str
    term: Term | None
    found: Found
    kept: Sequence[Any] = ()

    @classmethod
    def nothing(cls, batch: str, period: str, ended_on: str, why: Sequence[Any]) -> Self:
        """Return what is said of a period in which there is nothing to measure any more."""
        return cls(batch, period, ended_on, "", None, Found(), why)

    @property
    def why(self) -> Sequence[Any]:
        """Return rule, clauses and terms, so that a taking back can repeat them."""
        if self.term is None:
            return self.kept
        return [RULE, [self.term.clause], {self.term.name: self.term.value}]

    def digest(self, task: Task) -> str:
        """Return a digest of what makes these figures other figures."""
        said = [self.found.as_data(), self.ended_on, task["region"], task["name"]]
        return hashlib.blake2b(canonical_bytes(said), digest_size=_DIGEST_BYTES).hexdigest()


class Earlier(NamedTuple):
    """The period told before: it stands for all that was accepted in the term up to its last day."""

    identity: str = ""
    ended_on: str = ""
    cumulative: int = 0
    amount: int = 0
    tasks: tuple[str, ...] = ()


def figures_of(
    tasks: Sequence[Task], receipts: Receipts, begins: str, ended_on: str, earlier: Earlier
) -> Found:
    """Sum up what counts for the tasks from a period's first day to its last, and since their terms began.

    With the same tasks as `earlier` only what was accepted since then is read.
    """
    spans = {task["product"]: task for task in tasks}
    named = tuple(sorted(task["id"] for task in spans.values()))
    since = min(task["from"] for task in tasks)
    if earlier.tasks == named:
        since = max(since, _day_after(earlier.ended_on))
    else:
        earlier = Earlier()
    rows = [row for row in receipts.rows(since, ended_on) if _counts(row, spans)]
    rows.sort(key=lambda row: (row.day, row.ids))
    inside = [row for row in rows if begins <= row.day]
    return Found(
        accepted=sum(row.quantity for row in inside),
        amount=sum(row.amount for row in inside),
        cumulative=earlier.cumulative + sum(row.quantity for row in rows),
        cumulative_amount=earlier.amount + sum(row.amount for row in rows),
        task=sum(task["volume"] for task in spans.values()),
        tasks=named,
        causes=(*named, earlier.identity, *ids_of(rows)),
    )


def _counts(row: Row, spans: Mapping[str, Task]) -> bool:
    task = spans.get(row.product)
    return task is not None and bool(task["from"] <= row.day <= task["to"])


@lru_cache(maxsize=4096)
def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def measured_data(measured: Measured, revision: int, replaces: str, trigger: str) -> dict[str, Any]:
    """Return the data of a measurement but for the institution and the drug."""
    found = measured.found
    rule, clauses, terms = measured.why
    causes = dict.fromkeys((replaces, *found.causes, measured.closed_by, trigger))
    why = because(rule, (), _arithmetic(found), [each for each in causes if each])
    data = {
        "batch": measured.batch,
        "period": measured.period,
        "ended_on": measured.ended_on,
        "revision": revision,
        "figures": found.as_data(),
        "because": {**why, "clauses": list(clauses), "terms": dict(terms)},
    }
    return data | ({"replaces": replaces} if replaces else {})


def _arithmetic(found: Found) -> list[str]:
    if not found.task:
        return ["本期无任务 no task in the period"]
    accepted, total, task = (
        shown(plain(each, QUANTITY_SCALE))
        for each in (found.accepted, found.cumulative, found.task)
    )
    earlier = shown(plain(found.cumulative - found.accepted, QUANTITY_SCALE))
    exact = found.cumulative * 10**COMPLETION_SCALE % found.task == 0
    share = completion(found.cumulative, found.task)
    return [
        f"累计 cumulative: {earlier} + 本期 this period {accepted} = {total}",
        f"{total} / {task} = {share}{'' if exact else '…'}",
    ]

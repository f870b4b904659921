"""采购进度监测 (R4): each institution's figures of every closed month and quarter, and the term's end.

Every paper lets progress be monitored by the month (按月监测), some measure or settle by the quarter: when
such a period closes, what was accepted in it and cumulatively is said once, without a threshold of ours.
What becomes known late is said again for every period it touches, with a higher revision.

When a period closes on or after the last day of the task's term and the agreed quantity has not been
reached, the task is unfinished (期满未完成): the paper's consequence and its ladder of measures are named,
for a person to decide. Nothing is ordered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.policy import (
    Conclusion,
    Judgement,
    Scope,
    State,
    conclusion_identity,
    withdrawal_cause,
)
from gateway.policies.progress.measure_receipts import Receipts, Row, receipt
from gateway.policies.progress.measure_tasks import (
    Task,
    closed_for,
    counted,
    latest_of,
    not_closed,
    with_closed,
    with_task,
    without_task,
)
from gateway.policies.progress.progress_figures import Earlier, Measured, figures_of, measured_data
from gateway.policies.progress.progress_unfinished import UNFINISHED_ENDS, unfinished
from gateway.policies.quarters import MONTHS_IN_QUARTER, add_months, day_in_china, is_quarter
from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    PROGRESS_MEASURED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_TASK_ASSIGNED,
)

NOTHING: Final[State] = {
    "tasks": {},
    "accepted": [],
    "months": {},
    "closed": {},
    "told": {},
    "open": {},
}
_QUARTERLY: Final = ("progress.measured", "progress.settled", "progress.monitored")
_MONTHLY: Final = ("progress.monitored",)
_REVISION, _IDENTITY, _FIGURES, _ENDED_ON = range(4)
_SUMS: Final = 6
_DAY: Final = timedelta(days=1)


class Monitoring:
    """进度监测: tasks, acceptances and closed periods in; figures of each period and unfinished terms out."""

    name: Final = "monitoring"
    consumes: Final = frozenset({VOLUME_TASK_ASSIGNED, ACCEPTANCE_RECORDED, VOLUME_PERIOD_CLOSED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state for the drug, or all states of a closed period's province."""
        province = f"{content['region'][:2]}0000"
        if message.type == VOLUME_PERIOD_CLOSED:
            return Scope(prefix=f"{province}/", region=province)
        return Scope(f"{province}/{content['institution']}/{content['drug']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the periods which closed before it began."""
        return {**NOTHING, "closed": record["closed"] if record is not None else {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the province's record with one more closed period."""
        return {"closed": with_closed(record["closed"] if record else {}, message, content)}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the province's record without a closed period."""
        return {"closed": not_closed(record["closed"] if record else {}, gone)}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one task, acceptance or closed period."""
        since = ""
        if message.type == ACCEPTANCE_RECORDED:
            before = Receipts.of(state)
            row = receipt(message, content)
            receipts = before.with_receipt(row)
            if receipts is before:
                return Judgement()
            after = {**state, "accepted": receipts.recent, "months": receipts.months}
            since = row[0]
            if not _any_since(state, since):  # the usual: its period has not closed yet
                return Judgement(after)
        elif message.type == VOLUME_TASK_ASSIGNED:
            after = with_task(state, message, content)
        else:
            after = {**state, "closed": with_closed(state["closed"], message, content)}
            if not after["tasks"] and not after["told"]:
                return Judgement(after)
            since = content["ended_on"]
        return _Telling(key, after, message, message.id, rules).judgement(since)

    def withdraw(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        rules: Rulebook,
    ) -> Judgement:
        """Take back a task, an acceptance or a closed period; what it was measured with is measured anew."""
        if gone.type == ACCEPTANCE_RECORDED:
            receipts = Receipts.of(state).without(receipt(gone, content))
            after = {**state, "accepted": receipts.recent, "months": receipts.months}
        elif gone.type == VOLUME_TASK_ASSIGNED:
            after = without_task(state, gone.id)
        else:
            after = {**state, "closed": not_closed(state["closed"], gone)}
        return _Telling(key, after, by, withdrawal_cause(by.id), rules).judgement("")


def _any_since(state: State, day: str) -> bool:
    return bool(state["tasks"]) and any(day <= ended_on for ended_on, _ in state["closed"].values())


class _Telling:
    """One state after one message: which periods' figures are new, and whether the term is unfinished."""

    def __init__(
        self, key: str, state: State, message: Message, cause: str, rules: Rulebook
    ) -> None:
        self._key, self._state, self._message = key, state, message
        self._cause, self._rules = cause, rules
        self._conclusions: list[Conclusion] = []
        self._receipts = Receipts.of(state)
        self._read: Sequence[Row] | None = None

    def _rows(self) -> Sequence[Row]:
        """Return the receipts, read when they are first asked for."""
        if self._read is None:
            self._read = list(self._receipts.rows())
        return self._read

    def judgement(self, since: str) -> Judgement:
        """Measure the periods that ended on `since` or later ("" is all of them)."""
        told = {batch: dict(periods) for batch, periods in self._state["told"].items()}
        wanted: dict[str, Claim] = {}
        for batch in sorted({*self._state["tasks"], *told}):
            tasks = self._state["tasks"].get(batch, {})
            closed = self._closed(tasks)
            self._measure(batch, tasks, closed, since, told)
            if tasks:
                wanted |= dict(self._unfinished(batch, tasks, closed))
        difference = self._difference()
        still = difference.settle(wanted)
        after = {
            **self._state,
            "told": {batch: found for batch, found in told.items() if found},
            "open": still,
        }
        return Judgement(after, (*self._conclusions, *difference.conclusions))

    def _difference(self) -> Difference:
        return Difference(
            Monitoring.name,
            self._key,
            self._cause,
            self._message.id,
            day_in_china(self._message.time),
            self._state["open"],
            UNFINISHED_ENDS,
            numbered_from=len(self._conclusions),
        )

    def _closed(self, tasks: Mapping[str, Task]) -> list[tuple[str, str, str]]:
        if not tasks:
            return []
        return closed_for(self._state["closed"], latest_of(tasks)["region"])

    def _measure(
        self,
        batch: str,
        tasks: Mapping[str, Task],
        closed: Sequence[tuple[str, str, str]],
        since: str,
        told: dict[str, dict[str, list[Any]]],
    ) -> None:
        known = told.setdefault(batch, {})
        apply = counted(tasks)
        met = set()
        for period, ended_on, closed_by in closed:
            if ended_on < since:
                met.add(period)
                continue
            begins = _first_day(period, ended_on)
            inside = [each for each in apply if each["from"] <= ended_on and begins <= each["to"]]
            term = self._term(inside, period, ended_on)
            if inside and term is not None:
                earlier = _earlier(known, period, min(each["from"] for each in inside), begins)
                found = figures_of(inside, self._receipts, begins, ended_on, earlier)
                measured = Measured(batch, period, ended_on, closed_by, term, found)
                self._tell(measured, latest_of(tasks), known)
                met.add(period)
        for period in sorted(set(known) - met):
            if not since or known[period][_ENDED_ON] >= since:
                self._take_back(batch, period, known)

    def _term(self, inside: Sequence[Task], period: str, ended_on: str) -> Term | None:
        terms = self._rules.of(inside[-1]["region"]) if inside else None
        if terms is None:
            return None
        kind = "quarter" if is_quarter(period) else "month"
        day = date.fromisoformat(ended_on)
        for name in _QUARTERLY if kind == "quarter" else _MONTHLY:
            term = terms.value(name, day)
            if term is not None and term.value == kind:
                return term
        return None

    def _tell(self, measured: Measured, task: Task, known: dict[str, list[Any]]) -> None:
        before = known.get(measured.period)
        digest = measured.digest(task)
        if before is not None and before[_FIGURES] == digest:
            sums = [*before[_SUMS][:2], list(measured.found.tasks)]
            known[measured.period] = [*before[:_SUMS], sums]
            return
        revision = before[_REVISION] + 1 if before is not None else 1
        replaces = before[_IDENTITY] if before is not None else ""
        data = self._about(task) | measured_data(measured, revision, replaces, self._message.id)
        found = measured.found
        known[measured.period] = [
            revision,
            self._conclude(data),
            digest,
            measured.ended_on,
            {"region": task["region"], "drug_name": task["name"]},
            measured.why,
            [found.cumulative, found.cumulative_amount, list(found.tasks)],
        ]

    def _take_back(self, batch: str, period: str, known: dict[str, list[Any]]) -> None:
        """Say that there is nothing to measure any more, unless that was the last word already."""
        revision, identity, digest, ended_on, about, why, _ = known[period]
        if not digest:
            return
        nothing = Measured.nothing(batch, period, ended_on, why)
        told = measured_data(nothing, revision + 1, identity, self._message.id)
        data = self._about({"region": about["region"], "name": about["drug_name"]}) | told
        known[period] = [revision + 1, self._conclude(data), "", ended_on, about, why, [0, 0, []]]

    def _conclude(self, data: dict[str, Any]) -> str:
        identity = conclusion_identity(
            Monitoring.name, self._cause, self._key, len(self._conclusions)
        )
        self._conclusions.append(Conclusion(PROGRESS_MEASURED, data))
        return identity

    def _unfinished(
        self,
        batch: str,
        tasks: Mapping[str, Task],
        closed: Sequence[tuple[str, str, str]],
    ) -> Iterator[tuple[str, Claim]]:
        task = latest_of(tasks)
        terms = self._rules.of(task["region"])
        about = {**self._about(task), "batch": batch}
        return unfinished(about, counted(tasks), closed, self._rows, terms)

    def _about(self, task: Task) -> dict[str, Any]:
        _, institution, drug = self._key.split("/", 2)
        return {
            "institution": institution,
            "drug": drug,
            "drug_name": task["name"],
            "region": task["region"],
        }


def _first_day(period: str, ended_on: str) -> str:
    months = MONTHS_IN_QUARTER if is_quarter(period) else 1
    return add_months(date.fromisoformat(ended_on) + _DAY, -months).isoformat()


def _earlier(known: Mapping[str, list[Any]], period: str, since: str, begins: str) -> Earlier:
    """Return the nearest period of the same kind that was told before, from the day `since` on."""
    found = [
        each
        for name, each in known.items()
        if is_quarter(name) == is_quarter(period)
        and since <= each[_ENDED_ON] < begins
        and each[_FIGURES]
    ]
    if not found:
        return Earlier()
    nearest = max(found, key=lambda each: str(each[_ENDED_ON]))
    cumulative, amount, tasks = nearest[_SUMS]
    return Earlier(nearest[_IDENTITY], nearest[_ENDED_ON], cumulative, amount, tuple(tasks))

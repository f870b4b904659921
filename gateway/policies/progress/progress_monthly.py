"""采购进度监测 (R4): each institution's figures of every closed month and quarter, and the term's end.

Every paper lets progress be monitored by the month (按月监测), some measure or settle by the quarter: when
such a period closes, what was accepted in it and cumulatively is said once, without a threshold of ours.
What becomes known late is said again for every period it touches, with a higher revision.

When a period closes on or after the last day of the task's term and the agreed quantity has not been
reached, the task is unfinished (期满未完成): the paper's consequence and its ladder of measures are named,
for a person to decide. Nothing is ordered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.policy import (
    Conclusion,
    Judgement,
    State,
    conclusion_identity,
    correction_cause,
)
from gateway.policies.progress.measure_periods import (
    Closed,
    MeasuresPeriods,
    closed_for,
    closed_until,
    not_closed,
    with_closed,
)
from gateway.policies.progress.measure_receipts import (
    EMPTY,
    receipt,
    with_receipt,
)
from gateway.policies.progress.measure_tasks import (
    Task,
    counted,
    latest_of,
    tasks_of,
    with_task,
    without_fact,
)
from gateway.policies.progress.progress_figures import (
    NO_EARLIER,
    Earlier,
    Figures,
    figures_of,
    first_day,
    measured_data,
)
from gateway.policies.progress.progress_unfinished import UNFINISHED_ENDS, unfinished
from gateway.policies.quarters import day_in_china, is_quarter
from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    PROGRESS_MEASURED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_TASK_ASSIGNED,
)

_QUARTERLY: Final = ("progress.measured", "progress.settled", "progress.monitored")
_MONTHLY: Final = ("progress.monitored",)
_REVISION, _IDENTITY, _ENDED_ON, _SAID, _FIGURES = range(5)
"""Of what was told of a period: the figures follow one by one; none follow where it was taken back."""
_CLAUSES, _TASKS = 2, 4
"""Of what was said with the figures (region, name, clauses, terms, ids of the tasks); periods with the same
share it, in the list `said`."""


class Monitoring(MeasuresPeriods):
    """进度监测: tasks, acceptances and closed periods in; figures of each period and unfinished terms out."""

    name: Final = "monitoring"
    consumes: Final = frozenset({VOLUME_TASK_ASSIGNED, ACCEPTANCE_RECORDED, VOLUME_PERIOD_CLOSED})
    nothing: ClassVar[State] = {
        "tasks": {},
        **EMPTY,
        "closed": "",
        "told": {},
        "said": [],
        "open": {},
    }

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one task, acceptance or closed period."""
        since = only = ""
        if message.type == ACCEPTANCE_RECORDED:
            row = receipt(message, content, amount=True)
            taken = with_receipt(state, row)
            if taken is None:
                return Judgement()
            after, since = taken, row.day
            if not after["tasks"] or closed_until(after["closed"]) < since:
                return Judgement(after)  # the usual: its period has not closed yet
        elif message.type == VOLUME_TASK_ASSIGNED:
            after = with_task(state, message, content, by_quarters=False)
        else:
            after = {**state, "closed": with_closed(state["closed"], message, content)}
            if not after["tasks"] and not after["told"]:
                return Judgement(after)
            since, only = content["ended_on"], content["period"]
        return _Telling(key, after, message, message.id, rules).judgement(since, only)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement:
        """Take back a task, an acceptance or a closed period; what it was measured with is measured anew."""
        if gone.type == VOLUME_PERIOD_CLOSED:
            after = {**state, "closed": not_closed(state["closed"], gone)}
            if instead is not None:
                after["closed"] = with_closed(after["closed"], by, instead)
        else:
            after = without_fact(state, gone, content, amounts=True)
            if instead is not None and by.type == VOLUME_TASK_ASSIGNED:
                after = with_task(after, by, instead, by_quarters=False)
            elif instead is not None:
                after = with_receipt(after, receipt(by, instead, amount=True)) or after
        return _Telling(key, after, by, correction_cause(by.id, instead), rules).judgement()


class _Telling:
    """One state after one message: which periods' figures are new, and whether the term is unfinished."""

    def __init__(
        self, key: str, state: State, message: Message, cause: str, rules: Rulebook
    ) -> None:
        self._key, self._state, self._message = key, state, message
        self._cause, self._rules = cause, rules
        self._conclusions: list[Conclusion] = []
        self._said: list[list[Any]] = state["said"]

    def judgement(self, since: str = "", only: str = "") -> Judgement:
        """Measure the periods that ended on `since` or later ("" is all of them).

        Where `only` one of them can have changed, those that were told stand.
        """
        state = self._state
        told: dict[str, dict[str, list[Any]]] = {}
        wanted: dict[str, Claim] = {}
        for batch in sorted({*state["tasks"], *state["told"]}):
            tasks = tasks_of(state["tasks"].get(batch, {}))
            closed: Sequence[Closed] = ()
            if tasks:
                closed = closed_for(state["closed"], latest_of(tasks).region)
            known = dict(state["told"].get(batch, {}))
            self._measure(batch, tasks, closed, (since, only), known)
            if known:
                told[batch] = known
            if closed:
                task = latest_of(tasks)
                about = {**self._about(task.region, task.name), "batch": batch}
                wanted |= unfinished(about, counted(tasks), closed, state, self._rules)
        after = {**state, "told": told, "said": self._said}
        if not wanted and not state["open"]:
            return Judgement(after, self._conclusions)
        found = self._difference().judgement(after, wanted.items())
        return Judgement(found.state, (*self._conclusions, *found.conclusions))

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

    def _measure(
        self,
        batch: str,
        tasks: Sequence[Task],
        closed: Sequence[Closed],
        asked: tuple[str, str],
        known: dict[str, list[Any]],
    ) -> None:
        since, only = asked
        apply = counted(tasks)
        met = set()
        for each in closed:
            if each.ended_on < since or (only not in {"", each.period} and _stands(known, each)):
                met.add(each.period)
                continue
            begins = first_day(each.period, each.ended_on)
            inside = [t for t in apply if t.first <= each.ended_on and begins <= t.last]
            term = self._term(inside, each)
            if term is not None:
                before = _earlier(known, each.period, min(t.first for t in inside), begins)
                earlier = self._stands_for(before)
                found = figures_of(inside, self._state, begins, each.ended_on, earlier)
                self._tell(batch, each, latest_of(tasks), term, found, known)
                met.add(each.period)
        for period in sorted(known.keys() - met):
            if not since or known[period][_ENDED_ON] >= since:
                self._take_back(batch, period, known)

    def _term(self, inside: Sequence[Task], closed: Closed) -> Term | None:
        quarterly = is_quarter(closed.period)
        kind = "quarter" if quarterly else "month"
        for name in (_QUARTERLY if quarterly else _MONTHLY) if inside else ():
            term = self._rules.term(inside[-1].region, name, closed.ended_on)
            if term is not None and term.value == kind:
                return term
        return None

    def _stands_for(self, told: Sequence[Any]) -> Earlier:
        """Return what was told of a period as the sum of all up to its end."""
        if not told:
            return NO_EARLIER
        figures = Figures(*told[_FIGURES:])
        tasks = self._said[told[_SAID]][_TASKS]
        return Earlier(
            told[_IDENTITY], told[_ENDED_ON], figures.cumulative, figures.cumulative_amount, tasks
        )

    def _tell(
        self,
        batch: str,
        closed: Closed,
        task: Task,
        term: Term,
        measured: tuple[Figures, list[str], list[str]],
        known: dict[str, list[Any]],
    ) -> None:
        figures, tasks, causes = measured
        named = [task.region, task.name]
        before = known.get(closed.period)
        if before is not None:
            said = self._said[before[_SAID]]
            if [closed.ended_on, *figures] == [before[_ENDED_ON], *before[_FIGURES:]] and (
                said[:_CLAUSES] == named
            ):
                place = self._place([*said[:_TASKS], tasks])
                known[closed.period] = [*before[:_SAID], place, *figures]
                return
        place = self._place([*named, [term.clause], {term.name: term.value}, tasks])
        told = [closed.ended_on, place, *figures]
        self._conclude(batch, closed.period, told, [*causes, closed.closed_by], known)

    def _take_back(self, batch: str, period: str, known: dict[str, list[Any]]) -> None:
        """Say that there is nothing to measure any more, unless that was the last word already."""
        before = known[period]
        if len(before) > _FIGURES:
            self._conclude(batch, period, before[_ENDED_ON:_FIGURES], [], known)

    def _conclude(
        self,
        batch: str,
        period: str,
        told: list[Any],
        causes: list[str],
        known: dict[str, list[Any]],
    ) -> None:
        """Conclude a period's figures and keep what is told: its last day, what is said, the figures."""
        before = known.get(period)
        revision, replaces = (before[_REVISION] + 1, before[_IDENTITY]) if before else (1, "")
        ended_on, place, *figures = told
        region, name, *why, _ = self._said[place]
        identity = conclusion_identity(
            Monitoring.name, self._cause, self._key, len(self._conclusions)
        )
        data = self._about(region, name)
        data |= {"batch": batch, "period": period, "ended_on": ended_on}
        causes = [*causes, self._message.id]
        data |= measured_data(Figures(*figures), why, causes, revision, replaces)
        self._conclusions.append(Conclusion(PROGRESS_MEASURED, data))
        known[period] = [revision, identity, *told]

    def _place(self, said: list[Any]) -> int:
        """Return where something stands among what was said, put there if it is new."""
        for place, known in enumerate(self._said):
            if known == said:
                return place
        self._said = [*self._said, said]
        return len(self._said) - 1

    def _about(self, region: str, name: str) -> dict[str, Any]:
        _, institution, drug = self._key.split("/", 2)
        return {"institution": institution, "drug": drug, "drug_name": name, "region": region}


def _stands(known: Mapping[str, list[Any]], closed: Closed) -> bool:
    """Return whether a period was told with figures up to its last day."""
    told = known.get(closed.period, ())
    return len(told) > _FIGURES and bool(told[_ENDED_ON] == closed.ended_on)


def _earlier(known: Mapping[str, list[Any]], period: str, since: str, begins: str) -> Sequence[Any]:
    """Return what was told of the nearest period of the same kind before, from the day `since` on."""
    kind, nearest, last = is_quarter(period), [], ""
    for name, told in known.items():
        day = told[_ENDED_ON]
        fits = since <= day < begins and len(told) > _FIGURES and is_quarter(name) == kind
        if fits and day > last:
            nearest, last = told, day
    return nearest

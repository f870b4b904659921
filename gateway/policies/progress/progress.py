"""采购进度 (R4): what an institution has accepted of a drug, against its task, quarter by quarter.

The paper with thresholds says: below 80 % of the quarter's task a warning (预警); below 70 % monthly
settlement is held from the next month (自次月起暂停), until the cumulative task is done (完成累计). Hence:

* a closed quarter is measured by its own ratio, accepted ÷ task, compared exactly, never rounded;
* below the hold threshold both sentences apply: a warning and a hold are concluded;
* a hold of a quarter ends when the accepted quantity of the term reaches the task due up to that
  quarter, or when a late acceptance lifts the quarter itself over the threshold. Each quarter's hold
  ends by itself; settlement is held while any of them is open;
* facts that become known late and change a quarter's figures, but not that it is below: the warning and
  the hold are said again with the figures of now, and replace the earlier word. A hold keeps its number;
* a region whose paper has no threshold concludes nothing, nor does a quarter without a task.

What counts is the selected product that the task names. Everything is computed from the set of tasks,
acceptances and closed periods that are known, so the order of their arrival does not matter: what was
concluded before and no longer holds is lifted, what holds with other figures is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from gateway.policies.claims import digest_of
from gateway.policies.policy import (
    Conclusion,
    Judgement,
    State,
    conclusion_identity,
    correction_cause,
)
from gateway.policies.progress.measure import measure
from gateway.policies.progress.measure_periods import (
    MeasuresPeriods,
    closed_for,
    last_days,
    not_closed,
    with_closed,
)
from gateway.policies.progress.measure_receipts import (
    EMPTY,
    Row,
    receipt,
    rows_of,
    with_receipt,
)
from gateway.policies.progress.measure_tasks import (
    counted,
    latest_of,
    tasks_of,
    with_task,
    without_fact,
)
from gateway.policies.progress.progress_reasons import (
    Quarter,
    QuarterRules,
    held_from,
    measures_of,
    why_held,
    why_lifted,
    why_resumed,
    why_warned,
)
from gateway.policies.quarters import day_in_china, is_quarter
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_TASK_ASSIGNED,
)
from schemas.money import QUANTITY_SCALE, plain
from schemas.progress import Standing

NOTHING: Final[State] = {"tasks": {}, **EMPTY, "closed": "", "open": {}, "owed": 0}
_WARNED: Final = "warned"
_HELD: Final = "held"
_NEW: Final = ("", "", "")
Open = Sequence[str]
"""What is open of a warning or hold: id of its last word, id of its first (its number), digest of its figures."""

Touched = Callable[[str, str, Mapping[str, Open]], bool]
"""Tells of (period, last day, what is open of it) whether a message can change anything of it."""


class Progress(MeasuresPeriods):
    """采购进度: tasks, acceptances and closed periods in; warnings and holds, and their end, out."""

    name: Final = "progress"
    consumes: Final = frozenset({VOLUME_TASK_ASSIGNED, ACCEPTANCE_RECORDED, VOLUME_PERIOD_CLOSED})
    nothing: ClassVar[State] = NOTHING

    def counts(self, period: str) -> bool:
        """Return whether a period is a quarter: tasks are due by the quarter."""
        return is_quarter(period)

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one task, acceptance or closed period."""
        touched: Touched = _everything
        if message.type == ACCEPTANCE_RECORDED:
            row = receipt(message, content)
            taken = with_receipt(state, row)
            if taken is None:
                return Judgement()
            if not state["open"]:  # an acceptance can only lift or change what is open
                return Judgement(taken)
            day, after = row.day, taken
            owed = after["owed"] = state["owed"] - row.quantity
            touched = _lifted_by(day, resumes=owed <= 0)
            if not _any_open(state, touched):
                return Judgement(after)
        else:
            after, day = self._with(state, message, content)
            if message.type == VOLUME_PERIOD_CLOSED:
                period = content["period"]
                if not self.counts(period):
                    return Judgement()
                touched = lambda found, _ended_on, _open: found == period  # noqa: E731 - it is the period
        return _Assessment(key, after, message, day, rules, touched=touched).judgement()

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
        """Take back a task, an acceptance or a closed period; what rested on it alone ends."""
        day = _day(content)
        if gone.type == VOLUME_PERIOD_CLOSED:
            after = {**state, "closed": not_closed(state["closed"], gone)}
        else:
            after = without_fact(state, gone, content)
        if instead is not None:
            after, day = self._with(after, by, instead)
        cause = correction_cause(by.id, instead)
        return _Assessment(key, after, by, day, rules, cause=cause, before=state).judgement()

    def _with(self, state: State, message: Message, content: State) -> tuple[State, str]:
        """Return the state with one more fact, and the fact's day."""
        day = _day(content)
        if message.type == VOLUME_TASK_ASSIGNED:
            return with_task(state, message, content, by_quarters=True), day
        if message.type == ACCEPTANCE_RECORDED:
            return with_receipt(state, receipt(message, content)) or state, day
        if not self.counts(content["period"]):
            return state, day
        return {**state, "closed": with_closed(state["closed"], message, content)}, day


def _day(content: State) -> str:
    """Return the day of a task, a period's end or an acceptance."""
    day = content.get("assigned_on") or content.get("ended_on")
    return day or day_in_china(content["accepted_at"])


def standings(state: State) -> dict[str, Standing]:
    """Return the standing per batch: held while any hold is open, warned by its latest open warning."""
    found: dict[str, Standing] = {}
    for batch, periods in state["open"].items():
        held = any(each.get(_HELD) for each in periods.values())
        found[batch] = Standing.HELD if held else Standing.WARNED
    return {batch: found.get(batch, Standing.NORMAL) for batch in state["tasks"]}


def _everything(_period: str, _ended_on: str, _open: Mapping[str, Open]) -> bool:
    return True


def _lifted_by(day: str, *, resumes: bool) -> Touched:
    """Return what an acceptance on a day can lift or change: what is open of its own quarter and later ones.

    Where it `resumes`, what is owed for some hold has been accepted: any hold.
    """
    return lambda _period, ended_on, known: (
        bool(known) and (day <= ended_on or (resumes and _HELD in known))
    )


def _any_open(state: State, touched: Touched) -> bool:
    """Return whether anything open could end; a period counts as closed on the latest day anybody said."""
    last = last_days(state["closed"])
    return any(
        touched(period, last.get(period, ""), known)
        for periods in state["open"].values()
        for period, known in periods.items()
    )


class _Assessment:
    """One state, measured anew after a message; what follows is the difference to what is open."""

    def __init__(
        self,
        key: str,
        state: State,
        message: Message,
        day: str,
        rules: Rulebook,
        *,
        cause: str = "",
        before: State = NOTHING,
        touched: Touched = _everything,
    ) -> None:
        self._touched = touched
        self._key, self._state, self._message, self._day = key, state, message, day
        self._before = before
        self._rules, self._cause = rules, cause or message.id
        self._conclusions: list[Conclusion] = []
        self._owed: list[int] = []

    def judgement(self) -> Judgement:
        """Return the state with what is open now, and the conclusions.

        `owed` is the least quantity whose acceptance could end a hold; 0 where it is not known.
        """
        still = {batch: dict(periods) for batch, periods in self._state["open"].items()}
        met: set[tuple[str, str]] = set()
        for quarter in self._quarters(self._state):
            periods = still.setdefault(quarter.batch, {})
            met.add((quarter.batch, quarter.period))
            now = self._compare(quarter, periods.pop(quarter.period, {}))
            if now:
                periods[quarter.period] = now
        for quarter in self._quarters(self._before):  # its task or its end was withdrawn
            if (quarter.batch, quarter.period) not in met:
                known = still.get(quarter.batch, {}).pop(quarter.period, {})
                for what, open_ in known.items():
                    self._end(what, quarter, open_)
        still = {batch: periods for batch, periods in still.items() if periods}
        if self._touched is not _everything and self._state["owed"] > 0:
            self._owed.append(self._state["owed"])
        owed = min(self._owed, default=0) if still else 0
        return Judgement({**self._state, "open": still, "owed": owed}, tuple(self._conclusions))

    def _quarters(self, state: State) -> Iterator[Quarter]:
        accepted: list[Row] | None = None
        for batch, entries in sorted(state["tasks"].items()):
            tasks = tasks_of(entries)
            latest, known = latest_of(tasks), state["open"].get(batch, {})
            for period, ended_on, closed_by in closed_for(state["closed"], latest.region):
                if not self._touched(period, ended_on, known.get(period, {})):
                    continue
                rules = self._rules_for(latest.region, period, ended_on)
                if rules is None:
                    continue
                if accepted is None:
                    accepted = rows_of(state)
                found = measure(counted(tasks), accepted, ended_on)
                about = (latest.region, latest.name)
                yield Quarter(batch, period, ended_on, closed_by, *about, found, rules)

    def _rules_for(self, region: str, period: str, ended_on: str) -> QuarterRules | None:
        measured = self._rules.term(region, "progress.measured", ended_on)
        if measured is None or measured.value != "quarter" or not is_quarter(period):
            return None
        named = ("warn_below", "hold_below", "hold_starts", "resume_when", "hold_measures")
        found = (self._rules.term(region, f"progress.{name}", ended_on) for name in named)
        return QuarterRules(measured, *found)

    def _compare(self, quarter: Quarter, before: Mapping[str, Open]) -> dict[str, Open]:
        """Conclude what is new, other or no longer so for one quarter; return what is open now."""
        now: dict[str, Open] = {}
        wanted = {_WARNED: quarter.below_warning, _HELD: quarter.holds}
        for what, applies in wanted.items():
            known = before.get(what)
            if applies and what == _HELD:
                self._owed.append(quarter.found.total_due - quarter.found.total)
            if applies:
                now[what] = self._say(what, quarter, known or _NEW)
            elif known:
                self._end(what, quarter, known)
        return now

    def _say(self, what: str, quarter: Quarter, known: Open) -> Open:
        """Conclude a warning or hold, unless what is known says the same; return what is open now."""
        replaced, number, figures = known
        data = self._about(quarter) | {
            "period": quarter.period,
            "accepted_quantity": plain(quarter.found.accepted, QUANTITY_SCALE),
            "task_quantity": plain(quarter.found.due, QUANTITY_SCALE),
            "completion": quarter.found.completion,
        }
        if what == _WARNED:
            data["warned_on"] = quarter.ended_on
        else:
            data |= {
                "held_from": held_from(quarter),
                "measures": measures_of(quarter.rules.measures),
            }
        found = digest_of(data)
        if found == figures:
            return known
        identity = conclusion_identity(
            Progress.name, self._cause, self._key, len(self._conclusions)
        )
        number = number or identity
        why = why_warned(quarter) if what == _WARNED else why_held(quarter)
        if replaced:
            data["replaces"] = replaced
            why["causes"] = list(dict.fromkeys((replaced, *why["causes"], self._message.id)))
        if what == _HELD:
            data["hold_no"] = number
        given = PROGRESS_WARNED if what == _WARNED else SETTLEMENT_HELD
        self._conclusions.append(Conclusion(given, {**data, "because": why}))
        return [identity, number, found]

    def _end(self, what: str, quarter: Quarter, known: Open) -> None:
        identity, number, _ = known
        data = self._about(quarter)
        if what == _WARNED:
            data |= {
                "period": quarter.period,
                "completion": quarter.found.completion,
                "warning_id": identity,
                "lifted_on": max(quarter.ended_on, self._day),
                "because": why_lifted(quarter, identity, self._message.id),
            }
            self._conclusions.append(Conclusion(PROGRESS_WARNING_LIFTED, data))
        else:
            reached = quarter.found.done_on or self._day
            data |= {
                "hold_id": identity,
                "hold_no": number,
                "resumed_on": max(held_from(quarter), reached),
                "because": why_resumed(quarter, identity, self._message.id),
            }
            self._conclusions.append(Conclusion(SETTLEMENT_RESUMED, data))

    def _about(self, quarter: Quarter) -> dict[str, Any]:
        _, institution, drug = self._key.split("/", 2)
        return {
            "institution": institution,
            "drug": drug,
            "drug_name": quarter.drug_name,
            "region": quarter.region,
            "batch": quarter.batch,
        }

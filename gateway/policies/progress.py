"""采购进度 (R4): what an institution has accepted of a drug, against its task, quarter by quarter.

The paper with thresholds says: below 80 % of the quarter's task a warning (预警); below 70 % monthly
settlement is held from the next month (自次月起暂停), until the cumulative task is done (完成累计). Hence:

* a closed quarter is measured by its own ratio, accepted ÷ task, compared exactly, never rounded;
* below the hold threshold both sentences apply: a warning and a hold are concluded;
* a hold of a quarter ends when the accepted quantity of the term reaches the task due up to that
  quarter, or when a late acceptance lifts the quarter itself over the threshold. Each quarter's hold
  ends by itself; settlement is held while any of them is open;
* a region whose paper has no threshold concludes nothing, nor does a quarter without a task.

What counts is the selected product that the task names. Everything is computed from the set of tasks,
acceptances and closed periods that are known, so the order of their arrival does not matter; what was
concluded before and no longer holds is lifted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from gateway.policies.measure import Measure, measure
from gateway.policies.policy import (
    Conclusion,
    Judgement,
    Scope,
    State,
    because,
    conclusion_identity,
    shown,
    withdrawal_cause,
)
from gateway.policies.quarters import day_in_china, first_of_next_month, is_quarter
from gateway.policies.rulebook import Rulebook, Term
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
from schemas.money import QUANTITY_SCALE, plain, scaled
from schemas.progress import Standing

RULE: Final = "R4"
NOTHING: Final[State] = {"tasks": {}, "accepted": [], "closed": {}, "open": {}}
_WARNED: Final = "warned"
_HELD: Final = "held"


@dataclass(frozen=True, slots=True)
class _Rules:
    """The thresholds in force at a quarter's end; None where the paper sets none."""

    measured: Term
    warn: Term | None
    hold: Term | None
    starts: Term | None
    resume: Term | None


@dataclass(frozen=True, slots=True)
class _Quarter:
    """One batch's closed quarter, measured."""

    batch: str
    period: str
    ended_on: str
    closed_by: str
    region: str
    drug_name: str
    found: Measure
    rules: _Rules

    @property
    def below_warning(self) -> bool:
        """Return whether the warning sentence applies."""
        return self.rules.warn is not None and self.found.below(self.rules.warn.value)

    @property
    def holds(self) -> bool:
        """Return whether the hold sentence applies and the cumulative task is not done."""
        hold = self.rules.hold
        return hold is not None and self.found.below(hold.value) and not self.found.done


class Progress:
    """采购进度: tasks, acceptances and closed periods in; warnings and holds, and their end, out."""

    name: Final = "progress"
    consumes: Final = frozenset({VOLUME_TASK_ASSIGNED, ACCEPTANCE_RECORDED, VOLUME_PERIOD_CLOSED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state for the drug, or all states of a closed period's province.

        States lie under the province: partners do not agree on how finely they name a region.
        """
        province = f"{content['region'][:2]}0000"
        if message.type == VOLUME_PERIOD_CLOSED:
            return Scope(prefix=f"{province}/", region=province)
        return Scope(f"{province}/{content['institution']}/{content['drug']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the periods which closed before it began."""
        closed = record["closed"] if record is not None else {}
        return {"tasks": {}, "accepted": [], "closed": closed, "open": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the province's record with one more closed period."""
        return {"closed": _closed(record["closed"] if record else {}, message, content)}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one task, acceptance or closed period."""
        if message.type == ACCEPTANCE_RECORDED:
            day = day_in_china(content["accepted_at"])
            quantity = scaled(content["accepted_quantity"], QUANTITY_SCALE)
            entry = [day, message.id, quantity, content["unified_code"]]
            after = {**state, "accepted": [*state["accepted"], entry]}
            if not state["open"]:  # an acceptance can only lift what is open
                return Judgement(after)
        elif message.type == VOLUME_TASK_ASSIGNED:
            day, after = content["assigned_on"], _with_task(state, message, content)
        else:
            day = content["ended_on"]
            after = {**state, "closed": _closed(state["closed"], message, content)}
        return _Assessment(key, after, message, day, rules).judgement()

    def withdraw(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        rules: Rulebook,
    ) -> Judgement:
        """Take back a task, an acceptance or a closed period, and end what rested on it alone."""
        if gone.type == ACCEPTANCE_RECORDED:
            day = day_in_china(content["accepted_at"])
            after = {**state, "accepted": [e for e in state["accepted"] if e[1] != gone.id]}
        elif gone.type == VOLUME_TASK_ASSIGNED:
            day, after = content["assigned_on"], _without_task(state, gone.id)
        else:
            day = content["ended_on"]
            after = {**state, "closed": _not_closed(state["closed"], gone)}
        cause = withdrawal_cause(by.id)
        return _Assessment(key, after, by, day, rules, cause=cause, before=state).judgement()

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the province's record without a closed period."""
        return {"closed": _not_closed(record["closed"] if record else {}, gone)}


def standings(state: State) -> dict[str, Standing]:
    """Return the standing per batch: held while any hold is open, warned by its latest open warning."""
    found: dict[str, Standing] = {}
    for batch, periods in state["open"].items():
        held = any(each.get(_HELD) for each in periods.values())
        found[batch] = Standing.HELD if held else Standing.WARNED
    return {batch: found.get(batch, Standing.NORMAL) for batch in state["tasks"]}


def _closed(
    known: Mapping[str, list[str]], message: Message, content: State
) -> dict[str, list[str]]:
    """Return the closed periods with one more, by `<region>|<period>`; a later last day wins."""
    place = f"{content['region']}|{content['period']}"
    entry = [content["ended_on"], message.id]
    return {**known, place: max(entry, known.get(place, entry))}


def _not_closed(known: Mapping[str, list[str]], gone: Message) -> dict[str, list[str]]:
    return {place: entry for place, entry in known.items() if entry[1] != gone.id}


def _without_task(state: State, gone: str) -> State:
    """Return the state without a task; the batch goes with its last one."""
    kept = {
        batch: {product: task for product, task in tasks.items() if task["id"] != gone}
        for batch, tasks in state["tasks"].items()
    }
    return {**state, "tasks": {batch: tasks for batch, tasks in kept.items() if tasks}}


def _with_task(state: State, message: Message, content: State) -> State:
    """Return the state with a task; of two for the same product the later assigned one counts."""
    task = {
        "id": message.id,
        "assigned_on": content["assigned_on"],
        "from": content["term_from"],
        "to": content["term_to"],
        "quarters": [scaled(each, QUANTITY_SCALE) for each in content["quarters"]],
        "name": content["drug_name"],
        "region": content["region"],
    }
    batch, product = content["batch"], content["unified_code"]
    tasks = state["tasks"].get(batch, {})
    before = tasks.get(product)
    if before is not None and (before["assigned_on"], before["id"]) > (
        task["assigned_on"],
        task["id"],
    ):
        return state
    return {**state, "tasks": {**state["tasks"], batch: {**tasks, product: task}}}


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
    ) -> None:
        self._key, self._state, self._message, self._day = key, state, message, day
        self._before = before
        self._rules, self._cause = rules, cause or message.id
        self._conclusions: list[Conclusion] = []

    def judgement(self) -> Judgement:
        """Return the state with what is open now, and the conclusions."""
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
                for what, identity in known.items():
                    self._end(what, quarter, identity)
        still = {batch: periods for batch, periods in still.items() if periods}
        return Judgement({**self._state, "open": still}, tuple(self._conclusions))

    def _quarters(self, state: State) -> Iterator[_Quarter]:
        for batch, tasks in sorted(state["tasks"].items()):
            latest = max(tasks.values(), key=lambda task: (task["assigned_on"], task["id"]))
            for period, ended_on, closed_by in self._closed_in(state, latest["region"]):
                rules = self._rules_for(latest["region"], period, ended_on)
                if rules is not None:
                    found = measure(tasks, state["accepted"], ended_on)
                    yield _Quarter(
                        batch,
                        period,
                        ended_on,
                        closed_by,
                        latest["region"],
                        latest["name"],
                        found,
                        rules,
                    )

    def _closed_in(self, state: State, region: str) -> list[tuple[str, str, str]]:
        """Return (period, last day, message id) of the periods that closed for a region, in order."""
        nearest: dict[str, tuple[str, str, str]] = {}
        for place, (ended_on, closed_by) in sorted(state["closed"].items()):
            where, period = place.split("|")
            if region.startswith(
                _level(where)
            ):  # sorted: a city's own word comes after its province's
                nearest[period] = (period, ended_on, closed_by)
        return sorted(nearest.values(), key=lambda each: (each[1], each[0]))

    def _rules_for(self, region: str, period: str, ended_on: str) -> _Rules | None:
        terms = self._rules.of(region)
        if terms is None or not is_quarter(period):
            return None
        day = date.fromisoformat(ended_on)
        measured = terms.value("progress.measured", day)
        if measured is None or measured.value != "quarter":
            return None
        named = ("warn_below", "hold_below", "hold_starts", "resume_when")
        return _Rules(measured, *(terms.value(f"progress.{name}", day) for name in named))

    def _compare(self, quarter: _Quarter, before: Mapping[str, str]) -> dict[str, str]:
        """Conclude what is new or no longer so for one quarter; return what is open now."""
        now: dict[str, str] = {}
        wanted = {_WARNED: quarter.below_warning, _HELD: quarter.holds}
        for what, applies in wanted.items():
            known = before.get(what, "")
            if applies:
                now[what] = known or self._begin(what, quarter)
            elif known:
                self._end(what, quarter, known)
        return now

    def _begin(self, what: str, quarter: _Quarter) -> str:
        identity = conclusion_identity(
            Progress.name, self._cause, self._key, len(self._conclusions)
        )
        data = self._about(quarter) | {
            "period": quarter.period,
            "accepted_quantity": plain(quarter.found.accepted, QUANTITY_SCALE),
            "task_quantity": plain(quarter.found.due, QUANTITY_SCALE),
            "completion": quarter.found.completion,
        }
        if what == _WARNED:
            data |= {"warned_on": quarter.ended_on, "because": _why_warned(quarter)}
            self._conclusions.append(Conclusion(PROGRESS_WARNED, data))
        else:
            data |= {"held_from": _held_from(quarter), "because": _why_held(quarter)}
            self._conclusions.append(Conclusion(SETTLEMENT_HELD, data))
        return identity

    def _end(self, what: str, quarter: _Quarter, known: str) -> None:
        data = self._about(quarter)
        if what == _WARNED:
            data |= {
                "period": quarter.period,
                "completion": quarter.found.completion,
                "lifted_on": max(quarter.ended_on, self._day),
                "because": _why_lifted(quarter, known, self._message.id),
            }
            self._conclusions.append(Conclusion(PROGRESS_WARNING_LIFTED, data))
        else:
            reached = quarter.found.done_on or self._day
            data |= {
                "hold_id": known,
                "resumed_on": max(_held_from(quarter), reached),
                "because": _why_resumed(quarter, known, self._message.id),
            }
            self._conclusions.append(Conclusion(SETTLEMENT_RESUMED, data))

    def _about(self, quarter: _Quarter) -> dict[str, Any]:
        _, institution, drug = self._key.split("/", 2)
        return {
            "institution": institution,
            "drug": drug,
            "drug_name": quarter.drug_name,
            "region": quarter.region,
            "batch": quarter.batch,
        }


def _level(region: str) -> str:
    """Return the prefix of all regions inside one: 53 for a province, 5303 for a city."""
    if region.endswith("0000"):
        return region[:2]
    return region[:4] if region.endswith("00") else region


def _held_from(quarter: _Quarter) -> str:
    return first_of_next_month(date.fromisoformat(quarter.ended_on)).isoformat()


def _in_force(*terms: Term | None) -> list[Term]:
    return [term for term in terms if term is not None]


def _ratio(quarter: _Quarter, threshold: Term | None) -> str:
    if threshold is None or not quarter.found.due:
        return quarter.found.division
    sign = "<" if quarter.found.below(threshold.value) else "≥"
    return f"{quarter.found.division} {sign} {threshold.value}"


def _cumulative(quarter: _Quarter) -> str:
    found = quarter.found
    total, due = (shown(plain(each, QUANTITY_SCALE)) for each in (found.total, found.total_due))
    return f"累计 cumulative: {total} {'≥' if found.done else '<'} {due}"


def _why_warned(quarter: _Quarter) -> dict[str, Any]:
    rules, found = quarter.rules, quarter.found
    causes = (*found.tasks, *found.in_quarter, quarter.closed_by)
    terms = _in_force(rules.measured, rules.warn)
    return because(RULE, terms, [_ratio(quarter, rules.warn)], causes)


def _why_held(quarter: _Quarter) -> dict[str, Any]:
    rules, found = quarter.rules, quarter.found
    causes = (*found.tasks, *found.in_term, quarter.closed_by)
    terms = _in_force(rules.measured, rules.hold, rules.starts, rules.resume)
    return because(RULE, terms, [_ratio(quarter, rules.hold), _cumulative(quarter)], causes)


def _why_lifted(quarter: _Quarter, warning: str, trigger: str) -> dict[str, Any]:
    rules, found = quarter.rules, quarter.found
    causes = (warning, *found.tasks, *found.in_quarter, quarter.closed_by, trigger)
    terms = _in_force(rules.measured, rules.warn)
    return because(RULE, terms, [_ratio(quarter, rules.warn)], causes)


def _why_resumed(quarter: _Quarter, hold: str, trigger: str) -> dict[str, Any]:
    rules, found = quarter.rules, quarter.found
    causes = (hold, *found.tasks, *found.in_term, quarter.closed_by, trigger)
    terms = _in_force(rules.measured, rules.hold, rules.resume)
    return because(RULE, terms, [_cumulative(quarter), _ratio(quarter, rules.hold)], causes)

"""结余留用与总额预算 (R14): what a year's outturn means for an institution's budget and its surplus.

A budget is not reduced because selected products became cheaper; it is reduced when the agreed purchase was
not completed; what is left of it is retained, and what was spent above it is shared or borne alone, each as
the region's paper says. One state per institution and year.
"""

from __future__ import annotations

from typing import ClassVar, Final

from gateway.policies.payments.budget_findings import RULE, wanted
from gateway.policies.payments.ledger_open import Ending, Occasion, difference
from gateway.policies.policy import Judgement, Regionless, Scope, State, correction_cause
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import BUDGET_FINDING_ENDED, BUDGET_OUTTURN_STATED, BUDGET_SET

NAME: Final = "budget"
_ENDING: Final = Ending(BUDGET_FINDING_ENDED, "finding_id")
_LISTS: Final = {
    BUDGET_SET: ("budgets", "set_on"),
    BUDGET_OUTTURN_STATED: ("outturns", "stated_on"),
}


class Budget(Regionless):
    """总额预算: budgets and outturns in; what is kept, reduced, retained and borne out."""

    name: Final = NAME
    consumes: Final = frozenset(_LISTS)
    nothing: ClassVar[State] = {"budgets": [], "outturns": [], "open": {}}

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002
        """Return the state of the institution's year."""
        province = province_of(content["region"])
        return Scope(f"{province}/{content['institution']}/{content['year']}")

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take a budget or an outturn."""
        after = _with(state, message, content)
        if after is None:
            return Judgement()
        return _concluded(key, after, rules, (message.id, message.id, _day(message, content)))

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a budget or an outturn, or put another in its place; end or change what rested on it."""
        after = _without(state, gone)
        if after is None:
            return None
        day = _day(gone, content)
        if instead is not None:
            after, day = _with(after, by, instead) or after, _day(by, instead)
        return _concluded(key, after, rules, (correction_cause(by.id, instead), by.id, day))


def _with(state: State, message: Message, content: State) -> State | None:
    """Return the state with a budget or an outturn; None where it was taken before."""
    name, _ = _LISTS[message.type]
    if any(each["id"] == message.id for each in state[name]):
        return None
    fact = {part: value for part, value in content.items() if value is not None}
    return {**state, name: [*state[name], fact | {"id": message.id}]}


def _without(state: State, gone: Message) -> State | None:
    """Return the state without a budget or an outturn; None where it is not known."""
    name, _ = _LISTS[gone.type]
    kept = [each for each in state[name] if each["id"] != gone.id]
    return {**state, name: kept} if len(kept) < len(state[name]) else None


def _day(message: Message, content: State) -> str:
    _, dated = _LISTS[message.type]
    return str(content[dated])


def _concluded(key: str, state: State, rules: Rulebook, by: tuple[str, str, str]) -> Judgement:
    _, institution, year = key.split("/")
    now = wanted(institution, year, state, rules)
    occasion = Occasion(NAME, RULE, key, institution, *by)
    still, drawn = difference(state["open"], now, occasion, _ENDING)
    return Judgement({**state, "open": still}, drawn)

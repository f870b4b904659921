"""采购周期与协议 (R8): how long a batch's term lasts, when its yearly agreements are due, when it has ended.

One state per drug of a province takes what was published (first day, number of selected enterprises), what
authorities extended, and the days that have ended. The length is what was published, else what the paper
says: years by the number of selected enterprises, or months. Where the paper says neither there is no term
of ours. An agreement year that ends within the term is to be renewed (每年一签) until a quantity is published
for the next. Whatever waits for a day is concluded at that day's end.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.policies.claims import Difference
from gateway.policies.ended_days import EndedDays
from gateway.policies.policy import Judgement, Scope, State, correction_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from gateway.policies.volumes.agreement_term_claims import TERM_ENDS, next_due, term_claims
from gateway.policies.volumes.volume_windows import without
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED, VOLUME_PUBLISHED, VOLUME_TERM_EXTENDED

_FACTS: Final = {VOLUME_PUBLISHED: "published", VOLUME_TERM_EXTENDED: "extended"}


class AgreementTerm(EndedDays):
    """采购周期: published quantities, extensions and ends of days in; terms, renewals and ends out."""

    name: Final = "agreement_term"
    consumes: Final = frozenset({*_FACTS, CALENDAR_DAY_ENDED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the drug's state in the province, or all of them at a day's end."""
        province = province_of(content["region"])
        if message.type == CALENDAR_DAY_ENDED:
            return Scope.whole(province)
        return Scope(f"{province}/{content['drug']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the last day that has ended."""
        day = record["day"] if record is not None else ""
        return {"published": {}, "extended": {}, "day": day, "due": "", "open": {}}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one published quantity, extension or end of a day."""
        if message.type == CALENDAR_DAY_ENDED:
            if content["day"] <= state["day"]:
                return Judgement()
            after = {**state, "day": content["day"]}
            if not state["due"] or content["day"] < state["due"]:
                return Judgement(after)
        else:
            after = _with(state, message, content)
        return _settled(key, after, message, message.id, rules)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,  # noqa: ARG002 - the port's form
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a published quantity or an extension, or put another in its place."""
        kind = _FACTS.get(gone.type)  # None: a day that has ended stays so
        if kind is None or gone.id not in state[kind]:
            return None
        after = {**state, kind: without(state[kind], gone)}
        if instead is not None:
            after = _with(after, by, instead)
        return _settled(key, after, by, correction_cause(by.id, instead), rules)


def _with(state: State, message: Message, content: State) -> State:
    """Return the state with one more published quantity or extension."""
    kind = _FACTS[message.type]
    return {**state, kind: {**state[kind], message.id: _fact(message, content)}}


def _fact(message: Message, content: State) -> dict[str, Any]:
    named = ("region", "batch", "drug", "drug_name")
    kept = {name: content[name] for name in named} | {"id": message.id}
    if message.type == VOLUME_PUBLISHED:
        return kept | {
            "from": content["term_from"],
            "to": content.get("term_to") or "",
            "makers": content.get("selected_makers") or 0,
            "on": content["published_on"],
        }
    return kept | {"to": content["extended_to"], "on": content["extended_on"]}


def _settled(key: str, state: State, message: Message, cause: str, rules: Rulebook) -> Judgement:
    day = day_in_china(message.time)
    difference = Difference(
        AgreementTerm.name, key, cause, message.id, day, state["open"], TERM_ENDS
    )
    after = {**state, "due": next_due(state, rules)}
    return difference.judgement(after, term_claims(state, rules))

"""已知事实: a policy whose state is the set of facts it knows, and what is open because of them.

What holds is computed from all facts and the last day that has ended; the difference to what is open is
concluded. So neither the order of arrival nor a repetition changes the result, and a correction ends what
no longer follows. A state is `{"facts": {kind: {message id: fact}}, "day", "day_id", "due", "open"}`; `due`
is the first day at whose end anything may change by itself ("": none), so that other days cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim, Difference, Slots
from gateway.policies.ended_days import NO_DAY, EndedDays, day_passed
from gateway.policies.policy import Judgement, Scope, State, withdrawal_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED

EVERYTHING: Final[tuple[Slots, ...]] = ("",)
Facts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Known:
    """What a policy computes from: one state's facts as of the last day that has ended."""

    key: str
    facts: Facts
    day: str
    day_id: str
    on: str
    """The day on which what follows is found: that of the message, or the last that has ended."""
    rules: Rulebook
    touched: tuple[Slots, ...] = EVERYTHING
    """How the slots begin that are settled, in order; others stay as they are."""

    @property
    def province(self) -> str:
        """Return the province that the key begins with."""
        return self.key.split("/", 1)[0]

    def of(self, kind: str) -> list[tuple[str, Any]]:
        """Return the facts of a kind with their message ids, in order of the ids."""
        return sorted(self.facts.get(kind, {}).items())


class FactPolicy(EndedDays):
    """已知事实的规则: what the policies built on sets of facts have in common.

    A subclass names its facts (`kinds`: message type → kind), its endings (type → type of the ending) and
    whether it waits for days; it says where a fact belongs, what is kept of it and what follows.
    """

    name: ClassVar[str]
    kinds: ClassVar[Mapping[str, str]]
    ends: ClassVar[Mapping[str, str]]
    waits_for_days: ClassVar[bool] = False

    @property
    def consumes(self) -> frozenset[str]:
        """Return the message types it takes."""
        return frozenset({*self.kinds, *([CALENDAR_DAY_ENDED] if self.waits_for_days else ())})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the state that a fact belongs to, or all of a province at a day's end."""
        if message.type == CALENDAR_DAY_ENDED:
            province = province_of(content["region"])
            return Scope.whole(province)
        key = self.place(message, content)
        return Scope(key, region=key.split("/", 1)[0] if self.waits_for_days else "")

    def place(self, message: Message, content: State) -> str:
        """Return the key of a fact's state; it begins with the province. "" where it has none."""
        raise NotImplementedError

    def fact(self, message: Message, content: State) -> Any:
        """Return what is kept of a message, as plain JSON."""
        raise NotImplementedError

    def claims(self, known: Known) -> Iterable[tuple[str, Claim]]:
        """Yield what holds, each in its slot."""
        raise NotImplementedError

    def next_due(self, known: Known) -> str:  # noqa: ARG002 - for those that wait for days
        """Return the first day after `known.day` at whose end anything may change; "" where none."""
        return ""

    def touched(self, message: Message, content: State) -> tuple[Slots, ...]:  # noqa: ARG002
        """Return how the slots begin that a fact can change; by itself every slot."""
        return EVERYTHING

    def bounded(self, state: State) -> State:
        """Return a state without what is too old to be kept; by itself everything is kept."""
        return state

    def begin(self, record: State | None) -> State:
        """Return a state without facts that knows the last day that has ended."""
        ended = record or NO_DAY
        return {"facts": {}, "day": ended["day"], "day_id": ended["id"], "due": "", "open": {}}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one fact or one day's end."""
        if message.type == CALENDAR_DAY_ENDED:
            passed, due = day_passed(state, message, content["day"])
            if passed is None or not due:
                return Judgement(passed)
            return self._settled(key, passed, message, message.id, rules, EVERYTHING)
        kind = self.kinds[message.type]
        of_kind = state["facts"].get(kind, {})
        if message.id in of_kind:
            return Judgement()
        facts = {**of_kind, message.id: self.fact(message, content)}
        after = {**state, "facts": {**state["facts"], kind: facts}}
        return self._settled(key, after, message, message.id, rules, self.touched(message, content))

    def withdraw(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        rules: Rulebook,
    ) -> Judgement:
        """Take back one fact; a day that has ended stays so."""
        kind = self.kinds.get(gone.type, "")
        of_kind = state["facts"].get(kind, {})
        if gone.id not in of_kind:
            return Judgement()
        facts = {identity: each for identity, each in of_kind.items() if identity != gone.id}
        after = {**state, "facts": {**state["facts"], kind: facts}}
        touched = self.touched(gone, content)
        return self._settled(key, after, by, withdrawal_cause(by.id), rules, touched)

    def _settled(
        self,
        key: str,
        state: State,
        message: Message,
        cause: str,
        rules: Rulebook,
        touched: tuple[Slots, ...],
    ) -> Judgement:
        on = max(day_in_china(message.time), state["day"])
        known = Known(key, state["facts"], state["day"], state["day_id"], on, rules, touched)
        difference = Difference(self.name, key, cause, message.id, on, state["open"], self.ends)
        wanted = dict(self.claims(known))
        for begins in touched:
            within = {slot: each for slot, each in wanted.items() if slot.startswith(begins)}
            difference.open = difference.settle(within, begins)
        due = self.next_due(known) if self.waits_for_days else ""
        after = {**state, "due": due, "open": difference.open}
        return Judgement(self.bounded(after), difference.conclusions)


def as_recorded(facts: Iterable[tuple[str, Any]], day: str) -> list[tuple[str, Any]]:
    """Return facts in order of the day they name and of their ids; the last one counts."""
    return sorted(facts, key=lambda each: (each[1][day], each[0]))

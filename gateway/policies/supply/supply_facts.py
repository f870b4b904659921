"""已知事实: a policy whose state is the set of facts it knows, and what is open because of them.

What holds is computed from all facts and the last day that has ended; the difference to what is open is
concluded. So neither the order of arrival nor a repetition changes the result, and a correction concludes
only what is otherwise with the right fact. A state is
`{"facts": {kind: {message id: fact}}, "day", "day_id", "due", "open"}`; `due` is the first day at whose end
anything may change by itself ("": none), so that other days cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim, Difference, Slots
from gateway.policies.ended_days import NO_DAY, EndedDays, day_passed
from gateway.policies.policy import Judgement, Scope, State, correction_cause
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

    @property
    def begins(self) -> Iterator[str]:
        """Yield how the slots begin that are settled, one by one."""
        return _one_by_one(self.touched)

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

    def knows(self, state: State, message: Message) -> bool:
        """Return whether a fact was taken in before."""
        return message.id in state["facts"].get(self.kinds[message.type], {})

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
        if self.knows(state, message):
            return Judgement()
        after = {**state, "facts": self._with(state["facts"], message, content)}
        return self._settled(key, after, message, message.id, rules, self.touched(message, content))

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
        """Take back one fact, and take another in in its place; a day that has ended stays so."""
        kind = self.kinds.get(gone.type, "")
        of_kind = state["facts"].get(kind, {})
        if gone.id not in of_kind:
            return None
        left = {identity: each for identity, each in of_kind.items() if identity != gone.id}
        facts, touched = {**state["facts"], kind: left}, self.touched(gone, content)
        superseded = ""
        if instead is not None and not self.knows(state, by):
            superseded, facts = gone.id, self._with(facts, by, instead)
            touched = _at_once(touched, self.touched(by, instead))
        after, cause = {**state, "facts": facts}, correction_cause(by.id, instead)
        return self._settled(key, after, by, cause, rules, touched, superseded)

    def _with(self, facts: State, message: Message, content: State) -> State:
        kind = self.kinds[message.type]
        of_kind = {**facts.get(kind, {}), message.id: self.fact(message, content)}
        return {**facts, kind: of_kind}

    def _settled(
        self,
        key: str,
        state: State,
        message: Message,
        cause: str,
        rules: Rulebook,
        touched: tuple[Slots, ...],
        superseded: str = "",
    ) -> Judgement:
        on = max(day_in_china(message.time), state["day"])
        known = Known(key, state["facts"], state["day"], state["day_id"], on, rules, touched)
        wanted = dict(self.claims(known))
        named = [each for each in state["open"] if each.endswith(superseded)] if superseded else ()
        slots = {each: each.removesuffix(superseded) + message.id for each in named}
        still = taken_over(state["open"], wanted, slots)
        difference = Difference(self.name, key, cause, message.id, on, still, self.ends)
        for begins in touched:
            within = {slot: each for slot, each in wanted.items() if slot.startswith(begins)}
            difference.open = difference.settle(within, begins)
        due = self.next_due(known) if self.waits_for_days else ""
        after = {**state, "due": due, "open": difference.open}
        return Judgement(self.bounded(after), difference.conclusions)


def taken_over(open_: State, wanted: Mapping[str, Claim], slots: Mapping[str, str]) -> State:
    """Return what is open, where a slot is named after a message that another one has superseded.

    `slots` gives the names after that other one. What holds under such a name takes the place of what was
    open; where nothing does, or it is about another party or region, that stays where it was, to be ended.
    """
    if not slots:
        return open_
    now: State = {}
    for slot, known in open_.items():
        _, _, _, about, _ = known
        later = slots.get(slot, slot)
        claim = wanted.get(later) if later not in open_ else None
        same = claim is not None and about == {name: claim.data[name] for name in claim.about}
        now[later if same else slot] = known
    return now


def _one_by_one(touched: Iterable[Slots]) -> Iterator[str]:
    for begins in touched:
        yield from (begins,) if isinstance(begins, str) else begins


def _at_once(*several: tuple[Slots, ...]) -> tuple[Slots, ...]:
    """Return all that is touched, each once, so that it is settled together: endings come first."""
    return (tuple(dict.fromkeys(each for touched in several for each in _one_by_one(touched))),)


def as_recorded(facts: Iterable[tuple[str, Any]], day: str) -> list[tuple[str, Any]]:
    """Return facts in order of the day they name and of their ids; the last one counts."""
    return sorted(facts, key=lambda each: (each[1][day], each[0]))

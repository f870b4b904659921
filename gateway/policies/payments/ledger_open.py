"""开放结论: what follows now against what was concluded before, with the money that it moves.

A policy computes everything that follows from the facts it knows, each under a slot of its own. What is
new is concluded; what has changed is concluded again, replacing the earlier word and moving only the
difference; what follows no more is ended and undone. What is open stands in the state by slot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.policies.payments.ledger import Balances, postings
from gateway.policies.policy import Conclusion, because, conclusion_identity
from gateway.policies.rulebook import Term

Open = dict[str, Mapping[str, Any]]
"""By slot: `id`, `told` (the data), `moved` (balances), `place` and `why` (clauses and terms)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One conclusion that follows now. `balances` is what it moves as a whole, not the difference."""

    slot: str
    type: str
    data: Mapping[str, Any]
    place: tuple[str, ...]
    """The fields of `data` that its end repeats."""
    terms: tuple[Term, ...]
    arithmetic: tuple[str, ...]
    causes: tuple[str, ...]
    balances: Balances = field(default_factory=dict)
    dated: str = ""
    """The field for the day on which it is concluded; "" where the data have their own day."""
    facts: Callable[[], Sequence[str]] = tuple
    """Returns further causes: many, and named already by the conclusion that it replaces."""
    rests_on: tuple[str, ...] = ()
    """Slots whose conclusions are causes too."""
    named: Mapping[str, str] = field(default_factory=dict)
    """Fields that only its end has: what has ended."""
    posted: bool = True
    """Whether the type carries postings."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the end of a conclusion is told: its type and the field that names what has ended."""

    type: str
    names: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """For which policy and state, by which message and on which day something is concluded."""

    policy: str
    rule: str
    key: str
    institution: str
    cause: str
    """Makes the ids of the conclusions."""
    trigger: str
    """Id of the message."""
    day: str


def difference(
    known: Mapping[str, Mapping[str, Any]],
    now: Sequence[Wanted],
    occasion: Occasion,
    ending: Ending,
) -> tuple[Open, tuple[Conclusion, ...]]:
    """Return what is open now and the conclusions that lead there from what is known to be open."""
    still: Open = dict(known)
    drawn: list[Conclusion] = []

    def conclude(type_: str, data: Mapping[str, Any]) -> str:
        identity = conclusion_identity(occasion.policy, occasion.cause, occasion.key, len(drawn))
        drawn.append(Conclusion(type_, {"institution": occasion.institution, **data}))
        return identity

    for slot in sorted(set(still) - {each.slot for each in now}):
        conclude(ending.type, _ended(still.pop(slot), occasion, ending))
    for each in now:
        before = still.get(each.slot)
        told = [list(pair) for pair in sorted(each.data.items())]
        if before is not None and before["told"] == told:
            continue
        data = _told(each, before, still, occasion)
        why = {name: data["because"][name] for name in ("clauses", "terms")}
        still[each.slot] = {
            "id": conclude(each.type, data),
            "told": told,
            "moved": each.balances,
            "place": {name: each.data[name] for name in each.place} | dict(each.named),
            "why": why,
        }
    return still, tuple(drawn)


def _told(
    new: Wanted, before: Mapping[str, Any] | None, still: Open, occasion: Occasion
) -> dict[str, Any]:
    """Return the data of a conclusion that is new or replaces one."""
    facts = new.facts() if before is None else (before["id"],)
    below = [still[slot]["id"] for slot in new.rests_on if slot in still]
    causes = [*new.causes, *below, *facts, occasion.trigger]
    data = dict(new.data)
    if new.posted:
        data["postings"] = postings(new.balances, before["moved"] if before is not None else {})
    if new.dated:
        data[new.dated] = occasion.day
    if before is not None:
        data["replaces"] = before["id"]
    return data | {"because": because(occasion.rule, new.terms, new.arithmetic, causes)}


def _ended(known: Mapping[str, Any], occasion: Occasion, ending: Ending) -> dict[str, Any]:
    """Return the data of a conclusion's end: all that it moved is undone."""
    return {
        **known["place"],
        ending.names: known["id"],
        "ended_on": occasion.day,
        "postings": postings({}, known["moved"]),
        "because": {
            "rule": occasion.rule,
            **known["why"],
            "arithmetic": ["已无依据, 全部冲回 no longer follows: all of it is undone"],
            "causes": [known["id"], occasion.trigger],
        },
    }

"""结论的差额: what is concluded is the difference between what holds now and what is open.

A policy computes from all it knows which claims hold, each in its own slot; what is new is concluded,
what has other figures is concluded anew and replaces the earlier one, what does not hold any more is
ended by a message of its own. So the order in which facts arrive does not change what is open in the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.policies.policy import Conclusion, Judgement, State, conclusion_identity
from schemas.envelope import canonical_bytes

UNFIXED: Final = frozenset({"because", "found_on", "replaces"})
"""Fields that do not make a conclusion another one: when it was found, and by what."""
_DIGEST_BYTES: Final = 8
Slots = str | tuple[str, ...]
"""How slots begin: in one way, or in one of several."""
_ID, _TYPE, _FIGURES, _ABOUT, _WHY = range(5)


def digest_of(data: Mapping[str, Any], unfixed: Collection[str] = UNFIXED) -> str:
    """Return a digest of a conclusion's data: equal where they say the same, however it was found."""
    kept = {name: value for name, value in data.items() if name not in unfixed}
    return hashlib.blake2b(canonical_bytes(kept), digest_size=_DIGEST_BYTES).hexdigest()


@dataclass(frozen=True, slots=True)
class Claim:
    """What holds now: the type and data of its conclusion, and the fields that an ending repeats."""

    type: str
    data: dict[str, Any]
    about: tuple[str, ...]
    dated: bool = False
    """`found_on` is one of its figures: a day that follows from the facts, not from when they came."""

    @property
    def figures(self) -> str:
        """Return a digest of what makes it this conclusion and no other."""
        return digest_of(self.data, UNFIXED - {"found_on"} if self.dated else UNFIXED)


@dataclass(slots=True)
class Difference:
    """Compares claims with what is open, slot by slot.

    `ends` gives the type of the ending of each type. `day` is the day of the fact that brings it about.
    `cause` is what stands for it in the conclusions' ids, `trigger` its message id.
    """

    policy: str
    key: str
    cause: str
    trigger: str
    day: str
    open: Mapping[str, Sequence[Any]]
    ends: Mapping[str, str]
    numbered_from: int = 0
    conclusions: list[Conclusion] = field(default_factory=list)

    def settle(self, wanted: Mapping[str, Claim], within: Slots = "") -> State:
        """Conclude the difference for the slots that begin with `within`; return what is open now."""
        now: State = {}
        for slot, known in self.open.items():
            if not slot.startswith(within):
                now[slot] = known
            elif slot not in wanted:
                self._end(known)
        for slot, claim in sorted(wanted.items()):
            known = self.open.get(slot, ())
            now[slot] = self._hold(claim, known)
        return now

    def settle_some(self, wanted: Mapping[str, Claim], slots: Collection[str]) -> State:
        """Conclude the difference for some slots; return what is open now, in order of the slots."""
        others = {slot: known for slot, known in self.open.items() if slot not in slots}
        self.open = {slot: known for slot, known in self.open.items() if slot in slots}
        return dict(sorted({**others, **self.settle(wanted)}.items()))

    def judgement(
        self,
        state: State,
        wanted: Iterable[tuple[str, Claim]],
        slots: Collection[str] | None = None,
    ) -> Judgement:
        """Settle some slots (None: all); return the state with what is open now, and the conclusions."""
        claims = dict(wanted)
        still = self.settle(claims) if slots is None else self.settle_some(claims, slots)
        return Judgement({**state, "open": still}, self.conclusions)

    def _hold(self, claim: Claim, known: Sequence[Any]) -> Sequence[Any]:
        figures = claim.figures
        if known and known[_TYPE] == claim.type and known[_FIGURES] == figures:
            return known
        data = claim.data
        if known and known[_TYPE] == claim.type:
            why = dict(data["because"])
            why["causes"] = list(dict.fromkeys((known[_ID], *why["causes"])))
            data = {**data, "replaces": known[_ID], "because": why}
        elif known:
            self._end(known)
        identity = self._next()
        self.conclusions.append(Conclusion(claim.type, data))
        why = claim.data["because"]
        about = {name: claim.data[name] for name in claim.about}
        return [
            identity,
            claim.type,
            figures,
            about,
            [why["rule"], why["clauses"], why["terms"]],
        ]

    def _end(self, known: Sequence[Any]) -> None:
        rule, clauses, terms = known[_WHY]
        why = {
            "rule": rule,
            "clauses": clauses,
            "terms": terms,
            "arithmetic": ["按现有事实不再成立 no longer follows from what is known"],
            "causes": list(dict.fromkeys((known[_ID], self.trigger))),
        }
        data = {
            **known[_ABOUT],
            "ended_id": known[_ID],
            "ended_type": known[_TYPE],
            "ended_on": self.day,
            "because": why,
        }
        self.conclusions.append(Conclusion(self.ends[known[_TYPE]], data))

    def _next(self) -> str:
        number = self.numbered_from + len(self.conclusions)
        return conclusion_identity(self.policy, self.cause, self.key, number)

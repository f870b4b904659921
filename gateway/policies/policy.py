"""规则的约定: what a policy is. Pure functions over data: no clock, no I/O, no framework.

A policy keeps one state (plain JSON) per key, takes messages one by one and draws conclusions. What a
whole region must know (that a period has closed) is a record beside the states, from which a state that
begins later starts; a message about a region is judged against every state under a prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple, Protocol, Self

from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message, message_identity

State = dict[str, Any]
POLICY_PARTNER: Final = "policy-"


class Scope(NamedTuple):  # and so is a judgement: one of each is made for every message and policy
    """Which states a message concerns.

    `key`: one state. `prefix`: instead, every state whose key begins so. `region`: key of the region's
    record that these states depend on, "" when there is none.
    """

    key: str = ""
    prefix: str = ""
    region: str = ""

    @classmethod
    def whole(cls, province: str) -> Self:
        """Return every state of a province, whose record they depend on."""
        return cls(prefix=f"{province}/", region=province)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """结论: canonical data of a derived message; `because` stands in the data."""

    type: str
    data: dict[str, Any]


class Judgement(NamedTuple):
    """What came of one message for one state. `state` None: it stays as it was."""

    state: State | None = None
    conclusions: Sequence[Conclusion] = ()


class Policy(Protocol):
    """One rule family. Given values are never changed in place: a new state is returned."""

    @property
    def name(self) -> str:
        """Return the short name; its conclusions come from the partner `policy-<name>`."""
        ...

    @property
    def consumes(self) -> frozenset[str]:
        """Return the message types it takes."""
        ...

    def keys(self, message: Message, content: State) -> Scope:
        """Return which states a message concerns."""
        ...

    def begin(self, record: State | None) -> State:
        """Return a new state, given the region's record (None: there is none yet)."""
        ...

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the region's record after a message that concerns all its states."""
        ...

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Return the new state and what follows. The same arguments always give the same answer."""
        ...

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
        """Take back what `gone` (with its `content`) contributed, because `by` supersedes it.

        `instead` is the content of `by` where it concerns the same state: it is taken in at once, so that
        nothing is ever concluded from what is missing between the two. None: `gone` only goes.

        What no longer follows is concluded to have ended, what has other figures is replaced. The ids of
        these conclusions are made with `correction_cause` as cause. None: the state knows nothing of
        `gone`, or it is one that stays (the end of a day); what remains is to judge `by`.
        """
        ...

    def forget(self, record: State | None, gone: Message, content: State) -> State:
        """Return the region's record without a message that concerned all its states."""
        ...


class Regionless:
    """不设地区记录: what policies have in common whose states need to know nothing of their region.

    No message concerns all states of a region, so that there is nothing to remember of it.
    """

    nothing: ClassVar[State]
    """A state of which nothing is known."""

    def begin(self, record: State | None) -> State:  # noqa: ARG002 - the port's form
        """Return a state of which nothing is known."""
        return self.nothing

    def remember(self, record: State | None, message: Message, content: State) -> State:  # noqa: ARG002
        """Keep nothing per region."""
        return record or {}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Keep nothing per region."""
        return record or {}


WITHDRAWAL: Final = "!withdrawal"
"""Marks, in the ids of conclusions, what follows from a correction's only taking back the earlier message."""


def withdrawal_cause(by: str) -> str:
    """Return what stands for the cause in the ids of conclusions that a withdrawal has."""
    return by + WITHDRAWAL


def correction_cause(by: str, instead: State | None) -> str:
    """Return what stands for the cause in the ids of conclusions that a correction has."""
    return by if instead is not None else withdrawal_cause(by)


def conclusion_message_id(cause: str, key: str, number: int) -> str:
    """Return the message id of the n-th conclusion (from 0) that a cause has for one state."""
    return f"{cause}:{key}:{number}"


def conclusion_identity(policy: str, cause: str, key: str, number: int) -> str:
    """Return the canonical id of a conclusion, known before it is written."""
    return message_identity(POLICY_PARTNER + policy, conclusion_message_id(cause, key, number))


def because(
    rule: str, terms: Sequence[Term], arithmetic: Sequence[str], causes: Sequence[str]
) -> dict[str, Any]:
    """Return the 依据 block: rule, clauses (each once), terms in force, arithmetic, causes (each once)."""
    return {
        "rule": rule,
        "clauses": list(dict.fromkeys(term.clause for term in terms)),
        "terms": {term.name: term.value for term in terms},
        "arithmetic": list(arithmetic),
        "causes": list(dict.fromkeys(cause for cause in causes if cause)),
    }


def in_key(name: str) -> str:
    """Return a name as part of a state's key: a slash of its own must not look like a border."""
    return name.replace("~", "~0").replace("/", "~1") if "/" in name or "~" in name else name


def shown(text: str) -> str:
    """Return a fixed-scale decimal as people write it: 6999.0000 is 6999, 0.053000 is 0.053."""
    return text.rstrip("0").rstrip(".") if "." in text else text

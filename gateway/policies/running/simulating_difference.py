"""推演差异: two sides of a simulation compared in trade terms: who is warned, what is held, moved, paid.

A conclusion is about something (type, who, what, when); what it says of it are its other fields. What only
the other terms conclude is added, what only those in force conclude is removed, and where both speak of
the same but say something else it is changed. Money is compared by the postings that the conclusions
carry: per account, debits less credits, in integer fen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.policies.running.simulating import Side
from schemas.envelope import Message
from schemas.events import (
    EVENT_TYPES,
    FUND_PAYMENT_HELD,
    FUND_PAYMENT_RESUMED,
    PAYMENT_STANDARD_SET,
    PREPAYMENT_DUE,
    PRICE_LINKED,
    PROGRESS_WARNED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
)
from schemas.money import fen

_UNSAID: Final = frozenset({"because", "replaces", "supersedes", "postings", "revision"})
"""Fields that lead to other messages, or say how it came about: no part of what is concluded."""
_ABOUT: Final = frozenset(
    {
        "area", "base", "batch", "batch_no", "breach", "case_no", "comparison_group", "conclusion_type",
        "deviation", "drug", "ended_type", "finding", "ground", "institution", "level", "line_no",
        "maker", "month", "party", "period", "purchase_no", "receipt_no", "reference", "region",
        "sale_no", "stage", "term_from", "unified_code", "unit", "year",
    }
)  # fmt: skip
"""Fields that say what a conclusion is about; the others are what it says of that."""


class Change(StrEnum):
    """What other terms do to a conclusion."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: about what, `fields` as (name, in force, other terms), and the clauses of both."""

    change: Change
    type: str
    about: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str, str], ...]
    clauses: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        fields = {name: {"before": before, "after": after} for name, before, after in self.fields}
        return {
            "change": self.change.value,
            "type": self.type,
            "about": dict(self.about),
            "fields": fields,
            "clauses": list(self.clauses),
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """The totals; each pair is (under the terms in force, under the other terms)."""

    conclusions: Mapping[str, tuple[int, int]]
    """By message type."""
    newly_warned: tuple[str, ...]
    no_longer_warned: tuple[str, ...]
    newly_held: tuple[str, ...]
    no_longer_held: tuple[str, ...]
    newly_resumed: tuple[str, ...]
    no_longer_resumed: tuple[str, ...]
    withheld: tuple[int, int]
    """Fen outstanding when fund payments were held, less those resumed."""
    accounts: Mapping[str, tuple[int, int]]
    """Debits less credits in fen by account; those that differ."""
    prepaid: tuple[int, int]
    """Fen of prepayments due."""
    prices_moved: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A simulation's answer."""

    summary: Summary
    differences: tuple[Difference, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data; money is integer fen."""
        summary = {name: getattr(self.summary, name) for name in Summary.__slots__}
        return {
            "summary": summary,
            "differences": [each.as_dict() for each in self.differences],
        }


_Key = tuple[str, tuple[tuple[str, str], ...]]


def compare(before: Side, after: Side) -> Comparison:
    """Return what differs between the terms in force and the others."""
    sides = [[each.message for each in side.drawn] for side in (before, after)]
    return Comparison(_summary(sides[0], sides[1]), tuple(_differences(sides[0], sides[1])))


# ------------------------------------------------------------------------------- one by one


def _differences(before: Sequence[Message], after: Sequence[Message]) -> Iterable[Difference]:
    old, new = _by_key(before), _by_key(after)
    for key in sorted(old.keys() | new.keys()):
        said, instead = old.get(key, []), new.get(key, [])
        if [_values(each) for each in said] == [_values(each) for each in instead]:
            continue
        # what was said last of it stands
        first, second = (each[-1] if each else {} for each in (said, instead))
        change = Change.CHANGED if said and instead else Change.ADDED if instead else Change.REMOVED
        left, right = _values(first), _values(second)
        fields = tuple(
            (name, left.get(name, ""), right.get(name, ""))
            for name in dict.fromkeys([*left, *right])
            if left.get(name) != right.get(name)
        )
        if change is Change.CHANGED and len(said) != len(instead):
            fields = (*fields, ("@times", str(len(said)), str(len(instead))))
        clauses = [clause for each in (first, second) for clause in _clauses(each)]
        yield Difference(change, *key, fields, tuple(dict.fromkeys(clauses)))


def _by_key(messages: Iterable[Message]) -> dict[_Key, list[dict[str, Any]]]:
    found: dict[_Key, list[dict[str, Any]]] = {}
    for message in messages:
        content = message.content()
        about = tuple((name, str(content[name])) for name in sorted(content) if name in _ABOUT)
        found.setdefault((message.type, about), []).append(content)
    return found


def _values(content: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: _shown(value)
        for name, value in content.items()
        if name not in _UNSAID
        and name not in _ABOUT
        and not name.endswith("_id")
        and value is not None
    }


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}={_shown(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " | ".join(map(_shown, value))
    return str(value)


def _clauses(content: Mapping[str, Any]) -> list[str]:
    why = content.get("because")
    return [str(each) for each in why["clauses"]] if isinstance(why, dict) else []


# ------------------------------------------------------------------------------- totals


def _summary(before: Sequence[Message], after: Sequence[Message]) -> Summary:
    counted = [Counter(each.type for each in side) for side in (before, after)]
    types = [each for each in EVENT_TYPES if counted[0][each] or counted[1][each]]
    posted = [_posted(side) for side in (before, after)]
    accounts = {
        account: (posted[0][account], posted[1][account])
        for account in sorted(posted[0].keys() | posted[1].keys())
        if posted[0][account] != posted[1][account]
    }
    warned, held, resumed = (
        [_institutions(side, types) for side in (before, after)]
        for types in (
            {PROGRESS_WARNED},
            {SETTLEMENT_HELD, FUND_PAYMENT_HELD},
            {SETTLEMENT_RESUMED, FUND_PAYMENT_RESUMED},
        )
    )
    prices = [_prices(side) for side in (before, after)]
    return Summary(
        conclusions={each: (counted[0][each], counted[1][each]) for each in types},
        newly_warned=_only(warned[1], warned[0]),
        no_longer_warned=_only(warned[0], warned[1]),
        newly_held=_only(held[1], held[0]),
        no_longer_held=_only(held[0], held[1]),
        newly_resumed=_only(resumed[1], resumed[0]),
        no_longer_resumed=_only(resumed[0], resumed[1]),
        withheld=(_withheld(before), _withheld(after)),
        accounts=accounts,
        prepaid=(_prepaid(before), _prepaid(after)),
        prices_moved=sum(
            prices[0].get(each) != prices[1].get(each)
            for each in prices[0].keys() | prices[1].keys()
        ),
    )


def _only(these: set[str], not_those: set[str]) -> tuple[str, ...]:
    return tuple(sorted(these - not_those))


def _institutions(side: Iterable[Message], types: set[str]) -> set[str]:
    return {str(each.content()["institution"]) for each in side if each.type in types}


def _posted(side: Iterable[Message]) -> Counter[str]:
    """Return debits less credits by account, in fen. Over all accounts they are zero."""
    found: Counter[str] = Counter()
    for message in side:
        for posting in message.content().get("postings") or ():
            found[posting["account"]] += fen(posting["debit"]) - fen(posting["credit"])
    return found


def _withheld(side: Iterable[Message]) -> int:
    open_: dict[str, int] = {}
    for message in side:
        if message.type == FUND_PAYMENT_HELD:
            open_[message.id] = fen(message.content()["outstanding"])
        elif message.type == FUND_PAYMENT_RESUMED:
            open_.pop(message.content()["hold_id"], None)
    return sum(open_.values())


def _prepaid(side: Iterable[Message]) -> int:
    standing: dict[str, int] = {}
    for message in side:
        content = message.content()
        if message.type == PREPAYMENT_DUE:
            standing.pop(content.get("replaces") or "", None)
            standing[message.id] = fen(content["amount"])
        elif ended := content.get("ended_id"):
            standing.pop(ended, None)
    return sum(standing.values())


def _prices(side: Iterable[Message]) -> dict[tuple[str, str, str], str]:
    """Return the last price concluded per kind, product and region."""
    named = {PRICE_LINKED: "price_after", PAYMENT_STANDARD_SET: "unit_price"}
    found: dict[tuple[str, str, str], str] = {}
    for message in side:
        if message.type in named:
            content = message.content()
            place = (message.type, content["unified_code"], content["region"])
            found[place] = content[named[message.type]]
    return found

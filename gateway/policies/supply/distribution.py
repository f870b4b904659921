"""配送企业数 (R9): how many distributors a selected maker has in force, against the paper's limit.

Counted are different distributors over all selected products of the maker in the province, on the last
day that has ended; a maker that delivers by itself (直接配送) counts for nothing. A withdrawal ends the
choices of that distributor and product that began on or before its day. Where the paper has no limit
nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import State, because
from gateway.policies.prices.price_book import FOREVER, day_after, day_before
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Term
from gateway.policies.supply.supply_facts import FactPolicy, Known
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_CHOSEN,
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_LIMIT_EXCEEDED,
    DISTRIBUTION_WITHDRAWN,
)

RULE: Final = "R9"
MOST: Final = "distribution.most"
CHOSEN, WITHDRAWN = "chosen", "withdrawn"
Choices = Mapping[str, Mapping[str, Any]]


class DistributorLimit(FactPolicy):
    """配送企业数: choices, withdrawals and days' ends in; exceeded limits out. One state per maker."""

    name = "distribution"
    kinds: ClassVar = {DISTRIBUTION_CHOSEN: CHOSEN, DISTRIBUTION_WITHDRAWN: WITHDRAWN}
    ends: ClassVar = {DISTRIBUTION_LIMIT_EXCEEDED: DISTRIBUTION_FINDING_ENDED}
    waits_for_days = True

    def place(self, message: Message, content: State) -> str:  # noqa: ARG002 - the port's form
        """Return the maker's state in the province."""
        return f"{province_of(content['region'])}/{content['maker']}"

    def fact(self, message: Message, content: State) -> Any:
        """Return a choice or a withdrawal."""
        return choice(message, content)

    def claims(self, known: Known) -> Iterable[tuple[str, Claim]]:
        """Yield the limit that is exceeded on the last day that has ended, if it is."""
        if not known.day or _never_exceeded(known):
            return
        maker = known.key.split("/", 1)[1]
        term = known.rules.term(known.province, MOST, known.day)
        found = _distributors(known.facts, maker, known.day)
        if term is None or len(found) <= int(term.value):
            return
        data = {
            "party": maker,
            "region": known.province,
            "maker": maker,
            "distributors": sorted(found),
            "distributor_count": len(found),
            "allowed": int(term.value),
            "exceeded_from": _since(known, maker, term),
            "found_on": known.on,
            "because": because(
                RULE,
                (term,),
                (f"{known.day}: {'、'.join(sorted(found))} = {len(found)} 家 > {term.value} 家",),
                (*sorted(each for ids in found.values() for each in ids), known.day_id),
            ),
        }
        yield "limit", Claim(DISTRIBUTION_LIMIT_EXCEEDED, data, ("party", "region"))

    def next_due(self, known: Known) -> str:
        """Return the next day on which a choice begins or ends, or the limit comes into force."""
        if _never_exceeded(known):
            return ""
        days = [day for day in _borders(known.facts) if day > known.day]
        terms = known.rules.of(known.province)
        term = (
            terms.next_value(MOST, date.fromisoformat(known.day))
            if terms is not None and known.day
            else None
        )
        if term is not None and term.since.isoformat() > known.day:
            days.append(term.since.isoformat())
        return min(days, default="")


def choice(message: Message, content: State) -> dict[str, str]:
    """Return what is kept of a choice, or of a withdrawal (`from` is then its first day)."""
    named = {
        "maker": content["maker"],
        "distributor": content["distributor"],
        "product": content["unified_code"],
        "region": content["region"],
    }
    if message.type == DISTRIBUTION_WITHDRAWN:
        return {**named, "from": content["withdrawn_from"]}
    return {
        **named,
        "from": content["chosen_from"],
        "to": content.get("chosen_to") or FOREVER,
    }


def last_day(chosen: Mapping[str, str], withdrawals: Iterable[Mapping[str, str]]) -> str:
    """Return the last day on which a choice is in force; before its first day where it never is."""
    ended = [
        each["from"]
        for each in withdrawals
        if each["from"] >= chosen["from"]
        and all(each[name] == chosen[name] for name in ("maker", "distributor", "product"))
    ]
    return min(chosen["to"], day_before(min(ended))) if ended else chosen["to"]


def in_force(choices: Choices, day: str) -> list[tuple[str, Mapping[str, str]]]:
    """Return the choices in force on a day, with their ids, in order of the ids."""
    withdrawals = list(choices.get(WITHDRAWN, {}).values())
    return [
        (identity, each)
        for identity, each in sorted(choices.get(CHOSEN, {}).items())
        if each["from"] <= day <= last_day(each, withdrawals)
    ]


def _never_exceeded(known: Known) -> bool:
    """Return whether all distributors that were ever chosen together are within every limit there is."""
    terms = known.rules.of(known.province)
    limits = [int(term.value) for term in terms.versions(MOST)] if terms is not None else []
    if not limits:
        return True
    maker = known.key.split("/", 1)[1]
    chosen = {each["distributor"] for each in known.facts.get(CHOSEN, {}).values()} - {maker}
    return len(chosen) <= min(limits)


def _distributors(choices: Choices, maker: str, day: str) -> dict[str, list[str]]:
    """Return the distributors in force on a day, each with the messages that chose it."""
    found: dict[str, list[str]] = {}
    for identity, each in in_force(choices, day):
        if each["distributor"] != maker:
            found.setdefault(each["distributor"], []).append(identity)
    return found


def _borders(choices: Choices) -> set[str]:
    """Return the days from which on the choices in force may be others."""
    withdrawals = list(choices.get(WITHDRAWN, {}).values())
    days: set[str] = set()
    for each in choices.get(CHOSEN, {}).values():
        days.add(each["from"])
        days.add(day_after(last_day(each, withdrawals)))
    return days


def _since(known: Known, maker: str, term: Term) -> str:
    """Return the first day of the unbroken run of days on which the limit has been exceeded."""
    began = known.day
    for day in sorted((day for day in _borders(known.facts) if day <= known.day), reverse=True):
        if len(_distributors(known.facts, maker, day)) <= int(term.value):
            break
        began = day
    return max(began, term.since.isoformat())

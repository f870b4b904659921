"""采购周期的结论: a batch's term in a region, its agreement years, its extension and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import State, because
from gateway.policies.quarters import add_months
from gateway.policies.rulebook import Rulebook, Term
from schemas.events import (
    VOLUME_REGION_FINDING_ENDED,
    VOLUME_RENEWAL_DUE,
    VOLUME_TERM_COMPUTED,
    VOLUME_TERM_ENDED,
    VOLUME_TERM_OVEREXTENDED,
)

RULE: Final = "R8"
TERM_ENDS: Final = dict.fromkeys(
    (VOLUME_TERM_COMPUTED, VOLUME_TERM_OVEREXTENDED, VOLUME_RENEWAL_DUE, VOLUME_TERM_ENDED),
    VOLUME_REGION_FINDING_ENDED,
)
_ABOUT: Final = ("drug", "drug_name", "region", "batch")
_YEAR: Final = 12
_DAY: Final = timedelta(days=1)
Fact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cycle:
    """采购周期: days are ISO and inclusive. `last` is without, `until` with the extension."""

    first: str
    last: str
    until: str
    latest_until: str
    """The last day up to which it may be extended; "" where the paper names none."""
    published: Sequence[Fact]
    """By their first days; the first is the one that the length follows from."""
    extension: Fact | None
    terms: tuple[Term, ...]
    line: str

    @property
    def agreements(self) -> list[tuple[str, str]]:
        """Return the agreement years in order (first day, last day)."""
        found: list[tuple[str, str]] = []
        first = self.first
        while first <= self.until:
            last = min(_last_of(self.first, _YEAR * (len(found) + 1)), self.until)
            found.append((first, last))
            first = _day_after(last)
        return found

    @property
    def causes(self) -> list[str]:
        """Return the messages that it rests on."""
        extension = [self.extension["id"]] if self.extension is not None else []
        return [*(each["id"] for each in self.published), *extension]


def cycles_of(state: State, rules: Rulebook) -> Iterator[Cycle]:
    """Yield the terms of a drug's batches, region by region."""
    together: dict[tuple[str, str], list[Fact]] = {}
    for each in state["published"].values():
        together.setdefault((each["region"], each["batch"]), []).append(each)
    for (region, batch), published in sorted(together.items()):
        ordered = sorted(published, key=lambda one: (one["from"], one["on"], one["id"]))
        extended = [
            each
            for each in state["extended"].values()
            if (each["region"], each["batch"]) == (region, batch)
        ]
        latest = max(extended, key=lambda one: (one["on"], one["id"]), default=None)
        cycle = _cycle(region, ordered, latest, rules)
        if cycle is not None:
            yield cycle


def _cycle(
    region: str, published: Sequence[Fact], extension: Fact | None, rules: Rulebook
) -> Cycle | None:
    first = published[0]["from"]
    same = [each for each in published if each["from"] == first]
    found = _length(region, _said_most(same), rules)
    if found is None:
        return None
    last, term, line = found
    terms = [term] if term is not None else []
    until = max(last, extension["to"]) if extension is not None else last
    limit = rules.term(region, "term.extendable_months", first)
    free = rules.term(region, "term.extension", first)
    yearly = rules.term(region, "term.agreement", first)
    terms += [each for each in (limit, free, yearly) if each is not None]
    if not terms:
        return None
    latest_until = ""
    if limit is not None:
        latest_until = _last_of(_day_after(last), int(limit.value))
    return Cycle(first, last, until, latest_until, published, extension, tuple(terms), line)


def _said_most(published: Sequence[Fact]) -> Fact:
    """Return the latest that states the last day, else the number of enterprises, else anything."""
    for name in ("to", "makers"):
        for each in reversed(published):
            if each[name]:
                return each
    return published[-1]


def _length(region: str, published: Fact, rules: Rulebook) -> tuple[str, Term | None, str] | None:
    """Return (last day, term, arithmetic): as published, else by the paper; None where neither says it."""
    first = published["from"]
    if published["to"]:
        return published["to"], None, f"公布的周期 as published: {first} – {published['to']}"
    by_makers = rules.term(region, "term.years_by_makers", first)
    if by_makers is not None and published["makers"]:
        years = dict(each.split("=") for each in by_makers.value.split(","))
        if str(published["makers"]) in years:
            count = years[str(published["makers"])]
            last = _last_of(first, _YEAR * int(count))
            makers = published["makers"]
            return last, by_makers, f"中选 {makers} 家 → {count} 年 years: {first} – {last}"
    months = rules.term(region, "term.months", first)
    if months is None:
        return None
    last = _last_of(first, int(months.value))
    return last, months, f"{months.value} 个月 months: {first} – {last}"


def term_claims(state: State, rules: Rulebook) -> Iterator[tuple[str, Claim]]:
    """Yield what holds at the end of the last day that is known to have ended, by slot."""
    for cycle in cycles_of(state, rules):
        about = {name: cycle.published[0][name] for name in _ABOUT}
        slot = f"{about['region']}|{about['batch']}"
        yield f"computed|{slot}", _computed(about, cycle)
        if cycle.latest_until and cycle.until > cycle.latest_until:
            yield f"over|{slot}", _overextended(about, cycle)
        if state["day"] >= cycle.until:
            yield f"ended|{slot}", _ended(about, cycle)
        yield from _renewals(about, slot, cycle, state["day"])


def next_due(state: State, rules: Rulebook) -> str:
    """Return the first day after the last ended one at whose end something may follow; "" is none."""
    days = [
        last
        for cycle in cycles_of(state, rules)
        for _, last in cycle.agreements
        if last > state["day"]
    ]
    return min(days, default="")


def _computed(about: Mapping[str, Any], cycle: Cycle) -> Claim:
    lines = [cycle.line]
    data = {**about, "term_from": cycle.first, "term_to": cycle.last}
    if cycle.until > cycle.last:
        data["extended_to"] = cycle.until
        lines.append(f"已延长至 extended to {cycle.until}")
    if cycle.latest_until:
        data["extendable_to"] = cycle.latest_until
        lines.append(f"至多可延长至 at most until {cycle.latest_until}")
    facts = [*cycle.published, *([cycle.extension] if cycle.extension is not None else [])]
    data["found_on"] = max(each["on"] for each in facts)
    data["because"] = because(RULE, cycle.terms, lines, cycle.causes)
    return Claim(VOLUME_TERM_COMPUTED, data, _ABOUT)


def _overextended(about: Mapping[str, Any], cycle: Cycle) -> Claim:
    extension = cycle.extension or {}
    data = {
        **about,
        "extended_to": cycle.until,
        "extendable_to": cycle.latest_until,
        "found_on": extension["on"],
        "because": because(
            RULE, cycle.terms, [cycle.line, f"{cycle.until} > {cycle.latest_until}"], cycle.causes
        ),
    }
    return Claim(VOLUME_TERM_OVEREXTENDED, data, _ABOUT)


def _ended(about: Mapping[str, Any], cycle: Cycle) -> Claim:
    data = {
        **about,
        "term_from": cycle.first,
        "term_to": cycle.until,
        "found_on": cycle.until,
        "because": because(
            RULE, cycle.terms, [cycle.line, f"末日 last day {cycle.until}"], cycle.causes
        ),
    }
    return Claim(VOLUME_TERM_ENDED, data, _ABOUT)


def _renewals(
    about: Mapping[str, Any], slot: str, cycle: Cycle, day: str
) -> Iterator[tuple[str, Claim]]:
    yearly = next((term for term in cycle.terms if term.name == "term.agreement"), None)
    if yearly is None:
        return
    for (first, last), (next_first, next_last) in pairwise(cycle.agreements):
        renewed = any(each["from"] >= next_first for each in cycle.published)
        if day < last or renewed:
            continue
        data = {
            **about,
            "agreement_from": first,
            "agreement_to": last,
            "next_from": next_first,
            "next_to": next_last,
            "found_on": last,
            "because": because(
                RULE, [yearly], [f"{last} < {cycle.until}: 每年一签 signed yearly"], cycle.causes
            ),
        }
        yield f"renewal|{slot}|{first}", Claim(VOLUME_RENEWAL_DUE, data, _ABOUT)


def _last_of(first: str, months: int) -> str:
    """Return the last day of so many months from a day on (inclusive).

    It is the day before the same day of the last month; where that month has no such day, its last day
    (民法典 第二百零二条: 没有对应日的，月末日为期间的最后一日).
    """
    begins = date.fromisoformat(first)
    same = add_months(begins, months)
    return (same if same.day < begins.day else same - _DAY).isoformat()


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + _DAY).isoformat()

"""采购进度的依据: a measured quarter under a region's rules, and the reasons of what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from gateway.policies.policy import because
from gateway.policies.progress.measure import Measure, shown_quantity
from gateway.policies.quarters import first_of_next_month
from gateway.policies.rulebook import Term

RULE: Final = "R4"
MEASURES_APART: Final = "、"


@dataclass(frozen=True, slots=True)
class QuarterRules:
    """The thresholds in force at a quarter's end; None where the paper sets none."""

    measured: Term
    warn: Term | None
    hold: Term | None
    starts: Term | None
    resume: Term | None
    measures: Term | None


@dataclass(frozen=True, slots=True)
class Quarter:
    """One batch's closed quarter, measured."""

    batch: str
    period: str
    ended_on: str
    closed_by: str
    region: str
    drug_name: str
    found: Measure
    rules: QuarterRules

    @property
    def below_warning(self) -> bool:
        """Return whether the warning sentence applies."""
        return self.rules.warn is not None and self.found.below(self.rules.warn.value)

    @property
    def holds(self) -> bool:
        """Return whether the hold sentence applies and the cumulative task is not done."""
        hold = self.rules.hold
        return hold is not None and self.found.below(hold.value) and not self.found.done


def held_from(quarter: Quarter) -> str:
    """Return the day from which settlement is held (自次月起)."""
    return _next_month(quarter.ended_on)


@lru_cache(maxsize=4096)
def _next_month(day: str) -> str:
    return first_of_next_month(date.fromisoformat(day)).isoformat()


def _in_force(*terms: Term | None) -> list[Term]:
    return [term for term in terms if term is not None]


def _ratio(quarter: Quarter, threshold: Term | None) -> str:
    if threshold is None or not quarter.found.due:
        return quarter.found.division
    sign = "<" if quarter.found.below(threshold.value) else "≥"
    return f"{quarter.found.division} {sign} {threshold.value}"


def _cumulative(quarter: Quarter) -> str:
    found = quarter.found
    sign = "≥" if found.done else "<"
    total, due = shown_quantity(found.total), shown_quantity(found.total_due)
    return f"累计 cumulative: {total} {sign} {due}"


def why_warned(quarter: Quarter) -> dict[str, Any]:
    """Return why a warning is given."""
    rules, found = quarter.rules, quarter.found
    causes = (*found.tasks, *found.in_quarter, quarter.closed_by)
    terms = _in_force(rules.measured, rules.warn)
    return because(RULE, terms, [_ratio(quarter, rules.warn)], causes)


def why_held(quarter: Quarter) -> dict[str, Any]:
    """Return why settlement is held."""
    rules, found = quarter.rules, quarter.found
    causes = (*found.tasks, *found.in_term, quarter.closed_by)
    terms = _in_force(rules.measured, rules.hold, rules.starts, rules.resume)
    return because(RULE, terms, [_ratio(quarter, rules.hold), _cumulative(quarter)], causes)


def why_lifted(quarter: Quarter, warning: str, trigger: str) -> dict[str, Any]:
    """Return why a warning is lifted."""
    rules, found = quarter.rules, quarter.found
    causes = (warning, *found.tasks, *found.in_quarter, quarter.closed_by, trigger)
    terms = _in_force(rules.measured, rules.warn)
    return because(RULE, terms, [_ratio(quarter, rules.warn)], causes)


def why_resumed(quarter: Quarter, hold: str, trigger: str) -> dict[str, Any]:
    """Return why settlement is resumed."""
    rules, found = quarter.rules, quarter.found
    causes = (hold, *found.tasks, *found.in_term, quarter.closed_by, trigger)
    terms = _in_force(rules.measured, rules.hold, rules.resume)
    return because(RULE, terms, [_cumulative(quarter), _ratio(quarter, rules.hold)], causes)


def measures_of(term: Term | None) -> list[str]:
    """Return the paper's measures one by one, in its own words and order."""
    return term.value.split(MEASURES_APART) if term is not None else []

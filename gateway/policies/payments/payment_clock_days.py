"""回款期限: which is the last day for paying what was accepted, and what follows after it.

The paper's limit (so many days from acceptance, or the end of the next month) and the contract's own
days both bind: the earlier one is the last day. A payment on the last day is in time. Days are ISO text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from gateway.policies.quarters import add_months
from gateway.policies.rulebook import Rulebook, Term

PHARMACY: Final = "P"
"""First letter of a retail pharmacy's code (定点零售药店)."""
ANSWERS_KEPT: Final = 4096
_DAY: Final = timedelta(days=1)

Contract = Sequence[Any]
"""[contract number, version, term's first day, its last day, payment days (0: none), signed on, id]"""


@dataclass(frozen=True, slots=True)
class Due:
    """The last day for paying, why, and the message id of the contract that says so ("": the paper)."""

    day: str
    terms: tuple[Term, ...]
    arithmetic: str
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows for something overdue: `warned_on` and `held_from` are "" where nothing does."""

    warned_on: str = ""
    held_from: str = ""
    warned: Term | None = None
    hold: tuple[Term, ...] = ()
    deadline: str = ""
    """The last day for paying after the warning."""


@lru_cache(maxsize=8192)
def days_after(day: str, count: int) -> str:
    """Return the day some days after another (before, where negative)."""
    return (date.fromisoformat(day) + _DAY * count).isoformat()


@lru_cache(maxsize=4096)
def end_of_month(day: str, later: int = 0) -> str:
    """Return the last day of a day's month, or of the month some months later."""
    first = date.fromisoformat(day).replace(day=1)
    return (add_months(first, later + 1) - _DAY).isoformat()


def contract_for(contracts: Sequence[Contract], day: str) -> Contract | None:
    """Return the contract in whose term a day lies; of several the latest signed one.

    Of a contract's versions the highest one counts, and it alone.
    """
    if not contracts:
        return None
    newest: dict[str, Contract] = {}
    for each in contracts:
        known = newest.get(each[0])
        if known is None or (each[1], each[6]) > (known[1], known[6]):
            newest[each[0]] = each
    binding = [each for each in newest.values() if each[4] and each[2] <= day <= each[3]]
    return max(binding, key=lambda each: (each[5], each[6]), default=None)


def due_day(
    accepted_on: str, region: str, institution: str, contract: Contract | None, rules: Rulebook
) -> Due | None:
    """Return the last day for paying what was accepted on a day; None where nothing sets one."""
    retail = institution.startswith(PHARMACY)
    agreed = (contract[4], contract[6]) if contract is not None else None
    answers: dict[Any, Due | None] = rules.answers.setdefault("days that payments are due", {})
    asked = (accepted_on, region, retail, agreed)
    if asked not in answers:
        if len(answers) >= ANSWERS_KEPT:
            answers.clear()
        answers[asked] = _due_day(accepted_on, region, agreed, rules, retail=retail)
    return answers[asked]


def _due_day(
    accepted_on: str, region: str, agreed: tuple[int, str] | None, rules: Rulebook, *, retail: bool
) -> Due | None:
    """Return the last day for paying; `agreed`: the contract's days and its message id."""
    terms = rules.of(region)
    if terms is None:
        return None
    on = date.fromisoformat(accepted_on)
    found: list[Due] = []
    binding = terms.value("payment.contract", on)
    if agreed is not None and binding is not None:
        last = days_after(accepted_on, agreed[0])
        said = f"{accepted_on} + 合同 contract {agreed[0]} 天 days = {last}"
        found.append(Due(last, (binding,), said, agreed[1]))
    if not (retail and terms.value("payment.payers", on)):
        days, latest = terms.value("payment.days", on), terms.value("payment.latest", on)
        if days is not None:
            last = days_after(accepted_on, int(days.value))
            found.append(Due(last, (days,), f"{accepted_on} + {days.value} 天 days = {last}"))
        if latest is not None:
            last = end_of_month(accepted_on, 1)
            found.append(Due(last, (latest,), f"{accepted_on} 的次月底 end of next month = {last}"))
    return min(found, key=lambda each: each.day, default=None)


def consequence(due: str, region: str, institution: str, rules: Rulebook) -> Consequence:
    """Return what follows when the last day has ended unpaid, by the terms in force on that day.

    A warning is given on the day after the last day, or on the first day of the month after it
    (按月预警); the workdays after it do not count the warning's own day.
    """
    retail = institution.startswith(PHARMACY)
    answers: dict[Any, Consequence] = rules.answers.setdefault("what follows late payments", {})
    asked = (due, region, retail)
    if asked not in answers:
        if len(answers) >= ANSWERS_KEPT:
            answers.clear()
        answers[asked] = _consequence(due, region, rules, retail=retail)
    return answers[asked]


def _consequence(due: str, region: str, rules: Rulebook, *, retail: bool) -> Consequence:
    terms, on = rules.of(region), date.fromisoformat(due)
    if terms is None:
        return Consequence()
    warned, held = terms.value("payment.warned", on), terms.value("payment.held", on)
    warned_on = ""
    if warned is not None:
        last = end_of_month(due) if warned.value == "month_end" else due
        warned_on = days_after(last, 1)
    if held is None or (retail and terms.value("payment.payers", on)):
        return Consequence(warned_on, "", warned)
    if held.value == "overdue":
        return Consequence(warned_on, days_after(due, 1), warned, (held,))
    workdays = terms.value("payment.held_after_workdays", on)
    if workdays is None or not warned_on:
        return Consequence(warned_on, "", warned)
    last = workdays_after(warned_on, int(workdays.value), rules)
    return Consequence(warned_on, days_after(last, 1), warned, (held, workdays), last)


def workdays_after(day: str, count: int, rules: Rulebook) -> str:
    """Return the `count`-th workday after a day (个工作日后), with exchanged days (调休)."""
    return rules.workdays.after(date.fromisoformat(day), count).isoformat()

"""供应月报: which months' reports are due from a maker, and what of them is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from gateway.policies.claims import Claim
from gateway.policies.payments.payment_clock_days import end_of_month
from gateway.policies.policy import because
from gateway.policies.rulebook import Term
from gateway.policies.supply.supply_facts import Known, as_recorded
from gateway.policies.supply.supply_goods import ABOUT, RULE, goods
from schemas.events import SUPPLY_REPORT_MISSING

MOST_MONTHS: Final = 240
"""So many months of one agreement are looked at; no term of procurement comes near it."""
_MONTH: Final = len("2026-01")
_FIELDS: Final = {
    "produced": "produced_quantity",
    "supplied": "supplied_quantity",
    "stock": "stock_quantity",
    "payments": "payments_received",
}


class DueMonth(NamedTuple):
    """A month whose report is due at the end of a day, by which terms and which agreement."""

    month: str
    due: str
    terms: tuple[Term, ...]
    agreement: str
    fact: dict[str, Any]


def due_months(known: Known) -> Iterator[DueMonth]:
    """Yield the months in which a selected product was to be supplied and that are reported on.

    The term in force at the month's end counts; a month in which supply was agreed for a part counts.
    """
    met: set[str] = set()
    for identity, agreed in as_recorded(known.of("agreed"), "agreed_on"):
        end = end_of_month(agreed["supply_from"])
        for _ in range(MOST_MONTHS):
            if end[:_MONTH] > agreed["supply_to"][:_MONTH]:
                break
            if end not in met:
                met.add(end)
                found = _due(known, end, identity, agreed)
                if found is not None:
                    yield found
            end = end_of_month(end, 1)


def _due(known: Known, end: str, identity: str, agreed: dict[str, Any]) -> DueMonth | None:
    region = agreed["region"]
    report = known.rules.term(region, "supply.report", end)
    if report is None or report.value != "month":
        return None
    by = known.rules.term(region, "supply.report_by", end)
    last = end_of_month(end, 1)
    if by is None:
        return DueMonth(end[:_MONTH], last, (report,), identity, agreed)
    due = min(f"{last[:_MONTH]}-{int(by.value):02d}", last)
    return DueMonth(end[:_MONTH], due, (report, by), identity, agreed)


def coming_due(known: Known) -> Iterator[str]:
    """Yield the days at whose end a month's report is due."""
    return (each.due for each in due_months(known))


def month_claims(known: Known) -> Iterator[tuple[str, Claim]]:
    """Yield the months whose report, or items of it, are not there although they were due."""
    if not known.day:
        return
    reports: dict[str, tuple[str, dict[str, Any]]] = {}
    for identity, each in as_recorded(known.of("reported"), "reported_on"):
        reports[each["month"]] = (identity, each)
    for due in due_months(known):
        if due.due > known.day:
            continue
        items = known.rules.term(due.fact["region"], "supply.report_items", due.due)
        asked = items.value.split(",") if items is not None else []
        identity, report = reports.get(due.month, ("", {}))
        missing = [item for item in asked if report.get(_FIELDS[item]) is None]
        if identity and not missing:
            continue
        terms = due.terms if items is None else (*due.terms, items)
        said = "缺 lacks " + "、".join(missing) if identity else "未报 not reported"
        data = {
            **goods(known, due.fact),
            "month": due.month,
            "due_on": due.due,
            "missing": missing,
            "reported": bool(identity),
            "because": because(
                RULE,
                terms,
                (f"{due.month} 的月报 report, 至 until {due.due}: {said}",),
                (due.agreement, identity, known.day_id),
            ),
        }
        yield f"month/{due.month}", Claim(SUPPLY_REPORT_MISSING, data, ABOUT)

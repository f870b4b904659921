"""供应保障 (R12): what a maker reports of a selected product, what is missing, short, and proposed.

One state per maker's product in a province takes what was agreed (供应约定), monthly reports, reports of
short capacity, halts and reserves, declared failures and restorations, and the days that have ended:

* a month's report is due when the paper says so: on a named day of the next month, or, where it only says
  monthly (每月), when the next month has ended. What is not there then, or lacks items, is missing;
* a capacity shortage is to be reported ahead (提前): on a day before the one on which it begins;
* a shortage is warned of from the maker's own report of short capacity or a halt, unless what it has (stock
  and reserve) and can still make covers what it is still to deliver, where all of that was reported;
* when an authority finds that supply fails, the measures that the paper names are proposed.

A region whose paper says nothing of one of these concludes nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import State, in_key
from gateway.policies.regions import province_of
from gateway.policies.supply.supply_facts import FactPolicy, Known
from gateway.policies.supply.supply_failures import failure_claims
from gateway.policies.supply.supply_months import coming_due, month_claims
from gateway.policies.supply.supply_shortages import late_claims, shortage_claims, shortage_days
from schemas.envelope import Message
from schemas.events import (
    SUPPLY_AGREED,
    SUPPLY_CAPACITY_REPORTED_LATE,
    SUPPLY_CAPACITY_SHORT,
    SUPPLY_FAILED,
    SUPPLY_FINDING_ENDED,
    SUPPLY_HALT_REPORTED,
    SUPPLY_MEASURES_PROPOSED,
    SUPPLY_REPORT_MISSING,
    SUPPLY_REPORTED,
    SUPPLY_RESERVE_REPORTED,
    SUPPLY_RESTORED,
    SUPPLY_SHORTAGE_WARNED,
)

_UNKEPT: Final = ("maker_local", "maker", "local_code", "unified_code", "supersedes", "cause")


class SupplyReports(FactPolicy):
    """供应保障: agreements, reports and days' ends in; what is missing, short and proposed out."""

    name = "supply"
    kinds: ClassVar = {
        SUPPLY_AGREED: "agreed",
        SUPPLY_REPORTED: "reported",
        SUPPLY_CAPACITY_SHORT: "short",
        SUPPLY_HALT_REPORTED: "halted",
        SUPPLY_RESERVE_REPORTED: "reserve",
        SUPPLY_FAILED: "failed",
        SUPPLY_RESTORED: "restored",
    }
    ends: ClassVar = dict.fromkeys(
        (
            SUPPLY_REPORT_MISSING,
            SUPPLY_CAPACITY_REPORTED_LATE,
            SUPPLY_SHORTAGE_WARNED,
            SUPPLY_MEASURES_PROPOSED,
        ),
        SUPPLY_FINDING_ENDED,
    )
    waits_for_days = True

    def place(self, message: Message, content: State) -> str:  # noqa: ARG002 - the port's form
        """Return the state of the maker's product in the province."""
        product = in_key(content["unified_code"])
        return f"{province_of(content['region'])}/{content['maker']}/{product}"

    def fact(self, message: Message, content: State) -> Any:  # noqa: ARG002 - the port's form
        """Return what a statement says, without what the key says."""
        return {name: each for name, each in content.items() if name not in _UNKEPT}

    def claims(self, known: Known) -> Iterable[tuple[str, Claim]]:
        """Yield what is missing, late, short and proposed."""
        yield from month_claims(known)
        yield from late_claims(known)
        yield from shortage_claims(known)
        yield from failure_claims(known)

    def next_due(self, known: Known) -> str:
        """Return the next day at whose end a report is missing or a shortage is over."""
        days = [*coming_due(known), *shortage_days(known)]
        return min((day for day in days if day > known.day), default="")

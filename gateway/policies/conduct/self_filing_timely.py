"""备案时限: what one self-purchase is, and whether it was filed in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import because
from gateway.policies.rulebook import Rulebook, Term
from schemas.events import PURCHASE_FILING_BREACHED
from schemas.money import yuan
from schemas.purchase import FilingBreach, GoodsCategory

RULE: Final = "R10"
Group = Mapping[str, Mapping[str, list[Any]]]
"""{"b": purchases, "f": filings}, each by message id: [bought on, filed on, fen, emergency, controlled, category, region]"""
YEAR_LENGTH: Final = len("2026")
_NOTHING: Final[list[Any]] = ["", "", 0, False, "", "", ""]
BOUGHT, FILED, AMOUNT, EMERGENCY, CONTROLLED, CATEGORY, REGION = range(7)


class Purchase:
    """自行采购: one purchase with its filings. Its own message counts before what a filing says of it."""

    def __init__(self, number: str, group: Group) -> None:
        self.number = number
        bought = sorted(group.get("b", {}).items(), key=lambda each: (each[1][BOUGHT], each[0]))
        filed = sorted(group.get("f", {}).items(), key=lambda each: (each[1][FILED], each[0]))
        said = bought or filed
        self._last: list[Any] = said[-1][1] if said else _NOTHING
        self.filed_on = filed[0][1][FILED] if filed else ""
        days = [each[BOUGHT] for _, each in filed if each[BOUGHT]]
        self.bought_on = bought[-1][1][BOUGHT] if bought else min(days, default="")
        self.causes = tuple(identity for identity, _ in (*bought, *filed))

    @property
    def year(self) -> str:
        """Return the year in which it counts: of the purchase, else of its filing; "" where unknown."""
        return self.counts_on[:YEAR_LENGTH]

    @property
    def counts_on(self) -> str:
        """Return the day on which it counts: of the purchase, else of its filing; "" where unknown."""
        return self.bought_on or self.filed_on

    @property
    def amount(self) -> int:
        """Return what it cost, in fen."""
        return int(self._last[AMOUNT])

    @property
    def emergency(self) -> bool:
        """Return whether it was bought for an emergency (抢救急需)."""
        return bool(self._last[EMERGENCY])

    @property
    def controlled(self) -> str:
        """Return narcotic, psychotropic or ""."""
        return str(self._last[CONTROLLED])

    @property
    def is_drug(self) -> bool:
        """Return whether it is a drug and no consumable."""
        return bool(self._last[CATEGORY] == GoodsCategory.DRUG)

    @property
    def region(self) -> str:
        """Return where the institution is."""
        return str(self._last[REGION])

    def excluded(self, rules: Rulebook, day: str) -> Term | None:
        """Return the term by which it is bought by rules of its own, None where there is none."""
        term = rules.term(self.region, "self_filing.excludes", day) if self.controlled else None
        return term if term is not None and self.controlled in term.value.split(",") else None


def filing_due(purchase: Purchase, rules: Rulebook) -> tuple[str, tuple[Term, ...]] | None:
    """Return the last day for filing and the terms that say so; None where nothing asks for it."""
    day = purchase.bought_on
    if not day or purchase.excluded(rules, day) is not None:
        return None
    before = rules.term(purchase.region, "self_filing.before", day)
    if before is None:
        return None
    if not purchase.emergency:
        return day, (before,)
    workdays = rules.term(purchase.region, "self_filing.emergency_workdays", day)
    if workdays is None:
        return None
    last = rules.workdays.after(date.fromisoformat(day), int(workdays.value))
    return last.isoformat(), (workdays,)


def coming_filing(purchase: Purchase, day: str, rules: Rulebook) -> str:
    """Return the day after `day` at whose end an unfiled purchase is overdue; "" where there is none."""
    due = None if purchase.filed_on else filing_due(purchase, rules)
    return due[0] if due is not None and due[0] > day else ""


def filing_claim(
    purchase: Purchase, key: str, ended: tuple[str, str], on: str, rules: Rulebook
) -> Claim | None:
    """Return the breach of one purchase; None: it is filed in time, or may still be."""
    due = filing_due(purchase, rules)
    if due is None:
        return None
    last, terms = due
    if purchase.filed_on and purchase.filed_on <= last:
        return None
    if not purchase.filed_on and ended[0] < last:
        return None
    late = purchase.emergency
    institution = key.split("/", 1)[1]
    data = {
        "party": institution,
        "region": purchase.region,
        "institution": institution,
        "purchase_no": purchase.number,
        "breach": (FilingBreach.EMERGENCY_LATE if late else FilingBreach.NOT_BEFORE).value,
        "purchased_on": purchase.bought_on,
        "due_on": last,
        "amount": yuan(purchase.amount),
        "found_on": on,
        "because": because(
            RULE,
            terms,
            _arithmetic(purchase, last, terms, rules),
            (*purchase.causes, *(() if purchase.filed_on else (ended[1],))),
        ),
    }
    if purchase.filed_on:
        data["filed_on"] = purchase.filed_on
    return Claim(PURCHASE_FILING_BREACHED, data, ("party", "region"))


def _arithmetic(
    purchase: Purchase, last: str, terms: tuple[Term, ...], rules: Rulebook
) -> tuple[str, ...]:
    filed = purchase.filed_on or "未备案 not filed"
    if not purchase.emergency:
        return (f"采购 bought {purchase.bought_on}, 备案 filed {filed}",)
    known = rules.workdays.announced(date.fromisoformat(last))
    said = "" if known else " (调休尚未公布 provisional)"
    return (
        f"{purchase.bought_on} 后第 {terms[0].value} 个工作日 workday = {last}{said}",
        f"备案 filed {filed} > {last}" if purchase.filed_on else f"至 until {last}: {filed}",
    )

"""预算结论: what follows for an institution's budget of one year from how the year turned out.

The terms are those in force on the year's last day. Where a paper makes something conditional, the
condition must be stated and met; where it names no share, the share comes with the facts or nothing
follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from gateway.policies.payments.ledger import FUND_SETTLEMENT, Balances, entry, institution_account
from gateway.policies.payments.ledger_open import Wanted
from gateway.policies.payments.rounding import worked
from gateway.policies.rulebook import Rulebook, Term, Terms
from schemas.budget import BudgetFinding, ReductionGround
from schemas.events import (
    BUDGET_KEPT,
    BUDGET_OVERRUN_BORNE,
    BUDGET_REDUCTION_BARRED,
    BUDGET_REDUCTION_DUE,
    BUDGET_SURPLUS_RETAINED,
)
from schemas.money import divide_half_up, fen, yuan

RULE: Final = "R14"
WHOLE: Final = "1.00"
Fact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Year:
    """One institution's year: its budget and its outturn as last stated (None: not stated)."""

    institution: str
    year: str
    budget: Fact | None
    outturn: Fact | None
    terms: Terms
    on: date

    def term(self, name: str) -> Term | None:
        """Return a term of the family `budget`."""
        return self.terms.value(f"budget.{name}", self.on)

    def sum(self, name: str) -> int | None:
        """Return a sum of the outturn in fen; None where it is not stated."""
        stated = self.outturn.get(name) if self.outturn is not None else None
        return fen(stated) if stated is not None else None

    @property
    def shortfall(self) -> int | None:
        """Return what of the agreed purchase was not done, in fen; None where it is not stated."""
        agreed, purchased = self.sum("agreed_amount"), self.sum("purchased_amount")
        return agreed - purchased if agreed is not None and purchased is not None else None

    def meets(self, condition: Term | None) -> bool:
        """Return whether a paper's condition is met; one that is not stated is not."""
        if condition is None:
            return True
        if condition.value == "agreement_completed":
            return self.shortfall is not None and self.shortfall <= 0
        return self.outturn is not None and self.outturn.get("assessment_passed") is True


def wanted(institution: str, year: str, state: Mapping[str, Any], rules: Rulebook) -> list[Wanted]:
    """Return everything that follows for one year."""
    budget = _latest(state["budgets"], "set_on")
    outturn = _latest(state["outturns"], "stated_on")
    stated = outturn or budget
    terms = rules.of(stated["region"]) if stated is not None else None
    if terms is None:
        return []
    known = Year(institution, year, budget, outturn, terms, date(int(year), 12, 31))
    found = (_kept(known), _reduction(known), _barred(known), *_balance(known))
    return [each for each in found if each is not None]


def _latest(stated: list[Fact], dated: str) -> Fact | None:
    return max(stated, key=lambda each: (each[dated], each["id"]), default=None)


# ------------------------------------------------------------------------------ the budget itself


def _kept(known: Year) -> Wanted | None:
    """The budget is not reduced because selected products cost less (当年度额度不调减)."""
    term, condition = known.term("kept"), known.term("kept_requires")
    before, cost = known.sum("selected_before"), known.sum("selected_cost")
    if term is None or before is None or cost is None or before <= cost:
        return None
    if not known.meets(condition):
        return None
    saved = f"{yuan(before)} - {yuan(cost)} = {yuan(before - cost)} > 0"
    return _finding(
        known,
        BudgetFinding.KEPT,
        BUDGET_KEPT,
        {"year": known.year, "saved": yuan(before - cost)},
        (term, condition),
        (f"中选药品费用下降 {saved}", *_met(known, condition)),
    )


def _met(known: Year, condition: Term | None) -> tuple[str, ...]:
    if condition is None:
        return ()
    if condition.value == "assessment_passed":
        return ("考核通过 assessment passed",)
    agreed, done = known.sum("agreed_amount") or 0, known.sum("purchased_amount") or 0
    return (f"采购量已完成 {yuan(done)} ≥ {yuan(agreed)}",)


def _reduction(known: Year) -> Wanted | None:
    """A budget is reduced because the agreed purchase was not completed (相应扣减)."""
    term, short = known.term("unfinished"), known.shortfall
    if term is None or short is None or short <= 0:
        return None
    agreed, done = known.sum("agreed_amount") or 0, known.sum("purchased_amount") or 0
    reduced = str(int(known.year) + 1) if term.value == "next_year" else known.year
    data = {
        "year": reduced,
        "agreed_amount": yuan(agreed),
        "purchased_amount": yuan(done),
        "shortfall": yuan(short),
    }
    said = f"约定 {yuan(agreed)} - 实际 {yuan(done)} = {yuan(short)} > 0"
    return _finding(
        known, BudgetFinding.REDUCTION_DUE, BUDGET_REDUCTION_DUE, data, (term,), (said,)
    )


def _barred(known: Year) -> Wanted | None:
    """A reduction that names the savings as its ground is barred; the budget is to be restored."""
    term, condition = known.term("kept"), known.term("kept_requires")
    if term is None or known.budget is None or not known.meets(condition):
        return None
    barred = sum(
        fen(each["amount"])
        for each in known.budget.get("reductions", ())
        if each["ground"] == ReductionGround.SELECTED_SAVINGS
    )
    if not barred:
        return None
    amount = fen(known.budget["amount"])
    data = {
        "year": known.year,
        "budget": yuan(amount),
        "barred": yuan(barred),
        "restored": yuan(amount + barred),
    }
    said = f"{yuan(amount)} + {yuan(barred)} = {yuan(amount + barred)}"
    return _finding(
        known,
        BudgetFinding.REDUCTION_BARRED,
        BUDGET_REDUCTION_BARRED,
        data,
        (term, condition),
        (said, *_met(known, condition)),
    )


# ------------------------------------------------------------------------------ surplus and overrun


def _balance(known: Year) -> Iterator[Wanted | None]:
    spent = known.sum("spent")
    if known.budget is None or spent is None:
        return
    left = fen(known.budget["amount"]) - spent
    if left > 0:
        yield _surplus(known, left, spent)
    elif left < 0:
        yield _overrun(known, -left, spent)


def _surplus(known: Year, left: int, spent: int) -> Wanted | None:
    """What of the surplus is retained (结余留用): all of it, or the agreed share."""
    term, condition = known.term("surplus"), known.term("surplus_requires")
    if term is None or not known.meets(condition):
        return None
    share = WHOLE if term.value == "whole" else _stated(known, "retained_share")
    if share is None:
        return None
    retained = _part(left, share)
    data = {
        **_sums(known, spent),
        "surplus": yuan(left),
        "share": share,
        "retained": yuan(retained),
    }
    line = worked(f"{yuan(left)} × {share}", left * Fraction(share), retained)
    said = (f"{_less(known, spent)}{yuan(left)}", line)
    owed = institution_account(known.institution, "surplus")
    return _finding(
        known,
        BudgetFinding.SURPLUS_RETAINED,
        BUDGET_SURPLUS_RETAINED,
        data,
        (term, condition),
        said,
        entry(FUND_SETTLEMENT, owed, retained),
    )


def _overrun(known: Year, over: int, spent: int) -> Wanted | None:
    """Who bears the overrun: the institution alone (超支自担), or the fund its agreed share of it."""
    term = known.term("overrun")
    share = (
        "0" if term is not None and term.value == "own" else _stated(known, "fund_overrun_share")
    )
    if term is None or share is None:
        return None
    fund = _part(over, share)
    data = {
        **_sums(known, spent),
        "overrun": yuan(over),
        "own": yuan(over - fund),
        "fund": yuan(fund),
    }
    said = (
        f"{_less(known, spent)}-{yuan(over)}",
        worked(f"基金分担 {yuan(over)} × {share}", over * Fraction(share), fund),
        f"自担 {yuan(over)} - {yuan(fund)} = {yuan(over - fund)}",
    )
    owed = institution_account(known.institution, "settlement")
    return _finding(
        known,
        BudgetFinding.OVERRUN_BORNE,
        BUDGET_OVERRUN_BORNE,
        data,
        (term,),
        said,
        entry(FUND_SETTLEMENT, owed, fund),
    )


def _stated(known: Year, name: str) -> str | None:
    stated = known.outturn.get(name) if known.outturn is not None else None
    return str(stated) if stated is not None else None


def _part(amount: int, share: str) -> int:
    exact = amount * Fraction(share)
    return divide_half_up(exact.numerator, exact.denominator)


def _sums(known: Year, spent: int) -> dict[str, Any]:
    budget = known.budget or {}
    return {"year": known.year, "budget": yuan(fen(budget["amount"])), "spent": yuan(spent)}


def _less(known: Year, spent: int) -> str:
    budget = known.budget or {}
    return f"预算 {yuan(fen(budget['amount']))} - 支出 {yuan(spent)} = "


def _finding(
    known: Year,
    finding: BudgetFinding,
    type_: str,
    data: Mapping[str, Any],
    terms: tuple[Term | None, ...],
    arithmetic: tuple[str, ...],
    balances: Balances | None = None,
) -> Wanted:
    facts = [each for each in (known.outturn, known.budget) if each is not None]
    return Wanted(
        slot=finding.value,
        type=type_,
        data={"region": facts[0]["region"], **data},
        place=("region", "year"),
        terms=tuple(term for term in terms if term is not None),
        arithmetic=arithmetic,
        causes=tuple(each["id"] for each in facts),
        balances=balances or {},
        dated="decided_on",
        posted=balances is not None,
        named={"finding": finding.value},
    )

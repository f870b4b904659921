"""回款结论: the canonical data of what follows from late and excessive payments, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.policies.payments.ledger import (
    Balances,
    enterprise_account,
    entry,
    institution_account,
)
from gateway.policies.payments.payment_clock_days import Due
from gateway.policies.payments.payment_clock_receipts import (
    RETURNED,
    Overdue,
    Receipt,
    accepted,
    causes,
    credited,
    enterprise_of,
    region_of,
)
from gateway.policies.payments.payment_clock_standing import Standing
from gateway.policies.policy import because
from gateway.policies.rulebook import Term
from schemas.money import yuan
from schemas.payment import Finding

RULE: Final = "R3"
Data = dict[str, Any]


def warned(
    number: str, receipt: Receipt, stood: Standing, late: Overdue, due: Due, day: str
) -> Data:
    """Return the warning that a receipt is overdue."""
    terms = [*due.terms, *([stood.follows.warned] if stood.follows.warned else [])]
    reasons = [due.arithmetic, _outstanding(late), f"预警日 warned on {stood.follows.warned_on}"]
    return {
        "region": late.region,
        "receipt_no": number,
        "accepted_on": late.accepted_on,
        "due_on": late.due,
        "outstanding": yuan(late.outstanding),
        "warned_on": stood.follows.warned_on,
        "because": because(RULE, terms, reasons, [*causes(receipt), due.contract, day]),
    }


def figures_of(late: Overdue) -> tuple[Any, ...]:
    """Return what a warning says of what is overdue."""
    return late.region, late.accepted_on, late.due, late.outstanding


def put_right(data: Data, replaced: str, by: str) -> None:
    """Name, in the reasons of a conclusion, the one that it puts right, and the correction."""
    why = data["because"]
    why["causes"] = list(dict.fromkeys((replaced, *why["causes"], by)))


def exceeded(number: str, receipt: Receipt, stood: Standing, ended: str, day: str) -> Data:
    """Return the finding that more was paid or credited than accepted (without its postings)."""
    taken = accepted(receipt)
    back = credited(receipt, ended, kinds=RETURNED)
    paid = credited(receipt, ended, kinds="pf")
    sums = f"{yuan(paid)} + {yuan(back)} - {yuan(taken)} = {yuan(stood.excess)} > 0"
    terms = [stood.binding] if stood.binding else []
    return {
        "region": region_of(receipt),
        "receipt_no": number,
        "accepted": yuan(taken),
        "returned": yuan(max(back, 0)),
        "paid": yuan(max(paid, 0)),
        "excess": yuan(stood.excess),
        "found_on": ended,
        "because": because(RULE, terms, [sums], [*causes(receipt), day]),
    }


def excess_entry(institution: str, receipt: Receipt, over: int) -> Balances:
    """Return the entry of an excess: the enterprise owes it back to the institution."""
    payee = enterprise_account(enterprise_of(receipt)) if over else ""
    return entry(payee, institution_account(institution, "vbp"), over)


def ended(
    finding: Finding,
    identity: str,
    region: str,
    place: Mapping[str, str],
    on: str,
    why: Mapping[str, Any],
) -> Data:
    """Return the end of a warning, an excess or a publication; `place` is its receipt or period."""
    return {
        "region": region,
        "finding": finding.value,
        "finding_id": identity,
        **place,
        "ended_on": on,
        "because": dict(why),
    }


def why_ended(
    terms: Sequence[Term], receipt: Receipt, until: str, more: Iterable[str], *, again: bool = False
) -> Data:
    """Return why a receipt's finding has ended: its account now; `again`: it is told anew, put right."""
    taken, paid = accepted(receipt), credited(receipt, until)
    said = [f"应付 {yuan(taken)} - 已付及退货 {yuan(paid)} = {yuan(taken - paid)}"]
    if again:
        said.append("更正后另行认定 corrected: told anew with the figures of now")
    return because(RULE, terms, said, [*more, *causes(receipt)])


def held(stood: Sequence[tuple[str, Overdue, Standing]], why: Sequence[str]) -> Data:
    """Return the hold of the fund's payments to an institution with overdue receipts (at least one)."""
    first = min(stood, key=lambda each: (each[2].follows.held_from, each[0]))
    follows = first[2].follows
    total = sum(late.outstanding for _, late, _ in stood)
    reasons = [f"{number}: {_outstanding(late)}" for number, late, _ in stood]
    if follows.deadline:
        count = follows.hold[-1].value
        reasons.append(f"{follows.warned_on} 后第 {count} 个工作日 workday = {follows.deadline}")
    reasons.append(f"逾期未付合计 outstanding: {yuan(total)}")
    terms = [*([follows.warned] if follows.deadline and follows.warned else []), *follows.hold]
    return {
        "region": first[1].region,
        "held_from": follows.held_from,
        "receipts": len(stood),
        "outstanding": yuan(total),
        "because": because(RULE, terms, reasons, why),
    }


def _outstanding(late: Overdue) -> str:
    left = yuan(late.outstanding)
    return f"到期 {yuan(late.lines)} - 已付及退货 {yuan(late.credited)} = {left} > 0"

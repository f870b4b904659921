"""回款状况: what follows from a receipt's account when a day has ended: warned, held, paid too much."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from gateway.policies.payments.payment_clock_days import Consequence, consequence, days_after
from gateway.policies.payments.payment_clock_receipts import (
    Overdue,
    Receipt,
    coming,
    excess,
    overdue,
    region_of,
    settled_since,
)
from gateway.policies.rulebook import Rulebook, Term

KEPT_DAYS: Final = 92
"""So long a receipt that is paid exactly is kept; later corrections count with the opposite sign.

As long after a period's end what is published of it follows what is told; then it is final.
"""

NOTHING_FOLLOWS: Final = Consequence()


class Standing(NamedTuple):
    """How a receipt stands. `overdue` is what is still unpaid today; `excess` is in fen."""

    overdue: Overdue | None = None
    follows: Consequence = NOTHING_FOLLOWS
    warned: bool = False
    held: bool = False
    excess: int = 0
    binding: Term | None = None
    """The term by which payment follows the contract, for an excess."""
    next: str = ""
    """The first day at whose end it may stand otherwise; "" when never."""
    settled: bool = False
    """It is paid exactly, by credits of days up to today, and on the day `next` it is forgotten."""
    forgotten: bool = False


def standing(receipt: Receipt, institution: str, ended: str, rules: Rulebook) -> Standing:
    """Return how a receipt stands when the day `ended` has ended ("": no day that we know of).

    Something is overdue when its last day has ended and it is still unpaid: payments of today, the day
    after `ended`, count. What is dated later waits for its day.
    """
    today = days_after(ended, 1) if ended else ""
    quiet = _quiet(receipt, ended, today) if ended else None
    if quiet is not None:
        return quiet
    days = set(coming(receipt, ended))
    settled = settled_since(receipt)
    if settled:
        days.add(days_after(settled, KEPT_DAYS))
    if not ended:
        return Standing(next=min(days, default=""))
    late, follows = overdue(receipt, ended, today), NOTHING_FOLLOWS
    if late is not None:
        follows = consequence(late.due, late.region, institution, rules)
        starts = (follows.warned_on, follows.held_from)
        days.update(days_after(each, -1) for each in starts if each)
    binding, over = _over(receipt, ended, rules)
    return Standing(
        overdue=late,
        follows=follows,
        warned=_begun(follows.warned_on, ended),
        held=_begun(follows.held_from, ended),
        excess=over,
        binding=binding,
        next=min((day for day in days if day > ended), default=""),
    )


def _quiet(receipt: Receipt, ended: str, today: str) -> Standing | None:
    """Return how a receipt stands that is paid exactly, or not due yet: by far the most. None for others.

    It says what the whole account would say, in one look at its facts.
    """
    owed, first, last, paid = 0, "", receipt.get("t", ""), ""
    for _, day, amount, due, *_ in receipt["a"]:
        owed += amount
        last = max(last, day, due)
        if due and (due < first or not first):
            first = due
    for _, day, amount, *_ in receipt["c"]:
        owed -= amount
        paid = max(paid, day)
    if paid > today or owed < 0:
        return None
    if owed == 0:
        until = days_after(max(last, paid), KEPT_DAYS) if last or paid else ""
        return Standing(next=until, settled=True, forgotten=until <= ended) if until else None
    if first and first <= ended:
        return None
    return Standing(next=paid if paid == today else first)


def _begun(day: str, ended: str) -> bool:
    """Return whether something that begins on a day has begun, now that `ended` has ended."""
    return bool(day) and days_after(day, -1) <= ended


def _over(receipt: Receipt, ended: str, rules: Rulebook) -> tuple[Term | None, int]:
    """Return the excess and the term that makes it one; nothing where the papers are silent."""
    over = excess(receipt, ended)
    terms = rules.of(region_of(receipt)) if over else None
    binding = terms.value("payment.contract", date.fromisoformat(ended)) if terms else None
    return (binding, over) if binding is not None else (None, 0)


def covers(where: str, region: str) -> bool:
    """Return whether a region's word holds for another one: a province's for its cities' and counties'."""
    if where.endswith("0000"):
        return region[:2] == where[:2]
    return region[:4] == where[:4] if where.endswith("00") else region == where

"""验收单的账: what was accepted, returned and paid for one goods receipt, and how it stands on a day.

A receipt is `a`, its accepted lines [id, day, fen, due day or "", product, region, enterprise], and `c`,
its credits [id, day, fen, "p" paid | "r" returned | "f" paid by the fund, enterprise, region]; `t` is the
last day that had ended when anything was last said. Payments settle the lines that are due first. A credit
counts from its day on. How it is kept: `payment_clock_packed`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.policies.payments.payment_clock_days import days_after

Receipt = Mapping[str, Any]
Line = list[Any]
Fact = tuple[str, str, Line]
"""(receipt number, "a" or "c", line or credit)"""
NOTHING: Final[Receipt] = {"a": [], "c": []}
PAID, RETURNED, PAID_BY_FUND = "p", "r", "f"
COUNTER: Final = "!"
"""Marks the id of what takes back a message whose receipt was settled and forgotten."""
_NEVER: Final = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Overdue:
    """What of a receipt is overdue: the line that has waited longest, and how much is outstanding."""

    accepted_on: str
    due: str
    product: str
    region: str
    outstanding: int
    lines: int
    """Sum of the lines whose last day has ended."""
    credited: int


def accepted(receipt: Receipt) -> int:
    """Return the sum of what was accepted, in fen."""
    return sum(line[2] for line in receipt["a"])


def credited(receipt: Receipt, until: str = _NEVER, *, kinds: str = "prf") -> int:
    """Return the sum of payments and returns up to a day, in fen."""
    return sum(each[2] for each in receipt["c"] if each[1] <= until and each[3] in kinds)


def first_due(receipt: Receipt) -> str:
    """Return the first last day for paying anything of a receipt; a day after all days where it has none."""
    return min([line[3] for line in receipt["a"] if line[3]], default=_NEVER)


def overdue(receipt: Receipt, ended: str, until: str) -> Overdue | None:
    """Return what was due on or before the day `ended` and is not covered by credits up to `until`."""
    due = sorted(line for line in receipt["a"] if line[3] and line[3] <= ended)
    if not due:
        return None
    due.sort(key=lambda line: line[3])
    paid = credited(receipt, until)
    total = sum(line[2] for line in due)
    if total <= paid:
        return None
    so_far = 0
    for line in due:
        so_far += line[2]
        if so_far > paid:
            return Overdue(line[1], line[3], line[4], line[5], total - paid, total, paid)
    raise AssertionError("unreachable: the lines are more than what was paid")


def excess(receipt: Receipt, ended: str) -> int:
    """Return by how much credits up to a day exceed everything that was accepted, in fen."""
    return max(0, credited(receipt, ended) - accepted(receipt))


def region_of(receipt: Receipt) -> str:
    """Return the region of the receipt: where it was accepted, else where it was paid."""
    lines = receipt["a"]
    if lines:
        return str(min(lines, key=lambda line: (line[1], line[0]))[5])
    return str(min(receipt["c"], key=lambda each: (each[1], each[0]))[5])


def enterprise_of(receipt: Receipt) -> str:
    """Return the enterprise that was paid last, or else the one that delivered; "" when unknown."""
    paid = [each for each in receipt["c"] if each[4] and each[3] != RETURNED]
    others = [each for each in receipt["c"] if each[4]]
    if paid or others:
        return str(max(paid or others, key=lambda each: (each[1], each[0]))[4])
    return max((str(line[6]) for line in receipt["a"]), default="")


def causes(receipt: Receipt) -> list[str]:
    """Return the ids of all messages about the receipt, in order of their days."""
    facts = sorted([*receipt["a"], *receipt["c"]], key=lambda each: (each[1], each[0]))
    return [str(each[0]).removeprefix(COUNTER) for each in facts]


def settled_since(receipt: Receipt) -> str:
    """Return the last day of anything about a receipt that is paid exactly; "" where it is not.

    What is said late counts from the day on which it was said. The last days for paying count too: until
    then a payment may still settle, at a period's end, another line of the receipt that is told of late.
    """
    if accepted(receipt) != credited(receipt):
        return ""
    days = (each[1] for part in "ac" for each in receipt[part])
    dues = (line[3] for line in receipt["a"])
    return max([*days, *dues, str(receipt.get("t", ""))], default="")


def coming(receipt: Receipt, ended: str) -> Iterator[str]:
    """Yield the days after `ended` on which the receipt may stand otherwise, if nothing is said of it."""
    today = days_after(ended, 1) if ended else ""
    for line in receipt["a"]:
        if line[3] > ended:
            yield line[3]
    for each in receipt["c"]:
        if each[1] > ended:
            yield each[1]
        if each[1] > today:
            yield days_after(each[1], -1)


def with_line(receipt: Receipt, line: Line) -> dict[str, Any]:
    """Return the receipt with one more accepted line."""
    return {**receipt, "a": [*receipt["a"], line]}


def with_credit(receipt: Receipt, credit: Line) -> dict[str, Any]:
    """Return the receipt with one more payment or return."""
    return {**receipt, "c": [*receipt["c"], credit]}


def knows(receipt: Receipt, identity: str) -> bool:
    """Return whether a message has contributed to the receipt."""
    for each in receipt["a"]:
        if each[0] == identity:
            return True
    return any(each[0] == identity for each in receipt["c"])


def without(receipt: Receipt, identity: str) -> dict[str, Any]:
    """Return the receipt without what a message contributed."""
    return {
        **receipt,
        "a": [line for line in receipt["a"] if line[0] != identity],
        "c": [each for each in receipt["c"] if each[0] != identity],
    }

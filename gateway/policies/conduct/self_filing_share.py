"""备案采购占比: how much of an institution's drug purchases of a year was self-filed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from gateway.policies.claims import Claim
from gateway.policies.conduct.self_filing_book import Book
from gateway.policies.conduct.self_filing_timely import RULE, YEAR_LENGTH
from gateway.policies.payments.payment_clock_days import days_after, end_of_month
from gateway.policies.policy import because
from gateway.policies.rulebook import Rulebook, Term
from schemas.events import PURCHASE_FILED_SHARE_COMPUTED, PURCHASE_FILED_SHARE_EXCEEDED
from schemas.money import plain, yuan

MONTHS: Final = 12
FIRST_DAY: Final = "0001-01-01"
WHOLE_YEAR: Final = 0
"""Stands for the number of months where the year has a figure of its own."""
_SHARE_SCALE: Final = 4
Totals = Mapping[str, Sequence[Any]]
"""Message id → [period, stated on, fen]"""


@dataclass(frozen=True, slots=True)
class Year:
    """A year of an institution, as of the last day that has ended."""

    year: str
    institution: str
    region: str
    day: str
    day_id: str
    on: str

    @property
    def last(self) -> str:
        """Return the year's last day."""
        return f"{self.year}-12-31"


@lru_cache(maxsize=4096)
def coming_month_end(day: str) -> str:
    """Return the first month's end after a day; before any day has ended whichever ends first counts."""
    return end_of_month(days_after(day, 1)) if day else FIRST_DAY


@lru_cache(maxsize=4096)
def last_month_end(day: str) -> str:
    """Return the last month's end up to a day (inclusive); "" before any day has ended."""
    if not day:
        return ""
    return day if end_of_month(day) == day else days_after(f"{day[:8]}01", -1)


def year_claims(about: Year, book: Book, totals: Totals, rules: Rulebook) -> Iterator[Claim]:
    """Yield the share's excess when the year has ended, else the share up to the last month's end."""
    cap = rules.term(about.region, "self_filing.year_share", min(about.last, about.on))
    until = min(last_month_end(about.day), about.last)
    if cap is None or until[:YEAR_LENGTH] != about.year:
        return
    parts, months = _parts(_stated(totals, about.year), about, until)
    filed = book.counted(about.year, until, rules)
    amount, total = sum(each.amount for each in filed), sum(each for _, each in parts)
    causes = (
        *(cause for each in filed for cause in each.causes),
        *(identity for identity, _ in parts),
        about.day_id,
    )
    complete = bool(parts) and until == about.last and months in {WHOLE_YEAR, MONTHS}
    if complete and amount > Fraction(cap.value) * total:
        yield _exceeded(about, amount, total, cap, causes)
    elif filed and total:
        yield _computed(about, until, amount, total, months, cap, causes)


def _stated(totals: Totals, year: str) -> dict[str, tuple[str, int]]:
    """Return (message id, fen) by period of a year; of several of a period the one stated last."""
    found: dict[str, tuple[str, int]] = {}
    for identity, (period, _, amount) in sorted(
        totals.items(), key=lambda each: (each[1][1], each[0])
    ):
        if period[:YEAR_LENGTH] == year:
            found[period] = (identity, amount)
    return found


def _parts(
    stated: Mapping[str, tuple[str, int]], about: Year, until: str
) -> tuple[list[tuple[str, int]], int]:
    """Return the figures that make the total up to a day, and of how many months they are."""
    if until == about.last and about.year in stated:
        return [stated[about.year]], WHOLE_YEAR
    months = [
        each
        for period, each in sorted(stated.items())
        if len(period) > YEAR_LENGTH and period <= until[: len(period)]
    ]
    return months, len(months)


def _exceeded(about: Year, amount: int, total: int, cap: Term, causes: Sequence[str]) -> Claim:
    allowed = Fraction(cap.value) * total
    told = _told(amount, total)
    lines = (
        f"备案 filed {yuan(amount)} > {yuan(total)} × {cap.value}",
        f"{yuan(amount)} / {yuan(total)} = {told}{_cut(amount, total)}",
    )
    data = {
        **_about(about),
        "filed_amount": yuan(amount),
        "total_amount": yuan(total),
        "allowed_amount": yuan(allowed.numerator // allowed.denominator),
        "share": told,
        "because": because(RULE, (cap,), lines, causes),
    }
    return Claim(PURCHASE_FILED_SHARE_EXCEEDED, data, ("party", "region"))


def _computed(
    about: Year,
    until: str,
    amount: int,
    total: int,
    stated: int,
    cap: Term,
    causes: Sequence[str],
) -> Claim:
    told = _told(amount, total)
    shown = f"{told}{_cut(amount, total)}"
    line = f"至 until {until}: {yuan(amount)} / {yuan(total)} = {shown} (累计, 供参考 a figure)"
    data = {
        **_about(about),
        "until": until,
        "filed_amount": yuan(amount),
        "total_amount": yuan(total),
        "months_stated": stated,
        "share": told,
        "cap": cap.value,
        "because": because(RULE, (cap,), (line,), causes),
    }
    return Claim(PURCHASE_FILED_SHARE_COMPUTED, data, ("party", "region"))


def _about(about: Year) -> dict[str, Any]:
    return {
        "party": about.institution,
        "region": about.region,
        "institution": about.institution,
        "year": about.year,
        "found_on": about.on,
    }


def _cut(amount: int, total: int) -> str:
    """Return a sign that decimals were cut off; "" where there are no more."""
    return "…" if total and amount * 10**_SHARE_SCALE % total else ""


def _told(amount: int, total: int) -> str:
    """Return a share with four decimals, cut off; "-" where there is no total."""
    return plain(amount * int(10**_SHARE_SCALE) // total, _SHARE_SCALE) if total else "-"

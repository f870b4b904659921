"""取舍到分: a line of arithmetic whose result is rounded to the fen, so that a person comes to the same."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from gateway.policies.policy import shown
from schemas.money import PRICE_SCALE, SUM_SCALE, plain, yuan

_FINER: Final = 10 ** (PRICE_SCALE - SUM_SCALE)


def worked(left: str, exact: Fraction, due: int, *, up: bool = False) -> str:
    """Return `left = due`; where the exact sum (in fen) has parts of a fen, it and how it was rounded.

    `up`: a minimum (不低于) is rounded up, anything else half up (四舍五入).
    """
    if exact == due:
        return f"{left} = {yuan(due)}"
    fine = exact * _FINER
    cut = shown(plain(fine.numerator // fine.denominator, PRICE_SCALE))
    more = "" if fine.denominator == 1 else "…"
    how = "不低于,进至分 rounded up" if up else "四舍五入至分 rounded half up"
    return f"{left} = {cut}{more} → {yuan(due)} ({how})"

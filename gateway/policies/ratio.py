"""差比价: what a price becomes for another strength or pack of the same drug, exactly.

K = base^log2(X). Where X is a power of two K is a rational number and nothing is lost; elsewhere it is
computed with fifty digits. Rounding happens once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import gcd
from typing import Final

from gateway.policies.policy import shown
from gateway.policies.rulebook import Ratios
from schemas.money import PRICE_SCALE, divide_half_up, plain

_PRECISE: Final = Context(prec=50)
_TWO: Final = Decimal(2)


@dataclass(frozen=True, slots=True)
class Form:
    """规格: what one unit and one pack of a product hold. `content` None: the listing does not say."""

    content: int | None
    unit: str
    pack: int


def ratio_power(base: Decimal, numerator: int, denominator: int) -> Fraction:
    """Return base^log2(numerator / denominator)."""
    common = gcd(numerator, denominator)
    up, down = numerator // common, denominator // common
    if up & (up - 1) == 0 and down & (down - 1) == 0:
        power = up.bit_length() - down.bit_length()
        return Fraction(base) ** power
    nature = _PRECISE.subtract(_PRECISE.ln(Decimal(up)), _PRECISE.ln(Decimal(down)))
    logarithm = _PRECISE.divide(nature, _PRECISE.ln(_TWO))
    return Fraction(_PRECISE.power(base, logarithm))


@lru_cache(maxsize=65536)
def factor(given: Form, wanted: Form, ratios: Ratios) -> tuple[Fraction, str] | None:
    """Return by what a unit price is multiplied for another form, and how it is written; None: not comparable.

    Both must state their content in the same unit, or neither states one (then only packs differ).
    The content's ratio is one of unit prices; the pack's is one of pack prices, so that per unit it is
    divided by the quotient of the packs.
    """
    if (given.content is None) != (wanted.content is None) or given.unit != wanted.unit:
        return None
    value, written = Fraction(1), ""
    if given.content is not None and wanted.content is not None and given.content != wanted.content:
        value *= ratio_power(ratios.content_base, wanted.content, given.content)
        written += f" × {ratios.content_base}^log2({wanted.content}/{given.content})"
    if given.pack != wanted.pack:
        value *= ratio_power(ratios.pack_base, wanted.pack, given.pack)
        value *= Fraction(given.pack, wanted.pack)
        quotient = f"{wanted.pack}/{given.pack}"
        written += f" × {ratios.pack_base}^log2({quotient}) ÷ ({quotient})"
    return value, written


def multiplied(price: int, by: Fraction, ratios: Ratios) -> int:
    """Return a unit price (10^-6 yuan) times a factor, rounded once as the ratios' file says."""
    step = int(10 ** (PRICE_SCALE - ratios.decimals))
    return divide_half_up(price * by.numerator, by.denominator * step) * step


def convert(price: int, given: Form, wanted: Form, ratios: Ratios) -> tuple[int, str] | None:
    """Return a unit price (10^-6 yuan) for another form, and its arithmetic; None: not comparable."""
    found = factor(given, wanted, ratios)
    if found is None:
        return None
    by, written = found
    rounded = multiplied(price, by, ratios)
    return rounded, f"{priced(price)}{written} = {priced(rounded)}"


def priced(price: int) -> str:
    """Return a unit price as people write it."""
    return shown(plain(price, PRICE_SCALE))

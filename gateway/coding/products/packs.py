"""包装换算: sales pack (销售包装), minimum pricing pack (最小计价包装), minimum unit (最小制剂单位).

Procurement counts sales packs, the national interface's 3501-3507 count minimum pricing packs, notices
quote prices per minimum unit. The factors come from the catalogue's 转换比 (1301 column 47) or a
platform's convrat, and are exact rationals: quantity × price never changes by a conversion. Rounding
happens only at the edge, where a fixed scale is written, and is never silent (`at_scale`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Self

from gateway.errors import Rejected, issue
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, divide_half_up


class PackLevel(StrEnum):
    """What is counted."""

    SALES = "sales_pack"
    """销售包装: what is ordered and delivered, e.g. a box."""
    PRICING = "pricing_pack"
    """最小计价包装: what the insurance interface counts and prices."""
    UNIT = "unit"
    """最小制剂单位: tablet, capsule, vial."""


@dataclass(frozen=True, slots=True)
class PackFactors:
    """How many of the smaller are in the larger. Raises ValueError unless both are above zero."""

    pricing_per_sales: Fraction
    units_per_pricing: Fraction

    def __post_init__(self) -> None:
        if self.pricing_per_sales <= 0 or self.units_per_pricing <= 0:
            message = f"pack factors must be above zero: {self.pricing_per_sales}, {self.units_per_pricing}"
            raise ValueError(message)

    @classmethod
    def of_ratio(cls, units_per_sales: Fraction, *, units_per_pricing: Fraction) -> Self:
        """Make factors of 转换比 (units in one sales pack) and the units in one pricing pack."""
        if units_per_pricing <= 0:
            message = f"units per pricing pack must be above zero: {units_per_pricing}"
            raise ValueError(message)
        return cls(units_per_sales / units_per_pricing, units_per_pricing)

    def units_in(self, level: PackLevel) -> Fraction:
        """Return how many minimum units one pack of a level holds."""
        if level is PackLevel.UNIT:
            return Fraction(1)
        if level is PackLevel.PRICING:
            return self.units_per_pricing
        return self.units_per_pricing * self.pricing_per_sales


def convert_quantity(
    quantity: Fraction, source: PackLevel, target: PackLevel, factors: PackFactors
) -> Fraction:
    """Return the same goods counted on another level, exactly."""
    return quantity * factors.units_in(source) / factors.units_in(target)


def convert_price(
    price: Fraction, source: PackLevel, target: PackLevel, factors: PackFactors
) -> Fraction:
    """Return the price of one pack of `target` where one of `source` costs `price`, exactly."""
    return price * factors.units_in(target) / factors.units_in(source)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A value at a fixed scale: `value` units of 10^-scale, rounded half up, and what rounding changed."""

    value: int
    scale: int
    remainder: Fraction
    """Exact value minus written value, in whole units (yuan, packs); 0 when the conversion is exact."""

    @property
    def exact(self) -> bool:
        """Return whether nothing was rounded."""
        return not self.remainder


def at_scale(value: Fraction, scale: int) -> Scaled:
    """Return the value at the edge's scale with the remainder that rounding half up left over."""
    units = value * 10**scale
    rounded = divide_half_up(units.numerator, units.denominator)
    return Scaled(rounded, scale, value - Fraction(rounded, 10**scale))


def exact_quantity(quantity: Fraction, path: str = "quantity") -> int:
    """Return the quantity in 10^-4. Raises Rejected (pack.inexact) where that scale cannot hold it."""
    return _exact(quantity, QUANTITY_SCALE, path)


def exact_price(price: Fraction, path: str = "price") -> int:
    """Return the unit price in 10^-6 yuan. Raises Rejected (pack.inexact) where it cannot be held."""
    return _exact(price, PRICE_SCALE, path)


def _exact(value: Fraction, scale: int, path: str) -> int:
    written = at_scale(value, scale)
    if not written.exact:
        raise Rejected(issue("pack.inexact", path, value=value, scale=scale))
    return written.value

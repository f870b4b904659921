"""事实: what the demo's participants say, before it is put into any dialect.

Quantities are integers of 10^-4 units, unit prices of 10^-6 yuan, amounts are fen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final

from gateway.demo.calendar import Term
from gateway.demo.cast import Distributor, Institution, Place
from gateway.demo.selected_products import Product
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, SUM_SCALE, divide_half_up

_TO_FEN: Final = 10 ** (PRICE_SCALE + QUANTITY_SCALE - SUM_SCALE)


def amount_of(unit_price: int, quantity: int) -> int:
    """Return unit price × quantity in fen, rounded half up once."""
    return divide_half_up(unit_price * quantity, _TO_FEN)


@dataclass(frozen=True, slots=True)
class Listing:
    """挂网: a product at a price in a region. `kind` is selected or listed."""

    place: Place
    batch: str
    product: Product
    unit_price: int
    kind: str
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """采购任务量 of an institution for a drug, with its quarters."""

    place: Place
    institution: Institution
    batch: str
    product: Product
    unit_price: int
    term: Term
    quantity: int
    quarters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A product ordered or accepted."""

    product: Product
    quantity: int
    unit_price: int

    @property
    def amount(self) -> int:
        """Return the line's amount in fen."""
        return amount_of(self.unit_price, self.quantity)


@dataclass(frozen=True)
class Order:
    """采购订单, and the receipt that answers it (all of it is accepted)."""

    number: str
    place: Place
    institution: Institution
    distributor: Distributor
    placed_at: datetime
    accepted_at: datetime
    lines: tuple[Line, ...]

    @cached_property
    def total(self) -> int:
        """Return the order's total in fen."""
        return sum(line.amount for line in self.lines)

"""数量折算 (R5): in what two products' quantities are compared.

Where the paper wants quantities converted by ratio (按比例关系折算) they are compared by what they contain: ten
tablets of 10 mg weigh as much as twenty of 5 mg. The ratio is that of the contents (含量比例), linear and
exact: it is a matter of how much of the substance is bought. The price ratio K = 1.7^log2(X) of the 差比价 rules
says how prices differ and is not used: a tablet of double strength costs 1.7 times as much, but replaces two.

A product's content is what its listing states (`Form` of ratio.py). Where no product of the drug states one,
units are compared as they are. Where some do, in the unit that the first selected product states, one that
states none or another unit cannot be compared: it is left out and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from schemas.money import PRICE_SCALE, scaled


class Product(NamedTuple):
    """同品种产品: one span of one product as `VolumeDrugDescribed` says it; the price is 10^-6 yuan."""

    code: str
    region: str
    selected: bool
    since: str
    until: str
    price: int | None
    content: int | None
    unit: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Read a product out of a description."""
        price = said.get("unit_price")
        return cls(
            said["unified_code"],
            said["region"],
            said["selected"],
            said["since"],
            said["until"],
            scaled(price, PRICE_SCALE) if price else None,
            said.get("content"),
            said.get("unit", ""),
        )

    def selected_on(self, day: str, product: str) -> bool:
        """Return whether it says that a product is selected on a day, in its region."""
        return self.selected and self.code == product and self.since <= day <= self.until


@dataclass(frozen=True, slots=True)
class Weights:
    """What one unit of each product weighs; `unit` "" where units are compared as they are."""

    by_product: Mapping[str, int]
    unit: str

    def of(self, product: str) -> int:
        """Return the weight of one unit; 0: it cannot be compared."""
        return self.by_product.get(product, 0) if self.unit else 1

    def divisor(self, products: Sequence[str]) -> int:
        """Return the weight of one unit of the product in which the comparison is shown."""
        known = [self.of(each) for each in products]
        return next((each for each in known if each), 1)


def weights_of(products: Sequence[Product], *, converted: bool) -> Weights:
    """Return the weights that a drug's description gives; as they are where nothing is converted."""
    stated = [each for each in products if each.content] if converted else []
    first = next((each for each in stated if each.selected), None)
    if first is None:
        return Weights({}, "")
    found = {each.code: each.content for each in stated if each.content and each.unit == first.unit}
    return Weights(found, first.unit or "content")

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
from typing import Any


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


def weights_of(products: Sequence[Mapping[str, Any]], *, converted: bool) -> Weights:
    """Return the weights that a drug's description gives; as they are where nothing is converted."""
    stated = [each for each in products if each.get("content")]
    first = next((each for each in stated if each["selected"]), None)
    if not converted or first is None:
        return Weights({}, "")
    unit = first.get("unit", "")
    found = {each["unified_code"]: each["content"] for each in stated if each["unit"] == unit}
    return Weights(found, unit or "content")

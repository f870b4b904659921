"""产品: what conclusions about a maker's product repeat of it, and its figures (quantities of 10^-4 units)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.policies.policy import shown
from gateway.policies.supply.supply_facts import Known
from schemas.money import QUANTITY_SCALE, plain, scaled

RULE: Final = "R12"
ABOUT: Final = ("party", "region")


def goods(known: Known, fact: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a conclusion that name the maker, its product and the day it was found."""
    _, maker, product = known.key.split("/")
    return {
        "party": maker,
        "maker": maker,
        "region": fact["region"],
        "unified_code": product.replace("~1", "/").replace("~0", "~"),
        "drug": fact["drug"],
        "drug_name": fact["drug_name"],
        "found_on": known.on,
    }


def units(text: str) -> int:
    """Return a quantity as an integer of 10^-4 units."""
    return scaled(text, QUANTITY_SCALE)


def quantity(value: int) -> str:
    """Return an integer of 10^-4 units as a quantity."""
    return plain(value, QUANTITY_SCALE)


def written(value: int) -> str:
    """Return an integer of 10^-4 units as people write it."""
    return shown(quantity(value))

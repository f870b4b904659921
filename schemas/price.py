"""价格: prices that platforms list, and prices that follow from them (价格联动)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.canonical import Because, Canonical, Count, DateText, Statement, Text
from schemas.codes import DrugCode, LocalCode, Region, UnifiedCode
from schemas.money import UnitPriceText


class PriceKind(StrEnum):
    """中选价 / 非中选产品挂网价."""

    SELECTED = "selected"
    LISTED = "listed"


class Strength(Canonical):
    """含量规格: amount of active ingredient per unit, as integer micrograms (or millionths of a unit).

    Two products can be converted by ratio only when both state a content in the same unit.
    """

    content: Annotated[int, Field(strict=True, ge=1)]
    unit: Text


class ListingPriced(Statement):
    """挂网价格: a product is listed in a region at a price per minimum unit from a day on.

    `effective_to` is the last day; absent means until further notice.
    """

    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    specification: Text | None = None
    strength: Strength | None = None
    pack_quantity: Annotated[Count, Field(ge=1)] = 1
    manufacturer: Text | None = None
    region: Region
    kind: PriceKind
    unit_price: UnitPriceText
    effective_from: DateText
    effective_to: DateText | None = None
    basis: Text | None = None


class PriceLinked(Statement):
    """联动价格: the price that a listed product takes because a lower one is in force elsewhere."""

    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    price_before: UnitPriceText
    price_after: UnitPriceText
    reference_code: UnifiedCode
    reference_region: Region
    reference_price: UnitPriceText
    converted: bool
    effective_from: DateText
    because: Because

"""价格: prices that platforms list or that were negotiated, and prices that follow from them (价格联动)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from schemas.canonical import (
    Because,
    Canonical,
    Count,
    DateText,
    LineNumber,
    MessageId,
    Statement,
    Text,
)
from schemas.codes import DrugCode, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.money import UnitPriceText


class PriceKind(StrEnum):
    """中选价 / 非中选产品挂网价."""

    SELECTED = "selected"
    LISTED = "listed"


class ProductOrigin(StrEnum):
    """原研药 / 参比制剂 / 仿制药; whether a generic passed the evaluation is told by its own message."""

    ORIGINATOR = "originator"
    REFERENCE = "reference"
    GENERIC = "generic"


class LinkBasis(StrEnum):
    """联动所依: the lowest price elsewhere, or the joint procurement office's negotiation (议价结果)."""

    LOWEST = "lowest"
    NEGOTIATED = "negotiated"


class Deviation(StrEnum):
    """高于 / 低于应执行价格."""

    ABOVE = "above"
    BELOW = "below"


class Strength(Canonical):
    """含量规格: amount of active ingredient per unit, as integer micrograms (or millionths of a unit).

    Two products can be converted by ratio only when both state a content in the same unit.
    """

    content: Annotated[int, Field(strict=True, ge=1)]
    unit: Text


class ListingPriced(Statement):
    """挂网价格: a product is listed in a region at a price per minimum unit from a day on.

    `effective_to` is the last day; absent means until further notice. `origin` (注册类别), `insured`
    (医保目录范围内) and `comparison_group` (类别相同、功能相近的分组) are what the platform says of the
    product; what it does not say is not assumed, and rules that need it conclude nothing.
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
    origin: ProductOrigin | None = None
    insured: Annotated[bool, Field(strict=True)] | None = None
    comparison_group: Text | None = None


class PriceNegotiated(Statement):
    """议价结果: the price of a non-selected product that the joint procurement office negotiated.

    It is executed in `region` from a day on; `effective_to` is the last day, absent: until further notice.
    """

    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    unit_price: UnitPriceText
    effective_from: DateText
    effective_to: DateText | None = None
    basis: Text | None = None


class PriceLinked(Statement):
    """联动价格: the price that a listed product takes because a lower one is in force elsewhere.

    `replaces` names the linked price of the same day in whose place it stands.
    """

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
    follows: LinkBasis = LinkBasis.LOWEST
    replaces: MessageId | None = None
    because: Because


class LinkProposed(PriceLinked):
    """联动建议: a lower price elsewhere, for those who decide on this one; nothing changes by itself.

    `price_before` is the price in force; `price_after` what it would be. `replaces` names the proposal of
    the same day in whose place it stands.
    """


class LinkEnded(Statement):
    """联动价格失效: a linked price, or a proposal, no longer follows: what it rested on was corrected.

    `price_in_force` is the listing's price on `effective_from`, the linked price's own first day, as it is
    now; absent where nothing is listed on that day.
    """

    linked_id: MessageId
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    price_ended: UnitPriceText
    price_in_force: UnitPriceText | None = None
    proposal: bool
    effective_from: DateText
    because: Because


class PriceDeviationFound(Statement):
    """采购价偏离: an institution bought at another price than the one in force that it must pay.

    `acceptance_id` is the goods receipt's message; `replaces` an earlier finding on the same receipt.
    """

    institution: Institution
    unified_code: UnifiedCode
    drug: DrugCode
    region: Region
    receipt_no: Text
    line_no: LineNumber
    acceptance_id: MessageId
    deviation: Deviation
    paid_price: UnitPriceText
    price_in_force: UnitPriceText
    bought_on: DateText
    replaces: MessageId | None = None
    because: Because


class PriceDeviationLifted(Statement):
    """采购价偏离撤销: a finding no longer follows; `deviation_id` names it."""

    deviation_id: MessageId
    institution: Institution
    unified_code: UnifiedCode
    drug: DrugCode
    region: Region
    acceptance_id: MessageId
    bought_on: DateText
    because: Because


def effective_days_in_order(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when the last day lies before the first. `data` satisfies the model."""
    last = data.get("effective_to")
    if last is not None and last < data["effective_from"]:
        detail = f"effective_to {last} < effective_from {data['effective_from']}"
        return (issue("date.invalid", "effective_to", detail=detail),)
    return ()

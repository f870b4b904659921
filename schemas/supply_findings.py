"""供应结论: what follows from what is known of supply: missing reports, shortages, measures, substitutes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.canonical import Because, Canonical, DateText, MessageId, Statement, Text
from schemas.codes import DrugCode, Enterprise, Institution, Region, UnifiedCode
from schemas.institution import InstitutionKind
from schemas.money import QuantityText, UnitPriceText
from schemas.party import Month, PartyFinding, PartyFindingEnded
from schemas.supply import FailureGround


class ReportItem(StrEnum):
    """生产 / 供应 / 库存 / 回款."""

    PRODUCED = "produced"
    SUPPLIED = "supplied"
    STOCK = "stock"
    PAYMENTS = "payments"


class GoodsFinding(PartyFinding):
    """What conclusions about a maker's product say besides."""

    maker: Enterprise
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text


class ReportMissing(GoodsFinding):
    """月报缺报: a month's report, or items of it, were not there when they were due (`due_on`, inclusive)."""

    month: Month
    due_on: DateText
    missing: tuple[ReportItem, ...] = Field(max_length=4)
    reported: Annotated[bool, Field(strict=True)]
    """Whether there is a report at all (with items missing)."""


class CapacityReportedLate(GoodsFinding):
    """产能不足未提前报告: a shortage was not reported before the day on which it began."""

    short_from: DateText
    reported_on: DateText


class ShortageGround(StrEnum):
    """产能不足 / 停产."""

    CAPACITY = "capacity"
    HALT = "halt"


class ShortageWarned(GoodsFinding):
    """短缺预警: what a maker has and can make does not cover what it is still to deliver.

    remaining = agreed − supplied; short = remaining − (stock + reserve + capacity), where all of these are
    known; `cover` is (stock + reserve) ÷ remaining, cut off after four decimals. What nobody reported is
    absent, and the warning then rests on the maker's own report alone.
    """

    ground: ShortageGround
    short_from: DateText
    short_to: DateText | None = None
    agreed_quantity: QuantityText | None = None
    supplied_quantity: QuantityText | None = None
    remaining_quantity: QuantityText | None = None
    stock_quantity: QuantityText | None = None
    reserve_quantity: QuantityText | None = None
    capacity_quantity: QuantityText | None = None
    short_quantity: QuantityText | None = None
    cover: Text | None = None


class MeasuresProposed(GoodsFinding):
    """措施建议: what the paper lets authorities do when supply fails, in its own words: proposals, no orders."""

    ground: FailureGround
    distributor: Enterprise | None = None
    failed_from: DateText
    measures: tuple[Text, ...] = Field(min_length=1, max_length=20)


class DeliveryShort(PartyFinding):
    """交付不足: of what an institution ordered by a month's end so much was not accepted by then (a figure)."""

    institution: Institution
    distributor: Enterprise
    unified_code: UnifiedCode
    drug: DrugCode | None = None
    period: Month
    ordered_quantity: QuantityText
    accepted_quantity: QuantityText
    outstanding_quantity: QuantityText
    order_count: Annotated[int, Field(strict=True, ge=1)]
    oldest_order_on: DateText


class PriorityGiven(PartyFinding):
    """优先保障: in a shortage this institution is supplied before others (偏远地区的乡、村两级医疗机构)."""

    institution: Institution
    kind: InstitutionKind
    priority: Annotated[int, Field(strict=True, ge=1)]


class SupplyFindingEnded(PartyFindingEnded):
    """供应认定终止: reported, covered, restored or corrected."""


class Substitute(Canonical):
    """替代药品: another province's selected product of the same generic.

    `converted_price` is its unit price for the failing product's strength and pack by 差比价, where both
    are known; the days are those on which its price is in force.
    """

    unified_code: UnifiedCode
    region: Region
    unit_price: UnitPriceText
    converted_price: UnitPriceText | None = None
    specification: Text | None = None
    effective_from: DateText
    effective_to: DateText | None = None


class SubstitutionListed(Statement):
    """替代采购顺序: while a selected product fails, these are bought first: cheapest first.

    Where the list is empty no other province's selected product is known.
    """

    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    failed_from: DateText
    substitutes: tuple[Substitute, ...] = Field(max_length=2000)
    found_on: DateText
    replaces: MessageId | None = None
    because: Because


class SubstitutionEnded(Statement):
    """替代采购终止: the product is supplied again, or its failure was corrected."""

    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    ended_id: MessageId
    ended_type: Text
    ended_on: DateText
    because: Because

"""医保支付标准: up to which price the insurance fund takes part, and how a sale is split by it."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Any

from pydantic import Field

from schemas.canonical import (
    Because,
    Canonical,
    DateText,
    LineNumber,
    MessageId,
    Statement,
    Text,
)
from schemas.codes import DrugCode, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.money import QuantityText, SumText, UnitPriceText


class StandardBasis(StrEnum):
    """依据: 本品中选价 / 同通用名中选价 / 渐进调整方案."""

    SELECTED_PRICE = "selected_price"
    SAME_GENERIC = "same_generic"
    SCHEDULE = "schedule"


class RefusedBecause(StrEnum):
    """不采用方案的原因: 超过年限 / 未调整到位 / 价格上升 / 文件未许可."""

    TOO_LATE = "too_late"
    NOT_CONVERGING = "not_converging"
    RISING = "rising"
    NOT_PROVIDED = "not_provided"


class ScheduleStep(Canonical):
    """一步: the standard from a day on."""

    effective_from: DateText
    unit_price: UnitPriceText


class StandardScheduled(Statement):
    """渐进调整方案: the authority decided by which steps a product's standard comes down (渐进调整).

    The papers say within how many years, not how large a difference is nor how large the steps are: those
    come with this decision. `document` is its number (文号).
    """

    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    document: Text | None = None
    decided_on: DateText
    steps: tuple[ScheduleStep, ...] = Field(min_length=1, max_length=24)


class PaymentStandardSet(Statement):
    """医保支付标准: per minimum unit, from a day on; `effective_to` only where none follows.

    `selected_code` is the product whose selected price it rests on. `steps` are the later steps of a
    schedule, as decided. `replaces` names the standard of the same day in whose place it stands.
    """

    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    unit_price: UnitPriceText
    basis: StandardBasis
    selected_code: UnifiedCode
    effective_from: DateText
    effective_to: DateText | None = None
    steps: tuple[ScheduleStep, ...] = Field(default=(), max_length=24)
    replaces: MessageId | None = None
    because: Because


class PaymentStandardEnded(Statement):
    """医保支付标准失效: a standard no longer follows; `standard_id` names it."""

    standard_id: MessageId
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    price_ended: UnitPriceText
    effective_from: DateText
    because: Because


class ScheduleRefused(Statement):
    """渐进调整方案不予采用: a decided schedule does not agree with the paper; the standard goes without it."""

    schedule_id: MessageId
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    reason: RefusedBecause
    effective_from: DateText
    because: Because


class StandardCapped(Statement):
    """非中选品种支付标准上限: not above the highest selected price of the same category and function.

    It is a cap, no standard: what lies below it the authority decides. `replaces` as above.
    """

    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    comparison_group: Text
    cap_price: UnitPriceText
    highest_code: UnifiedCode
    effective_from: DateText
    effective_to: DateText | None = None
    replaces: MessageId | None = None
    because: Because


class CapEnded(Statement):
    """支付标准上限失效: a cap no longer follows; `cap_id` names it."""

    cap_id: MessageId
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    comparison_group: Text
    effective_from: DateText
    because: Because


class PaymentSplit(Statement):
    """支付分担: one sale by the payment standard: what the fund takes into account, what the patient bears.

    `fund_base` (纳入基金支付范围的金额) is what is reimbursed by the insurance's own rules; it and
    `patient_excess` (超出支付标准、由患者自付) add up to `total`. `markup` is the unit price's excess over
    the product's own selected price, where that is known. `replaces` names an earlier split of the sale.
    """

    institution: Institution
    unified_code: UnifiedCode
    drug: DrugCode
    region: Region
    sale_no: Text
    line_no: LineNumber
    sale_id: MessageId
    sold_on: DateText
    quantity: QuantityText
    unit_price: UnitPriceText
    standard_price: UnitPriceText
    standard_id: MessageId
    total: SumText
    fund_base: SumText
    patient_excess: SumText
    markup: UnitPriceText | None = None
    replaces: MessageId | None = None
    because: Because


class PaymentSplitEnded(Statement):
    """支付分担失效: a sale's split no longer follows: no standard holds, or the sale was corrected."""

    split_id: MessageId
    institution: Institution
    unified_code: UnifiedCode
    drug: DrugCode
    region: Region
    sale_id: MessageId
    sold_on: DateText
    because: Because


def steps_in_order(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when a schedule's steps are not in order of their days. `data` satisfies the model."""
    days = [step["effective_from"] for step in data["steps"]]
    return tuple(
        issue("date.invalid", f"steps[{at}].effective_from", detail=f"{later} ≤ {earlier}")
        for at, (earlier, later) in enumerate(pairwise(days), start=1)
        if later <= earlier
    )

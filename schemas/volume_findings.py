"""量的结论: what the gateway concludes of reports, splits, agreements and purchases.

`replaces` is the id of an earlier conclusion whose figures this one puts right; an ending names what it
ends in `ended_id`. `found_on` is the day of the fact that brought the conclusion about.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.canonical import Because, Canonical, Count, DateText, MessageId, Statement, Text
from schemas.codes import DrugCode, Institution, Region, UnifiedCode
from schemas.money import QuantityText, SumText, UnitPriceText
from schemas.volume import Year


class Finding(Statement):
    """结论: what all of them say."""

    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    replaces: MessageId | None = None
    found_on: DateText
    because: Because


class Ending(Statement):
    """结论终止: an earlier conclusion does not hold any more."""

    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    ended_id: MessageId
    ended_type: Text
    ended_on: DateText
    because: Because


# ------------------------------------------------------------------------------- 报量 reports


class Shortfall(StrEnum):
    """低于下限 / 未逐年增量."""

    BELOW_FLOOR = "below_floor"
    NOT_GROWING = "not_growing"


class ReportShort(Finding):
    """报量不足: less was reported than the paper's floor. `unit` is an institution or a community.

    `required_volume` is the floor in quantity: the report must reach it, or exceed it (not_growing).
    `unified_code` stands where the paper counts by product.
    """

    unit: Text
    members: tuple[Institution, ...] = Field(min_length=1)
    unified_code: UnifiedCode | None = None
    year: Year
    shortfall: Shortfall
    reported_volume: QuantityText
    compared_volume: QuantityText
    required_volume: QuantityText


class ReportMissing(Finding):
    """未报量: a public institution with use in the year before reported nothing until the window closed."""

    unit: Text
    members: tuple[Institution, ...] = Field(min_length=1)
    year: Year
    used_volume: QuantityText


class TaskProposed(Finding):
    """采购量建议: the quantity that follows from the use of the year before, by product."""

    unit: Text
    members: tuple[Institution, ...] = Field(min_length=1)
    unified_code: UnifiedCode | None = None
    year: Year
    used_volume: QuantityText
    proposed_volume: QuantityText


class ReportFindingEnded(Ending):
    """报量结论终止."""

    unit: Text
    year: Year


# --------------------------------------------------------------------- 分解与汇总 splits and sums


class SplitLine(Canonical):
    """分解明细: `share` is purchased ÷ all purchased as an exact fraction in lowest terms."""

    institution: Institution
    region: Region
    purchased_volume: QuantityText
    share: Text
    allotted_volume: QuantityText


class SplitComputed(Finding):
    """采购量分解: the published quantity by each institution's share; the lines add up to it."""

    year: Year
    published_volume: QuantityText
    purchased_volume: QuantityText
    step: QuantityText
    lines: tuple[SplitLine, ...] = Field(min_length=1)


class DemandSummed(Finding):
    """采购需求汇总: the use or purchases of the year before, summed over a region's institutions.

    `lowest_volume` and `highest_volume` bound the selected quantity where the paper bounds it.
    """

    year: Year
    institutions: Count
    demand_volume: QuantityText
    lowest_volume: QuantityText | None = None
    highest_volume: QuantityText | None = None


class PublishedOutside(Finding):
    """公布采购量超出约定比例: the published quantity lies outside the paper's share of last year's use."""

    year: Year
    published_volume: QuantityText
    lowest_volume: QuantityText
    highest_volume: QuantityText


class RegionFindingEnded(Ending):
    """区域结论终止: of a split, a sum, a term."""


# --------------------------------------------------------------------------- 周期 terms of agreements


class TermComputed(Finding):
    """采购周期: first and last day of a batch's term; `extendable_to` is the latest day it may go on to."""

    term_from: DateText
    term_to: DateText
    extended_to: DateText | None = None
    extendable_to: DateText | None = None


class TermOverextended(Finding):
    """超期延长: the term was extended further than the paper lets it be."""

    extended_to: DateText
    extendable_to: DateText


class RenewalDue(Finding):
    """协议续签: an agreement year has ended within the term; the next agreement is to be signed."""

    agreement_from: DateText
    agreement_to: DateText
    next_from: DateText
    next_to: DateText


class TermEnded(Finding):
    """采购周期届满."""

    term_from: DateText
    term_to: DateText


# ------------------------------------------------------------------------ 采购 purchases of institutions


class DescribedProduct(Canonical):
    """同品种产品: one span of one product; `selected` and `unit_price` hold from `since` to `until`.

    `content` is what one minimum unit holds, in millionths of `unit`.
    """

    unified_code: UnifiedCode
    region: Region
    selected: Annotated[bool, Field(strict=True)]
    unit_price: UnitPriceText | None = None
    since: DateText
    until: DateText
    content: Annotated[int, Field(strict=True, ge=1)] | None = None
    unit: str = ""


class DrugDescribed(Statement):
    """同品种目录: which products of a drug are selected in a province, since when, at which price.

    Of two descriptions of one drug the one with the higher `revision` counts.
    """

    drug: DrugCode
    drug_name: Text
    region: Region
    revision: Count
    found_on: DateText
    because: Because
    products: tuple[DescribedProduct, ...]


class TaskCompleted(Finding):
    """任务完成: the accepted quantity of the term has reached the agreed quantity on `completed_on`.

    `agreed_amount` is agreed quantity × selected price in yuan, where the tasks state a price.
    """

    institution: Institution
    task_volume: QuantityText
    accepted_volume: QuantityText
    agreed_amount: SumText | None = None
    completed_on: DateText
    term_from: DateText
    term_to: DateText


class TaskReopened(Ending):
    """任务完成撤销: with what is known now, the task that `ended_id` said to be completed is not."""

    institution: Institution


class OverTaskPriceBreached(Finding):
    """超量部分未执行中选价: bought after completion, within the term, above the selected price."""

    institution: Institution
    unified_code: UnifiedCode
    bought_on: DateText
    quantity: QuantityText
    unit_price: UnitPriceText
    selected_price: UnitPriceText
    overpaid: SumText


class OverTaskPriceEnded(Ending):
    """超量价格结论终止."""

    institution: Institution


class CapBreach(StrEnum):
    """超过中选采购量 / 未完成任务即采购非中选."""

    ABOVE_SELECTED = "above_selected"
    BEFORE_TASK_DONE = "before_task_done"


class CapBreached(Finding):
    """非中选超量: more non-selected than selected products of the drug were bought within the term.

    Quantities are those that the paper compares: converted by content where it says so.
    `found_on` is the day since which it is so; the quantities are those at that day's end.
    """

    institution: Institution
    breach: CapBreach
    term_from: DateText
    term_to: DateText
    selected_quantity: QuantityText
    other_quantity: QuantityText
    excess_quantity: QuantityText


class CapBreachEnded(Ending):
    """非中选超量终止."""

    institution: Institution

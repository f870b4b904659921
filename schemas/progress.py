"""采购进度: how far an institution has come with its task for a drug, and what regions come to."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.canonical import Because, Canonical, Count, DateText, MessageId, Statement, Text
from schemas.codes import DrugCode, Institution, Region
from schemas.money import QuantityText, SumText


class Standing(StrEnum):
    """正常 / 预警 / 暂停结算."""

    NORMAL = "normal"
    WARNED = "warned"
    HELD = "held"


class ProgressWarned(Statement):
    """进度预警: the accepted quantity is below the region's warning threshold at a period's end.

    `replaces` names the earlier warning of the same period whose figures this one puts right.
    """

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    period: Text
    accepted_quantity: QuantityText
    task_quantity: QuantityText
    completion: Text
    warned_on: DateText
    replaces: MessageId | None = None
    because: Because


class WarningLifted(Statement):
    """预警解除: a later or corrected acceptance brought the standing of a closed period back to normal.

    `warning_id` is the warning that ends: the last one of the period.
    """

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    period: Text
    completion: Text
    warning_id: MessageId
    lifted_on: DateText
    because: Because


class Figures(Canonical):
    """进度数字: of one period and cumulative over the term up to the period's end.

    `task_quantity` is the whole term's task; `completion` is cumulative ÷ task, four decimals, cut off.
    Every figure but `completion` adds up over institutions, regions and drugs (quantities within a drug).
    """

    accepted_quantity: QuantityText
    accepted_amount: SumText
    cumulative_quantity: QuantityText
    cumulative_amount: SumText
    task_quantity: QuantityText
    completion: Text


class ProgressMeasured(Statement):
    """进度监测: one institution's figures for a drug and batch in a closed month or quarter.

    Of two of the same institution, drug, batch and period the one with the higher `revision` counts; one
    without a task (task_quantity 0) takes the earlier ones back.
    """

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    period: Text
    ended_on: DateText
    revision: Count
    replaces: MessageId | None = None
    figures: Figures
    because: Because


class PublishedLine(Canonical):
    """公示明细: one drug of one batch."""

    drug: DrugCode
    drug_name: Text
    batch: Text
    figures: Figures


class ProgressPublished(Statement):
    """进度公示: one institution's progress in a closed period, drug by drug; `revision` as in 进度监测."""

    institution: Institution
    region: Region
    period: Text
    ended_on: DateText
    revision: Count
    replaces: MessageId | None = None
    published_on: DateText
    lines: tuple[PublishedLine, ...] = Field(max_length=20_000)
    because: Because


class RegionLevel(StrEnum):
    """区县 / 市州 / 省."""

    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"


class ProgressSummarised(Statement):
    """进度汇总: a region's figures for a closed period: of one drug of a batch, or of the whole batch.

    The parts of a county are its institutions, of a city its counties, of a province its cities; what
    partners place no finer than a city or province is a part of it directly. Of a whole batch there are
    amounts and counts, no quantities: tablets and injections do not add up. `institutions` counts pairs of
    institution and drug there. `done` counts those whose cumulative quantity has reached the task. `part_of` is the
    region whose part this one is; `summarised_on` the last day that had ended when it was drawn up first.
    """

    region: Region
    level: RegionLevel
    batch: Text
    drug: DrugCode | None = None
    drug_name: Text | None = None
    period: Text
    ended_on: DateText
    revision: Count
    replaces: MessageId | None = None
    institutions: Count
    done: Count
    accepted_amount: SumText
    cumulative_amount: SumText
    figures: Figures | None = None
    part_of: Region | None = None
    summarised_on: DateText
    because: Because


class Unfinished(Statement):
    """期满未完成: the term has ended and its task is not done: next year's budget is to be reduced.

    `shortfall_amount` is the shortfall × selected price in yuan where every task states its price.
    `measures` is the paper's ladder for such institutions: proposals for a person to decide, no orders.
    """

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    term_from: DateText
    term_to: DateText
    task_volume: QuantityText
    accepted_volume: QuantityText
    shortfall_volume: QuantityText
    completion: Text
    agreed_amount: SumText | None = None
    shortfall_amount: SumText | None = None
    consequence: Text
    measures: tuple[Text, ...] = ()
    replaces: MessageId | None = None
    found_on: DateText
    because: Because


class UnfinishedEnded(Statement):
    """期满未完成终止: with what is known now, the task was done."""

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    ended_id: MessageId
    ended_type: Text
    ended_on: DateText
    because: Because

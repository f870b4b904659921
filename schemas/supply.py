"""供应: what makers agreed to supply, what they report of it, and what follows when supply fails."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from schemas.canonical import DateText, Statement, Text
from schemas.codes import DrugCode, Enterprise, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.ledger import AmountText
from schemas.money import QuantityText
from schemas.party import Month

Flag = Annotated[bool, Field(strict=True)]


class MakerStatement(Statement):
    """What every statement about a maker's selected product names."""

    maker_local: LocalCode | None = None
    maker: Enterprise
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region


class SupplyAgreed(MakerStatement):
    """供应已约定: a selected maker (中选企业) is to supply a region from a day to a day (both inclusive).

    `agreed_quantity` is the region's agreed volume (约定采购量) for that time in minimum units.
    """

    batch: Text
    agreed_quantity: QuantityText
    supply_from: DateText
    supply_to: DateText
    agreed_on: DateText


class SupplyReported(MakerStatement):
    """供应月报: a maker's report of a month: 生产, 供应, 库存, 回款 (and 产能), each where it was reported.

    `supplied_quantity` is what it supplied to this region in the month; `stock_quantity` what it held at
    the month's end. Of several reports of one month the one made last counts.
    """

    month: Month
    produced_quantity: QuantityText | None = None
    supplied_quantity: QuantityText | None = None
    stock_quantity: QuantityText | None = None
    payments_received: AmountText | None = None
    capacity_quantity: QuantityText | None = None
    reported_on: DateText


class CapacityShort(MakerStatement):
    """产能不足已报告: from `short_from` on (until `short_to`) a maker cannot make as much as is needed.

    `capacity_quantity` is what it can still make for this region until then, where it says so.
    """

    short_from: DateText
    short_to: DateText | None = None
    capacity_quantity: QuantityText | None = None
    cause: Text | None = None
    reported_on: DateText


class HaltReported(MakerStatement):
    """停产已报告: production halts on a day; `resumed_on` is the first day of production again."""

    halted_on: DateText
    resumed_on: DateText | None = None
    cause: Text | None = None
    reported_on: DateText


class ReserveReported(MakerStatement):
    """应急储备已报告: what a maker holds in reserve for a region (`stock_quantity`: and besides in stock)."""

    reserve_quantity: QuantityText
    stock_quantity: QuantityText | None = None
    counted_on: DateText


class FailureGround(StrEnum):
    """无法保障供应 / 不按合同供货 / 不能保障质量."""

    UNABLE = "unable"
    AGAINST_CONTRACT = "against_contract"
    QUALITY = "quality"


class SupplyFailed(MakerStatement):
    """供应中断已认定: an authority has found that a selected product's supply fails in a region.

    With `distributor` the distributor failed, else the maker. `force_majeure` is 不可抗力.
    """

    distributor_local: LocalCode | None = None
    distributor: Enterprise | None = None
    ground: FailureGround
    force_majeure: Flag = False
    failed_from: DateText
    declared_on: DateText


class SupplyRestored(MakerStatement):
    """供应已恢复: failures, shortages and halts of the product in the region that began before are over."""

    restored_from: DateText


def supply_days_in_order(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when something ends before it begins. `data` satisfies the model."""
    pairs = (("supply_from", "supply_to"), ("short_from", "short_to"), ("halted_on", "resumed_on"))
    return tuple(
        issue("date.invalid", last, detail=data[last])
        for first, last in pairs
        if data.get(first) and data.get(last) and data[last] < data[first]
    )


def month_has_begun(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when a month is reported before it began. `data` satisfies the model."""
    if data["reported_on"] < f"{data['month']}-01":
        return (issue("date.invalid", "reported_on", detail=data["reported_on"]),)
    return ()

"""采购订单: an institution orders products from a distributor."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from schemas.canonical import Canonical, Instant, LineNumber, Statement, Text
from schemas.codes import DrugCode, Enterprise, Institution, LocalCode, UnifiedCode
from schemas.issues import Issue, issue
from schemas.money import QuantityText, SumText, UnitPriceText, yuan


class OrderLine(Canonical):
    """订单明细: `amount` is unit price × quantity, rounded half up to the fen."""

    line_no: LineNumber
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode | None = None
    quantity: QuantityText
    unit_price: UnitPriceText
    amount: SumText


class OrderPlaced(Statement):
    """订单已下达. `msg_id` is the partner's own message id; `total` is the sum of the lines."""

    msg_id: Text
    order_no: Text
    institution_local: LocalCode | None = None
    institution: Institution
    distributor_local: LocalCode | None = None
    distributor: Enterprise
    placed_at: Instant
    lines: tuple[OrderLine, ...] = Field(min_length=1, max_length=500)
    total: SumText


def order_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when the line amounts differ from the total or a line number repeats.

    `data` satisfies the model: sums have exactly two decimals, so digits without the point are fen.
    """
    lines = data["lines"]
    found: list[Issue] = []
    total = sum([int(line["amount"].replace(".", "")) for line in lines])
    declared = int(data["total"].replace(".", ""))
    if total != declared:
        found.append(issue("sum.mismatch", "total", declared=data["total"], found=yuan(total)))
    if len({line["line_no"] for line in lines}) != len(lines):
        found.append(issue("line.duplicate", "lines", detail="line_no"))
    return tuple(found)

"""零售: sales of designated retail pharmacies (医保定点零售药店). No patient enters the language."""

from __future__ import annotations

from typing import Any

from schemas.canonical import Instant, LineNumber, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.money import QuantityText, SumText, UnitPriceText, line_amount, yuan


class RetailSold(Statement):
    """药店销售: one line of a pharmacy's sale; `amount` is unit price × quantity, rounded to the fen.

    `sale_no` with `line_no` is the pharmacy's own; a return is a correction (`supersedes`).
    """

    sale_no: Text
    line_no: LineNumber
    institution_local: LocalCode
    institution: Institution
    region: Region
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    quantity: QuantityText
    unit_price: UnitPriceText
    amount: SumText
    sold_at: Instant


def sale_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when the amount is not unit price × quantity. `data` satisfies the model."""
    found = yuan(line_amount(data["unit_price"], data["quantity"]))
    if found != data["amount"]:
        return (issue("sum.mismatch", "amount", declared=data["amount"], found=found),)
    return ()

"""购销合同: what an institution has agreed to buy of a selected product, at which price, until when."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from schemas.canonical import DateText, Statement, Text
from schemas.codes import DrugCode, Enterprise, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.ledger import AmountText
from schemas.money import QuantityText, UnitPriceText, line_amount, yuan


class ContractBasis(StrEnum):
    """年度购销合同 / 确定后的采购任务(尚无合同)."""

    CONTRACT = "contract"
    TASK = "task"


class ContractSigned(Statement):
    """购销合同已签订或已变更: one selected product (中选药品) of one agreement.

    An amendment (变更) has the same `contract_no` and a higher `version`. `amount` is unit price × agreed
    quantity for the whole term, rounded half up. `payment_days`, where the contract says it, counts
    from acceptance (验收合格) to payment. With the basis `task` it states a fixed task's amount
    (确定后的采购任务金额) that has no contract yet.
    """

    contract_no: Text
    version: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    basis: ContractBasis = ContractBasis.CONTRACT
    institution_local: LocalCode
    institution: Institution
    region: Region
    distributor_local: LocalCode | None = None
    distributor: Enterprise | None = None
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    agreed_quantity: QuantityText
    unit_price: UnitPriceText
    amount: AmountText
    term_from: DateText
    term_to: DateText
    payment_days: Annotated[int, Field(strict=True, ge=1, le=730)] | None = None
    signed_on: DateText


def contract_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when the amount is not price × quantity, or the term ends before it begins."""
    found: list[Issue] = []
    computed = yuan(line_amount(data["unit_price"], data["agreed_quantity"]))
    if computed != yuan(int(data["amount"].replace(".", ""))):
        found.append(issue("sum.mismatch", "amount", declared=data["amount"], found=computed))
    if data["term_to"] < data["term_from"]:
        found.append(issue("date.invalid", "term_to", detail=data["term_to"]))
    return tuple(found)

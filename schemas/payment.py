"""回款: payments for accepted goods, goods returned, and what follows when payment is late."""

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
from schemas.codes import DrugCode, Enterprise, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.ledger import AmountText, Postings
from schemas.money import QuantityText, UnitPriceText, yuan
from schemas.volume import PERIOD_PATTERN

Period = Annotated[str, Field(strict=True, pattern=PERIOD_PATTERN)]


class Payer(StrEnum):
    """医疗机构支付 / 医保基金与企业直接结算."""

    INSTITUTION = "institution"
    FUND = "fund"


class PaymentLine(Canonical):
    """付款明细: how much of the payment is for which goods receipt (验收单)."""

    receipt_no: Text
    amount: AmountText


class PaymentMade(Statement):
    """货款已支付: from an institution, or from the fund in its stead (直接结算), to an enterprise.

    One payment may be for several receipts, and a receipt may be paid in several payments.
    """

    payment_no: Text
    institution_local: LocalCode
    institution: Institution
    region: Region
    distributor_local: LocalCode | None = None
    distributor: Enterprise
    paid_by: Payer = Payer.INSTITUTION
    paid_on: DateText
    lines: tuple[PaymentLine, ...] = Field(min_length=1, max_length=500)
    total: AmountText


def payment_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when the lines do not sum to the total, pay nothing or name a receipt twice."""
    lines = data["lines"]
    found: list[Issue] = []
    amounts = [int(line["amount"].replace(".", "")) for line in lines]
    if sum(amounts) != int(data["total"].replace(".", "")):
        found.append(
            issue("sum.mismatch", "total", declared=data["total"], found=yuan(sum(amounts)))
        )
    for at, amount in enumerate(amounts):
        if not amount:
            found.append(issue("field.range", f"lines[{at}].amount", detail="0.00"))
    if len({line["receipt_no"] for line in lines}) != len(lines):
        found.append(issue("line.duplicate", "lines", detail="receipt_no"))
    return tuple(found)


class GoodsReturned(Statement):
    """已退货(红字): one line; `amount` (not negative) reduces what is due for the receipt."""

    return_no: Text
    line_no: LineNumber
    receipt_no: Text
    institution_local: LocalCode
    institution: Institution
    region: Region
    distributor_local: LocalCode | None = None
    distributor: Enterprise | None = None
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    returned_quantity: QuantityText
    unit_price: UnitPriceText
    amount: AmountText
    returned_on: DateText


# ------------------------------------------------------------------------------ conclusions


class Finding(StrEnum):
    """逾期 / 通报 / 多付."""

    OVERDUE = "overdue"
    PUBLISHED = "published"
    EXCEEDED = "exceeded"


class PaymentOverdue(Statement):
    """逾期回款预警: a receipt is not paid in full although its last day for payment has ended."""

    institution: Institution
    region: Region
    receipt_no: Text
    accepted_on: DateText
    due_on: DateText
    outstanding: AmountText
    warned_on: DateText
    because: Because


class OverduePublished(Statement):
    """逾期回款通报: how many receipts of an institution were overdue at a period's end, and how much.

    `replaces` names the publication of the same period that this one corrects.
    """

    institution: Institution
    region: Region
    period: Period
    receipts: Count
    outstanding: AmountText
    published_on: DateText
    replaces: MessageId | None = None
    because: Because


class PaymentExceeded(Statement):
    """多付: for a receipt more was paid (or credited by returns) than was accepted.

    The postings show the enterprise owing the excess back.
    """

    institution: Institution
    region: Region
    receipt_no: Text
    accepted: AmountText
    returned: AmountText
    paid: AmountText
    excess: AmountText
    found_on: DateText
    replaces: MessageId | None = None
    postings: Postings
    because: Because


class FindingEnded(Statement):
    """认定终止: an overdue warning, a publication or an excess does not follow from the facts any more.

    A warning ends when the receipt is paid, returned or corrected. The postings, if any, undo those of
    what has ended.
    """

    institution: Institution
    region: Region
    finding: Finding
    finding_id: MessageId
    receipt_no: Text | None = None
    period: Period | None = None
    ended_on: DateText
    postings: Postings = ()
    because: Because


class FundPaymentHeld(Statement):
    """暂缓拨付医保费用: the fund's payments to an institution wait until what is overdue is paid."""

    institution: Institution
    region: Region
    held_from: DateText
    receipts: Count
    outstanding: AmountText
    because: Because


class FundPaymentResumed(Statement):
    """恢复拨付医保费用: nothing holds the fund's payments any more; `hold_id` is the hold that ends."""

    institution: Institution
    region: Region
    hold_id: MessageId
    resumed_on: DateText
    because: Because

"""验收入库: goods were received and found in order; the payment clock starts here."""

from __future__ import annotations

from schemas.canonical import DateText, Instant, LineNumber, Statement, Text
from schemas.codes import DrugCode, Enterprise, Institution, LocalCode, Region, UnifiedCode
from schemas.money import QuantityText, SumText, UnitPriceText


class AcceptanceRecorded(Statement):
    """验收已登记: one line of a goods receipt.

    `amount` is what the receipt says and is not recomputed: a unit price made from a pack's price has lost
    digits, so that unit price × a large quantity may differ by some fen.
    """

    receipt_no: Text
    line_no: LineNumber
    order_no: Text | None = None
    institution_local: LocalCode
    institution: Institution
    region: Region
    distributor_local: LocalCode | None = None
    distributor: Enterprise | None = None
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    accepted_quantity: QuantityText
    unit_price: UnitPriceText
    amount: SumText
    batch_no: Text | None = None
    expires_on: DateText | None = None
    accepted_at: Instant

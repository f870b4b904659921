"""使用: drugs dispensed to patients. No patient identity enters the canonical language."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.canonical import DateText, Instant, LineNumber, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, TraceCode, UnifiedCode
from schemas.money import QuantityText, UnitPriceText


class DispenseRecorded(Statement):
    """发药已登记: one dispensed product with its packs' trace codes.

    `encounter` is the HIS's own visit number, opaque to everyone else; `split_pack` is 拆零 (a pack was
    opened, so its trace code may legitimately repeat).
    """

    dispense_no: Text
    line_no: LineNumber
    institution_local: LocalCode
    institution: Institution
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode | None = None
    product_name: Text | None = None
    quantity: QuantityText
    unit_price: UnitPriceText | None = None
    batch_no: Text | None = None
    made_on: DateText | None = None
    expires_on: DateText | None = None
    trace_codes: tuple[TraceCode, ...] = Field(default=(), max_length=500)
    split_pack: Annotated[bool, Field(strict=True)] = False
    prescription_no: Text | None = None
    encounter: Text | None = None
    prescriber: Text | None = None
    pharmacist: Text | None = None
    dispensed_at: Instant

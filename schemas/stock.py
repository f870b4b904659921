"""库存: what an institution has on its shelves."""

from __future__ import annotations

from pydantic import Field

from schemas.canonical import DateText, Instant, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, TraceCode, UnifiedCode
from schemas.money import QuantityText


class StockCounted(Statement):
    """盘存: the counted quantity of one batch of a product."""

    count_no: Text
    institution_local: LocalCode
    institution: Institution
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode | None = None
    product_name: Text | None = None
    counted_quantity: QuantityText
    batch_no: Text
    made_on: DateText
    expires_on: DateText
    trace_codes: tuple[TraceCode, ...] = Field(default=(), max_length=500)
    counted_at: Instant

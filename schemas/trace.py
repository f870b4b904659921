"""追溯: packs seen on their way, by trace code (药品追溯码)."""

from __future__ import annotations

from pydantic import Field

from schemas.canonical import DateText, Instant, Statement, Text
from schemas.codes import LocalCode, TraceCode


class PackMovement(Statement):
    """追溯事件: what the shipping, receiving and dispensing events have in common.

    `trace_codes` are the scanned packs; `document_no` the business document named by the event;
    `from_party` / `to_party` are as the trace system names them.
    """

    event_id: Text
    trace_codes: tuple[TraceCode, ...] = Field(min_length=1, max_length=3500)
    event_at: Instant
    location: LocalCode | None = None
    from_party: LocalCode | None = None
    to_party: LocalCode | None = None
    document_no: Text | None = None
    batch_no: Text | None = None
    expires_on: DateText | None = None


class PackShipped(PackMovement):
    """已发运 (CBV bizStep shipping)."""


class PackReceived(PackMovement):
    """已收货 (CBV bizStep receiving)."""


class PackDispensed(PackMovement):
    """已发药 (CBV bizStep dispensing)."""

"""信件: what is sent, as bytes in the sender's own dialect, with what must come of it.

A letter knows the facts of its lines, so that the ledger can add up what was accepted and the
reconciliation can ask journal, topics and partners for the same sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from schemas.envelope import message_identity
from schemas.events import (
    ACCEPTANCE_RECORDED,
    ORDER_PLACED,
    PRICE_LINKED,
    PRICE_LISTED,
    STOCK_COUNTED,
    TRACE_PACK_DISPENSED,
    TRACE_PACK_RECEIVED,
    TRACE_PACK_SHIPPED,
    USAGE_DISPENSED,
    VOLUME_TASK_ASSIGNED,
)
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, fen, line_amount, scaled

Door = Literal["http", "mllp"]
Measured = Literal["fen", "units", "price", "packs", ""]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is added up over messages of a type: a name for people, the unit, and how it is read."""

    title: str
    unit: Measured
    of: Callable[[Mapping[str, Any]], int]


MEASURES: Final[Mapping[str, Measure]] = {
    PRICE_LISTED: Measure(
        "挂网单价合计", "price", lambda data: scaled(data["unit_price"], PRICE_SCALE)
    ),
    PRICE_LINKED: Measure(
        "联动后单价合计", "price", lambda data: scaled(data["price_after"], PRICE_SCALE)
    ),
    VOLUME_TASK_ASSIGNED: Measure(
        "任务量合计", "units", lambda data: scaled(data["task_volume"], QUANTITY_SCALE)
    ),
    ORDER_PLACED: Measure("订单金额", "fen", lambda data: fen(data["total"])),
    ACCEPTANCE_RECORDED: Measure("验收金额", "fen", lambda data: fen(data["amount"])),
    USAGE_DISPENSED: Measure(
        "发药金额", "fen", lambda data: line_amount(data["unit_price"], data["quantity"])
    ),
    STOCK_COUNTED: Measure(
        "盘存数量", "units", lambda data: scaled(data["counted_quantity"], QUANTITY_SCALE)
    ),
    TRACE_PACK_SHIPPED: Measure("追溯码数", "packs", lambda data: len(data["trace_codes"])),
    TRACE_PACK_RECEIVED: Measure("追溯码数", "packs", lambda data: len(data["trace_codes"])),
    TRACE_PACK_DISPENSED: Measure("追溯码数", "packs", lambda data: len(data["trace_codes"])),
}
"""What is reconciled by sum, beside being counted; types that are not here are counted only."""


def measured(type_name: str, data: Mapping[str, Any]) -> int:
    """Return what canonical data of a type adds to its sum; 0 where nothing is added up."""
    measure = MEASURES.get(type_name)
    return measure.of(data) if measure is not None else 0


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a letter: its canonical type and what it adds to the type's sum."""

    type: str
    value: int = 0


State = Literal["accepted", "held", "duplicate", "rejected"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One document on its way in. Letters of one lane go out one after another, lanes side by side."""

    lane: str
    partner: str
    interface: str
    message_id: str
    body: bytes
    title: str
    """What it is, for people (挂网, 订单 …)."""
    facts: tuple[Fact, ...]
    content_type: str = "application/xml"
    door: Door = "http"
    state: State = "accepted"
    """How every line of it must end."""

    def identities(self) -> list[str]:
        """Return the canonical id that each line gets when it is taken."""
        if len(self.facts) == 1:
            return [message_identity(self.partner, self.message_id)]
        return [
            message_identity(self.partner, self.message_id, line)
            for line in range(1, len(self.facts) + 1)
        ]

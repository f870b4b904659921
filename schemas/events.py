"""报文清单: the one list of message types.

A type is named `cn.jicai.<entity>.<event>.v<n>` (past tense); its topic is `vbp.<entity>.<event>`; its
subject (business key, Kafka key: order holds per subject) is made of the fields in `key`; `dated_by`
names the field with the business time, by which codes and terms are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.acceptance import AcceptanceRecorded
from schemas.calendar import DayEnded
from schemas.canonical import Canonical
from schemas.catalogue import ItemPublished
from schemas.crosswalk import MappingDecided, MappingProposed
from schemas.holding import HoldAged
from schemas.issues import Issue
from schemas.order import OrderPlaced, order_adds_up
from schemas.price import ListingPriced, PriceLinked
from schemas.progress import ProgressWarned, WarningLifted
from schemas.rejection import MessageRejected
from schemas.settlement import SettlementHeld, SettlementResumed
from schemas.stock import StockCounted
from schemas.trace import PackDispensed, PackReceived, PackShipped
from schemas.usage import DispenseRecorded
from schemas.volume import PeriodClosed, TaskAssigned

TYPE_PREFIX: Final = "cn.jicai."
KEY_SEPARATOR: Final = "/"
OFFSET_CHINA: Final = "+08:00"


@dataclass(frozen=True, slots=True)
class EventType:
    """One line of the list."""

    name: str
    model: type[Canonical]
    key: tuple[str, ...]
    dated_by: str
    derived: bool = False
    """True for what only the gateway itself may say (conclusions, rejections)."""
    adds_up: Callable[[dict[str, Any]], tuple[Issue, ...]] | None = None
    """What the model cannot say about data that satisfies it: sums and counts across fields."""

    @property
    def entity_event(self) -> str:
        """Return `<entity>.<event>`, e.g. order.placed."""
        return self.name.removeprefix(TYPE_PREFIX).rsplit(".v", 1)[0]

    @property
    def topic(self) -> str:
        """Return the Kafka topic."""
        return f"vbp.{self.entity_event}"

    def subject(self, data: Mapping[str, Any]) -> str:
        """Return the business key of canonical data. Raises KeyError when a key field is missing."""
        if len(self.key) == 1:
            return str(data[self.key[0]])
        return KEY_SEPARATOR.join(str(data[field]) for field in self.key)

    def business_time(self, data: Mapping[str, Any]) -> str:
        """Return the business time as RFC 3339; a bare date is its midnight in China (UTC+8)."""
        text = str(data[self.dated_by])
        return text if "T" in text else f"{text}T00:00:00{OFFSET_CHINA}"


CATALOGUE_ITEM_PUBLISHED: Final = "cn.jicai.catalogue.item_published.v1"
PRICE_LISTED: Final = "cn.jicai.price.listed.v1"
PRICE_LINKED: Final = "cn.jicai.price.linked.v1"
VOLUME_TASK_ASSIGNED: Final = "cn.jicai.volume.task_assigned.v1"
VOLUME_PERIOD_CLOSED: Final = "cn.jicai.volume.period_closed.v1"
ORDER_PLACED: Final = "cn.jicai.order.placed.v1"
ACCEPTANCE_RECORDED: Final = "cn.jicai.acceptance.recorded.v1"
PROGRESS_WARNED: Final = "cn.jicai.progress.warned.v1"
PROGRESS_WARNING_LIFTED: Final = "cn.jicai.progress.warning_lifted.v1"
SETTLEMENT_HELD: Final = "cn.jicai.settlement.held.v1"
SETTLEMENT_RESUMED: Final = "cn.jicai.settlement.resumed.v1"
TRACE_PACK_SHIPPED: Final = "cn.jicai.trace.pack_shipped.v1"
TRACE_PACK_RECEIVED: Final = "cn.jicai.trace.pack_received.v1"
TRACE_PACK_DISPENSED: Final = "cn.jicai.trace.pack_dispensed.v1"
USAGE_DISPENSED: Final = "cn.jicai.usage.dispensed.v1"
STOCK_COUNTED: Final = "cn.jicai.stock.counted.v1"
CALENDAR_DAY_ENDED: Final = "cn.jicai.calendar.day_ended.v1"
MESSAGE_REJECTED: Final = "cn.jicai.message.rejected.v1"
CROSSWALK_MAPPING_PROPOSED: Final = "cn.jicai.crosswalk.mapping_proposed.v1"
CROSSWALK_MAPPING_DECIDED: Final = "cn.jicai.crosswalk.mapping_decided.v1"
CROSSWALK_HOLD_AGED: Final = "cn.jicai.crosswalk.hold_aged.v1"

_PER_INSTITUTION_AND_DRUG: Final = ("institution", "drug")
_PER_LOCAL_CODE: Final = ("partner", "kind", "local_code")

EVENT_TYPES: Final[Mapping[str, EventType]] = {
    listed.name: listed
    for listed in (
        EventType(CATALOGUE_ITEM_PUBLISHED, ItemPublished, ("drug",), "published_on"),
        EventType(PRICE_LISTED, ListingPriced, ("drug",), "effective_from"),
        EventType(PRICE_LINKED, PriceLinked, ("drug",), "effective_from", derived=True),
        EventType(VOLUME_TASK_ASSIGNED, TaskAssigned, _PER_INSTITUTION_AND_DRUG, "assigned_on"),
        EventType(VOLUME_PERIOD_CLOSED, PeriodClosed, ("region",), "ended_on"),
        EventType(ORDER_PLACED, OrderPlaced, ("order_no",), "placed_at", adds_up=order_adds_up),
        EventType(
            ACCEPTANCE_RECORDED, AcceptanceRecorded, _PER_INSTITUTION_AND_DRUG, "accepted_at"
        ),
        EventType(
            PROGRESS_WARNED, ProgressWarned, _PER_INSTITUTION_AND_DRUG, "warned_on", derived=True
        ),
        EventType(
            PROGRESS_WARNING_LIFTED,
            WarningLifted,
            _PER_INSTITUTION_AND_DRUG,
            "lifted_on",
            derived=True,
        ),
        EventType(
            SETTLEMENT_HELD, SettlementHeld, _PER_INSTITUTION_AND_DRUG, "held_from", derived=True
        ),
        EventType(
            SETTLEMENT_RESUMED,
            SettlementResumed,
            _PER_INSTITUTION_AND_DRUG,
            "resumed_on",
            derived=True,
        ),
        EventType(TRACE_PACK_SHIPPED, PackShipped, ("event_id",), "event_at"),
        EventType(TRACE_PACK_RECEIVED, PackReceived, ("event_id",), "event_at"),
        EventType(TRACE_PACK_DISPENSED, PackDispensed, ("event_id",), "event_at"),
        EventType(USAGE_DISPENSED, DispenseRecorded, ("dispense_no",), "dispensed_at"),
        EventType(STOCK_COUNTED, StockCounted, ("institution", "unified_code"), "counted_at"),
        EventType(CALENDAR_DAY_ENDED, DayEnded, ("region",), "day", derived=True),
        EventType(MESSAGE_REJECTED, MessageRejected, ("msg_id",), "rejected_at", derived=True),
        EventType(
            CROSSWALK_MAPPING_PROPOSED,
            MappingProposed,
            _PER_LOCAL_CODE,
            "proposed_at",
            derived=True,
        ),
        EventType(
            CROSSWALK_MAPPING_DECIDED,
            MappingDecided,
            _PER_LOCAL_CODE,
            "decided_at",
            derived=True,
        ),
        EventType(
            CROSSWALK_HOLD_AGED,
            HoldAged,
            ("partner", "kind", "local_code"),
            "aged_at",
            derived=True,
        ),
    )
}
TOPICS: Final[Mapping[str, EventType]] = {listed.topic: listed for listed in EVENT_TYPES.values()}

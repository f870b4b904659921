"""报文清单: the one list of message types.

A type is named `cn.jicai.<entity>.<event>.v<n>` (past tense); its topic is `vbp.<entity>.<event>`; its
subject (business key, Kafka key: order holds per subject) is made of the fields in `key`; `dated_by`
names the field with the business time, by which codes and terms are looked up.
"""

# ruff: noqa: F403, F405 - the names of the types stand in their own files and are exported from here too
from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas.acceptance import AcceptanceRecorded
from schemas.calendar import DayEnded
from schemas.catalogue import ItemPublished
from schemas.crosswalk import MappingDecided, MappingProposed
from schemas.event_names import *
from schemas.event_types import *
from schemas.events_money import MONEY_EVENTS
from schemas.events_supply import SUPPLY_EVENTS
from schemas.holding import HoldAged
from schemas.listing import (
    ConsistencyPassed,
    ListingRestored,
    ListingSuspended,
    revoked_after_passing,
)
from schemas.order import OrderPlaced, order_adds_up
from schemas.payment_standard import (
    CapEnded,
    PaymentSplit,
    PaymentSplitEnded,
    PaymentStandardEnded,
    PaymentStandardSet,
    ScheduleRefused,
    StandardCapped,
    StandardScheduled,
    steps_in_order,
)
from schemas.price import (
    LinkEnded,
    LinkProposed,
    ListingPriced,
    PriceDeviationFound,
    PriceDeviationLifted,
    PriceLinked,
    PriceNegotiated,
    effective_days_in_order,
)
from schemas.progress import (
    ProgressMeasured,
    ProgressPublished,
    ProgressSummarised,
    ProgressWarned,
    Unfinished,
    UnfinishedEnded,
    WarningLifted,
)
from schemas.rejection import MessageRejected
from schemas.retail import RetailSold, sale_adds_up
from schemas.settlement import SettlementHeld, SettlementResumed
from schemas.stock import StockCounted
from schemas.tender import GroupQualified, RouteDecided, RouteWithdrawn, bidders_differ
from schemas.trace import PackDispensed, PackReceived, PackShipped
from schemas.usage import DispenseRecorded
from schemas.volume import (
    PeriodClosed,
    TaskAssigned,
    TermExtended,
    VolumePublished,
    VolumeReported,
    VolumeUsedLastYear,
    WindowClosed,
    extended_adds_up,
    period_adds_up,
    published_adds_up,
    task_adds_up,
)
from schemas.volume_findings import (
    CapBreached,
    CapBreachEnded,
    DemandSummed,
    DrugDescribed,
    OverTaskPriceBreached,
    OverTaskPriceEnded,
    PublishedOutside,
    RegionFindingEnded,
    RenewalDue,
    ReportFindingEnded,
    ReportMissing,
    ReportShort,
    SplitComputed,
    TaskCompleted,
    TaskProposed,
    TaskReopened,
    TermComputed,
    TermEnded,
    TermOverextended,
)

_PER_INSTITUTION_AND_DRUG: Final = ("institution", "drug")
_PER_REGION_AND_DRUG: Final = ("region", "drug")
_PER_UNIT_AND_DRUG: Final = ("unit", "drug")
_PER_GROUP: Final = ("project", "group")
_PER_LOCAL_CODE: Final = ("partner", "kind", "local_code")

EVENT_TYPES: Final[Mapping[str, EventType]] = {
    listed.name: listed
    for listed in (
        EventType(CATALOGUE_ITEM_PUBLISHED, ItemPublished, ("drug",), "published_on"),
        EventType(
            PRICE_LISTED,
            ListingPriced,
            ("drug",),
            "effective_from",
            adds_up=effective_days_in_order,
        ),
        EventType(
            PRICE_NEGOTIATED,
            PriceNegotiated,
            ("drug",),
            "effective_from",
            adds_up=effective_days_in_order,
        ),
        EventType(PRICE_LINKED, PriceLinked, ("drug",), "effective_from", derived=True),
        EventType(PRICE_LINK_PROPOSED, LinkProposed, ("drug",), "effective_from", derived=True),
        EventType(PRICE_LINK_ENDED, LinkEnded, ("drug",), "effective_from", derived=True),
        EventType(
            PRICE_DEVIATION_FOUND,
            PriceDeviationFound,
            _PER_INSTITUTION_AND_DRUG,
            "bought_on",
            derived=True,
        ),
        EventType(
            PRICE_DEVIATION_LIFTED,
            PriceDeviationLifted,
            _PER_INSTITUTION_AND_DRUG,
            "bought_on",
            derived=True,
        ),
        EventType(
            CONSISTENCY_PASSED,
            ConsistencyPassed,
            ("drug",),
            "passed_on",
            adds_up=revoked_after_passing,
        ),
        EventType(LISTING_SUSPENDED, ListingSuspended, ("drug",), "suspended_from", derived=True),
        EventType(LISTING_RESTORED, ListingRestored, ("drug",), "restored_from", derived=True),
        EventType(
            PAYMENT_STANDARD_SCHEDULED,
            StandardScheduled,
            ("drug",),
            "decided_on",
            adds_up=steps_in_order,
        ),
        EventType(
            PAYMENT_STANDARD_SET, PaymentStandardSet, ("drug",), "effective_from", derived=True
        ),
        EventType(
            PAYMENT_STANDARD_ENDED, PaymentStandardEnded, ("drug",), "effective_from", derived=True
        ),
        EventType(
            PAYMENT_STANDARD_SCHEDULE_REFUSED,
            ScheduleRefused,
            ("drug",),
            "effective_from",
            derived=True,
        ),
        EventType(
            PAYMENT_STANDARD_CAPPED, StandardCapped, ("drug",), "effective_from", derived=True
        ),
        EventType(PAYMENT_STANDARD_CAP_ENDED, CapEnded, ("drug",), "effective_from", derived=True),
        EventType(
            PAYMENT_SPLIT_COMPUTED,
            PaymentSplit,
            _PER_INSTITUTION_AND_DRUG,
            "sold_on",
            derived=True,
        ),
        EventType(
            PAYMENT_SPLIT_ENDED,
            PaymentSplitEnded,
            _PER_INSTITUTION_AND_DRUG,
            "sold_on",
            derived=True,
        ),
        EventType(
            RETAIL_SOLD, RetailSold, _PER_INSTITUTION_AND_DRUG, "sold_at", adds_up=sale_adds_up
        ),
        EventType(
            VOLUME_TASK_ASSIGNED,
            TaskAssigned,
            _PER_INSTITUTION_AND_DRUG,
            "assigned_on",
            adds_up=task_adds_up,
        ),
        EventType(
            VOLUME_PERIOD_CLOSED, PeriodClosed, ("region",), "ended_on", adds_up=period_adds_up
        ),
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
        EventType(VOLUME_REPORTED, VolumeReported, _PER_INSTITUTION_AND_DRUG, "reported_on"),
        EventType(
            VOLUME_USED_LAST_YEAR, VolumeUsedLastYear, _PER_INSTITUTION_AND_DRUG, "counted_on"
        ),
        EventType(
            VOLUME_PUBLISHED,
            VolumePublished,
            _PER_REGION_AND_DRUG,
            "published_on",
            adds_up=published_adds_up,
        ),
        EventType(VOLUME_WINDOW_CLOSED, WindowClosed, ("region",), "closed_on"),
        EventType(
            VOLUME_TERM_EXTENDED,
            TermExtended,
            _PER_REGION_AND_DRUG,
            "extended_on",
            adds_up=extended_adds_up,
        ),
        EventType(
            TENDER_GROUP_QUALIFIED,
            GroupQualified,
            _PER_GROUP,
            "qualified_on",
            adds_up=bidders_differ,
        ),
        *(
            EventType(name, model, key, dated_by, derived=True)
            for name, model, key, dated_by in (
                (VOLUME_REPORT_SHORT, ReportShort, _PER_UNIT_AND_DRUG, "found_on"),
                (VOLUME_REPORT_MISSING, ReportMissing, _PER_UNIT_AND_DRUG, "found_on"),
                (VOLUME_TASK_PROPOSED, TaskProposed, _PER_UNIT_AND_DRUG, "found_on"),
                (VOLUME_REPORT_FINDING_ENDED, ReportFindingEnded, _PER_UNIT_AND_DRUG, "ended_on"),
                (VOLUME_SPLIT_COMPUTED, SplitComputed, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_DEMAND_SUMMED, DemandSummed, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_PUBLISHED_OUTSIDE, PublishedOutside, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_TERM_COMPUTED, TermComputed, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_TERM_OVEREXTENDED, TermOverextended, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_RENEWAL_DUE, RenewalDue, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_TERM_ENDED, TermEnded, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_REGION_FINDING_ENDED, RegionFindingEnded, _PER_REGION_AND_DRUG, "ended_on"),
                (VOLUME_DRUG_DESCRIBED, DrugDescribed, _PER_REGION_AND_DRUG, "found_on"),
                (VOLUME_TASK_COMPLETED, TaskCompleted, _PER_INSTITUTION_AND_DRUG, "completed_on"),
                (VOLUME_TASK_REOPENED, TaskReopened, _PER_INSTITUTION_AND_DRUG, "ended_on"),
                (
                    VOLUME_OVER_TASK_PRICE_BREACHED,
                    OverTaskPriceBreached,
                    _PER_INSTITUTION_AND_DRUG,
                    "found_on",
                ),
                (
                    VOLUME_OVER_TASK_PRICE_ENDED,
                    OverTaskPriceEnded,
                    _PER_INSTITUTION_AND_DRUG,
                    "ended_on",
                ),
                (VOLUME_CAP_BREACHED, CapBreached, _PER_INSTITUTION_AND_DRUG, "found_on"),
                (VOLUME_CAP_BREACH_ENDED, CapBreachEnded, _PER_INSTITUTION_AND_DRUG, "ended_on"),
                (PROGRESS_MEASURED, ProgressMeasured, _PER_INSTITUTION_AND_DRUG, "ended_on"),
                (PROGRESS_PUBLISHED, ProgressPublished, ("institution",), "published_on"),
                (PROGRESS_SUMMARISED, ProgressSummarised, ("region", "batch"), "summarised_on"),
                (PROGRESS_UNFINISHED, Unfinished, _PER_INSTITUTION_AND_DRUG, "found_on"),
                (PROGRESS_UNFINISHED_ENDED, UnfinishedEnded, _PER_INSTITUTION_AND_DRUG, "ended_on"),
                (TENDER_ROUTE_DECIDED, RouteDecided, _PER_GROUP, "found_on"),
                (TENDER_ROUTE_WITHDRAWN, RouteWithdrawn, _PER_GROUP, "ended_on"),
            )
        ),
        EventType(CALENDAR_DAY_ENDED, DayEnded, ("region",), "day", derived=True),
        EventType(MESSAGE_REJECTED, MessageRejected, ("msg_id",), "rejected_at", derived=True),
        EventType(
            CROSSWALK_MAPPING_PROPOSED,
            MappingProposed,
            ("partner",),
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
        *MONEY_EVENTS,
        *SUPPLY_EVENTS,
    )
}
TOPICS: Final[Mapping[str, EventType]] = {listed.topic: listed for listed in EVENT_TYPES.values()}

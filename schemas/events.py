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
from schemas.budget import (
    BudgetFindingEnded,
    BudgetKept,
    BudgetReductionBarred,
    BudgetReductionDue,
    BudgetSet,
    OutturnStated,
    OverrunBorne,
    SurplusRetained,
)
from schemas.calendar import DayEnded
from schemas.canonical import Canonical
from schemas.catalogue import ItemPublished
from schemas.contract import ContractSigned, contract_adds_up
from schemas.crosswalk import MappingDecided, MappingProposed
from schemas.holding import HoldAged
from schemas.institution import InstitutionRegistered
from schemas.issues import Issue
from schemas.listing import (
    ConsistencyPassed,
    ListingRestored,
    ListingSuspended,
    revoked_after_passing,
)
from schemas.order import OrderPlaced, order_adds_up
from schemas.payment import (
    FindingEnded,
    FundPaymentHeld,
    FundPaymentResumed,
    GoodsReturned,
    OverduePublished,
    PaymentExceeded,
    PaymentMade,
    PaymentOverdue,
    payment_adds_up,
)
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
from schemas.prepayment import (
    ClearingStated,
    FundYearPaid,
    PackageSet,
    PrepaymentCleared,
    PrepaymentDue,
    PrepaymentEnded,
    clearing_adds_up,
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
    published_adds_up,
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
PRICE_LINK_PROPOSED: Final = "cn.jicai.price.link_proposed.v1"
PRICE_LINK_ENDED: Final = "cn.jicai.price.link_ended.v1"
PRICE_NEGOTIATED: Final = "cn.jicai.price.negotiated.v1"
PRICE_DEVIATION_FOUND: Final = "cn.jicai.price.deviation_found.v1"
PRICE_DEVIATION_LIFTED: Final = "cn.jicai.price.deviation_lifted.v1"
CONSISTENCY_PASSED: Final = "cn.jicai.catalogue.consistency_passed.v1"
LISTING_SUSPENDED: Final = "cn.jicai.listing.suspended.v1"
LISTING_RESTORED: Final = "cn.jicai.listing.restored.v1"
PAYMENT_STANDARD_SCHEDULED: Final = "cn.jicai.payment_standard.scheduled.v1"
PAYMENT_STANDARD_SET: Final = "cn.jicai.payment_standard.set.v1"
PAYMENT_STANDARD_ENDED: Final = "cn.jicai.payment_standard.ended.v1"
PAYMENT_STANDARD_SCHEDULE_REFUSED: Final = "cn.jicai.payment_standard.schedule_refused.v1"
PAYMENT_STANDARD_CAPPED: Final = "cn.jicai.payment_standard.capped.v1"
PAYMENT_STANDARD_CAP_ENDED: Final = "cn.jicai.payment_standard.cap_ended.v1"
PAYMENT_SPLIT_COMPUTED: Final = "cn.jicai.payment_split.computed.v1"
PAYMENT_SPLIT_ENDED: Final = "cn.jicai.payment_split.ended.v1"
RETAIL_SOLD: Final = "cn.jicai.retail.sold.v1"
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
INSTITUTION_REGISTERED: Final = "cn.jicai.institution.registered.v1"
CONTRACT_SIGNED: Final = "cn.jicai.contract.signed.v1"
PAYMENT_MADE: Final = "cn.jicai.payment.made.v1"
GOODS_RETURNED: Final = "cn.jicai.goods.returned.v1"
PAYMENT_OVERDUE: Final = "cn.jicai.payment.overdue.v1"
PAYMENT_OVERDUE_PUBLISHED: Final = "cn.jicai.payment.overdue_published.v1"
PAYMENT_EXCEEDED: Final = "cn.jicai.payment.exceeded.v1"
PAYMENT_FINDING_ENDED: Final = "cn.jicai.payment.finding_ended.v1"
FUND_PAYMENT_HELD: Final = "cn.jicai.fund_payment.held.v1"
FUND_PAYMENT_RESUMED: Final = "cn.jicai.fund_payment.resumed.v1"
FUND_YEAR_PAID: Final = "cn.jicai.fund.year_paid.v1"
PREPAYMENT_PACKAGE_SET: Final = "cn.jicai.prepayment.package_set.v1"
PREPAYMENT_CLEARING_STATED: Final = "cn.jicai.prepayment.clearing_stated.v1"
PREPAYMENT_DUE: Final = "cn.jicai.prepayment.due.v1"
PREPAYMENT_CLEARED: Final = "cn.jicai.prepayment.cleared.v1"
PREPAYMENT_ENDED: Final = "cn.jicai.prepayment.ended.v1"
BUDGET_SET: Final = "cn.jicai.budget.set.v1"
BUDGET_OUTTURN_STATED: Final = "cn.jicai.budget.outturn_stated.v1"
BUDGET_KEPT: Final = "cn.jicai.budget.kept.v1"
BUDGET_REDUCTION_DUE: Final = "cn.jicai.budget.reduction_due.v1"
BUDGET_REDUCTION_BARRED: Final = "cn.jicai.budget.reduction_barred.v1"
BUDGET_SURPLUS_RETAINED: Final = "cn.jicai.budget.surplus_retained.v1"
BUDGET_OVERRUN_BORNE: Final = "cn.jicai.budget.overrun_borne.v1"
BUDGET_FINDING_ENDED: Final = "cn.jicai.budget.finding_ended.v1"

_PER_INSTITUTION: Final = ("institution",)
VOLUME_REPORTED: Final = "cn.jicai.volume.reported.v1"
VOLUME_USED_LAST_YEAR: Final = "cn.jicai.volume.used_last_year.v1"
VOLUME_PUBLISHED: Final = "cn.jicai.volume.published.v1"
VOLUME_WINDOW_CLOSED: Final = "cn.jicai.volume.window_closed.v1"
VOLUME_TERM_EXTENDED: Final = "cn.jicai.volume.term_extended.v1"
VOLUME_REPORT_SHORT: Final = "cn.jicai.volume.report_short.v1"
VOLUME_REPORT_MISSING: Final = "cn.jicai.volume.report_missing.v1"
VOLUME_REPORT_FINDING_ENDED: Final = "cn.jicai.volume.report_finding_ended.v1"
VOLUME_TASK_PROPOSED: Final = "cn.jicai.volume.task_proposed.v1"
VOLUME_SPLIT_COMPUTED: Final = "cn.jicai.volume.split_computed.v1"
VOLUME_DEMAND_SUMMED: Final = "cn.jicai.volume.demand_summed.v1"
VOLUME_PUBLISHED_OUTSIDE: Final = "cn.jicai.volume.published_outside.v1"
VOLUME_REGION_FINDING_ENDED: Final = "cn.jicai.volume.region_finding_ended.v1"
VOLUME_TERM_COMPUTED: Final = "cn.jicai.volume.term_computed.v1"
VOLUME_TERM_OVEREXTENDED: Final = "cn.jicai.volume.term_overextended.v1"
VOLUME_RENEWAL_DUE: Final = "cn.jicai.volume.renewal_due.v1"
VOLUME_TERM_ENDED: Final = "cn.jicai.volume.term_ended.v1"
VOLUME_DRUG_DESCRIBED: Final = "cn.jicai.volume.drug_described.v1"
VOLUME_TASK_COMPLETED: Final = "cn.jicai.volume.task_completed.v1"
VOLUME_TASK_REOPENED: Final = "cn.jicai.volume.task_reopened.v1"
VOLUME_OVER_TASK_PRICE_BREACHED: Final = "cn.jicai.volume.over_task_price_breached.v1"
VOLUME_OVER_TASK_PRICE_ENDED: Final = "cn.jicai.volume.over_task_price_ended.v1"
VOLUME_CAP_BREACHED: Final = "cn.jicai.volume.cap_breached.v1"
VOLUME_CAP_BREACH_ENDED: Final = "cn.jicai.volume.cap_breach_ended.v1"
PROGRESS_MEASURED: Final = "cn.jicai.progress.measured.v1"
PROGRESS_PUBLISHED: Final = "cn.jicai.progress.published.v1"
PROGRESS_SUMMARISED: Final = "cn.jicai.progress.summarised.v1"
PROGRESS_UNFINISHED: Final = "cn.jicai.progress.unfinished.v1"
PROGRESS_UNFINISHED_ENDED: Final = "cn.jicai.progress.unfinished_ended.v1"
TENDER_GROUP_QUALIFIED: Final = "cn.jicai.tender.group_qualified.v1"
TENDER_ROUTE_DECIDED: Final = "cn.jicai.tender.route_decided.v1"
TENDER_ROUTE_WITHDRAWN: Final = "cn.jicai.tender.route_withdrawn.v1"

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
        EventType(INSTITUTION_REGISTERED, InstitutionRegistered, _PER_INSTITUTION, "registered_on"),
        EventType(
            CONTRACT_SIGNED,
            ContractSigned,
            _PER_INSTITUTION_AND_DRUG,
            "signed_on",
            adds_up=contract_adds_up,
        ),
        EventType(PAYMENT_MADE, PaymentMade, _PER_INSTITUTION, "paid_on", adds_up=payment_adds_up),
        EventType(GOODS_RETURNED, GoodsReturned, _PER_INSTITUTION_AND_DRUG, "returned_on"),
        EventType(PAYMENT_OVERDUE, PaymentOverdue, _PER_INSTITUTION, "warned_on", derived=True),
        EventType(
            PAYMENT_OVERDUE_PUBLISHED,
            OverduePublished,
            _PER_INSTITUTION,
            "published_on",
            derived=True,
        ),
        EventType(PAYMENT_EXCEEDED, PaymentExceeded, _PER_INSTITUTION, "found_on", derived=True),
        EventType(PAYMENT_FINDING_ENDED, FindingEnded, _PER_INSTITUTION, "ended_on", derived=True),
        EventType(FUND_PAYMENT_HELD, FundPaymentHeld, _PER_INSTITUTION, "held_from", derived=True),
        EventType(
            FUND_PAYMENT_RESUMED, FundPaymentResumed, _PER_INSTITUTION, "resumed_on", derived=True
        ),
        EventType(FUND_YEAR_PAID, FundYearPaid, _PER_INSTITUTION, "stated_on"),
        EventType(PREPAYMENT_PACKAGE_SET, PackageSet, _PER_INSTITUTION, "set_on"),
        EventType(
            PREPAYMENT_CLEARING_STATED,
            ClearingStated,
            _PER_INSTITUTION,
            "cleared_on",
            adds_up=clearing_adds_up,
        ),
        EventType(PREPAYMENT_DUE, PrepaymentDue, _PER_INSTITUTION, "decided_on", derived=True),
        EventType(
            PREPAYMENT_CLEARED, PrepaymentCleared, _PER_INSTITUTION, "cleared_on", derived=True
        ),
        EventType(PREPAYMENT_ENDED, PrepaymentEnded, _PER_INSTITUTION, "ended_on", derived=True),
        EventType(BUDGET_SET, BudgetSet, _PER_INSTITUTION, "set_on"),
        EventType(BUDGET_OUTTURN_STATED, OutturnStated, _PER_INSTITUTION, "stated_on"),
        EventType(BUDGET_KEPT, BudgetKept, _PER_INSTITUTION, "decided_on", derived=True),
        EventType(
            BUDGET_REDUCTION_DUE, BudgetReductionDue, _PER_INSTITUTION, "decided_on", derived=True
        ),
        EventType(
            BUDGET_REDUCTION_BARRED,
            BudgetReductionBarred,
            _PER_INSTITUTION,
            "decided_on",
            derived=True,
        ),
        EventType(
            BUDGET_SURPLUS_RETAINED, SurplusRetained, _PER_INSTITUTION, "decided_on", derived=True
        ),
        EventType(BUDGET_OVERRUN_BORNE, OverrunBorne, _PER_INSTITUTION, "decided_on", derived=True),
        EventType(
            BUDGET_FINDING_ENDED, BudgetFindingEnded, _PER_INSTITUTION, "ended_on", derived=True
        ),
    )
}
TOPICS: Final[Mapping[str, EventType]] = {listed.topic: listed for listed in EVENT_TYPES.values()}

"""报文清单(供应与行为): distribution, supply, self-purchases, prescribing, credit: their names and lines."""

from __future__ import annotations

from typing import Final

from schemas.credit import CreditRecorded, CreditWithdrawn
from schemas.distribution import (
    DistributionFindingEnded,
    DistributorChosen,
    DistributorWithdrawn,
    InvoiceIssued,
    InvoicesExceeded,
    LimitExceeded,
    UnchosenFound,
    chosen_days_in_order,
    one_seller_one_buyer,
)
from schemas.event_types import EventType
from schemas.prescribing import (
    ChangeComputed,
    DropFound,
    PrescribingFindingEnded,
    PrescriptionsCounted,
    ReviewListed,
    counts_agree,
)
from schemas.purchase import (
    FiledShareComputed,
    FiledShareExceeded,
    FilingBreached,
    NotPayable,
    OffPlatformFound,
    PurchaseFindingEnded,
    PurchaseTotalStated,
    SelfBought,
    SelfFiled,
    reason_after_investigation,
)
from schemas.supply import (
    CapacityShort,
    HaltReported,
    ReserveReported,
    SupplyAgreed,
    SupplyFailed,
    SupplyReported,
    SupplyRestored,
    month_has_begun,
    supply_days_in_order,
)
from schemas.supply_findings import (
    CapacityReportedLate,
    DeliveryShort,
    MeasuresProposed,
    PriorityGiven,
    ReportMissing,
    ShortageWarned,
    SubstitutionEnded,
    SubstitutionListed,
    SupplyFindingEnded,
)

DISTRIBUTION_CHOSEN: Final = "cn.jicai.distribution.chosen.v1"
DISTRIBUTION_WITHDRAWN: Final = "cn.jicai.distribution.withdrawn.v1"
INVOICE_ISSUED: Final = "cn.jicai.invoice.issued.v1"
DISTRIBUTION_LIMIT_EXCEEDED: Final = "cn.jicai.distribution.limit_exceeded.v1"
DISTRIBUTION_UNCHOSEN_FOUND: Final = "cn.jicai.distribution.unchosen_found.v1"
DISTRIBUTION_INVOICES_EXCEEDED: Final = "cn.jicai.distribution.invoices_exceeded.v1"
DISTRIBUTION_FINDING_ENDED: Final = "cn.jicai.distribution.finding_ended.v1"
SUPPLY_AGREED: Final = "cn.jicai.supply.agreed.v1"
SUPPLY_REPORTED: Final = "cn.jicai.supply.reported.v1"
SUPPLY_CAPACITY_SHORT: Final = "cn.jicai.supply.capacity_short.v1"
SUPPLY_HALT_REPORTED: Final = "cn.jicai.supply.halt_reported.v1"
SUPPLY_RESERVE_REPORTED: Final = "cn.jicai.supply.reserve_reported.v1"
SUPPLY_FAILED: Final = "cn.jicai.supply.failed.v1"
SUPPLY_RESTORED: Final = "cn.jicai.supply.restored.v1"
SUPPLY_REPORT_MISSING: Final = "cn.jicai.supply.report_missing.v1"
SUPPLY_CAPACITY_REPORTED_LATE: Final = "cn.jicai.supply.capacity_reported_late.v1"
SUPPLY_SHORTAGE_WARNED: Final = "cn.jicai.supply.shortage_warned.v1"
SUPPLY_MEASURES_PROPOSED: Final = "cn.jicai.supply.measures_proposed.v1"
SUPPLY_DELIVERY_SHORT: Final = "cn.jicai.supply.delivery_short.v1"
SUPPLY_PRIORITY_GIVEN: Final = "cn.jicai.supply.priority_given.v1"
SUPPLY_FINDING_ENDED: Final = "cn.jicai.supply.finding_ended.v1"
SUPPLY_SUBSTITUTION_LISTED: Final = "cn.jicai.supply.substitution_listed.v1"
SUPPLY_SUBSTITUTION_ENDED: Final = "cn.jicai.supply.substitution_ended.v1"
PURCHASE_SELF_BOUGHT: Final = "cn.jicai.purchase.self_bought.v1"
PURCHASE_SELF_FILED: Final = "cn.jicai.purchase.self_filed.v1"
PURCHASE_TOTAL_STATED: Final = "cn.jicai.purchase.total_stated.v1"
PURCHASE_OFF_PLATFORM_FOUND: Final = "cn.jicai.purchase.off_platform_found.v1"
PURCHASE_FILING_BREACHED: Final = "cn.jicai.purchase.filing_breached.v1"
PURCHASE_FILED_SHARE_COMPUTED: Final = "cn.jicai.purchase.filed_share_computed.v1"
PURCHASE_FILED_SHARE_EXCEEDED: Final = "cn.jicai.purchase.filed_share_exceeded.v1"
PURCHASE_NOT_PAYABLE: Final = "cn.jicai.purchase.not_payable.v1"
PURCHASE_FINDING_ENDED: Final = "cn.jicai.purchase.finding_ended.v1"
PRESCRIBING_COUNTED: Final = "cn.jicai.prescribing.counted.v1"
PRESCRIBING_CHANGE_COMPUTED: Final = "cn.jicai.prescribing.change_computed.v1"
PRESCRIBING_DROP_FOUND: Final = "cn.jicai.prescribing.drop_found.v1"
PRESCRIBING_REVIEW_LISTED: Final = "cn.jicai.prescribing.review_listed.v1"
PRESCRIBING_FINDING_ENDED: Final = "cn.jicai.prescribing.finding_ended.v1"
CREDIT_RECORDED: Final = "cn.jicai.credit.recorded.v1"
CREDIT_WITHDRAWN: Final = "cn.jicai.credit.withdrawn.v1"

_PRODUCT: Final = ("maker", "unified_code")
_PARTY: Final = ("party",)
_INSTITUTION: Final = ("institution",)
_REGION_DRUG: Final = ("region", "drug")
_PRESCRIBED: Final = ("party", "drug")

SUPPLY_EVENTS: Final[tuple[EventType, ...]] = (
    EventType(
        DISTRIBUTION_CHOSEN,
        DistributorChosen,
        _PRODUCT,
        "chosen_from",
        adds_up=chosen_days_in_order,
    ),
    EventType(DISTRIBUTION_WITHDRAWN, DistributorWithdrawn, _PRODUCT, "withdrawn_from"),
    EventType(
        INVOICE_ISSUED,
        InvoiceIssued,
        ("unified_code", "batch_no"),
        "issued_on",
        adds_up=one_seller_one_buyer,
    ),
    EventType(SUPPLY_AGREED, SupplyAgreed, _PRODUCT, "agreed_on", adds_up=supply_days_in_order),
    EventType(SUPPLY_REPORTED, SupplyReported, _PRODUCT, "reported_on", adds_up=month_has_begun),
    EventType(
        SUPPLY_CAPACITY_SHORT, CapacityShort, _PRODUCT, "reported_on", adds_up=supply_days_in_order
    ),
    EventType(
        SUPPLY_HALT_REPORTED, HaltReported, _PRODUCT, "reported_on", adds_up=supply_days_in_order
    ),
    EventType(SUPPLY_RESERVE_REPORTED, ReserveReported, _PRODUCT, "counted_on"),
    EventType(SUPPLY_FAILED, SupplyFailed, _PRODUCT, "declared_on"),
    EventType(SUPPLY_RESTORED, SupplyRestored, _PRODUCT, "restored_from"),
    EventType(PURCHASE_SELF_BOUGHT, SelfBought, _INSTITUTION, "purchased_on"),
    EventType(PURCHASE_SELF_FILED, SelfFiled, _INSTITUTION, "filed_on"),
    EventType(PURCHASE_TOTAL_STATED, PurchaseTotalStated, _INSTITUTION, "stated_on"),
    EventType(
        PURCHASE_OFF_PLATFORM_FOUND,
        OffPlatformFound,
        _INSTITUTION,
        "found_on",
        adds_up=reason_after_investigation,
    ),
    EventType(
        PRESCRIBING_COUNTED,
        PrescriptionsCounted,
        ("institution", "drug"),
        "counted_on",
        adds_up=counts_agree,
    ),
    *(
        EventType(name, model, key, dated_by, derived=True)
        for name, model, key, dated_by in (
            (DISTRIBUTION_LIMIT_EXCEEDED, LimitExceeded, _PARTY, "found_on"),
            (DISTRIBUTION_UNCHOSEN_FOUND, UnchosenFound, _PARTY, "found_on"),
            (DISTRIBUTION_INVOICES_EXCEEDED, InvoicesExceeded, _PARTY, "found_on"),
            (DISTRIBUTION_FINDING_ENDED, DistributionFindingEnded, _PARTY, "ended_on"),
            (SUPPLY_REPORT_MISSING, ReportMissing, _PARTY, "found_on"),
            (SUPPLY_CAPACITY_REPORTED_LATE, CapacityReportedLate, _PARTY, "found_on"),
            (SUPPLY_SHORTAGE_WARNED, ShortageWarned, _PARTY, "found_on"),
            (SUPPLY_MEASURES_PROPOSED, MeasuresProposed, _PARTY, "found_on"),
            (SUPPLY_DELIVERY_SHORT, DeliveryShort, _PARTY, "found_on"),
            (SUPPLY_PRIORITY_GIVEN, PriorityGiven, _PARTY, "found_on"),
            (SUPPLY_FINDING_ENDED, SupplyFindingEnded, _PARTY, "ended_on"),
            (SUPPLY_SUBSTITUTION_LISTED, SubstitutionListed, _REGION_DRUG, "found_on"),
            (SUPPLY_SUBSTITUTION_ENDED, SubstitutionEnded, _REGION_DRUG, "ended_on"),
            (PURCHASE_FILING_BREACHED, FilingBreached, _PARTY, "found_on"),
            (PURCHASE_FILED_SHARE_COMPUTED, FiledShareComputed, _PARTY, "found_on"),
            (PURCHASE_FILED_SHARE_EXCEEDED, FiledShareExceeded, _PARTY, "found_on"),
            (PURCHASE_NOT_PAYABLE, NotPayable, _PARTY, "found_on"),
            (PURCHASE_FINDING_ENDED, PurchaseFindingEnded, _PARTY, "ended_on"),
            (PRESCRIBING_CHANGE_COMPUTED, ChangeComputed, _PRESCRIBED, "found_on"),
            (PRESCRIBING_DROP_FOUND, DropFound, _PRESCRIBED, "found_on"),
            (PRESCRIBING_REVIEW_LISTED, ReviewListed, _PRESCRIBED, "found_on"),
            (PRESCRIBING_FINDING_ENDED, PrescribingFindingEnded, _PRESCRIBED, "ended_on"),
            (CREDIT_RECORDED, CreditRecorded, _PARTY, "found_on"),
            (CREDIT_WITHDRAWN, CreditWithdrawn, _PARTY, "ended_on"),
        )
    ),
)
"""The lines of these families; `events.py` has them all."""

"""报文清单(供应与行为): distribution, supply, self-purchases, prescribing, credit: their lines."""

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
from schemas.event_names import (
    CREDIT_RECORDED,
    CREDIT_WITHDRAWN,
    DISTRIBUTION_CHOSEN,
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_INVOICES_EXCEEDED,
    DISTRIBUTION_LIMIT_EXCEEDED,
    DISTRIBUTION_UNCHOSEN_FOUND,
    DISTRIBUTION_WITHDRAWN,
    INVOICE_ISSUED,
    PRESCRIBING_CHANGE_COMPUTED,
    PRESCRIBING_COUNTED,
    PRESCRIBING_DROP_FOUND,
    PRESCRIBING_FINDING_ENDED,
    PRESCRIBING_REVIEW_LISTED,
    PURCHASE_FILED_SHARE_COMPUTED,
    PURCHASE_FILED_SHARE_EXCEEDED,
    PURCHASE_FILING_BREACHED,
    PURCHASE_FINDING_ENDED,
    PURCHASE_NOT_PAYABLE,
    PURCHASE_OFF_PLATFORM_FOUND,
    PURCHASE_SELF_BOUGHT,
    PURCHASE_SELF_FILED,
    PURCHASE_TOTAL_STATED,
    SUPPLY_AGREED,
    SUPPLY_CAPACITY_REPORTED_LATE,
    SUPPLY_CAPACITY_SHORT,
    SUPPLY_DELIVERY_SHORT,
    SUPPLY_FAILED,
    SUPPLY_FINDING_ENDED,
    SUPPLY_HALT_REPORTED,
    SUPPLY_MEASURES_PROPOSED,
    SUPPLY_PRIORITY_GIVEN,
    SUPPLY_REPORT_MISSING,
    SUPPLY_REPORTED,
    SUPPLY_RESERVE_REPORTED,
    SUPPLY_RESTORED,
    SUPPLY_SHORTAGE_WARNED,
    SUPPLY_SUBSTITUTION_ENDED,
    SUPPLY_SUBSTITUTION_LISTED,
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

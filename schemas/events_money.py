"""报文清单(资金): institutions, contracts, payments, prepayments and budgets: their lines."""

from __future__ import annotations

from typing import Final

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
from schemas.contract import ContractSigned, contract_adds_up
from schemas.event_names import (
    BUDGET_FINDING_ENDED,
    BUDGET_KEPT,
    BUDGET_OUTTURN_STATED,
    BUDGET_OVERRUN_BORNE,
    BUDGET_REDUCTION_BARRED,
    BUDGET_REDUCTION_DUE,
    BUDGET_SET,
    BUDGET_SURPLUS_RETAINED,
    CONTRACT_SIGNED,
    FUND_PAYMENT_HELD,
    FUND_PAYMENT_RESUMED,
    FUND_YEAR_PAID,
    GOODS_RETURNED,
    INSTITUTION_REGISTERED,
    PAYMENT_EXCEEDED,
    PAYMENT_FINDING_ENDED,
    PAYMENT_MADE,
    PAYMENT_OVERDUE,
    PAYMENT_OVERDUE_PUBLISHED,
    PREPAYMENT_CLEARED,
    PREPAYMENT_CLEARING_STATED,
    PREPAYMENT_DUE,
    PREPAYMENT_ENDED,
    PREPAYMENT_PACKAGE_SET,
)
from schemas.event_types import EventType
from schemas.institution import InstitutionRegistered
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
from schemas.prepayment import (
    ClearingStated,
    FundYearPaid,
    PackageSet,
    PrepaymentCleared,
    PrepaymentDue,
    PrepaymentEnded,
    clearing_adds_up,
    package_adds_up,
)

_PER_INSTITUTION: Final = ("institution",)
_PER_INSTITUTION_AND_DRUG: Final = ("institution", "drug")

MONEY_EVENTS: Final[tuple[EventType, ...]] = (
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
    EventType(
        PREPAYMENT_PACKAGE_SET, PackageSet, _PER_INSTITUTION, "set_on", adds_up=package_adds_up
    ),
    EventType(
        PREPAYMENT_CLEARING_STATED,
        ClearingStated,
        _PER_INSTITUTION,
        "cleared_on",
        adds_up=clearing_adds_up,
    ),
    EventType(PREPAYMENT_DUE, PrepaymentDue, _PER_INSTITUTION, "decided_on", derived=True),
    EventType(PREPAYMENT_CLEARED, PrepaymentCleared, _PER_INSTITUTION, "cleared_on", derived=True),
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
    EventType(BUDGET_FINDING_ENDED, BudgetFindingEnded, _PER_INSTITUTION, "ended_on", derived=True),
)
"""The lines of these families; `events.py` has them all."""

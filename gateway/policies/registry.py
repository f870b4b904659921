"""规则清单: the one list of policies, in the order in which they judge a message."""

from __future__ import annotations

from typing import Final

from gateway.policies.agreement_term import AgreementTerm
from gateway.policies.budget import Budget
from gateway.policies.credit import Credit
from gateway.policies.distribution import DistributorLimit
from gateway.policies.distribution_deliveries import ChosenDeliveries
from gateway.policies.distribution_invoices import InvoiceChains
from gateway.policies.eligibility import Eligibility
from gateway.policies.linkage import Linkage
from gateway.policies.payment_clock import PaymentClock
from gateway.policies.payment_standard import PaymentStandard
from gateway.policies.payment_standard_caps import PaymentCap
from gateway.policies.policy import Policy
from gateway.policies.prepayment import Prepayment
from gateway.policies.prescribing import Prescribing
from gateway.policies.price_book_purchases import PurchasePrices
from gateway.policies.progress import Progress
from gateway.policies.progress_monthly import Monitoring
from gateway.policies.progress_publication import Publication
from gateway.policies.retail import Retail
from gateway.policies.roll_up_regions import BatchRollUp, RegionRollUp
from gateway.policies.self_filing import SelfFiling
from gateway.policies.self_filing_unpaid import OffPlatform
from gateway.policies.substitution import Substitution
from gateway.policies.supply_orders import OrderDeliveries
from gateway.policies.supply_priority import SupplyPriority
from gateway.policies.supply_reports import SupplyReports
from gateway.policies.tender_route import TenderRoute
from gateway.policies.volume_cap import Purchases
from gateway.policies.volume_cap_products import DrugProducts
from gateway.policies.volume_report import VolumeReport
from gateway.policies.volume_split import VolumeSplit

POLICIES: Final[tuple[Policy, ...]] = (
    Progress(),
    Linkage(),
    Eligibility(),
    PaymentStandard(),
    PaymentCap(),
    Retail(),
    PurchasePrices(),
    PaymentClock(),
    Prepayment(),
    Budget(),
    Monitoring(),
    Publication(),
    RegionRollUp(),
    BatchRollUp(),
    VolumeReport(),
    VolumeSplit(),
    DrugProducts(),
    Purchases(),
    AgreementTerm(),
    TenderRoute(),
    DistributorLimit(),
    ChosenDeliveries(),
    InvoiceChains(),
    SupplyReports(),
    OrderDeliveries(),
    SupplyPriority(),
    Substitution(),
    SelfFiling(),
    OffPlatform(),
    Prescribing(),
    Credit(),
)

"""规则清单: the one list of policies, in the order in which they judge a message."""

from __future__ import annotations

from typing import Final

from gateway.policies.conduct.credit import Credit
from gateway.policies.conduct.prescribing import Prescribing
from gateway.policies.conduct.self_filing import SelfFiling
from gateway.policies.conduct.self_filing_unpaid import OffPlatform
from gateway.policies.payments.budget import Budget
from gateway.policies.payments.payment_clock import PaymentClock
from gateway.policies.payments.prepayment import Prepayment
from gateway.policies.policy import Policy
from gateway.policies.prices.eligibility import Eligibility
from gateway.policies.prices.linkage import Linkage
from gateway.policies.prices.payment_standard import PaymentStandard
from gateway.policies.prices.payment_standard_caps import PaymentCap
from gateway.policies.prices.price_book_purchases import PurchasePrices
from gateway.policies.prices.retail import Retail
from gateway.policies.progress.progress import Progress
from gateway.policies.progress.progress_monthly import Monitoring
from gateway.policies.progress.progress_publication import Publication
from gateway.policies.progress.roll_up_regions import BatchRollUp, RegionRollUp
from gateway.policies.supply.distribution import DistributorLimit
from gateway.policies.supply.distribution_deliveries import ChosenDeliveries
from gateway.policies.supply.distribution_invoices import InvoiceChains
from gateway.policies.supply.substitution import Substitution
from gateway.policies.supply.supply_orders import OrderDeliveries
from gateway.policies.supply.supply_priority import SupplyPriority
from gateway.policies.supply.supply_reports import SupplyReports
from gateway.policies.volumes.agreement_term import AgreementTerm
from gateway.policies.volumes.tender_route import TenderRoute
from gateway.policies.volumes.volume_cap import Purchases
from gateway.policies.volumes.volume_cap_products import DrugProducts
from gateway.policies.volumes.volume_report import VolumeReport
from gateway.policies.volumes.volume_split import VolumeSplit

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

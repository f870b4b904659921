"""配送: which distributors a maker has chosen for a selected product, and through whose invoices goods came."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from schemas.canonical import Canonical, Count, DateText, LineNumber, Statement, Text
from schemas.codes import DrugCode, Enterprise, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.money import QuantityText
from schemas.party import PartyFinding, PartyFindingEnded


class DistributorChosen(Statement):
    """配送企业已选定: a maker's choice of who delivers one of its selected products (中选药品) in a region.

    `chosen_to` is the last day; absent: until it is withdrawn. A maker that delivers by itself (直接配送)
    may name itself; that is no distributor in the sense of the limit.
    """

    maker_local: LocalCode | None = None
    maker: Enterprise
    distributor_local: LocalCode | None = None
    distributor: Enterprise
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    region: Region
    chosen_from: DateText
    chosen_to: DateText | None = None


class DistributorWithdrawn(Statement):
    """配送企业已撤销: choices of a distributor for a product that began on or before a day end with it.

    `withdrawn_from` is the first day on which the distributor is not chosen any more.
    """

    maker_local: LocalCode | None = None
    maker: Enterprise
    distributor_local: LocalCode | None = None
    distributor: Enterprise
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    region: Region
    withdrawn_from: DateText
    reason: Text | None = None


class InvoiceIssued(Statement):
    """发票已开具: one line of an invoice for goods on their way from the maker to an institution.

    The seller is `maker` (生产企业, or who counts as one: 视同生产企业) or `distributor`; the buyer is `buyer`,
    another enterprise, or `institution`. `batch_no` is the batch (生产批号) by which the goods are followed.
    """

    invoice_no: Text
    line_no: LineNumber
    maker_local: LocalCode | None = None
    maker: Enterprise | None = None
    distributor_local: LocalCode | None = None
    distributor: Enterprise | None = None
    buyer_local: LocalCode | None = None
    buyer: Enterprise | None = None
    institution_local: LocalCode | None = None
    institution: Institution | None = None
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    batch_no: Text
    region: Region
    quantity: QuantityText
    issued_on: DateText


def chosen_days_in_order(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when a choice ends before it begins. `data` satisfies the model."""
    last = data.get("chosen_to")
    if last is not None and last < data["chosen_from"]:
        return (issue("date.invalid", "chosen_to", detail=last),)
    return ()


def one_seller_one_buyer(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return issues when an invoice has no seller or buyer, two of them, or one selling to itself."""
    found: list[Issue] = []
    for one, other in (("maker", "distributor"), ("buyer", "institution")):
        given = [name for name in (one, other) if data.get(name)]
        if not given:
            found.append(issue("field.required", one))
        elif len(given) > 1:
            found.append(
                issue("field.format", other, detail=f"{one} 与 {other} 只能填其一 only one")
            )
    seller = data.get("maker") or data.get("distributor")
    if seller and seller == data.get("buyer"):
        found.append(issue("field.format", "buyer", detail="买卖双方相同 sells to itself"))
    return tuple(found)


# ------------------------------------------------------------------------------ conclusions


class LimitExceeded(PartyFinding):
    """配送企业超限: a maker has more distributors in force than the paper allows.

    Counted are different distributors over all its selected products in the province; `exceeded_from` is
    the first day of the unbroken run of days.
    """

    maker: Enterprise
    distributors: tuple[Enterprise, ...] = Field(min_length=1, max_length=1000)
    distributor_count: Count
    allowed: Count
    exceeded_from: DateText


class UnchosenFound(PartyFinding):
    """非选定企业配送: an accepted delivery came from a distributor that the maker had not chosen."""

    institution: Institution
    distributor: Enterprise
    maker: Enterprise
    unified_code: UnifiedCode
    drug: DrugCode
    receipt_no: Text
    line_no: LineNumber
    accepted_on: DateText
    chosen: tuple[Enterprise, ...] = Field(min_length=1, max_length=1000)


class InvoiceShown(Canonical):
    """票链一环: one invoice of the chain, from the maker's towards the institution's."""

    invoice_no: Text
    seller: Enterprise
    buyer: Annotated[str, Field(strict=True, max_length=18)]
    issued_on: DateText


class InvoicesExceeded(PartyFinding):
    """票数超限(两票制): the shortest chain of invoices that can have brought goods is too long.

    `complete` tells whether the chain reaches the maker; where it does not, at least so many invoices
    were issued.
    """

    institution: Institution
    unified_code: UnifiedCode
    drug: DrugCode
    batch_no: Text
    invoices: tuple[InvoiceShown, ...] = Field(min_length=1, max_length=100)
    invoice_count: Count
    allowed: Count
    complete: Annotated[bool, Field(strict=True)]


class DistributionFindingEnded(PartyFindingEnded):
    """配送认定终止: a limit is kept again, a delivery was by a chosen distributor, a chain is short enough."""

"""预付与清算: what the fund prepays for selected products, and how it is cleared."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from schemas.canonical import Because, DateText, MessageId, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.ledger import AmountText, Postings, ShareText
from schemas.money import SUM_SCALE, scaled

YEAR_PATTERN = r"^[0-9]{4}$"
QUARTER_PATTERN = r"^[0-9]{4}-Q[1-4]$"

Year = Annotated[str, Field(strict=True, pattern=YEAR_PATTERN)]
Quarter = Annotated[str, Field(strict=True, pattern=QUARTER_PATTERN)]


class PrepaymentBase(StrEnum):
    """合同金额 / 采购金额 / 上年度月均拨付 / 按季预拨打包."""

    CONTRACT_AMOUNT = "contract_amount"
    PURCHASE_AMOUNT = "purchase_amount"
    MONTHLY_AVERAGE = "monthly_average"
    QUARTERLY_PACKAGE = "quarterly_package"


class PrepaymentStage(StrEnum):
    """首次预付 / 完成约定采购量后继续预付."""

    INITIAL = "initial"
    AFTER_COMPLETION = "after_completion"


class FundYearPaid(Statement):
    """年度医保基金拨付: what the fund paid to an institution in a year, over how many months."""

    institution_local: LocalCode
    institution: Institution
    region: Region
    year: Year
    months: Annotated[int, Field(strict=True, ge=1, le=12)] = 12
    amount: AmountText
    stated_on: DateText


class PackageSet(Statement):
    """医共体季度打包预拨: the package of a quarter and the selected products' purchase amount in it.

    `prepaid_inside` is what the package already contains for selected products, where it is known.
    """

    institution_local: LocalCode
    institution: Institution
    region: Region
    quarter: Quarter
    package_amount: AmountText
    selected_purchases: AmountText
    prepaid_inside: AmountText | None = None
    set_on: DateText


def package_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when more is said to be inside a package than the package is."""
    package, inside = data["package_amount"], data.get("prepaid_inside")
    if inside is None or scaled(inside, SUM_SCALE) <= scaled(package, SUM_SCALE):
        return ()
    return (issue("field.range", "prepaid_inside", detail=f"{inside} > {package}"),)


class ClearingStated(Statement):
    """清算申报: an institution's actual selected purchases (中选药品实际采购额) of what was prepaid for.

    `reference` is the contract's number, the year (YYYY) or the quarter (YYYY-Qn) of the prepayment, as
    its `base` is. The product stands where the base is a contract's or purchase's amount.
    """

    institution_local: LocalCode
    institution: Institution
    region: Region
    base: PrepaymentBase
    reference: Text
    local_code: LocalCode | None = None
    unified_code: UnifiedCode | None = None
    drug: DrugCode | None = None
    selected_purchases: AmountText
    cleared_on: DateText


def clearing_adds_up(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when a contract's clearing names no product."""
    of_contract = data["base"] in {PrepaymentBase.CONTRACT_AMOUNT, PrepaymentBase.PURCHASE_AMOUNT}
    if of_contract and not data.get("unified_code"):
        return (issue("field.required", "unified_code"),)
    return ()


# ------------------------------------------------------------------------------ conclusions


class PrepaymentDue(Statement):
    """应预付: the fund prepays an institution for selected products, on a ledger of its own.

    `amount` is the whole of this prepayment; where it `replaces` an earlier word on the same one, the
    postings move only the difference. `pay_by` stands where the paper sets a last day.
    """

    institution: Institution
    region: Region
    base: PrepaymentBase
    reference: Text
    stage: PrepaymentStage
    unified_code: UnifiedCode | None = None
    base_amount: AmountText
    share: ShareText
    amount: AmountText
    package_short_by: AmountText | None = None
    pay_by: DateText | None = None
    decided_on: DateText
    replaces: MessageId | None = None
    postings: Postings
    because: Because


class PrepaymentCleared(Statement):
    """预付清算: prepaid against actual selected purchases; what was not used goes back (退回).

    `offset` is set against settlement (冲抵结算); offset + returned = prepaid.
    """

    institution: Institution
    region: Region
    base: PrepaymentBase
    reference: Text
    unified_code: UnifiedCode | None = None
    prepaid: AmountText
    selected_purchases: AmountText
    offset: AmountText
    returned: AmountText
    cleared_on: DateText
    replaces: MessageId | None = None
    postings: Postings
    because: Because


class PrepaymentEnded(Statement):
    """预付认定终止: a prepayment or a clearing (`ended_id`) does not follow from the facts any more.

    The postings undo what it moved.
    """

    institution: Institution
    region: Region
    base: PrepaymentBase
    reference: Text
    ended_id: MessageId
    ended_on: DateText
    postings: Postings
    because: Because

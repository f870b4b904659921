"""备案采购与网下采购: what institutions buy by themselves, file, and what of it is not paid by the fund."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from schemas.canonical import Count, DateText, Statement, Text
from schemas.codes import DrugCode, Institution, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue
from schemas.ledger import AmountText
from schemas.listing import Effect
from schemas.party import PartyFinding, PartyFindingEnded, Year

TOTAL_PERIOD_PATTERN: Final = r"^[0-9]{4}(-(0[1-9]|1[0-2]))?$"
TotalPeriod = Annotated[str, Field(strict=True, pattern=TOTAL_PERIOD_PATTERN)]


class GoodsCategory(StrEnum):
    """药品 / 医用耗材."""

    DRUG = "drug"
    CONSUMABLE = "consumable"


class ControlledClass(StrEnum):
    """麻醉药品 / 精神类药品: bought by rules of their own (按国家、省有关规定采购)."""

    NARCOTIC = "narcotic"
    PSYCHOTROPIC = "psychotropic"


class SelfPurchase(Statement):
    """What every statement about an institution's own purchase names. One product per statement."""

    purchase_no: Text
    institution_local: LocalCode
    institution: Institution
    region: Region
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode | None = None
    category: GoodsCategory = GoodsCategory.DRUG
    controlled: ControlledClass | None = None
    emergency: Annotated[bool, Field(strict=True)] = False
    """因抢救急需: bought first, filed afterwards."""
    amount: AmountText


class SelfBought(SelfPurchase):
    """自行采购已完成: an institution has bought something outside the platform's listings."""

    purchased_on: DateText


class SelfFiled(SelfPurchase):
    """已备案: a self-purchase is filed online with the insurance authority.

    `purchase_no` is the purchase's; `purchased_on` stands where it was bought already. `amount` is the
    purchase's. Where the purchase has a message of its own (自行采购已完成), that one's day and amount count.
    """

    filing_no: Text
    purchased_on: DateText | None = None
    filed_on: DateText
    reason: Text | None = None


class PurchaseTotalStated(Statement):
    """药品采购总金额: all an institution bought of drugs (药品) in a month (YYYY-MM) or a year (YYYY).

    The year's own figure counts where there is one, else the months. Of several statements of a period the
    one made last counts.
    """

    institution_local: LocalCode
    institution: Institution
    region: Region
    period: TotalPeriod
    amount: AmountText
    stated_on: DateText


class OffPlatformFound(Statement):
    """网下采购已查: an institution bought off the platform or evaded selected products (规避中选药品).

    `investigated` is 经调查核实; `reason_accepted` tells whether a reasonable reason (合理理由) was found.
    """

    case_no: Text
    institution_local: LocalCode
    institution: Institution
    region: Region
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode | None = None
    amount: AmountText
    bought_on: DateText
    investigated: Annotated[bool, Field(strict=True)]
    reason_accepted: Annotated[bool, Field(strict=True)] | None = None
    found_on: DateText


def reason_after_investigation(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when a reason was weighed without, or not weighed after, an investigation."""
    weighed = data.get("reason_accepted") is not None
    if data["investigated"] and not weighed:
        return (issue("field.required", "reason_accepted"),)
    if weighed and not data["investigated"]:
        return (issue("field.format", "reason_accepted", detail="未经调查核实 not investigated"),)
    return ()


# ------------------------------------------------------------------------------ conclusions


class FilingBreach(StrEnum):
    """未先备案 / 抢救采购逾期备案."""

    NOT_BEFORE = "not_before"
    EMERGENCY_LATE = "emergency_late"


class FilingBreached(PartyFinding):
    """备案违规: a self-purchase was not filed before it, or an emergency not within the workdays allowed."""

    institution: Institution
    purchase_no: Text
    breach: FilingBreach
    purchased_on: DateText
    due_on: DateText
    filed_on: DateText | None = None
    amount: AmountText


class FiledShareComputed(PartyFinding):
    """备案采购占比(累计): self-filed amount and total of the year up to a month's end: a figure, no breach.

    `months_stated` months' totals were known; 0 where the year's own figure stands in their place.
    """

    institution: Institution
    year: Year
    until: DateText
    filed_amount: AmountText
    total_amount: AmountText
    months_stated: Count
    share: Text
    cap: Text


class FiledShareExceeded(PartyFinding):
    """备案采购超限: over a whole year more was self-filed than the paper's share of all drug purchases."""

    institution: Institution
    year: Year
    filed_amount: AmountText
    total_amount: AmountText
    allowed_amount: AmountText
    share: Text


class NotPayable(PartyFinding):
    """医保基金不予支付: what was bought off the platform without reasonable reason.

    With `effect` proposal (可不予支付) it is for the insurer to decide; with order the paper decides.
    """

    institution: Institution
    case_no: Text
    unified_code: UnifiedCode
    amount: AmountText
    bought_on: DateText
    effect: Effect


class PurchaseFindingEnded(PartyFindingEnded):
    """采购认定终止: filed in time after all, within the share, or with a reasonable reason."""

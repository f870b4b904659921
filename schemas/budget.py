"""医保总额预算: an institution's yearly budget, how it turned out, and what follows for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.canonical import Because, Canonical, DateText, MessageId, Statement
from schemas.codes import Institution, LocalCode, Region
from schemas.ledger import AmountText, Postings, ShareText
from schemas.prepayment import Year


class ReductionGround(StrEnum):
    """因中选药品费用下降 / 因未完成采购量 / 其他."""

    SELECTED_SAVINGS = "selected_savings"
    UNFINISHED_PURCHASE = "unfinished_purchase"
    OTHER = "other"


class BudgetReduction(Canonical):
    """调减项: by how much a budget was reduced on which ground."""

    ground: ReductionGround
    amount: AmountText


class BudgetSet(Statement):
    """总额预算已下达: an institution's budget for a year after the named reductions."""

    institution_local: LocalCode
    institution: Institution
    region: Region
    year: Year
    amount: AmountText
    reductions: tuple[BudgetReduction, ...] = Field(default=(), max_length=20)
    set_on: DateText


class OutturnStated(Statement):
    """年度执行情况: what the fund spent against the budget, and how the agreed purchase was completed.

    `selected_before` and `selected_cost` are the selected products' costs of the year before and of this
    year. `agreed_amount` and `purchased_amount` say how the agreement (约定采购量, at selected prices) was
    completed. `retained_share` and `fund_overrun_share` are the shares agreed for surplus and overrun
    (结余留用比例, 超支分担比例) where there are such.
    """

    institution_local: LocalCode
    institution: Institution
    region: Region
    year: Year
    spent: AmountText
    selected_before: AmountText | None = None
    selected_cost: AmountText | None = None
    agreed_amount: AmountText | None = None
    purchased_amount: AmountText | None = None
    assessment_passed: Annotated[bool, Field(strict=True)] | None = None
    retained_share: ShareText | None = None
    fund_overrun_share: ShareText | None = None
    stated_on: DateText


# ------------------------------------------------------------------------------ conclusions


class BudgetFinding(StrEnum):
    """不调减 / 应扣减 / 不得以此调减 / 结余留用 / 超支."""

    KEPT = "kept"
    REDUCTION_DUE = "reduction_due"
    REDUCTION_BARRED = "reduction_barred"
    SURPLUS_RETAINED = "surplus_retained"
    OVERRUN_BORNE = "overrun_borne"


class BudgetKept(Statement):
    """额度不调减: selected products cost less than before, and the budget is not reduced for that."""

    institution: Institution
    region: Region
    year: Year
    saved: AmountText
    decided_on: DateText
    replaces: MessageId | None = None
    because: Because


class BudgetReductionDue(Statement):
    """应扣减额度: the agreed purchase was not completed; `year` is the year whose budget is reduced.

    The papers say "correspondingly" (相应), not by how much: `shortfall` is what was not purchased.
    """

    institution: Institution
    region: Region
    year: Year
    agreed_amount: AmountText
    purchased_amount: AmountText
    shortfall: AmountText
    decided_on: DateText
    replaces: MessageId | None = None
    because: Because


class BudgetReductionBarred(Statement):
    """不得以此调减: a budget was reduced because selected products became cheaper; it is to be restored."""

    institution: Institution
    region: Region
    year: Year
    budget: AmountText
    barred: AmountText
    restored: AmountText
    decided_on: DateText
    replaces: MessageId | None = None
    because: Because


class SurplusRetained(Statement):
    """结余留用: what of a year's surplus the institution keeps."""

    institution: Institution
    region: Region
    year: Year
    budget: AmountText
    spent: AmountText
    surplus: AmountText
    share: ShareText
    retained: AmountText
    decided_on: DateText
    replaces: MessageId | None = None
    postings: Postings
    because: Because


class OverrunBorne(Statement):
    """超支分担或自担: who bears what was spent above the budget."""

    institution: Institution
    region: Region
    year: Year
    budget: AmountText
    spent: AmountText
    overrun: AmountText
    own: AmountText
    fund: AmountText
    decided_on: DateText
    replaces: MessageId | None = None
    postings: Postings
    because: Because


class BudgetFindingEnded(Statement):
    """预算认定终止: a conclusion about the budget does not follow any more; the postings undo its own."""

    institution: Institution
    region: Region
    year: Year
    finding: BudgetFinding
    finding_id: MessageId
    ended_on: DateText
    postings: Postings = ()
    because: Because

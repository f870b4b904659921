"""挂网资格: consistency evaluation (一致性评价), and trading eligibility suspended and restored."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from schemas.canonical import Because, Count, DateText, MessageId, Statement, Text
from schemas.codes import DrugCode, Enterprise, LocalCode, Region, UnifiedCode
from schemas.issues import Issue, issue


class Effect(StrEnum):
    """直接执行 / 供决策的建议 (文件用语为“可”的)."""

    ORDER = "order"
    PROPOSAL = "proposal"


class RestoredBecause(StrEnum):
    """恢复的原因: 通过一致性评价 / 过评企业不足 / 不再属集采品种 / 条款不再有效 / 所依报文已更正."""

    PASSED = "passed"
    MAKERS_BELOW = "makers_below"
    NOT_SELECTED = "not_selected"
    TERM_ENDED = "term_ended"
    CORRECTED = "corrected"


class ConsistencyPassed(Statement):
    """通过一致性评价: a maker's product passed the evaluation on a day.

    `revoked_on` is the first day on which the pass no longer counts (撤销), where it was revoked; sent
    again with it, the same product, maker and day stand in the place of the earlier message.
    """

    maker_local: LocalCode | None = None
    maker: Enterprise
    maker_name: Text | None = None
    local_code: LocalCode
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    passed_on: DateText
    revoked_on: DateText | None = None


class ListingSuspended(Statement):
    """暂停交易资格: a generic that has not passed may not be traded while enough makers' products have.

    With `effect` proposal it is for the authority to decide; `condition` is what the paper makes it
    depend on and the gateway does not know (supply_ensured: 在确保供应的情况下). `makers` counts makers,
    not products. `replaces` names an earlier conclusion in whose place it stands.
    """

    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    suspended_from: DateText
    makers: Count
    makers_needed: Count
    passed_makers: tuple[Enterprise, ...] = Field(max_length=1000)
    effect: Effect
    condition: Text | None = None
    replaces: MessageId | None = None
    because: Because


class ListingRestored(Statement):
    """恢复交易资格: a suspension ends; `suspension_id` is the message that concluded it.

    With reason `corrected` the suspension never followed. `replaces` names an earlier restoration of the
    same suspension, on another day.
    """

    suspension_id: MessageId
    unified_code: UnifiedCode
    drug: DrugCode
    drug_name: Text
    region: Region
    restored_from: DateText
    reason: RestoredBecause
    effect: Effect
    replaces: MessageId | None = None
    because: Because


def revoked_after_passing(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when a pass was revoked before it was given. `data` satisfies the model."""
    revoked = data.get("revoked_on")
    if revoked is not None and revoked < data["passed_on"]:
        detail = f"revoked_on {revoked} < passed_on {data['passed_on']}"
        return (issue("date.invalid", "revoked_on", detail=detail),)
    return ()

"""信用记录: facts that a paper counts as bad conduct, kept per institution or enterprise (不良记录动态管理)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.canonical import MessageId, Text
from schemas.party import PartyFinding, PartyFindingEnded


class CreditArea(StrEnum):
    """数量 / 价格 / 供应 / 使用 / 结算支付: the areas of conduct that institutions and enterprises report on."""

    QUANTITY = "quantity"
    PRICE = "price"
    SUPPLY = "supply"
    USE = "use"
    SETTLEMENT = "settlement"


class CreditRecorded(PartyFinding):
    """信用记录已登记: the fact, its clauses and the conclusion it rests on. No grade, no points: none is named.

    `linked_to` is what the paper ties the evaluation to (基金预算管理、检查稽核、定点协议管理).
    """

    area: CreditArea
    conclusion_id: MessageId
    conclusion_type: Text
    linked_to: tuple[Text, ...] = Field(max_length=20)


class CreditWithdrawn(PartyFindingEnded):
    """信用记录已撤销: the conclusion it rested on does not hold any more."""

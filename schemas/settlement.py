"""结算: monthly insurance settlement held back and resumed."""

from __future__ import annotations

from schemas.canonical import Because, DateText, MessageId, Statement, Text
from schemas.codes import DrugCode, Institution, Region
from schemas.money import QuantityText


class SettlementHeld(Statement):
    """暂停医保月结算: from `held_from` on, until the cumulative task is done.

    `measures` is what the paper wants besides, in its own words (约谈、责成限期整改): proposals, no orders.
    `replaces` names the earlier word on the same hold, whose figures this one puts right; it stays one hold
    and keeps its `hold_no`, which is the id of the message that held first.
    """

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    period: Text
    accepted_quantity: QuantityText
    task_quantity: QuantityText
    completion: Text
    held_from: DateText
    measures: tuple[Text, ...] = ()
    hold_no: MessageId
    replaces: MessageId | None = None
    because: Because


class SettlementResumed(Statement):
    """恢复医保月结算: the cumulative task is done.

    `hold_id` is the last message that held, `hold_no` the number of the hold: the id of the first one.
    """

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    hold_id: MessageId
    hold_no: MessageId
    resumed_on: DateText
    because: Because

"""结算: monthly insurance settlement held back and resumed."""

from __future__ import annotations

from schemas.canonical import Because, DateText, Statement, Text
from schemas.codes import DrugCode, Institution, Region
from schemas.money import QuantityText


class SettlementHeld(Statement):
    """暂停医保月结算: from `held_from` on, until the cumulative task is done.

    `measures` is what the paper wants besides, in its own words (约谈、责成限期整改): proposals, no orders.
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
    because: Because


class SettlementResumed(Statement):
    """恢复医保月结算: the cumulative task is done; `hold_id` is the message that held it."""

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    hold_id: Text
    resumed_on: DateText
    because: Because

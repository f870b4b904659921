"""采购进度: how far an institution has come with its task for a drug."""

from __future__ import annotations

from enum import StrEnum

from schemas.canonical import Because, DateText, Statement, Text
from schemas.codes import DrugCode, Institution, Region
from schemas.money import QuantityText


class Standing(StrEnum):
    """正常 / 预警 / 暂停结算."""

    NORMAL = "normal"
    WARNED = "warned"
    HELD = "held"


class ProgressWarned(Statement):
    """进度预警: the accepted quantity is below the region's warning threshold at a period's end."""

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    period: Text
    accepted_quantity: QuantityText
    task_quantity: QuantityText
    completion: Text
    warned_on: DateText
    because: Because


class WarningLifted(Statement):
    """预警解除: a later or corrected acceptance brought the standing of a closed period back to normal."""

    institution: Institution
    drug: DrugCode
    drug_name: Text
    region: Region
    batch: Text
    period: Text
    completion: Text
    lifted_on: DateText
    because: Because

"""Products and items of the matching tests: synthetic makers, one field changed at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.coding.matching.candidates import Candidates
from gateway.coding.matching.evidence import Candidate
from gateway.coding.products.record import ProductRecord
from gateway.coding.records import LocalItem

MAKER = "合成示例制药股份有限公司"
AMLODIPINE = ProductRecord(
    "P001",
    generic_name="苯磺酸氨氯地平片",
    trade_name="示例平",
    dosage_form="片剂",
    specification="5mg",
    pack="7片*2板/盒",
    maker=MAKER,
    approval_no="国药准字H20200001",
)
ITEM = LocalItem(
    "his-a",
    "product",
    "L1",
    name="苯磺酸氨氯地平片",
    dosage_form="片剂",
    specification="5mg*7片*2板/盒",
    manufacturer=MAKER,
    approval_no="H20200001",
)


def item(**changed: Any) -> LocalItem:
    """Return the item with fields changed."""
    return replace(ITEM, **changed)


def product(code: str, **changed: Any) -> ProductRecord:
    """Return the product under another code, with fields changed."""
    return replace(AMLODIPINE, unified_code=code, **changed)


def exact(asked: LocalItem, *records: ProductRecord, on: str = "", complete: bool = True) -> str:
    """Return the unified code of the exact candidate, "" where there is none."""
    found = [one for one in ranked(asked, *records, on=on, complete=complete) if one.exact]
    assert len(found) <= 1
    return found[0].unified_code if found else ""


def ranked(
    asked: LocalItem, *records: ProductRecord, on: str = "", complete: bool = True
) -> list[Candidate]:
    """Return the candidates among the records (or the one product)."""
    return Candidates.of(records or (AMLODIPINE,), complete=complete).rank(asked, on=on)

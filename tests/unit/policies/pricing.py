"""Canonical data of the price families for tests: negotiated prices, passes, schedules, sales."""

from __future__ import annotations

from typing import Any

from schemas.envelope import Message
from schemas.events import (
    CONSISTENCY_PASSED,
    PAYMENT_STANDARD_SCHEDULED,
    PRICE_NEGOTIATED,
    RETAIL_SOLD,
)
from schemas.money import line_amount, yuan
from tests.unit.policies.making import CHONGQING, DRUG, GUIZHOU, PRODUCT, message

PHARMACY = "P53010000001"


def maker(number: int) -> str:
    """Return a synthetic maker's code."""
    return f"9152000000000{number:04d}X"


def negotiated(number: str, price: str, region: str = CHONGQING, **changed: Any) -> Message:
    data = {
        "local_code": "L1",
        "unified_code": PRODUCT,
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "region": region,
        "unit_price": price,
        "effective_from": "2020-06-01",
    }
    return message(PRICE_NEGOTIATED, number, data | changed)


def passed(number: str, by: int, on: str, **changed: Any) -> Message:
    data = {
        "maker": maker(by),
        "local_code": "L1",
        "unified_code": f"XC08CAA001A0010100{by:04d}",
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "region": GUIZHOU,
        "passed_on": on,
    }
    return message(CONSISTENCY_PASSED, number, data | changed, "regulator")


def scheduled(number: str, region: str, *steps: tuple[str, str], **changed: Any) -> Message:
    data = {
        "local_code": "L1",
        "unified_code": PRODUCT,
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "region": region,
        "document": "合成医保〔2020〕1号",
        "decided_on": steps[0][0],
        "steps": [{"effective_from": day, "unit_price": price} for day, price in steps],
    }
    return message(PAYMENT_STANDARD_SCHEDULED, number, data | changed, "insurer")


def sold(number: str, price: str, day: str, quantity: str = "10.0000", **changed: Any) -> Message:
    data = {
        "sale_no": number,
        "line_no": 1,
        "institution_local": "7",
        "institution": PHARMACY,
        "region": "530100",
        "local_code": "L1",
        "unified_code": PRODUCT,
        "drug": DRUG,
        "quantity": quantity,
        "unit_price": price,
        "amount": yuan(line_amount(price, quantity)),
        "sold_at": f"{day}T10:00:00+08:00",
    }
    return message(RETAIL_SOLD, number, data | changed, "pharmacy")

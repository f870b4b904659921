"""Canonical data for the tests of the rules: synthetic institutions, products and prices."""

from __future__ import annotations

from typing import Any

from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import (
    ACCEPTANCE_RECORDED,
    EVENT_TYPES,
    PRICE_LISTED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_TASK_ASSIGNED,
)

GUIZHOU, YUNNAN, CHONGQING, SICHUAN = "520000", "530000", "500000", "510000"
HOSPITAL, DRUG, PRODUCT = "H52010000001", "AMLODIPINE", "XC08CAA001A001010100001"
OTHER_PRODUCT = "XC08CAA001A001010100002"


def message(type_: str, number: str, data: dict[str, Any], partner: str = "platform") -> Message:
    listed = EVENT_TYPES[type_]
    listed.model.model_validate_json(canonical_bytes(data))
    return Message(
        id=message_identity(partner, number),
        source=SOURCE_PREFIX + partner,
        type=type_,
        subject=listed.subject(data),
        time=listed.business_time(data),
        data=canonical_bytes(data),
        region=data["region"],
        correlationid=f"of-{number}",
    )


def task(number: str = "task", **changed: Any) -> Message:
    data = {
        "local_code": "L1",
        "unified_code": PRODUCT,
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "institution_local": "7",
        "institution": HOSPITAL,
        "region": GUIZHOU,
        "batch": "NVBP-2019-LM",
        "task_volume": "40000.0000",
        "quarters": ["10000.0000"] * 4,
        "term_from": "2020-01-01",
        "term_to": "2020-12-31",
        "assigned_on": "2019-12-20",
    }
    return message(VOLUME_TASK_ASSIGNED, number, data | changed)


def accepted(number: str, quantity: str, day: str, **changed: Any) -> Message:
    data = {
        "receipt_no": number,
        "line_no": 1,
        "institution_local": "7",
        "institution": HOSPITAL,
        "region": GUIZHOU,
        "local_code": "L1",
        "unified_code": PRODUCT,
        "drug": DRUG,
        "accepted_quantity": quantity,
        "unit_price": "0.100000",
        "amount": "1.00",
        "accepted_at": f"{day}T09:00:00+08:00",
    }
    return message(ACCEPTANCE_RECORDED, number, data | changed, "his")


def closed(period: str, ended_on: str, region: str = GUIZHOU) -> Message:
    data = {"region": region, "period": period, "ended_on": ended_on}
    return message(VOLUME_PERIOD_CLOSED, f"{region}-{period}", data)


def listing(number: str, price: str, region: str, **changed: Any) -> Message:
    data = {
        "local_code": "L1",
        "unified_code": PRODUCT,
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "pack_quantity": 28,
        "region": region,
        "kind": "listed",
        "unit_price": price,
        "effective_from": "2020-06-01",
    }
    return message(PRICE_LISTED, number, data | changed)

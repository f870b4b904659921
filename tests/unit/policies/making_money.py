"""Canonical data for the tests of the rules about money: contracts, payments, returns, days."""

from __future__ import annotations

from typing import Any

from schemas.envelope import Message
from schemas.events import (
    BUDGET_OUTTURN_STATED,
    BUDGET_SET,
    CALENDAR_DAY_ENDED,
    CONTRACT_SIGNED,
    FUND_YEAR_PAID,
    GOODS_RETURNED,
    INSTITUTION_REGISTERED,
    PAYMENT_MADE,
    PREPAYMENT_CLEARING_STATED,
    PREPAYMENT_PACKAGE_SET,
)
from schemas.money import line_amount, yuan
from tests.unit.policies.making import DRUG, GUIZHOU, HOSPITAL, PRODUCT, accepted, message

QUJING, LINCANG = "530300", "530900"
COMPANY, OTHER_COMPANY = "91520000MA00000001", "91520000MA00000002"
PHARMACY = "P52010000001"
_BUYER = {"institution_local": "7", "institution": HOSPITAL, "region": GUIZHOU}
_GOODS = {"local_code": "L1", "unified_code": PRODUCT, "drug": DRUG}


def received(number: str, amount: str, day: str, **changed: Any) -> Message:
    """Goods accepted on a day; the receipt has the message's number."""
    return accepted(number, "10.0000", day, **({"amount": amount} | changed))


def paid(number: str, day: str, *lines: tuple[str, str], **changed: Any) -> Message:
    """A payment on a day: (receipt, amount) …"""
    total = sum(int(amount.replace(".", "")) for _, amount in lines)
    data = {
        **_BUYER,
        "payment_no": number,
        "distributor": COMPANY,
        "paid_on": day,
        "lines": [{"receipt_no": receipt, "amount": amount} for receipt, amount in lines],
        "total": yuan(total),
    }
    return message(PAYMENT_MADE, f"pay-{number}", data | changed, "his")


def returned(number: str, receipt: str, amount: str, day: str, **changed: Any) -> Message:
    data = {
        **_BUYER,
        **_GOODS,
        "return_no": number,
        "line_no": 1,
        "receipt_no": receipt,
        "returned_quantity": "1.0000",
        "unit_price": "1.000000",
        "amount": amount,
        "returned_on": day,
    }
    return message(GOODS_RETURNED, f"return-{number}", data | changed, "his")


def contract(number: str = "HT1", **changed: Any) -> Message:
    data = {
        **_BUYER,
        **_GOODS,
        "contract_no": number,
        "agreed_quantity": "10000.0000",
        "unit_price": "1.000000",
        "term_from": "2020-01-01",
        "term_to": "2020-12-31",
        "signed_on": "2019-12-20",
    } | changed
    amount = yuan(line_amount(data["unit_price"], data["agreed_quantity"]))
    named = f"contract-{number}-{data.get('version', 1)}-{data['signed_on']}"
    return message(CONTRACT_SIGNED, named, {"amount": amount} | data)


def registered(institution: str = HOSPITAL, **changed: Any) -> Message:
    data = {
        **_BUYER,
        "institution": institution,
        "name": "合成示例医院",
        "kind": "hospital",
        "ownership": "public",
        "level": 2,
        "registered_on": "2019-01-01",
    } | changed
    return message(
        INSTITUTION_REGISTERED, f"registered-{institution}-{data['registered_on']}", data
    )


def year_paid(year: str, amount: str, **changed: Any) -> Message:
    data = {**_BUYER, "year": year, "amount": amount, "stated_on": f"{int(year) + 1}-01-05"}
    return message(FUND_YEAR_PAID, f"year-{year}-{amount}", data | changed, "insurance")


def package(quarter: str, purchases: str, **changed: Any) -> Message:
    data = {
        **_BUYER,
        "region": LINCANG,
        "quarter": quarter,
        "package_amount": "900000.00",
        "selected_purchases": purchases,
        "set_on": "2022-01-05",
    }
    return message(PREPAYMENT_PACKAGE_SET, f"package-{data | changed}", data | changed)


def clearing(base: str, reference: str, purchases: str, **changed: Any) -> Message:
    data = {
        **_BUYER,
        "base": base,
        "reference": reference,
        "selected_purchases": purchases,
        "cleared_on": "2020-12-31",
    }
    return message(
        PREPAYMENT_CLEARING_STATED, f"clear-{reference}-{purchases}", data | changed, "insurance"
    )


def budget(year: str, amount: str, *cuts: tuple[str, str], **changed: Any) -> Message:
    data = {
        **_BUYER,
        "year": year,
        "amount": amount,
        "reductions": [{"ground": ground, "amount": each} for ground, each in cuts],
        "set_on": f"{year}-01-10",
    }
    return message(BUDGET_SET, f"budget-{data | changed}", data | changed, "insurance")


def outturn(year: str, spent: str, **changed: Any) -> Message:
    data = {**_BUYER, "year": year, "spent": spent, "stated_on": f"{int(year) + 1}-01-15"}
    return message(BUDGET_OUTTURN_STATED, f"outturn-{data | changed}", data | changed, "insurance")


def day_ended(day: str, region: str = GUIZHOU) -> Message:
    data = {"region": f"{region[:2]}0000", "day": day}
    return message(CALENDAR_DAY_ENDED, f"{data['region']}-{day}", data, "calendar")

"""Canonical data for the tests of supply and conduct: synthetic makers, distributors, purchases, doctors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from gateway.policies.policy import Conclusion
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_CHOSEN,
    DISTRIBUTION_WITHDRAWN,
    INVOICE_ISSUED,
    PRESCRIBING_COUNTED,
    PURCHASE_OFF_PLATFORM_FOUND,
    PURCHASE_SELF_BOUGHT,
    PURCHASE_SELF_FILED,
    PURCHASE_TOTAL_STATED,
    SUPPLY_AGREED,
    SUPPLY_CAPACITY_SHORT,
    SUPPLY_FAILED,
    SUPPLY_HALT_REPORTED,
    SUPPLY_REPORTED,
    SUPPLY_RESERVE_REPORTED,
    SUPPLY_RESTORED,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import DRUG, HOSPITAL, PRODUCT, YUNNAN, message

QUJING, LINCANG = "530300", "530900"
MAKER, OTHER_MAKER = "91530000MA00000001", "91530000MA00000002"
D1, D2, D3, D4 = (f"91530000MA0000001{at}" for at in range(1, 5))
_GOODS = {"local_code": "L1", "unified_code": PRODUCT, "drug": DRUG}
_NAMED = {**_GOODS, "drug_name": "氨氯地平"}
_BUYER = {"institution_local": "7", "institution": HOSPITAL, "region": QUJING}


def _number(*parts: Any) -> str:
    return "-".join(map(str, parts))


def _said(type_: str, data: dict[str, Any], changed: dict[str, Any], partner: str) -> Message:
    """Return a message whose id is made of all that it says."""
    whole = data | changed
    return message(type_, _number(type_, *sorted(whole.items())), whole, partner)


def chosen(distributor: str, since: str = "2020-03-01", **changed: Any) -> Message:
    data = {"maker": MAKER, "distributor": distributor, **_GOODS, "region": YUNNAN}
    return _said(DISTRIBUTION_CHOSEN, data | {"chosen_from": since}, changed, "maker")


def withdrawn(distributor: str, since: str, **changed: Any) -> Message:
    data = {"maker": MAKER, "distributor": distributor, **_GOODS, "region": YUNNAN}
    return _said(DISTRIBUTION_WITHDRAWN, data | {"withdrawn_from": since}, changed, "maker")


def invoice(
    number: str, seller: str, buyer: str, on: str = "2022-04-01", **changed: Any
) -> Message:
    """An invoice; a seller that is the maker counts as one, a buyer with a code of 12 signs is an institution."""
    data = {
        "invoice_no": number,
        "line_no": 1,
        "maker" if seller in {MAKER, OTHER_MAKER} else "distributor": seller,
        "institution" if len(buyer) == 12 else "buyer": buyer,
        **_GOODS,
        "batch_no": "B1",
        "region": QUJING,
        "quantity": "10.0000",
        "issued_on": on,
    }
    return _said(INVOICE_ISSUED, data, changed, "platform")


def _of_maker(type_: str, said: dict[str, Any], changed: dict[str, Any]) -> Message:
    return _said(type_, {"maker": MAKER, **_NAMED, "region": YUNNAN} | said, changed, "maker")


def agreed(quantity: str = "1200.0000", **changed: Any) -> Message:
    said = {
        "batch": "NVBP-2020-2",
        "agreed_quantity": quantity,
        "supply_from": "2020-05-01",
        "supply_to": "2021-04-30",
        "agreed_on": "2020-04-20",
    }
    return _of_maker(SUPPLY_AGREED, said, changed)


def reported(month: str, on: str, **changed: Any) -> Message:
    said = {
        "month": month,
        "produced_quantity": "100.0000",
        "supplied_quantity": "100.0000",
        "stock_quantity": "50.0000",
        "payments_received": "10.00",
        "reported_on": on,
    }
    return _of_maker(SUPPLY_REPORTED, said, changed)


def capacity_short(since: str, on: str, **changed: Any) -> Message:
    return _of_maker(SUPPLY_CAPACITY_SHORT, {"short_from": since, "reported_on": on}, changed)


def halted(since: str, on: str, **changed: Any) -> Message:
    return _of_maker(SUPPLY_HALT_REPORTED, {"halted_on": since, "reported_on": on}, changed)


def reserve(quantity: str, on: str, **changed: Any) -> Message:
    said = {"reserve_quantity": quantity, "counted_on": on}
    return _of_maker(SUPPLY_RESERVE_REPORTED, said, changed)


def failed(since: str, **changed: Any) -> Message:
    said = {"ground": "unable", "failed_from": since, "declared_on": since}
    return _of_maker(SUPPLY_FAILED, said, changed)


def restored(since: str, **changed: Any) -> Message:
    return _of_maker(SUPPLY_RESTORED, {"restored_from": since}, changed)


def self_bought(number: str, day: str, **changed: Any) -> Message:
    said = {"purchase_no": number, "amount": "100.00", "purchased_on": day, "emergency": True}
    return _said(PURCHASE_SELF_BOUGHT, {**_BUYER, **_GOODS, **said}, changed, "his")


def self_filed(number: str, day: str, **changed: Any) -> Message:
    said = {
        "purchase_no": number,
        "filing_no": f"BA-{number}",
        "amount": "100.00",
        "filed_on": day,
        "emergency": True,
    }
    return _said(PURCHASE_SELF_FILED, {**_BUYER, **_GOODS, **said}, changed, "his")


def total(period: str, amount: str, on: str = "2023-01-05", **changed: Any) -> Message:
    said = {"period": period, "amount": amount, "stated_on": on}
    return _said(PURCHASE_TOTAL_STATED, {**_BUYER, **said}, changed, "his")


def off_platform(case: str = "DC1", **changed: Any) -> Message:
    said = {
        "case_no": case,
        "amount": "5000.00",
        "bought_on": "2022-04-01",
        "investigated": True,
        "reason_accepted": False,
        "found_on": "2022-05-10",
    }
    return _said(PURCHASE_OFF_PLATFORM_FOUND, {**_BUYER, **_GOODS, **said}, changed, "insurance")


def doctor(number: int) -> str:
    return f"p{number:016x}"


def counted(
    month: str, *doctors: tuple[int, int], on: str = "2022-06-05", **changed: Any
) -> Message:
    """Prescriptions of a month: (of selected products, of all) for the first, second … doctor."""
    said = {
        "month": month,
        "doctors": [
            {"doctor": doctor(at), "selected_count": selected, "all_count": every}
            for at, (selected, every) in enumerate(doctors)
            if every
        ],
        "counted_on": on,
    }
    return _said(PRESCRIBING_COUNTED, {**_BUYER, **_NAMED, **said}, changed, "his")


def open_now(host: Host) -> list[tuple[str, Conclusion]]:
    """Return what was concluded and has neither ended nor been replaced."""
    found: dict[str, Conclusion] = {}
    for identity, each in host.drawn:
        if "ended_id" in each.data:
            assert found.pop(each.data["ended_id"]).type == each.data["ended_type"]
            continue
        if each.data.get("replaces"):
            assert found.pop(each.data["replaces"]).type == each.type
        found[identity] = each
    return list(found.items())


def told(host: Host, *fields: str) -> list[tuple[Any, ...]]:
    """Return what is open, by type and some fields, in order."""
    return sorted(
        (each.type, *(str(each.data.get(field)) for field in fields)) for _, each in open_now(host)
    )


_HOW = frozenset({"because", "replaces", "found_on"})


def said(host: Host) -> list[str]:
    """Return all that is open, by what it says, but not how and when it was found."""
    found = [
        (each.type, sorted((name, value) for name, value in each.data.items() if name not in _HOW))
        for _, each in open_now(host)
    ]
    return sorted(map(str, found))


def after_corrections(
    host: Host, right: Sequence[Message], wrong: Sequence[Message], seed: int
) -> Host:
    """Return a host that took wrong facts where right ones of their type belong, and had each corrected.

    Some of the wrong ones never arrived. A correction that comes again leads to nothing more.
    """
    known, chance = {each.id for each in right}, random.Random(seed)
    left = [each for each in wrong if each.id not in known and "day_ended" not in each.type]
    heard: list[Message] = []
    pairs: list[tuple[Message, Message]] = []
    for each in right:
        false = next((one for one in left if one.type == each.type), None)
        if false is None:
            heard.append(each)
            continue
        left.remove(false)
        pairs.append((false, each))
        if chance.random() < 0.8:
            heard.append(false)
    host.take(*heard)
    for false, true in pairs:
        host.supersede(false, true)
    for false, true in pairs:
        assert host.supersede(false, true) == []
    return host

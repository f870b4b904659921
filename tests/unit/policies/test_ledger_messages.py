"""What partners say about money is checked at the door: sums, terms, shares and digits."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.checking import check
from schemas.envelope import Message, canonical_bytes
from tests.unit.policies.making import PRODUCT
from tests.unit.policies.making_money import (
    budget,
    clearing,
    contract,
    outturn,
    package,
    paid,
    registered,
    returned,
    year_paid,
)

PAYMENT = paid("p", "2020-03-10", ("r", "60.00"), ("s", "40.00"))
CLEARING = clearing("contract_amount", "HT1", "1.00", unified_code=PRODUCT)


def found(message: Message, **changed: Any) -> list[tuple[str, str]]:
    data = {
        name: value for name, value in (message.content() | changed).items() if value is not _ABSENT
    }
    return [(each.path, each.code) for each in check(message.type, data, canonical_bytes(data))]


_ABSENT = object()


@pytest.mark.parametrize(
    "message",
    [
        PAYMENT,
        CLEARING,
        contract(),
        registered(),
        returned("t", "r", "1.00", "2020-03-10"),
        year_paid("2019", "1.00"),
        package("2022-Q1", "1.00"),
        budget("2020", "1.00", ("other", "1.00")),
        outturn("2020", "1.00", retained_share="0.5"),
    ],
)
def test_sound_messages_have_no_issue_and_a_stranger_field_is_one(message: Message) -> None:
    assert found(message) == []
    assert found(message, stranger="1") == [("stranger", "field.unknown")]
    assert found(message, institution=_ABSENT) == [("institution", "field.required")]
    assert found(message, region="5200００")[0][0] == "region"


@pytest.mark.parametrize(
    ("changed", "issue"),
    [
        ({"total": "100.01"}, ("total", "sum.mismatch")),
        ({"total": 100}, ("total", "money.number")),
        ({"total": "1００.00"}, ("total", "field.fullwidth")),
        (
            {"lines": [{"receipt_no": "r", "amount": "-100.00"}]},
            ("lines[0].amount", "field.format"),
        ),
        ({"lines": []}, ("lines", "field.range")),
        ({"paid_on": "2020-02-30"}, ("paid_on", "field.format")),
        ({"paid_by": "somebody"}, ("paid_by", "field.format")),
    ],
)
def test_a_payment_that_does_not_add_up_is_refused(
    changed: dict[str, Any], issue: tuple[str, str]
) -> None:
    assert found(PAYMENT, **changed) == [issue]


def test_a_payment_of_nothing_and_a_receipt_named_twice_are_refused() -> None:
    nothing = [{"receipt_no": "r", "amount": "0.00"}]
    assert found(PAYMENT, lines=nothing, total="0.00") == [("lines[0].amount", "field.range")]
    twice = [{"receipt_no": "r", "amount": "50.00"}] * 2
    assert found(PAYMENT, lines=twice) == [("lines", "line.duplicate")]


@pytest.mark.parametrize(
    ("changed", "issues"),
    [
        ({"amount": "9999.99"}, [("amount", "sum.mismatch")]),
        ({"amount": "010000.00"}, []),
        ({"term_to": "2019-12-31"}, [("term_to", "date.invalid")]),
        ({"term_to": "2020-01-01"}, []),
        ({"payment_days": 0}, [("payment_days", "field.range")]),
        ({"payment_days": "30"}, [("payment_days", "field.format")]),
        ({"version": 0}, [("version", "field.range")]),
        ({"basis": "promise"}, [("basis", "field.format")]),
    ],
)
def test_a_contract_is_price_times_quantity_for_a_term(
    changed: dict[str, Any], issues: list[tuple[str, str]]
) -> None:
    assert found(contract(), **changed) == issues


def test_the_clearing_of_a_contract_names_its_product() -> None:
    assert found(CLEARING, unified_code=_ABSENT) == [("unified_code", "field.required")]
    assert found(clearing("monthly_average", "2020", "1.00")) == []


@pytest.mark.parametrize(
    ("share", "sound"),
    [("0", False), ("0.5", True), ("1", True), ("1.01", False), ("-0.5", False), ("50%", False)],
)
def test_a_share_lies_between_nothing_and_all(share: str, sound: bool) -> None:
    assert (found(outturn("2020", "1.00"), retained_share=share) == []) is sound


@pytest.mark.parametrize("year", ["20", "2020-01", "２０２０"])
def test_a_year_has_four_ascii_digits(year: str) -> None:
    assert found(year_paid("2019", "1.00"), year=year)[0][0] == "year"


@pytest.mark.parametrize("quarter", ["2022-Q0", "2022-Q5", "2022-01", "2022Q1"])
def test_a_package_is_of_a_quarter(quarter: str) -> None:
    assert found(package("2022-Q1", "1.00"), quarter=quarter) == [("quarter", "field.format")]


@pytest.mark.parametrize("months", [0, 13, "12"])
def test_a_year_has_one_to_twelve_months(months: object) -> None:
    assert found(year_paid("2019", "1.00"), months=months)[0][0] == "months"

"""预付 (R2): what the fund prepays for selected products in each region's way, and its clearing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.policies.payments.ledger import ledger
from gateway.policies.payments.prepayment import Prepayment
from gateway.policies.policy import Conclusion
from schemas.envelope import Message
from schemas.events import PREPAYMENT_CLEARED, PREPAYMENT_DUE, PREPAYMENT_ENDED
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, HOSPITAL, PRODUCT, YUNNAN, accepted
from tests.unit.policies.making_money import (
    LINCANG,
    PHARMACY,
    QUJING,
    clearing,
    contract,
    package,
    registered,
    returned,
    year_paid,
)

OWED = f"institution:{HOSPITAL}:vbp-prepayment"


def after(*messages: Message) -> Host:
    host = Host(Prepayment())
    host.take(*messages)
    return host


def types(conclusions: Sequence[Conclusion]) -> list[str]:
    return [each.type for each in conclusions]


def balances(host: Host) -> dict[str, int]:
    return ledger(each.data for _, each in host.drawn)


def bought(number: str, quantity: str, day: str = "2020-06-01", **changed: Any) -> Message:
    return accepted(number, quantity, day, **({"region": YUNNAN, "amount": "1.00"} | changed))


# ---------------------------------------------------------------------------- Yunnan and Qujing


def test_yunnan_prepays_thirty_percent_of_the_years_contract() -> None:
    (due,) = after(registered(region=YUNNAN), contract(region=YUNNAN)).drawn
    data = due[1].data
    assert (data["base_amount"], data["share"], data["amount"]) == ("10000.00", "0.30", "3000.00")
    assert (data["stage"], data["reference"], data["unified_code"]) == ("initial", "HT1", PRODUCT)
    assert data["postings"] == [
        {"account": "fund:vbp-prepayment", "debit": "0.00", "credit": "3000.00"},
        {"account": OWED, "debit": "3000.00", "credit": "0.00"},
    ]
    why = data["because"]
    assert (why["rule"], why["clauses"]) == ("R2", ["云医保〔2020〕71号 四（四）"])
    assert why["terms"] == {
        "prepayment.base": "contract_amount",
        "prepayment.share": "0.30",
        "prepayment.share_is": "at_least",
        "prepayment.excludes": "private,pharmacy",
        "prepayment.ledger": "separate",
    }
    assert why["arithmetic"] == ["合同金额 10000.00 × 0.30 = 3000.00"]
    assert why["causes"] == [contract(region=YUNNAN).id, registered(region=YUNNAN).id]


@pytest.mark.parametrize(
    ("quantity", "amount"), [("10.0100", "3.01"), ("10.0000", "3.00"), ("0.0100", "0.01")]
)
def test_a_minimum_is_rounded_up_to_the_fen(quantity: str, amount: str) -> None:
    (due,) = after(contract(region=YUNNAN, agreed_quantity=quantity)).drawn
    assert due[1].data["amount"] == amount


def test_what_is_rounded_says_how_so_that_a_person_comes_to_the_same() -> None:
    said = {"agreed_quantity": "1000.0000", "unit_price": "0.333333", "amount": "333.33"}
    for region, share, line in (
        (YUNNAN, "0.30", "= 99.999 → 100.00 (不低于,进至分 rounded up)"),
        (CHONGQING, "0.50", "= 166.665 → 166.67 (不低于,进至分 rounded up)"),
    ):
        (due,) = after(contract(region=region, **said)).drawn
        assert due[1].data["because"]["arithmetic"] == [f"合同金额 333.33 × {share} {line}"]
    (due,) = after(year_paid("2019", "1000000.01", months=11)).drawn
    assert due[1].data["because"]["arithmetic"] == [
        "1000000.01 ÷ 11 个月 × 0.30 = 27272.727545… → 27272.73 (四舍五入至分 rounded half up)"
    ]


@pytest.mark.parametrize(
    ("changed", "prepaid"),
    [
        ({}, True),
        ({"ownership": "military"}, True),
        ({"ownership": "private"}, False),
        ({"kind": "pharmacy"}, False),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_yunnan_prepays_no_private_hospital_and_no_pharmacy(
    changed: dict[str, Any], prepaid: bool, first: bool
) -> None:
    both = [registered(region=YUNNAN, **changed), contract(region=YUNNAN)]
    host = after(*(both if first else reversed(both)))
    assert bool(balances(host)) is prepaid
    if not prepaid and not first:
        ended = host.drawn[-1][1]
        assert ended.type == PREPAYMENT_ENDED
        assert both[0].id in ended.data["because"]["causes"]


def test_a_pharmacys_code_is_enough() -> None:
    assert after(contract(region=YUNNAN, institution=PHARMACY)).drawn == []


def test_what_an_institution_becomes_later_does_not_undo_an_earlier_prepayment() -> None:
    host = after(registered(region=YUNNAN), contract(region=YUNNAN))
    host.take(registered(region=YUNNAN, ownership="private", registered_on="2021-06-01"))
    assert balances(host)[OWED] == 300_000


@pytest.mark.parametrize(
    ("quantity", "due"), [("9999.9999", None), ("10000.0000", None), ("10000.0100", "0.01")]
)
def test_yunnan_prepays_on_for_what_is_bought_above_the_agreed_volume(
    quantity: str, due: str | None
) -> None:
    host = after(contract(region=YUNNAN), bought("a", quantity))
    assert len(host.drawn) == (2 if due else 1)
    if due:
        data = host.drawn[-1][1].data
        assert (data["stage"], data["amount"]) == ("after_completion", due)
        assert "prepayment.again" in data["because"]["terms"]


def test_each_purchase_above_replaces_the_word_before_and_moves_the_difference() -> None:
    host = after(contract(region=YUNNAN), bought("a", "10100.0000"))
    (more,) = host.take(bought("b", "50.0000", "2020-07-01"))
    assert (more.data["amount"], more.data["replaces"]) == ("45.00", host.drawn[1][0])
    assert more.data["postings"][1]["debit"] == "15.00"
    assert more.data["because"]["arithmetic"] == [
        "实际采购 10150 - 约定 10000 = 150",
        "150 × 1 = 150.00",
        "150.00 × 0.30 = 45.00",
    ]
    (less,) = host.take(
        returned("t", "b", "1.00", "2020-07-02", region=YUNNAN, returned_quantity="100.0000")
    )
    assert less.data["amount"] == "15.00"
    assert balances(host) == {"fund:vbp-prepayment": -301_500, OWED: 301_500}
    (gone,) = host.take(
        returned("u", "b", "1.00", "2020-07-02", region=YUNNAN, returned_quantity="50.0000")
    )
    assert gone.type == PREPAYMENT_ENDED
    assert balances(host)[OWED] == 300_000


def test_purchases_outside_the_term_do_not_complete_it() -> None:
    outside = [bought("a", "9000.0000", "2019-12-31"), bought("b", "9000.0000", "2021-01-01")]
    on_edges = [bought("c", "9000.0000", "2020-01-01"), bought("d", "1000.0000", "2020-12-31")]
    host = after(contract(region=YUNNAN), *outside, *on_edges)
    assert len(host.drawn) == 1
    assert len(host.take(bought("e", "1.0000", "2020-12-31"))) == 1


def test_a_negative_receipt_takes_back_what_was_bought() -> None:
    red = bought("b", "1.0000", amount="-1.00")
    assert len(after(contract(region=YUNNAN), red, bought("a", "10001.0000")).drawn) == 1


def test_a_task_without_a_contract_is_prepaid_and_never_both() -> None:
    fixed = contract("RW1", region=YUNNAN, basis="task", agreed_quantity="2000.0000")
    host = after(fixed)
    assert balances(host)[OWED] == 60_000
    found = host.take(contract(region=YUNNAN))
    assert sorted(types(found)) == [PREPAYMENT_DUE, PREPAYMENT_ENDED]
    assert balances(host)[OWED] == 300_000


def test_an_amended_contract_moves_the_difference() -> None:
    host = after(contract(region=YUNNAN))
    (more,) = host.take(contract(region=YUNNAN, version=2, agreed_quantity="12000.0000"))
    assert (more.data["amount"], more.data["replaces"]) == ("3600.00", host.drawn[0][0])
    assert more.data["postings"][1] == {"account": OWED, "debit": "600.00", "credit": "0.00"}
    assert host.take(contract(region=YUNNAN, version=1, signed_on="2019-12-21")) == []


@pytest.mark.parametrize("region", [QUJING, "530302"])
def test_qujing_is_silent_and_follows_its_province(region: str) -> None:
    of_2022 = {"term_from": "2022-04-01", "term_to": "2023-03-31", "signed_on": "2022-03-20"}
    (due,) = after(contract(region=region, **of_2022)).drawn
    assert due[1].data["because"]["clauses"] == ["云医保〔2020〕71号 四（四）"]


@pytest.mark.parametrize("stated_on", ["2020-12-31", "2021-06-30"])
def test_yunnan_sets_no_clearing(stated_on: str) -> None:
    stated = clearing(
        "contract_amount",
        "HT1",
        "1.00",
        region=YUNNAN,
        local_code="L1",
        unified_code=PRODUCT,
        cleared_on=stated_on,
    )
    assert types([each for _, each in after(contract(region=YUNNAN), stated).drawn]) == [
        PREPAYMENT_DUE
    ]


# ---------------------------------------------------------------------------- Guizhou


@pytest.mark.parametrize(
    ("year", "pay_by"), [("2018", "2019-12-31"), ("2019", "2020-01-31"), ("2020", "2021-01-31")]
)
def test_guizhou_prepays_thirty_percent_of_last_years_monthly_average(
    year: str, pay_by: str
) -> None:
    (due,) = after(year_paid(year, "1200000.00")).drawn
    data = due[1].data
    assert (data["base_amount"], data["amount"], data["pay_by"]) == (
        "100000.00",
        "30000.00",
        pay_by,
    )
    assert data["because"]["arithmetic"] == ["1200000.00 ÷ 12 个月 × 0.30 = 30000.00"]


@pytest.mark.parametrize(
    ("amount", "due"), [("0.60", "0.02"), ("0.59", "0.01"), ("1.00", "0.03"), ("0.19", None)]
)
def test_guizhous_share_is_exact_and_rounded_half_up_once(amount: str, due: str | None) -> None:
    # 0.60 ÷ 12 × 0.30 = 0.015
    drawn = after(year_paid("2019", amount)).drawn
    assert [each.data["amount"] for _, each in drawn] == ([due] if due else [])


def test_guizhou_averages_over_the_months_that_were_paid() -> None:
    (due,) = after(year_paid("2019", "300.00", months=3)).drawn
    assert due[1].data["amount"] == "30.00"


def test_guizhou_said_nothing_of_2018() -> None:
    assert after(year_paid("2017", "1200000.00")).drawn == []


@pytest.mark.parametrize(
    ("changed", "prepaid"),
    [
        ({"level": 3, "serves_nonlocal": True}, False),
        ({"level": 2, "serves_nonlocal": True}, True),
        ({"level": 3}, True),
        ({"ownership": "private"}, True),
        ({"kind": "pharmacy"}, False),
    ],
)
def test_guizhou_leaves_tertiary_hospitals_with_patients_from_elsewhere_to_local_policy(
    changed: dict[str, Any], prepaid: bool
) -> None:
    assert bool(after(registered(**changed), year_paid("2019", "1200000.00")).drawn) is prepaid


def test_guizhou_does_not_prepay_by_contract_nor_yunnan_by_monthly_average() -> None:
    assert after(contract()).drawn == []
    assert after(year_paid("2020", "1200000.00", region=YUNNAN)).drawn == []


@pytest.mark.parametrize(
    ("purchases", "offset", "back"),
    [
        ("25000.00", "25000.00", "5000.00"),
        ("30000.00", "30000.00", "0.00"),
        ("30000.01", "30000.00", "0.00"),
        ("0.00", "0.00", "30000.00"),
    ],
)
def test_guizhou_clears_what_was_prepaid_to_zero(purchases: str, offset: str, back: str) -> None:
    host = after(year_paid("2019", "1200000.00"))
    (cleared,) = host.take(clearing("monthly_average", "2020", purchases))
    assert cleared.type == PREPAYMENT_CLEARED
    assert (cleared.data["offset"], cleared.data["returned"]) == (offset, back)
    assert cleared.data["because"]["terms"] == {"prepayment.cleared": "contract_end"}
    assert host.drawn[0][0] in cleared.data["because"]["causes"]
    assert OWED not in balances(host)
    assert sum(balances(host).values()) == 0


def test_a_prepayment_corrected_after_its_clearing_is_cleared_anew_without_a_word_in_between() -> (
    None
):
    first = year_paid("2019", "1200000.00")
    host = after(first, clearing("monthly_average", "2020", "25000.00"))
    before = [identity for identity, _ in host.drawn]
    due, cleared = host.supersede(first, year_paid("2019", "1000000.00"))
    assert (due.type, due.data["amount"]) == (PREPAYMENT_DUE, "25000.00")
    assert (cleared.type, cleared.data["prepaid"], cleared.data["returned"]) == (
        PREPAYMENT_CLEARED,
        "25000.00",
        "0.00",
    )
    assert [due.data["replaces"], cleared.data["replaces"]] == before
    assert balances(host) == {"fund:settlement": 2_500_000, "fund:vbp-prepayment": -2_500_000}


def test_what_was_never_prepaid_is_not_cleared() -> None:
    assert after(clearing("monthly_average", "2020", "25000.00")).drawn == []


# ---------------------------------------------------------------------------- Chongqing


def test_chongqing_prepays_half_of_the_purchase_amount_and_clears_at_the_years_end() -> None:
    of_2019 = {"term_from": "2019-03-20", "term_to": "2020-03-19", "signed_on": "2019-03-15"}
    host = after(contract(region=CHONGQING, agreed_quantity="0.0300", **of_2019))
    assert host.drawn[0][1].data["amount"] == "0.02"  # at least half of 0.03
    assert host.drawn[0][1].data["because"]["clauses"] == ["渝府办发〔2019〕29号 二（七）"]
    assert host.take(bought("a", "99999.0000", "2019-06-01", region=CHONGQING)) == []
    stated = clearing(
        "purchase_amount",
        "HT1",
        "5.00",
        region=CHONGQING,
        local_code="L1",
        unified_code=PRODUCT,
        cleared_on="2019-12-31",
    )
    (cleared,) = host.take(stated)
    assert cleared.data["because"]["clauses"] == ["渝府办发〔2019〕29号 二（八）"]
    assert OWED not in balances(host)


# ---------------------------------------------------------------------------- Lincang


def test_lincang_prepays_inside_the_quarterly_package_of_the_community() -> None:
    (due,) = after(package("2022-Q1", "100000.00", prepaid_inside="20000.00")).drawn
    data = due[1].data
    assert (data["base"], data["amount"]) == ("quarterly_package", "30000.00")
    assert data["package_short_by"] == "10000.00"
    assert data["because"]["clauses"][0] == "临政办发〔2021〕77号 四"


@pytest.mark.parametrize(("inside", "short"), [("30000.00", False), ("29999.99", True)])
def test_a_package_that_contains_enough_is_not_short(inside: str, short: bool) -> None:
    (due,) = after(package("2022-Q1", "100000.00", prepaid_inside=inside)).drawn
    assert ("package_short_by" in due[1].data) is short


def test_lincang_does_not_prepay_a_community_twice() -> None:
    of_2022 = {
        "region": LINCANG,
        "term_from": "2022-01-01",
        "term_to": "2022-12-31",
        "signed_on": "2021-12-20",
    }
    lead = registered(region=LINCANG, kind="county_community")
    assert after(lead, contract(**of_2022)).drawn == []
    member = registered(region=LINCANG, kind="primary", community="H53090000001")
    assert after(contract(**of_2022), member).drawn[-1][1].type == PREPAYMENT_ENDED
    alone = registered(region=LINCANG)
    assert balances(after(alone, contract(**of_2022)))[OWED] == 300_000


@pytest.mark.parametrize("region", [YUNNAN, QUJING, GUIZHOU, CHONGQING])
def test_elsewhere_there_is_no_package(region: str) -> None:
    assert after(package("2022-Q1", "100000.00", region=region)).drawn == []


def test_before_the_paper_and_in_other_provinces_nothing_is_prepaid() -> None:
    assert after(contract(region=YUNNAN, term_from="2019-12-31")).drawn == []
    assert after(contract(region="440000")).drawn == []
    assert after(package("2021-Q4", "100000.00", set_on="2021-12-17")).drawn == []
    assert after(package("2021-Q4", "100000.00", set_on="2021-12-18")).drawn != []

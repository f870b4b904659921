"""回款 (R3): until when each region's institutions pay, and what follows when they do not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.policies.payments.payment_clock import PaymentClock
from gateway.policies.policy import Conclusion
from schemas.envelope import Message
from schemas.events import (
    FUND_PAYMENT_HELD,
    FUND_PAYMENT_RESUMED,
    PAYMENT_EXCEEDED,
    PAYMENT_FINDING_ENDED,
    PAYMENT_OVERDUE,
    PAYMENT_OVERDUE_PUBLISHED,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, HOSPITAL, YUNNAN, closed
from tests.unit.policies.making_money import (
    COMPANY,
    LINCANG,
    OTHER_COMPANY,
    PHARMACY,
    QUJING,
    contract,
    day_ended,
    paid,
    received,
    returned,
)

GOODS = received("r", "100.00", "2020-03-01")


def types(conclusions: Sequence[Conclusion]) -> list[str]:
    return [each.type for each in conclusions]


def after(*messages: Message) -> Host:
    host = Host(PaymentClock())
    host.take(*messages)
    return host


# ---------------------------------------------------------------------------- Guizhou


@pytest.mark.parametrize(
    ("accepted_on", "last_day"),
    [("2020-03-01", "2020-03-31"), ("2020-01-30", "2020-02-29"), ("2020-12-31", "2021-01-30")],
)
def test_guizhou_gives_thirty_days_from_acceptance(accepted_on: str, last_day: str) -> None:
    host = after(received("r", "100.00", accepted_on))
    month_end = {"03": "2020-03-31", "02": "2020-02-29", "01": "2021-01-31"}[last_day[5:7]]
    (warning,) = host.take(day_ended(month_end))
    assert warning.type == PAYMENT_OVERDUE
    assert (warning.data["accepted_on"], warning.data["due_on"]) == (accepted_on, last_day)


@pytest.mark.parametrize(
    ("paid_on", "warned"), [("2020-03-31", False), ("2020-04-01", False), ("2020-04-02", True)]
)
def test_guizhou_warns_when_the_month_has_ended_unpaid(paid_on: str, warned: bool) -> None:
    # the day ends on 31 March; the gateway says so on 1 April, and what is paid by then is not warned of
    found = after(GOODS, paid("p", paid_on, ("r", "100.00"))).take(day_ended("2020-03-31"))
    assert types(found) == ([PAYMENT_OVERDUE] if warned else [])


def test_guizhou_warns_by_the_month_not_by_the_day() -> None:
    host = after(received("r", "100.00", "2020-03-02"))  # to be paid by 1 April
    assert (
        host.take(day_ended("2020-03-31"), day_ended("2020-04-01"), day_ended("2020-04-29")) == []
    )
    (warning,) = host.take(day_ended("2020-04-30"))
    assert warning.data["warned_on"] == "2020-05-01"


def test_a_warning_says_why_so_that_it_can_be_checked_by_hand() -> None:
    half = paid("p", "2020-03-20", ("r", "40.00"))
    end = day_ended("2020-03-31")
    (warning,) = after(GOODS, half).take(end)
    why = warning.data["because"]
    assert warning.data["outstanding"] == "60.00"
    assert why["rule"] == "R3"
    assert why["clauses"] == ["黔医保发〔2019〕69号 五（三）"]
    assert why["terms"] == {"payment.days": "30", "payment.warned": "month_end"}
    assert why["arithmetic"] == [
        "2020-03-01 + 30 天 days = 2020-03-31",
        "到期 100.00 - 已付及退货 40.00 = 60.00 > 0",
        "预警日 warned on 2020-04-01",
    ]
    assert why["causes"] == [GOODS.id, half.id, end.id]


@pytest.mark.parametrize(("ended", "held"), [("2020-04-15", False), ("2020-04-16", True)])
def test_guizhou_holds_after_ten_workdays_with_exchanged_days(ended: str, held: bool) -> None:
    # warned on 1 April; 4 to 6 April are 清明: the tenth workday is 16 April
    host = after(GOODS, day_ended("2020-03-31"))
    found = host.take(day_ended(ended))
    assert types(found) == ([FUND_PAYMENT_HELD] if held else [])
    if held:
        assert found[0].data["held_from"] == "2020-04-17"
        assert found[0].data["outstanding"] == "100.00"
        assert (
            "2020-04-01 后第 10 个工作日 workday = 2020-04-16"
            in (found[0].data["because"]["arithmetic"])
        )
        warning = host.drawn[0][0]
        assert found[0].data["because"]["causes"][:2] == [warning, GOODS.id]


def test_guizhou_counts_a_working_saturday_as_a_workday() -> None:
    # warned on 1 May 2020; the holiday ends on 5 May, Saturday 9 May is a workday
    host = after(received("r", "1.00", "2020-03-31"), day_ended("2020-04-30"))
    assert host.take(day_ended("2020-05-17")) == []
    (held,) = host.take(day_ended("2020-05-18"))
    assert held.data["held_from"] == "2020-05-19"


def test_guizhou_resumes_when_it_is_paid() -> None:
    host = after(GOODS, day_ended("2020-03-31"), day_ended("2020-04-16"))
    assert host.take(paid("p1", "2020-04-17", ("r", "99.99"))) == []
    ended, resumed = host.take(paid("p2", "2020-04-17", ("r", "0.01")))
    assert (ended.type, ended.data["finding"]) == (PAYMENT_FINDING_ENDED, "overdue")
    assert resumed.type == FUND_PAYMENT_RESUMED
    assert resumed.data["hold_id"] == host.drawn[1][0]
    assert resumed.data["resumed_on"] == "2020-04-17"
    assert resumed.data["because"]["terms"]["payment.resumed"] == "paid"


def test_a_hold_lasts_until_the_last_warned_receipt_is_paid() -> None:
    host = after(GOODS, received("s", "5.00", "2020-02-20"), day_ended("2020-03-31"))
    (held,) = host.take(day_ended("2020-04-16"))
    assert (held.data["receipts"], held.data["outstanding"]) == (2, "105.00")
    assert types(host.take(paid("p", "2020-04-17", ("r", "100.00")))) == [PAYMENT_FINDING_ENDED]
    assert types(host.take(paid("q", "2020-04-17", ("s", "5.00")))) == [
        PAYMENT_FINDING_ENDED,
        FUND_PAYMENT_RESUMED,
    ]


def test_a_payment_that_is_dated_ahead_counts_from_its_day_on() -> None:
    host = after(GOODS, day_ended("2020-03-31"), day_ended("2020-04-16"))
    assert host.take(paid("p", "2020-04-30", ("r", "100.00"))) == []
    assert types(host.take(day_ended("2020-04-28"))) == []
    assert types(host.take(day_ended("2020-04-29"))) == [
        PAYMENT_FINDING_ENDED,
        FUND_PAYMENT_RESUMED,
    ]


# ---------------------------------------------------------------------------- the cities


def at(region: str, number: str = "r", day: str = "2022-04-05", amount: str = "100.00") -> Message:
    return received(number, amount, day, region=region)


@pytest.mark.parametrize("region", [QUJING, LINCANG, "530302"])
@pytest.mark.parametrize(
    ("day", "last"), [("2022-04-01", "2022-05-31"), ("2022-04-30", "2022-05-31")]
)
def test_the_cities_give_until_the_end_of_the_next_month(region: str, day: str, last: str) -> None:
    host = after(at(region, day=day))
    assert host.take(day_ended("2022-05-30", region)) == []
    found = host.take(day_ended(last, region))
    assert found[0].type == PAYMENT_OVERDUE
    assert (found[0].data["due_on"], found[0].data["warned_on"]) == (last, "2022-06-01")


@pytest.mark.parametrize(("paid_on", "late"), [("2022-05-31", False), ("2022-06-02", True)])
def test_lincang_holds_the_payments_of_a_late_payer_at_once(paid_on: str, late: bool) -> None:
    host = after(at(LINCANG), paid("p", paid_on, ("r", "100.00"), region=LINCANG))
    found = host.take(day_ended("2022-05-31", LINCANG))
    assert types(found) == ([PAYMENT_OVERDUE, FUND_PAYMENT_HELD] if late else [])
    if late:
        assert found[1].data["held_from"] == "2022-06-01"
        assert found[1].data["because"]["clauses"] == ["临政办发〔2021〕77号 四"]
        found = host.take(day_ended("2022-06-01", LINCANG))
        assert types(found) == [PAYMENT_FINDING_ENDED, FUND_PAYMENT_RESUMED]


def test_qujing_warns_and_publishes_and_holds_nothing() -> None:
    host = after(at(QUJING), at(QUJING, "s", amount="7.00"), at(QUJING, "t", "2022-05-02"))
    found = host.take(day_ended("2022-05-31", QUJING))
    assert types(found) == [PAYMENT_OVERDUE] * 2
    assert found[0].data["because"]["terms"] == {
        "payment.latest": "end_of_next_month",
        "payment.warned": "overdue",
    }
    (published,) = host.take(closed("2022-05", "2022-05-31", QUJING))
    assert published.type == PAYMENT_OVERDUE_PUBLISHED
    assert (published.data["receipts"], published.data["outstanding"]) == (2, "107.00")
    assert published.data["because"]["clauses"] == ["曲政办发〔2022〕10号 四（四）3"]


def test_a_payment_after_the_period_leaves_its_publication_as_it_is() -> None:
    host = after(
        at(QUJING), day_ended("2022-05-31", QUJING), closed("2022-Q2", "2022-06-30", YUNNAN)
    )
    assert types([host.drawn[-1][1]]) == [PAYMENT_OVERDUE_PUBLISHED]
    late = paid("p", "2022-07-01", ("r", "100.00"), region=QUJING)
    host.take(day_ended("2022-06-30", QUJING))
    assert types(host.take(late)) == [PAYMENT_FINDING_ENDED]


def test_a_late_word_of_a_payment_in_time_takes_the_publication_back() -> None:
    host = after(at(QUJING), at(QUJING, "s"), day_ended("2022-06-01", QUJING))
    host.take(closed("2022-05", "2022-05-31", QUJING))
    first = host.drawn[-1][0]
    found = host.take(paid("p", "2022-05-31", ("r", "100.00"), region=QUJING))
    assert types(found) == [PAYMENT_FINDING_ENDED, PAYMENT_OVERDUE_PUBLISHED]
    assert (found[1].data["replaces"], found[1].data["receipts"]) == (first, 1)
    found = host.take(paid("q", "2022-05-31", ("s", "100.00"), region=QUJING))
    assert [each.data.get("finding") for each in found] == ["overdue", "published"]


def test_a_city_that_says_nothing_of_publication_publishes_nothing() -> None:
    host = after(at(LINCANG), day_ended("2022-05-31", LINCANG))
    assert host.take(closed("2022-05", "2022-05-31", LINCANG)) == []


# ---------------------------------------------------------------------------- by contract


@pytest.mark.parametrize("region", [YUNNAN, CHONGQING])
def test_where_the_contract_rules_its_days_bind_and_without_them_nothing_does(region: str) -> None:
    silent = after(at(region), contract(region=region, term_to="2022-12-31"))
    assert silent.take(day_ended("2023-12-31", region)) == []
    days = contract(region=region, term_to="2022-12-31", payment_days=60)
    host = after(at(region), days)
    assert host.take(day_ended("2022-06-03", region)) == []
    (found,) = host.take(day_ended("2022-06-04", region))
    assert (found.data["due_on"], found.data["warned_on"]) == ("2022-06-04", "2022-06-05")
    assert days.id in found.data["because"]["causes"]
    assert host.take(day_ended("2022-12-31", region)) == []


@pytest.mark.parametrize(("days", "due"), [(15, "2020-03-16"), (60, "2020-03-31")])
def test_guizhou_the_earlier_of_contract_and_thirty_days_binds(days: int, due: str) -> None:
    (found,) = after(GOODS, contract(payment_days=days)).take(day_ended("2020-03-31"))
    assert found.data["due_on"] == due


def test_an_amended_contract_moves_the_last_day() -> None:
    host = after(GOODS, contract(payment_days=10), day_ended("2020-03-31"))
    assert len(host.drawn) == 1
    gone = host.take(contract(version=2, payment_days=None, signed_on="2020-01-05"))
    assert gone == []  # thirty days have passed too
    host = after(
        received("r", "9.00", "2020-03-10"), contract(payment_days=10), day_ended("2020-03-31")
    )
    (ended,) = host.take(contract(version=2, payment_days=25, signed_on="2020-01-05"))
    assert ended.type == PAYMENT_FINDING_ENDED


def test_goods_outside_the_contracts_term_follow_the_paper() -> None:
    host = after(GOODS, contract(payment_days=5, term_from="2020-03-02"))
    assert host.take(day_ended("2020-03-31"))[0].data["due_on"] == "2020-03-31"


@pytest.mark.parametrize("region", ["440000", GUIZHOU])
def test_silence_and_earlier_years_conclude_nothing(region: str) -> None:
    day = "2020-03-01" if region != GUIZHOU else "2019-11-20"
    host = after(received("r", "1.00", day, region=region))
    assert host.take(day_ended("2020-12-31", region)) == []


def test_a_pharmacy_is_no_medical_institution() -> None:
    goods = received("r", "1.00", "2020-03-01", institution=PHARMACY)
    assert after(goods).take(day_ended("2020-12-31")) == []


# ---------------------------------------------------------------------------- sums


def test_one_payment_for_several_receipts_and_several_for_one() -> None:
    second = received("s", "50.00", "2020-03-01")
    host = after(GOODS, second, paid("p", "2020-03-10", ("r", "60.00"), ("s", "50.00")))
    host.take(paid("q", "2020-03-31", ("r", "40.00")))
    assert host.take(day_ended("2020-03-31"), day_ended("2020-12-31")) == []


def test_lines_of_a_receipt_are_paid_in_the_order_in_which_they_are_due() -> None:
    second = received("r2", "50.00", "2020-03-20", receipt_no="r")
    host = after(GOODS, second, paid("p", "2020-03-25", ("r", "100.00")))
    assert host.take(day_ended("2020-03-31")) == []
    (warning,) = host.take(day_ended("2020-04-30"))
    assert (warning.data["accepted_on"], warning.data["outstanding"]) == ("2020-03-20", "50.00")


@pytest.mark.parametrize(
    "back",
    [
        returned("t", "r", "30.00", "2020-03-15"),
        received("t", "-30.00", "2020-03-15", receipt_no="r"),
    ],
)
def test_returns_reduce_what_is_due(back: Message) -> None:
    host = after(GOODS, back, paid("p", "2020-03-31", ("r", "70.00")))
    assert host.take(day_ended("2020-12-31")) == []


def test_what_is_paid_too_much_is_seen_with_the_enterprise_that_owes_it_back() -> None:
    host = after(
        GOODS, paid("p", "2020-03-10", ("r", "100.00")), paid("q", "2020-03-11", ("r", "0.01"))
    )
    (found,) = host.take(day_ended("2020-03-11"))
    assert found.type == PAYMENT_EXCEEDED
    assert (found.data["paid"], found.data["excess"]) == ("100.01", "0.01")
    assert found.data["postings"] == [
        {"account": f"enterprise:{COMPANY}", "debit": "0.01", "credit": "0.00"},
        {"account": f"institution:{HOSPITAL}:vbp", "debit": "0.00", "credit": "0.01"},
    ]


def test_the_same_goods_paid_by_institution_and_fund_are_seen() -> None:
    direct = paid("d", "2020-03-12", ("r", "100.00"), paid_by="fund", distributor=OTHER_COMPANY)
    host = after(GOODS, paid("p", "2020-03-10", ("r", "100.00")), direct)
    (found,) = host.take(day_ended("2020-03-31"))
    assert (found.data["excess"], found.data["postings"][0]["account"]) == (
        "100.00",
        f"enterprise:{OTHER_COMPANY}",
    )


def test_a_direct_payment_of_the_fund_settles_a_receipt() -> None:
    direct = paid("d", "2020-03-31", ("r", "100.00"), paid_by="fund")
    assert after(GOODS, direct).take(day_ended("2020-04-30")) == []


def test_a_return_after_payment_makes_an_excess_and_a_new_delivery_ends_it() -> None:
    host = after(GOODS, paid("p", "2020-03-10", ("r", "100.00")), day_ended("2020-03-10"))
    host.take(returned("t", "r", "30.00", "2020-03-15"))
    (found,) = host.take(day_ended("2020-03-15"))
    assert (found.data["returned"], found.data["excess"]) == ("30.00", "30.00")
    host.take(returned("u", "r", "5.00", "2020-03-15"))
    more = host.drawn[-1][1]
    assert (more.data["excess"], more.data["replaces"]) == ("35.00", host.drawn[-2][0])
    assert {each["debit"] for each in more.data["postings"]} == {"5.00", "0.00"}
    (ended,) = host.take(received("r3", "35.00", "2020-03-16", receipt_no="r"))
    assert (ended.data["finding"], ended.data["finding_id"]) == ("exceeded", host.drawn[-2][0])


def test_a_payment_for_an_unknown_receipt_is_an_excess_until_the_goods_are_accepted() -> None:
    host = after(paid("p", "2020-03-10", ("r", "100.00")))
    assert types(host.take(day_ended("2020-03-10"))) == [PAYMENT_EXCEEDED]
    assert types(host.take(GOODS)) == [PAYMENT_FINDING_ENDED]
    assert host.take(day_ended("2020-12-31")) == []

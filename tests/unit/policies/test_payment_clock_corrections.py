"""回款 (R3): what is corrected is put right at once, without a word that the same correction takes back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.ledger import ledger
from gateway.policies.payments.payment_clock import PaymentClock
from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.policies.policy import Conclusion, Judgement
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CONTRACT_SIGNED,
    FUND_PAYMENT_HELD,
    FUND_PAYMENT_RESUMED,
    GOODS_RETURNED,
    PAYMENT_EXCEEDED,
    PAYMENT_FINDING_ENDED,
    PAYMENT_MADE,
    PAYMENT_OVERDUE,
    PAYMENT_OVERDUE_PUBLISHED,
    VOLUME_PERIOD_CLOSED,
)
from tests.unit.policies.hosting import RULES, Host, judged_in_place
from tests.unit.policies.making import HOSPITAL, closed, message
from tests.unit.policies.making_money import (
    COMPANY,
    LINCANG,
    OTHER_COMPANY,
    QUJING,
    contract,
    day_ended,
    paid,
    received,
    returned,
)
from tests.unit.policies.test_payment_clock_properties import (
    AMOUNTS,
    DAYS,
    FIRST,
    RECEIPTS,
    facts,
    open_now,
)

GOODS = received("r", "100.00", "2020-03-01")
WARNED, HELD = day_ended("2020-03-31"), day_ended("2020-04-16")


def after(*messages: Message) -> Host:
    host = Host(PaymentClock())
    host.take(*messages)
    return host


def types(conclusions: Sequence[Conclusion]) -> list[str]:
    return [each.type for each in conclusions]


# ---------------------------------------------------------------------------- warnings and holds


def test_a_corrected_payment_leads_to_no_hold_that_the_same_correction_ends() -> None:
    wrong = paid("p", "2020-03-20", ("r", "100.00"))
    host = after(GOODS, wrong, WARNED, HELD)
    assert host.supersede(wrong, paid("q", "2020-03-21", ("r", "100.00"))) == []
    assert host.drawn == []


def test_a_corrected_receipt_is_warned_of_with_the_right_sum_and_the_hold_goes_on() -> None:
    host = after(GOODS, WARNED, HELD)
    (warning, _), (hold, _) = host.drawn
    right = received("r2", "90.00", "2020-03-01", receipt_no="r")
    ended, warned = host.supersede(GOODS, right)
    assert (ended.type, ended.data["finding_id"]) == (PAYMENT_FINDING_ENDED, warning)
    assert ended.data["because"]["arithmetic"][0] == "应付 90.00 - 已付及退货 0.00 = 90.00"
    assert (warned.type, warned.data["outstanding"]) == (PAYMENT_OVERDUE, "90.00")
    assert warned.data["because"]["causes"] == [warning, right.id, HELD.id]
    found = host.take(paid("p", "2020-04-17", ("r", "90.00")))
    assert types(found) == [PAYMENT_FINDING_ENDED, FUND_PAYMENT_RESUMED]
    assert found[0].data["finding_id"] == host.drawn[-3][0]
    assert found[1].data["hold_id"] == hold


def test_a_receipt_corrected_in_what_is_not_owed_says_nothing_and_is_warned_of_as_before() -> None:
    host = after(GOODS, WARNED, HELD)
    (warning, _), _ = host.drawn
    other = received("r2", "100.00", "2020-03-01", receipt_no="r", distributor=COMPANY)
    assert host.supersede(GOODS, other) == []
    ended, _ = host.take(paid("p", "2020-04-17", ("r", "100.00")))
    assert ended.data["finding_id"] == warning


def test_a_receipt_corrected_to_what_was_paid_ends_the_warning_and_the_hold() -> None:
    host = after(GOODS, paid("p", "2020-03-20", ("r", "90.00")), WARNED, HELD)
    found = host.supersede(GOODS, received("r2", "90.00", "2020-03-01", receipt_no="r"))
    assert types(found) == [PAYMENT_FINDING_ENDED, FUND_PAYMENT_RESUMED]
    assert open_now(host) == []


def test_a_payment_corrected_to_another_receipt_moves_the_warning_and_not_the_hold() -> None:
    wrong = paid("p", "2020-03-20", ("r", "100.00"))
    host = after(GOODS, received("s", "100.00", "2020-03-01"), wrong, WARNED, HELD)
    assert open_now(host) == [(FUND_PAYMENT_HELD,), (PAYMENT_OVERDUE, "s")]
    found = host.supersede(wrong, paid("q", "2020-03-20", ("s", "100.00")))
    assert sorted(types(found)) == sorted([PAYMENT_FINDING_ENDED, PAYMENT_OVERDUE])
    assert open_now(host) == [(FUND_PAYMENT_HELD,), (PAYMENT_OVERDUE, "r")]


def test_a_receipt_of_another_institution_ends_what_it_led_to_here() -> None:
    host = after(GOODS, WARNED, HELD)
    elsewhere = received("r2", "100.00", "2020-03-01", institution="H52010000099")
    found = host.supersede(GOODS, elsewhere)
    assert types(found[:2]) == [PAYMENT_FINDING_ENDED, FUND_PAYMENT_RESUMED]
    assert {each.data["institution"] for each in found[:2]} == {HOSPITAL}


# ---------------------------------------------------------------------------- contracts


def test_a_corrected_contract_moves_the_last_day_at_once() -> None:
    wrong = contract(payment_days=10)
    host = after(GOODS, wrong, WARNED)
    ended, warned = host.supersede(wrong, contract(payment_days=15, signed_on="2019-12-21"))
    assert (ended.type, warned.type) == (PAYMENT_FINDING_ENDED, PAYMENT_OVERDUE)
    assert warned.data["due_on"] == "2020-03-16"


def test_a_contract_corrected_in_what_does_not_move_the_last_day_says_nothing() -> None:
    wrong = contract(payment_days=10)
    host = after(GOODS, wrong, WARNED, HELD)
    assert host.supersede(wrong, contract(payment_days=10, signed_on="2019-12-21")) == []
    assert len(open_now(host)) == 2


def test_what_a_contract_is_corrected_to_falls_due_as_if_it_had_never_been() -> None:
    wrong = contract(payment_days=10)
    host = after(GOODS, wrong, WARNED)
    found = host.supersede(wrong, received("r2", "7.00", "2020-02-20", receipt_no="r"))
    assert types(found) == [PAYMENT_FINDING_ENDED, PAYMENT_OVERDUE]
    assert (found[1].data["due_on"], found[1].data["outstanding"]) == ("2020-03-21", "107.00")


def test_a_contract_that_nobody_knows_takes_nothing_away() -> None:
    known = contract(payment_days=10)
    policy, host = PaymentClock(), after(GOODS, known, day_ended("2022-12-31"))
    ((key, state),) = host.states.items()
    gone = contract("HT2", payment_days=5)
    judged = judged_in_place(policy, key, state, gone, GOODS, None)
    assert judged == Judgement()


# ---------------------------------------------------------------------------- excesses


def test_a_corrected_payment_posts_the_difference_of_what_is_paid_too_much() -> None:
    wrong = paid("p", "2020-03-10", ("r", "100.05"))
    host = after(GOODS, wrong, day_ended("2020-03-10"))
    ((first, _),) = host.drawn
    (found,) = host.supersede(wrong, paid("q", "2020-03-10", ("r", "100.03")))
    assert (found.type, found.data["excess"], found.data["replaces"]) == (
        PAYMENT_EXCEEDED,
        "0.03",
        first,
    )
    assert found.data["postings"] == [
        {"account": f"enterprise:{COMPANY}", "debit": "0.00", "credit": "0.02"},
        {"account": f"institution:{HOSPITAL}:vbp", "debit": "0.02", "credit": "0.00"},
    ]


def test_an_excess_paid_to_another_enterprise_moves_between_the_two() -> None:
    wrong = paid("p", "2020-03-10", ("r", "100.05"))
    host = after(GOODS, wrong, day_ended("2020-03-10"))
    other = paid("q", "2020-03-10", ("r", "100.05"), distributor=OTHER_COMPANY)
    (found,) = host.supersede(wrong, other)
    assert [each["account"] for each in found.data["postings"]] == [
        f"enterprise:{COMPANY}",
        f"enterprise:{OTHER_COMPANY}",
    ]
    assert ledger(each.data for _, each in host.drawn) == {
        f"enterprise:{OTHER_COMPANY}": 5,
        f"institution:{HOSPITAL}:vbp": -5,
    }


def test_an_excess_found_in_another_region_of_the_province_is_told_there() -> None:
    wrong = received("r", "1.00", "2022-04-05", region=QUJING)
    many = paid("p", "2022-04-06", ("r", "3.00"), region=QUJING)
    host = after(wrong, many, day_ended("2022-04-06", QUJING))
    ((first, _),) = host.drawn
    right = received("r2", "1.00", "2022-04-05", receipt_no="r", region=LINCANG)
    (found,) = host.supersede(wrong, right)
    assert (found.data["region"], found.data["replaces"]) == (LINCANG, first)
    assert found.data["postings"] == []


# ---------------------------------------------------------------------------- publications


def at(number: str, amount: str, day: str = "2022-04-05") -> Message:
    return received(number, amount, day, receipt_no=number[0], region=QUJING)


MAY = closed("2022-05", "2022-05-31", QUJING)


def closing(number: str, ended_on: str, period: str = "2022-05") -> Message:
    data = {"region": QUJING, "period": period, "ended_on": ended_on}
    return message(VOLUME_PERIOD_CLOSED, number, data)


def test_a_corrected_receipt_is_published_once_with_the_right_sum() -> None:
    wrong = at("r", "100.00")
    host = after(wrong, day_ended("2022-05-31", QUJING), MAY)
    first = host.drawn[-1][0]
    found = host.supersede(wrong, at("r2", "90.00"))
    assert types(found) == [PAYMENT_FINDING_ENDED, PAYMENT_OVERDUE, PAYMENT_OVERDUE_PUBLISHED]
    published = found[-1].data
    assert (published["outstanding"], published["replaces"]) == ("90.00", first)
    assert host.supersede(at("r2", "90.00"), at("r3", "90.00")) == []


def test_a_corrected_closing_publishes_the_period_anew_and_nothing_where_it_says_the_same() -> None:
    host = after(at("r", "100.00"), at("s", "5.00", "2022-05-02"), day_ended("2022-06-30", QUJING))
    host.take(MAY)
    first = host.drawn[-1][0]
    assert host.supersede(MAY, closing("same", "2022-05-31")) == []
    (later,) = host.supersede(closing("same", "2022-05-31"), closing("later", "2022-06-30"))
    assert (later.data["replaces"], later.data["published_on"]) == (first, "2022-06-30")
    assert (later.data["receipts"], later.data["outstanding"]) == (2, "105.00")
    (again,) = host.supersede(closing("later", "2022-06-30"), closing("back", "2022-06-29"))
    assert (again.data["receipts"], again.data["published_on"]) == (1, "2022-06-29")


def test_a_corrected_last_day_is_published_although_as_much_was_overdue() -> None:
    host = after(at("r", "100.00"), day_ended("2022-06-30", QUJING), MAY)
    (again,) = host.supersede(MAY, closing("later", "2022-06-01"))
    assert (again.data["outstanding"], again.data["published_on"]) == ("100.00", "2022-06-01")


def test_a_closing_corrected_to_another_period_ends_one_publication_and_makes_the_other() -> None:
    host = after(at("r", "100.00"), day_ended("2022-06-30", QUJING), MAY)
    found = host.supersede(MAY, closing("june", "2022-06-30", "2022-06"))
    assert types(found) == [PAYMENT_FINDING_ENDED, PAYMENT_OVERDUE_PUBLISHED]
    assert found[1].data["period"] == "2022-06"
    assert "replaces" not in found[1].data


def test_a_closing_corrected_to_a_day_on_which_nothing_was_overdue_ends_its_publication() -> None:
    host = after(at("r", "100.00"), day_ended("2022-06-30", QUJING), MAY)
    (ended,) = host.supersede(MAY, closing("earlier", "2022-05-30"))
    assert (ended.type, ended.data["finding"]) == (PAYMENT_FINDING_ENDED, "published")


# ---------------------------------------------------------------------------- known, unknown, twice


def test_what_corrects_something_unknown_is_taken_as_any_other_message() -> None:
    unknown, right = paid("x", "2020-03-30", ("r", "9.00")), paid("p", "2020-03-30", ("r", "40.00"))
    policy, host = PaymentClock(), after(GOODS, WARNED)
    ((key, state),) = host.states.items()
    content = right.content()
    corrected = judged_in_place(policy, key, state, unknown, right, content)
    assert corrected == policy.judge(key, state, right, content, RULES)
    assert corrected.conclusions == ()


@pytest.mark.parametrize("day", ["2020-03-31", "2020-12-31"])
def test_a_correction_that_is_delivered_twice_counts_once(day: str) -> None:
    wrong, right = paid("p", "2020-03-05", ("r", "100.00")), paid("q", "2020-03-05", ("r", "90.00"))
    host = after(GOODS, wrong, day_ended(day))
    host.supersede(wrong, right)
    before = dict(host.states)
    assert host.supersede(wrong, right) == []
    assert host.states == before
    ((key, state),) = host.states.items()
    content = right.content()
    assert PaymentClock().judge(key, state, right, content, RULES) == Judgement()


def test_what_stands_in_its_place_already_is_not_taken_in_a_second_time() -> None:
    wrong, right = paid("p", "2020-03-05", ("r", "100.00")), paid("q", "2020-03-05", ("r", "90.00"))
    host = after(GOODS, wrong, right, WARNED)
    assert open_now(host) == [(PAYMENT_EXCEEDED, "r", "90.00")]
    ((key, state),) = host.states.items()
    found = judged_in_place(PaymentClock(), key, state, wrong, right, right.content())
    assert types(found.conclusions) == [PAYMENT_OVERDUE, PAYMENT_FINDING_ENDED]
    assert found.conclusions[0].data["outstanding"] == "10.00"


def test_a_corrected_day_has_ended_all_the_same() -> None:
    host = after(GOODS, day_ended("2020-03-30"))
    assert host.supersede(day_ended("2020-03-30"), day_ended("2020-03-29")) == []
    assert types(host.supersede(day_ended("2020-03-30"), WARNED)) == [PAYMENT_OVERDUE]


# ---------------------------------------------------------------------------- every correction


def wrong_for(draw: st.DrawFn, right: Message, number: int) -> Message:
    """Something else that was said in a message's place."""
    region, said = right.content()["region"], f"wrong{number}"
    if right.type == ACCEPTANCE_RECORDED:
        return received(said, draw(AMOUNTS), draw(DAYS), receipt_no=draw(RECEIPTS), region=region)
    if right.type == PAYMENT_MADE:
        lines = {draw(RECEIPTS): draw(AMOUNTS) for _ in range(draw(st.integers(1, 2)))}
        payee = draw(st.sampled_from([COMPANY, OTHER_COMPANY]))
        return paid(said, draw(DAYS), *lines.items(), region=region, distributor=payee)
    if right.type == GOODS_RETURNED:
        return returned(said, draw(RECEIPTS), draw(AMOUNTS), draw(DAYS), region=region)
    if right.type == CONTRACT_SIGNED:
        days, named = draw(st.integers(1, 40)), {"signed_on": "2019-12-01", "region": region}
        return contract(payment_days=days, term_from=FIRST, term_to="2022-12-31", **named)
    assert right.type == VOLUME_PERIOD_CLOSED
    data = right.content()
    ended = days_after(data["ended_on"], draw(st.integers(-3, 3)))
    return message(right.type, said, data | {"ended_on": ended})


@st.composite
def told_wrongly(draw: st.DrawFn) -> tuple[list[Message], dict[int, Message]]:
    """The right messages, and what was said in the place of some of them, by position."""
    messages = draw(facts())
    wrong = {
        number: wrong_for(draw, each, number)
        for number, each in enumerate(messages)
        if "day_ended" not in each.type and draw(st.booleans())
    }
    return messages, wrong


def corrected_after(messages: list[Message], wrong: dict[int, Message], seed: int) -> Host:
    host = after(*(wrong.get(number, each) for number, each in enumerate(messages)))
    order = list(wrong)
    random.Random(seed).shuffle(order)
    for number in order:
        drawn = host.supersede(wrong[number], messages[number])
        assert not {FUND_PAYMENT_HELD, FUND_PAYMENT_RESUMED} <= set(types(drawn))
    return host


@settings(max_examples=150, deadline=None)
@given(told=told_wrongly(), seed=st.integers(0, 1000))
def test_what_is_open_after_corrections_is_what_the_right_facts_alone_lead_to(
    told: tuple[list[Message], dict[int, Message]], seed: int
) -> None:
    corrected, straight = corrected_after(*told, seed), after(*told[0])
    assert open_now(corrected) == open_now(straight)
    assert ledger(each.data for _, each in corrected.drawn) == ledger(
        each.data for _, each in straight.drawn
    )


_HOW = {"because", "replaces", "found_on", "postings"}


def said(host: Host) -> list[tuple[str, dict[str, Any]]]:
    """What is open, with all that it says; of a hold only that there is one: its sums are its first day's."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for identity, each in host.drawn:
        for name in ("replaces", "finding_id", "hold_id"):
            if named := each.data.get(name):
                del found[named]
        if each.type not in {PAYMENT_FINDING_ENDED, FUND_PAYMENT_RESUMED}:
            data = {name: value for name, value in each.data.items() if name not in _HOW}
            found[identity] = (each.type, {} if each.type == FUND_PAYMENT_HELD else data)
    return sorted(found.values(), key=repr)


@settings(max_examples=150, deadline=None)
@given(told=told_wrongly(), seed=st.integers(0, 1000), last=st.integers(20, KEPT_DAYS - 1))
def test_what_is_told_after_corrections_has_the_figures_of_the_right_facts(
    told: tuple[list[Message], dict[int, Message]], seed: int, last: int
) -> None:
    messages, wrong = told
    region = messages[0].content()["region"]
    kept = [each for each in messages if "day_ended" not in each.type]  # those stand last
    kept.append(day_ended(days_after(FIRST, last), region))
    corrected = corrected_after(kept, wrong, seed)
    assert said(corrected) == said(after(*kept))

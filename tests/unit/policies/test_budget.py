"""结余留用与总额预算 (R14): what a year's outturn means in each region."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.budget import Budget
from gateway.policies.payments.ledger import ledger
from schemas.envelope import Message
from schemas.events import (
    BUDGET_FINDING_ENDED,
    BUDGET_KEPT,
    BUDGET_OVERRUN_BORNE,
    BUDGET_REDUCTION_BARRED,
    BUDGET_REDUCTION_DUE,
    BUDGET_SURPLUS_RETAINED,
)
from schemas.money import yuan
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.making import CHONGQING, GUIZHOU, HOSPITAL, YUNNAN
from tests.unit.policies.making_money import LINCANG, QUJING, budget, outturn

CHEAPER = {"selected_before": "300.00", "selected_cost": "200.00"}
DONE = {"agreed_amount": "150.00", "purchased_amount": "150.00"}
SHORT = {"agreed_amount": "150.00", "purchased_amount": "149.99"}
KEEPS = f"institution:{HOSPITAL}:surplus"


def after(*messages: Message) -> Host:
    host = Host(Budget())
    host.take(*messages)
    return host


def types(host: Host) -> list[str]:
    return [each.type for _, each in host.drawn]


# ---------------------------------------------------------------------------- not reduced


@pytest.mark.parametrize(("cost", "kept"), [("299.99", True), ("300.00", False), ("300.01", False)])
def test_yunnan_does_not_reduce_a_budget_because_selected_products_cost_less(
    cost: str, kept: bool
) -> None:
    stated = outturn("2021", "1.00", region=YUNNAN, selected_before="300.00", selected_cost=cost)
    host = after(stated)
    assert types(host) == ([BUDGET_KEPT] if kept else [])
    if kept:
        data = host.drawn[0][1].data
        assert data["saved"] == "0.01"
        assert data["because"]["clauses"] == ["云医保〔2020〕71号 四（五）"]
        assert data["because"]["causes"] == [stated.id]


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"assessment_passed": True}, True),
        ({"assessment_passed": False}, False),
        ({}, False),
    ],
)
def test_qujing_keeps_the_budget_on_the_condition_of_a_strict_assessment(
    changed: dict[str, Any], kept: bool
) -> None:
    host = after(outturn("2022", "1.00", region=QUJING, **CHEAPER, **changed))
    assert types(host) == ([BUDGET_KEPT] if kept else [])


@pytest.mark.parametrize(
    ("year", "completed", "kept"),
    [("2019", DONE, True), ("2019", SHORT, False), ("2019", {}, False), ("2020", DONE, False)],
)
def test_guizhou_keeps_the_budget_of_2019_where_the_purchase_was_completed(
    year: str, completed: dict[str, str], kept: bool
) -> None:
    assert (BUDGET_KEPT in types(after(outturn(year, "1.00", **CHEAPER, **completed)))) is kept


def test_lincang_follows_its_province_and_chongqing_says_nothing_of_savings() -> None:
    assert types(after(outturn("2022", "1.00", region=LINCANG, **CHEAPER))) == [BUDGET_KEPT]
    assert types(after(outturn("2019", "1.00", region=CHONGQING, **CHEAPER))) == []


def test_a_reduction_for_savings_is_barred_and_other_reductions_are_not() -> None:
    cuts = [("selected_savings", "40.00"), ("other", "5.00"), ("unfinished_purchase", "1.00")]
    host = after(budget("2021", "1000.00", *cuts, region=YUNNAN))
    assert types(host) == [BUDGET_REDUCTION_BARRED]
    data = host.drawn[0][1].data
    assert (data["barred"], data["restored"]) == ("40.00", "1040.00")
    assert types(after(budget("2021", "1000.00", *cuts[1:], region=YUNNAN))) == []
    assert types(after(budget("2021", "1000.00", *cuts, region=CHONGQING))) == []


def test_in_qujing_a_reduction_is_barred_once_the_assessment_is_passed() -> None:
    host = after(budget("2022", "1000.00", ("selected_savings", "40.00"), region=QUJING))
    assert types(host) == []
    host.take(outturn("2022", "1000.00", region=QUJING, assessment_passed=True))
    assert types(host) == [BUDGET_REDUCTION_BARRED]


# ---------------------------------------------------------------------------- reduced


@pytest.mark.parametrize(
    ("region", "year", "reduced"),
    [
        (YUNNAN, "2021", "2022"),
        (GUIZHOU, "2020", "2021"),
        (CHONGQING, "2019", "2020"),
        (LINCANG, "2022", "2023"),
        (QUJING, "2022", "2022"),
    ],
)
def test_an_unfinished_purchase_reduces_a_budget_everywhere(
    region: str, year: str, reduced: str
) -> None:
    host = after(outturn(year, "1.00", region=region, **SHORT))
    assert types(host) == [BUDGET_REDUCTION_DUE]
    data = host.drawn[0][1].data
    assert (data["year"], data["shortfall"]) == (reduced, "0.01")
    assert types(after(outturn(year, "1.00", region=region, **DONE))) == []


# ---------------------------------------------------------------------------- surplus and overrun


@pytest.mark.parametrize(
    ("region", "year"), [(YUNNAN, "2021"), (GUIZHOU, "2020"), (CHONGQING, "2020")]
)
def test_a_surplus_is_retained_by_the_agreed_share_and_without_a_share_nothing_follows(
    region: str, year: str
) -> None:
    host = after(budget(year, "1000.00", region=region), outturn(year, "900.00", region=region))
    assert types(host) == []
    host.take(outturn(year, "899.99", region=region, retained_share="0.50", stated_on="2030-01-01"))
    assert types(host) == [BUDGET_SURPLUS_RETAINED]
    data = host.drawn[0][1].data
    assert (data["surplus"], data["retained"]) == ("100.01", "50.01")
    assert ledger([data]) == {"fund:settlement": 5001, KEEPS: -5001}


def test_lincang_leaves_the_whole_surplus_of_the_package_and_the_whole_overrun() -> None:
    host = after(
        budget("2022", "1000.00", region=LINCANG), outturn("2022", "900.00", region=LINCANG)
    )
    data = host.drawn[0][1].data
    assert (data["retained"], data["share"]) == ("100.00", "1.00")
    host = after(
        budget("2022", "1000.00", region=LINCANG), outturn("2022", "1000.01", region=LINCANG)
    )
    assert types(host) == [BUDGET_OVERRUN_BORNE]
    data = host.drawn[0][1].data
    assert (data["own"], data["fund"], data["postings"]) == ("0.01", "0.00", [])
    assert data["because"]["clauses"] == ["临政办发〔2021〕77号 四"]


@pytest.mark.parametrize(("passed", "retained"), [(True, True), (False, False), (None, False)])
def test_qujing_leaves_a_surplus_on_the_condition_of_a_strict_assessment(
    passed: bool | None, retained: bool
) -> None:
    stated = outturn(
        "2022", "900.00", region=QUJING, retained_share="0.60", assessment_passed=passed
    )
    host = after(budget("2022", "1000.00", region=QUJING), stated)
    assert types(host) == ([BUDGET_SURPLUS_RETAINED] if retained else [])


def test_an_overrun_is_shared_by_the_agreed_share() -> None:
    stated = outturn("2021", "1100.00", region=YUNNAN, fund_overrun_share="0.4")
    host = after(budget("2021", "1000.00", region=YUNNAN), stated)
    data = host.drawn[0][1].data
    assert (data["own"], data["fund"]) == ("60.00", "40.00")
    assert data["because"]["arithmetic"] == [
        "预算 1000.00 - 支出 1100.00 = -100.00",
        "基金分担 100.00 × 0.4 = 40.00",
        "自担 100.00 - 40.00 = 60.00",
    ]


def test_a_budget_spent_exactly_leaves_nothing_to_say() -> None:
    both = [
        budget("2022", "1000.00", region=LINCANG),
        outturn("2022", "1000.00", region=LINCANG),
    ]
    assert types(after(*both)) == []


def test_other_provinces_and_earlier_years_conclude_nothing() -> None:
    for region, year in (("440000", "2021"), (GUIZHOU, "2018"), (YUNNAN, "2019")):
        stated = outturn(year, "1.00", region=region, retained_share="1", **CHEAPER, **SHORT)
        assert types(after(budget(year, "5.00", region=region), stated)) == []


# ---------------------------------------------------------------------------- corrections


def test_a_corrected_outturn_ends_what_rested_on_it() -> None:
    first = outturn("2021", "900.00", region=YUNNAN, retained_share="0.50", **CHEAPER)
    host = after(budget("2021", "1000.00", region=YUNNAN), first)
    found = host.supersede(first, outturn("2021", "1000.00", region=YUNNAN))
    ended = [each for each in found if each.type == BUDGET_FINDING_ENDED]
    assert [each.data["finding"] for each in ended] == ["kept", "surplus_retained"]
    assert ledger(each.data for _, each in host.drawn) == {}


def test_a_corrected_outturn_puts_the_retained_surplus_right_in_one_word() -> None:
    wrong = outturn("2021", "900.00", region=YUNNAN, retained_share="0.50")
    host = after(budget("2021", "1000.00", region=YUNNAN), wrong)
    ((first, _),) = host.drawn
    again = {"retained_share": "0.50", "stated_on": "2022-02-01"}
    right = outturn("2021", "880.00", region=YUNNAN, **again)
    (found,) = host.supersede(wrong, right)
    assert found.data["decided_on"] == "2022-02-01"
    assert (found.data["retained"], found.data["replaces"]) == ("60.00", first)
    assert found.data["postings"] == [
        {"account": "fund:settlement", "debit": "10.00", "credit": "0.00"},
        {"account": KEEPS, "debit": "0.00", "credit": "10.00"},
    ]
    assert {first, right.id} <= set(found.data["because"]["causes"])


def test_a_corrected_budget_turns_a_surplus_into_an_overrun_at_once() -> None:
    wrong = budget("2022", "1000.00", region=LINCANG)
    host = after(wrong, outturn("2022", "900.00", region=LINCANG))
    found = host.supersede(wrong, budget("2022", "800.00", region=LINCANG))
    assert [each.type for each in found] == [BUDGET_FINDING_ENDED, BUDGET_OVERRUN_BORNE]
    assert ledger(each.data for _, each in host.drawn) == {}


def test_a_correction_that_changes_no_figure_says_nothing() -> None:
    wrong = outturn("2021", "900.00", region=YUNNAN, retained_share="0.50", **CHEAPER)
    host = after(budget("2021", "1000.00", region=YUNNAN), wrong)
    again = {"retained_share": "0.50", "stated_on": "2022-01-16"}
    assert host.supersede(wrong, outturn("2021", "900.00", region=YUNNAN, **CHEAPER, **again)) == []


def test_what_corrects_something_unknown_is_taken_as_any_other_and_once() -> None:
    first, unknown = (
        budget("2021", "1000.00", region=YUNNAN),
        outturn("2021", "1.00", region=YUNNAN),
    )
    right = outturn("2021", "900.00", region=YUNNAN, retained_share="0.50")
    corrected, straight = after(first), after(first, right)
    corrected.supersede(unknown, right)
    assert corrected.drawn == straight.drawn
    assert corrected.states == straight.states
    assert corrected.supersede(unknown, right) == []
    assert corrected.states == straight.states


def test_what_stands_in_its_place_already_is_not_taken_in_a_second_time() -> None:
    wrong = outturn("2021", "900.00", region=YUNNAN, stated_on="2030-01-01", **SHORT)
    right = outturn("2021", "900.00", region=YUNNAN, **DONE)
    host = after(wrong, right)
    ((key, state),) = host.states.items()
    found = judged_in_place(Budget(), key, state, wrong, right, right.content())
    assert [each.type for each in found.conclusions] == [BUDGET_FINDING_ENDED]
    assert found.state is not None
    assert [each["id"] for each in found.state["outturns"]] == [right.id]


AMOUNTS = st.integers(0, 2000).map(yuan)
REGIONS = [(YUNNAN, "2022"), (QUJING, "2022"), (LINCANG, "2022"), (GUIZHOU, "2019")]


def set_at(draw: st.DrawFn, region: str, year: str, at: int) -> Message:
    cut = ("selected_savings", draw(AMOUNTS))
    return budget(year, draw(AMOUNTS), cut, region=region, set_on=f"{year}-01-1{at}")


def stated(draw: st.DrawFn, region: str, year: str, **changed: Any) -> Message:
    known: dict[str, Any] = {
        "selected_before": draw(AMOUNTS),
        "selected_cost": draw(AMOUNTS),
        "agreed_amount": draw(AMOUNTS),
        "purchased_amount": draw(AMOUNTS),
        "assessment_passed": draw(st.booleans()),
        "retained_share": draw(st.sampled_from(["0.50", "0.333333", "1"])),
        "fund_overrun_share": draw(st.sampled_from(["0.50", "0.1"])),
    }
    return outturn(year, draw(AMOUNTS), region=region, **known, **changed)


@st.composite
def facts(draw: st.DrawFn) -> list[Message]:
    region, year = draw(st.sampled_from(REGIONS))
    found = [set_at(draw, region, year, at) for at in range(draw(st.integers(0, 3)))]
    return found + [stated(draw, region, year) for _ in range(draw(st.integers(0, 3)))]


@st.composite
def told_wrongly(draw: st.DrawFn) -> list[tuple[Message, Message]]:
    """What was said, and what is right instead."""
    region, year = draw(st.sampled_from(REGIONS))
    found = [
        (set_at(draw, region, year, at), set_at(draw, region, year, at + 5))
        for at in range(draw(st.integers(0, 2)))
    ]
    for at in range(draw(st.integers(0, 2))):
        days = [{"stated_on": f"{int(year) + 1}-01-{day + at}"} for day in (10, 15)]
        found.append((stated(draw, region, year, **days[0]), stated(draw, region, year, **days[1])))
    return found


def open_now(host: Host) -> list[Any]:
    found: dict[str, Any] = {}
    for identity, each in host.drawn:
        found.pop(each.data.get("replaces", ""), None)
        if each.type == BUDGET_FINDING_ENDED:
            del found[each.data["finding_id"]]
        else:
            left_out = {"because", "decided_on", "replaces", "postings"}
            found[identity] = (
                each.type,
                sorted((name, part) for name, part in each.data.items() if name not in left_out),
            )
    return sorted(found.values())


@settings(max_examples=100, deadline=None)
@given(messages=facts(), seed=st.integers(0, 1000))
def test_order_repetition_and_withdrawal_do_not_change_what_is_open(
    messages: list[Message], seed: int
) -> None:
    twice: Sequence[Message] = random.Random(seed).sample(messages * 2, 2 * len(messages))
    first, second = after(*messages), after(*twice)
    assert open_now(first) == open_now(second)
    balances = ledger(each.data for _, each in first.drawn)
    assert sum(balances.values()) == 0
    assert balances == ledger(each.data for _, each in second.drawn)
    for gone in messages:
        without = after(*(each for each in messages if each is not gone))
        first.supersede(gone, budget("1999", "0.00", region=gone.region))
        assert open_now(first) == open_now(without)
        first.take(gone)
        assert open_now(first) == open_now(second)


@settings(max_examples=150, deadline=None)
@given(told=told_wrongly(), seed=st.integers(0, 1000))
def test_what_is_open_after_corrections_is_what_the_right_facts_alone_lead_to(
    told: list[tuple[Message, Message]], seed: int
) -> None:
    corrected, straight = after(*(wrong for wrong, _ in told)), after(*(right for _, right in told))
    for wrong, right in random.Random(seed).sample(told, len(told)):
        corrected.supersede(wrong, right)
    assert open_now(corrected) == open_now(straight)
    books = [ledger(each.data for _, each in host.drawn) for host in (corrected, straight)]
    assert books[0] == books[1]
    assert sum(books[0].values()) == 0

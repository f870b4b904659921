"""配送企业数 (R9): at most three distributors per maker."""

from __future__ import annotations

import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.supply.distribution import DistributorLimit
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_LIMIT_EXCEEDED,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    GUIZHOU,
    OTHER_PRODUCT,
    SICHUAN,
    YUNNAN,
)
from tests.unit.policies.making_money import day_ended
from tests.unit.policies.making_supply import (
    D1,
    D2,
    D3,
    D4,
    LINCANG,
    MAKER,
    QUJING,
    after_corrections,
    chosen,
    open_now,
    said,
    told,
    withdrawn,
)

ALL_FOUR = (D1, D2, D3, D4)


def limit(*messages: Message) -> Host:
    host = Host(DistributorLimit())
    host.take(*messages)
    return host


@pytest.mark.parametrize(("count", "exceeded"), [(1, False), (3, False), (4, True)])
def test_yunnan_lets_a_maker_choose_three_distributors_and_not_four(
    count: int, exceeded: bool
) -> None:
    choices = [chosen(each) for each in ALL_FOUR[:count]]
    host = limit(*choices, day_ended("2020-03-01", YUNNAN))
    assert told(host) == ([(DISTRIBUTION_LIMIT_EXCEEDED,)] if exceeded else [])


def test_the_limit_is_found_at_the_end_of_the_day_from_which_it_is_exceeded() -> None:
    fourth = chosen(D4, "2020-03-10")
    host = limit(*(chosen(each) for each in ALL_FOUR[:3]), fourth)
    assert host.take(day_ended("2020-03-09", YUNNAN)) == []
    (found,) = host.take(day_ended("2020-03-10", YUNNAN))
    data = found.data
    assert (data["distributor_count"], data["allowed"]) == (4, 3)
    assert (data["exceeded_from"], data["found_on"]) == ("2020-03-10", "2020-03-10")
    assert data["distributors"] == sorted(ALL_FOUR)
    assert data["party"] == data["maker"] == MAKER
    why = data["because"]
    assert why["clauses"] == ["云医保〔2020〕71号 四（六）"]
    assert why["terms"] == {"distribution.most": "3"}
    assert set(why["causes"]) == {
        *(chosen(each).id for each in ALL_FOUR[:3]),
        fourth.id,
        day_ended("2020-03-10", YUNNAN).id,
    }


def test_it_ends_on_the_day_on_which_one_less_is_in_force() -> None:
    host = limit(*map(chosen, ALL_FOUR), day_ended("2020-03-02", YUNNAN))
    assert host.take(withdrawn(D4, "2020-03-05")) == []
    assert host.take(day_ended("2020-03-04", YUNNAN)) == []
    (ended,) = host.take(day_ended("2020-03-05", YUNNAN))
    assert ended.type == DISTRIBUTION_FINDING_ENDED
    assert ended.data["ended_on"] == "2020-03-05"
    assert ended.data["ended_id"] == host.drawn[0][0]


def test_a_choice_ends_with_its_own_last_day() -> None:
    host = limit(*map(chosen, ALL_FOUR[:3]), chosen(D4, chosen_to="2020-03-05"))
    assert len(host.take(day_ended("2020-03-05", YUNNAN))) == 1
    assert [each.type for each in host.take(day_ended("2020-03-06", YUNNAN))] == [
        DISTRIBUTION_FINDING_ENDED
    ]


def test_a_maker_that_delivers_itself_and_one_distributor_for_two_products_count_once() -> None:
    twice = chosen(D3, unified_code=OTHER_PRODUCT)
    host = limit(*map(chosen, (*ALL_FOUR[:3], MAKER)), twice, day_ended("2020-03-02", YUNNAN))
    assert open_now(host) == []
    host.take(chosen(D4, "2020-03-02", unified_code=OTHER_PRODUCT))
    assert len(open_now(host)) == 1


def test_who_is_chosen_again_counts_again() -> None:
    host = limit(*map(chosen, ALL_FOUR), withdrawn(D4, "2020-03-05"), chosen(D4, "2020-04-01"))
    host.take(day_ended("2020-03-31", YUNNAN))
    assert open_now(host) == []
    host.take(day_ended("2020-04-01", YUNNAN))
    ((_, found),) = open_now(host)
    assert found.data["exceeded_from"] == "2020-04-01"


@pytest.mark.parametrize(
    ("region", "exceeded"),
    [(GUIZHOU, 0), (CHONGQING, 0), (SICHUAN, 0), (QUJING, 1), (LINCANG, 1)],
)
def test_cities_inherit_the_limit_and_other_papers_are_silent(region: str, exceeded: int) -> None:
    day = "2022-04-01"
    host = limit(*(chosen(each, day, region=region) for each in ALL_FOUR), day_ended(day, region))
    assert len(open_now(host)) == exceeded


def test_before_the_paper_is_in_force_there_is_no_limit_and_from_its_day_on_there_is() -> None:
    host = limit(*(chosen(each, "2019-06-01") for each in ALL_FOUR))
    assert host.take(day_ended("2019-12-31", YUNNAN)) == []
    (found,) = host.take(day_ended("2020-01-01", YUNNAN))
    assert found.data["exceeded_from"] == "2020-01-01"


def test_without_a_day_that_ended_nothing_is_concluded() -> None:
    assert open_now(limit(*map(chosen, ALL_FOUR))) == []


def test_a_choice_corrected_to_another_distributor_puts_the_four_right_in_one_word() -> None:
    wrong, other = chosen(D4), "91530000MA00000015"
    host = limit(*map(chosen, ALL_FOUR[:3]), wrong, day_ended("2020-03-02", YUNNAN))
    ((first, _),) = open_now(host)
    (found,) = host.supersede(wrong, chosen(other))
    assert (found.type, found.data["replaces"]) == (DISTRIBUTION_LIMIT_EXCEEDED, first)
    assert found.data["distributors"] == sorted((*ALL_FOUR[:3], other))
    assert found.data["because"]["causes"][0] == first
    assert chosen(other).id in found.data["because"]["causes"]


@pytest.mark.parametrize("right", [MAKER, D3])
def test_a_choice_corrected_to_one_that_counts_for_nothing_more_ends_the_finding(
    right: str,
) -> None:
    wrong = chosen(D4)
    host = limit(*map(chosen, ALL_FOUR[:3]), wrong, day_ended("2020-03-02", YUNNAN))
    (ended,) = host.supersede(wrong, chosen(right, unified_code=OTHER_PRODUCT))
    assert ended.type == DISTRIBUTION_FINDING_ENDED


def test_a_correction_of_what_does_not_count_of_a_choice_concludes_nothing() -> None:
    wrong = chosen(D4)
    host = limit(*map(chosen, ALL_FOUR[:3]), wrong, day_ended("2020-03-02", YUNNAN))
    assert host.supersede(wrong, chosen(D4, local_code="L2")) == []
    assert len(open_now(host)) == 1


DAYS = st.integers(0, 40).map(lambda at: days_after("2020-02-20", at))


@st.composite
def choices(draw: st.DrawFn) -> list[Message]:
    found: list[Message] = []
    for each in (*ALL_FOUR, MAKER):
        for _ in range(draw(st.integers(0, 2))):
            since = draw(DAYS)
            until = draw(st.none() | st.integers(0, 20).map(partial(days_after, since)))
            found.append(chosen(each, since, **({"chosen_to": until} if until else {})))
        if draw(st.booleans()):
            found.append(withdrawn(each, draw(DAYS)))
    found += [day_ended(day, YUNNAN) for day in draw(st.lists(DAYS, min_size=1, max_size=3))]
    return list({each.id: each for each in found}.values())


@settings(max_examples=80, deadline=None)
@given(messages=choices(), seed=st.integers(0, 100), data=st.data())
def test_order_repetition_and_withdrawal_change_nothing_of_what_follows(
    messages: list[Message], seed: int, data: st.DataObject
) -> None:
    expected = told(limit(*messages), "exceeded_from", "distributors")
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(limit(*shuffled), "exceeded_from", "distributors") == expected
    assert (
        told(
            limit(*(each for one in messages for each in (one, one))),
            "exceeded_from",
            "distributors",
        )
        == expected
    )
    facts = [each for each in messages if "day_ended" not in each.type]
    if facts:
        gone = data.draw(st.sampled_from(facts))
        rest = [each for each in messages if each is not gone]
        elsewhere = chosen(D1, "2030-01-01", maker=D1)
        host = limit(*messages)
        host.supersede(gone, elsewhere)
        assert told(host, "distributors") == told(limit(*rest), "distributors")
        host.take(gone)
        assert told(host, "exceeded_from", "distributors") == expected


@settings(max_examples=80, deadline=None)
@given(right=choices(), wrong=choices(), seed=st.integers(0, 100))
def test_the_limit_after_corrections_is_what_the_right_choices_alone_lead_to(
    right: list[Message], wrong: list[Message], seed: int
) -> None:
    corrected = after_corrections(Host(DistributorLimit()), right, wrong, seed)
    assert said(corrected) == said(limit(*right))


@given(st.integers(0, 8), st.integers(0, 8))
@settings(max_examples=20, deadline=None)
def test_with_more_distributors_the_limit_is_exceeded_at_least_as_soon(few: int, many: int) -> None:
    few, many = sorted((few, many))
    codes = [f"91530000MA000001{at:02d}" for at in range(many)]
    day = day_ended("2020-03-01", YUNNAN)
    fewer = limit(*map(chosen, codes[:few]), day)
    more = limit(*map(chosen, codes), day)
    assert len(open_now(fewer)) <= len(open_now(more))

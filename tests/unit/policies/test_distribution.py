"""配送 (R9): at most three distributors per maker, deliveries by those chosen."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.supply.distribution import DistributorLimit
from gateway.policies.supply.distribution_deliveries import ChosenDeliveries
from gateway.policies.supply.supply_ledger import MONTHS_KEPT
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_LIMIT_EXCEEDED,
    DISTRIBUTION_UNCHOSEN_FOUND,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    GUIZHOU,
    HOSPITAL,
    OTHER_PRODUCT,
    SICHUAN,
    YUNNAN,
    accepted,
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
    chosen,
    open_now,
    told,
    withdrawn,
)

ALL_FOUR = (D1, D2, D3, D4)


def limit(*messages: Message) -> Host:
    host = Host(DistributorLimit())
    host.take(*messages)
    return host


# ---------------------------------------------------------------------------- at most three


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


@given(st.integers(0, 8), st.integers(0, 8))
@settings(max_examples=20, deadline=None)
def test_with_more_distributors_the_limit_is_exceeded_at_least_as_soon(few: int, many: int) -> None:
    few, many = sorted((few, many))
    codes = [f"91530000MA000001{at:02d}" for at in range(many)]
    day = day_ended("2020-03-01", YUNNAN)
    fewer = limit(*map(chosen, codes[:few]), day)
    more = limit(*map(chosen, codes), day)
    assert len(open_now(fewer)) <= len(open_now(more))


# ---------------------------------------------------------------------------- by whom


def delivered(
    number: str, distributor: str | None, day: str = "2020-03-05", **changed: Any
) -> Message:
    said = {"region": YUNNAN} | ({"distributor": distributor} if distributor else {})
    return accepted(number, "10.0000", day, **(said | changed))


def deliveries(*messages: Message) -> Host:
    host = Host(ChosenDeliveries())
    host.take(*messages)
    return host


def test_a_delivery_by_somebody_the_maker_did_not_choose_is_found() -> None:
    choice = chosen(D1)
    goods = delivered("r1", D2)
    host = deliveries(choice, goods)
    ((_, found),) = open_now(host)
    data = found.data
    assert found.type == DISTRIBUTION_UNCHOSEN_FOUND
    assert (data["party"], data["distributor"], data["maker"]) == (HOSPITAL, D2, MAKER)
    assert (data["receipt_no"], data["accepted_on"], data["chosen"]) == ("r1", "2020-03-05", [D1])
    assert data["because"]["clauses"] == ["云医保〔2020〕71号 四（六）"]
    assert data["because"]["causes"] == [goods.id, choice.id]


@pytest.mark.parametrize(
    ("goods", "found"),
    [
        (delivered("r", D1), 0),
        (delivered("r", MAKER), 0),
        (delivered("r", None), 0),
        (delivered("r", D2, amount="-1.00"), 0),
        (delivered("r", D2), 1),
        (delivered("r", D2, "2020-02-29"), 0),  # nobody was chosen yet
        (delivered("r", D2, "2020-03-01"), 1),
        (delivered("r", D2, unified_code=OTHER_PRODUCT), 0),
        (delivered("r", D2, region=GUIZHOU), 0),  # the choice was for another province
        (delivered("r", D2, region=QUJING), 1),
    ],
)
def test_which_deliveries_are_by_somebody_else(goods: Message, found: int) -> None:
    assert len(open_now(deliveries(chosen(D1), goods))) == found


@pytest.mark.parametrize(("region", "found"), [(GUIZHOU, 1), (CHONGQING, 0), (SICHUAN, 0)])
def test_guizhou_lets_the_maker_choose_and_chongqing_sets_no_barrier(
    region: str, found: int
) -> None:
    host = deliveries(chosen(D1, region=region), delivered("r", D2, region=region))
    assert len(open_now(host)) == found


def test_a_citys_choice_counts_there_only() -> None:
    host = deliveries(chosen(D1, region=QUJING), delivered("r", D2, region=LINCANG))
    assert open_now(host) == []
    host.take(delivered("s", D2, region=QUJING))
    assert len(open_now(host)) == 1


def test_a_choice_told_late_ends_what_was_found() -> None:
    host = deliveries(chosen(D1), delivered("r", D2))
    late = chosen(D2, "2020-03-05")
    (ended,) = host.take(late)
    assert ended.type == DISTRIBUTION_FINDING_ENDED
    assert late.id in ended.data["because"]["causes"]
    again = host.take(withdrawn(D2, "2020-03-05"))
    assert [each.type for each in again] == [DISTRIBUTION_UNCHOSEN_FOUND]


def test_a_corrected_receipt_takes_what_was_found_with_it() -> None:
    wrong = delivered("r", D2)
    host = deliveries(chosen(D1), wrong)
    host.supersede(wrong, delivered("r2", D1))
    assert open_now(host) == []


def test_the_only_receipt_of_the_first_month_takes_what_was_found_with_it() -> None:
    wrong = delivered("r", D2, "2020-03-31")
    host = deliveries(chosen(D1), wrong, delivered("s", D1, "2020-04-01"))
    (ended,) = host.supersede(wrong, delivered("t", D1, "2020-04-02"))
    assert ended.type == DISTRIBUTION_FINDING_ENDED
    assert open_now(host) == []


def months_of_receipts(count: int) -> list[Message]:
    """Return one receipt by an unchosen distributor in each month from March 2020 on."""
    days = [f"{2020 + at // 12}-{at % 12 + 1:02d}-05" for at in range(2, 2 + count)]
    return [delivered(f"m{at:02d}", D2, day) for at, day in enumerate(days)]


@pytest.mark.parametrize(("more", "left"), [(0, 0), (1, 1), (2, 2)])
def test_what_was_found_before_the_months_that_are_kept_stands(more: int, left: int) -> None:
    host = deliveries(chosen(D1), *months_of_receipts(MONTHS_KEPT + more))
    host.take(chosen(D2))
    assert told(host, "receipt_no") == [
        (DISTRIBUTION_UNCHOSEN_FOUND, f"m{at:02d}") for at in range(left)
    ]


def test_a_month_without_receipts_does_not_bring_one_back_that_is_kept_no_more() -> None:
    receipts = months_of_receipts(MONTHS_KEPT + 1)
    host = deliveries(chosen(D1), *receipts)
    for gone in receipts[1:3]:
        host.supersede(gone, delivered("x", D1, unified_code=OTHER_PRODUCT))
    standing = told(host, "receipt_no")
    assert len(standing) == MONTHS_KEPT - 1
    assert host.take(delivered("late", D2, "2020-03-06"), receipts[0]) == []
    assert told(host, "receipt_no") == standing
    assert len(host.take(delivered("kept", D2, "2020-04-06"))) == 1


def test_a_state_written_before_the_first_kept_month_was_told_is_read_as_well() -> None:
    full = deliveries(chosen(D1), *months_of_receipts(MONTHS_KEPT + 1))
    wrong = delivered("r", D2, "2020-03-31")
    short = deliveries(chosen(D1), wrong, delivered("s", D1, "2020-04-01"))
    for host in (full, short):
        for state in host.states.values():
            del state["kept_from"]
    full.take(chosen(D2))
    assert told(full, "receipt_no") == [(DISTRIBUTION_UNCHOSEN_FOUND, "m00")]
    short.supersede(wrong, delivered("t", D1, "2020-04-02"))
    assert open_now(short) == []


@st.composite
def goods(draw: st.DrawFn) -> list[Message]:
    found: list[Message] = []
    for each in (D1, D2):
        found += [
            chosen(each, draw(DAYS), region=draw(st.sampled_from([YUNNAN, QUJING])))
            for _ in range(draw(st.integers(0, 2)))
        ]
        if draw(st.booleans()):
            found.append(withdrawn(each, draw(DAYS)))
    for at in range(draw(st.integers(1, 4))):
        by = draw(st.sampled_from([D1, D2, D3, MAKER]))
        region = draw(st.sampled_from([YUNNAN, QUJING]))
        found.append(delivered(f"r{at}", by, draw(DAYS), region=region))
    return list({each.id: each for each in found}.values())


@settings(max_examples=80, deadline=None)
@given(messages=goods(), seed=st.integers(0, 100), data=st.data())
def test_deliveries_are_judged_alike_in_any_order(
    messages: list[Message], seed: int, data: st.DataObject
) -> None:
    expected = told(deliveries(*messages), "receipt_no", "chosen")
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(deliveries(*shuffled, *messages), "receipt_no", "chosen") == expected
    gone = data.draw(st.sampled_from(messages))
    rest = [each for each in messages if each is not gone]
    host = deliveries(*messages)
    host.supersede(gone, delivered("x", D1, unified_code="SYN-9"))
    assert told(host, "receipt_no", "chosen") == told(deliveries(*rest), "receipt_no", "chosen")
    host.take(gone)
    assert told(host, "receipt_no", "chosen") == expected

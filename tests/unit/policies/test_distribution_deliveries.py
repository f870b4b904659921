"""选定配送 (R9): deliveries by those whom the maker chose."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.supply.distribution_deliveries import ChosenDeliveries
from gateway.policies.supply.supply_ledger import MONTHS_KEPT
from schemas.envelope import Message
from schemas.events import (
    DISTRIBUTION_FINDING_ENDED,
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
from tests.unit.policies.making_supply import (
    D1,
    D2,
    D3,
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

DAYS = st.integers(0, 40).map(lambda at: days_after("2020-02-20", at))


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


@pytest.mark.parametrize("day", ["2020-03-05", "2020-04-02"])
def test_a_corrected_receipt_from_another_unchosen_puts_what_was_found_right_in_one_word(
    day: str,
) -> None:
    wrong, right = delivered("r", D2), delivered("r2", D3, day)
    host = deliveries(chosen(D1), wrong)
    ((first, _),) = open_now(host)
    (found,) = host.supersede(wrong, right)
    assert (found.type, found.data["replaces"]) == (DISTRIBUTION_UNCHOSEN_FOUND, first)
    assert (found.data["distributor"], found.data["accepted_on"]) == (D3, day)
    assert found.data["because"]["causes"] == [first, right.id, chosen(D1).id]
    ((_, standing),) = open_now(host)
    assert standing.data["receipt_no"] == "r2"


def test_a_correction_of_a_receipts_quantity_says_nothing_of_who_delivered() -> None:
    wrong = delivered("r", D2)
    host = deliveries(chosen(D1), wrong)
    right = accepted("again", "5.0000", "2020-03-05", region=YUNNAN, distributor=D2, receipt_no="r")
    assert host.supersede(wrong, right) == []
    (ended,) = host.take(chosen(D2))
    assert ended.data["ended_id"] == host.drawn[0][0]


def test_what_was_found_in_one_city_ends_where_the_receipt_was_another_citys() -> None:
    wrong = delivered("r", D2, region=QUJING)
    host = deliveries(chosen(D1), wrong)
    ended, found = host.supersede(wrong, delivered("s", D2, region=LINCANG))
    assert (ended.type, ended.data["region"]) == (DISTRIBUTION_FINDING_ENDED, QUJING)
    assert (found.type, found.data["region"]) == (DISTRIBUTION_UNCHOSEN_FOUND, LINCANG)
    assert "replaces" not in found.data


def test_a_corrected_choice_says_once_of_each_delivery_who_was_chosen() -> None:
    host = deliveries(chosen(D1), delivered("r", D2), delivered("s", D3))
    (replaced, ended) = sorted(host.supersede(chosen(D1), chosen(D3)), key=lambda each: each.type)[
        ::-1
    ]
    assert (replaced.type, replaced.data["chosen"]) == (DISTRIBUTION_UNCHOSEN_FOUND, [D3])
    assert ended.type == DISTRIBUTION_FINDING_ENDED
    assert told(host, "receipt_no", "chosen") == [(DISTRIBUTION_UNCHOSEN_FOUND, "r", f"['{D3}']")]


@pytest.mark.parametrize(("by", "left"), [(D1, MONTHS_KEPT - 1), (D3, MONTHS_KEPT)])
def test_a_receipt_corrected_to_a_month_that_ends_the_keeping_of_its_own_leaves_nothing_behind(
    by: str, left: int
) -> None:
    receipts = months_of_receipts(MONTHS_KEPT + 1)
    again = accepted("also", "1.0000", "2020-03-09", region=YUNNAN, distributor=D1)
    host = deliveries(chosen(D1), again, *receipts[:-1])
    (told_,) = host.supersede(receipts[0], delivered("x", by, "2022-05-09"))
    assert (told_.type == DISTRIBUTION_FINDING_ENDED) is (by == D1)
    assert len(open_now(host)) == left
    assert ("m00",) not in {each[1:] for each in told(host, "receipt_no")}


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


@settings(max_examples=80, deadline=None)
@given(right=goods(), wrong=goods(), seed=st.integers(0, 100))
def test_what_is_found_after_corrections_is_what_the_right_facts_alone_lead_to(
    right: list[Message], wrong: list[Message], seed: int
) -> None:
    # a wrong receipt has a number of its own, as every message has
    wrong = [
        each if each.content().get("receipt_no") is None else delivered(f"w-{at}", D2)
        for at, each in enumerate(wrong)
    ]
    corrected = after_corrections(Host(ChosenDeliveries()), right, wrong, seed)
    assert said(corrected) == said(deliveries(*right))

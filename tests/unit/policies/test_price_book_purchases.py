"""采购价 (R7): what is paid for a selected product, against the selected price."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Judgement
from gateway.policies.prices.price_book_purchases import PurchasePrices
from schemas.envelope import Message
from schemas.events import ACCEPTANCE_RECORDED, PRICE_DEVIATION_FOUND, PRICE_DEVIATION_LIFTED
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.linking import corrected, numbered, open_conclusions, rightly
from tests.unit.policies.making import (
    CHONGQING,
    GUIZHOU,
    OTHER_PRODUCT,
    YUNNAN,
    accepted,
    listing,
)

ENDS = {PRICE_DEVIATION_LIFTED: "deviation_id"}


def bought(number: str, price: str, day: str, region: str = GUIZHOU, **changed: Any) -> Message:
    given = {"region": region, "unit_price": price, "institution": f"H{region[:4]}0000001"}
    return accepted(number, "10.0000", day, **{**given, **changed})


def chosen(number: str, price: str, region: str = GUIZHOU, **changed: Any) -> Message:
    return listing(number, price, region, kind="selected", **changed)


def after(*messages: Message) -> Host:
    host = Host(PurchasePrices())
    host.take(*messages)
    return host


def standing(host: Host) -> list[tuple[str, ...]]:
    names = ("acceptance_id", "deviation", "paid_price", "price_in_force")
    return sorted(
        tuple(each.data[name] for name in names) for each in open_conclusions(host, ENDS).values()
    )


@pytest.mark.parametrize(
    ("region", "price", "expected"),
    [
        (GUIZHOU, "0.500001", ["above"]),
        (GUIZHOU, "0.500000", []),
        (GUIZHOU, "0.499999", []),
        (CHONGQING, "0.500001", ["above"]),
        (CHONGQING, "0.500000", []),
        (CHONGQING, "0.499999", ["below"]),
        (YUNNAN, "0.900000", []),
        ("530300", "0.900000", []),
        ("530900", "0.900000", []),
    ],
)
def test_a_selected_product_is_bought_at_the_selected_price(
    region: str, price: str, expected: list[str]
) -> None:
    host = after(chosen("s", "0.500000", region), bought("b", price, "2020-06-10", region))
    assert [each.data["deviation"] for _, each in host.drawn] == expected


def test_a_finding_cites_the_clause_and_both_prices() -> None:
    price, buys = chosen("s", "0.500000"), bought("b", "0.600000", "2020-06-10", "520100")
    ((_, found),) = after(price, buys).drawn
    why = found.data["because"]
    assert why["clauses"] == ["黔医保发〔2019〕69号 五（一）"]
    assert why["causes"] == [buys.id, price.id]
    assert why["arithmetic"] == ["0.6 > 中选价 selected price 0.5"]


@pytest.mark.parametrize(
    "buys",
    [
        bought("b", "0.900000", "2020-05-31"),
        bought("b", "0.900000", "2020-06-10", unified_code=OTHER_PRODUCT),
    ],
)
def test_what_is_not_selected_on_its_day_is_not_judged(buys: Message) -> None:
    assert after(chosen("s", "0.500000"), buys).drawn == []


def test_a_listed_price_is_not_one_that_a_paper_orders_to_pay() -> None:
    host = after(listing("l", "0.500000", GUIZHOU), bought("b", "0.900000", "2020-06-10"))
    assert host.drawn == []


def test_a_late_selected_price_finds_and_a_corrected_one_lifts() -> None:
    buys, price = bought("b", "0.600000", "2020-06-10"), chosen("s", "0.500000")
    host = after(buys)
    (found,) = host.take(price)
    assert found.type == PRICE_DEVIATION_FOUND
    mended = corrected(price, "x", unit_price="0.600000")
    (lifted,) = host.supersede(price, mended)
    assert lifted.type == PRICE_DEVIATION_LIFTED
    assert lifted.data["deviation_id"] == host.drawn[0][0]
    assert {price.id, mended.id} <= set(lifted.data["because"]["causes"])


def test_a_corrected_receipt_lifts_its_own_finding() -> None:
    buys = bought("b", "0.600000", "2020-06-10")
    host = after(chosen("s", "0.500000"), buys)
    (lifted,) = host.supersede(buys, corrected(buys, "x", unit_price="0.500000"))
    assert lifted.type == PRICE_DEVIATION_LIFTED


def test_a_corrected_selected_price_puts_the_finding_right_in_one_word() -> None:
    buys, price = bought("b", "0.600000", "2020-06-10"), chosen("s", "0.500000")
    host = after(price, buys)
    (again,) = host.supersede(price, corrected(price, "x", unit_price="0.550000"))
    assert (again.data["price_in_force"], again.data["replaces"]) == ("0.550000", host.drawn[0][0])


def test_a_corrected_selected_price_does_not_lift_what_it_leaves_as_it_is() -> None:
    price = chosen("s", "0.500000")
    host = after(price, bought("b", "0.600000", "2020-06-10"))
    right = corrected(price, "x", effective_from="2020-05-01")
    assert host.supersede(price, right) == []
    assert host.supersede(right, corrected(right, "y", local_code="L9")) == []


def test_a_receipt_corrected_to_another_price_is_found_in_one_word_under_its_own_message() -> None:
    buys = bought("b", "0.600000", "2020-06-10")
    host = after(chosen("s", "0.500000"), buys)
    right = corrected(buys, "x", unit_price="0.700000")
    (again,) = host.supersede(buys, right)
    assert (again.data["paid_price"], again.data["acceptance_id"]) == ("0.700000", right.id)
    assert again.data["replaces"] == host.drawn[0][0]
    assert {buys.id, right.id} <= set(again.data["because"]["causes"])


def test_a_lifted_finding_is_the_receipts_that_it_was_found_of_at_the_price_of_now() -> None:
    buys = bought("b", "0.600000", "2020-06-10")
    host = after(chosen("s", "0.500000"), buys)
    (lifted,) = host.supersede(buys, corrected(buys, "x", unit_price="0.500000"))
    assert lifted.data["acceptance_id"] == buys.id
    assert lifted.data["because"]["arithmetic"] == ["0.5; 中选价 selected price 0.5"]


def test_a_receipt_of_another_region_is_found_there_after_it_is_lifted_here() -> None:
    buys = bought("b", "0.600000", "2020-06-10")
    host = after(chosen("s", "0.500000"), buys)
    found = host.supersede(buys, corrected(buys, "x", region="520100"))
    assert [each.type for each in found] == [PRICE_DEVIATION_LIFTED, PRICE_DEVIATION_FOUND]
    assert [each.data["region"] for each in found] == [GUIZHOU, "520100"]


def test_a_receipt_that_was_right_is_corrected_without_a_word() -> None:
    buys = bought("b", "0.500000", "2020-06-10")
    host = after(chosen("s", "0.500000"), buys)
    assert host.supersede(buys, corrected(buys, "x", receipt_no="R 9")) == []


def test_a_price_corrected_to_another_product_lifts_here_and_finds_there() -> None:
    price = chosen("s", "0.500000")
    there = bought("c", "0.700000", "2020-06-11", unified_code=OTHER_PRODUCT)
    host = after(price, bought("b", "0.600000", "2020-06-10"), there)
    found = host.supersede(price, corrected(price, "x", unified_code=OTHER_PRODUCT))
    assert [each.type for each in found] == [PRICE_DEVIATION_LIFTED, PRICE_DEVIATION_FOUND]
    assert found[1].data["acceptance_id"] == there.id


def test_a_price_corrected_to_a_later_month_lifts_what_it_found() -> None:
    price = chosen("s", "0.500000")
    host = after(price, bought("b", "0.600000", "2020-06-10"))
    (lifted,) = host.supersede(price, corrected(price, "x", effective_from="2020-07-01"))
    assert lifted.type == PRICE_DEVIATION_LIFTED


@pytest.mark.parametrize("fact", [chosen("s", "0.500000"), bought("b", "0.600000", "2020-06-11")])
def test_a_fact_that_is_not_known_is_not_taken_back(fact: Message) -> None:
    rest = [
        bought("a", "0.600000", "2020-06-10"),
        chosen("t", "0.400000", effective_to="2020-06-09"),
    ]
    host, by = after(*rest), corrected(fact, "x")
    ((key, state),) = host.states.items()
    assert judged_in_place(PurchasePrices(), key, state, fact, by, None) == Judgement()
    host.supersede(fact, by)
    alone = after(*rest, by)
    assert (host.states, host.drawn) == (alone.states, alone.drawn)


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Selected prices and receipts of one drug in the order of the journal."""
    found = []
    for at in range(draw(st.integers(1, 8))):
        region = draw(st.sampled_from([GUIZHOU, "520100", CHONGQING]))
        price = f"0.{draw(st.integers(1, 4))}00000"
        if draw(st.booleans()):
            day = draw(st.sampled_from(["2020-05-20", "2020-06-10", "2020-07-10"]))
            found.append(bought(f"b{at}", price, day, region))
        else:
            since = draw(st.sampled_from(["2020-05-01", "2020-06-01", "2020-07-01"]))
            found.append(chosen(f"s{at}", price, region, effective_from=since))
    return numbered(found)


@settings(max_examples=120, deadline=None)
@given(history=histories(), order=st.randoms(use_true_random=False), data=st.data())
def test_order_does_not_matter_and_withdrawals_leave_no_trace(
    history: list[Message], order: Any, data: st.DataObject
) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)
    one = after(*history)
    assert standing(one) == standing(after(*shuffled))
    assert one.take(*shuffled) == []
    gone = data.draw(st.sampled_from(history))
    by = corrected(gone, "by", unit_price="0.250000").numbered(0, 99)
    one.supersede(gone, by)
    assert standing(one) == standing(after(*[each for each in history if each is not gone], by))


@settings(max_examples=120, deadline=None)
@given(right=histories(), wrong=histories(), order=st.randoms(use_true_random=False))
def test_what_is_found_after_corrections_is_what_the_right_facts_alone_lead_to(
    right: list[Message], wrong: list[Message], order: Any
) -> None:
    right = rightly(right)
    pairs = [each for each in zip(wrong, right, strict=False) if each[0].type == each[1].type]
    known = {true.id for _, true in pairs}
    heard = [false for false, _ in pairs] + [each for each in right if each.id not in known]
    order.shuffle(heard)
    order.shuffle(pairs)
    host = after(*heard)
    for false, true in pairs:
        said = host.supersede(false, true)
        found = [each.data["acceptance_id"] for each in said if "replaces" in each.data]
        assert len(set(found)) == len(found)
    assert standing(host) == standing(after(*right))
    assert [host.supersede(*each) for each in pairs] == [[] for _ in pairs]


@settings(max_examples=80, deadline=None)
@given(history=histories())
def test_receipts_of_a_month_are_found_as_if_each_were_the_only_one(history: list[Message]) -> None:
    prices = [each for each in history if each.type != ACCEPTANCE_RECORDED]
    alone = [after(*prices, each) for each in history if each.type == ACCEPTANCE_RECORDED]
    found = [line for host in alone for line in standing(host)]
    assert standing(after(*history)) == sorted(found)


@pytest.mark.parametrize("number", ["R 1", " ", "收货;1 2 3", '"'])
@pytest.mark.parametrize("line", [1, 20])
def test_a_finding_names_the_receipt_as_its_sender_did(number: str, line: int) -> None:
    buys = bought("b", "0.600000", "2020-06-10", receipt_no=number, line_no=line)
    (late,) = after(buys).take(chosen("s", "0.500000"))
    ((_, at_once),) = after(chosen("s", "0.500000"), buys).drawn
    for found in (late, at_once):
        assert (found.data["receipt_no"], found.data["line_no"]) == (number, line)


def test_receipts_are_what_is_bought() -> None:
    assert ACCEPTANCE_RECORDED in PurchasePrices.consumes

"""采购价 (R7): what is paid for a selected product, against the selected price."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.prices.price_book_purchases import PurchasePrices
from schemas.envelope import Message
from schemas.events import ACCEPTANCE_RECORDED, PRICE_DEVIATION_FOUND, PRICE_DEVIATION_LIFTED
from tests.unit.policies.hosting import Host
from tests.unit.policies.linking import corrected, numbered, open_conclusions
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

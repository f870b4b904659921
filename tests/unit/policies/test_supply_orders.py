"""交付监测 (R12): what was ordered and not delivered by a month's end: figures, no breach."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.supply.supply_orders import ORDERS_KEPT, OrderDeliveries
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import EVENT_TYPES, ORDER_PLACED, SUPPLY_DELIVERY_SHORT, SUPPLY_FINDING_ENDED
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    DRUG,
    GUIZHOU,
    HOSPITAL,
    OTHER_PRODUCT,
    PRODUCT,
    SICHUAN,
    YUNNAN,
    accepted,
)
from tests.unit.policies.making_money import day_ended
from tests.unit.policies.making_supply import (
    D1,
    D2,
    LINCANG,
    QUJING,
    after_corrections,
    open_now,
    said,
    told,
)


def ordered(
    number: str,
    quantity: str,
    day: str,
    *,
    region: str = YUNNAN,
    product: str = PRODUCT,
    by: str = D1,
) -> Message:
    line = {
        "line_no": 1,
        "local_code": "L1",
        "unified_code": product,
        "drug": DRUG,
        "quantity": quantity,
        "unit_price": "1.000000",
        "amount": "1.00",
    }
    data = {
        "msg_id": number,
        "order_no": number,
        "institution": HOSPITAL,
        "distributor": by,
        "placed_at": f"{day}T10:00:00+08:00",
        "lines": [line],
        "total": "1.00",
    }
    named = f"{number}-{quantity}-{day}-{by}-{product}-{region}"
    blob, listed = canonical_bytes(data), EVENT_TYPES[ORDER_PLACED]
    listed.model.model_validate_json(blob)
    identity = message_identity("his", named)
    # an order has no region of its own: its envelope has
    return Message(
        identity,
        SOURCE_PREFIX + "his",
        ORDER_PLACED,
        number,
        listed.business_time(data),
        blob,
        region,
    )


def delivered(number: str, order: str, quantity: str, day: str, **changed: Any) -> Message:
    said = {"region": YUNNAN, "order_no": order, "distributor": D1} | changed
    return accepted(number, quantity, day, **said)


def orders(*messages: Message) -> Host:
    host = Host(OrderDeliveries())
    host.take(*messages)
    return host


def ended(day: str) -> Message:
    return day_ended(day, YUNNAN)


ORDER = ordered("DD1", "100.0000", "2020-03-02")


@pytest.mark.parametrize(("quantity", "found"), [("99.9999", 1), ("100.0000", 0), ("120.0000", 0)])
def test_what_was_not_accepted_by_the_months_end_is_told(quantity: str, found: int) -> None:
    host = orders(ORDER, delivered("r", "DD1", quantity, "2020-03-31"), ended("2020-03-31"))
    assert len(open_now(host)) == found


def test_the_figure_can_be_redone_by_hand() -> None:
    goods = delivered("r", "DD1", "60.0000", "2020-03-20")
    second = ordered("DD2", "10.0000", "2020-03-30")
    host = orders(ORDER, goods, second)
    assert host.take(ended("2020-03-30")) == []
    (found,) = host.take(ended("2020-03-31"))
    data = found.data
    assert found.type == SUPPLY_DELIVERY_SHORT
    assert (data["ordered_quantity"], data["accepted_quantity"]) == ("110.0000", "60.0000")
    assert (data["outstanding_quantity"], data["order_count"]) == ("50.0000", 2)
    assert (data["period"], data["oldest_order_on"]) == ("2020-03", "2020-03-02")
    assert data["because"]["arithmetic"] == ["至 until 2020-03-31: 110 − 60 = 50"]
    assert data["because"]["clauses"] == ["云医保〔2020〕71号 四（五）"]
    assert set(data["because"]["causes"]) == {
        ORDER.id,
        goods.id,
        second.id,
        ended("2020-03-31").id,
    }


@pytest.mark.parametrize(
    "goods",
    [
        delivered("r", "DD1", "100.0000", "2020-04-01"),
        delivered("r", "DD9", "100.0000", "2020-03-05"),
        delivered("r", "DD1", "100.0000", "2020-03-05", unified_code=OTHER_PRODUCT),
        delivered("r", "DD1", "100.0000", "2020-03-05", order_no=None),
    ],
)
def test_only_what_was_accepted_of_the_order_by_then_counts(goods: Message) -> None:
    assert len(open_now(orders(ORDER, goods, ended("2020-03-31")))) == 1


def test_goods_taken_back_are_outstanding_again() -> None:
    back = delivered("x", "DD1", "40.0000", "2020-03-10", amount="-1.00")
    host = orders(ORDER, delivered("r", "DD1", "100.0000", "2020-03-05"), back, ended("2020-03-31"))
    ((_, found),) = open_now(host)
    assert found.data["outstanding_quantity"] == "40.0000"


def test_too_much_of_one_order_makes_up_for_no_other() -> None:
    host = orders(
        ORDER,
        ordered("DD2", "10.0000", "2020-03-02"),
        delivered("r", "DD1", "500.0000", "2020-03-05"),
        ended("2020-03-31"),
    )
    ((_, found),) = open_now(host)
    assert found.data["outstanding_quantity"] == "10.0000"


def test_the_next_months_figure_stands_in_its_place_and_ends_when_all_is_there() -> None:
    host = orders(ORDER, ended("2020-03-31"))
    host.take(delivered("r", "DD1", "60.0000", "2020-04-10"))
    (found,) = host.take(ended("2020-04-30"))
    assert (found.data["period"], found.data["replaces"]) == ("2020-04", host.drawn[0][0])
    host.take(delivered("s", "DD1", "40.0000", "2020-05-10"))
    (over,) = host.take(ended("2020-05-31"))
    assert over.type == SUPPLY_FINDING_ENDED


def test_distributors_and_products_are_told_apart() -> None:
    host = orders(
        ORDER,
        ordered("DD2", "1.0000", "2020-03-02", by=D2),
        ordered("DD3", "1.0000", "2020-03-02", product=OTHER_PRODUCT),
        ended("2020-03-31"),
    )
    assert len(open_now(host)) == 3


@pytest.mark.parametrize(
    ("region", "found"), [(QUJING, 1), (LINCANG, 1), (GUIZHOU, 0), (CHONGQING, 0), (SICHUAN, 0)]
)
def test_yunnan_and_its_cities_watch_supply_and_other_papers_name_no_such_watch(
    region: str, found: int
) -> None:
    host = orders(ordered("DD1", "1.0000", "2022-04-01", region=region))
    host.take(day_ended("2022-04-30", region))
    assert len(open_now(host)) == found


def test_old_orders_are_forgotten() -> None:
    host = Host(OrderDeliveries())
    for at in range(12):
        host.take(ordered(f"DD{at}", "1.0000", f"2020-{at + 1:02d}-05"))
    (state,) = host.states.values()
    assert len(state["ordered"]) == ORDERS_KEPT


@pytest.mark.parametrize(("region", "kept"), [(YUNNAN, 1), (GUIZHOU, 0), (SICHUAN, 0)])
def test_orders_are_kept_only_where_a_paper_of_the_province_watches_deliveries(
    region: str, kept: int
) -> None:
    host = orders(
        ordered("DD1", "1.0000", "2020-03-02", region=region),
        delivered("r", "DD1", "1.0000", "2020-03-03", region=region),
    )
    (state,) = host.states.values()
    assert (len(state["ordered"]), len(state["accepted"])) == (kept, kept)


def test_a_late_delivery_changes_the_figure_of_its_own_distributor_and_product_only() -> None:
    host = orders(
        ORDER,
        ordered("DD2", "7.0000", "2020-03-02", by=D2),
        ordered("DD3", "9.0000", "2020-03-02", product=OTHER_PRODUCT),
        ended("2020-03-31"),
    )
    (found,) = host.take(delivered("r", "DD1", "60.0000", "2020-03-20"))
    assert (found.data["outstanding_quantity"], found.data["distributor"]) == ("40.0000", D1)
    (over,) = host.take(delivered("s", "DD3", "9.0000", "2020-03-20", unified_code=OTHER_PRODUCT))
    assert over.type == SUPPLY_FINDING_ENDED
    assert len(open_now(host)) == 2


def test_an_order_told_late_to_be_of_another_distributor_moves_what_is_outstanding() -> None:
    host = orders(ordered("DD1", "5.0000", "2020-03-09"), ended("2020-03-31"))
    host.take(ordered("DD1", "8.0000", "2020-03-02", by=D2))  # its earliest line says from whom
    ((_, found),) = open_now(host)
    assert (found.data["distributor"], found.data["ordered_quantity"]) == (D2, "13.0000")


def test_what_rests_on_forgotten_orders_ends_with_the_next_late_fact() -> None:
    host = orders(ordered("DD0", "1.0000", "2020-01-05", product=OTHER_PRODUCT))
    for month in range(2, 7):
        host.take(ordered(f"DD{month}", "1.0000", f"2020-{month:02d}-05"))
    host.take(ended("2020-06-30"), ordered("DD7", "1.0000", "2020-07-01"))
    assert len(open_now(host)) == 2
    (over, changed) = host.take(delivered("r", "DD6", "1.0000", "2020-06-20"))
    assert over.type == SUPPLY_FINDING_ENDED
    assert changed.data["outstanding_quantity"] == "4.0000"


def test_a_corrected_delivery_puts_the_figure_right_in_one_word() -> None:
    wrong = delivered("r", "DD1", "60.0000", "2020-03-20")
    host = orders(ORDER, wrong, ended("2020-03-31"))
    ((first, _),) = open_now(host)
    (found,) = host.supersede(wrong, delivered("s", "DD1", "90.0000", "2020-03-20"))
    assert (found.data["outstanding_quantity"], found.data["replaces"]) == ("10.0000", first)


def test_a_corrected_order_puts_the_figure_right_in_one_word() -> None:
    host = orders(ORDER, ordered("DD2", "10.0000", "2020-03-30"), ended("2020-03-31"))
    (found,) = host.supersede(ORDER, ordered("DD1", "5.0000", "2020-03-02"))
    assert (found.data["ordered_quantity"], found.data["order_count"]) == ("15.0000", 2)


def test_a_delivery_corrected_within_the_month_leaves_the_figure_as_it_is() -> None:
    wrong = delivered("r", "DD1", "60.0000", "2020-03-20")
    host = orders(ORDER, wrong, ended("2020-03-31"))
    assert host.supersede(wrong, delivered("s", "DD1", "60.0000", "2020-03-25")) == []
    assert len(open_now(host)) == 1


def test_before_any_months_end_a_correction_says_nothing_and_the_right_figure_follows() -> None:
    host = orders(ORDER)
    assert host.supersede(ORDER, ordered("DD1", "5.0000", "2020-03-02")) == []
    (found,) = host.take(ended("2020-03-31"))
    assert found.data["ordered_quantity"] == "5.0000"


def test_an_order_corrected_to_another_distributor_ends_the_figure_of_the_first() -> None:
    host = orders(ORDER, ended("2020-03-31"))
    over, found = host.supersede(ORDER, ordered("DD1", "100.0000", "2020-03-02", by=D2))
    assert (over.type, found.type) == (SUPPLY_FINDING_ENDED, SUPPLY_DELIVERY_SHORT)
    assert (found.data["distributor"], "replaces" in found.data) == (D2, False)


def test_a_delivery_corrected_to_another_order_changes_the_figures_of_both() -> None:
    other = ordered("DD2", "80.0000", "2020-03-02", product=OTHER_PRODUCT)
    wrong = delivered("r", "DD1", "60.0000", "2020-03-20")
    host = orders(ORDER, other, wrong, ended("2020-03-31"))
    right = delivered("s", "DD2", "60.0000", "2020-03-20", unified_code=OTHER_PRODUCT)
    found = host.supersede(wrong, right)
    assert sorted(each.data["outstanding_quantity"] for each in found) == ["100.0000", "20.0000"]
    assert all(each.data["replaces"] for each in found)


DAYS = st.integers(0, 90).map(lambda at: days_after("2020-02-20", at))
QUANTITIES = st.sampled_from(["10.0000", "20.0000", "30.0000"])


@settings(max_examples=80, deadline=None)
@given(
    placed=st.lists(st.tuples(st.sampled_from("AB"), QUANTITIES, DAYS), max_size=3),
    taken=st.lists(st.tuples(st.sampled_from("AB"), QUANTITIES, DAYS), max_size=4),
    days=st.lists(DAYS, max_size=3),
    seed=st.integers(0, 100),
    data=st.data(),
)
def test_figures_are_alike_in_any_order(
    placed: list[Any], taken: list[Any], days: list[str], seed: int, data: st.DataObject
) -> None:
    facts = [ordered(*each) for each in placed]
    facts += [delivered(f"r{at}", *each) for at, each in enumerate(taken)]
    facts = list({each.id: each for each in facts}.values())
    messages = [*facts, *map(ended, sorted(set(days)))]
    shown = ("period", "ordered_quantity", "accepted_quantity", "oldest_order_on")
    expected = told(orders(*messages), *shown)
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(orders(*shuffled, *messages), *shown) == expected
    if facts:
        gone = data.draw(st.sampled_from(facts))
        host = orders(*messages)
        host.supersede(gone, ordered("ZZ", "1.0000", "2030-01-01"))
        rest = [each for each in messages if each is not gone]
        assert told(host, *shown) == told(orders(*rest), *shown)


PLACED = st.lists(st.tuples(st.sampled_from("AB"), QUANTITIES, DAYS), max_size=3)
TAKEN = st.lists(st.tuples(st.sampled_from("AB"), QUANTITIES, DAYS), max_size=3)


@settings(max_examples=80, deadline=None)
@given(
    placed=st.tuples(PLACED, PLACED),
    taken=st.tuples(TAKEN, TAKEN),
    days=st.lists(DAYS, max_size=3),
    seed=st.integers(0, 100),
)
def test_figures_after_corrections_are_those_of_the_right_facts_alone(
    placed: tuple[list[Any], list[Any]],
    taken: tuple[list[Any], list[Any]],
    days: list[str],
    seed: int,
) -> None:
    right, wrong = [
        [
            *(ordered(*each, by=by) for each in some),
            *(delivered(f"{by}{at}", *each) for at, each in enumerate(got)),
        ]
        for some, got, by in zip(placed, taken, (D1, D2), strict=True)
    ]
    right = [*{each.id: each for each in right}.values(), *map(ended, sorted(set(days)))]
    corrected = after_corrections(Host(OrderDeliveries()), right, wrong, seed)
    assert said(corrected) == said(orders(*right))

"""零售 (R11, R6): a pharmacy's sale is split by the payment standard, to the fen."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Judgement
from gateway.policies.prices.payment_standard_split import split_by_standard
from gateway.policies.prices.retail import Retail
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes
from schemas.events import (
    PAYMENT_SPLIT_COMPUTED,
    PAYMENT_SPLIT_ENDED,
    PAYMENT_STANDARD_ENDED,
    PAYMENT_STANDARD_SET,
    RETAIL_SOLD,
)
from schemas.money import fen
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.linking import corrected, open_conclusions, rightly
from tests.unit.policies.making import (
    DRUG,
    GUIZHOU,
    OTHER_PRODUCT,
    PRODUCT,
    SICHUAN,
    YUNNAN,
    message,
)
from tests.unit.policies.pricing import sold

WHY = {
    "rule": "R6",
    "clauses": ["云医保〔2020〕71号 四（四）"],
    "terms": {},
    "arithmetic": [],
    "causes": ["x"],
}
ENDS = {PAYMENT_SPLIT_ENDED: "split_id"}


def standard(number: str, price: str, since: str, region: str = YUNNAN, **changed: Any) -> Message:
    data = {
        "unified_code": PRODUCT,
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "region": region,
        "unit_price": price,
        "basis": "selected_price",
        "selected_code": PRODUCT,
        "effective_from": since,
        "because": WHY,
    }
    return message(PAYMENT_STANDARD_SET, number, data | changed, "policy-payment_standard")


def ended(number: str, which: Message) -> Message:
    content = which.content()
    data = {name: content[name] for name in ("unified_code", "drug", "drug_name", "region")} | {
        "standard_id": which.id,
        "price_ended": content["unit_price"],
        "effective_from": content["effective_from"],
        "because": WHY,
    }
    return message(PAYMENT_STANDARD_ENDED, number, data, "policy-payment_standard")


def after(*messages: Message) -> Host:
    host = Host(Retail())
    host.take(*messages)
    return host


def standing(host: Host) -> list[tuple[str, ...]]:
    names = ("sale_id", "standard_price", "total", "fund_base", "patient_excess")
    return sorted(
        tuple(each.data[name] for name in names) for each in open_conclusions(host, ENDS).values()
    )


STANDARD = standard("s", "0.500000", "2020-06-01")


@pytest.mark.parametrize(
    ("price", "base", "excess", "markup"),
    [
        ("0.600000", "5.00", "1.00", "0.100000"),
        ("0.500001", "5.00", "0.00", "0.000001"),
        ("0.500000", "5.00", "0.00", "0.000000"),
        ("0.499999", "5.00", "0.00", "0.000000"),
        ("0.400000", "4.00", "0.00", "0.000000"),
    ],
)
def test_the_patient_bears_what_a_pharmacy_adds_to_the_selected_price(
    price: str, base: str, excess: str, markup: str
) -> None:
    host = after(STANDARD, sold("1", price, "2020-07-01"))
    ((_, split),) = host.drawn
    assert (split.data["fund_base"], split.data["patient_excess"]) == (base, excess)
    assert split.data["markup"] == markup
    assert split.data["because"]["clauses"] == ["云医保〔2020〕71号 四（四）"]
    assert split.data["because"]["terms"]["retail.markup"] == "allowed"
    assert len(split.data["because"]["arithmetic"]) == 3
    assert split.data["because"]["causes"] == [sold("1", price, "2020-07-01").id, STANDARD.id]


def test_a_city_inherits_the_split_and_the_standard_of_its_province() -> None:
    sale = sold("1", "0.600000", "2021-12-20", region="530900", institution="P53090000001")
    assert len(after(STANDARD, sale).drawn) == 1


def test_the_nearest_regions_standard_counts() -> None:
    own = standard("q", "0.450000", "2022-03-05", "530300")
    sale = sold("1", "0.600000", "2022-04-01", region="530302", institution="P53030000001")
    earlier = sold("2", "0.600000", "2022-03-04", region="530302", institution="P53030000001")
    prices = [line[1] for line in standing(after(STANDARD, own, sale, earlier))]
    assert sorted(prices) == ["0.450000", "0.500000"]


def test_without_a_standard_or_a_paper_nothing_is_split() -> None:
    assert after(sold("1", "0.600000", "2020-07-01")).drawn == []
    assert after(STANDARD, sold("1", "0.600000", "2020-05-31")).drawn == []
    closed = standard("s", "0.500000", "2020-06-01", effective_to="2020-06-30")
    assert after(closed, sold("1", "0.600000", "2020-07-01")).drawn == []
    silent = standard("sc", "0.500000", "2020-06-01", SICHUAN)
    assert after(silent, sold("1", "0.6", "2020-07-01", region=SICHUAN, unit_price="0.600000")).drawn == []  # fmt: skip


def test_a_late_standard_splits_the_sales_it_touches_and_no_other() -> None:
    before, on = sold("1", "0.600000", "2020-05-31"), sold("2", "0.600000", "2020-06-01")
    other = sold("3", "0.600000", "2020-06-02", unified_code="XC08CAA001A001010100002")
    host = after(before, on, other)
    assert host.drawn == []
    (found,) = host.take(STANDARD)
    assert found.data["sale_id"] == on.id


def test_a_standard_that_is_no_selected_price_any_more_leaves_no_markup() -> None:
    host = after(STANDARD, sold("1", "0.600000", "2020-07-01"))
    again = standard("t", "0.500000", "2020-06-01", basis="same_generic", replaces=STANDARD.id)
    (found,) = host.take(again)
    assert host.drawn[0][1].data["markup"] == "0.100000"
    assert found.data["markup"] is None
    assert found.data["replaces"] == host.drawn[0][0]


def test_a_changed_standard_replaces_the_split_and_an_ended_one_ends_it() -> None:
    host = after(STANDARD, sold("1", "0.600000", "2020-07-01"))
    again = standard("t", "0.550000", "2020-06-01", replaces=STANDARD.id)
    (found,) = host.take(again)
    assert found.data["replaces"] == host.drawn[0][0]
    assert found.data["patient_excess"] == "0.50"
    (gone,) = host.take(ended("e", again))
    assert (gone.type, gone.data["split_id"]) == (PAYMENT_SPLIT_ENDED, host.drawn[1][0])


def test_a_standard_said_again_at_the_same_price_touches_no_sale() -> None:
    host = after(STANDARD, sold("1", "0.600000", "2020-07-01"))
    assert host.take(standard("t", "0.500000", "2020-06-01", replaces=STANDARD.id)) == []


def test_a_corrected_sale_is_split_anew_in_one_word() -> None:
    sale = sold("1", "0.600000", "2020-07-01")
    host = after(STANDARD, sale)
    right = corrected(sale, "x", unit_price="0.700000", amount="7.00")
    (found,) = host.supersede(sale, right)
    assert (found.type, found.data["replaces"]) == (PAYMENT_SPLIT_COMPUTED, host.drawn[0][0])
    assert found.data["sale_id"] == right.id
    assert {sale.id, right.id} <= set(found.data["because"]["causes"])
    assert [line[4] for line in standing(host)] == ["2.00"]


def test_a_sale_corrected_to_a_day_without_a_standard_ends_its_split() -> None:
    sale = sold("1", "0.600000", "2020-06-02")
    host = after(standard("s", "0.500000", "2020-06-02"), sale)
    day = {"sold_at": "2020-06-01T10:00:00+08:00"}
    (found,) = host.supersede(sale, corrected(sale, "x", **day))
    assert (found.type, found.data["sale_id"]) == (PAYMENT_SPLIT_ENDED, sale.id)
    assert host.supersede(sale, corrected(sale, "x", **day)) == []


def test_a_sale_corrected_to_another_product_ends_its_split_before_the_new_one() -> None:
    other = standard("o", "0.300000", "2020-06-01", unified_code=OTHER_PRODUCT)
    sale = sold("1", "0.600000", "2020-07-01")
    host = after(STANDARD, other, sale)
    found = host.supersede(sale, corrected(sale, "x", unified_code=OTHER_PRODUCT))
    assert [each.type for each in found] == [PAYMENT_SPLIT_ENDED, PAYMENT_SPLIT_COMPUTED]
    assert [each.data["unified_code"] for each in found] == [PRODUCT, OTHER_PRODUCT]


def test_a_corrected_standard_splits_again_what_it_touches_and_nothing_at_the_same_price() -> None:
    host = after(STANDARD, sold("1", "0.600000", "2020-07-01"))
    same = corrected(STANDARD, "x", effective_from="2020-06-15")
    assert host.supersede(STANDARD, same) == []
    (found,) = host.supersede(same, corrected(same, "y", unit_price="0.450000"))
    assert (found.data["fund_base"], found.data["replaces"]) == ("4.50", host.drawn[0][0])


def test_the_end_of_a_standard_is_not_taken_back() -> None:
    host = after(STANDARD, sold("1", "0.600000", "2020-07-01"))
    end = ended("e", STANDARD)
    host.take(end)
    assert host.supersede(end, corrected(end, "x")) == []
    assert standing(host) == []


@pytest.mark.parametrize("fact", [STANDARD, sold("2", "0.600000", "2020-07-02")])
def test_a_fact_that_is_not_known_is_not_taken_back(fact: Message) -> None:
    sale = sold("1", "0.600000", "2020-07-01")
    host, by = after(sale), corrected(fact, "x")
    ((key, state),) = host.states.items()
    assert judged_in_place(Retail(), key, state, fact, by, None) == Judgement()
    host.supersede(fact, by)
    alone = after(sale, by)
    assert (host.states, host.drawn) == (alone.states, alone.drawn)


def test_a_sale_told_twice_is_split_once() -> None:
    sale = sold("1", "0.600000", "2020-07-01")
    host = after(STANDARD, sale)
    assert host.take(sale) == []


def test_a_drug_whose_code_begins_with_anothers_is_left_alone() -> None:
    host = after(sold("1", "0.600000", "2020-07-01", drug=f"{DRUG}/X"))
    assert host.take(STANDARD) == []


def test_an_amount_that_is_not_price_times_quantity_is_refused_at_the_door() -> None:
    data = sold("1", "0.600000", "2020-07-01").content() | {"amount": "6.01"}
    (found,) = check(RETAIL_SOLD, data, canonical_bytes(data))
    assert found.code == "sum.mismatch"


# ------------------------------------------------------------------------------ the algebra

PRICES = st.integers(0, 10**10)


@given(price=PRICES, quantity=st.integers(0, 10**9), value=PRICES)
def test_both_parts_add_up_to_the_amount_to_the_fen(price: int, quantity: int, value: int) -> None:
    split = split_by_standard(price, quantity, value)
    assert split.fund_base + split.patient_excess == split.total
    assert min(split) >= 0
    exact = Fraction(price * quantity, 10**8)
    assert abs(split.total - exact) <= Fraction(1, 2)
    if price <= value:
        assert split.patient_excess == 0
    higher = split_by_standard(price, quantity, value + 1)
    assert higher.fund_base >= split.fund_base


def test_a_negative_value_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        split_by_standard(-1, 1, 1)


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Standards that replace and end each other, and sales."""
    found: list[Message] = []
    open_: list[Message] = []
    for at in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["set", "replace", "end", "sale", "sale"]))
        price = f"0.{draw(st.integers(1, 9))}00000"
        if kind == "sale":
            day = draw(st.sampled_from(["2020-06-05", "2020-07-05", "2020-08-05"]))
            found.append(sold(f"s{at}", price, day))
        elif kind == "set" and not open_:
            since = draw(st.sampled_from(["2020-06-01", "2020-07-01"]))
            open_.append(standard(f"m{at}", price, since))
            found.append(open_[-1])
        elif kind == "replace" and open_:
            last = open_.pop()
            since = last.content()["effective_from"]
            open_.append(standard(f"m{at}", price, since, replaces=last.id))
            found.append(open_[-1])
        elif kind == "end" and open_:
            found.append(ended(f"e{at}", open_.pop()))
    return found


@settings(max_examples=150, deadline=None)
@given(history=histories(), order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_leaves_the_same_splits(history: list[Message], order: Any) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)
    one, other = after(*history), after(*shuffled)
    assert standing(one) == standing(other)
    assert all(fen(line[3]) + fen(line[4]) == fen(line[2]) for line in standing(one))


SALES = st.lists(
    st.tuples(
        st.sampled_from(["0.400000", "0.600000"]), st.sampled_from(["2020-07-05", "2020-07-15"])
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(right=SALES, wrong=SALES, prices=st.lists(st.integers(1, 9), min_size=1, max_size=2))
def test_what_is_split_after_corrections_is_what_the_right_sales_alone_lead_to(
    right: list[tuple[str, str]], wrong: list[tuple[str, str]], prices: list[int]
) -> None:
    days = ["2020-06-01", "2020-07-10"]
    standards = [standard(f"m{at}", f"0.{price}00000", days[at]) for at, price in enumerate(prices)]
    false = [sold(f"s{at}", *each) for at, each in enumerate(wrong)]
    true = rightly(sold(f"s{at}", *each) for at, each in enumerate(right))
    host = after(*false, *standards, *true[len(false) :])
    for one, other in zip(false, true, strict=False):
        (found,) = host.supersede(one, other)
        assert (found.type, found.data["sale_id"]) == (PAYMENT_SPLIT_COMPUTED, other.id)
    straight = after(*standards, *true, *false[len(true) :])
    assert standing(host) == standing(straight)


def test_guizhous_fund_takes_part_up_to_the_standard_too() -> None:
    sale = sold("1", "0.600000", "2020-07-01", region=GUIZHOU, institution="P52010000001")
    ((_, split),) = after(standard("gz", "0.500000", "2020-06-01", GUIZHOU), sale).drawn
    assert split.data["because"]["clauses"] == ["黔医保发〔2019〕69号 五（五）"]
    assert split.data["because"]["rule"] == "R6"  # its paper says nothing of selling

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Conclusion
from gateway.policies.prices.linkage import Linkage, price_in_force
from gateway.policies.ratio import Form, convert
from schemas.envelope import Message
from schemas.events import PRICE_LINK_ENDED, PRICE_LINKED
from schemas.money import PRICE_SCALE, scaled
from tests.unit.policies.hosting import RULES, Host
from tests.unit.policies.linking import numbered, still_linked
from tests.unit.policies.making import (
    CHONGQING,
    DRUG,
    GUIZHOU,
    OTHER_PRODUCT,
    PRODUCT,
    SICHUAN,
    YUNNAN,
    listing,
)

MG = 1000


def strength(milligrams: int) -> dict[str, Any]:
    return {"content": milligrams * MG, "unit": "ug"}


def form(milligrams: int, pack: int = 28) -> Form:
    return Form(milligrams * MG, "ug", pack)


def prices(conclusions: list[Conclusion]) -> list[tuple[str, str, str, str]]:
    return [
        (
            each.data["region"],
            each.data["price_before"],
            each.data["price_after"],
            each.data["effective_from"],
        )
        for each in conclusions
    ]


@pytest.mark.parametrize(
    ("price", "given", "wanted", "expected"),
    [
        # 格列美脲, as the national results were converted: the factor is 1.7
        ("0.0901", form(2), form(1), "0.053"),
        ("0.461429", form(8), form(4), "0.271429"),
        ("0.053", form(1), form(2), "0.0901"),
        ("1", form(1), form(4), "2.89"),
        ("1", form(4), form(1), "0.346021"),
        ("1", form(2), form(3), "1.363967"),
        ("1", form(1, 1), form(1, 2), "0.975"),
        ("1", form(1, 2), form(1, 1), "1.025641"),
        ("1", form(1, 28), form(1, 28), "1"),
        ("1", form(1, 1), form(2, 2), "1.6575"),
        ("0.000001", form(2), form(1), "0.000001"),
        ("0.000001", form(8), form(1), "0"),
        ("1", Form(None, "", 1), Form(None, "", 2), "0.975"),
    ],
)
def test_a_price_is_converted_by_ratio_and_rounded_half_up_once(
    price: str, given: Form, wanted: Form, expected: str
) -> None:
    found = convert(scaled(price, PRICE_SCALE), given, wanted, RULES.ratios)
    assert found is not None
    assert found[0] == scaled(expected, PRICE_SCALE)


def test_contents_in_different_units_or_unstated_cannot_be_converted() -> None:
    assert convert(1, Form(1, "ug", 1), Form(1, "IU", 1), RULES.ratios) is None
    assert convert(1, Form(1, "ug", 1), Form(None, "", 1), RULES.ratios) is None


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**10))
def test_a_ratio_agrees_with_its_formula(up: int, down: int, price: int) -> None:
    found = convert(price, Form(down, "u", 1), Form(up, "u", 1), RULES.ratios)
    assert found is not None
    exact = Decimal(price) * Decimal("1.7") ** ((Decimal(up) / down).ln() / Decimal(2).ln())
    assert abs(Decimal(found[0]) - exact) <= Decimal("0.5") + exact * Decimal("1e-20")


def test_yunnans_listed_price_follows_the_same_product_in_another_province() -> None:
    host = Host(Linkage())
    own = listing("yn", "0.500000", YUNNAN)
    cheaper = listing("sc", "0.400000", SICHUAN, effective_from="2020-07-01")
    assert host.take(own) == []
    (linked,) = host.take(cheaper)
    assert prices([linked]) == [(YUNNAN, "0.500000", "0.400000", "2020-07-01")]
    assert linked.data["reference_region"] == SICHUAN
    assert linked.data["converted"] is False
    why = linked.data["because"]
    assert why["rule"] == "R7"
    assert why["clauses"] == ["云医保〔2020〕71号 四（一）"]
    assert why["arithmetic"] == ["0.4 < 0.5"]
    assert why["causes"] == [own.id, cheaper.id]


def test_a_listing_that_comes_after_the_cheaper_one_is_linked_too() -> None:
    host = Host(Linkage())
    host.take(listing("sc", "0.400000", SICHUAN), listing("gz", "0.300000", GUIZHOU))
    assert prices(host.take(listing("yn", "0.500000", YUNNAN))) == [
        (YUNNAN, "0.500000", "0.300000", "2020-06-01")
    ]


@pytest.mark.parametrize("price", ["0.500000", "0.500001", "0.900000", "0.000000"])
def test_a_price_that_is_not_lower_or_none_changes_nothing(price: str) -> None:
    host = Host(Linkage())
    assert host.take(listing("yn", "0.500000", YUNNAN), listing("sc", price, SICHUAN)) == []


def test_a_selected_price_elsewhere_is_a_reference_but_a_selected_product_does_not_follow() -> None:
    host = Host(Linkage())
    host.take(listing("yn", "0.500000", YUNNAN))
    assert len(host.take(listing("sc", "0.100000", SICHUAN, kind="selected"))) == 1
    chosen = Host(Linkage())
    chosen.take(listing("yn-s", "0.500000", YUNNAN, kind="selected"))
    chosen.take(listing("yn", "0.600000", YUNNAN))
    assert chosen.take(listing("sc", "0.100000", SICHUAN)) == []


def test_a_region_without_linkage_terms_is_left_alone() -> None:
    host = Host(Linkage())
    found = host.take(listing("gz", "0.500000", GUIZHOU), listing("sc", "0.100000", SICHUAN))
    assert found == []


def test_yunnan_follows_only_the_same_product_chongqing_any_of_the_same_generic() -> None:
    host = Host(Linkage())
    host.take(
        listing("yn", "0.500000", YUNNAN, strength=strength(5)),
        listing("cq", "0.500000", CHONGQING, strength=strength(5)),
    )
    other = listing(
        "sc", "0.100000", SICHUAN, unified_code=OTHER_PRODUCT, strength=strength(5), kind="selected"
    )
    assert prices(host.take(other)) == [(CHONGQING, "0.500000", "0.100000", "2020-06-01")]


def test_chongqing_converts_another_strength_by_ratio() -> None:
    host = Host(Linkage())
    host.take(listing("cq", "0.080000", CHONGQING, strength=strength(1)))
    reference = listing("sc", "0.090100", SICHUAN, unified_code=OTHER_PRODUCT, strength=strength(2))
    (linked,) = host.take(reference)
    assert linked.data["price_after"] == "0.053000"
    assert linked.data["reference_price"] == "0.090100"
    assert linked.data["converted"] is True
    why = linked.data["because"]
    assert why["arithmetic"] == ["0.0901 × 1.7^log2(1000/2000) = 0.053", "0.053 < 0.08"]
    assert "渝府办发〔2019〕29号 二（四）" in why["clauses"]
    assert "发改价格〔2011〕2452号 第十九条" in why["clauses"]
    assert why["terms"]["linkage.scope"] == "drug"


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ({}, {}),
        ({"strength": strength(5)}, {}),
        ({"strength": strength(5)}, {"strength": {"content": 5, "unit": "IU"}}),
        ({"specification": "5mg"}, {"specification": "10mg"}),
        ({"specification": "5mg"}, {"specification": "5mg", "pack_quantity": 14}),
    ],
)
def test_products_that_cannot_be_compared_are_not_linked(
    own: dict[str, Any], other: dict[str, Any]
) -> None:
    host = Host(Linkage())
    host.take(listing("cq", "0.500000", CHONGQING, **own))
    assert host.take(listing("sc", "0.1", SICHUAN, **unify(other))) == []


def unify(other: dict[str, Any]) -> dict[str, Any]:
    return {"unified_code": OTHER_PRODUCT, "unit_price": "0.100000", **other}


def test_prices_that_never_hold_on_the_same_day_are_not_compared() -> None:
    host = Host(Linkage())
    host.take(listing("yn", "0.500000", YUNNAN, effective_from="2020-07-01"))
    ended = listing("sc", "0.100000", SICHUAN, effective_to="2020-06-30")
    assert host.take(ended) == []
    assert len(host.take(listing("gz", "0.100000", GUIZHOU, effective_to="2020-07-01"))) == 1


def test_a_reference_that_was_replaced_before_is_no_reference() -> None:
    host = Host(Linkage())
    host.take(
        listing("sc-1", "0.100000", SICHUAN, effective_from="2020-01-01"),
        listing("sc-2", "0.600000", SICHUAN, effective_from="2020-05-01"),
    )
    assert host.take(listing("yn", "0.500000", YUNNAN)) == []


def test_a_price_listed_before_the_paper_is_linked_when_it_comes_into_force() -> None:
    host = Host(Linkage())
    host.take(listing("cq", "0.500000", CHONGQING, effective_from="2018-01-01"))
    found = host.take(listing("sc", "0.400000", SICHUAN, effective_from="2018-06-01"))
    assert prices(found) == [(CHONGQING, "0.500000", "0.400000", "2019-03-20")]


def test_nothing_is_applied_twice_and_a_lower_price_goes_on_from_the_linked_one() -> None:
    host = Host(Linkage())
    first = listing("sc", "0.400000", SICHUAN)
    host.take(listing("yn", "0.500000", YUNNAN), first)
    assert host.take(first, listing("gz", "0.400000", GUIZHOU)) == []
    lower = listing("hn", "0.300000", "430000", effective_from="2020-08-01")
    (again,) = host.take(lower)
    assert prices([again]) == [(YUNNAN, "0.400000", "0.300000", "2020-08-01")]
    assert again.data["because"]["causes"][-1] == host.drawn[0][0]


def test_linked_prices_are_no_references_so_two_regions_cannot_chase_each_other() -> None:
    host = Host(Linkage())
    same = {"strength": strength(5)}
    found = host.take(
        listing("yn", "0.500000", YUNNAN, **same),
        listing("cq", "0.450000", CHONGQING, **same),
        listing("sc", "0.400000", SICHUAN, **same),
    )
    assert sorted(prices(found[1:])) == [
        (CHONGQING, "0.450000", "0.400000", "2020-06-01"),
        (YUNNAN, "0.500000", "0.400000", "2020-06-01"),
    ]
    assert prices(found[:1]) == [(YUNNAN, "0.500000", "0.450000", "2020-06-01")]


def test_a_lower_price_of_the_same_day_replaces_the_linked_one() -> None:
    host = Host(Linkage())
    host.take(listing("yn", "0.500000", YUNNAN), listing("gz", "0.450000", GUIZHOU))
    (again,) = host.take(listing("sc", "0.400000", SICHUAN))
    first, _ = host.drawn[0]
    assert again.type == PRICE_LINKED
    assert again.data["replaces"] == first
    assert first in again.data["because"]["causes"]
    assert again.data["price_before"] == "0.500000"


def test_a_new_listing_of_the_product_is_measured_anew() -> None:
    host = Host(Linkage())
    host.take(listing("yn", "0.500000", YUNNAN), listing("sc", "0.400000", SICHUAN))
    adopted = listing("yn-2", "0.400000", YUNNAN, effective_from="2020-07-01")
    assert host.take(adopted) == []
    raised = listing("yn-3", "0.550000", YUNNAN, effective_from="2020-08-01")
    assert prices(host.take(raised)) == [(YUNNAN, "0.550000", "0.400000", "2020-08-01")]


REGIONS = st.sampled_from([YUNNAN, CHONGQING, SICHUAN, GUIZHOU])
PRICES = st.integers(1, 10**7).map(lambda number: f"{number // 10**6}.{number % 10**6:06d}")


@st.composite
def markets(draw: st.DrawFn, *, dated: bool = True) -> list[Message]:
    """Listings of one drug, each series once."""
    days = ["2020-06-01", "2020-07-01", "2020-08-01"] if dated else ["2020-06-01"]
    series = draw(
        st.lists(
            st.tuples(REGIONS, st.sampled_from([PRODUCT, OTHER_PRODUCT])),
            unique=True,
            min_size=2,
            max_size=8,
        )
    )
    return numbered(
        listing(
            f"l{at}",
            draw(PRICES),
            region,
            unified_code=product,
            kind=draw(st.sampled_from(["listed", "selected"])),
            effective_from=draw(st.sampled_from(days)),
            strength=strength(draw(st.sampled_from([1, 2, 3]))),
        )
        for at, (region, product) in enumerate(series)
    )


@settings(max_examples=150, deadline=None)
@given(market=markets(), order=st.randoms(use_true_random=False))
def test_linkage_never_raises_a_price_and_the_order_of_arrival_does_not_matter(
    market: list[Message], order: Any
) -> None:
    shuffled = list(market)
    order.shuffle(shuffled)
    one, other = Host(Linkage()), Host(Linkage())
    for conclusion in (*one.take(*market), *other.take(*shuffled)):
        if conclusion.type != PRICE_LINK_ENDED:
            before, after = (conclusion.data[name] for name in ("price_before", "price_after"))
            assert Decimal(after) < Decimal(before)
    assert still_linked(one) == still_linked(other)
    for message in market:
        for day in ("2020-06-01", "2020-07-01", "2020-08-01", "2020-12-31"):
            found = price_in_force(one.states[DRUG], message.id, day)
            assert found == price_in_force(other.states[DRUG], message.id, day)
            if found is not None:
                assert found <= scaled(message.content()["unit_price"], PRICE_SCALE)
    assert one.take(*market) == []


@settings(max_examples=100, deadline=None)
@given(market=markets(dated=False))
def test_a_linked_price_is_the_lowest_one_elsewhere(market: list[Message]) -> None:
    host = Host(Linkage())
    host.take(*market)
    contents = [message.content() for message in market]
    for message, own in zip(market, contents, strict=True):
        expected = scaled(own["unit_price"], PRICE_SCALE)
        chosen = any(
            each["kind"] == "selected"
            and (each["region"], each["unified_code"]) == (own["region"], own["unified_code"])
            for each in contents
        )
        if own["region"] in {YUNNAN, CHONGQING} and not chosen:
            for each in contents:
                same = each["unified_code"] == own["unified_code"]
                if each["region"] == own["region"] or (own["region"] == YUNNAN and not same):
                    continue
                price = scaled(each["unit_price"], PRICE_SCALE)
                if not same:
                    theirs, ours = (
                        Form(one["strength"]["content"], "ug", 28) for one in (each, own)
                    )
                    converted = convert(price, theirs, ours, RULES.ratios)
                    assert converted is not None
                    price = converted[0]
                if price:
                    expected = min(expected, price)
        assert price_in_force(host.states[DRUG], message.id, "2020-12-31") == expected

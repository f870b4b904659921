from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.products.packs import (
    PackFactors,
    PackLevel,
    at_scale,
    convert_price,
    convert_quantity,
    exact_price,
    exact_quantity,
)
from gateway.errors import Rejected

BOX_OF_TWO_BLISTERS = PackFactors(Fraction(2), Fraction(7))
SALES, PRICING, UNIT = PackLevel.SALES, PackLevel.PRICING, PackLevel.UNIT

factors = st.builds(
    PackFactors,
    st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000),
    st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000),
)
amounts = st.fractions(min_value=0, max_value=10**9, max_denominator=10**6)
levels = st.sampled_from(list(PackLevel))


def test_a_box_is_two_blisters_is_fourteen_tablets() -> None:
    assert convert_quantity(Fraction(3), SALES, PRICING, BOX_OF_TWO_BLISTERS) == 6
    assert convert_quantity(Fraction(3), SALES, UNIT, BOX_OF_TWO_BLISTERS) == 42
    assert convert_quantity(Fraction(42), UNIT, SALES, BOX_OF_TWO_BLISTERS) == 3
    assert convert_price(Fraction(28), SALES, UNIT, BOX_OF_TWO_BLISTERS) == 2
    assert convert_price(Fraction(2), UNIT, PRICING, BOX_OF_TWO_BLISTERS) == 14


def test_the_catalogue_ratio_says_units_per_sales_pack() -> None:
    made = PackFactors.of_ratio(Fraction(14), units_per_pricing=Fraction(7))
    assert made == BOX_OF_TWO_BLISTERS
    assert PackFactors.of_ratio(Fraction(10), units_per_pricing=Fraction(4)).pricing_per_sales == (
        Fraction(5, 2)
    )


@settings(max_examples=200)
@given(quantity=amounts, price=amounts, source=levels, target=levels, packs=factors)
def test_quantity_times_price_is_the_same_on_every_level(
    quantity: Fraction, price: Fraction, source: PackLevel, target: PackLevel, packs: PackFactors
) -> None:
    converted = convert_quantity(quantity, source, target, packs) * convert_price(
        price, source, target, packs
    )
    assert converted == quantity * price


@settings(max_examples=100)
@given(quantity=amounts, source=levels, over=levels, target=levels, packs=factors)
def test_a_detour_over_another_level_changes_nothing(
    quantity: Fraction, source: PackLevel, over: PackLevel, target: PackLevel, packs: PackFactors
) -> None:
    there = convert_quantity(quantity, source, over, packs)
    assert convert_quantity(there, over, target, packs) == convert_quantity(
        quantity, source, target, packs
    )


def test_a_third_of_a_pack_is_reported_and_never_rounded() -> None:
    third = convert_quantity(Fraction(1), UNIT, SALES, PackFactors(Fraction(1), Fraction(3)))
    with pytest.raises(Rejected) as refused:
        exact_quantity(third, "lines[0].quantity")
    assert refused.value.issues[0].code == "pack.inexact"
    assert refused.value.issues[0].path == "lines[0].quantity"
    assert "1/3" in refused.value.issues[0].en
    written = at_scale(third, 4)
    assert (written.value, written.exact) == (3333, False)
    assert written.remainder == Fraction(1, 3) - Fraction(3333, 10000)


@pytest.mark.parametrize(
    ("price", "written"),
    [(Fraction("0.0001"), 100), (Fraction("0.000001"), 1), (Fraction(12), 12_000_000)],
)
def test_prices_keep_six_decimals(price: Fraction, written: int) -> None:
    assert exact_price(price) == written


def test_a_seventh_decimal_is_inexact() -> None:
    with pytest.raises(Rejected):
        exact_price(Fraction("0.0000001"))
    assert exact_quantity(Fraction("0.0001")) == 1
    with pytest.raises(Rejected):
        exact_quantity(Fraction("0.00005"))


@given(value=amounts, scale=st.integers(0, 8))
def test_what_is_written_and_the_remainder_are_the_value(value: Fraction, scale: int) -> None:
    written = at_scale(value, scale)
    assert Fraction(written.value, 10**scale) + written.remainder == value
    assert abs(written.remainder) <= Fraction(1, 2 * 10**scale)


@pytest.mark.parametrize("bad", [Fraction(0), Fraction(-1)])
def test_factors_are_above_zero(bad: Fraction) -> None:
    with pytest.raises(ValueError, match="above zero"):
        PackFactors(bad, Fraction(1))
    with pytest.raises(ValueError, match="above zero"):
        PackFactors(Fraction(1), bad)
    with pytest.raises(ValueError, match="above zero"):
        PackFactors.of_ratio(Fraction(1), units_per_pricing=bad)

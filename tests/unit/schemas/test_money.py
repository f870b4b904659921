"""Money is exact: strings at the edge, integers inside."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.money import divide_half_up, fen, line_amount, plain, scaled, yuan


@given(st.integers(-(10**13), 10**13), st.integers(0, 8))
def test_text_and_integer_are_two_forms_of_one_number(value: int, scale: int) -> None:
    assert scaled(plain(value, scale), scale) == value


@given(st.integers(-(10**12), 10**12))
def test_fen_and_yuan_are_inverse(amount: int) -> None:
    assert fen(yuan(amount)) == amount


@given(st.integers(0, 10**12), st.integers(0, 10**10))
def test_a_line_amount_is_rounded_half_up_once(price: int, quantity: int) -> None:
    exact = Decimal(price).scaleb(-6) * Decimal(quantity).scaleb(-4)
    wanted = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert line_amount(plain(price, 6), plain(quantity, 4)) == int(wanted * 100)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_half_is_rounded_away_from_zero(numerator: int, denominator: int) -> None:
    wanted = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    assert divide_half_up(numerator, denominator) == int(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "１２.34",
        "1_000",
        " 12",
        "12 ",
        "1e2",
        "+1",
        "",
        ".5",
        "5.",
        "NaN",
        "Infinity",
        "0x10",
        "1,000",
    ],
)
def test_only_plain_ascii_decimals_are_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        scaled(text, 6)


def test_more_decimals_than_the_scale_are_refused_but_trailing_zeros_are_harmless() -> None:
    assert scaled("12.5000000", 4) == 125000
    with pytest.raises(ValueError, match="decimals"):
        scaled("12.50001", 4)


_DECIMAL = re.compile(r"(-?)([0-9]{1,14})(?:\.([0-9]{1,12}))?")


def read_digit_by_digit(text: str, scale: int) -> int | str:
    """What a text is by the rule itself, without the short way for the usual form."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return "not a plain decimal"
    sign, whole, fraction = found.groups()
    kept = (fraction or "").rstrip("0")
    if len(kept) > scale:
        return f"more than {scale} decimals"
    value = int(whole) * int(10**scale) + int(kept.ljust(scale, "0") or "0")
    return -value if sign else value


WRITTEN = st.one_of(
    st.text(alphabet="0123456789.-+ ٣２²\n_e", max_size=30),
    st.from_regex(r"\A-?[0-9]{0,16}\.?[0-9]{0,14}\n?\Z"),
    st.builds("{}.{}".format, st.integers(-(10**15), 10**15), st.integers(0, 10**13)),
)


@given(WRITTEN, st.integers(0, 14))
def test_a_text_is_read_as_the_rule_says_however_it_is_written(text: str, scale: int) -> None:
    wanted = read_digit_by_digit(text, scale)
    for _ in range(2):  # the second time it is remembered
        if isinstance(wanted, int):
            assert scaled(text, scale) == wanted
        else:
            with pytest.raises(ValueError, match=wanted):
                scaled(text, scale)


@given(st.integers(-(10**20), 10**20), st.integers(0, 12))
def test_a_number_is_written_with_exactly_the_scales_decimals(value: int, scale: int) -> None:
    written = plain(value, scale)
    assert Decimal(written) == Decimal(value).scaleb(-scale)
    assert len(written.partition(".")[2]) == scale
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", written)


@pytest.mark.parametrize("given_", [None, 12, 12.5, b"12.00"])
def test_only_texts_are_read_as_decimals(given_: object) -> None:
    with pytest.raises(TypeError):
        fen(given_)  # type: ignore[arg-type]  # what a caller without types might do

"""What each check character finds, and exactly what it cannot."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stdnum import ean

from gateway.coding.systems import CodeRefusal, ParsedCode, parse
from gateway.coding.systems.check_digits import gb11714_mod11, gb32100_mod31, gs1_mod10

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DIGITS = st.text("0123456789", min_size=13, max_size=13)
VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    organisation = draw(st.text(SIGNS, min_size=8, max_size=8))
    check = gb11714_mod11(organisation)
    head = draw(st.text(SIGNS, min_size=2, max_size=2))
    region = draw(st.text("0123456789", min_size=6, max_size=6))
    body = head + region + organisation + check
    return body + gb32100_mod31(body)


def swapped(code: str, place: int) -> str:
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


def valid(code_type: str, code: str) -> bool:
    return isinstance(parse(code_type, code), ParsedCode)


@given(DIGITS, st.integers(0, 13), st.integers(1, 9))
@settings(max_examples=200)
def test_gs1_finds_every_single_wrong_digit(body: str, place: int, shift: int) -> None:
    code = body + gs1_mod10(body)
    assert valid("gtin14", code)
    assert ean.is_valid(code)
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert not valid("gtin14", wrong)


@given(DIGITS, st.integers(0, 12))
@settings(max_examples=200)
def test_gs1_finds_every_swap_of_neighbours_except_of_digits_five_apart(
    body: str, place: int
) -> None:
    code = body + gs1_mod10(body)
    apart = abs(int(code[place]) - int(code[place + 1]))
    assert valid("gtin14", swapped(code, place)) == (apart in {0, 5})


@given(st.text("0123456789", min_size=10, max_size=10), st.integers(3, 13), st.integers(1, 9))
@settings(max_examples=200)
def test_every_wrong_digit_of_a_drug_standard_code_is_found(
    tail: str, place: int, shift: int
) -> None:
    body = f"869{tail}"
    code = body + gs1_mod10(body)
    assert valid("drug_standard_code_86", code)
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    read = parse("drug_standard_code_86", wrong)
    assert isinstance(read, CodeRefusal)
    assert read.reason_code == "code.check"


@given(credit_codes(), st.integers(0, 17), st.sampled_from(SIGNS))
@settings(max_examples=200)
def test_a_credit_code_with_one_wrong_character_is_always_found(
    code: str, place: int, sign: str
) -> None:
    assert valid("uscc", code)
    assume(sign != code[place])
    assert not valid("uscc", code[:place] + sign + code[place + 1 :])


@given(credit_codes(), st.integers(0, 17), st.integers(0, 17))
@settings(max_examples=200)
def test_a_credit_code_with_any_two_characters_changed_about_is_found_except_first_and_last(
    code: str, one: int, other: int
) -> None:
    assume(code[one] != code[other])
    assume({one, other} != {0, 17})  # both have the weight 1
    signs = list(code)
    signs[one], signs[other] = signs[other], signs[one]
    assert not valid("uscc", "".join(signs))


def test_a_credit_code_whose_first_and_check_characters_changed_places_is_missed() -> None:
    assert valid("uscc", "01000000000000000W")
    assert valid("uscc", "W1000000000000000" + "0")


@given(st.text(VALUES, min_size=8, max_size=8), st.integers(0, 7), st.sampled_from(VALUES))
@settings(max_examples=200)
def test_an_organisation_code_misses_only_characters_eleven_apart(
    body: str, place: int, sign: str
) -> None:
    wrong = body[:place] + sign + body[place + 1 :]
    apart = abs(VALUES.index(sign) - VALUES.index(body[place]))
    assert (gb11714_mod11(wrong) == gb11714_mod11(body)) == (apart % 11 == 0)


@given(st.text(VALUES, min_size=8, max_size=8), st.integers(0, 6))
@settings(max_examples=200)
def test_an_organisation_code_misses_only_swaps_of_characters_eleven_apart(
    body: str, place: int
) -> None:
    apart = abs(VALUES.index(body[place]) - VALUES.index(body[place + 1]))
    same = gb11714_mod11(swapped(body, place)) == gb11714_mod11(body)
    assert same == (apart % 11 == 0)


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("9638507", "4"),  # GTIN-8
        ("03600029145", "2"),  # GTIN-12
        ("692456188407", "4"),  # GTIN-13
        ("0692456188407", "4"),  # GTIN-14
        ("8690487900012", "6"),  # worked in the fact sheet: 114 → 6
    ],
)
def test_gs1_check_digits_of_every_length(body: str, check: str) -> None:
    assert gs1_mod10(body) == check


@pytest.mark.parametrize(
    ("body", "check"), [("91110000600037341", "L"), ("91330106673959654", "P")]
)
def test_credit_code_check_characters_as_worked_by_hand(body: str, check: str) -> None:
    assert gb32100_mod31(body) == check
    assert gb11714_mod11(body[8:16]) == body[16]


@pytest.mark.parametrize("body", ["", "1", "123456789012345678"])
def test_a_body_of_another_length_has_no_check_character(body: str) -> None:
    with pytest.raises(ValueError, match="17 characters"):
        gb32100_mod31(body)
    with pytest.raises(ValueError, match="8 characters"):
        gb11714_mod11(body)


def test_a_wrong_embedded_check_is_found_though_the_outer_one_is_right() -> None:
    body = "9133010667395965" + "5"
    read = parse("uscc", body + gb32100_mod31(body))
    assert isinstance(read, CodeRefusal)
    assert read.zh == "校验码（第 17 位）应为 4，实为 5"

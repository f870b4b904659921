from __future__ import annotations

import string
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.products.specification import Pack, Strength, parse_specification


def wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def amounts(text: str) -> list[tuple[str, Fraction]]:
    return list(parse_specification(text).strength.amounts)


def counts(text: str, pack: str = "") -> list[tuple[int, str]]:
    return [(int(count), word) for count, word in parse_specification(text, pack).pack.counts]


def mg(text: str) -> tuple[str, Fraction]:
    return ("mass", Fraction(text) / 1000)


@pytest.mark.parametrize(
    ("text", "strength", "pack", "containers"),
    [
        ("10mg*7片*2板/盒", [mg("10")], [(7, "片"), (2, "板")], ("盒",)),
        ("0.25g×24粒", [mg("250")], [(24, "粒")], ()),
        ("0.25g*12粒x2板", [mg("250")], [(12, "粒"), (2, "板")], ()),
        (wide("0.25g*24粒/瓶"), [mg("250")], [(24, "粒")], ("瓶",)),
        ("20mg/片 *20片/盒", [mg("20")], [(20, "片")], ("盒",)),
        ("24粒/瓶/盒", [], [(24, "粒")], ("瓶", "盒")),
        ("10片/板*2板/盒", [], [(10, "片"), (2, "板")], ("盒",)),
        ("每粒装0.3g*24粒/盒", [mg("300")], [(24, "粒")], ("盒",)),
        ("150mg+12.5mg", [mg("150"), mg("12.5")], [], ()),
        ("5mg/10mg*7片", [mg("5"), mg("10")], [(7, "片")], ()),
        ("250mg:62.5mg*12袋/盒", [mg("250"), mg("62.5")], [(12, "袋")], ("盒",)),
        ("100万单位*12片", [("activity", Fraction(1_000_000))], [(12, "片")], ()),
        ("0.5微克*10粒", [("mass", Fraction(1, 2_000_000))], [(10, "粒")], ()),
        ("0.5μg*10粒", [("mass", Fraction(1, 2_000_000))], [(10, "粒")], ()),
        ("5g:0.25g*1支", [mg("5000"), mg("250")], [(1, "支")], ()),
    ],
)
def test_catalogue_texts_are_read(
    text: str,
    strength: list[tuple[str, Fraction]],
    pack: list[tuple[int, str]],
    containers: tuple[str, ...],
) -> None:
    read = parse_specification(text)
    assert list(read.strength.amounts) == strength
    assert counts(text) == pack
    assert read.pack.containers == containers
    assert read.notes == frozenset()


def test_an_injection_says_its_volume_in_either_order() -> None:
    one, other = parse_specification("5ml:50mg"), parse_specification("50mg/5ml")
    assert one.strength == other.strength == Strength((mg("50"),), Fraction(5))
    assert parse_specification("2ml:20mg×10支/盒").pack == Pack(((Fraction(10), "支"),), ("盒",))


@pytest.mark.parametrize(
    "text", ["10ml:10mg(0.1%)", "10ml:10mg（0.1％）", "10ml:0.01g", "1mg/ml*10ml"]
)
def test_a_percentage_or_concentration_says_the_same_amount(text: str) -> None:
    assert parse_specification(text).strength == Strength((mg("10"),), Fraction(10))


def test_a_percentage_of_an_ointment_is_of_its_weight() -> None:
    assert parse_specification("10g(1%)").strength == parse_specification("10g:0.1g").strength


def test_brackets_that_explain_a_total_replace_it() -> None:
    assert amounts("0.5g(0.25g:0.25g)*7片") == [mg("250"), mg("250")]
    assert parse_specification("150ml(100ml:66.7g)").strength == Strength(
        (("mass", Fraction("100.05")),), Fraction(150)
    )


def test_weight_of_ten_pills_is_for_ten() -> None:
    read = parse_specification("每10丸重1.5g*360丸/瓶")
    assert read.strength.per == 10
    assert read.pack.total == 360


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("10ml:30mg(以芬太尼计)", "以芬太尼计"),
        ("0.25g*12片(薄膜衣)", "薄膜衣"),
        ("复方*20片", "复方"),
        ("0.3*24片", "3/10"),
        ("300μg rhGM-CSF/10g/支", "rhgm-csf"),
    ],
)
def test_what_the_grammar_does_not_know_is_kept(text: str, note: str) -> None:
    assert note in parse_specification(text).notes


def test_a_pack_in_its_own_field_is_joined() -> None:
    assert counts("10mg", "7片*2板/盒") == [(7, "片"), (2, "板")]
    assert counts("10mg*14片", "盒") == [(14, "片")]
    assert parse_specification("10mg*14片", "盒").pack.containers == ("盒",)
    assert counts("10mg", "24") == [(24, "")]
    assert parse_specification("", "0.25g*24粒/盒").strength.amounts == (mg("250"),)


def test_fields_that_contradict_each_other_leave_a_note() -> None:
    assert parse_specification("10mg*14片", "28片/盒").notes
    assert parse_specification("10mg", "20mg*7片").notes
    assert not parse_specification("10mg*14片", "14片/盒").notes


def test_total_and_nesting() -> None:
    pack = parse_specification("7片*2板*1盒").pack
    assert pack.total == 14
    assert [int(count) for count in pack.nesting] == [7, 2]
    assert pack.unit == "片"


@pytest.mark.parametrize(
    "text", ["", " ", "无", "-", "盒" * 500, "1" * 399 + "mg", "((((", "))))", "*/*"]
)
def test_bad_texts_are_read_without_an_error(text: str) -> None:
    read = parse_specification(text)
    assert read.pack.total >= 0


@settings(max_examples=300)
@given(st.text(alphabet="0123456789.mgul片粒盒板/*×:()%每装 +" + string.ascii_letters, max_size=60))
def test_no_text_breaks_the_grammar(text: str) -> None:
    assert parse_specification(text) == parse_specification(text)


@settings(max_examples=100)
@given(
    number=st.integers(1, 9999),
    tablets=st.integers(2, 200),
    unit=st.sampled_from(["mg", "g", "μg", "毫克", wide("MG")]),
)
def test_reading_is_exact(number: int, tablets: int, unit: str) -> None:
    factor = {"mg": 1000, "毫克": 1000, wide("MG"): 1000, "g": 1, "μg": 1_000_000}[unit]
    read = parse_specification(f"{number}.5{unit}*{tablets}片")
    assert read.strength.amounts == (("mass", Fraction(2 * number + 1, 2 * factor)),)
    assert read.pack.total == tablets

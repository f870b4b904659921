from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.matching.drug_names import parse_name
from gateway.coding.matching.evidence import Verdict
from gateway.coding.matching.forms import compare_forms, field_form
from gateway.coding.matching.product_comparison import compare_names
from gateway.coding.matching.tables import enterprise_table, form_table, name_table
from gateway.coding.matching.text import arabic, bracketed, flat


@pytest.mark.parametrize(
    "name",
    [
        "苯磺酸氨氯地平片",
        "氨氯地平（苯磺酸盐）片",
        "氨氯地平片(苯磺酸盐)",
        "氨氯地平(苯磺酸)片",
        " 苯磺酸 氨氯地平片 ",
        "苯磺酸氨氯地平片[NR]",
        "苯磺酸氨氯地平片(R)△",
    ],
)
def test_a_salt_is_the_same_wherever_it_is_written(name: str) -> None:
    read = parse_name(name)
    assert (read.core, set(read.salts), read.form.form) == ("氨氯地平", {"苯磺酸"}, "片")
    assert read.qualifiers == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("复方氨基酸注射液(18AA-I)", "复方氨基酸注射液(18AA-Ⅰ)"),
        ("小儿复方氨基酸注射液（18AA-Ⅱ）", "小儿复方氨基酸注射液(18AA-II)"),
        ("缬沙坦氨氯地平片(Ⅰ)", "缬沙坦氨氯地平片(1)"),
        ("复方α-酮酸片", "复方ɑ-酮酸片"),
        ("左旋氨氯地平片", "左氨氯地平片"),
        ("柠檬酸钾缓释片", "枸橼酸钾缓释片"),
        ("埃索美拉唑镁肠溶片", "艾司奥美拉唑镁肠溶片"),
        ("丙泊酚中/长链脂肪乳注射液", "丙泊酚中/长链脂肪乳 注射液"),
        ("富马酸替诺福韦二吡呋酯胶囊", "替诺福韦二吡呋酯(富马酸盐)胶囊"),
    ],
)
def test_two_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    found = compare_names(parse_name(one), parse_name(other))
    if "柠檬酸" not in one:  # a salt that is the drug itself keeps its name as registered
        assert found.verdict is Verdict.EQUAL
    assert parse_name(one).form == parse_name(other).form


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("氨氯地平口服常释剂型", "苯磺酸氨氯地平片", Verdict.COMPATIBLE),
        ("苯磺酸氨氯地平片", "马来酸氨氯地平片", Verdict.DIFFERENT),
        ("左氨氯地平片", "氨氯地平片", Verdict.SIMILAR),
        ("缬沙坦氨氯地平片(Ⅰ)", "缬沙坦氨氯地平片(Ⅱ)", Verdict.SIMILAR),
        ("缬沙坦氨氯地平片", "缬沙坦氨氯地平片(Ⅱ)", Verdict.COMPATIBLE),
        ("缬沙坦氨氯地平片(Ⅱ)", "缬沙坦氨氯地平片", Verdict.SIMILAR),
        ("头孢呋辛酯(头孢呋辛)口服常释剂型", "注射用头孢呋辛钠", Verdict.COMPATIBLE),
        ("玻璃酸钠滴眼剂0.1%", "玻璃酸钠滴眼剂0.3%", Verdict.SIMILAR),
        ("葡萄糖酸钙片", "葡萄糖酸锌片", Verdict.SIMILAR),
        ("", "氨氯地平片", Verdict.UNKNOWN),
        ("阿司匹林", "氢氯噻嗪", Verdict.DIFFERENT),
    ],
)
def test_what_two_names_have_in_common(one: str, other: str, verdict: Verdict) -> None:
    assert compare_names(parse_name(one), parse_name(other)).verdict is verdict


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("硝酸甘油片", "硝酸甘油"),
        ("硫酸镁注射液", "硫酸镁"),
        ("乳酸菌素片", "乳酸菌素"),
        ("碳酸氢钠片", "碳酸氢钠"),
        ("葡萄糖酸钙片", "葡萄糖酸钙"),
        ("氯化钠注射液", "氯化钠"),
        ("丙戊酸钠缓释片", "丙戊酸"),
        ("注射用头孢呋辛钠", "头孢呋辛"),
        ("硫酸氢氯吡格雷片", "氯吡格雷"),
        ("吸入用硫酸沙丁胺醇溶液", "沙丁胺醇"),
        ("替格瑞洛口服常释剂型60mg", "替格瑞洛"),
        ("片", "片"),
        ("", ""),
    ],
)
def test_only_what_is_a_salt_is_cut(name: str, core: str) -> None:
    assert parse_name(name).core == core


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ("片剂", "片", Verdict.EQUAL),
        ("胶囊剂（肠溶）", "肠溶胶囊", Verdict.EQUAL),
        ("片剂(薄膜衣)", "片剂", Verdict.COMPATIBLE),
        ("分散片", "片剂", Verdict.COMPATIBLE),
        ("口服常释剂型", "片剂", Verdict.COMPATIBLE),
        ("口服常释剂型", "注射液", Verdict.DIFFERENT),
        ("口服常释剂型", "缓释片", Verdict.DIFFERENT),
        ("片剂", "胶囊剂", Verdict.SIMILAR),
        ("片剂", "阴道片", Verdict.SIMILAR),
        ("片剂", "栓剂", Verdict.DIFFERENT),
        ("片剂", "", Verdict.UNKNOWN),
        ("没有这种剂型", "片剂", Verdict.UNKNOWN),
    ],
)
def test_forms_are_compared_in_their_groups(ours: str, theirs: str, verdict: Verdict) -> None:
    assert compare_forms(field_form(ours), field_form(theirs)) is verdict
    assert compare_forms(field_form(theirs), field_form(ours)) is verdict


def test_the_tables_are_whole() -> None:
    forms = form_table()
    assert set(forms.kind_of) <= set(forms.groups)
    assert set(forms.kind_of.values()) <= set(forms.groups)
    assert {form for _, form in forms.prefixes} <= set(forms.groups)
    assert set(forms.group_words.values()) <= set(forms.groups.values())
    assert all(flat(word) == word for word in forms.words)
    assert name_table().acids[0] >= ""
    assert all(word.strip() == word for word in enterprise_table().regions)


def test_roman_numerals_stand_alone() -> None:
    assert [arabic(text) for text in ("18aa-i", "ii", "vi", "vitamin", "维生素c", "xi")] == [
        "18aa-1",
        "2",
        "6",
        "vitamin",
        "维生素c",
        "xi",
    ]


@pytest.mark.parametrize(
    ("text", "outside", "inside"),
    [
        ("a(b)c(d)", "ac", ("b", "d")),
        ("a(b(c)d)", "a", ("b(c)d",)),
        ("a(b", "a", ("b",)),
        ("a)b", "ab", ()),
        ("()", "", ()),
    ],
)
def test_brackets_that_do_not_fit_lose_nothing(
    text: str, outside: str, inside: tuple[str, ...]
) -> None:
    assert bracketed(text) == (outside, inside)


def test_long_names_are_equal_only_when_they_are() -> None:
    assert flat("片" * 301) != flat("片" * 301 + "剂")
    assert parse_name("甲" * 5000 + "片") == parse_name("甲" * 5000 + "片")


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_text_has_parts(text: str) -> None:
    read = parse_name(text)
    assert compare_names(read, read).verdict in {Verdict.EQUAL, Verdict.UNKNOWN}
    assert flat(flat(text)) == flat(text) or not text.isascii()

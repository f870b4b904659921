"""A refused code says exactly why, where, and what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.systems import (
    CodeRefusal,
    ParsedCode,
    UnknownCodeType,
    code_systems,
    parse,
    unknown_type,
)
from gateway.coding.systems.refusal import REASONS

DRUG = "XJ01XDT045A001010104642"
WIDE = str.maketrans({chr(0x21 + n): chr(0xFF01 + n) for n in range(94)})


def refused(code_type: str, code: str, on: str = "") -> CodeRefusal:
    read = parse(code_type, code, on)
    assert isinstance(read, CodeRefusal), read
    assert (read.code_type, read.code) == (code_type, code)
    return read


@pytest.mark.parametrize(
    ("code_type", "code", "reason", "zh"),
    [
        ("nhsa_drug_western", "", "code.empty", "编码为空"),
        ("nhsa_drug_western", " \u3000\t", "code.empty", "编码为空"),
        ("nhsa_drug_western", DRUG[:-1], "code.length", "长度应为 23 位，实为 22 位"),
        ("nhsa_drug_western", DRUG + "0", "code.length", "长度应为 23 位，实为 24 位"),
        ("nhsa_drug_western", f" {DRUG}", "code.blank_ends", f"编码首尾有空白，应写作 {DRUG}"),
        ("nhsa_drug_western", f"{DRUG}\n", "code.blank_ends", f"编码首尾有空白，应写作 {DRUG}"),
        ("nhsa_drug_western", f"\u3000{DRUG}", "code.blank_ends", f"编码首尾有空白，应写作 {DRUG}"),
        (
            "nhsa_drug_western",
            f"{DRUG[:5]}\x00{DRUG[6:]}",
            "code.control",
            "第 6 位是不可见字符 U+0000",
        ),
        ("nhsa_drug_western", f"\ufeff{DRUG}", "code.control", "第 1 位是不可见字符 U+FEFF"),
        ("local", "a\tb", "code.control", "第 2 位是不可见字符 U+0009"),
        (
            "nhsa_drug_western",
            DRUG.translate(WIDE),
            "code.fullwidth",
            f"第 1 位是全角字符“\uff38”，应写作 {DRUG}",
        ),
        (
            "nhsa_drug_western",
            DRUG.lower(),
            "code.lowercase",
            f"第 1 位是小写字母“x”，应写作 {DRUG}",
        ),
        (
            "nhsa_drug_western",
            f"Z{DRUG[1:]}",
            "code.character",
            "第 1 位应为“X”，实为“Z”",
        ),
        (
            "nhsa_drug_western",
            DRUG[:2] + "A" + DRUG[3:],
            "code.character",
            "第 3 位应为数字，实为“A”",
        ),
        (
            "nhsa_drug_western",
            DRUG[:6] + "1" + DRUG[7:],
            "code.character",
            "第 7 位应为大写字母，实为“1”",
        ),
        ("nhsa_drug_western", DRUG[:-1] + "٣", "code.character", "第 23 位应为数字，实为“٣”"),
        ("nhsa_drug_western", DRUG[:9] + " " + DRUG[10:], "code.blank_inside", "第 10 位是空白"),
        (
            "trace_code_20",
            "8385793 0000879766660",
            "code.blank_inside",
            "第 8 位是空白，应写作 83857930000879766660",
        ),
        (
            "uscc",
            "91330106673959654O",
            "code.letter",
            "第 18 位的字母 O 不在此编码的字符集中，是否为数字 0",
        ),
        (
            "uscc",
            "9133010667395965IP",
            "code.letter",
            "第 17 位的字母 I 不在此编码的字符集中，是否为数字 1",
        ),
        ("uscc", "V1330106673959654P", "code.letter", "第 1 位的字母 V 不在此编码的字符集中"),
        ("uscc", "91330106673959654Q", "code.check", "校验码（第 18 位）应为 P，实为 Q"),
        (
            "uscc",
            "91330106673959654p",
            "code.lowercase",
            "第 18 位是小写字母“p”，应写作 91330106673959654P",
        ),
        (
            "drug_standard_code_86",
            "86904879000127",
            "code.check",
            "校验码（第 14 位）应为 6，实为 7",
        ),
        ("trace_code_20", "73857930000879766660", "code.character", "第 1 位应为“8”，实为“7”"),
        ("icd10_nhsa", "A00,000", "code.character", "第 4 位应为“.”，实为“,”"),
        ("icd10_nhsa", "A00.1y0", "code.character", "第 6 位应为数字或 x，实为“y”"),
        (
            "nhsa_service_item",
            "003313010030000-",
            "code.incomplete",
            "编码不完整：第 17 位应为数字、字母或点",
        ),
        (
            "approval_no",
            "国药准字\uff4820070365",
            "code.fullwidth",
            "第 5 位是全角字符“\uff48”，应写作 国药准字H20070365",
        ),
        (
            "approval_no",
            "国药准字h20070365",
            "code.lowercase",
            "第 5 位是小写字母“h”，应写作 国药准字H20070365",
        ),
        ("approval_no", "国药准字H2007021", "code.confused", "字母之后应为 8 位数字，现不足 8 位"),
        (
            "approval_no",
            "国药准字H200702111",
            "code.confused",
            "字母之后应为 8 位数字，现超过 8 位",
        ),
        (
            "approval_no",
            "国药准字J20130049（H20140006）",
            "code.fullwidth",
            "第 14 位是全角字符“（”，应写作 国药准字J20130049(H20140006)",
        ),
        (
            "approval_no",
            "进口药品注册证号H20130343",
            "code.confused",
            "这是进口药品（医药产品）注册证号，不是国药准字批准文号",
        ),
        (
            "fixmedins_hospital",
            "H99010000001",
            "code.part",
            "第 2 位起的医保区划“990100”：没有以 99 开头的省级区划",
        ),
        ("admdvs_6", "990101", "region.province", "没有以 99 开头的省级区划"),
        ("local", "x" * 65, "code.length", "长度应为 1–64 位，实为 65 位"),
        (
            "ypid",
            "\uff38\uff2e\uff10\uff11",
            "code.fullwidth",
            "第 1 位是全角字符“\uff38”，应写作 XN01",
        ),
        ("gtin13", "06924561884074", "code.confused", "14 位为 GTIN-14，属 gtin14"),
    ],
)
def test_the_reason_names_the_place_and_the_right_spelling(
    code_type: str, code: str, reason: str, zh: str
) -> None:
    read = refused(code_type, code)
    assert (read.reason_code, read.zh) == (reason, zh)
    assert read.en.isprintable()
    assert read.reason == f"{read.zh} {read.en}"


def test_no_right_spelling_is_offered_where_it_would_be_refused_too() -> None:
    assert refused("nhsa_drug_western", f" {DRUG}0").zh == "编码首尾有空白"
    assert refused("uscc", "91330106673959654q").zh == "第 18 位是小写字母“q”"


@pytest.mark.parametrize("name", sorted(code_systems()))
@pytest.mark.parametrize("code", [None, 12, b"X", ["X"]])
def test_what_is_no_text_is_refused_not_raised(name: str, code: object) -> None:
    read = parse(name, code)  # type: ignore[arg-type]  # a JSON body may hold anything
    assert isinstance(read, CodeRefusal)
    assert read.reason_code == "code.not_text"


def test_an_unknown_code_type_is_a_key_error_that_names_the_known_ones() -> None:
    with pytest.raises(UnknownCodeType, match="nhsa_drug_western") as wrong:
        parse("nhsa_drug", DRUG)
    assert isinstance(wrong.value, KeyError)
    assert "没有此编码类型 nhsa_drug；已知：admdvs_6 approval_no" in unknown_type("nhsa_drug").zh


@pytest.mark.parametrize("on", ["2026-1-5", "20260105", "yesterday", "2026-02-30"])
def test_a_day_that_is_none_is_the_callers_mistake(on: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse("admdvs_6", "530000", on)


ANY = st.text(max_size=40) | st.text("0123456789XZH(). -x\u001d", max_size=40)


@pytest.mark.parametrize("name", sorted(code_systems()))
@given(code=ANY)
@settings(max_examples=60, deadline=None)
def test_no_text_makes_reading_fail(name: str, code: str) -> None:
    read = parse(name, code)
    if isinstance(read, CodeRefusal):
        assert read.reason_code in REASONS
        assert read.reason.strip()
    else:
        assert read.code == code
        system = code_systems()[name]
        assert system.lengths[0] <= len(code) <= system.lengths[-1]


@pytest.mark.parametrize("name", [n for n, one in code_systems().items() if one.pattern])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_one_changed_character_is_refused_unless_the_form_allows_it(
    name: str, data: st.DataObject
) -> None:
    system = code_systems()[name]
    code = data.draw(st.sampled_from(system.examples))
    place = data.draw(st.integers(0, len(code) - 1))
    sign = data.draw(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
    changed = code[:place] + sign + code[place + 1 :]
    read = parse(name, changed)
    assert system.pattern is not None
    if system.pattern.fullmatch(changed) is None:
        assert isinstance(read, CodeRefusal)
    elif isinstance(read, ParsedCode):
        assert changed.isascii() or name == "approval_no"

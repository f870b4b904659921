"""GS1 element strings, as printed and as scanned."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.systems import CodeRefusal, ParsedCode, parse, read_elements
from gateway.coding.systems.check_digits import gs1_mod10
from gateway.coding.systems.gs1 import century, day_of
from gateway.coding.systems.gs1_identifiers import identifiers

TYPE = "gs1_elementstring"
BOX = "06924561884074"


def elements(code: str, on: str = "") -> list[tuple[str, str]]:
    read = read_elements(TYPE, code, on)
    assert isinstance(read, tuple), read
    return [(each.identifier.ai, each.text) for each in read]


def refused(code: str, on: str = "") -> CodeRefusal:
    read = parse(TYPE, code, on)
    assert isinstance(read, CodeRefusal), read
    return read


WHOLE = [("01", BOX), ("17", "271231"), ("10", "230129A"), ("21", "0000879766660")]


@pytest.mark.parametrize(
    "code",
    [
        f"(01){BOX}(17)271231(10)230129A(21)0000879766660",
        f"01{BOX}1727123110230129A\x1d210000879766660",
        f"]d201{BOX}1727123110230129A\x1d210000879766660",
        f"]C101{BOX}1727123110230129A\x1d210000879766660",
        f"]Q301{BOX}1727123110230129A\x1d210000879766660",
        f"\x1d01{BOX}1727123110230129A\x1d210000879766660",
        f"]d2\x1d01{BOX}1727123110230129A\x1d210000879766660",
        # FNC1 is not needed behind a predefined length, nor at the end; a printer may put it there
        f"01{BOX}\x1d17271231\x1d10230129A\x1d210000879766660\x1d",
    ],
)
def test_the_printed_and_the_scanned_forms_say_the_same(code: str) -> None:
    assert elements(code) == WHOLE
    read = parse(TYPE, code)
    assert isinstance(read, ParsedCode)
    assert read.by_name() == {
        "gtin": BOX,
        "expiry": "271231",
        "lot": "230129A",
        "serial": "0000879766660",
    }
    assert read.parts[0].code_type == "gtin14"


@pytest.mark.parametrize(
    ("code", "reason", "zh"),
    [
        (
            f"(01){BOX[:-1]}3",
            "gs1.check",
            "(01) 全球贸易项目代码 的校验码应为 4，实为 3（第 18 位）",
        ),
        (f"01{BOX[:-1]}3", "gs1.check", "(01) 全球贸易项目代码 的校验码应为 4，实为 3（第 16 位）"),
        (
            f"(01){BOX[1:]}",
            "gs1.length",
            "(01) 全球贸易项目代码 应为 14 位，实为 13 位（第 5 位起）",
        ),
        (f"(01){BOX}(01){BOX}", "gs1.ai_twice", "应用标识符 (01) 重复（第 23 位）"),
        (f"(01){BOX}(05)1", "gs1.ai_unknown", "第 20 位的应用标识符 05 不在目录中"),
        (f"01{BOX}05123", "gs1.ai_unknown", "第 17 位的应用标识符 0512 不在目录中"),
        ("(17)271331", "gs1.date", "(17) 有效期 271331 不是有效日期（第 5 位起）"),
        ("(17)270230", "gs1.date", "(17) 有效期 270230 不是有效日期（第 5 位起）"),
        ("(17)270432", "gs1.date", "(17) 有效期 270432 不是有效日期（第 5 位起）"),
        ("(17)27O430", "gs1.character", "(17) 有效期 的第 7 位字符“O”不允许"),
        (
            "(7003)2712312460",
            "gs1.date",
            "(7003) 有效日期与时间 2712312460 不是有效日期（第 7 位起）",
        ),
        (
            "(7003)2712002359",
            "gs1.date",
            "(7003) 有效日期与时间 2712002359 不是有效日期（第 7 位起）",
        ),
        ("(10)", "gs1.length", "(10) 批号 应为 1–20 位，实为 0 位（第 5 位起）"),
        ("(10)" + "A" * 21, "gs1.length", "(10) 批号 应为 1–20 位，实为 21 位（第 5 位起）"),
        ("(10)AB C", "gs1.character", "(10) 批号 的第 7 位字符“U+0020”不允许"),
        ("(10)批号", "gs1.character", "(10) 批号 的第 5 位字符“批”不允许"),
        ("(10)A\x1d", "gs1.character", "(10) 批号 的第 6 位字符“U+001D”不允许"),
        ("(37)1a", "gs1.character", "(37) 物流单元内贸易项目数量 的第 6 位字符“a”不允许"),
        (f"10A\x1d\x1d01{BOX}", "gs1.separator", "第 5 位的分隔符 FNC1 (GS) 多余"),
        (f"\x1d\x1d01{BOX}", "gs1.separator", "第 2 位的分隔符 FNC1 (GS) 多余"),
        ("]d2", "gs1.bracket", "第 4 位应为括号中的应用标识符，如 (01)"),
        ("(1)A", "gs1.bracket", "第 1 位应为括号中的应用标识符，如 (01)"),
        ("hello", "gs1.ai_unknown", "第 1 位的应用标识符 hell 不在目录中"),
        (f" (01){BOX}", "code.blank_ends", f"编码首尾有空白，应写作 (01){BOX}"),
        (f"（01）{BOX}", "code.fullwidth", f"第 1 位是全角字符“（”，应写作 (01){BOX}"),
        (f"(01){BOX}(10)A\x00", "code.control", "第 24 位是不可见字符 U+0000"),
    ],
)
def test_a_bad_string_says_what_is_wrong_and_where(code: str, reason: str, zh: str) -> None:
    assert (refused(code).reason_code, refused(code).zh) == (reason, zh)


def test_a_lost_separator_shows_as_a_lot_that_is_too_long() -> None:
    read = refused(f"01{BOX}10230129A210000879766660")
    assert read.reason_code == "gs1.length"
    assert "(10) 批号 应为 1–20 位，实为 22 位" in read.zh


def test_a_lot_may_hold_brackets_that_are_no_identifier() -> None:
    assert elements("(10)A(B)(C1)(21)7") == [("10", "A(B)(C1)"), ("21", "7")]


def test_an_identifier_of_fixed_length_that_is_not_predefined_ends_with_the_separator() -> None:
    assert elements("422156\x1d10A") == [("422", "156"), ("10", "A")]
    assert refused("42215610A").reason_code == "gs1.length"
    assert elements("410692456188407410A")[0] == ("410", "6924561884074")


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("(00)106141411234567897", [("00", "106141411234567897")]),
        (f"(02){BOX}(37)24", [("02", BOX), ("37", "24")]),
        ("(240)REF-1(250)A/1", [("240", "REF-1"), ("250", "A/1")]),
        ("(7003)2712311530", [("7003", "2712311530")]),
        ("(8003)06924561884074ABC", [("8003", "06924561884074ABC")]),
        (f"(8006){BOX}0102", [("8006", f"{BOX}0102")]),
        ("(8008)27123115", [("8008", "27123115")]),
        ("(8008)271231153045", [("8008", "271231153045")]),
        ("(30)12", [("30", "12")]),
    ],
)
def test_other_identifiers_of_medicines_devices_and_logistics(
    code: str, parts: list[tuple[str, str]]
) -> None:
    assert elements(code) == parts


@pytest.mark.parametrize("code", ["(8008)271231153", "(8008)27123124", "(8003)0692456188407"])
def test_times_and_assets_are_checked_too(code: str) -> None:
    assert isinstance(parse(TYPE, code), CodeRefusal)


@pytest.mark.parametrize(
    ("year", "now", "full"),
    [
        (27, 2026, 2027),
        (76, 2026, 2076),  # 50 years ahead is still ahead
        (77, 2026, 1977),  # 51 is behind
        (99, 2026, 1999),
        (26, 2026, 2026),
        (0, 2026, 2000),
        (0, 2050, 2100),  # 50 years behind is ahead
        (1, 2050, 2001),  # 49 is behind
        (40, 2090, 2140),
        (41, 2090, 2041),
        (99, 2000, 1999),
        (50, 2000, 2050),
        (51, 2000, 1951),
    ],
)
def test_the_century_is_seen_from_the_reference_day(year: int, now: int, full: int) -> None:
    assert century(year, now) == full


@given(st.integers(2000, 2199), st.integers(0, 99))
def test_the_century_is_never_more_than_fifty_years_away(now: int, year: int) -> None:
    full = century(year, now)
    assert full % 100 == year
    assert -49 <= full - now <= 50


@pytest.mark.parametrize(
    ("text", "on", "day"),
    [
        ("270200", "2026-11-22", "2027-02-28"),
        ("280200", "2026-11-22", "2028-02-29"),
        ("280229", "2026-11-22", "2028-02-29"),
        ("270229", "2026-11-22", None),
        ("000229", "2060-01-01", None),  # 2100 is no leap year
        ("000229", "", ""),
        ("271200", "", ""),
        ("270001", "2026-11-22", None),
    ],
)
def test_the_day_zero_is_the_months_end(text: str, on: str, day: str | None) -> None:
    assert day_of(text, "yymmd0", on) == day


def test_dates_are_told_when_a_reference_day_is_given() -> None:
    read = parse(TYPE, f"(01){BOX}(17)270200", "2026-11-22")
    assert isinstance(read, ParsedCode)
    assert read.notes == ("(17) 有效期 2027-02-28",)
    without = parse(TYPE, f"(01){BOX}(17)270200")
    assert isinstance(without, ParsedCode)
    assert without.notes == ("(17) 有效期 日为 00，即月末 the day 00 is the month's end",)
    found = read_elements(TYPE, "(17)271231", "2026-11-22")
    assert isinstance(found, tuple)
    assert found[0].day == "2027-12-31"


SET_82 = "!\"%&'*+,-./0123456789:;<=>?ABCXYZ_abcxyz"


@st.composite
def strings(draw: st.DrawFn) -> list[tuple[str, str]]:
    body = draw(st.text("0123456789", min_size=13, max_size=13))
    day = draw(st.dates(date(2000, 1, 1), date(2049, 12, 31)))
    some: list[tuple[str, str]] = [
        ("01", body + gs1_mod10(body)),
        ("17", day.strftime("%y%m%d")),
        ("10", draw(st.text(SET_82, min_size=1, max_size=20))),
        ("21", draw(st.text(SET_82, min_size=1, max_size=20))),
        ("37", draw(st.text("0123456789", min_size=1, max_size=8))),
        ("422", draw(st.text("0123456789", min_size=3, max_size=3))),
    ]
    chosen = draw(st.lists(st.sampled_from(some), min_size=1, unique_by=lambda one: one[0]))
    return draw(st.permutations(chosen))


@given(strings())
@settings(max_examples=200, deadline=None)
def test_what_is_written_in_either_form_is_read_back(given_parts: list[tuple[str, str]]) -> None:
    printed = "".join(f"({ai}){text}" for ai, text in given_parts)
    ends = ["" if identifiers()[ai].predefined else "\x1d" for ai, _ in given_parts]
    scanned = "".join(ai + text + end for (ai, text), end in zip(given_parts, ends, strict=True))
    assert elements(printed) == given_parts
    assert elements(scanned) == given_parts
    assert elements(f"]d2{scanned}".rstrip("\x1d")) == given_parts

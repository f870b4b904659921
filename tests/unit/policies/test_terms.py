from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.policies.terms import TERMS_FOLDER, load_terms
from tests.unit.policies.hosting import RULES
from tests.unit.policies.making import CHONGQING, GUIZHOU, YUNNAN

IN_2020 = date(2020, 6, 1)
HEAD = """code = "{code}"
name = "合成市"
[paper]
number = "合成〔2026〕1号"
title = "合成示例文件"
"""


def folder(tmp_path: Path, **files: str) -> Path:
    for path in TERMS_FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    for name, text in files.items():
        (tmp_path / f"{name.removeprefix('region_')}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def findings(tmp_path: Path, text: str, code: str = "530300") -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as wrong:
        load_terms(folder(tmp_path, **{f"region_{code}": HEAD.format(code=code) + text}))
    return wrong.value.findings


@pytest.mark.parametrize(
    ("region", "name", "value", "clause"),
    [
        (GUIZHOU, "progress.warn_below", "0.80", "黔医保发〔2019〕69号 五（三）"),
        (GUIZHOU, "progress.hold_below", "0.70", "黔医保发〔2019〕69号 五（三）"),
        (GUIZHOU, "progress.measured", "quarter", "黔医保发〔2019〕69号 五（三）"),
        (YUNNAN, "linkage.scope", "product", "云医保〔2020〕71号 四（一）"),
        (YUNNAN, "progress.unfinished_at_term_end", "reduce_next_year_quota", "云医保〔2020〕71号 四（五）"),
        (CHONGQING, "linkage.scope", "drug", "渝府办发〔2019〕29号 二（四）"),
        (CHONGQING, "progress.monitored", "month", "渝府办发〔2019〕29号 二（八）"),
        (CHONGQING, "term.months", "12", "渝府办发〔2019〕29号 三"),
    ],
)  # fmt: skip
def test_a_value_stands_with_the_clause_that_says_it(
    region: str, name: str, value: str, clause: str
) -> None:
    terms = RULES.of(region)
    assert terms is not None
    term = terms.value(name, IN_2020)
    assert term is not None
    assert (term.value, term.clause) == (value, clause)


@pytest.mark.parametrize("region", [YUNNAN, CHONGQING])
@pytest.mark.parametrize("name", ["warn_below", "hold_below"])
def test_a_paper_without_a_threshold_is_silent(region: str, name: str) -> None:
    terms = RULES.of(region)
    assert terms is not None
    assert terms.value(f"progress.{name}", IN_2020) is None


@pytest.mark.parametrize(
    ("day", "known"), [(date(2019, 12, 29), False), (date(2019, 12, 30), True)]
)
def test_a_term_holds_from_its_day_on(day: date, known: bool) -> None:
    terms = RULES.of(GUIZHOU)
    assert terms is not None
    assert (terms.value("progress.hold_below", day) is not None) is known


def test_a_region_without_a_paper_is_unknown_and_a_county_has_its_provinces() -> None:
    assert RULES.of("440300") is None
    assert RULES.of("520102") is RULES.of(GUIZHOU)


def test_the_ratios_are_data_with_their_source() -> None:
    assert (RULES.ratios.content_base, RULES.ratios.pack_base) == (Decimal("1.7"), Decimal("1.95"))
    assert RULES.ratios.decimals == 6
    assert all("发改价格〔2011〕2452号" in clause for clause in RULES.ratios.clauses)


def test_a_city_overrides_some_of_its_provinces_terms(tmp_path: Path) -> None:
    city = HEAD.format(code="520300") + (
        '[progress.warn_below]\nvalue = "0.85"\nclause = "合成 一"\nfrom = 2020-01-01\n'
        "until = 2020-12-31\n"
    )
    rules = load_terms(folder(tmp_path, region_520300=city))
    terms = rules.of("520302")
    assert terms is not None
    found = [terms.value(f"progress.{name}", IN_2020) for name in ("warn_below", "hold_below")]
    assert [term and term.value for term in found] == ["0.85", "0.70"]
    later = terms.value("progress.warn_below", date(2021, 1, 1))
    assert later is not None
    assert later.value == "0.80"


def test_a_value_that_changes_has_several_versions(tmp_path: Path) -> None:
    city = HEAD.format(code="520300") + (
        '[[progress.warn_below]]\nvalue = "0.85"\nclause = "一"\nfrom = 2021-01-01\n'
        '[[progress.warn_below]]\nvalue = "0.90"\nclause = "二"\nfrom = 2020-01-01\n'
        "until = 2020-12-31\n"
    )
    terms = load_terms(folder(tmp_path, region_520300=city)).of("520300")
    assert terms is not None
    values = [terms.value("progress.warn_below", date(year, 6, 1)) for year in (2020, 2021)]
    assert [term and term.value for term in values] == ["0.90", "0.85"]
    assert terms.next_value("progress.warn_below", date(2019, 12, 31)) == terms.value(
        "progress.warn_below", date(2019, 12, 31)
    )


SCOPE = '[linkage.scope]\nvalue = "drug"\nclause = "一"\nfrom = 2020-01-01\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SCOPE.replace('clause = "一"\n', ""), "linkage.scope: 缺 clause"),
        (SCOPE.replace('"一"', '" "'), "linkage.scope: 缺 clause"),
        (SCOPE.replace("drug", "everything"), "linkage.scope: 取值 'everything' 不合写法，应为 \"product\" 或 \"drug\""),
        (SCOPE.replace('"drug"', "1"), "须加引号 in quotes value 1 must be text"),
        (SCOPE.replace("linkage.scope", "linkage.scoop"), "linkage.scoop，是否为 did you mean linkage.scope"),
        (SCOPE.replace("2020-01-01", '"2020-01-01"'), "are days"),
        (SCOPE.replace("from = 2020-01-01\n", ""), "are days"),
        (SCOPE + "until = 2019-12-31\n", "until 2019-12-31 is before from"),
        (SCOPE + "til = 2021-12-31\n", "unknown til"),
        ("[linkage]\nscope = 3\n", "linkage.scope: 应为一张表"),
        ('[progress.warn_below]\nvalue = "0.\uff180"\nclause = "一"\nfrom = 2020-01-01\n', "warn_below: 取值"),
        ('[progress.warn_below]\nvalue = "80%"\nclause = "一"\nfrom = 2020-01-01\n', "warn_below: 取值"),
        ('[progress.warn_below]\nvalue = "0.80"\nclause = "一"\nfrom = 2020-01-01\n',
         "progress.warn_below needs progress.measured on 2020-01-01"),
        (SCOPE.replace("[linkage.scope]", "[[linkage.scope]]") * 2, "two values hold on 2020-01-01"),
        (SCOPE.replace('value = "drug"\n', ""), "linkage.scope: 缺 value"),
        (SCOPE.replace("2020-01-01", "2020-02-30"), "没有这一天（第 9 行第 8 列）"),
        (SCOPE.replace('"drug"', '"drug'), "引号未闭合（第 7 行"),
        (SCOPE * 2, "表重复（第 10 行"),
        ("[[[", "530300.toml"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_sound_is_a_finding(tmp_path: Path, text: str, says: str) -> None:
    assert any(says in finding for finding in findings(tmp_path, text))


def test_a_file_may_begin_with_the_mark_and_end_its_lines_as_windows_does(tmp_path: Path) -> None:
    text = HEAD.format(code="530300") + SCOPE
    (folder(tmp_path) / "530300.toml").write_bytes(
        b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    )
    terms = load_terms(tmp_path).of("530300")
    assert terms is not None
    assert terms.speaks_of("linkage.scope")


def test_a_file_in_another_encoding_is_told_so(tmp_path: Path) -> None:
    text = HEAD.format(code="530300") + SCOPE
    (folder(tmp_path) / "530300.toml").write_bytes(text.encode("gb18030"))
    with pytest.raises(Misconfigured, match=r"530300\.toml: 不是 UTF-8"):
        load_terms(tmp_path)


def test_a_file_is_named_after_its_region_and_cites_its_paper(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as wrong:
        load_terms(folder(tmp_path, region_530300='code = "530400"\n'))
    assert len(wrong.value.findings) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('base = "1.7"', "base = 1.7"),
        ('base = "1.7"', 'base = "0.7"'),
        ("half_up", "half_even"),
        ("decimals = 6", "decimals = 7"),
        ('clause = "发改价格〔2011〕2452号 第十三条"', 'clause = ""'),
    ],
)
def test_ratios_that_are_not_sound_are_a_finding(tmp_path: Path, old: str, new: str) -> None:
    text = (TERMS_FOLDER / "ratios.toml").read_text(encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"ratios\.toml"):
        load_terms(folder(tmp_path, ratios=text.replace(old, new)))


def test_no_ratios_no_rules(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"ratios\.toml"):
        load_terms(tmp_path)

from __future__ import annotations

import pytest

from gateway.demo.enterprise_names import EnterpriseNames, fits, looks_full
from gateway.demo.findings import Findings
from gateway.demo.tables import Record

FULL = (("甲乙药业股份有限公司", "full"), ("甲乙药业(海南)有限公司", "full"), ("丙丁制药厂", ""))


def _resolve(name: str, kind: str = "", *completions: tuple[str, str]) -> tuple[str, list[str]]:
    rows = [
        Record({"name_in_source": short, "candidates": full}, "t") for short, full in completions
    ]
    names, findings = EnterpriseNames.gather(FULL, rows), Findings()
    return names.resolve(name, kind, findings, "B"), [one.kind for one in findings]


def test_a_short_name_with_one_full_name_is_completed_and_named() -> None:
    assert _resolve("丙丁制药", "short") == ("丙丁制药厂", ["enterprise.completed"])
    assert _resolve("甲乙药业股份有", "truncated") == (
        "甲乙药业股份有限公司",
        ["enterprise.completed"],
    )


def test_a_short_name_of_two_companies_stays_distinct_and_is_named() -> None:
    assert _resolve("甲乙药业", "short") == ("甲乙药业", ["enterprise.unresolved"])


def test_a_name_that_fits_nobody_stays_distinct_and_is_named() -> None:
    assert _resolve("戊己", "short") == ("戊己", ["enterprise.unresolved"])


def test_the_completion_table_counts_only_with_a_single_candidate() -> None:
    one, two = ("戊己", "戊己制药有限公司"), ("庚辛", "庚辛一有限公司|庚辛二有限公司")
    assert _resolve("戊己", "short", one)[0] == "戊己制药有限公司"
    assert _resolve("庚辛", "short", two) == ("庚辛", ["enterprise.unresolved"])


def test_width_of_brackets_does_not_tell_companies_apart() -> None:
    assert _resolve("甲乙药业（海南）有限公司", "full") == ("甲乙药业(海南)有限公司", [])


def test_a_chinese_name_that_was_cut_off_is_not_full_whatever_the_table_says() -> None:
    assert _resolve("甲乙药业股份有", "full") == ("甲乙药业股份有限公司", ["enterprise.completed"])


@pytest.mark.parametrize(
    ("name", "kind", "full"),
    [
        ("上海某药业有限公司", "", True),
        ("Lek Pharmaceuticals d.d.", "full", True),
        ("Dr.Reddy's Laboratories Limited.", "", True),
        ("住友制药株式会社", "", True),
        ("扬子江药业集团", "", False),
        ("GSK", "", False),
        ("上海某药业有限公司", "short", False),
    ],
)
def test_full_names_are_told_from_short_ones(name: str, kind: str, full: bool) -> None:
    assert looks_full(name, kind) is full


def test_two_names_fit_when_one_is_the_other_cut_off() -> None:
    assert fits("甲乙药业", "甲乙药业股份有限公司")
    assert fits("甲乙药业股份有限公司", "甲乙药业")
    assert not fits("甲乙", "乙甲药业")
    assert not fits("", "甲")

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.policies.terms import TERMS_FOLDER
from tests.unit.commands.conftest import Command


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the terms in which Guizhou's threshold cites a clause that does not exist."""
    folder = tmp_path / "policies"
    shutil.copytree(TERMS_FOLDER, folder)
    path = folder / "520000.toml"
    text = path.read_text(encoding="utf-8")
    old = 'value = "0.80"\nclause = "黔医保发〔2019〕69号 五（三）"'
    assert old in text
    path.write_text(text.replace(old, old.replace("五（三）", "五（九）")), encoding="utf-8")
    return folder


def test_lint_finds_nothing_wrong_with_our_files(jicai: Command) -> None:
    ended = jicai("policies", "lint")
    assert ended.code == 0
    assert "0 处有误" in ended.err
    assert all(line.startswith("注 note: ") for line in ended.out.splitlines())


def test_lint_says_each_finding_on_one_line_and_ends_with_one(
    jicai: Command, changed: Path
) -> None:
    ended = jicai("policies", "lint", "--folder", str(changed))
    assert ended.code == 1
    (fault,) = [line for line in ended.out.splitlines() if not line.startswith("注")]
    assert fault == (
        "520000.toml: progress.warn_below: 文件中没有此条款：黔医保发〔2019〕69号 五（九） "
        "(the paper has no such clause)"
    )


def test_lint_answers_programs_in_json(jicai: Command, changed: Path) -> None:
    ended = jicai("policies", "lint", "--folder", str(changed), "--json")
    assert ended.code == 1
    (fault,) = [each for each in ended.json() if not each["note"]]
    assert (fault["file"], fault["term"], fault["kind"]) == (
        "520000.toml",
        "progress.warn_below",
        "clause_unknown",
    )


def test_lint_of_a_folder_that_is_not_there_is_misconfigured(jicai: Command, home: Path) -> None:
    ended = jicai("policies", "lint", "--folder", str(home / "absent"))
    assert (ended.code, ended.out) == (2, "")
    assert "不是目录" in ended.err


def test_lint_of_bytes_that_are_no_text_is_a_finding(jicai: Command, changed: Path) -> None:
    (changed / "530000.toml").write_bytes(b"\xff\xfe\x00")
    ended = jicai("policies", "lint", "--folder", str(changed))
    assert ended.code == 1
    assert "530000.toml: 文件有误：不是 UTF-8" in ended.out


def terms(jicai: Command, *words: str) -> dict[str, Any]:
    shown = jicai("policies", "show", *words, "--json").json()
    return {each["key"]: each for each in shown["terms"]}


def test_show_lists_what_is_in_force_with_clause_and_origin(jicai: Command) -> None:
    found = terms(jicai, "530900", "--on", "2022-01-01")
    own, above = found["payment.latest"], found["prepayment.share"]
    assert (own["clause"], own["origin"], own["inherited"]) == (
        "临政办发〔2021〕77号 四",
        "530900",
        False,
    )
    assert (above["value"], above["shown"], above["origin_name"], above["inherited"]) == (
        "0.30",
        "30%",
        "云南省",
        True,
    )


@pytest.mark.parametrize(
    ("day", "value", "origin"),
    [("2022-03-04", "lowest_elsewhere", "530000"), ("2022-03-05", "lowest_anywhere", "530300")],
)
def test_show_changes_on_the_day_on_which_a_citys_paper_takes_effect(
    jicai: Command, day: str, value: str, origin: str
) -> None:
    found = terms(jicai, "530300", "--on", day)["linkage.follows"]
    assert (found["value"], found["origin"]) == (value, origin)


def test_show_of_a_county_is_its_citys(jicai: Command) -> None:
    words = ("policies", "show", "530302", "--on", "2022-03-05", "--json")
    assert jicai(*words).json()["terms_of"] == "530300"


def test_show_before_any_paper_lists_nothing(jicai: Command) -> None:
    assert terms(jicai, "520000", "--on", "2019-11-28") == {}


def test_show_of_a_version_that_ended(jicai: Command) -> None:
    before = terms(jicai, "520000", "--on", "2019-12-31")
    after = terms(jicai, "520000", "--on", "2020-01-01")
    assert (before["prepayment.pay_by"]["value"], after["prepayment.pay_by"]["value"]) == (
        "12-31",
        "01-31",
    )
    assert "budget.kept" in before
    assert "budget.kept" not in after


def test_show_prints_a_table_for_today(jicai: Command) -> None:
    ended = jicai("policies", "show", "520000")
    assert ended.code == 0
    assert "黔医保发〔2019〕69号 五（三）" in ended.out
    assert "progress.hold_below" in ended.out


def test_show_of_a_region_without_a_paper_says_that_it_is_silent(jicai: Command) -> None:
    ended = jicai("policies", "show", "110000")
    assert (ended.code, ended.out) == (1, "")
    assert "nothing is concluded" in ended.err


@pytest.mark.parametrize("region", ["53", "云南", "５３００００", "5300000", "53000a", ""])
def test_show_refuses_what_is_no_region(jicai: Command, region: str) -> None:
    ended = jicai("policies", "show", region)
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize("day", ["2022-02-30", "2022-3-5", "20220305", "today", "２０２２-03-05"])
def test_show_refuses_what_is_no_day(jicai: Command, day: str) -> None:
    ended = jicai("policies", "show", "530000", "--on", day)
    assert (ended.code, ended.out) == (2, "")
    assert "YYYY-MM-DD" in ended.err


def test_show_refuses_files_that_are_not_sound(jicai: Command, changed: Path) -> None:
    (changed / "530000.toml").write_text("code = ", encoding="utf-8")
    ended = jicai("policies", "show", "530000", "--folder", str(changed))
    assert (ended.code, ended.out) == (2, "")
    assert "530000.toml" in ended.err


def test_regions_lists_papers_and_whom_each_inherits_from(jicai: Command) -> None:
    found = {each["code"]: each for each in jicai("policies", "regions", "--json").json()}
    assert set(found) == {"500000", "520000", "530000", "530300", "530900"}
    assert found["530300"]["inherits_from"] == "云南省"
    assert found["530000"]["inherits_from"] == ""
    assert found["520000"]["paper"] == "黔医保发〔2019〕69号"
    assert "临沧市" in jicai("policies", "regions").out

"""jicai codes translate, review: many codes at once; candidates with their evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.commands.conftest import Command
from tests.unit.commands.test_code_review import LI, P, peopled  # noqa: F401 - a fixture


@pytest.fixture
def tabled(home: Path, platform: str) -> Path:
    (home / "codes").mkdir()
    rows = f"{P},A,JCP-1,2026-01-01,\n{P},B,JCP-2,2026-03-01,\n"
    text = f"partner,local_code,unified_code,valid_from,valid_to\n{rows}"
    (home / "codes" / "a.csv").write_text(text, encoding="utf-8")
    return home


def test_many_codes_are_translated_at_once(jicai: Command, tabled: Path, tmp_path: Path) -> None:
    listed = tmp_path / "codes.txt"
    listed.write_text("B\n\nC\n", encoding="utf-8")
    asked = ("codes", "translate", P, "A", "--file", str(listed), "--on", "2026-02-01")
    ended = jicai(*asked, "--json")
    assert ended.code == 1
    found = [(one["code"], one["means"], one["reason"]) for one in ended.json()]
    assert found == [("A", "JCP-1", ""), ("B", None, "expired"), ("C", None, "unknown")]
    shown = jicai(*asked).out
    assert all(word in shown for word in ("JCP-1", "未对照", "当日无有效对照"))


def test_a_unified_code_is_said_in_local_words(jicai: Command, tabled: Path) -> None:
    asked = ("codes", "translate", P, "JCP-1", "--on", "2026-02-01", "--to-local")
    ended = jicai(*asked)
    assert (ended.code, ended.out) == (0, "A\n")


def test_a_list_from_a_chinese_desktop_is_read_and_told(jicai: Command, tabled: Path) -> None:
    listed = tabled / "codes.txt"
    listed.write_bytes("A\r\n合成甲\r\n".encode("gb18030"))
    ended = jicai("codes", "translate", P, "--file", str(listed), "--on", "2026-02-01", "--json")
    assert [one["code"] for one in ended.json()] == ["A", "合成甲"]
    assert "按 GB18030 读取" in ended.err


def test_nothing_asked_and_unreadable_files_are_named(jicai: Command, tabled: Path) -> None:
    assert "没有编码" in jicai("codes", "translate", P, "--on", "2026-02-01").err
    ended = jicai("codes", "translate", P, "--on", "2026-02-01", "--file", str(tabled / "none"))
    assert "无法读取" in ended.err
    assert ended.code == 2


def test_the_review_of_an_empty_list_says_so(jicai: Command, journalled: Path) -> None:
    assert "没有待办编码" in jicai("codes", "review").out
    assert jicai("codes", "review", "--json").json() == {"review": [], "proposed": []}


def test_only_a_listed_person_proposes(jicai: Command, peopled: Path) -> None:  # noqa: F811 - the fixture
    assert jicai("codes", "review", "--propose-exact", "--by", "nobody").code == 2
    assert jicai("codes", "review", "--propose-exact", *LI).code == 0

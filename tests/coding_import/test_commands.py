"""jicai codes import, import-items, import-catalogue, export: what an operator types and sees."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from tests.coding_import.making import A, B
from tests.unit.coding.interchange.catalogue_rows import catalogue_file, row_1301
from tests.unit.coding.interchange.making import xlsx_file
from tests.unit.commands.conftest import Command, home, jicai, journalled, platform

__all__ = ["home", "jicai", "journalled", "platform"]
PARTNER = ("--partner", "test-platform")
PERSON = '[[operator]]\nid = "{id}"\nname = "测试人员"\nmay = ["{may}"]\n'
COLUMNS = ("--column", "local_code=药品编码", "--column", "unified_code=国家码")
SINCE = ("--valid-from", "2026-07-01")


@pytest.fixture
def desk(journalled: Path) -> Path:
    people = PERSON.format(id="wang", may="approve") + PERSON.format(id="li", may="propose")
    (journalled / "operators.toml").write_text(people, encoding="utf-8")
    return journalled


def table(folder: Path, text: str, name: str = "a.csv") -> str:
    path = folder / name
    path.write_bytes(("药品编码,国家码\n" + text).encode("gb18030"))
    return str(path)


def test_a_table_is_previewed_imported_approved_and_exported(desk: Path, jicai: Command) -> None:
    path = table(desk, f"0012,{A}\n0013,{B}\n")
    seen = jicai("codes", "import", path, *PARTNER, *COLUMNS, *SINCE, "--preview", "--json")
    assert (seen.code, seen.json()["counts"]["new"]) == (0, 2)
    assert "GB18030" in seen.json()["notes"][0]
    done = jicai("codes", "import", path, *PARTNER, *COLUMNS, *SINCE, "--by", "li", "--json")
    assert (done.code, done.json()["filed"]) == (0, 2)
    batch = done.json()["batch"]
    assert jicai("codes", "approve", "--batch", batch, "--by", "wang").code == 0
    out = desk / "out.csv"
    assert jicai("codes", "export", "-o", str(out)).code == 0
    again = jicai("codes", "import", str(out), "--preview", "--json")
    assert (again.code, again.json()["counts"]["unchanged"]) == (0, 2)
    fhir = jicai("codes", "export", "--format", "fhir", "--on", "2026-07-01")
    assert len(orjson.loads(fhir.out)["group"][0]["element"]) == 2
    early = jicai("codes", "export", "--on", "2026-06-30")
    assert len(early.out.splitlines()) == 1


def test_findings_end_with_one_and_name_the_row(desk: Path, jicai: Command) -> None:
    path = table(desk, f"0012,{A}\n0013,{B[:-1]}\n")
    words = ("codes", "import", path, *PARTNER, *COLUMNS, *SINCE)
    done = jicai(*words, "--by", "li", "--json")
    assert done.code == 1
    (bad,) = [one for one in done.json()["changes"] if one["state"] == "invalid"]
    assert (bad["row"], bad["partner"]) == (3, "")
    assert A not in jicai("codes", "proposals", "--json").out
    shown = jicai(*words, "--by", "li")
    assert (shown.code, "无效 invalid 1" in shown.out) == (1, True)


def test_a_file_that_cannot_be_taken_ends_with_one(desk: Path, jicai: Command) -> None:
    book = xlsx_file(desk / "a.xlsx", [["药品编码", "国家码"], [12, A]], 其他=[["x"]])
    words = ("codes", "import", str(book), *PARTNER, *COLUMNS, *SINCE, "--preview")
    shown = jicai(*words)
    assert (shown.code, "--sheet" in shown.out) == (1, True)
    seen = jicai(*words, "--sheet", "目录", "--json")
    assert (seen.code, seen.json()["counts"]["invalid"]) == (1, 1)
    nothing = jicai("codes", "import", str(desk / "none.csv"), *PARTNER, "--preview", "--json")
    assert (nothing.code, nothing.json()["findings"][0]["code"]) == (1, "file.unreadable")
    assert "none.csv" in nothing.json()["findings"][0]["zh"]
    suggested = jicai("codes", "import", table(desk, f"1,{A}\n"), *PARTNER, "--preview")
    assert (suggested.code, "--suggested" in suggested.out) == (1, True)


def test_a_pipe_is_not_waited_for(desk: Path, jicai: Command) -> None:
    pipe = desk / "pipe.csv"
    os.mkfifo(pipe)
    for command in ("import", "import-items"):
        ended = jicai("codes", command, str(pipe), *PARTNER, *COLUMNS, "--by", "li", "--json")
        assert (ended.code, ended.json()["findings"][0]["code"]) == (1, "file.unreadable")
    ended = jicai("codes", "import-catalogue", str(pipe), "--by", "li", "--json")
    assert (ended.code, ended.json()["findings"][0]["code"]) == (1, "file.unreadable")


@pytest.mark.parametrize("form", ["csv", "xlsx", "fhir"])
def test_an_export_goes_into_a_file_of_a_folder_that_is_there(
    desk: Path, jicai: Command, form: str
) -> None:
    words = ("codes", "export", "--format", form, "-o")
    for place in (desk, desk / "none" / "out", desk / "operators.toml" / "out"):
        ended = jicai(*words, str(place))
        assert (ended.code, "无法写入" in ended.err, ".next" in ended.err) == (2, True, False)
    assert not list(desk.glob(".*"))


@pytest.mark.parametrize("form", ["csv", "fhir"])
def test_an_export_never_takes_a_pipes_place(desk: Path, jicai: Command, form: str) -> None:
    pipe = desk / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert jicai("codes", "export", "--format", form, "-o", str(pipe)).code == 0
        assert os.read(reader, 1 << 16)
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    "words",
    [
        ("import", "a.csv", "--partner", "nobody", "--by", "li"),
        ("import", "a.csv", "--partner", "test-platform"),
        ("import", "a.csv", "--partner", "test-platform", "--by", "nobody"),
        (
            "import",
            "a.csv",
            "--partner",
            "test-platform",
            "--by",
            "li",
            "--valid-from",
            "2026-02-30",
        ),
        ("export", "--format", "pdf"),
        ("export", "--format", "xlsx"),
        ("export", "--history", "--known-at", "2026-07-01"),
        ("export", "--known-at", "yesterday"),
    ],
)
def test_wrong_words_end_with_two(desk: Path, jicai: Command, words: tuple[str, ...]) -> None:
    assert jicai("codes", *words).code == 2


def test_who_may_not_propose_may_not_import(desk: Path, jicai: Command) -> None:
    ended = jicai("codes", "import", table(desk, f"1,{A}\n"), *PARTNER, "--by", "wang")
    assert (ended.code, "refused" in ended.err) == (1, True)


def test_items_are_kept(desk: Path, jicai: Command) -> None:
    path = desk / "items.csv"
    path.write_text("药品编码,药品名称,规格\n0012,替硝唑片,0.5g\n", encoding="utf-8")
    words = ("codes", "import-items", str(path), *PARTNER, "--suggested", "--json")
    assert jicai(*words, "--preview").json()["written"] is False
    assert jicai(*words, "--by", "li").json()["counts"]["new"] == 1
    assert jicai(*words, "--by", "li").json()["counts"]["unchanged"] == 1
    path.write_text("药品编码,药品名称\n,替硝唑片\n", encoding="utf-8")
    assert jicai(*words, "--by", "li").code == 1


def test_the_national_catalogue_is_taken(desk: Path, jicai: Command) -> None:
    path = catalogue_file(desk / "plc.txt", [row_1301(A), row_1301(B)])
    words = ("codes", "import-catalogue", str(path), "--json")
    assert jicai(*words, "--preview").json()["counts"]["new"] == 2
    assert jicai(*words, "--by", "li").json()["written"] is True
    catalogue_file(path, [row_1301(A, pack="24片/盒"), row_1301("X")])
    bad = jicai(*words, "--by", "li")
    assert (bad.code, bad.json()["written"], len(bad.json()["findings"])) == (1, False, 1)
    assert bad.json()["counts"]["changed"] == 1
    most = jicai(*words, "--by", "li", "--without-bad-rows")
    assert (most.code, most.json()["written"]) == (1, True)

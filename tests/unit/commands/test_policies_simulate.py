"""jicai policies simulate, recompute: at the command line, over a journal that has a history."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.terminal import run
from gateway.journal.sqlite import SqliteJournal
from gateway.policies.registry import POLICIES
from gateway.policies.running.replaying_history import recorded_order
from tests.unit.commands.conftest import Command
from tests.unit.policies.making import accepted, closed, task
from tests.unit.policies.test_replaying import Story, concluded
from tests.unit.policies.test_simulating import changed_terms, value

WARN = value("progress.warn_below", "0.80", "0.90")
SPAN = ("--from", "2020-01-01", "--to", "2020-12-31")


@pytest.fixture
def ids(journalled: Path) -> list[str]:
    """The ids of what was concluded of two hospitals, at 65 % and 85 % of their tasks."""

    async def tell() -> list[str]:
        journal = SqliteJournal(journalled / "journal.db")
        await journal.start()
        story = Story(journal)
        for number, quantity in ((1, "6500.0000"), (2, "8500.0000")):
            name = f"H5201000000{number}"
            await story.put(
                task(f"t{number}", institution=name),
                accepted(f"a{number}", quantity, "2020-02-10", institution=name),
            )
        await story.put(closed("2020-Q1", "2020-03-31"))
        await story.judge()
        await story.leave()
        found = [entry.message.id for entry in await concluded(journal)]
        await journal.stop()
        return found

    assert POLICIES
    return run(tell())


async def rows(home: Path) -> int:
    journal = SqliteJournal(home / "journal.db")
    await journal.start()
    found = [entry async for entry in recorded_order(journal)]
    await journal.stop()
    return len(found)


def test_an_official_sees_who_would_be_warned(
    jicai: Command, ids: list[str], journalled: Path, tmp_path: Path
) -> None:
    before = run(rows(journalled))
    words = ("policies", "simulate", "--region", "520000", *SPAN)
    terms = ("--terms", str(changed_terms(tmp_path, WARN)))
    shown = jicai(*words, *terms)
    assert shown.code == 0, shown.err
    assert "新被预警机构 newly warned" in shown.out
    assert "1: H52010000002" in shown.out
    assert "黔医保发〔2019〕69号 五（三）" in shown.out
    told = jicai(*words, *terms, "--json").json()
    assert told["summary"]["newly_warned"] == ["H52010000002"]
    assert told["summary"]["conclusions"]["cn.jicai.progress.warned.v1"] == [1, 2]
    (added,) = [each for each in told["differences"] if each["change"] == "added"]
    assert (added["type"], added["about"]["institution"]) == (
        "cn.jicai.progress.warned.v1",
        "H52010000002",
    )
    assert added["fields"]["completion"] == {"before": "", "after": "0.8500"}
    same = jicai(*words, "--terms", str(changed_terms(tmp_path)))
    assert (same.code, "无差异" in same.err) == (0, True)
    early = jicai(*words, *terms, "--known-at", "2019-01-01", "--json").json()
    assert early["differences"] == []
    assert run(rows(journalled)) == before  # nothing was written


def test_wrong_terms_and_days_are_told_before_anything_runs(
    jicai: Command, ids: list[str], tmp_path: Path
) -> None:
    wrong = changed_terms(tmp_path, value("progress.warn_below", "0.80", "80%"))
    words = ("policies", "simulate", "--region", "520000", "--terms")
    ended = jicai(*words, str(wrong), *SPAN)
    assert (ended.code, "new.toml: progress.warn_below" in ended.err) == (2, True)
    assert jicai(*words, str(tmp_path / "none.toml"), *SPAN).code == 2
    good = str(changed_terms(tmp_path, WARN))
    back = jicai(*words, good, "--from", "2020-12-31", "--to", "2020-01-01")
    assert (back.code, "--from" in back.err) == (2, True)
    assert jicai(*words, good, "--from", "2020-02-30", "--to", "2020-12-31").code == 2
    assert jicai(*words, good, *SPAN, "--known-at", "yesterday").code == 2


def test_every_conclusion_is_recomputed_and_found_identical(jicai: Command, ids: list[str]) -> None:
    everything = jicai("policies", "recompute")
    assert everything.code == 0, everything.out
    assert f"相同 identical: {len(ids)}, 不符 other: 0" in everything.out
    told = jicai("policies", "recompute", ids[0], "--json").json()
    assert told == {"order": "judged", "identical": 1, "findings": []}


def test_what_was_not_known_by_then_is_not_reproduced(jicai: Command, ids: list[str]) -> None:
    early = jicai("policies", "recompute", ids[0], "--known-at", "2019-12-31", "--json")
    assert early.code == 1
    (finding,) = early.json()["findings"]
    assert (finding["id"], finding["result"]) == (ids[0], "not_reproduced")
    shown = jicai("policies", "recompute", ids[0], "--known-at", "2019-12-31")
    assert "未能重现" in shown.out
    assert "此结论留痕在后 was recorded later" in shown.err
    assert (
        jicai("policies", "recompute", "--known-at", "2019-12-31").code == 0
    )  # nothing to compare


def test_what_is_no_conclusion_is_refused(jicai: Command, ids: list[str]) -> None:
    for wrong in (task("t1", institution="H52010000001").id, "unheard", "x" * 5000):
        ended = jicai("policies", "recompute", wrong)
        assert ended.code == 2, wrong


def test_a_conclusion_is_explained_in_four_forms(
    jicai: Command, ids: list[str], tmp_path: Path
) -> None:
    text = jicai("explain", ids[0])
    assert "papers.md#guizhou-2019-69-5-3" in text.out
    as_json = jicai("explain", ids[0], "--json")
    assert as_json.json() == jicai("explain", ids[0], "--format", "json").json()
    assert jicai("explain", ids[0], "--format", "mermaid").out.startswith("flowchart LR\n")
    file = tmp_path / "why.svg"
    written = jicai("explain", ids[0], "--format", "svg", "-o", str(file))
    assert (written.code, written.out) == (0, "")
    assert file.read_text(encoding="utf-8").rstrip().endswith("</svg>")
    assert jicai("explain", ids[0], "-o", str(tmp_path / "no" / "why.txt")).code == 2
    assert jicai("explain", "unheard", "--format", "svg").code == 1
    assert jicai("explain", ids[0], "--format", "pdf").code == 2

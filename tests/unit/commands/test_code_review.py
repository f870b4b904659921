"""jicai codes propose … history: two people at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.coding.records import OPEN_END, Proposal
from gateway.commands.reviewing import opened_review, utc_now
from gateway.commands.terminal import run
from gateway.settings import Settings
from tests.unit.commands.conftest import Command

OPERATORS = """
[[operator]]
id = "li-ming"
name = "经办甲"
may = ["propose", "approve"]

[[operator]]
id = "wang-fang"
name = "经办乙"
may = ["approve"]
"""
P = "test-platform"
LI, WANG = ("--by", "li-ming"), ("--by", "wang-fang")


@pytest.fixture
def peopled(journalled: Path) -> Path:
    (journalled / "operators.toml").write_text(OPERATORS, encoding="utf-8")
    return journalled


def proposed(jicai: Command, *words: str) -> str:
    ended = jicai("codes", "propose", P, *words, *LI, "--json")
    assert ended.code == 0, ended.out
    return str(ended.json()["id"])


def test_a_meaning_is_proposed_approved_corrected_and_its_history_kept(
    jicai: Command, peopled: Path
) -> None:
    first = proposed(jicai, "A", "JCP-1", "--from", "2026-01-01", "--evidence", "批准文号一致")
    asked = ("codes", "translate", P, "A", "--on", "2026-02-01")
    assert jicai(*asked).code == 1
    (waiting,) = jicai("codes", "proposals", "--json").json()["proposals"]
    assert (waiting["id"], waiting["local_code"], waiting["status"]) == (first, "A", "proposed")
    own = jicai("codes", "approve", first, *LI)
    assert (own.code, "两人经办" in own.err) == (1, True)
    decided = jicai("codes", "approve", first, *WANG, "--json").json()
    assert (decided["decided"], decided["approved"][0]["approved_by"]) == ([first], "wang-fang")
    plain = jicai(*asked)
    assert (plain.code, plain.out) == (0, "JCP-1\n")
    assert all(word in plain.err for word in ("equivalent", "批准文号一致", "li-ming/wang-fang"))
    known = jicai(*asked, "--json").json()[0]["version"]["known_from"]

    second = proposed(jicai, "A", "JCP-2", "--from", "2026-01-01", "--replaces", first)
    assert jicai("codes", "approve", second, *WANG).code == 0
    assert jicai(*asked).out == "JCP-2\n"
    assert jicai(*asked, "--known-at", known).out == "JCP-1\n"
    assert jicai(*asked, "--known-at", "2020-01-01").code == 1
    versions = jicai("codes", "history", P, "A", "--json").json()
    assert [(one["id"], one["status"]) for one in versions] == [
        (first, "retired"),
        (second, "approved"),
    ]
    assert "wang-fang" in jicai("codes", "history", P, "A").out
    gone = jicai("codes", "retire", second, *LI, "--reason", "停售", "--json").json()["id"]
    assert jicai("codes", "approve", gone, *WANG).code == 0
    assert (jicai(*asked).code, "当日无有效对照" in jicai(*asked).out) == (1, True)


def test_proposals_are_refused_and_listed_page_by_page(jicai: Command, peopled: Path) -> None:
    ids = [proposed(jicai, f"A{each}", f"JCP-{each}", "--from", "2026-01-01") for each in range(3)]
    page = jicai("codes", "proposals", "--limit", "2", "--json").json()
    assert [one["id"] for one in page["proposals"]] == ids[:2]
    rest = jicai("codes", "proposals", "--after", page["next"], "--partner", P, "--json").json()
    assert [one["id"] for one in rest["proposals"]] == ids[2:]
    assert ids[0] in jicai("codes", "proposals", "--limit", "2").out
    assert jicai("codes", "refuse", ids[0], *WANG, "--reason", "规格不符").code == 0
    listed = jicai("codes", "proposals", "--status", "refused", "--json").json()["proposals"]
    assert [(one["id"], one["decision_reason"]) for one in listed] == [(ids[0], "规格不符")]
    bulk = jicai("codes", "approve", "--exact", *WANG, "--json").json()
    assert (bulk["decided"], bulk["left"]) == ([], {})


def test_a_code_without_a_unified_one_is_said_to_have_none(jicai: Command, peopled: Path) -> None:
    words = ("B", "--from", "2026-01-01", "--relation", "none")
    bare = jicai("codes", "propose", P, *words, *LI)
    assert (bare.code, "reason" in bare.err) == (1, True)
    one = proposed(jicai, *words, "--reason", "自制剂")
    jicai("codes", "approve", one, *WANG)
    ended = jicai("codes", "translate", P, "B", "--on", "2026-02-01", "--json")
    assert (ended.code, ended.json()[0]["reason"]) == (1, "none")
    assert "不予对照" in jicai("codes", "translate", P, "B", "--on", "2026-02-01").out


def test_gaps_are_listed(jicai: Command, peopled: Path) -> None:
    for since, until in (("2026-01-01", "2026-01-31"), ("2026-03-01", "2026-03-31")):
        one = proposed(jicai, "A", "JCP-1", "--from", since, "--to", until)
        assert jicai("codes", "approve", one, *WANG).code == 0
    (gap,) = jicai("codes", "gaps", "--partner", P, "--json").json()
    assert (gap["since"], gap["until"], gap["before"]) == ("2026-02-01", "2026-02-28", "JCP-1")
    assert "2026-02-01" in jicai("codes", "gaps").out


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("propose", P, "A", "JCP-1", "--from", "2026-01-01", "--by", "nobody"), 2, "nobody"),
        (("propose", P, "A", "JCP-1", "--from", "2026-01-01", *WANG), 1, "无此权限"),
        (("propose", "nobody", "A", "JCP-1", "--from", "2026-01-01", *LI), 2, "nobody"),
        (("propose", P, "A", "JCP-1", "--from", "soon", *LI), 2, "soon"),
        (("propose", P, "A", "jcp 1", "--from", "2026-01-01", *LI), 1, "jcp 1"),
        (
            ("propose", P, "A", "JCP-1", "--from", "2026-01-01", "--relation", "like", *LI),
            2,
            "broader",
        ),
        (
            ("propose", P, "A", "JCP-1", "--from", "2026-01-01", "--choice", "best", *LI),
            2,
            "inbound_only",
        ),
        (("approve", "0" * 32, *WANG), 1, "没有此提议"),
        (("approve", *WANG), 2, "--batch"),
        (("approve", "x", "--exact", *WANG), 2, "--batch"),
        (("approve", "--batch", "none", *WANG), 1, "none"),
        (("refuse", "0" * 32, *WANG, "--reason", "x"), 1, "没有此提议"),
        (("retire", "0" * 32, *LI, "--reason", "x"), 1, "现行对照"),
        (("proposals", "--status", "lost"), 2, "refused"),
        (("history", P, "A", "--kind", "x"), 2, "product"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    jicai: Command, peopled: Path, words: tuple[str, ...], code: int, named: str
) -> None:
    ended = jicai("codes", *words)
    assert (ended.code, named in ended.err) == (code, True), ended.err


def test_without_a_journal_the_files_answer(jicai: Command, platform: str, home: Path) -> None:
    (home / "codes").mkdir()
    text = f"partner,local_code,unified_code,valid_from,valid_to\n{P},A,JCP-1,2026-01-01,\n"
    (home / "codes" / "a.csv").write_text(text, encoding="utf-8")
    ended = jicai("codes", "translate", P, "A", "--on", "2026-02-01")
    assert (ended.code, ended.out, "file a.csv" in ended.err) == (0, "JCP-1\n", True)
    assert jicai("codes", "history", P, "B").code == 1
    assert not (home / "journal.db").exists()


def test_what_a_bulk_approval_leaves_is_a_no(jicai: Command, peopled: Path) -> None:
    async def filed(unified: str) -> str:
        wanted = Proposal(P, "product", "A", unified, "2026-01-01", OPEN_END, exact=True)
        async with opened_review(Settings()) as review:
            (outcome,) = await review.propose([wanted], by="li-ming", now=utc_now())
            return outcome.id

    first, second = run(filed("JCP-1")), run(filed("JCP-2"))
    told = jicai("codes", "approve", "--exact", *WANG, "--json")
    assert (told.code, told.json()["decided"], list(told.json()["left"])) == (1, [first], [second])
    again = jicai("codes", "approve", "--exact", "--partner", P, *WANG)
    assert (again.code, second in again.err) == (1, True)
    assert jicai("codes", "refuse", second, *WANG, "--reason", "重复").code == 0
    assert jicai("codes", "approve", "--exact", *WANG).code == 0
    assert jicai("codes", "approve", "--exact", "--partner", "nobody", *WANG).code == 2

"""jicai codes held, release, work, impact, recode: what an operator sees and does about codes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.journal.opening import open_journal
from gateway.ports import Journal
from gateway.settings import Settings
from tests.coding_holds.said import RIGHT, WAS, WRONG, acceptance, crosswalk, say
from tests.unit.coding import waiting
from tests.unit.commands.conftest import Command

T = TypeVar("T")
PARTNER = "test-platform"
HEAD = "partner,kind,local_code,unified_code,valid_from,valid_to,relation,choice,reason\n"
WARD = f"{PARTNER},institution,7,H52010000001,2020-01-01,,,,\n"
PERSON = '[[operator]]\nid = "{id}"\nname = "测试人员"\nmay = ["{may}"]\n'


def on_journal(home: Path, work: Callable[[Journal], Awaitable[T]]) -> T:
    async def opened() -> T:
        journal = open_journal(Settings(home=home))
        await journal.start()
        try:
            return await work(journal)
        finally:
            await journal.stop()

    return asyncio.run(opened())


@pytest.fixture
def desk(journalled: Path) -> Path:
    """A home with people, codes, one coded and two held messages."""
    people = [
        PERSON.format(id="wang-fang", may="approve"),
        PERSON.format(id="li-ming", may="propose"),
    ]
    (journalled / "operators.toml").write_text("\n".join(people), encoding="utf-8")
    (journalled / "codes").mkdir(exist_ok=True)
    mapped(journalled, f"{PARTNER},product,L1,{WRONG},2020-01-01,,,,\n")
    held = [waiting.submission(n, waiting.acceptance(n), partner=PARTNER) for n in ("X1", "X2")]

    async def begin(journal: Journal) -> None:
        await say(journal, "m1", acceptance(), crosswalk(*WAS), partner=PARTNER)
        await waiting.put(journal, *held)

    on_journal(journalled, begin)
    return journalled


def mapped(home: Path, *rows: str) -> None:
    (home / "codes" / "local.csv").write_text(HEAD + WARD + "".join(rows), encoding="utf-8")


def test_what_waits_is_listed_as_rows_and_as_codes(desk: Path, jicai: Command) -> None:
    assert len(jicai("codes", "held", "--json").json()) == 2
    assert len(jicai("codes", "held", "--limit", "1", "--json").json()) == 1
    found = jicai("codes", "work", "--json").json()
    assert [(each["item"]["local_code"], each["direct"]) for each in found] == [
        ("X1", 1),
        ("X2", 1),
    ]
    assert found[0]["partner_name"] == "合成示例平台"
    rest = jicai("codes", "work", "--limit", "1", "--after", found[0]["cursor"], "--json").json()
    assert [each["item"]["local_code"] for each in rest] == ["X2"]
    shown = jicai("codes", "work", "--partner", PARTNER, "--limit", "1")
    assert "X1" in shown.out
    assert found[0]["cursor"] in shown.err
    assert jicai("codes", "work", "--partner", "nobody").code == 2


def test_a_release_says_what_flowed_on_and_what_went_back(desk: Path, jicai: Command) -> None:
    mapped(
        desk,
        "his-a,institution,7,H52010000001,2020-01-01,,,,\n",
        f"{PARTNER},product,X1,{RIGHT},2020-01-01,,,,\n",
        f"{PARTNER},product,X2,,2020-01-01,,none,,已停产\n",
    )
    told = jicai("codes", "release", "--json").json()
    assert told == {"released": 1, "rejected": 1, "stranded": []}
    assert "放行 0 条" in jicai("codes", "release").out


def test_impact_and_correction_go_by_the_codes_of_now(desk: Path, jicai: Command) -> None:
    asked = ("codes", "impact", PARTNER, "L1")
    assert jicai(*asked, "--json").json()["touched"] == []
    told = jicai(*asked, "--becomes", RIGHT, "--was", WRONG, "--json").json()
    assert [(each["now"], each["then"]) for each in told["touched"]] == [([WRONG], RIGHT)]
    assert jicai(*asked, "--becomes", RIGHT, "--to", "2026-02-28", "--json").json()["touched"] == []
    mapped(desk, f"{PARTNER},product,L1,{RIGHT},2020-01-01,,,,\n")
    (touched,) = jicai(*asked, "--json").json()["touched"]
    assert RIGHT in jicai(*asked).out
    order = ("codes", "recode", "--all", "--partner", PARTNER, "--code", "L1", "--by", "wang-fang")
    done = jicai(*order, "--reason", "对照有误", "--yes", "--json").json()
    assert [old for old, _ in done["corrected"]] == [touched["id"]]
    assert jicai(*asked, "--json").json()["touched"] == []
    again = jicai("codes", "recode", touched["id"], *order[-2:], "--reason", "x", "--yes")
    assert again.code == 0
    assert "means the same now" in again.out


def test_what_could_not_be_corrected_ends_with_one(desk: Path, jicai: Command) -> None:
    words = ("codes", "recode", "f" * 32, "--by", "wang-fang", "--reason", "x", "--yes")
    ended = jicai(*words, "--json")
    assert ended.code == 1
    assert ended.json()["left"] == [{"id": "f" * 32, "why": "missing", "issues": []}]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("impact", "nobody", "L1"), "nobody"),
        (("impact", PARTNER, "L1", "--kind", "fax"), "fax"),
        (("impact", PARTNER, "L1", "--from", "2026-02-30"), "2026-02-30"),
        (("impact", PARTNER, "L1", "--from", "2026-02-02", "--to", "2026-02-01"), "2026-02-02"),
        (("recode", "--by", "wang-fang", "--reason", "x"), "--all"),
        (("recode", "a", "--all", "--by", "wang-fang", "--reason", "x"), "--all"),
        (("recode", "--all", "--partner", PARTNER, "--by", "wang-fang", "--reason", "x"), "--code"),
        (("recode", "a", "--by", "wang-fang", "--reason", "x", "--json"), "--yes"),
        (("recode", "a", "--by", "nobody", "--reason", "x", "-y"), "nobody"),
        (("recode", "a", "--by", "wang-fang", "--reason", " ", "-y"), "reason"),
        (("recode", "a", "--by", "wang-fang", "-y"), "--reason"),
        (("recode", "a", "--by", "wang-fang", "--reason", "x", "-y", "--decision", "d"), "d"),
    ],
)
def test_what_is_mistyped_is_named(
    desk: Path, jicai: Command, words: tuple[str, ...], named: str
) -> None:
    ended = jicai("codes", *words)
    assert ended.code == 2
    assert named in ended.err


def test_who_only_proposes_may_not_correct(desk: Path, jicai: Command) -> None:
    ended = jicai("codes", "recode", "a", "--by", "li-ming", "--reason", "x", "--yes")
    assert ended.code not in (0, 70)
    assert "approve" in ended.err


def test_nothing_is_corrected_without_a_yes(desk: Path, jicai: Command) -> None:
    ended = jicai("codes", "recode", "f" * 32, "--by", "wang-fang", "--reason", "x")
    assert ended.code != 0
    assert "corrected" not in ended.out

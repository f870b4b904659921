from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import cast

import orjson

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.daykeeping import day_ended
from gateway.policies.explaining.explain import (
    CAUSES_SHOWN,
    NODES,
    Cause,
    as_dict,
    explain,
    render_text,
)
from gateway.policies.policy import Conclusion, Scope
from gateway.policies.progress.progress import Progress
from gateway.policies.running.tasks import Task
from gateway.policies.running.working import derived
from gateway.ports import Commit, Entry, Journal
from schemas.events import PROGRESS_WARNED
from tests.unit.policies.making import DRUG, GUIZHOU, HOSPITAL, accepted, closed, task
from tests.unit.policies.test_runner import NOW, concluded, put, runner

Q1 = closed("2020-Q1", "2020-03-31")


async def warn(journal: SqliteJournal, key: str, *causes: str) -> str:
    """Append a warning with these causes; return its id."""
    data = {
        "institution": HOSPITAL,
        "drug": DRUG,
        "drug_name": "氨氯地平",
        "region": GUIZHOU,
        "batch": "b",
        "period": "2020-Q1",
        "accepted_quantity": "1.0000",
        "task_quantity": "2.0000",
        "completion": "0.5000",
        "warned_on": "2020-03-31",
        "because": {
            "rule": "R4",
            "clauses": ["一"],
            "terms": {},
            "arithmetic": [],
            "causes": list(causes),
        },
    }
    task_ = Task(Progress(), Q1, {}, Scope(key))
    (given,) = derived(task_, key, [Conclusion(PROGRESS_WARNED, data)], NOW)
    await journal.commit(Commit(submissions=[given]))
    return given.id


async def test_a_hold_is_explained_down_to_what_the_partners_sent(journal: SqliteJournal) -> None:
    buys = accepted("a", "6999.0000", "2020-02-10")
    await put(journal, task(), buys, Q1)
    await runner(journal)._handle([task(), buys, Q1])
    hold = next(e for e in await concluded(journal) if "held" in e.message.type)
    tree = await explain(journal, hold.message.id)
    assert [child.id for child in tree.children] == [task().id, buys.id, Q1.id]
    entry = await journal.find(buys.id)
    raw = tree.children[1].raw
    assert entry is not None
    assert raw is not None
    assert (raw.partner, raw.interface, raw.size) == ("his", "canonical", len(buys.data))
    assert (raw.digest, raw.partner_message_id) == (entry.digest, entry.message_id)
    text = render_text(tree)
    for part in (
        "暂停医保月结算",
        "黔医保发〔2019〕69号 五（三）",
        "progress.hold_below = 0.70",
        "6999 / 10000 = 0.6999 < 0.70",
        f"接口 canonical, 报文编号 {entry.message_id}",
        f"SHA-256 {entry.digest}",
        '"accepted_quantity":"6999.0000"',
    ):
        assert part in text
    told = orjson.loads(orjson.dumps(as_dict(tree)))
    assert told["because"]["rule"] == "R4"
    assert told["causes"][1]["raw"]["digest"] == entry.digest


async def test_the_end_of_a_day_is_told_as_the_gateways_own_word(journal: SqliteJournal) -> None:
    given = day_ended(GUIZHOU, date(2020, 3, 31), NOW)
    await journal.commit(Commit(submissions=[given]))
    text = render_text(await explain(journal, given.id))
    assert "网关自记 from calendar: 接口 calendar, 报文编号 520000:2020-03-31" in text
    assert "对接方报文" not in text


async def test_a_cause_that_is_missing_is_named(journal: SqliteJournal) -> None:
    tree = await explain(journal, await warn(journal, "k", "nowhere"))
    assert tree.children[0].missing
    assert "✗ nowhere 留痕中没有此报文" in render_text(tree)
    assert as_dict(tree)["causes"][0]["missing"] is True
    unknown = await explain(journal, "unheard")
    assert unknown.missing


async def test_causes_that_refer_to_each_other_come_to_an_end(journal: SqliteJournal) -> None:
    from_first = await warn(journal, "first", "placeholder")
    second = await warn(journal, "second", from_first, from_first)
    tree = await explain(journal, await warn(journal, "third", second, from_first))
    assert [child.id for child in tree.children] == [second, from_first]
    assert tree.children[0].children[0].seen
    assert "见上" in render_text(tree)


async def test_a_message_that_is_its_own_cause_comes_to_an_end(journal: SqliteJournal) -> None:
    entry = await journal.find(await warn(journal, "probe", "loop"))
    assert entry is not None
    own = replace(entry, message=replace(entry.message, id="loop"))

    class Loop:
        async def find(self, message_id: str) -> Entry:
            return own

        async def get(self, space: str, key: str) -> None:
            return None

    tree = await explain(cast("Journal", Loop()), "loop")
    assert [child.id for child in tree.children] == ["loop"]
    assert tree.children[0].seen


async def test_a_conclusion_with_a_thousand_causes_shows_some_and_counts_the_rest(
    journal: SqliteJournal,
) -> None:
    buys = [accepted(f"a{at}", "1.0000", "2020-02-10") for at in range(200)]
    await put(journal, task(), *buys, Q1)
    await runner(journal)._handle([task(), *buys, Q1])
    hold = next(e for e in await concluded(journal) if "held" in e.message.type)
    tree = await explain(journal, hold.message.id)
    assert len(tree.children) == CAUSES_SHOWN
    assert tree.more == 202 - CAUSES_SHOWN
    assert f"另有 {tree.more} 条依据" in render_text(tree)


def size(tree: Cause) -> int:
    return 1 + sum(size(child) for child in tree.children)


async def test_a_tree_never_outgrows_its_limit(journal: SqliteJournal) -> None:
    leaves = [await warn(journal, f"leaf{at}", f"x{at}") for at in range(60)]
    middle = [
        await warn(journal, f"middle{at}", *leaves, *(f"y{at}-{each}" for each in range(40)))
        for at in range(20)
    ]
    tree = await explain(journal, await warn(journal, "root", *middle))
    assert size(tree) == NODES + 1


async def test_raw_bytes_cannot_move_the_readers_terminal(journal: SqliteJournal) -> None:
    buys = accepted("a", "1.0000", "2020-02-10", drug="A\u202e1")
    await put(journal, buys)
    tree = await explain(journal, buys.id)
    assert "\u202e" not in render_text(tree)
    assert tree.raw is not None
    assert "\\x202e" in tree.raw.first_bytes

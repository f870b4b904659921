"""更正重放: what was coded wrongly is said again, once, in order, and nothing is erased."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import orjson
import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.impact import impact
from gateway.coding.recoding import Recoded, recode
from gateway.coding.rows import CrosswalkRow
from gateway.errors import Rejected
from gateway.partners import Partners
from gateway.ports import SUPERSEDED_SPACE, EntryKind, Journal
from schemas.checking import check
from tests.coding_holds.said import (
    BECOMES,
    HOSPITAL,
    NOW,
    PARTNERS,
    RIGHT,
    WAS,
    WRONG,
    acceptance,
    conclude,
    crosswalk,
    identity,
    order,
    published,
    say,
)
from tests.journal.conftest import AnyJournal
from tests.unit.coding import waiting


async def corrected(
    journal: Journal, *ids: str, known: Crosswalk | None = None, partners: Partners = PARTNERS
) -> Recoded:
    return await recode(
        journal,
        ids,
        known or crosswalk(*BECOMES),
        partners,
        by="审核员甲",
        reason="对照有误",
        now=NOW,
    )


async def test_the_corrected_message_stands_in_the_place_of_the_old_one(
    journal: AnyJournal,
) -> None:
    old = await say(journal, "m1", acceptance(), crosswalk(*WAS))
    done = await corrected(journal, old)
    ((superseded, new),) = done.corrected
    assert (superseded, done.left) == (old, ())
    entry = await journal.find(new)
    assert entry is not None
    content = entry.message.content()
    assert (content["unified_code"], content["drug"], content["supersedes"]) == (RIGHT, RIGHT, old)
    assert check(entry.message.type, content, entry.message.data) == ()
    assert entry.message.subject == f"{HOSPITAL}/{RIGHT}"
    assert (entry.message.partner, entry.message.causationid) == ("his-a", old)
    assert (entry.message_id, entry.interface, entry.kind) == ("m1", "recoding", EntryKind.MESSAGE)
    told = orjson.loads(await journal.raw(new))
    assert (told["by"], told["reason"], told["supersedes"]) == ("审核员甲", "对照有误", old)
    before = await journal.find(old)
    assert before is not None
    assert before.message.content()["unified_code"] == WRONG
    stored = await journal.get(SUPERSEDED_SPACE, old)
    assert stored is not None
    assert stored.value.decode() == new


async def test_a_known_decision_is_named_as_the_cause(journal: AnyJournal) -> None:
    old = await say(journal, "m1", acceptance(), crosswalk(*WAS))
    known = crosswalk(*BECOMES)
    done = await recode(
        journal, [old], known, PARTNERS, by="甲", reason="乙", now=NOW, decision="d" * 32
    )
    entry = await journal.find(done.corrected[0][1])
    assert entry is not None
    assert entry.message.causationid == "d" * 32


async def test_doing_it_again_changes_nothing(journal: AnyJournal) -> None:
    ids = [await say(journal, f"m{n}", acceptance(), crosswalk(*WAS)) for n in range(5)]
    await corrected(journal, *ids[:3])  # as if it had been interrupted here
    second = await corrected(journal, *ids)
    assert [old for old, _ in second.corrected] == ids[3:]
    assert {(each.id, each.why) for each in second.left} == {(one, "unchanged") for one in ids[:3]}
    third = await corrected(journal, *ids, *ids)
    assert third.corrected == ()
    assert len(third.left) == 5
    assert len(await published(journal)) == 10


async def test_a_correction_may_be_corrected_and_both_stay(journal: AnyJournal) -> None:
    old = await say(journal, "m1", acceptance(), crosswalk(*WAS))
    ((_, first),) = (await corrected(journal, old)).corrected
    third_code = (("L1", "XA01THIRD000001", "2026-01-01", "9999-12-31"),)
    ((superseded, second),) = (
        await corrected(journal, old, known=crosswalk(*third_code))
    ).corrected
    assert superseded == first
    entry = await journal.find(second)
    assert entry is not None
    assert entry.message.content()["supersedes"] == first
    assert entry.message.content()["unified_code"] == "XA01THIRD000001"
    again = await corrected(journal, first, known=crosswalk(*third_code))
    assert again.corrected == ()


async def test_several_workers_correct_each_message_once(journal: AnyJournal) -> None:
    ids = [await say(journal, f"m{n}", acceptance(), crosswalk(*WAS)) for n in range(30)]
    runs = await asyncio.gather(*(corrected(journal, *ids) for _ in range(3)))
    pairs = [pair for run in runs for pair in run.corrected]
    assert sorted(old for old, _ in pairs) == sorted(ids)
    assert len(await published(journal)) == 60


async def test_what_has_one_key_is_corrected_in_the_order_it_was_said(journal: AnyJournal) -> None:
    known = crosswalk(*WAS)
    ids = [await say(journal, f"m{n}", acceptance(), known) for n in range(250)]
    done = await corrected(journal, *reversed(ids))
    assert len(done.corrected) == 250
    said: dict[str, list[str]] = defaultdict(list)
    for entry in await published(journal):
        if "supersedes" in (content := entry.message.content()):
            said[entry.message.subject].append(content["supersedes"])
    assert list(said.values()) == [ids]


async def test_only_the_codes_change(journal: AnyJournal) -> None:
    groups = {WRONG: "group-1", RIGHT: "group-2"}
    data = order("L1", "L9", "L1")
    old = await say(journal, "m1", data, crosswalk(*WAS, drugs=groups))
    known = crosswalk(*BECOMES, drugs=groups)
    ((_, new),) = (await corrected(journal, old, known=known)).corrected
    first, second = await journal.find(old), await journal.find(new)
    assert first is not None
    assert second is not None
    before, after = first.message.content(), second.message.content()
    for number in (0, 2):
        before["lines"][number] |= {"unified_code": RIGHT, "drug": "group-2"}
    assert after == before | {"supersedes": old}


async def test_what_cannot_be_corrected_is_named_with_the_reason(journal: AnyJournal) -> None:
    known = crosswalk(*WAS)
    same = await say(journal, "m1", acceptance("L9"), known)
    gone = await say(journal, "m2", acceptance(), known, partner="his-b")
    late = await say(journal, "m3", acceptance(day="2026-05-01"), known)
    conclusion = await conclude(journal, "c1", [same])
    held = waiting.submission("m4", waiting.acceptance("1"))
    await waiting.put(journal, held)
    until_april = crosswalk(("L1", RIGHT, "2026-01-01", "2026-04-30"))
    wanted = ("f" * 32, same, gone, late, conclusion, held.id)
    only_a = Partners({"his-a": next(iter(PARTNERS))}, {})
    done = await corrected(journal, *wanted, known=until_april, partners=only_a)
    assert done.corrected == ()
    assert {each.id: each.why for each in done.left} == {
        "f" * 32: "missing",
        same: "unchanged",
        gone: "partner_gone",
        late: "uncoded",
        conclusion: "not_said_by_a_partner",
        held.id: "not_published",
    }
    (uncoded,) = [each for each in done.left if each.why == "uncoded"]
    assert [each.code for each in uncoded.issues] == ["code.expired"]


async def test_a_code_that_is_refused_now_is_named_as_such(journal: AnyJournal) -> None:
    old = await say(journal, "m1", acceptance(), crosswalk(*WAS))
    refused = CrosswalkRow("his-a", "product", "L1", "", "2026-01-01", relation="none", reason="x")
    wards = CrosswalkRow("his-a", "institution", "7", HOSPITAL, "2020-01-01")
    done = await corrected(journal, old, known=Crosswalk.of([refused, wards]))
    assert [each.code for each in done.left[0].issues] == ["code.refused"]


@pytest.mark.parametrize(("by", "reason"), [("", "x"), ("x", " "), ("", "")])
async def test_nobody_corrects_without_a_name_and_a_reason(
    journal: AnyJournal, by: str, reason: str
) -> None:
    with pytest.raises(Rejected) as wrong:
        await recode(journal, [], crosswalk(), PARTNERS, by=by, reason=reason, now=NOW)
    assert len(wrong.value.issues) == (not by.strip()) + (not reason.strip())


async def test_what_impact_found_is_corrected_as_a_whole(journal: AnyJournal) -> None:
    known = crosswalk(*WAS)
    ids = [await say(journal, f"m{n}", acceptance(), known) for n in range(3)]
    found = await impact(
        journal,
        "his-a",
        "product",
        "L1",
        valid_from="2026-01-01",
        valid_to="9999-12-31",
        was=WRONG,
        becomes=RIGHT,
    )
    seen: list[tuple[int, int]] = []
    done = await recode(
        journal,
        found,
        crosswalk(*BECOMES),
        PARTNERS,
        by="甲",
        reason="乙",
        now=NOW,
        progress=lambda count, total: seen.append((count, total)),
    )
    assert sorted(old for old, _ in done.corrected) == sorted(ids)
    assert seen == [(3, 3)]
    assert identity("m0") in ids

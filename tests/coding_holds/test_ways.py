"""报文去向: who asks for a message is told that it went back and why, and what corrects it."""

from __future__ import annotations

from gateway.coding.recoding import recode
from gateway.intake.way import way_of
from gateway.policies.explaining.explain import as_dict, explain, render_text
from tests.coding_holds.said import BECOMES, NOW, PARTNERS, WAS, acceptance, crosswalk, say
from tests.journal.conftest import AnyJournal
from tests.unit.coding import waiting


async def test_a_held_message_that_went_back_says_why(journal: AnyJournal) -> None:
    given = waiting.submission("m1", waiting.acceptance("1"))
    await waiting.put(journal, given)
    before = await way_of(journal, "his-a", given.id, journal_is_bus=True)
    assert [each["state"] for each in before["states"]] == ["received", "held"]
    assert "issues" not in before
    await waiting.holds(journal).settle(waiting.crosswalk(refused=["1"]), NOW)
    for named in (given.id, "m1"):  # by our id and by the partner's own
        way = await way_of(journal, "his-a", named, journal_is_bus=True)
        assert [each["state"] for each in way["states"]] == ["received", "held", "rejected"]
        assert way["states"][-1]["at"] == NOW.isoformat()
        assert [each["code"] for each in way["issues"]] == ["code.refused"]
        assert "1 已停产" in way["issues"][0]["zh"]


async def test_a_corrected_message_names_what_stands_in_its_place(journal: AnyJournal) -> None:
    old = await say(journal, "m1", acceptance(), crosswalk(*WAS))
    assert "superseded_by" not in await way_of(journal, "his-a", old, journal_is_bus=True)
    known = crosswalk(*BECOMES)
    done = await recode(journal, [old], known, PARTNERS, by="甲", reason="乙", now=NOW)
    ((_, new),) = done.corrected
    way = await way_of(journal, "his-a", old, journal_is_bus=True)
    assert (way["superseded_by"], way.get("supersedes")) == (new, None)
    after = await way_of(journal, "his-a", new, journal_is_bus=True)
    assert (after.get("superseded_by"), after["supersedes"]) == (None, old)
    tree = await explain(journal, new)
    assert as_dict(tree)["supersedes"] == old
    assert as_dict(tree)["causes"][0]["superseded_by"] == new
    text = render_text(tree)
    assert f"更正 corrects: {old}" in text
    assert f"已被更正 superseded by: {new}" in text

"""影响范围: exactly the messages whose meaning changes, and what was concluded from them."""

from __future__ import annotations

import pytest

from gateway.coding.impact import Impact, impact
from gateway.coding.recoding import recode
from gateway.ports import Journal
from tests.coding_holds.said import (
    BECOMES,
    NOW,
    PARTNERS,
    RIGHT,
    WAS,
    WRONG,
    acceptance,
    conclude,
    crosswalk,
    order,
    say,
)
from tests.journal.conftest import AnyJournal
from tests.unit.coding import waiting


async def ask(
    journal: Journal, *, since: str = "2026-01-01", until: str = "9999-12-31", code: str = "L1"
) -> Impact:
    return await impact(
        journal,
        "his-a",
        "product",
        code,
        valid_from=since,
        valid_to=until,
        was=WRONG,
        becomes=RIGHT,
    )


def ids(found: Impact) -> set[str]:
    return {each.id for each in found.touched}


async def test_it_lists_what_has_the_code_and_how_it_is_and_would_be_coded(
    journal: AnyJournal,
) -> None:
    known = crosswalk(*WAS)
    touched = await say(journal, "m1", acceptance(), known)
    ordered = await say(journal, "m2", order("L9", "L1"), known)
    await say(journal, "m3", acceptance("L9"), known)
    await say(journal, "m4", acceptance(), known, partner="his-b")
    found = await ask(journal)
    assert ids(found) == {touched, ordered}
    one = next(each for each in found.touched if each.id == touched)
    assert (one.day, one.now, one.then) == ("2026-03-01", (WRONG,), RIGHT)
    assert one.type == "cn.jicai.acceptance.recorded.v1"
    assert one.recorded_at == "2026-03-02T00:00:00+08:00"
    assert found.otherwise == ()
    assert found.concluded == ()


@pytest.mark.parametrize(
    ("day", "touched"),
    [("2026-02-28", False), ("2026-03-01", True), ("2026-03-31", True), ("2026-04-01", False)],
)
async def test_only_days_whose_meaning_changes_count(
    journal: AnyJournal, day: str, touched: bool
) -> None:
    await say(journal, "m1", acceptance(day=day), crosswalk(*WAS))
    found = await ask(journal, since="2026-03-01", until="2026-03-31")
    assert bool(found.touched) is touched


async def test_what_means_it_already_is_not_touched_and_what_meant_another_is_named(
    journal: AnyJournal,
) -> None:
    await say(journal, "m1", acceptance(), crosswalk(*BECOMES))
    third = crosswalk(("L1", "XA01THIRD000001", "2026-01-01", "9999-12-31"))
    other = await say(journal, "m2", acceptance(), third)
    found = await ask(journal)
    assert ids(found) == {other}
    assert [each.now for each in found.otherwise] == [("XA01THIRD000001",)]


async def test_what_was_concluded_is_found_through_conclusions_of_conclusions(
    journal: AnyJournal,
) -> None:
    known = crosswalk(*WAS)
    touched = await say(journal, "m1", acceptance(), known)
    aside = await say(journal, "m2", acceptance("L9"), known)
    first = await conclude(journal, "c1", [aside, touched])
    chain = [first]
    for number in range(2, 8):  # they lie on different shards, in no order among each other
        chain.append(await conclude(journal, f"c{number}", [chain[-1]]))
    await conclude(journal, "c9", [aside])
    found = await ask(journal)
    assert {each.id for each in found.concluded} == set(chain)
    assert next(each for each in found.concluded if each.id == first).causes == (touched,)


async def test_what_was_corrected_already_is_looked_at_in_its_newest_form(
    journal: AnyJournal,
) -> None:
    known = crosswalk(*WAS)
    old = await say(journal, "m1", acceptance(), known)
    await recode(journal, [old], crosswalk(*BECOMES), PARTNERS, by="甲", reason="乙", now=NOW)
    assert (await ask(journal)).touched == ()
    back = await impact(
        journal,
        "his-a",
        "product",
        "L1",
        valid_from="2026-01-01",
        valid_to="9999-12-31",
        was=RIGHT,
        becomes=WRONG,
    )
    (one,) = back.touched
    assert one.id != old
    assert one.now == (RIGHT,)


async def test_a_message_that_its_sender_corrected_is_not_touched(journal: AnyJournal) -> None:
    known = crosswalk(*WAS)
    old = await say(journal, "m1", acceptance(), known)
    new = await say(journal, "m2", acceptance(supersedes=old), known)
    assert ids(await ask(journal)) == {new}


async def test_held_messages_are_counted_and_released_ones_are_listed(journal: AnyJournal) -> None:
    await waiting.put(
        journal,
        waiting.submission("m1", waiting.acceptance("1")),
        waiting.submission("m2", waiting.acceptance("1", "new-ward")),
    )
    assert await waiting.holds(journal).release(waiting.crosswalk("1"), NOW) == 1
    found = await ask(journal, code="1")
    assert (len(found.touched), found.held) == (1, 1)
    assert found.touched[0].now == (waiting.product("1"),)


@pytest.mark.parametrize("code", ['a"b', "药|01", "a\\b", "A B"])
async def test_codes_with_signs_of_their_own_are_found(journal: AnyJournal, code: str) -> None:
    known = crosswalk((code, WRONG, "2026-01-01", "9999-12-31"))
    said = await say(journal, "m1", acceptance(code), known)
    assert ids(await ask(journal, code=code)) == {said}


async def test_it_walks_in_pages_and_tells_how_far(journal: AnyJournal) -> None:
    known = crosswalk(*WAS)
    said = {await say(journal, f"m{n}", acceptance(receipt_no=f"R{n}"), known) for n in range(40)}
    told: list[tuple[int, int]] = []
    found = await impact(
        journal,
        "his-a",
        "product",
        "L1",
        valid_from="2026-01-01",
        valid_to="9999-12-31",
        was=WRONG,
        becomes=RIGHT,
        progress=lambda done, total: told.append((done, total)),
        page=7,
    )
    assert ids(found) == said
    assert told[-1] == (80, 80)  # one pass for the messages, one for the conclusions
    assert [done for done, _ in told] == sorted(done for done, _ in told)


async def test_an_empty_journal_has_no_impact(journal: AnyJournal) -> None:
    found = await ask(journal)
    assert (found.touched, found.concluded, found.held) == ((), (), 0)
    assert found.as_dict()["otherwise"] == []

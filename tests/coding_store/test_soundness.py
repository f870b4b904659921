from __future__ import annotations

import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import Choice, Relation
from gateway.coding.review_rules import Gap, gaps
from gateway.coding.rows import CrosswalkRow
from gateway.errors import Misconfigured, Rejected
from tests.coding_store.desk import (
    DAY,
    LI,
    ONE,
    PARTNER,
    TWO,
    WANG,
    Desk,
    desk_on,
    wanted,
)
from tests.journal.conftest import AnyJournal

FILED = CrosswalkRow(PARTNER, "product", "F1", ONE, "2026-01-01", "2026-06-30")


@pytest.mark.parametrize(
    ("since", "until", "fits"),
    [
        ("2025-01-01", "2025-12-31", True),
        ("2025-01-01", "2026-01-01", False),
        ("2026-06-30", "2026-12-31", False),
        ("2026-07-01", "2026-12-31", True),
    ],
)
async def test_a_day_has_one_meaning_and_both_are_named(
    desk: Desk, since: str, until: str, fits: bool
) -> None:
    (old,) = await desk.believe(wanted(valid_to="2026-06-30"))
    newcomer = wanted(unified=TWO, since=since, valid_to=until)
    (outcome,) = await desk.review.propose([newcomer], by=LI, now=desk.now())
    assert outcome.state == ("accepted" if fits else "refused")
    if not fits:
        assert [one.code for one in outcome.issues] == ["crosswalk.overlap"]
        assert all(name in outcome.issues[0].en for name in (old, ONE, TWO))


async def test_what_came_between_proposal_and_approval_counts(desk: Desk) -> None:
    (first,) = await desk.propose(wanted())
    (second,) = await desk.propose(wanted(unified=TWO))
    (good,) = await desk.propose(wanted("L9", "XA01AAA001A001010100009"))
    await desk.review.approve([first], by=WANG, now=desk.now())
    with pytest.raises(Rejected) as wrong:
        await desk.review.approve([good, second], by=WANG, now=desk.now())
    assert [(one.path, one.code) for one in wrong.value.issues] == [(second, "crosswalk.overlap")]
    assert desk.means("L9") is None  # all or none


async def test_a_meaning_is_split_at_a_day_in_whatever_order(desk: Desk) -> None:
    """A province renames its codes on a given day."""
    (old,) = await desk.believe(wanted())
    later = wanted(unified=TWO, since="2026-07-01")
    until = wanted(valid_to="2026-06-30", replaces=old)
    ids = await desk.propose(later, until)
    await desk.review.approve(ids, by=WANG, now=desk.now())
    assert [desk.means(day=day) for day in ("2026-06-30", "2026-07-01")] == [ONE, TWO]


async def test_two_corrections_of_one_version_cannot_both_be(desk: Desk) -> None:
    (old,) = await desk.believe(wanted())
    (first,) = await desk.propose(wanted(unified=TWO, replaces=old))
    (second,) = await desk.propose(wanted(valid_to="2026-12-31", replaces=old))
    with pytest.raises(Rejected, match="nothing to correct"):
        await desk.review.approve([first, second], by=WANG, now=desk.now())
    await desk.review.approve([second], by=WANG, now=desk.now())
    with pytest.raises(Rejected, match="nothing to correct"):
        await desk.review.approve([first], by=WANG, now=desk.now())


async def test_many_to_one_within_one_call_needs_a_choice_too(desk: Desk) -> None:
    outcomes = await desk.review.propose(
        [wanted("L1"), wanted("L2"), wanted("L3", choice=Choice.INBOUND_ONLY)],
        by=LI,
        now=desk.now(),
    )
    assert [each.state for each in outcomes] == ["accepted", "refused", "accepted"]
    apart = wanted("L4", since="2020-01-01", valid_to="2025-12-31")
    await desk.propose(apart)  # other days: no choice is needed


@pytest.mark.parametrize(
    ("proposal", "code"),
    [
        (wanted(unified="x"), "field.format"),
        (wanted(since="2026-02-30"), "field.format"),
        (wanted(valid_to="2025-12-31"), "field.format"),
        (wanted(local="L１"), "field.format"),
        (wanted(local=""), "field.format"),
        (wanted(local="L" * 65), "field.format"),
        (wanted(unified="", relation=Relation.NONE), "field.format"),
        (wanted(relation=Relation.NONE, reason="x"), "field.format"),
        (wanted(choice=Choice.PREFERRED, relation=Relation.BROADER), "field.format"),
        (wanted(evidence="x" * 501), "field.format"),
        (wanted(evidence="a\x00b"), "field.format"),
        (wanted(local_name="x" * 201), "field.format"),
        (wanted(replaces="0" * 32), "crosswalk.replaced"),
        (wanted(replaces="no id"), "field.format"),
        (wanted(retires=True, reason="x"), "field.required"),
    ],
)
async def test_a_bad_proposal_is_refused_with_the_reason_and_hinders_no_other(
    desk: Desk, proposal: object, code: str
) -> None:
    good = wanted("G1", "XA01AAA001A001010100009")
    bad, fine = await desk.review.propose([proposal, good], by=LI, now=desk.now())  # type: ignore[list-item]
    assert (bad.state, [one.code for one in bad.issues], bad.id) == ("refused", [code], "")
    assert fine.state == "accepted"


async def test_files_and_store_make_one_crosswalk(journal: AnyJournal) -> None:
    desk = await desk_on(journal, [FILED])
    await desk.believe(wanted("F1", TWO, "2026-07-01"), wanted("L1", TWO, valid_to="2026-06-30"))
    crosswalk = desk.review.crosswalk
    assert [desk.means("F1", day) for day in ("2026-06-30", "2026-07-01")] == [ONE, TWO]
    assert len(crosswalk) == 3
    assert [one.origin for one in crosswalk.history(PARTNER, "product", "F1")] == [
        "file rows",
        "review",
    ]
    assert desk.meant("2001-01-01T00:00:00Z", "F1") == ONE  # files: known since ever
    assert len(list(crosswalk.versions())) == 3


async def test_a_row_of_a_file_cannot_be_contradicted_or_needs_no_repeating(
    journal: AnyJournal,
) -> None:
    desk = await desk_on(journal, [FILED])
    against = wanted("F1", TWO, "2026-06-30")
    same = wanted("F1", ONE, "2026-02-01", valid_to="2026-03-01")
    longer = wanted("F1", ONE, "2026-02-01", valid_to="2026-12-31")
    outcomes = await desk.review.propose([against, same, longer], by=LI, now=desk.now())
    assert [each.state for each in outcomes] == ["refused", "duplicate", "accepted"]
    assert "file rows" in outcomes[0].issues[0].en
    rival = wanted("L1", ONE)
    (unclear,) = await desk.review.propose([rival], by=LI, now=desk.now())
    assert [one.code for one in unclear.issues] == ["crosswalk.choice"]


async def test_files_that_contradict_what_was_approved_are_not_taken(journal: AnyJournal) -> None:
    desk = await desk_on(journal)
    old, _ = await desk.believe(wanted("F1", TWO), wanted("L1", ONE))
    for row in (FILED, FILED._replace(unified_code="", relation="none", reason="x")):
        with pytest.raises(Misconfigured) as wrong:
            await desk.store.over(Crosswalk.of([row]))
        assert all(name in wrong.value.findings[0] for name in (TWO, old, "F1", "rows"))
        with pytest.raises(Misconfigured):
            await desk.store.over(Crosswalk.of([row]), desk.review.crosswalk)


async def test_a_decision_that_contradicts_this_process_files_is_told(
    journal: AnyJournal,
) -> None:
    desk, other = await desk_on(journal), await desk_on(journal, [FILED])
    await desk.believe(wanted("F1", TWO))
    with pytest.raises(Misconfigured, match="F1"):
        await other.review.follow()
    assert other.means("F1") == ONE  # it goes on with what it had


async def test_days_without_a_meaning_between_two_are_a_gap(desk: Desk) -> None:
    await desk.believe(
        wanted(valid_to="2026-01-31"),
        wanted(unified=TWO, since="2026-02-02", valid_to="2026-02-28"),
        wanted(unified=ONE, since="2026-03-01"),
        wanted("L2", "XA01AAA001A001010100009", valid_to="2026-01-31"),
    )
    found = list(gaps(desk.review.crosswalk))
    assert found == [Gap(PARTNER, "product", "L1", "2026-02-01", "2026-02-01", ONE, TWO)]
    await desk.believe(
        wanted(
            unified="",
            since="2026-02-01",
            valid_to="2026-02-01",
            relation=Relation.NONE,
            reason="停售",
        )
    )
    assert list(gaps(desk.review.crosswalk, PARTNER, "product")) == []
    assert desk.means(day=DAY) == TWO

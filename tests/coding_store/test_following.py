from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import Status
from gateway.coding.review_filing import PROPOSAL_SPACE
from gateway.errors import Rejected
from gateway.ports import Stored
from tests.coding_store.desk import (
    LI,
    ONE,
    PARTNER,
    TWO,
    WANG,
    ZHAO,
    Desk,
    desk_on,
    moment,
    wanted,
)
from tests.journal.conftest import AnyJournal, Opening


async def two_processes(opening: Opening) -> tuple[Desk, Desk]:
    """Two processes on one database, each with a journal of its own."""
    first = await desk_on(await opening())
    return first, await desk_on(await opening())


def everything(crosswalk: Crosswalk) -> list[object]:
    return list(crosswalk.versions())


async def test_another_process_follows_what_was_decided_and_nothing_else(opening: Opening) -> None:
    here, there = await two_processes(opening)
    assert await there.store.refresh(there.review.crosswalk) is None
    (old,) = await here.believe(wanted())
    await here.propose(wanted("L2", "XA01AAA001A001010100009"))
    before = there.review.crosswalk
    newer = await there.store.refresh(before)
    assert newer is not None
    assert newer.resolve(PARTNER, "product", "L1", "2026-02-02") == ONE
    assert (len(before), before.revision) == (0, 0)  # what a document is coded by does not change
    assert await there.store.refresh(newer) is None
    await here.believe(wanted(unified=TWO, replaces=old))
    await here.believe(wanted("L3", "XA01AAA001A001010100003"))
    assert everything(await there.review.follow()) == everything(here.review.crosswalk)
    assert (there.review.crosswalk.revision, len(there.review.crosswalk)) == (3, 2)


async def test_the_reverse_look_up_follows_as_well(opening: Opening) -> None:
    here, there = await two_processes(opening)
    await here.believe(wanted())
    await there.review.follow()

    def said(unified: str) -> list[str]:
        found = there.review.crosswalk.reverse(PARTNER, "product", unified, "2026-02-02")
        return [one.local_code for one in found]

    assert said(ONE) == ["L1"]  # builds the index
    before = there.review.crosswalk
    await here.believe(wanted("L2", TWO))
    await there.review.follow()
    assert said(TWO) == ["L2"]
    assert before.reverse(PARTNER, "product", TWO, "2026-02-02") == ()


async def test_a_large_decision_is_followed_page_by_page(opening: Opening) -> None:
    here, there = await two_processes(opening)
    rows = [wanted(f"L{number}", f"XA01AAA001A0010101{number:05d}") for number in range(2500)]
    await here.believe(*rows)
    assert everything(await there.review.follow()) == everything(here.review.crosswalk)
    fresh = await desk_on(await opening())
    assert everything(fresh.review.crosswalk) == everything(here.review.crosswalk)
    reread = await there.store.over(Crosswalk.of([]), there.review.crosswalk)
    assert everything(reread) == everything(here.review.crosswalk)


async def test_files_read_anew_keep_what_was_decided(opening: Opening, tmp_path: Path) -> None:
    here, there = await two_processes(opening)
    codes = tmp_path / "codes"
    codes.mkdir()
    head = "partner,local_code,unified_code,valid_from,valid_to\n"
    (codes / "a.csv").write_text(f"{head}{PARTNER},F1,{TWO},2026-01-01,\n")
    await there.believe(wanted())
    here.review.crosswalk = await here.store.load(codes, here.review.crosswalk)
    assert (here.means("L1"), here.means("F1")) == (ONE, TWO)
    (codes / "a.csv").write_text(head)
    await there.believe(wanted("L2", "XA01AAA001A001010100003"))
    here.review.crosswalk = await here.store.load(codes, here.review.crosswalk)
    assert (here.means("L1"), here.means("F1"), len(here.review.crosswalk)) == (ONE, None, 2)


async def test_files_read_anew_while_following_are_not_lost(journal: AnyJournal) -> None:
    desk, other = await desk_on(journal), await desk_on(journal)
    await other.believe(wanted())
    refresh, files = desk.store.refresh, Crosswalk.of([])

    async def meanwhile(crosswalk: Crosswalk) -> Crosswalk | None:
        if crosswalk is not files:
            desk.review.crosswalk = files
        return await refresh(crosswalk)

    desk.store.refresh = meanwhile  # type: ignore[method-assign]
    assert (await desk.review.follow()).drugs is files.drugs
    assert desk.means() == ONE


async def test_of_two_contradictory_approvals_at_once_one_wins(opening: Opening) -> None:
    here, there = await two_processes(opening)
    (first,) = await here.propose(wanted())
    (second,) = await there.propose(wanted(unified=TWO), by=ZHAO)
    outcomes = await asyncio.gather(
        here.review.approve([first], by=WANG, now=here.now()),
        there.review.approve([second], by=WANG, now=there.now()),
        return_exceptions=True,
    )
    refused = [each for each in outcomes if isinstance(each, Rejected)]
    assert len(refused) == 1, outcomes
    assert refused[0].issues[0].code == "crosswalk.overlap"
    versions = (await here.review.follow()).history(PARTNER, "product", "L1")
    assert [one.believed for one in versions] == [True]


async def test_of_two_unclear_choices_at_once_one_wins(opening: Opening) -> None:
    """Other local codes, other documents: the store's counter keeps them apart."""
    here, there = await two_processes(opening)
    (first,) = await here.propose(wanted("L1"))
    (second,) = await there.propose(wanted("L2"))
    outcomes = await asyncio.gather(
        here.review.approve([first], by=WANG, now=here.now()),
        there.review.approve([second], by=WANG, now=there.now()),
        return_exceptions=True,
    )
    (refused,) = (each for each in outcomes if isinstance(each, Rejected))
    assert refused.issues[0].code == "crosswalk.choice"


async def test_approving_and_refusing_at_once_ends_in_one_of_them(opening: Opening) -> None:
    here, there = await two_processes(opening)
    for number in range(5):
        (one,) = await here.propose(wanted(f"L{number}", f"XA01AAA001A00101010000{number}"))
        outcomes = await asyncio.gather(
            here.review.approve([one], by=WANG, now=here.now()),
            there.review.refuse([one], by=ZHAO, reason="存疑", now=there.now()),
            return_exceptions=True,
        )
        (lost,) = (each for each in outcomes if isinstance(each, Rejected))
        assert lost.issues[0].code == "proposal.decided"
        filed = await there.review.get(one)
        await here.review.follow()
        assert filed is not None
        assert (filed.status is Status.APPROVED) == (here.means(f"L{number}") is not None)


async def test_many_decide_at_once_and_every_decision_counts_once(opening: Opening) -> None:
    desks = await two_processes(opening)
    rows = [wanted(f"L{number}", f"XA01AAA001A0010101{number:05d}") for number in range(12)]
    ids = await desks[0].propose(*rows)
    await asyncio.gather(
        *(
            desks[number % 2].review.approve([one], by=WANG, now=moment(number))
            for number, one in enumerate([*ids, *ids[:4]])
        )
    )
    crosswalk = await desks[0].review.follow()
    assert (crosswalk.revision, len(crosswalk)) == (12, 12)
    known = [one.known_from for one in crosswalk.versions()]
    assert len(set(known)) == 12


@pytest.mark.parametrize("way", ["approve", "approve_batch", "approve_exact"])
async def test_what_another_process_approves_meanwhile_was_approved_before(
    opening: Opening, way: str
) -> None:
    """The other comes between the reading of the proposal and the decision about it."""
    here, there = await two_processes(opening)
    (one,) = await here.propose(wanted(exact=True), batch="b1")
    read, others = here.journal.get_many, [one]

    async def meanwhile(space: str, keys: Sequence[str]) -> dict[str, Stored]:
        found = await read(space, keys)
        if space == PROPOSAL_SPACE and others:
            await there.review.approve([others.pop()], by=ZHAO, now=there.now())
        return found

    here.journal.get_many = meanwhile  # type: ignore[method-assign]
    decide = {
        "approve": lambda: here.review.approve([one], by=WANG, now=here.now()),
        "approve_batch": lambda: here.review.approve_batch("b1", by=WANG, now=here.now()),
        "approve_exact": lambda: here.review.approve_exact(by=WANG, now=here.now()),
    }
    decided = await decide[way]()
    assert not others
    assert (decided.ids, decided.left) == ((), ())
    assert (await here.review.follow()).revision == 1


async def test_the_same_proposals_from_two_processes_are_filed_once(opening: Opening) -> None:
    here, there = await two_processes(opening)
    rows = [wanted(f"L{number}", f"XA01AAA001A0010101{number:05d}") for number in range(30)]
    both = await asyncio.gather(
        here.review.propose(rows, by=LI, now=here.now()),
        there.review.propose(rows[::-1], by=ZHAO, now=there.now()),
    )
    states = [sorted((both[0][at].state, both[1][29 - at].state)) for at in range(30)]
    assert states == [["accepted", "duplicate"]] * 30
    assert len((await here.review.proposals(limit=100)).items) == 30


async def pages(desk: Desk, limit: int, **asked: str) -> list[list[str]]:
    found, after = [], ""
    while True:
        page = await desk.review.proposals(Status.PROPOSED, after=after, limit=limit, **asked)
        found.append([one.proposal.local_code for one in page.items])
        if not page.next:
            return found
        after = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_a_work_list_is_read_page_by_page_oldest_first(desk: Desk, limit: int) -> None:
    rows = [wanted(f"L{number}", f"XA01AAA001A0010101{number:05d}") for number in range(7)]
    await desk.propose(*rows[:3])
    await desk.propose(*(replace(one, partner="his-b") for one in rows[:2]))
    await desk.propose(*rows[3:])
    mine = [one.local_code for one in rows]
    found = await pages(desk, limit, partner=PARTNER)
    assert [one for page in found for one in page] == mine
    assert all(len(page) == limit for page in found[:-1])
    assert found[-1]
    both = await pages(desk, limit)
    assert [one for page in both for one in page] == [*mine, "L0", "L1"]


async def test_a_work_list_is_read_on_while_others_decide(desk: Desk) -> None:
    rows = [wanted(f"L{number}", f"XA01AAA001A0010101{number:05d}") for number in range(6)]
    ids = await desk.propose(*rows)
    first = await desk.review.proposals(limit=2)
    await desk.review.approve(ids[:3], by=WANG, now=desk.now())
    second = await desk.review.proposals(after=first.next, limit=10)
    assert [one.id for one in second.items] == ids[3:]
    approved = await desk.review.proposals(Status.APPROVED, PARTNER)
    assert [one.id for one in approved.items] == ids[:3]
    await desk.review.refuse(ids[3:], by=WANG, reason="x", now=desk.now())
    assert (await desk.review.proposals()).items == ()
    third = await desk.review.proposals(after=first.next, limit=10)
    assert (third.items, third.next) == ((), "")
    refused = await desk.review.proposals(Status.REFUSED)
    assert [(one.id, one.decided_by) for one in refused.items] == [(one, WANG) for one in ids[3:]]


async def test_a_page_of_somebody_elses_list_begins_at_ones_own_first(desk: Desk) -> None:
    await desk.propose(wanted("L1"))
    others = [replace(wanted(f"L{number}", TWO), partner="his-b") for number in (1, 2)]
    await desk.propose(others[0], replace(others[1], unified_code=ONE))
    page = await desk.review.proposals(partner="his-b", limit=1)
    for odd in (page.next, "x", "#", "x#y", "proposed|his-a|#0"):
        found = await desk.review.proposals(partner=PARTNER, after=odd)
        assert {one.proposal.partner for one in found.items} <= {PARTNER}

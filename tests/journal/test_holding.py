"""挂起与放行: what waits, behind what, and how it flows on exactly once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.ports import EntryKind, LineState, Row, Verdict
from schemas.envelope import message_identity
from tests.journal.conftest import AnyJournal, Opening
from tests.journal.making import (
    commit,
    message,
    order,
    release,
    states,
    submission,
    unknown_code,
)

CODE = "his-a|product|X-1"


async def held_ids(journal: AnyJournal) -> list[str]:
    return [one.id for one in await journal.held()]


async def published(journal: AnyJournal, ids: Sequence[str]) -> list[bool]:
    found = [await journal.find(identity) for identity in ids]
    return [one is not None and one.kind is EntryKind.MESSAGE for one in found]


async def test_an_unknown_code_holds_the_message_and_says_why(journal: AnyJournal) -> None:
    given = order("m1", "order-1", kind=EntryKind.HELD, keys=("order-1", CODE))
    (outcome,) = await journal.commit(commit(given))
    assert outcome.verdict is Verdict.ACCEPTED
    assert states(outcome) == [(0, "held")]
    assert outcome.lines[0].issues == (unknown_code(),)
    (held,) = await journal.held()
    assert (held.id, held.partner, held.subject) == (given.id, "his-a", "order-1")
    assert (held.keys, held.issues) == (("order-1", CODE), (unknown_code(),))
    assert (held.shard, held.seq) == (outcome.shard, outcome.seq)
    assert held.since == given.received_at
    row = await journal.find(given.id)
    assert row is not None
    assert row.kind is EntryKind.HELD
    assert row.raw == given.raw
    assert not any([await journal.read(shard, 0, 10) for shard in range(journal.shards)])


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("keys", "waits"),
    [(("order-1",), True), (("other", CODE), True), (("other",), False), ((), False)],
)
async def test_what_shares_a_key_with_a_held_message_waits_behind_it(
    journal: AnyJournal, keys: tuple[str, ...], waits: bool, together: bool
) -> None:
    first = order("m1", kind=EntryKind.HELD, keys=("order-1", CODE))
    later = order("m2", "elsewhere", keys=keys)
    if together:
        _, outcome = await journal.commit(commit(first, later))
    else:
        await journal.commit(commit(first))
        (outcome,) = await journal.commit(commit(later))
    assert outcome.lines[0].state is (LineState.HELD if waits else LineState.ACCEPTED)
    assert outcome.lines[0].issues == ()
    assert len(await journal.held()) == (2 if waits else 1)


async def test_waiting_is_passed_on_from_one_to_the_next(journal: AnyJournal) -> None:
    await journal.commit(commit(order("m1", kind=EntryKind.HELD, keys=("a",))))
    await journal.commit(commit(order("m2", "s2", keys=("a", "b"))))
    (outcome,) = await journal.commit(commit(order("m3", "s3", keys=("b", "c"))))
    assert outcome.lines[0].state is LineState.HELD
    assert await held_ids(journal) == [message_identity("his-a", f"m{n}") for n in (1, 2, 3)]


async def test_a_line_waits_behind_an_earlier_line_of_its_own_document(
    journal: AnyJournal,
) -> None:
    rows = [
        Row(message("c" * 32, "s1"), 1, EntryKind.HELD, ("s1", CODE), (unknown_code(),)),
        Row(message("d" * 32, "s2"), 2, waits_on=("s2", CODE)),
        Row(message("e" * 32, "s3"), 3, waits_on=("s3",)),
    ]
    (outcome,) = await journal.commit(commit(submission("m1", rows)))
    assert states(outcome) == [(1, "held"), (2, "held"), (3, "accepted")]
    (again,) = await journal.commit(commit(submission("m1", rows)))
    assert states(again) == [(1, "duplicate"), (2, "duplicate"), (3, "duplicate")]


async def test_a_release_publishes_the_coded_row_under_the_same_id(journal: AnyJournal) -> None:
    given = order("m1", kind=EntryKind.HELD, keys=("order-1", CODE), raw=b"<first/>")
    (held,) = await journal.commit(commit(given))
    (outcome,) = await journal.commit(commit(release(given.id, "unified-1")))
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.lines[0].state is LineState.ACCEPTED
    found = await journal.find(given.id)
    assert found is not None
    assert (found.kind, found.message.subject) == (EntryKind.MESSAGE, "unified-1")
    assert (found.shard, found.seq) == (outcome.shard, outcome.seq)
    assert await journal.raw(given.id) == b"<first/>"
    assert await journal.held() == []
    rows = await journal.read(held.shard, held.seq - 1, 1, published_only=False)
    assert [row.kind for row in rows] == [EntryKind.HELD]
    (free,) = await journal.commit(commit(order("m2", keys=("order-1", CODE))))
    assert free.lines[0].state is LineState.ACCEPTED
    for shard in range(journal.shards):
        async for _ in journal.verify(shard):
            pass


async def test_a_release_may_carry_bytes_of_its_own(journal: AnyJournal) -> None:
    given = order("m1", kind=EntryKind.HELD, keys=(CODE,))
    await journal.commit(commit(given))
    await journal.commit(commit(release(given.id, "order-1", raw=b'{"head":"x"}')))
    assert await journal.raw(given.id) == b'{"head":"x"}'
    (again,) = await journal.commit(commit(given))
    assert again.verdict is Verdict.DUPLICATE


async def test_a_released_line_still_leads_to_its_document(journal: AnyJournal) -> None:
    row = Row(message("c" * 32, "s1"), 1, EntryKind.HELD, (CODE,), (unknown_code(),))
    given = submission("m1", [row, Row(message("d" * 32, "s2"), 2)], raw=b"<two/>")
    await journal.commit(commit(given))
    await journal.commit(commit(release("c" * 32, "s1")))
    assert await journal.raw("c" * 32) == b"<two/>"
    found = await journal.find("c" * 32)
    assert found is not None
    assert (found.head_id, found.digest) == (given.id, given.digest)


@pytest.mark.parametrize("together", [True, False])
async def test_a_release_happens_once(journal: AnyJournal, together: bool) -> None:
    given = order("m1", kind=EntryKind.HELD, keys=("order-1",))
    await journal.commit(commit(given))
    one, two = release(given.id, "order-1"), release(given.id, "order-1")
    if together:
        outcomes = await journal.commit(commit(one, two))
    else:
        both = [await journal.commit(commit(each)) for each in (one, two)]
        outcomes = [outcome for each in both for outcome in each]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    assert (outcomes[1].shard, outcomes[1].seq) == (outcomes[0].shard, outcomes[0].seq)
    assert sum(head.seq for head in await journal.heads()) == 2


async def test_a_release_of_what_was_never_held_writes_nothing(journal: AnyJournal) -> None:
    (outcome,) = await journal.commit(commit(release("f" * 32, "s")))
    assert outcome.verdict is Verdict.DUPLICATE
    assert sum(head.seq for head in await journal.heads()) == 0


async def test_the_partner_may_still_resend_what_was_held_and_released(
    journal: AnyJournal,
) -> None:
    given = order("m1", kind=EntryKind.HELD, keys=("order-1",), raw=b"<a/>")
    await journal.commit(commit(given))
    await journal.commit(commit(release(given.id, "order-1")))
    same, other = await journal.commit(
        commit(order("m1", kind=EntryKind.HELD, keys=("order-1",), raw=b"<a/>"), order("m1"))
    )
    assert same.verdict is Verdict.DUPLICATE
    assert other.verdict is Verdict.CONFLICT


async def test_nothing_overtakes_an_older_held_message_of_the_same_key(
    journal: AnyJournal,
) -> None:
    ids = [message_identity("his-a", f"m{n}") for n in range(3)]
    for number in range(3):
        held = order(f"m{number}", f"s{number}", kind=EntryKind.HELD, keys=(CODE,))
        await journal.commit(commit(held))
    (early,) = await journal.commit(commit(release(ids[1], "s1")))
    assert early.lines[0].state is LineState.HELD
    assert await held_ids(journal) == ids
    assert await published(journal, ids) == [False, False, False]
    outcomes = await journal.commit(commit(*(release(each, "s") for each in ids)))
    assert [out.lines[0].state for out in outcomes] == [LineState.ACCEPTED] * 3
    assert await published(journal, ids) == [True, True, True]


async def test_a_key_stays_taken_while_one_held_message_still_has_it(journal: AnyJournal) -> None:
    first, second = (order(f"m{n}", f"s{n}", kind=EntryKind.HELD, keys=(CODE,)) for n in (1, 2))
    await journal.commit(commit(first, second))
    outcomes = await journal.commit(
        commit(release(first.id, "s1"), order("m3", "s3", keys=(CODE,)))
    )
    assert [out.lines[0].state for out in outcomes] == [LineState.ACCEPTED, LineState.HELD]


async def test_a_release_that_is_still_uncoded_is_held_again(journal: AnyJournal) -> None:
    given = order("m1", kind=EntryKind.HELD, keys=(CODE,))
    await journal.commit(commit(given))
    again = release(given.id, "order-1")
    again.rows = [Row(again.rows[0].message, 0, EntryKind.HELD, ("other",), (unknown_code(),))]
    (outcome,) = await journal.commit(commit(again))
    assert outcome.lines[0].state is LineState.HELD
    (held,) = await journal.held()
    assert (held.id, held.keys) == (given.id, ("other",))


async def test_the_hold_list_is_oldest_first_and_limited(journal: AnyJournal) -> None:
    await journal.commit(
        commit(*(order(f"m{n}", f"s{n}", kind=EntryKind.HELD, keys=(f"k{n}",)) for n in range(5)))
    )
    listed = await journal.held(limit=2)
    assert [held.id for held in listed] == [message_identity("his-a", f"m{n}") for n in (0, 1)]
    assert await journal.held(limit=0) == []


async def test_two_journals_release_the_same_rows_at_once_and_each_goes_once(
    opening: Opening,
) -> None:
    one, two = await opening(), await opening()
    helds = [order(f"m{n}", f"s{n}", kind=EntryKind.HELD, keys=(f"k{n}",)) for n in range(20)]
    await one.commit(commit(*helds))
    work = [
        journal.commit(commit(release(held.id, held.rows[0].message.subject)))
        for held in helds
        for journal in (one, two)
    ]
    verdicts = [outcome.verdict for outcomes in await asyncio.gather(*work) for outcome in outcomes]
    assert verdicts.count(Verdict.ACCEPTED) == 20
    assert verdicts.count(Verdict.DUPLICATE) == 20
    assert await one.held() == []
    assert sum(head.seq for head in await two.heads()) == 40


async def test_a_known_code_of_a_held_message_does_not_stop_what_shares_it(
    journal: AnyJournal,
) -> None:
    """One unknown product must not stop a whole hospital; what lacks the same code waits its turn."""
    ward = "his|institution|I1"
    lacking = Row(
        message("a" * 32, "s1"),
        1,
        EntryKind.HELD,
        waits_on=("s1", CODE, ward),
        holds_back=("s1", CODE),
    )
    others = [
        Row(message("b" * 32, "s2"), 2, waits_on=("s2", ward), holds_back=("s2",)),
        Row(message("c" * 32, "s3"), 3, waits_on=("s3", CODE, ward), holds_back=("s3",)),
        Row(message("d" * 32, "s1"), 4, waits_on=("s1", ward), holds_back=("s1",)),
        Row(message("e" * 32, "s3"), 5, waits_on=("s3",), holds_back=("s3",)),
    ]
    (outcome,) = await journal.commit(commit(submission("m1", [lacking, *others])))
    assert [state for _, state in states(outcome)] == [
        "held",
        "accepted",
        "held",
        "held",
        "held",
    ]
    keys = {each.id[0]: each.keys for each in await journal.held()}
    assert keys == {"a": ("s1", CODE), "c": ("s3", CODE), "d": ("s1",), "e": ("s3",)}

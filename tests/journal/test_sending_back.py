"""退回: a held message whose code was refused leaves the hold list once, as a rejection."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.ports import EntryKind, LineState, Row, Submission, Verdict
from schemas.envelope import message_identity
from tests.journal.conftest import AnyJournal, Opening
from tests.journal.making import commit, message, order, release, submission, unknown_code

CODE = "his-a|product|X-1"


def rejection(held_id: str, *, partner: str = "his-a") -> Submission:
    """The row that sends a held one back."""
    identity = message_identity(partner, f"{held_id}!refused")
    sent = submission(
        f"{held_id}!refused",
        [Row(message(identity, "m1", partner=partner))],
        partner=partner,
        raw=b"",
    )
    sent.rejects = held_id
    return sent


def held(name: str, subject: str = "order-1", *keys: str, raw: bytes = b"<order/>") -> Submission:
    return order(name, subject, kind=EntryKind.HELD, keys=keys or (subject, CODE), raw=raw)


async def held_ids(journal: AnyJournal) -> list[str]:
    return [one.id for one in await journal.held()]


async def verified(journal: AnyJournal) -> None:
    for shard in range(journal.shards):
        async for _ in journal.verify(shard):
            pass


async def test_what_is_sent_back_leaves_the_list_and_stays_as_evidence(journal: AnyJournal) -> None:
    given = held("m1", raw=b"<first/>")
    await journal.commit(commit(given))
    (outcome,) = await journal.commit(commit(rejection(given.id)))
    assert (outcome.verdict, outcome.lines[0].state) == (Verdict.ACCEPTED, LineState.ACCEPTED)
    assert await journal.held() == []
    kept = await journal.find(given.id)
    assert kept is not None
    assert (kept.kind, kept.raw) == (EntryKind.HELD, b"<first/>")
    sent = await journal.find(rejection(given.id).id)
    assert sent is not None
    assert (sent.kind, sent.shard, sent.seq) == (EntryKind.MESSAGE, outcome.shard, outcome.seq)
    assert (sent.head_id, sent.digest) == (given.id, given.digest)
    assert await journal.raw(sent.message.id) == b"<first/>"
    await verified(journal)


async def test_the_same_document_again_is_a_duplicate_and_never_held_again(
    journal: AnyJournal,
) -> None:
    given = held("m1")
    await journal.commit(commit(given))
    await journal.commit(commit(rejection(given.id)))
    same, other = await journal.commit(commit(given, held("m1", raw=b"<other/>")))
    assert (same.verdict, other.verdict) == (Verdict.DUPLICATE, Verdict.CONFLICT)
    assert await journal.held() == []


async def test_a_line_that_is_sent_back_leads_to_its_document(journal: AnyJournal) -> None:
    rows = [
        Row(message("c" * 32, "s1"), 1, EntryKind.HELD, ("s1", CODE), (unknown_code(),)),
        Row(message("d" * 32, "s2"), 2, EntryKind.HELD, ("s2",), (unknown_code(),)),
    ]
    given = submission("m1", rows, raw=b"<two/>")
    await journal.commit(commit(given))
    await journal.commit(commit(rejection("d" * 32)))
    assert await held_ids(journal) == ["c" * 32]
    sent = await journal.find(rejection("d" * 32).id)
    assert sent is not None
    assert (sent.head_id, sent.digest) == (given.id, given.digest)
    assert await journal.raw(sent.head_id) == b"<two/>"
    line = await journal.find("d" * 32)
    assert line is not None
    assert line.line == 2


@pytest.mark.parametrize("together", [True, False])
async def test_sending_back_happens_once(journal: AnyJournal, together: bool) -> None:
    given = held("m1")
    await journal.commit(commit(given))
    one, two = rejection(given.id), rejection(given.id)
    if together:
        outcomes = await journal.commit(commit(one, two))
    else:
        outcomes = [*await journal.commit(commit(one)), *await journal.commit(commit(two))]
    assert [each.verdict for each in outcomes] == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    assert sum(head.seq for head in await journal.heads()) == 2


async def test_what_was_released_cannot_be_sent_back_nor_the_other_way_round(
    journal: AnyJournal,
) -> None:
    one, two = held("m1", "s1", "k1"), held("m2", "s2", "k2")
    await journal.commit(commit(one, two))
    await journal.commit(commit(release(one.id, "s1"), rejection(two.id)))
    outcomes = await journal.commit(commit(rejection(one.id), release(two.id, "s2")))
    assert [each.verdict for each in outcomes] == [Verdict.DUPLICATE] * 2
    assert await journal.find(rejection(one.id).id) is None
    assert sum(head.seq for head in await journal.heads()) == 4


async def test_sending_back_one_out_of_its_turn_lets_the_others_keep_their_order(
    journal: AnyJournal,
) -> None:
    names = [f"m{number}" for number in range(6)]
    ids = [message_identity("his-a", name) for name in names]
    await journal.commit(commit(*(held(name, f"s-{name}", CODE) for name in names)))
    await journal.commit(
        commit(rejection(ids[5]))
    )  # the youngest of the key, far behind the oldest
    await journal.commit(commit(rejection(ids[2]), rejection(ids[1])))
    assert await held_ids(journal) == [ids[0], ids[3], ids[4]]
    (early,) = await journal.commit(commit(release(ids[3], "s-m3")))
    assert early.lines[0].state is LineState.HELD
    (later,) = await journal.commit(commit(order("m7", "s-m7", keys=(CODE,))))
    assert later.lines[0].state is LineState.HELD
    outcomes = await journal.commit(commit(*(release(ids[n], f"s-m{n}") for n in (0, 3, 4))))
    assert [each.lines[0].state for each in outcomes] == [LineState.ACCEPTED] * 3
    await verified(journal)


async def test_the_key_is_free_once_the_last_one_that_has_it_was_sent_back(
    journal: AnyJournal,
) -> None:
    one, two = held("m1", "s1", CODE), held("m2", "s2", CODE)
    await journal.commit(commit(one, two))
    outcomes = await journal.commit(
        commit(
            rejection(one.id),
            order("m3", "s3", keys=(CODE,)),
            rejection(two.id),
            rejection(message_identity("his-a", "m3")),
            order("m4", "s4", keys=(CODE,)),
        )
    )
    assert outcomes[1].lines[0].state is LineState.HELD
    assert outcomes[4].lines[0].state is LineState.ACCEPTED


async def test_what_was_never_held_is_not_sent_back(journal: AnyJournal) -> None:
    (outcome,) = await journal.commit(commit(rejection("f" * 32)))
    assert outcome.verdict is Verdict.DUPLICATE
    assert sum(head.seq for head in await journal.heads()) == 0


async def test_a_rejection_needs_an_id_of_its_own(journal: AnyJournal) -> None:
    given, other = held("m1"), order("m2", "s2")
    await journal.commit(commit(given, other))
    for taken in (given.id, other.id):
        sent = rejection(given.id)
        sent.rows = [Row(message(taken, "m1"))]
        (outcome,) = await journal.commit(commit(sent))
        assert outcome.verdict is Verdict.CONFLICT
    assert await held_ids(journal) == [given.id]


@pytest.mark.parametrize(
    "wrong",
    [
        {"releases": "a" * 32},
        {"rows": []},
        {"rows": [Row(message("c" * 32), kind=EntryKind.HELD)]},
        {"rows": [Row(message("c" * 32)), Row(message("d" * 32))]},
    ],
)
async def test_a_rejection_that_is_no_single_message_is_refused(
    journal: AnyJournal, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="submission"):
        await journal.commit(commit(replace(rejection("b" * 32), **wrong)))  # type: ignore[arg-type]  # any field


async def test_two_journals_release_and_send_back_at_once_and_each_row_leaves_once(
    opening: Opening,
) -> None:
    one, two = await opening(), await opening()
    given = [held(f"m{n}", f"s{n}", f"k{n}") for n in range(20)]
    await one.commit(commit(*given))
    work = [
        leaving
        for each in given
        for leaving in (
            one.commit(commit(release(each.id, each.rows[0].message.subject))),
            two.commit(commit(rejection(each.id))),
        )
    ]
    verdicts = [outcome.verdict for done in await asyncio.gather(*work) for outcome in done]
    assert verdicts.count(Verdict.ACCEPTED) == 20
    assert verdicts.count(Verdict.DUPLICATE) == 20
    assert await two.held() == []
    assert sum(head.seq for head in await one.heads()) == 40
    await verified(two)


async def test_the_hold_list_is_read_in_pages_and_counted_by_partner(journal: AnyJournal) -> None:
    given = [held(f"m{n}", f"s{n}", f"k{n}") for n in range(5)]
    given[0].received_at = "2026-02-01T08:00:00+08:00"
    other = order("n1", "t1", partner="his-b", kind=EntryKind.HELD, keys=("t1",))
    assert await journal.held_counts() == []
    await journal.commit(commit(*given[:3], other, *given[3:]))
    first = await journal.held(limit=4)
    rest = await journal.held(limit=4, after=first[-1].number)
    assert [one.id for one in (*first, *rest)] == [
        *(each.id for each in given[:3]),
        other.id,
        *(each.id for each in given[3:]),
    ]
    counts = [(one.partner, one.count, one.since) for one in await journal.held_counts()]
    assert counts == [
        ("his-a", 5, "2026-02-01T08:00:00+08:00"),
        ("his-b", 1, "2026-03-01T08:00:00+08:00"),
    ]

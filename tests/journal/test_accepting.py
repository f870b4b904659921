"""受理: what becomes of a document in the journal, and what its sender is told."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from gateway.ports import Commit, EntryKind, LineState, Row, Verdict
from schemas.envelope import message_identity
from schemas.issues import issue
from tests.journal.conftest import AnyJournal, Opening
from tests.journal.making import commit, document, message, order, states, submission

ISSUE = issue("field.required", "/lines/2/drug", line=2)


async def everything(journal: AnyJournal) -> list[tuple[int, int, str]]:
    return [
        (entry.shard, entry.seq, entry.kind.value)
        for shard in range(journal.shards)
        for entry in await journal.read(shard, 0, 1000, published_only=False)
    ]


async def test_a_single_message_is_one_row_that_carries_its_raw_bytes(journal: AnyJournal) -> None:
    given = order("m1", raw=b"\x00\xff<raw>")
    (outcome,) = await journal.commit(commit(given))
    assert outcome.verdict is Verdict.ACCEPTED
    assert states(outcome) == [(0, "accepted")]
    found = await journal.find(given.id)
    assert found is not None
    assert found.message == given.rows[0].message
    assert (found.shard, found.seq) == (outcome.shard, outcome.seq)
    assert (found.kind, found.head_id, found.raw) == (EntryKind.MESSAGE, given.id, given.raw)
    assert (found.message_id, found.interface, found.digest) == ("m1", "his", given.digest)
    assert found.recorded_at == given.received_at
    assert await journal.raw(given.id) == given.raw
    assert len(await everything(journal)) == 1


async def test_a_document_of_lines_is_headed_by_its_bytes_and_our_answer(
    journal: AnyJournal,
) -> None:
    given = document("m1", ["order-1", "order-2"], raw=b"<two/>")
    given.refused.append((3, (ISSUE,)))
    (outcome,) = await journal.commit(commit(given))
    assert states(outcome) == [(1, "accepted"), (2, "accepted"), (3, "rejected")]
    head = await journal.find(given.id)
    assert head is not None
    assert (head.kind, head.raw, head.head_id) == (EntryKind.RECEIVED, b"<two/>", given.id)
    answer = orjson.loads(head.message.data)
    assert [line["state"] for line in answer["lines"]] == ["accepted", "accepted", "rejected"]
    assert answer["lines"][2]["issues"] == [ISSUE.as_dict()]
    for line in (1, 2):
        row = await journal.find(message_identity("his-a", "m1", line))
        assert row is not None
        assert (row.kind, row.raw, row.head_id) == (EntryKind.MESSAGE, b"", given.id)
        assert row.digest == given.digest
        assert await journal.raw(row.message.id) == b"<two/>"
    published = [e.kind for s in range(journal.shards) for e in await journal.read(s, 0, 10)]
    assert published == [EntryKind.MESSAGE] * 2


async def test_a_document_without_one_good_line_is_rejected_and_kept(journal: AnyJournal) -> None:
    given = submission("m1", [], refused=[(1, (ISSUE,))])
    (outcome,) = await journal.commit(commit(given))
    assert outcome.verdict is Verdict.REJECTED
    assert states(outcome) == [(1, "rejected")]
    assert outcome.lines[0].issues == (ISSUE,)
    assert await journal.raw(given.id) == given.raw


@pytest.mark.parametrize("together", ["in one commit", "in one group", "one after the other"])
async def test_the_same_document_again_gets_the_first_answer(
    journal: AnyJournal, together: str
) -> None:
    first, again = document("m1", ["a", "b"]), document("m1", ["a", "b"])
    for given in (first, again):
        given.refused.append((3, (ISSUE,)))
    if together == "in one commit":
        accepted, outcome = await journal.commit(commit(first, again))
    elif together == "in one group":
        both = asyncio.gather(journal.commit(commit(first)), journal.commit(commit(again)))
        (accepted,), (outcome,) = await both
    else:
        (accepted,) = await journal.commit(commit(first))
        (outcome,) = await journal.commit(commit(again))
    assert accepted.verdict is Verdict.ACCEPTED
    assert outcome.verdict is Verdict.DUPLICATE
    assert states(outcome) == [(1, "duplicate"), (2, "duplicate"), (3, "rejected")]
    assert [line.id for line in outcome.lines] == [line.id for line in accepted.lines]
    assert outcome.lines[2].issues == (ISSUE,)
    assert (outcome.shard, outcome.seq) == (accepted.shard, accepted.seq)
    assert len(await everything(journal)) == 3


@pytest.mark.parametrize("together", [True, False])
async def test_the_same_id_with_other_content_is_a_conflict_and_changes_nothing(
    journal: AnyJournal, together: bool
) -> None:
    first, other, third = order("m1", raw=b"1"), order("m1", raw=b"2"), order("m2", raw=b"3")
    if together:
        kept, refused, later = await journal.commit(commit(first, other, third))
    else:
        (kept,) = await journal.commit(commit(first))
        refused, later = await journal.commit(commit(other, third))
    assert [kept.verdict, refused.verdict, later.verdict] == [
        Verdict.ACCEPTED,
        Verdict.CONFLICT,
        Verdict.ACCEPTED,
    ]
    assert refused.lines == ()
    assert await journal.raw(first.id) == b"1"
    assert len(await everything(journal)) == 2


async def test_a_rejected_document_again_is_still_rejected_line_by_line(
    journal: AnyJournal,
) -> None:
    given = submission("m1", [], refused=[(1, (ISSUE,))])
    await journal.commit(commit(given))
    (outcome,) = await journal.commit(commit(given))
    assert outcome.verdict is Verdict.DUPLICATE
    assert [(line.state, line.issues) for line in outcome.lines] == [(LineState.REJECTED, (ISSUE,))]


async def test_a_line_known_from_another_document_is_not_written_twice(
    journal: AnyJournal,
) -> None:
    row = Row(message("c" * 32, "order-1"), 1)
    other = Row(message("d" * 32, "order-1"), 2)
    await journal.commit(commit(submission("m1", [row, other])))
    fresh = Row(message("e" * 32, "order-1"), 2)
    (outcome,) = await journal.commit(commit(submission("m2", [row, fresh])))
    assert states(outcome) == [(1, "duplicate"), (2, "accepted")]
    assert (
        sorted(kind for _, _, kind in await everything(journal))
        == ["message"] * 3 + ["received"] * 2
    )


async def test_a_line_whose_id_stands_for_other_content_is_a_conflict(journal: AnyJournal) -> None:
    await journal.commit(commit(submission("m1", [Row(message("c" * 32, "a"), 1)])))
    changed = Row(message("c" * 32, "a", quantity="9.0000"), 1)
    fresh = Row(message("e" * 32, "a"), 2)
    (outcome,) = await journal.commit(commit(submission("m2", [fresh, changed])))
    assert outcome.verdict is Verdict.CONFLICT
    assert await journal.find("e" * 32) is None


async def test_two_lines_with_one_id_are_a_conflict(journal: AnyJournal) -> None:
    twice = [Row(message("c" * 32, "a"), 1), Row(message("c" * 32, "a"), 2)]
    (outcome,) = await journal.commit(commit(submission("m1", twice)))
    assert outcome.verdict is Verdict.CONFLICT
    assert await everything(journal) == []


async def test_a_replayed_request_writes_nothing_and_disturbs_nobody(journal: AnyJournal) -> None:
    await journal.commit(commit(order("m1", nonce="n1")))
    replayed, fresh, elsewhere = await journal.commit(
        commit(
            order("m2", nonce="n1"),
            order("m3", nonce="n2"),
            order("m4", partner="his-b", nonce="n1"),
        )
    )
    assert [replayed.verdict, fresh.verdict, elsewhere.verdict] == [
        Verdict.REPLAYED,
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
    ]
    assert replayed.lines == ()
    assert await journal.find(message_identity("his-a", "m2")) is None


async def test_documents_of_one_request_share_its_nonce(journal: AnyJournal) -> None:
    outcomes = await journal.commit(commit(order("m1", nonce="n"), order("m2", nonce="n")))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED] * 2


async def test_a_nonce_is_forgotten_after_a_day(journal: AnyJournal) -> None:
    await journal.commit(commit(order("m1", nonce="n")))
    later = order("m2", nonce="other", received_at="2026-03-02T08:00:01+08:00")
    await journal.commit(commit(later))
    (outcome,) = await journal.commit(commit(order("m3", nonce="n")))
    assert outcome.verdict is Verdict.ACCEPTED


async def test_a_receipt_is_kept_once_and_never_published(journal: AnyJournal) -> None:
    receipt = Row(message("c" * 32, "order-1"), kind=EntryKind.RECEIPT)
    await asyncio.gather(*(journal.commit(Commit(receipts=[receipt])) for _ in range(3)))
    await journal.commit(Commit(receipts=[receipt, receipt]))
    assert [kind for _, _, kind in await everything(journal)] == ["receipt"]
    assert all([not await journal.read(shard, 0, 10) for shard in range(journal.shards)])


async def test_an_empty_commit_is_no_error(journal: AnyJournal) -> None:
    assert await journal.commit(Commit()) == []
    (outcome,) = await journal.commit(commit(submission("m1", [], raw=b"")))
    assert outcome.verdict is Verdict.ACCEPTED
    assert await journal.raw(outcome.submission_id) == b""


async def test_ids_that_are_no_hex_are_kept_apart_all_the_same(journal: AnyJournal) -> None:
    ids = ["AB" * 16, "ab" * 16, "ab " * 10 + "ab", "x", ""]
    for number, identity in enumerate(ids):
        given = order(f"m{number}", raw=b"%d" % number)
        given.id = identity
        given.rows = [Row(message(identity, "s"))]
        (outcome,) = await journal.commit(commit(given))
        assert outcome.verdict is Verdict.ACCEPTED
    for number, identity in enumerate(ids):
        assert await journal.raw(identity) == b"%d" % number


async def test_many_callers_share_transactions_and_each_gets_its_own_answer(
    journal: AnyJournal,
) -> None:
    work = [commit(order(f"m{n}", f"order-{n % 7}")) for n in range(200)]
    done = await asyncio.gather(*(journal.commit(one) for one in work))
    assert [out[0].submission_id for out in done] == [one.submissions[0].id for one in work]
    heads = await journal.heads()
    assert sum(head.seq for head in heads) == 200


async def test_what_was_accepted_is_there_after_reopening(opening: Opening) -> None:
    first = await opening(shards=8)
    await first.commit(commit(*(order(f"m{n}", f"order-{n}") for n in range(20))))
    before = await first.heads()
    await opening.close()
    second = await opening(shards=2)
    assert second.shards == 8
    assert await second.heads() == before
    (outcome,) = await second.commit(commit(order("m3", "order-3")))
    assert outcome.verdict is Verdict.DUPLICATE


async def test_raw_bytes_of_an_unknown_id_are_a_key_error(journal: AnyJournal) -> None:
    with pytest.raises(KeyError):
        await journal.raw("f" * 32)
    assert await journal.find("f" * 32) is None

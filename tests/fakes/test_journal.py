from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import Contended, Tampered, Unavailable
from gateway.ports import (
    Commit,
    EntryKind,
    Head,
    LineState,
    Row,
    Search,
    Submission,
    Verdict,
    Write,
)
from schemas.envelope import Message
from tests.fakes.journal import MemoryJournal


def message(identity: str, subject: str = "k") -> Message:
    return Message(
        id=identity,
        source="urn:jicai:partner:p1",
        type="cn.jicai.order.placed.v1",
        subject=subject,
        time="2026-03-01T00:00:00+08:00",
        data=b"{}",
    )


def submission(
    identity: str, *rows: Row, digest: str = "d", nonce: str = "", releases: str = ""
) -> Submission:
    return Submission(
        identity,
        "p1",
        identity,
        "i",
        b"raw",
        digest,
        "2026-03-01T00:00:00Z",
        list(rows),
        nonce=nonce,
        releases=releases,
    )


async def put(journal: MemoryJournal, *given: Submission) -> list[Verdict]:
    return [each.verdict for each in await journal.commit(Commit(submissions=list(given)))]


async def test_the_same_id_is_a_duplicate_with_the_same_bytes_and_a_conflict_with_others() -> None:
    journal = MemoryJournal()
    once = submission("a", Row(message("a")))
    assert await put(journal, once, once, replace(once, digest="other")) == [
        Verdict.ACCEPTED,
        Verdict.DUPLICATE,
        Verdict.CONFLICT,
    ]
    assert sum(head.seq for head in await journal.heads()) == 1
    assert await journal.raw("a") == b"raw"


async def test_a_nonce_is_taken_once() -> None:
    journal = MemoryJournal()
    first = submission("a", Row(message("a")), nonce="n")
    second = submission("b", Row(message("b")), nonce="n")
    third = submission("c", Row(message("c")), nonce="n")
    # the documents of one request share its nonce; another request may not have it again
    assert await put(journal, first, second) == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert await put(journal, third) == [Verdict.REPLAYED]
    assert await journal.find("c") is None


async def test_what_stands_behind_a_held_message_waits_and_is_released_in_order() -> None:
    journal = MemoryJournal()
    held = submission("a", Row(message("a"), kind=EntryKind.HELD, waits_on=("k", "p1|product|x")))
    behind = submission("b", Row(message("b"), waits_on=("k",)))
    aside = submission("c", Row(message("c", "other"), waits_on=("other",)))
    outcomes = await journal.commit(Commit(submissions=[held, behind, aside]))
    states = [each.lines[0].state for each in outcomes]
    assert states == [LineState.HELD, LineState.HELD, LineState.ACCEPTED]
    assert [each.id for each in await journal.held()] == ["a", "b"]

    too_early = submission("rb", Row(message("b"), waits_on=("k",)), releases="b")
    first = submission("ra", Row(message("a"), waits_on=("k",)), releases="a")
    again = submission("rc", Row(message("a"), waits_on=("k",)), releases="a")
    outcomes = await journal.commit(Commit(submissions=[too_early, first, again]))
    states = [each.lines[0].state for each in outcomes]
    assert states == [LineState.HELD, LineState.ACCEPTED, LineState.DUPLICATE]
    assert [each.id for each in await journal.held()] == ["b"]
    found = await journal.find("a")
    assert found is not None
    assert found.kind is EntryKind.MESSAGE


async def test_a_document_with_lines_keeps_its_bytes_once_and_lines_are_deduped() -> None:
    journal = MemoryJournal(shards=1)
    rows = [Row(message("a.1"), line=1), Row(message("a.2"), line=2)]
    await put(journal, submission("a", *rows))
    again = submission("z", Row(message("a.2"), line=1), Row(message("z.2"), line=2))
    (outcome,) = await journal.commit(Commit(submissions=[again]))
    assert [each.state for each in outcome.lines] == [LineState.DUPLICATE, LineState.ACCEPTED]
    rows_read = await journal.read(0, 0, 10)
    assert [each.message.id for each in rows_read] == ["a.1", "a.2", "z.2"]
    assert {each.head_id for each in rows_read[:2]} == {"a.document"}
    assert len(await journal.read(0, 0, 10, published_only=False)) == 5


async def test_a_contended_commit_writes_nothing() -> None:
    journal = MemoryJournal()
    await journal.commit(Commit(writes=[Write("s", "k", b"1", 0)], handled=[("c", "m")]))
    more = submission("a", Row(message("a")))
    for lost in (
        Commit(submissions=[more], writes=[Write("s", "j", b"1"), Write("s", "k", b"2", 0)]),
        Commit(submissions=[more], handled=[("c", "m")]),
    ):
        with pytest.raises(Contended):
            await journal.commit(lost)
    assert await journal.find("a") is None
    assert [key for key, _ in await journal.scan("s")] == ["k"]
    await journal.commit(Commit(writes=[Write("s", "k", b"2", 1)]))
    stored = await journal.get("s", "k")
    assert stored is not None
    assert (stored.value, stored.version) == (b"2", 2)
    assert await journal.unhandled("c", ["m", "n"]) == {"n"}


async def test_a_journal_that_is_down_accepts_nothing() -> None:
    journal = MemoryJournal()
    journal.down = True
    with pytest.raises(Unavailable):
        await journal.commit(Commit(writes=[Write("s", "k", b"1")]))
    assert await journal.get("s", "k") is None


async def test_search_is_newest_first_and_the_chain_shows_a_changed_row() -> None:
    journal = MemoryJournal(shards=1)
    await put(journal, *(submission(each, Row(message(each))) for each in "abc"))
    found = await journal.search(Search(partner="p1", limit=2))
    assert [each.message.id for each in found] == ["c", "b"]
    assert [each async for each in journal.verify(0)] == [1, 2, 3]
    chain = journal._state.chains[0]
    chain[1] = replace(chain[1], message=replace(chain[1].message, data=b"{ }"))
    with pytest.raises(Tampered) as broken:
        _ = [each async for each in journal.verify(0)]
    assert broken.value.seq == 2


async def test_waiting_ends_as_soon_as_a_shard_grows() -> None:
    journal = MemoryJournal(shards=1)
    assert await journal.wait([Head(0, 0, "")], 0.01) is False
    await put(journal, submission("a", Row(message("a"))))
    assert await journal.wait([Head(0, 0, "")], 5) is True
    assert await journal.wait([Head(0, 1, "")], 0.01) is False


async def test_what_is_sent_back_leaves_the_hold_list_once_and_out_of_turn() -> None:
    journal = MemoryJournal()
    first = submission("a", Row(message("a"), kind=EntryKind.HELD, waits_on=("k",)))
    second = submission("b", Row(message("b"), kind=EntryKind.HELD, waits_on=("k",)))
    await put(journal, first, second)
    back = [replace(submission(f"r{n}", Row(message("rb"))), rejects="b") for n in (1, 2)]
    outcomes = await journal.commit(Commit(submissions=back))
    states = [each.lines[0].state for each in outcomes]
    assert states == [LineState.ACCEPTED, LineState.DUPLICATE]
    assert [each.id for each in await journal.held()] == ["a"]
    assert [(each.partner, each.count) for each in await journal.held_counts()] == [("p1", 1)]
    kept = await journal.find("b")
    assert kept is not None
    assert kept.kind is EntryKind.HELD

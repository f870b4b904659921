"""What no journal can keep is refused before anything is written, and hurts nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Misconfigured, Unavailable
from gateway.journal.identities import TEXT_LIMIT
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from gateway.ports import Commit, Row, Submission, Write
from tests.journal.conftest import AnyJournal, Opening, Storage
from tests.journal.making import commit, message, order, submission

ODD = ["with \0 NUL", "lone \ud800 surrogate", "x" * (TEXT_LIMIT + 1), "药" * 700]
TEXTS = ("id", "source", "type", "subject", "time", "region", "causationid", "traceparent")


async def test_texts_that_cannot_be_kept_are_refused_in_messages(journal: AnyJournal) -> None:
    for number, (field, text) in enumerate(product(TEXTS, ODD), start=1):
        changed: dict[str, Any] = {field: text}
        row = Row(replace(message("c" * 32), **changed))
        fine = order(f"fine-{number}")
        bad = journal.commit(commit(submission("m1", [row])))
        done = await asyncio.gather(bad, journal.commit(commit(fine)), return_exceptions=True)
        assert isinstance(done[0], ValueError)
        assert await journal.find(fine.id) is not None
        assert sum(head.seq for head in await journal.heads()) == number


async def test_texts_that_cannot_be_kept_are_refused_in_submissions(journal: AnyJournal) -> None:
    fields = ("id", "partner", "message_id", "interface", "nonce", "releases", "received_at")
    for field, text in product(fields, ODD):
        given: Submission = order("m1")
        setattr(given, field, text)
        with pytest.raises(ValueError, match=r"text|surrogates"):
            await journal.commit(commit(given))


async def test_keys_that_cannot_be_kept_are_refused(journal: AnyJournal) -> None:
    for text in ODD:
        for work in (
            Commit(writes=[Write("s", text, b"")]),
            Commit(writes=[Write(text, "k", b"")]),
            Commit(handled=[("c", text)]),
            Commit(receipts=[Row(message(text))]),
            commit(order("m1", keys=(text,))),
        ):
            with pytest.raises(ValueError, match=r"text|surrogates"):
                await journal.commit(work)


async def test_texts_at_the_limit_are_kept(journal: AnyJournal) -> None:
    # not compressible, so that it has to fit the index pages as it is
    text = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(TEXT_LIMIT // 3))
    given = order("m1", text, partner="his-a", keys=(text,))
    await journal.commit(
        Commit([given], [Write("s", text, b"v")], [("c", text)], [Row(message(text, text))])
    )
    found = await journal.find(given.id)
    assert found is not None
    assert found.message.subject == text
    assert await journal.get("s", text) is not None
    for work in (
        Commit(writes=[Write(text, text, b"v")]),
        Commit(handled=[(text, text)]),
        commit(order("m2", partner=text[:500], nonce=text)),
    ):
        with pytest.raises(ValueError, match="key"):
            await journal.commit(work)


async def test_raw_bytes_that_do_not_fit_their_digest_are_refused(journal: AnyJournal) -> None:
    given = order("m1", raw=b"one")
    given.raw = b"two"
    with pytest.raises(ValueError, match="digest"):
        await journal.commit(commit(given))


async def test_data_that_is_no_bytes_is_refused(journal: AnyJournal) -> None:
    wrong: Any = "text"
    row = Row(replace(message("c" * 32), data=wrong))
    with pytest.raises(TypeError, match="bytes"):
        await journal.commit(commit(submission("m1", [row])))


@pytest.mark.parametrize("line", [2**31, -(2**31) - 1])
async def test_a_line_number_out_of_range_is_refused(journal: AnyJournal, line: int) -> None:
    with pytest.raises(ValueError, match="line"):
        await journal.commit(commit(submission("m1", [Row(message("c" * 32), line)])))


async def test_a_release_of_two_rows_is_refused(journal: AnyJournal) -> None:
    rows = [Row(message("c" * 32)), Row(message("d" * 32))]
    with pytest.raises(ValueError, match="one row"):
        await journal.commit(commit(submission("m1", rows, releases="e" * 32)))


async def test_odd_but_storable_content_comes_back_as_it_was(journal: AnyJournal) -> None:
    texts = [
        "",
        " ",
        "'; DROP TABLE entry; --",
        '"\\\n\t\r',
        "\x01\x7f",
        "药品\U0001f48a",
        "é",
        "é",
    ]
    for number, text in enumerate(texts):
        given = order(f"m{number}", text, raw=bytes(range(256)))
        given.message_id = given.interface = given.received_at = text
        given.rows[0].message = replace(given.rows[0].message, data=bytes(range(256)), time=text)
        await journal.commit(commit(given))
        found = await journal.find(given.id)
        assert found is not None
        assert found.message == given.rows[0].message
        assert (found.message_id, found.interface, found.recorded_at) == (text, text, text)
    for shard in range(journal.shards):
        assert len([seq async for seq in journal.verify(shard)]) == len(
            await journal.read(shard, 0, 100)
        )


async def test_a_large_document_is_kept_whole(journal: AnyJournal) -> None:
    raw = bytes(range(256)) * (8 << 12)
    rows = [Row(message(f"{n:032x}", f"order-{n}"), n) for n in range(3000)]
    given = submission("m1", rows, raw=raw)
    (outcome,) = await journal.commit(commit(given))
    assert len(outcome.lines) == 3000
    assert await journal.raw(given.id) == raw
    (again,) = await journal.commit(commit(given))
    assert [line.id for line in again.lines] == [line.id for line in outcome.lines]


# --------------------------------------------------------------------------- opening


async def test_a_closed_journal_is_unavailable_not_silent(journal: AnyJournal) -> None:
    await journal.stop()
    with pytest.raises(Unavailable):
        await journal.commit(commit(order("m1")))
    with pytest.raises(Unavailable):
        await journal.heads()
    await journal.stop()


async def test_what_was_begun_is_finished_at_the_stop(opening: Opening) -> None:
    journal = await opening()
    begun = [asyncio.create_task(journal.commit(commit(order(f"m{n}")))) for n in range(50)]
    await asyncio.sleep(0)
    await journal.stop()
    assert len(await asyncio.gather(*begun)) == 50
    again = await opening()
    assert sum(head.seq for head in await again.heads()) == 50


async def test_a_newer_schema_is_refused(opening: Opening, storage: Storage) -> None:
    await opening()
    await opening.close()
    await storage.execute("UPDATE meta SET value = '999' WHERE key = 'version'")
    with pytest.raises(Misconfigured, match="999"):
        await storage.made().start()


async def test_many_may_create_the_journal_at_once(storage: Storage) -> None:
    journals = [storage.made() for _ in range(4)]
    await asyncio.gather(*(journal.start() for journal in journals))
    outcomes = await asyncio.gather(
        *(journal.commit(commit(order(f"m{n}"))) for n, journal in enumerate(journals))
    )
    assert len(outcomes) == 4
    for journal in journals:
        await journal.stop()


@pytest.mark.parametrize("content", [b"not a database at all, only text" * 99, b"SQLite format 3"])
async def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match="journal"):
        await SqliteJournal(path).start()
    assert path.read_bytes() == content


async def test_a_path_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured):
        await SqliteJournal(tmp_path / "file" / "journal.db").start()
    with pytest.raises(Misconfigured):
        await SqliteJournal(tmp_path).start()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://h:port/x"])
async def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        await PostgresJournal(url).start()


async def test_a_server_that_is_not_there_is_unavailable(unused_tcp_port: int) -> None:
    journal = PostgresJournal(f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/x")
    with pytest.raises(Unavailable):
        await journal.start()
    await journal.stop()

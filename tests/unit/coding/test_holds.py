from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.coding.holds import Holds
from gateway.errors import Unavailable
from gateway.journal.sqlite import SqliteJournal
from gateway.partners import Partners
from gateway.ports import Commit, EntryKind, Journal, Submission
from schemas.envelope import message_identity
from tests.unit.coding.waiting import (
    HOSPITAL,
    LISTED,
    NOW,
    PARTNER,
    acceptance,
    crosswalk,
    holds,
    published,
    put,
    submission,
)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "journal.db")
    await opened.start()
    yield opened
    await opened.stop()


class DownJournal:
    """A journal that can be read but not written."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def commit(self, work: Commit) -> list[Any]:
        raise Unavailable("no space left")


async def test_a_held_message_flows_on_with_its_codes_once_they_are_mapped(
    journal: SqliteJournal,
) -> None:
    await put(journal, submission("m1", acceptance("1")))
    releasing = holds(journal)
    assert await releasing.release(crosswalk("2"), NOW) == 0
    assert await releasing.release(crosswalk("1"), NOW) == 1
    assert await releasing.release(crosswalk("1"), NOW) == 0
    assert await journal.held() == []
    (message,) = await published(journal)
    assert message.id == message_identity("his-a", "m1")
    product = "XA01AAA001A001010100001"
    assert message.subject == f"{HOSPITAL}/{product}"
    assert (message.causationid, message.correlationid) == ("cause", "batch-1")
    LISTED.model.model_validate_json(message.data)
    content = message.content()
    assert (content["unified_code"], content["institution"]) == (product, HOSPITAL)
    entry = await journal.find(message.id)
    assert entry is not None
    assert (entry.kind, entry.interface, entry.message_id) == (EntryKind.MESSAGE, "his", "m1")
    assert await journal.raw(entry.head_id) == b"raw of m1"


async def test_one_held_before_with_the_same_code_or_institution_holds_back(
    journal: SqliteJournal,
) -> None:
    await put(
        journal,
        submission("m1", acceptance("1", "7")),
        submission("m2", acceptance("2", "7")),
        submission("m3", acceptance("2", "8")),
        submission("m4", acceptance("4", "8")),
        submission("m5", acceptance("5", "9")),
    )
    releasing = holds(journal)
    # m1 waits for its code, m2 for the institution, m3 for the code it shares with m2, m4 behind m3
    assert await releasing.release(crosswalk("2", "4"), NOW) == 0
    assert await releasing.release(crosswalk("1", "2", "4"), NOW) == 4
    assert [each.id for each in await journal.held()] == [message_identity("his-a", "m5")]


async def test_what_shares_a_key_is_released_in_the_order_it_was_held(
    journal: SqliteJournal,
) -> None:
    numbers = [f"m{at}" for at in range(250)]
    await put(journal, *(submission(each, acceptance("1")) for each in numbers))
    assert await holds(journal).release(crosswalk("1"), NOW) == 250
    assert [message.id for message in await published(journal)] == [
        message_identity("his-a", each) for each in numbers
    ]


async def test_two_releasers_release_each_message_once(journal: SqliteJournal) -> None:
    given = [submission(f"m{at}", acceptance(str(at % 7))) for at in range(60)]
    await put(journal, *given)
    known = crosswalk(*map(str, range(7)))
    counts = await asyncio.gather(*(holds(journal).release(known, NOW) for _ in range(3)))
    assert sum(counts) == 60
    found = [message.id for message in await published(journal)]
    assert len(found) == len(set(found)) == 60


async def test_a_line_of_a_document_points_to_the_document_it_came_in(
    journal: SqliteJournal,
) -> None:
    document = submission("batch", acceptance("1"), acceptance("2"))
    await put(journal, document)
    assert await holds(journal).release(crosswalk("1", "2"), NOW) == 2
    entry = await journal.find(message_identity("his-a", "batch", 2))
    assert entry is not None
    assert (entry.kind, entry.interface) == (EntryKind.MESSAGE, "his")
    assert await journal.raw(entry.head_id) == b"raw of batch"


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (submission("m1", acceptance("1"), partner="his-gone"), "partner_gone"),
        (submission("m1", acceptance("1"), type_="cn.jicai.unheard.of.v9"), "type_unknown"),
    ],
)
async def test_what_can_never_be_released_is_reported_and_not_lost(
    journal: SqliteJournal, held: Submission, reason: str
) -> None:
    await put(journal, held, submission("m2", acceptance("2", "8")))
    releasing = holds(journal)
    assert await releasing.release(crosswalk("1", "2"), NOW) == 1
    (stranded,) = releasing.stranded
    assert (stranded.reason, stranded.id) == (reason, held.rows[0].message.id)
    assert [each.id for each in await journal.held()] == [stranded.id]


async def test_nothing_is_lost_while_the_journal_is_down(journal: SqliteJournal) -> None:
    await put(journal, submission("m1", acceptance("1")))
    down = DownJournal(journal)
    with pytest.raises(Unavailable):
        await Holds(cast("Journal", down), Partners({PARTNER.id: PARTNER}, {})).release(
            crosswalk("1"), NOW
        )
    assert await holds(journal).release(crosswalk("1"), NOW) == 1

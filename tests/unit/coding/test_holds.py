from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.holds import Holds
from gateway.coding.rows import CrosswalkRow
from gateway.coding.translate import code_draft, provisional_subject
from gateway.errors import Unavailable
from gateway.journal.sqlite import SqliteJournal
from gateway.partners import Partner, Partners
from gateway.ports import Commit, EntryKind, Journal, Row, Submission
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import ACCEPTANCE_RECORDED, EVENT_TYPES

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOSPITAL = "H52010000001"
PARTNER = Partner(id="his-a", name="合成示例医院", interface="his", region="520000")
LISTED = EVENT_TYPES[ACCEPTANCE_RECORDED]
BASE = [CrosswalkRow("his-a", "institution", ward, HOSPITAL, "2020-01-01") for ward in "78"]


def crosswalk(*codes: str) -> Crosswalk:
    mapped = [
        CrosswalkRow("his-a", "product", code, f"XA01AAA001A0010101{code:>05}", "2020-01-01")
        for code in codes
    ]
    return Crosswalk.of([*BASE, *mapped])


def acceptance(code: str, ward: str = "7", **changed: Any) -> dict[str, Any]:
    return {
        "receipt_no": f"R{code}",
        "line_no": 1,
        "institution_local": ward,
        "region": "520000",
        "local_code": code,
        "accepted_quantity": "1.0000",
        "unit_price": "1.000000",
        "amount": "1.00",
        "accepted_at": "2026-03-01T08:00:00+08:00",
        **changed,
    }


def submission(
    number: str, *lines: dict[str, Any], partner: str = "his-a", type_: str = ACCEPTANCE_RECORDED
) -> Submission:
    known = crosswalk()
    rows = []
    for at, data in enumerate(lines, start=1):
        line = 0 if len(lines) == 1 else at
        coded = code_draft(data, PARTNER, "2026-03-01", known)
        message = Message(
            id=message_identity(partner, number, line),
            source=f"urn:jicai:partner:{partner}",
            type=type_,
            subject=provisional_subject(LISTED, data, partner),
            time="2026-03-01T08:00:00+08:00",
            data=canonical_bytes(data),
            region="520000",
            causationid="cause",
            correlationid="batch-1",
        )
        keys = (message.subject, *coded.keys)
        rows.append(Row(message, line, EntryKind.HELD, keys, coded.issues))
    raw = f"raw of {number}".encode()
    return Submission(
        message_identity(partner, number),
        partner,
        number,
        "his",
        raw,
        hashlib.sha256(raw).hexdigest(),
        "2026-03-02T00:00:00+08:00",
        rows,
    )


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "journal.db")
    await opened.start()
    yield opened
    await opened.stop()


async def put(journal: SqliteJournal, *given: Submission) -> None:
    await journal.commit(Commit(submissions=list(given)))


def holds(journal: SqliteJournal, *partners: Partner) -> Holds:
    return Holds(journal, Partners({one.id: one for one in partners or (PARTNER,)}, {}))


class DownJournal:
    """A journal that can be read but not written."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def commit(self, work: Commit) -> list[Any]:
        raise Unavailable("no space left")


async def published(journal: SqliteJournal) -> list[Message]:
    return [
        entry.message
        for shard in range(journal.shards)
        for entry in await journal.read(shard, 0, 1000)
    ]


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
        (submission("m1", acceptance("1", amount=1)), "contract"),
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

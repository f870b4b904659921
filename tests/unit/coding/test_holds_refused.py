"""不予对照: what a person refused goes back to the partner, and nothing waits behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.coding.holds import Settled
from gateway.coding.leaving import rejection_identity
from gateway.journal.sqlite import SqliteJournal
from gateway.ports import EntryKind
from schemas.envelope import Message, message_identity
from schemas.events import EVENT_TYPES, MESSAGE_REJECTED
from tests.unit.coding.waiting import (
    NOW,
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


def identity(number: str, line: int = 0) -> str:
    return message_identity("his-a", number, line)


async def rejections(journal: SqliteJournal) -> list[Message]:
    return [each for each in await published(journal) if each.type == MESSAGE_REJECTED]


async def test_a_refused_code_sends_the_held_message_back_with_the_reason(
    journal: SqliteJournal,
) -> None:
    await put(journal, submission("m1", acceptance("1")))
    known = crosswalk(refused=["1"])
    assert await holds(journal).settle(known, NOW) == Settled(0, 1)
    assert await holds(journal).settle(known, NOW) == Settled(0, 0)
    assert await journal.held() == []
    (message,) = await rejections(journal)
    EVENT_TYPES[MESSAGE_REJECTED].model.model_validate_json(message.data)
    assert (message.id, message.subject) == (rejection_identity("his-a", identity("m1")), "m1")
    assert (message.partner, message.region) == ("his-a", "520000")
    assert (message.causationid, message.correlationid) == (identity("m1"), "batch-1")
    content = message.content()
    assert (content["msg_id"], content["reason"], content["line"]) == ("m1", "code_refused", 0)
    (issue,) = content["issues"]
    assert (issue["code"], issue["path"]) == ("code.refused", "local_code")
    assert issue["zh"] == "编码不予对照:product 1:1 已停产"
    kept = await journal.find(identity("m1"))
    assert kept is not None
    assert kept.kind is EntryKind.HELD
    assert await journal.raw(message.id) == b"raw of m1"


async def test_what_waited_behind_it_flows_on_in_order(journal: SqliteJournal) -> None:
    await put(
        journal,
        submission("m1", acceptance("1")),
        *(submission(f"m{n}", acceptance("2")) for n in (2, 3, 4)),
    )
    releasing = holds(journal)
    assert await releasing.settle(crosswalk("2"), NOW) == Settled(0, 0)
    assert await releasing.settle(crosswalk("2", refused=["1"]), NOW) == Settled(3, 1)
    flowed = [each.id for each in await published(journal) if each.type != MESSAGE_REJECTED]
    assert flowed == [identity(f"m{n}") for n in (2, 3, 4)]


async def test_it_goes_back_at_once_though_it_stands_behind_another(journal: SqliteJournal) -> None:
    await put(journal, submission("m1", acceptance("1")), submission("m2", acceptance("2")))
    assert await holds(journal).settle(crosswalk(refused=["2"]), NOW) == Settled(0, 1)
    assert [each.id for each in await journal.held()] == [identity("m1")]


@pytest.mark.parametrize(
    ("refused_from", "expected"),
    [("2026-03-01", Settled(0, 1)), ("2026-03-02", Settled(0, 0))],
)
async def test_a_refusal_counts_from_its_first_day_on(
    journal: SqliteJournal, refused_from: str, expected: Settled
) -> None:
    await put(journal, submission("m1", acceptance("1")), submission("m2", acceptance("1", "8")))
    known = crosswalk(refused=["1"], refused_from=refused_from)
    assert await holds(journal).settle(known, NOW) == Settled(0, expected.rejected * 2)


async def test_of_a_document_only_the_lines_with_the_refused_code_go_back(
    journal: SqliteJournal,
) -> None:
    await put(journal, submission("batch", acceptance("1", "7"), acceptance("2", "8")))
    assert await holds(journal).settle(crosswalk("1", refused=["2"]), NOW) == Settled(1, 1)
    (message,) = await rejections(journal)
    content = message.content()
    assert (content["msg_id"], content["line"]) == ("batch", 2)
    assert [each["line"] for each in content["issues"]] == [2]
    assert await journal.raw(message.id) == b"raw of batch"


async def test_unknown_codes_beside_the_refused_one_are_not_the_partners_fault(
    journal: SqliteJournal,
) -> None:
    await put(journal, submission("m1", acceptance("1", "new-ward")))
    assert await holds(journal).settle(crosswalk(refused=["1"]), NOW) == Settled(0, 1)
    (message,) = await rejections(journal)
    assert [each["code"] for each in message.content()["issues"]] == ["code.refused"]


async def test_what_breaks_its_contract_once_it_is_coded_goes_back(journal: SqliteJournal) -> None:
    await put(
        journal, submission("m1", acceptance("1", amount=1)), submission("m2", acceptance("2"))
    )
    releasing = holds(journal)
    assert await releasing.settle(crosswalk("1", "2"), NOW) == Settled(1, 1)
    assert releasing.stranded == ()
    (message,) = await rejections(journal)
    assert message.content()["reason"] == "contract"
    assert message.content()["issues"][0]["code"] == "money.number"


async def test_three_workers_send_each_message_back_once(journal: SqliteJournal) -> None:
    await put(journal, *(submission(f"m{n}", acceptance(str(n % 5))) for n in range(60)))
    known = crosswalk("0", "1", refused=["2", "3", "4"])
    counts = await asyncio.gather(*(holds(journal).settle(known, NOW) for _ in range(3)))
    assert sum(each.rejected for each in counts) == 36
    assert sum(each.released for each in counts) == 24
    assert len(await rejections(journal)) == 36
    assert await journal.held() == []

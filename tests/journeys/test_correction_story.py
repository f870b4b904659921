"""更正的故事: receipts coded to the wrong product, what was concluded from them, and how it is put right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.impact import Impact, impact
from gateway.coding.recoding import Recoded, recode
from gateway.coding.rows import CrosswalkRow
from gateway.intake.way import way_of
from gateway.partners import Partners
from gateway.policies.explaining.explain import explain, render_text
from schemas.events import (
    ACCEPTANCE_RECORDED,
    PROGRESS_WARNED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_TASK_ASSIGNED,
)
from tests.journeys.policy_street import NOW, PARTNERS, Street, open_street

HOSPITAL = "H52010000001"
TASKED, OTHER = "XC08CAA001A001010100001", "XC08CAA999A001010100009"
SINCE = "2019-01-01"
WARDS = [
    CrosswalkRow(partner, "institution", "0851-7", HOSPITAL, SINCE)
    for partner in ("gz-platform", "his")
]
TASK = CrosswalkRow("gz-platform", "product", "task-code", TASKED, SINCE)


def meaning(unified: str) -> CrosswalkRow:
    return CrosswalkRow("his", "product", "his-code", unified, SINCE)


async def story(street: Street, quantities: list[str]) -> list[str]:
    """A task of 10000 in the quarter, receipts by one local code, the quarter's end."""
    task = {
        "local_code": "task-code",
        "drug_name": "氨氯地平",
        "institution_local": "0851-7",
        "region": "520000",
        "batch": "NVBP-2019-LM",
        "task_volume": "40000.0000",
        "quarters": ["10000.0000"] * 4,
        "term_from": "2019-12-30",
        "term_to": "2020-12-29",
        "assigned_on": "2019-12-20",
    }
    await street.say("gz-platform", "task-1", VOLUME_TASK_ASSIGNED, task)
    ids = [await receive(street, f"r{n}", each) for n, each in enumerate(quantities)]
    closed = {"region": "520000", "period": "2020-Q1", "ended_on": "2020-03-31"}
    await street.say("gz-platform", "close-1", VOLUME_PERIOD_CLOSED, closed)
    return ids


async def receive(street: Street, number: str, quantity: str) -> str:
    data: dict[str, Any] = {
        "receipt_no": number,
        "line_no": 1,
        "institution_local": "0851-7",
        "region": "520000",
        "local_code": "his-code",
        "accepted_quantity": quantity,
        "unit_price": "0.060000",
        "amount": "1.00",
        "accepted_at": "2020-02-10T09:00:00+08:00",
    }
    received = await street.say("his", number, ACCEPTANCE_RECORDED, data)
    (line,) = received.answer.lines
    assert line.verdict == "accepted"
    return line.id


async def affected(street: Street, was: str, becomes: str) -> Impact:
    return await impact(
        street.journal,
        "his",
        "product",
        "his-code",
        valid_from=SINCE,
        valid_to="9999-12-31",
        was=was,
        becomes=becomes,
    )


async def correct(street: Street, found: Impact, unified: str) -> Recoded:
    known = Crosswalk.of([*WARDS, TASK, meaning(unified)])
    street.receiving.crosswalk = known
    done = await recode(
        street.journal,
        found,
        known,
        Partners(PARTNERS, {}),
        by="wang-fang",
        reason="对照时选错了规格",
        now=NOW,
    )
    await street.settle()
    return done


async def settlements(street: Street) -> list[str]:
    wanted = (SETTLEMENT_HELD, SETTLEMENT_RESUMED)
    concluded = await street.concluded("progress")
    return [each.message.type for each in concluded if each.message.type in wanted]


@pytest.fixture
async def wrong_street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path, [*WARDS, TASK, meaning(OTHER)]) as opened:
        yield opened


@pytest.fixture
async def right_street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path, [*WARDS, TASK, meaning(TASKED)]) as opened:
        yield opened


async def test_a_hold_that_rests_on_a_wrong_code_is_resumed_after_the_correction(
    wrong_street: Street,
) -> None:
    street = wrong_street
    receipts = await story(street, ["9000.0000", "1000.0000"])
    assert await settlements(street) == [SETTLEMENT_HELD]  # nothing was counted for the task
    found = await affected(street, OTHER, TASKED)
    assert {each.id for each in found.touched} == set(receipts)
    done = await correct(street, found, TASKED)
    assert {old for old, _ in done.corrected} == set(receipts)
    assert done.left == ()
    assert await settlements(street) == [SETTLEMENT_HELD, SETTLEMENT_RESUMED]
    *_, resumed = await street.concluded("progress")
    text = render_text(await explain(street.journal, resumed.message.id))
    assert "更正 corrects" in text
    way = await way_of(street.journal, "his", receipts[0], journal_is_bus=True)
    assert way["superseded_by"] == dict(done.corrected)[receipts[0]]


async def test_a_fulfilment_that_rests_on_a_wrong_code_is_taken_back(right_street: Street) -> None:
    street = right_street
    receipts = await story(street, ["9000.0000"])
    assert await settlements(street) == []
    found = await affected(street, TASKED, OTHER)
    done = await correct(street, found, OTHER)
    assert [old for old, _ in done.corrected] == receipts
    assert await settlements(street) == [SETTLEMENT_HELD]
    held = next(
        each for each in await street.concluded("progress") if each.message.type == SETTLEMENT_HELD
    )
    assert held.message.content()["accepted_quantity"] == "0.0000"


async def test_what_was_concluded_is_found_and_stays_in_the_journal(right_street: Street) -> None:
    street = right_street
    (receipt,) = await story(street, ["7500.0000"])
    (warned,) = [
        each for each in await street.concluded("progress") if each.message.type == PROGRESS_WARNED
    ]
    found = await affected(street, TASKED, OTHER)
    assert warned.message.id in {each.id for each in found.concluded}
    await correct(street, found, OTHER)
    for identity in (receipt, warned.message.id):
        assert await street.journal.find(identity) is not None
    for shard in range(street.journal.shards):
        async for _ in street.journal.verify(shard):
            pass


async def test_correcting_twice_or_back_again_ends_where_it_began(wrong_street: Street) -> None:
    street = wrong_street
    await story(street, ["10000.0000"])
    await correct(street, await affected(street, OTHER, TASKED), TASKED)
    again = await correct(street, await affected(street, OTHER, TASKED), TASKED)
    assert again == Recoded()
    back = await correct(street, await affected(street, TASKED, OTHER), OTHER)
    assert len(back.corrected) == 1
    assert (await settlements(street))[-1] == SETTLEMENT_HELD

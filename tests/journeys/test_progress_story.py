"""采购进度的故事: from a hospital's receipts to a held settlement, its end, and the reasons for both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.coding.rows import CrosswalkRow
from gateway.policies.explaining.explain import explain, render_text
from schemas.events import (
    ACCEPTANCE_RECORDED,
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_TASK_ASSIGNED,
)
from tests.journeys.policy_street import Street, open_street

HOSPITAL, PRODUCT = "H52010000001", "XC08CAA001A001010100001"
SINCE = "2019-01-01"
ROWS = [
    CrosswalkRow(partner, *row)
    for partner in ("gz-platform", "yn-platform", "his")
    for row in (
        ("institution", "0851-7", HOSPITAL, SINCE),
        ("product", f"{partner}-L1", PRODUCT, SINCE),
    )
]


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path, ROWS) as opened:
        yield opened


async def assign(street: Street, partner: str = "gz-platform", region: str = "520000") -> None:
    data = {
        "local_code": f"{partner}-L1",
        "drug_name": "氨氯地平",
        "institution_local": "0851-7",
        "region": region,
        "batch": "NVBP-2019-LM",
        "task_volume": "40000.0000",
        "quarters": ["10000.0000"] * 4,
        "term_from": "2019-12-30",
        "term_to": "2020-12-29",
        "assigned_on": "2019-12-20",
    }
    await street.say(partner, "task-1", VOLUME_TASK_ASSIGNED, data)


async def accept(
    street: Street, number: str, quantity: str, day: str, *, code: str = "his-L1", **changed: Any
) -> str:
    data = {
        "receipt_no": number,
        "line_no": 1,
        "institution_local": "0851-7",
        "region": "520000",
        "local_code": code,
        "accepted_quantity": quantity,
        "unit_price": "0.060000",
        "amount": "1.00",
        "accepted_at": f"{day}T09:00:00+08:00",
    }
    received = await street.say("his", number, ACCEPTANCE_RECORDED, data | changed)
    return received.answer.lines[0].verdict


async def close_quarter(street: Street, period: str, day: str, region: str = "520000") -> None:
    data = {"region": region, "period": period, "ended_on": day}
    partner = "gz-platform" if region == "520000" else "yn-platform"
    await street.say(partner, f"close-{period}", VOLUME_PERIOD_CLOSED, data)


async def types(street: Street) -> list[str]:
    return [entry.message.type for entry in await street.concluded("progress")]


@pytest.mark.parametrize(
    ("quantity", "concluded"),
    [
        ("8000.0000", []),
        ("7999.0000", [PROGRESS_WARNED]),
        ("7000.0000", [PROGRESS_WARNED]),
        ("6999.0000", [PROGRESS_WARNED, SETTLEMENT_HELD]),
    ],
)
async def test_guizhou_warns_and_holds_at_the_quarters_end(
    street: Street, quantity: str, concluded: list[str]
) -> None:
    await assign(street)
    await accept(street, "r1", quantity, "2020-02-10")
    assert await types(street) == []
    await close_quarter(street, "2020-Q1", "2020-03-31")
    assert await types(street) == concluded


async def test_settlement_is_held_from_the_next_month_and_resumed_on_completion(
    street: Street,
) -> None:
    await assign(street)
    await accept(street, "r1", "6500.0000", "2020-02-10")
    await close_quarter(street, "2020-Q1", "2020-03-31")
    await accept(street, "r2", "3499.0000", "2020-04-10")
    assert SETTLEMENT_RESUMED not in await types(street)
    await accept(street, "r3", "1.0000", "2020-04-11")
    *_, held, resumed = await street.concluded("progress")
    assert held.message.content()["held_from"] == "2020-04-01"
    assert resumed.message.content()["resumed_on"] == "2020-04-11"
    assert resumed.message.content()["hold_id"] == held.message.id
    text = render_text(await explain(street.journal, resumed.message.id))
    for part in (
        "恢复医保月结算",
        "黔医保发〔2019〕69号 五（三）",
        "6500 / 10000 = 0.6500 < 0.70",
        "r3",
        "his",
    ):
        assert part in text  # fmt: skip


async def test_a_late_receipt_puts_the_figures_of_warning_and_hold_right(street: Street) -> None:
    await assign(street)
    await accept(street, "r1", "1000.0000", "2020-02-10")
    await close_quarter(street, "2020-Q1", "2020-03-31")
    await accept(street, "r2", "5000.0000", "2020-03-30")
    warned, held, warned_again, held_again = await street.concluded("progress")
    assert warned_again.message.content()["replaces"] == warned.message.id
    content = held_again.message.content()
    assert (content["replaces"], content["hold_no"]) == (held.message.id, held.message.id)
    assert content["completion"] == "0.6000"
    text = render_text(await explain(street.journal, held_again.message.id))
    for part in ("6000 / 10000 = 0.6000 < 0.70", "1000 / 10000 = 0.1000 < 0.70", "r2"):
        assert part in text
    assert f"替代 replaces: {held.message.id}" in text
    assert f"已被替代 replaced by: {held_again.message.id}" in text


async def test_a_receipt_that_waited_for_its_code_counts_when_it_is_mapped(street: Street) -> None:
    await assign(street)
    await accept(street, "r1", "7900.0000", "2020-02-10")
    assert await accept(street, "r2", "100.0000", "2020-03-30", code="new-code") == "held"
    await close_quarter(street, "2020-Q1", "2020-03-31")
    assert await types(street) == [PROGRESS_WARNED]
    assert await street.map_code(CrosswalkRow("his", "product", "new-code", PRODUCT, SINCE)) == 1
    assert await types(street) == [PROGRESS_WARNED, PROGRESS_WARNING_LIFTED]


async def test_what_is_sent_again_has_no_second_effect(street: Street) -> None:
    await assign(street)
    for _ in range(2):
        await accept(street, "r1", "4000.0000", "2020-02-10")
    await close_quarter(street, "2020-Q1", "2020-03-31")
    warning, hold = await street.concluded("progress")
    assert warning.message.content()["accepted_quantity"] == "4000.0000"
    await close_quarter(street, "2020-Q1", "2020-03-31")
    assert await types(street) == [warning.message.type, hold.message.type]


async def test_yunnan_has_no_threshold_and_stays_silent(street: Street) -> None:
    await assign(street, "yn-platform", "530000")
    await accept(street, "r1", "1.0000", "2020-02-10", region="530000")
    await close_quarter(street, "2020-Q1", "2020-03-31", "530000")
    assert await types(street) == []

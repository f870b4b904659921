"""价格联动的故事: a price falls in one province, and what follows from it in two others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.coding.rows import CrosswalkRow
from gateway.policies.explain import explain, render_text
from schemas.events import PRICE_LISTED
from tests.journeys.policy_street import Street, open_street

ONE_MG, TWO_MG = "XA10BBG001A001010100001", "XA10BBG001A001020100002"
ROWS = [
    CrosswalkRow(partner, "product", local, unified, "2018-01-01")
    for partner in ("yn-platform", "cq-platform", "sc-platform")
    for local, unified in (("1mg", ONE_MG), ("2mg", TWO_MG))
]
REGIONS = {"yn-platform": "530000", "cq-platform": "500000", "sc-platform": "510000"}


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path, ROWS) as opened:
        yield opened


async def list_price(
    street: Street, partner: str, code: str, price: str, day: str = "2020-06-01", **changed: Any
) -> None:
    data = {
        "local_code": code,
        "drug": "GLIMEPIRIDE",
        "drug_name": "格列美脲",
        "strength": {"content": int(code[0]) * 1000, "unit": "ug"},
        "pack_quantity": 30,
        "region": REGIONS[partner],
        "kind": "listed",
        "unit_price": price,
        "effective_from": day,
    }
    number = f"{code}-{price}-{day}"
    received = await street.say(partner, number, PRICE_LISTED, data | changed)
    assert received.answer.verdict == "accepted", received.answer


async def linked(street: Street) -> list[tuple[str, str, str, str]]:
    found = [entry.message.content() for entry in await street.concluded("linkage")]
    return [
        (each["region"], each["price_before"], each["price_after"], each["effective_from"])
        for each in found
    ]


async def test_chongqing_follows_the_lowest_price_of_the_generic_by_ratio(street: Street) -> None:
    await list_price(street, "cq-platform", "1mg", "0.080000")
    await list_price(street, "sc-platform", "2mg", "0.090100", "2020-07-01", kind="selected")
    assert await linked(street) == [("500000", "0.080000", "0.053000", "2020-07-01")]
    (entry,) = await street.concluded("linkage")
    text = render_text(await explain(street.journal, entry.message.id))
    for part in (
        "渝府办发〔2019〕29号 二（四）",
        "发改价格〔2011〕2452号",
        "0.0901 × 1.7^log2(1000/2000) = 0.053",
        "0.053 < 0.08",
        "sc-platform",
    ):
        assert part in text


async def test_yunnan_follows_the_same_product_only_and_never_upward(street: Street) -> None:
    await list_price(street, "yn-platform", "1mg", "0.080000")
    await list_price(street, "sc-platform", "2mg", "0.010000")
    await list_price(street, "sc-platform", "1mg", "0.090000")
    assert await linked(street) == []
    await list_price(street, "sc-platform", "1mg", "0.070000", "2020-08-01")
    await list_price(street, "sc-platform", "1mg", "0.095000", "2020-09-01")
    assert await linked(street) == [("530000", "0.080000", "0.070000", "2020-08-01")]


async def test_a_platform_that_lists_the_linked_price_starts_no_new_round(street: Street) -> None:
    await list_price(street, "yn-platform", "1mg", "0.080000")
    await list_price(street, "cq-platform", "1mg", "0.060000")
    before = await linked(street)
    assert before == [("530000", "0.080000", "0.060000", "2020-06-01")]
    await list_price(street, "yn-platform", "1mg", "0.060000", "2020-06-02")
    assert await linked(street) == before

"""价格的故事: a price falls in one province, and what follows from it elsewhere, up to a pharmacy's till."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.coding.rows import CrosswalkRow
from gateway.policies.explaining.explain import explain, render_text
from gateway.policies.prices.price_book_check import check_prices
from gateway.ports import Search
from schemas.envelope import message_identity
from schemas.events import (
    CONSISTENCY_PASSED,
    LISTING_RESTORED,
    LISTING_SUSPENDED,
    PAYMENT_SPLIT_COMPUTED,
    PAYMENT_STANDARD_SET,
    PRICE_LINK_ENDED,
    PRICE_LINKED,
    PRICE_LISTED,
    RETAIL_SOLD,
)
from tests.journeys.policy_street import Street, open_street

ONE_MG, TWO_MG = "XA10BBG001A001010100001", "XA10BBG001A001020100002"
ROWS = [
    CrosswalkRow(partner, "product", local, unified, "2018-01-01")
    for partner in ("gz-platform", "yn-platform", "cq-platform", "sc-platform", "his")
    for local, unified in (("1mg", ONE_MG), ("2mg", TWO_MG))
] + [CrosswalkRow("his", "institution", "till", "P52010000001", "2018-01-01")]
REGIONS = {
    "gz-platform": "520000",
    "yn-platform": "530000",
    "cq-platform": "500000",
    "sc-platform": "510000",
}


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path, ROWS) as opened:
        yield opened


async def list_price(
    street: Street, partner: str, code: str, price: str, day: str = "2020-06-01", **changed: Any
) -> str:
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
    return message_identity(partner, number)


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


async def test_a_corrected_reference_replaces_what_followed_from_it_and_says_so(
    street: Street,
) -> None:
    await list_price(street, "yn-platform", "1mg", "0.080000")
    await list_price(street, "gz-platform", "1mg", "0.075000", "2020-07-01")
    wrong = await list_price(street, "sc-platform", "1mg", "0.007000", "2020-07-01")
    mended = await list_price(
        street, "sc-platform", "1mg", "0.070000", "2020-07-01", supersedes=wrong
    )
    entries = await street.concluded("linkage")
    told = [(each.message.type, each.message.content()) for each in entries]
    assert [(type_, data.get("price_after")) for type_, data in told] == [
        (PRICE_LINKED, "0.075000"),
        (PRICE_LINKED, "0.007000"),
        (PRICE_LINKED, "0.070000"),  # and no falling back to 0.075000 in between
    ]
    ids = [each.message.id for each in entries]
    assert [data["replaces"] for _, data in told] == [None, *ids[:2]]
    assert {wrong, mended} <= set(told[2][1]["because"]["causes"])
    messages = [each.message for each in await street.journal.search(Search(limit=1000))]
    assert check_prices(messages) == ()


async def test_a_reference_that_was_no_reference_ends_the_linked_price(street: Street) -> None:
    await list_price(street, "yn-platform", "1mg", "0.080000")
    wrong = await list_price(street, "sc-platform", "1mg", "0.070000")
    await list_price(street, "sc-platform", "1mg", "0.090000", supersedes=wrong)
    first, ended = await street.concluded("linkage")
    assert ended.message.type == PRICE_LINK_ENDED
    assert ended.message.content()["linked_id"] == first.message.id
    assert ended.message.content()["price_in_force"] == "0.080000"
    text = render_text(await explain(street.journal, ended.message.id))
    assert wrong in text


async def test_a_selected_price_becomes_the_standard_by_which_a_pharmacys_sale_is_split(
    street: Street,
) -> None:
    selected = await list_price(
        street, "gz-platform", "1mg", "0.050000", kind="selected", insured=True
    )
    sale = {
        "sale_no": "S-1",
        "line_no": 1,
        "institution_local": "till",
        "region": "520100",
        "local_code": "1mg",
        "quantity": "30.0000",
        "unit_price": "0.060000",
        "amount": "1.80",
        "sold_at": "2020-07-01T10:00:00+08:00",
    }
    received = await street.say("his", "sale-1", RETAIL_SOLD, sale | {"drug": "GLIMEPIRIDE"})
    assert received.answer.verdict == "accepted", received.answer
    ((split),) = await street.concluded("retail")
    data = split.message.content()
    assert (data["total"], data["fund_base"], data["patient_excess"]) == ("1.80", "1.50", "0.30")
    await list_price(
        street,
        "gz-platform",
        "1mg",
        "0.055000",
        kind="selected",
        insured=True,
        supersedes=selected,
    )
    standards = [each.message.type for each in await street.concluded("payment_standard")]
    assert standards.count(PAYMENT_STANDARD_SET) == 2
    last = (await street.concluded("retail"))[-1].message
    assert last.type == PAYMENT_SPLIT_COMPUTED
    assert (last.content()["fund_base"], last.content()["patient_excess"]) == ("1.65", "0.15")
    text = render_text(await explain(street.journal, last.id))
    for part in ("黔医保发〔2019〕69号 五（五）", "1.80 − 1.65 = 0.15", "gz-platform"):
        assert part in text


async def test_three_makers_pass_and_the_fourth_product_waits_until_it_does(
    street: Street,
) -> None:
    await list_price(street, "gz-platform", "2mg", "0.050000", "2020-01-01", kind="selected")
    await list_price(street, "gz-platform", "1mg", "0.080000", "2020-01-01", origin="generic")

    async def passes(maker: int, code: str, day: str) -> None:
        data = {
            "maker": f"9152000000000{maker:04d}X",
            "local_code": code,
            "drug": "GLIMEPIRIDE",
            "drug_name": "格列美脲",
            "region": "520000",
            "passed_on": day,
        }
        received = await street.say("gz-platform", f"{maker}-{day}", CONSISTENCY_PASSED, data)
        assert received.answer.verdict == "accepted", received.answer

    for maker in (1, 2, 3):
        assert await street.concluded("eligibility") == []
        await passes(maker, "2mg", f"2020-0{maker}-01")
    await passes(4, "1mg", "2020-06-01")
    first, second = [each.message for each in await street.concluded("eligibility")]
    assert (first.type, second.type) == (LISTING_SUSPENDED, LISTING_RESTORED)
    assert first.content()["suspended_from"] == "2020-03-01"
    assert first.content()["condition"] == "supply_ensured"
    assert second.content()["suspension_id"] == first.id
    assert second.content()["restored_from"] == "2020-06-01"

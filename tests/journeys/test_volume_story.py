"""报量到公示的故事: reports, a split quantity, a year of purchases, sums and lists, on a real journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.coding.rows import CrosswalkRow
from gateway.policies.daykeeping import day_ended
from gateway.policies.explaining.explain import explain, render_text
from gateway.ports import Commit
from schemas.events import (
    ACCEPTANCE_RECORDED,
    PRICE_LISTED,
    PROGRESS_PUBLISHED,
    PROGRESS_SUMMARISED,
    PROGRESS_UNFINISHED,
    VOLUME_CAP_BREACHED,
    VOLUME_OVER_TASK_PRICE_BREACHED,
    VOLUME_PERIOD_CLOSED,
    VOLUME_PUBLISHED,
    VOLUME_REPORT_MISSING,
    VOLUME_REPORT_SHORT,
    VOLUME_REPORTED,
    VOLUME_SPLIT_COMPUTED,
    VOLUME_TASK_ASSIGNED,
    VOLUME_TASK_COMPLETED,
    VOLUME_TASK_REOPENED,
    VOLUME_USED_LAST_YEAR,
    VOLUME_WINDOW_CLOSED,
)
from tests.journeys.policy_street import NOW, Street, open_street

HOSPITALS = {"0851-7": "H52010000001", "0851-8": "H52010000002"}
PRODUCTS = {"L1": "XC08CAA001A001010100001", "L2": "XC08CAA001A001010100002"}
SINCE = "2018-01-01"
ROWS = [
    CrosswalkRow(partner, kind, local, unified, SINCE)
    for partner in ("gz-platform", "yn-platform", "his")
    for kind, codes in (("institution", HOSPITALS), ("product", PRODUCTS))
    for local, unified in codes.items()
]
BATCH = {"batch": "合成批次", "drug_name": "氨氯地平", "local_code": "L1", "drug": "AMLODIPINE"}
GZ = {"region": "520000"}


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path, ROWS) as opened:
        yield opened


class Teller:
    """Says things with numbers of their own, and looks up what followed."""

    def __init__(self, street: Street) -> None:
        self.street, self.count = street, 0

    async def say(self, partner: str, type_: str, **data: Any) -> str:
        self.count += 1
        received = await self.street.say(partner, f"m{self.count}", type_, data)
        (line,) = received.answer.lines
        assert line.verdict == "accepted", line
        return line.id

    async def buy(self, quantity: str, day: str, **changed: Any) -> str:
        data = {"receipt_no": f"r{self.count}", "line_no": 1, "institution_local": "0851-7"}
        data |= {"region": "520102", "local_code": "L1", "drug": "AMLODIPINE"}
        data |= {"accepted_quantity": quantity, "unit_price": "0.500000", "amount": "1.00"}
        data |= {"accepted_at": f"{day}T09:00:00+08:00"}
        return await self.say("his", ACCEPTANCE_RECORDED, **data | changed)

    async def days_end(self, *days: str) -> None:
        for day in days:
            said = day_ended("520000", date.fromisoformat(day), NOW)
            await self.street.journal.commit(Commit(submissions=[said]))
            await self.street.settle()

    async def found(self, policy: str, type_: str) -> list[dict[str, Any]]:
        entries = await self.street.concluded(policy)
        return [each.message.content() for each in entries if each.message.type == type_]


@pytest.fixture
def teller(street: Street) -> Teller:
    return Teller(street)


async def test_an_institution_that_reports_too_little_and_one_that_reports_nothing(
    teller: Teller,
) -> None:
    region = {"region": "530900"}
    for local in HOSPITALS:
        await teller.say(
            "yn-platform", VOLUME_USED_LAST_YEAR, **BATCH, **region, institution_local=local,
            year="2021", basis="use", public=True, used_volume="1000.0000", counted_on="2022-01-05",
        )  # fmt: skip
    await teller.say(
        "his", VOLUME_REPORTED, **BATCH, **region, institution_local="0851-7", year="2022",
        reported_volume="699.9999", reported_on="2022-01-10",
    )  # fmt: skip
    await teller.say(
        "yn-platform", VOLUME_WINDOW_CLOSED, region="530000", batch="合成批次", year="2022",
        window="reporting", closed_on="2022-01-31",
    )  # fmt: skip
    (short,) = await teller.found("volume_report", VOLUME_REPORT_SHORT)
    (missing,) = await teller.found("volume_report", VOLUME_REPORT_MISSING)
    assert (short["unit"], missing["unit"]) == tuple(HOSPITALS.values())


async def test_a_published_quantity_is_split_and_the_parts_add_up(teller: Teller) -> None:
    for local, volume in (("0851-7", "2000.0000"), ("0851-8", "1000.0000")):
        await teller.say(
            "gz-platform", VOLUME_USED_LAST_YEAR, **BATCH, **GZ, institution_local=local, year="2019",
            basis="platform_purchase", public=True, used_volume=volume, counted_on="2020-01-05",
        )  # fmt: skip
    await teller.say(
        "gz-platform", VOLUME_PUBLISHED, **BATCH, **GZ, year="2020", published_volume="1000.0000",
        selected_makers=2, term_from="2020-01-01", published_on="2020-01-02",
    )  # fmt: skip
    await teller.say(
        "gz-platform", VOLUME_WINDOW_CLOSED, **GZ, batch="合成批次", year="2020",
        window="statistics", closed_on="2020-01-10",
    )  # fmt: skip
    (split,) = await teller.found("volume_split", VOLUME_SPLIT_COMPUTED)
    assert [each["allotted_volume"] for each in split["lines"]] == ["667.0000", "333.0000"]


async def task(teller: Teller, volume: str = "4000.0000") -> None:
    quarter = f"{int(volume[:-5]) // 4}.0000"
    await teller.say(
        "gz-platform", VOLUME_TASK_ASSIGNED, **BATCH, region="520102", institution_local="0851-7",
        task_volume=volume, quarters=[quarter] * 4, selected_price="0.500000",
        term_from="2020-01-01", term_to="2020-12-31", assigned_on="2019-12-20",
    )  # fmt: skip


async def test_a_month_of_purchases_is_published_and_summed_up_to_the_province(
    teller: Teller,
) -> None:
    await task(teller)
    receipt = await teller.buy("100.0000", "2020-03-10")
    await teller.say(
        "gz-platform", VOLUME_PERIOD_CLOSED, **GZ, period="2020-03", ended_on="2020-03-31"
    )
    await teller.days_end(*(f"2020-04-{day:02d}" for day in range(1, 11)))
    (published,) = await teller.found("publication", PROGRESS_PUBLISHED)
    assert published["lines"][0]["figures"]["completion"] == "0.0250"
    sums = await teller.found("region_roll_up", PROGRESS_SUMMARISED)
    assert [each["region"] for each in sums] == ["520102", "520100", "520000"]
    assert {each["accepted_amount"] for each in sums} == {"1.00"}
    assert {each["figures"]["accepted_quantity"] for each in sums} == {"100.0000"}
    assert len(await teller.found("batch_roll_up", PROGRESS_SUMMARISED)) == 3
    *_, top = await teller.street.concluded("region_roll_up")
    tree = await explain(teller.street.journal, top.message.id)
    text = render_text(tree)
    assert receipt in text  # from the province's figure down to the receipt
    assert "黔医保发〔2019〕69号 六（一）" in text


async def test_a_completed_task_an_over_priced_purchase_and_a_correction(teller: Teller) -> None:
    await task(teller)
    whole = await teller.buy("4000.0000", "2020-05-10")
    await teller.buy("100.0000", "2020-06-10", unit_price="0.600000")
    (over,) = await teller.found("purchases", VOLUME_OVER_TASK_PRICE_BREACHED)
    assert over["overpaid"] == "10.00"
    assert len(await teller.found("purchases", VOLUME_TASK_COMPLETED)) == 1
    await teller.buy("400.0000", "2020-05-10", supersedes=whole)
    assert len(await teller.found("purchases", VOLUME_TASK_REOPENED)) == 1


async def test_a_year_that_ends_unfinished_with_others_bought_instead(teller: Teller) -> None:
    await task(teller)
    listed = {name: BATCH[name] for name in ("drug_name", "local_code", "drug")} | GZ
    await teller.say(
        "gz-platform", PRICE_LISTED, **listed, kind="selected", unit_price="0.500000",
        effective_from="2020-01-01",
    )  # fmt: skip
    await teller.buy("3000.0000", "2020-05-10")
    await teller.buy("1.0000", "2020-05-11", local_code="L2")
    await teller.say(
        "gz-platform", VOLUME_PERIOD_CLOSED, **GZ, period="2020-12", ended_on="2020-12-31"
    )
    (left,) = await teller.found("monitoring", PROGRESS_UNFINISHED)
    assert (left["shortfall_volume"], left["shortfall_amount"]) == ("1000.0000", "500.00")
    (early,) = await teller.found("purchases", VOLUME_CAP_BREACHED)
    assert early["breach"] == "before_task_done"

"""模拟年: a reduced year through a real gateway reconciles to the fen, and a tampered one does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from gateway.demo.year_book import Said, allot
from gateway.demo.year_cast import GUIZHOU, places
from gateway.demo.year_play import YearOptions, play_year
from gateway.demo.year_report import YearReport
from gateway.errors import Misconfigured
from schemas.events import PAYMENT_MADE
from schemas.money import fen, yuan

pytestmark = pytest.mark.timeout(120)
SMALL = YearOptions(quiet=True, drugs=5, every=31)


def wrong(report: YearReport) -> list[str]:
    return [
        f"{check.title}: {each}" for check in report.checks for each in check.differences[:5]
    ] + [f"{scene.rule} {scene.title}" for scene, state in report.scenes if state == "missing"]


async def test_a_year_of_three_provinces_reconciles_to_the_fen() -> None:
    report = await play_year(SMALL)
    assert wrong(report) == []
    assert report.ok
    assert all(check.compared for check in report.checks)
    assert {scene.rule for scene, _ in report.scenes} == {f"R{number}" for number in range(1, 16)}


async def test_one_payment_tampered_with_by_a_fen_is_found() -> None:
    tampered: list[str] = []

    def tamper(facts: list[Said]) -> Iterable[Said]:
        for each in facts:
            if each.type == PAYMENT_MADE and not tampered:
                tampered.append(each.number)
                line = each.data["lines"][0]
                less = {**line, "amount": yuan(fen(line["amount"]) - 1)}
                total = yuan(fen(each.data["total"]) - 1)
                lines = [less, *each.data["lines"][1:]]
                yield replace(each, data={**each.data, "lines": lines, "total": total})
            else:
                yield each

    options = replace(SMALL, regions=(GUIZHOU,), drugs=1, every=31, tamper=tamper)
    report = await play_year(options)
    assert not report.ok
    found = {check.title.split(" ")[0]: check.differences for check in report.checks}
    assert any(tampered[0] in each for each in found["内容一致"])
    assert len(found["应收款"]) == 1
    assert found["逾期未付"]


def test_parts_add_up_and_the_larger_share_never_gets_less() -> None:
    parts = allot(100, {"a": 1, "b": 1, "c": 1})
    assert sum(parts.values()) == 100
    assert sorted(parts.values()) == [33, 33, 34]


def test_a_region_that_does_not_take_part_is_refused() -> None:
    with pytest.raises(Misconfigured, match="110000"):
        places(("110000",))

"""The main job from a folder of tables to the report, on every bus and journal, on small data."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from gateway.demo import DemoOptions, run, run_demo
from gateway.demo.rendering import render
from gateway.demo.report import Report
from gateway.errors import Misconfigured
from tests.unit.demo.tables_folder import TablesFolder

GUIZHOU_LAGGARD = "合成示例医院-520000-02"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three drugs for three provinces; one drug without a winner, one region without a supplier."""
    tables = TablesFolder(tmp_path)
    tables.volumes += [
        tables.volumes[0] | {"generic_name": "无人中选口服常释剂型"},
        tables.volumes[0] | {"region_code": "110000", "region": "北京"},
    ]
    return tables.write()


async def _report(folder: Path, **options: str) -> dict[str, Any]:
    report = await run(DemoOptions(data=folder, quiet=True, **options))  # type: ignore[arg-type]
    told = report.as_dict()
    return {name: value for name, value in told.items() if name != "elapsed_s"}


async def test_everything_that_was_sent_is_where_it_must_be(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "out" / "report.json"
    report = await run(DemoOptions(data=folder, report=path, quiet=True))
    told = orjson.loads(path.read_bytes())
    assert told == orjson.loads(orjson.dumps(report.as_dict()))
    assert report.ok
    assert told["ok"] is True
    assert (told["lost"], told["doubled"], told["unexplained"], told["dead_lettered"]) == (
        (0, 0, 0, 0)
    )
    assert told["chain_ok"] is True
    assert told["fen_difference"] == 0
    assert (told["held"], told["released"]) == (3, 3)
    assert told["duplicates"] == 1
    assert told["rejected"] == told["rejections_published"] == 10
    assert told["published"] == (
        told["accepted"] + told["released"] + told["conclusions"] + told["rejections_published"]
    )
    assert told["published"] == sum(told["by_topic"].values())
    assert told["partner_ledgers"]["sold_fen"] == told["partner_ledgers"]["dispensed_fen"] > 0
    assert told["delivered"] == told["partner_ledgers"]["booked"] > 0
    assert told["elapsed_s"] > 0
    _judged_by_guizhous_paper_alone(told)
    _names_what_is_odd(told)
    _rendered(report)


def _judged_by_guizhous_paper_alone(told: dict[str, Any]) -> None:
    """Of three drugs one stays at 69.99 %, one reaches 70 %, one 79.99 % and later 80 %."""
    every = [*told["warnings"], *told["holds"], *told["resumed"], *told["lifted"]]
    assert {one["institution"] for one in every} == {GUIZHOU_LAGGARD}
    first = [one for one in told["warnings"] if one["period"] == "2020-Q1"]
    assert sorted(one["completion"] for one in first) == ["0.6999", "0.7000", "0.7999"]
    assert [one["completion"] for one in told["lifted"]] == ["0.8000"]
    (held,) = [one for one in told["holds"] if one["period"] == "2020-Q1"]
    assert (held["completion"], held["date"]) == ("0.6999", "2020-04-01")
    assert held["clauses"] == ["黔医保发〔2019〕69号 五（三）"]
    # the same drug lags again in the last quarter played: that hold stays open
    assert {one["period"] for one in told["holds"]} == {"2020-Q1", "2020-Q2"}
    assert [one["drug"] for one in told["resumed"]] == [held["drug"]]


def _names_what_is_odd(told: dict[str, Any]) -> None:
    found = {(one["kind"], one["what"]) for one in told["findings"]}
    assert ("volume.no_winner", "无人中选口服常释剂型: 1 个地区, 合计 800000.0000") in found
    assert ("volume.no_supplier", "测试地平口服常释剂型: 北京") in found


def _rendered(report: Report) -> None:
    console = Console(width=140, record=True, file=io.StringIO())
    render(report, console)
    text = console.export_text()
    for said in ("分毫不差", "无人中选口服常释剂型", "黔医保发〔2019〕69号", GUIZHOU_LAGGARD):
        assert said in text


async def test_two_runs_give_the_same_report_but_for_the_time(folder: Path) -> None:
    assert await _report(folder) == await _report(folder)


@pytest.mark.kafka
@pytest.mark.postgres
async def test_production_components_give_the_same_report(
    folder: Path, kafka_bootstrap: str, postgres_url: str
) -> None:
    production = await _report(
        folder, bus="kafka", journal="postgres", kafka=kafka_bootstrap, postgres=postgres_url
    )
    assert production == await _report(folder)


async def test_a_lower_price_elsewhere_pulls_down_what_yunnan_or_chongqing_list(
    tmp_path: Path,
) -> None:
    """The pilot's product is listed on in Chongqing; the alliance sells the drug cheaper elsewhere."""
    tables = TablesFolder(tmp_path)
    tables.results.append(
        tables.results[0]
        | {
            "batch_code": "NVBP-2018-4+7",
            "generic_name": "苯磺酸测试地平",
            "dosage_form_group": "口服常释剂型",
            "enterprise_name": "戊示例制药有限公司",
            "bid_unit_price": "0.148571",
            "supply_regions": "重庆",
            "supply_region_codes": "500000",
        }
    )
    told = await _report(tables.write())
    linked = [one for one in told["linked_prices"] if one["region"] == "重庆"]
    assert [(one["price_before"], one["price_after"]) for one in linked] == [
        ("0.148571", "0.060000")
    ]
    assert linked[0]["change_pct"] == "-59.62"
    assert linked[0]["effective_from"] == "2020-03-20"
    assert linked[0]["reference_region"] in ("云南", "贵州")
    assert told["ok"] is True


async def test_only_the_regions_asked_for_take_part(folder: Path) -> None:
    report = await run(DemoOptions(data=folder, regions=("530000",), quiet=True))
    told = report.as_dict()
    assert told["data"]["buying_regions"] == ["云南"]
    assert told["holds"] == told["warnings"] == []  # Yunnan's paper sets no threshold
    assert told["ok"] is True


async def test_the_json_form_is_all_that_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = await run_demo(DemoOptions(data=folder, regions=("530000",), as_json=True))
    told = orjson.loads(capsys.readouterr().out)
    assert fine is told["ok"] is True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bus": "pigeon"}, "bus"),
        ({"journal": "paper"}, "journal"),
        ({"regions": ("999999",)}, "999999"),
        ({"journal": "postgres", "postgres": "postgresql://nobody@127.0.0.1:1/x"}, "POSTGRES"),
        ({"report": Path("/proc/none/report.json")}, "report"),
    ],
)
async def test_what_cannot_work_is_said_before_anything_is_sent(
    folder: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(Misconfigured, match=said):
        await run(DemoOptions(data=folder, quiet=True, **options))

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.demo.dataset import Dataset, load
from gateway.errors import Misconfigured
from schemas.codes import UNIFIED_CODE_PATTERN
from schemas.money import plain
from tests.unit.demo.tables_folder import BATCH, TablesFolder

SHIPPED = Path(__file__).resolve().parents[3] / "examples" / "national-vbp"


def _found(dataset: Dataset, kind: str) -> list[str]:
    return [one.what for one in dataset.findings if one.kind == kind]


def test_good_tables_have_nothing_odd_about_them(tables: TablesFolder) -> None:
    dataset = load(tables.write())
    assert [one.kind for one in dataset.findings] == ["file.missing"]  # of completions
    assert [batch.opened_on for batch in dataset.batches] == ["2019-10-01"]
    assert dataset.regions == {"500000": "重庆", "520000": "贵州", "530000": "云南"}
    assert len(dataset.winners) == 3
    assert len(dataset.supplies) == 9
    assert {plain(one.quantity, 4) for one in dataset.agreed} == {"800000.0000"}
    assert all(one.product is not None and one.unit_price for one in dataset.agreed)


def test_the_example_that_is_shipped_reads_as_its_notes_say() -> None:
    dataset = load(SHIPPED)
    assert (len(dataset.winners), len(dataset.agreed), len(dataset.batches)) == (344, 315, 4)
    unwon = _found(dataset, "volume.no_winner")
    assert [what.split(":")[0] for what in unwon] == [
        "卡托普利口服常释剂型",
        "曲马多口服常释剂型",
        "阿奇霉素口服常释剂型",
        "阿奇霉素注射剂",
        "阿法骨化醇口服常释剂型",
        "阿莫西林口服常释剂型",
        "碳酸氢钠口服常释剂型",
    ]
    assert _found(dataset, "drug.unmatched") == []  # all 25 pilot drugs are in the alliance
    assert _found(dataset, "enterprise.fits_nobody") == []
    assert len(_found(dataset, "price.above_ceiling")) == 3


def test_the_example_holds_the_volumes_of_three_provinces_only() -> None:
    regions = {one.region for one in load(SHIPPED).agreed}
    assert regions == {"500000", "520000", "530000"}


def test_unified_codes_are_ours_by_their_look_and_the_same_in_every_run(
    tables: TablesFolder,
) -> None:
    folder = tables.write()
    codes = [winner.product.code for winner in load(folder).winners]
    assert codes == [winner.product.code for winner in load(folder).winners]
    assert all(re.fullmatch(UNIFIED_CODE_PATTERN, code) for code in codes)
    assert all(code.startswith("JCP-") for code in codes)
    assert len(set(codes)) == 3


def test_a_drug_with_volumes_and_no_winner_is_named(tables: TablesFolder) -> None:
    tables.results[0]["selected"] = "0"
    tables.prices = [row for row in tables.prices if row["generic_name"] != "测试地平口服常释剂型"]
    dataset = load(tables.write())
    assert _found(dataset, "volume.no_winner") == [
        "测试地平口服常释剂型: 3 个地区, 合计 2400000.0000"
    ]
    assert sum(one.product is None for one in dataset.agreed) == 3


def test_a_region_without_a_supplier_is_named(tables: TablesFolder) -> None:
    tables.results[0] |= {"supply_regions": "云南|重庆", "supply_region_codes": "530000|500000"}
    del tables.prices[3]  # 贵州, first drug
    dataset = load(tables.write())
    assert _found(dataset, "volume.no_supplier") == ["测试地平口服常释剂型: 贵州"]


def test_a_company_that_fits_no_winner_is_named_and_keeps_its_price(tables: TablesFolder) -> None:
    tables.prices[0]["enterprise_name"] = "无此企业有限公司"
    tables.results[0] |= {"supply_regions": "贵州|重庆", "supply_region_codes": "520000|500000"}
    dataset = load(tables.write())
    assert _found(dataset, "enterprise.fits_nobody") == ["无此企业有限公司(测试地平口服常释剂型)"]
    (yunnan,) = [
        one
        for one in dataset.supplies
        if one.region == "530000" and one.product.drug.name.startswith("测试地平")
    ]
    assert yunnan.product.enterprise == "无此企业有限公司"


def test_a_short_name_in_the_price_table_means_the_winner_it_fits(tables: TablesFolder) -> None:
    for row in tables.prices[::3]:
        row["enterprise_name"] = "甲示例"
    dataset = load(tables.write())
    assert _found(dataset, "enterprise.fits_nobody") == []
    assert _found(dataset, "enterprise.completed") == ["甲示例 → 甲示例制药有限公司"]


def test_a_winner_without_volumes_is_named(tables: TablesFolder) -> None:
    tables.volumes = [row for row in tables.volumes if row["generic_name"] != "测试曲塞注射剂"]
    assert _found(load(tables.write()), "winner.no_volume") == ["测试曲塞注射剂"]


def test_a_supply_into_a_region_that_asked_for_none_is_named(tables: TablesFolder) -> None:
    del tables.volumes[0]
    assert _found(load(tables.write()), "supply.no_volume") == ["测试地平口服常释剂型: 云南"]


def test_volumes_of_several_specifications_are_added_up_and_named(tables: TablesFolder) -> None:
    tables.volumes.append(tables.volumes[0] | {"spec": "10mg", "volume_wan": "20.00005"})
    dataset = load(tables.write())
    assert _found(dataset, "spec.several") == ["测试地平口服常释剂型: 10mg、5mg;中选 5mg"]
    (yunnan,) = [
        one
        for one in dataset.agreed
        if one.region == "530000" and one.drug.name.startswith("测试地平")
    ]
    assert plain(yunnan.quantity, 4) == "1000000.5000"


def test_a_specification_that_no_winner_has_is_named(tables: TablesFolder) -> None:
    for row in tables.volumes[::3]:
        row["spec"] = "2.5mg"
    assert _found(load(tables.write()), "spec.mismatch") == ["测试地平口服常释剂型: 2.5mg ≠ 5mg"]


def test_zero_volumes_are_named_with_their_region(tables: TablesFolder) -> None:
    tables.volumes[0]["volume_wan"] = "0"
    assert _found(load(tables.write()), "volume.zero") == ["测试地平口服常释剂型 5mg: 云南"]


def test_a_repeated_row_counts_once_and_one_with_other_values_is_named(
    tables: TablesFolder,
) -> None:
    tables.volumes += [dict(tables.volumes[0]), tables.volumes[1] | {"volume_wan": "81"}]
    tables.prices.append(dict(tables.prices[0]))
    tables.results.append(tables.results[0] | {"bid_unit_price": "0.07"})
    dataset = load(tables.write())
    assert len(_found(dataset, "row.duplicate")) == 2
    assert len(_found(dataset, "row.conflict")) == 2
    assert {plain(one.quantity, 4) for one in dataset.agreed} == {"800000.0000"}


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("", "row.blank"),
        ("abc", "number.unreadable"),
        ("-5", "number.unreadable"),
        ("1e2", "number.unreadable"),
        ("0.123456789", "volume.rounded"),
        ("８０", "text.fullwidth"),
    ],
)
def test_an_odd_volume_is_named(tables: TablesFolder, cell: str, kind: str) -> None:
    tables.volumes[0]["volume_wan"] = cell
    assert _found(load(tables.write()), kind)


def test_a_price_with_too_many_decimals_is_rounded_half_up_and_named(tables: TablesFolder) -> None:
    for row in (tables.results[0], *tables.prices[::3]):
        row[next(name for name in row if name.endswith("unit_price") and "ceil" not in name)] = (
            "0.0600005"
        )
    dataset = load(tables.write())
    assert len(_found(dataset, "price.rounded")) == 4
    assert dataset.winners[0].unit_price == 60_001


def test_a_winner_without_a_price_has_no_price_anywhere_and_is_named(tables: TablesFolder) -> None:
    tables.results[0]["bid_unit_price"] = ""
    for row in tables.prices[::3]:
        row["unit_price"] = ""
    dataset = load(tables.write())
    assert _found(dataset, "volume.no_price") == ["测试地平口服常释剂型: 重庆、贵州、云南"]


def test_a_price_that_differs_from_the_bid_stands_and_is_named(tables: TablesFolder) -> None:
    tables.prices[0]["unit_price"] = "0.05"
    dataset = load(tables.write())
    assert _found(dataset, "price.differs") == ["测试地平口服常释剂型 云南: 0.050000 ≠ 0.060000"]


def test_a_region_is_known_by_its_name_where_the_code_is_missing(tables: TablesFolder) -> None:
    tables.volumes[0] |= {"region_code": "", "region": "云南省"}
    tables.volumes[1] |= {"region_code": "x", "region": "仙境"}
    dataset = load(tables.write())
    assert _found(dataset, "region.unknown") == ["仙境"]
    assert len(dataset.agreed) == 8


def test_without_a_price_table_the_winners_say_where_they_supply(tables: TablesFolder) -> None:
    tables.prices = []
    dataset = load(tables.write())
    assert len(dataset.supplies) == 9
    assert "vbp_province_prices.csv" in _found(dataset, "file.missing")


def test_a_batch_without_a_date_is_named(tables: TablesFolder) -> None:
    tables.batches = []
    assert _found(load(tables.write()), "batch.undated") == [BATCH]


def test_tables_in_gb18030_say_the_same(tables: TablesFolder) -> None:
    plainly = load(tables.write())
    coded = load(tables.write("gb18030"))
    assert coded.agreed == plainly.agreed
    assert len(_found(coded, "file.encoding")) == 4


def test_what_must_be_there_is_asked_for_by_name(tables: TablesFolder) -> None:
    with pytest.raises(Misconfigured, match="no data folder"):
        load(tables.path / "nowhere")
    tables.volumes = []
    with pytest.raises(Misconfigured, match=r"vbp_volumes\.csv"):
        load(tables.write())

"""The national catalogue and partners' catalogues in the journal: looked through first, then written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.coding.interchange.catalogue import Catalogue, CataloguePreview, last_import
from gateway.coding.interchange.cells import Limits
from gateway.coding.interchange.findings import BadFile
from gateway.coding.interchange.importing import ImportOrder
from gateway.coding.interchange.items import keep_items, read_items
from gateway.coding.interchange.national import CatalogueFile, Layout
from gateway.coding.interchange.plan import ColumnPlan
from gateway.coding.local_items import kept_items
from gateway.coding.products.store import Products
from gateway.coding.records import LocalItem
from gateway.errors import Unavailable
from gateway.ports import Journal
from tests.coding_import.making import NOW, PARTNERS, Breaking, code_no
from tests.unit.coding.interchange.catalogue_rows import catalogue_file, row_1301


def opened(path: Path, journal: Journal) -> Catalogue:
    return Catalogue(CatalogueFile(path, Layout.load(), Limits()), journal)


async def taken(path: Path, journal: Journal, *, without_bad: bool = False) -> CataloguePreview:
    work = opened(path, journal)
    work.survey()
    return await work.write(path.name, by="li", now=NOW, without_bad=without_bad)


async def test_the_catalogue_is_taken_and_taken_again(journal: Journal, tmp_path: Path) -> None:
    rows = [row_1301(code_no(n)) for n in range(1200)]
    path = catalogue_file(tmp_path / "a.txt", rows)
    assert (await taken(path, journal)).summary() == {
        "new": 1200, "changed": 0, "ended": 0, "unchanged": 0, "invalid": 0, "older": 0,
    }  # fmt: skip
    rows[7] = row_1301(code_no(7), pack="24片/盒")
    rows[8] = row_1301(code_no(8), end="2026-06-30")
    seen = await taken(catalogue_file(path, rows), journal)
    assert {k: v for k, v in seen.summary().items() if v} == {
        "changed": 1,
        "ended": 1,
        "unchanged": 1198,
    }
    assert [(one.row, one.fields) for one in seen.changes] == [(8, ("pack",)), (9, ("valid_to",))]
    product = await Products(journal).get(code_no(8))
    assert product is not None
    assert product.valid_to == "2026-06-30"


async def test_a_preview_writes_nothing(journal: Journal, tmp_path: Path) -> None:
    work = opened(catalogue_file(tmp_path / "a.txt", [row_1301(code_no(1))]), journal)
    work.survey()
    assert (await work.preview()).summary()["new"] == 1
    assert await Products(journal).get(code_no(1)) is None
    assert await last_import(journal) is None


async def test_a_bad_row_and_nothing_is_written_unless_told(
    journal: Journal, tmp_path: Path
) -> None:
    rows = [row_1301(code_no(n)) for n in range(10)]
    rows[4] = "\t".join(rows[4].split("\t")[:40])
    path = catalogue_file(tmp_path / "a.txt", rows)
    with pytest.raises(BadFile) as caught:
        await taken(path, journal)
    assert [(one.row, one.code) for one in caught.value.found] == [(5, "row.columns")]
    assert await last_import(journal) is None
    assert await Products(journal).get(code_no(1)) is None
    assert (await taken(path, journal, without_bad=True)).summary()["new"] == 9


async def test_a_killed_import_is_seen_and_goes_on(journal: Journal, tmp_path: Path) -> None:
    path = catalogue_file(tmp_path / "a.txt", [row_1301(code_no(n)) for n in range(1200)])
    with pytest.raises(Unavailable):
        await taken(path, Breaking(journal, 2))
    noted = await last_import(journal)
    assert noted is not None
    assert noted["state"] == "writing"
    seen = await taken(path, journal)
    assert (seen.summary()["new"], seen.summary()["unchanged"]) == (700, 500)
    noted = await last_import(journal)
    assert noted is not None
    assert noted["state"] == "done"


# ------------------------------------------------------------------ a partner's own catalogue


def items(path: Path, text: str) -> ImportOrder:
    path.write_text(text, encoding="utf-8")
    return ImportOrder(path, ColumnPlan(), partner="hospital-a", suggested=True)


async def test_items_are_kept_as_facts(journal: Journal, tmp_path: Path) -> None:
    text = "药品编码,药品名称,规格,剂型,生产企业,批准文号,code.drug_standard_code_86\n"
    text += "0012,替硝唑片,0.5g*8片,片剂,某某制药,国药准字H20055036,86904879000126\n0013,甲硝唑片,,,,,\n"
    order = items(tmp_path / "a.csv", text)
    read = read_items(order, PARTNERS)
    assert await keep_items(journal, read) == 2
    item = LocalItem(
        "hospital-a", "product", "0012", "替硝唑片", "片剂", "0.5g*8片", "", "某某制药",
        "国药准字H20055036", (("drug_standard_code_86", "86904879000126"),),
    )  # fmt: skip
    bare = LocalItem("hospital-a", "product", "0012")
    assert await kept_items(journal, [bare]) == {"hospital-a|product|0012": item}
    again = read_items(order, PARTNERS)
    assert await keep_items(journal, again) == 0
    assert again.summary() == {"new": 0, "changed": 0, "unchanged": 2, "invalid": 0}


async def test_one_bad_item_and_none_is_kept(journal: Journal, tmp_path: Path) -> None:
    text = "药品编码,药品名称,code.drug_standard_code_86\n0012,替硝唑片,86904879000127\n0013,甲硝唑片,\n"
    read = read_items(items(tmp_path / "a.csv", text + "0013,乙硝唑片,\n"), PARTNERS)
    assert [(one.row, one.code) for one in read.findings] == [(2, "row.code"), (4, "row.invalid")]
    with pytest.raises(BadFile):
        await keep_items(journal, read)
    assert await journal.scan("local-item") == []

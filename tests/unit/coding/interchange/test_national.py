"""The national catalogue's download, read by position."""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path

import pytest

from gateway.coding.interchange.cells import Limits
from gateway.coding.interchange.findings import BadFile, Finding
from gateway.coding.interchange.national import CatalogueFile, Layout, Listed, pack_factors
from gateway.coding.products.packs import PackFactors
from gateway.coding.products.record import CodeLink
from gateway.coding.records import OPEN_END
from tests.unit.coding.interchange.catalogue_rows import catalogue_file, row_1301

CODE = "XJ01XDT045A001010104642"


def read(path: Path) -> list[Listed | Finding]:
    return list(CatalogueFile(path, Layout.load(), Limits()).rows())


def only(tmp_path: Path, row: str) -> Listed:
    (found,) = read(catalogue_file(tmp_path / "a.txt", [row]))
    assert isinstance(found, Listed)
    return found


def code(tmp_path: Path, row: str) -> str:
    (found,) = read(catalogue_file(tmp_path / "a.txt", [row]))
    assert isinstance(found, Finding)
    return found.code


def test_a_row_becomes_a_product(tmp_path: Path) -> None:
    listed = only(tmp_path, row_1301(CODE))
    record = listed.record
    assert record.unified_code == CODE
    assert (record.generic_name, record.trade_name) == ("替硝唑片", "示例商品名")
    assert (record.dosage_form, record.specification) == ("片剂(薄膜衣)", "0.5g")
    assert (record.pack, record.maker) == ("8片/盒", "合成示例制药有限公司")
    assert (record.holder, record.approval_no) == ("合成示例持有人", "国药准字H20055036")
    assert (record.valid_from, record.valid_to) == ("2019-01-01", OPEN_END)
    assert record.links == (
        CodeLink("drug_standard_code_86", "86904879000126"),
        CodeLink("national_drug_no", "X000001"),
    )
    assert record.factors == PackFactors(Fraction(1), Fraction(8))
    assert listed.newest == ("X0001", "2026-01-05 10:20:30")


def test_appended_columns_are_ignored_and_missing_ones_are_not(tmp_path: Path) -> None:
    assert only(tmp_path, row_1301(CODE, more=7)).record == only(tmp_path, row_1301(CODE)).record
    wanted = Layout.load().wanted
    cells = row_1301(CODE).split("\t")
    assert only(tmp_path, "\t".join(cells[:wanted])).record.unified_code == CODE
    assert code(tmp_path, "\t".join(cells[: wanted - 1])) == "row.columns"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"begin": "2019-02-30"}, "cell.no_such_day"),
        ({"end": "some day"}, "cell.date"),
        ({"begin": "2020-01-02", "end": "2020-01-01"}, "row.invalid"),
    ],
)
def test_bad_days_are_findings(tmp_path: Path, changed: dict[str, str], expected: str) -> None:
    assert code(tmp_path, row_1301(CODE, more=0, **changed)) == expected


@pytest.mark.parametrize("wrong", ["", "null", CODE[:-1], "XJ01XDT045A00101010464O", "替硝唑"])
def test_a_bad_code_is_a_finding(tmp_path: Path, wrong: str) -> None:
    assert code(tmp_path, row_1301(wrong)) in {"row.required", "row.unified"}


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("29991231", OPEN_END),
        ("9999-12-31 00:00:00", OPEN_END),
        ("", OPEN_END),
        ("null", OPEN_END),
        ("2026-06-30 23:59:59", "2026-06-30"),
    ],
)
def test_the_last_day(tmp_path: Path, end: str, expected: str) -> None:
    assert only(tmp_path, row_1301(CODE, end=end)).record.valid_to == expected


def test_a_product_that_is_marked_invalid_has_ended(tmp_path: Path) -> None:
    assert only(tmp_path, row_1301(CODE, flag="0")).record.valid_to == "2026-01-05"
    late = row_1301(CODE, flag="0", begin="2026-02-01")
    assert only(tmp_path, late).record.valid_to == "2026-02-01"
    told = row_1301(CODE, flag="0", end="2025-01-01")
    assert only(tmp_path, told).record.valid_to == "2025-01-01"


def test_a_linked_code_that_its_system_refuses_links_nothing(tmp_path: Path) -> None:
    record = only(tmp_path, row_1301(CODE, standard="86904879000127")).record
    assert record.codes("drug_standard_code_86") == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("8", "盒", "盒", "片"), PackFactors(Fraction(1), Fraction(8))),
        (("8", "片", "盒", "片"), PackFactors(Fraction(8), Fraction(1))),
        (("2.5", "片", "盒", "片"), PackFactors(Fraction(5, 2), Fraction(1))),
        (("8", "", "盒", "片"), None),
        (("8", "袋", "盒", "片"), None),
        (("", "盒", "盒", "片"), None),
        (("0", "盒", "盒", "片"), None),
        (("-1", "盒", "盒", "片"), None),
        (("8片", "盒", "盒", "片"), None),
        (("1/0", "盒", "盒", "片"), None),
    ],
)
def test_pack_factors_are_exact_or_not_known(
    given: tuple[str, str, str, str], expected: PackFactors | None
) -> None:
    assert pack_factors(*given) == expected


def test_the_zip_of_the_download_and_gb18030(tmp_path: Path) -> None:
    plain = catalogue_file(tmp_path / "a.txt", [row_1301(CODE)], "gb18030")
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.write(plain, "plc.txt")
    file = CatalogueFile(packed, Layout.load(), Limits())
    assert "GB18030" in file.notes[0]
    assert list(file.rows()) == list(file.rows()) == read(plain)
    with zipfile.ZipFile(packed, "a") as made:
        made.write(plain, "b.txt")
    with pytest.raises(BadFile, match="one text file"):
        read(packed)


def test_a_bomb_in_the_zip_is_counted(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("plc.txt", b"\t" * 10_000_000)
    with pytest.raises(BadFile):
        list(CatalogueFile(packed, Layout.load(), Limits(unpacked_bytes=1 << 20)).rows())
    with pytest.raises(BadFile):
        list(CatalogueFile(packed, Layout.load(), Limits()).rows())


def test_a_workbook_is_no_catalogue(tmp_path: Path) -> None:
    path = catalogue_file(tmp_path / "a.pdf", ["%PDF"])
    with pytest.raises(BadFile):
        read(path)

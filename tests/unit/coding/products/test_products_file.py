from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.products.files import load_products, product_of
from gateway.coding.products.packs import PackFactors
from gateway.coding.products.record import CodeLink, ProductRecord, record_bytes, record_of
from gateway.errors import Misconfigured

ONE, TWO = "XA01AAA001A001010100001", "XA01AAA001A001010100002"
FULL = ProductRecord(
    ONE,
    drug="AMLO",
    drug_name="氨氯地平",
    generic_name="苯磺酸氨氯地平片",
    trade_name="合成示例平",
    dosage_form="片剂",
    specification="5mg",
    pack="7片*2板/盒",
    holder="合成示例持有人有限公司",
    maker="合成示例制药有限公司",
    approval_no="国药准字H20200001",
    links=(
        CodeLink("drug_standard_code_86", "86900000000017"),
        CodeLink("drug_id_code_7", "8021761", "箱"),
        CodeLink("drug_id_code_7", "8021762", "盒"),
    ),
    factors=PackFactors(Fraction(1), Fraction(14)),
    valid_from="2024-01-01",
    valid_to="2026-12-31",
)


def written(path: Path, *lines: str) -> Path:
    file = path / "products.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_the_three_columns_of_old_stay_valid(tmp_path: Path) -> None:
    file = written(tmp_path, "unified_code,drug,drug_name", f"{ONE},AMLO,氨氯地平", f"{TWO},,")
    loaded = load_products(file)
    assert loaded.get(ONE) == ProductRecord(ONE, drug="AMLO", drug_name="氨氯地平")
    assert loaded.get(TWO) == ProductRecord(TWO)
    assert loaded.get("NOT-THERE") is None


def test_every_column_is_read_and_the_crosswalk_reads_on_as_before(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "unified_code,drug,drug_name,generic_name,trade_name,dosage_form,specification,pack,holder,"
        "maker,approval_no,drug_standard_code_86,drug_id_code_7,pricing_per_sales,"
        "units_per_pricing,valid_from,valid_to",
        f"{ONE},AMLO,氨氯地平,苯磺酸氨氯地平片,合成示例平,片剂,5mg,7片*2板/盒,"
        "合成示例持有人有限公司,合成示例制药有限公司,国药准字H20200001,86900000000017,"
        "8021761@箱|8021762@盒,1,14,2024-01-01,2026-12-31",
    )
    assert list(load_products(file)) == [FULL]
    crosswalk = Crosswalk.load(tmp_path)
    assert crosswalk.drug_of(ONE) == "AMLO"
    assert crosswalk.drug_name("AMLO") == "氨氯地平"


def test_no_file_is_no_product(tmp_path: Path) -> None:
    assert len(load_products(tmp_path / "products.csv")) == 0


@pytest.mark.parametrize(
    ("column", "cell", "finding"),
    [
        ("pricing_per_sales", "2", "units_per_pricing"),
        ("units_per_pricing", "0", "pricing_per_sales"),
        ("valid_from", "2024-02-30", "valid_from"),
        ("valid_to", "29991231", "valid_to"),
        ("gtin13", "６９２４５６１８８４０７４", "gtin13"),
        ("gtin13", "@盒", "gtin13"),
        ("maker", "厂\u200b家", "maker"),
        ("specification", "片" * 501, "specification"),
    ],
)
def test_a_bad_cell_is_a_finding_with_its_line(
    tmp_path: Path, column: str, cell: str, finding: str
) -> None:
    file = written(tmp_path, f"unified_code,drug,{column}", f"{ONE},AMLO,", f"{TWO},AMLO,{cell}")
    with pytest.raises(Misconfigured) as found:
        load_products(file)
    assert len(found.value.findings) == 1
    assert "line 3" in found.value.findings[0]
    assert finding in found.value.findings[0]


@pytest.mark.parametrize("factor", ["0", "1/0", "-1", "1e3", "１", "0.0000001", "1//2"])
def test_a_bad_factor_is_refused(factor: str) -> None:
    row = {"unified_code": ONE, "pricing_per_sales": factor, "units_per_pricing": "1"}
    with pytest.raises(ValueError, match=r"pricing_per_sales|above zero"):
        product_of(row)


def test_a_fraction_is_a_factor() -> None:
    row = {"unified_code": ONE, "pricing_per_sales": "1/2", "units_per_pricing": "2.5"}
    assert product_of(row).factors == PackFactors(Fraction(1, 2), Fraction(5, 2))


def test_two_products_of_one_code_are_a_finding_and_a_repeated_row_is_none(tmp_path: Path) -> None:
    line = f"{ONE},AMLO,氨氯地平"
    assert len(load_products(written(tmp_path, "unified_code,drug,drug_name", line, line))) == 1
    file = written(tmp_path, "unified_code,drug,maker", f"{ONE},AMLO,甲厂", f"{ONE},AMLO,乙厂")
    with pytest.raises(Misconfigured, match="another product on line 2"):
        load_products(file)


def test_a_record_survives_writing_and_reading() -> None:
    assert record_of(record_bytes(FULL)) == FULL
    assert record_of(record_bytes(ProductRecord(TWO))) == ProductRecord(TWO)
    assert record_of(b'{"unified_code":"ABC","added_later":[1]}') == ProductRecord("ABC")
    with pytest.raises(ValueError, match="without its unified code"):
        record_of(b"{}")


def test_validity_includes_both_days() -> None:
    assert [
        FULL.holds_on(day) for day in ("2023-12-31", "2024-01-01", "2026-12-31", "2027-01-01")
    ] == [
        False,
        True,
        True,
        False,
    ]
    assert FULL.codes("drug_id_code_7") == ("8021761", "8021762")

"""Every known code gets the right verdict and the right parts, real and made-up ones, good and bad."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.coding.systems import (
    CodeRefusal,
    ParsedCode,
    code_systems,
    parse,
    read_approval,
    regions,
)

SHARED = Path(__file__).parents[5] / "shared" / "data"
OWN = Path(__file__).with_name("vectors.csv")
Row = dict[str, str]
needs_shared = pytest.mark.skipif(
    not SHARED.exists(), reason="no shared folder beside the checkout"
)


def rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def check(row: Row) -> None:
    read = parse(row["code_type"], row["code"])
    assert isinstance(read, ParsedCode) == (row["expect_valid"] == "true"), read
    if isinstance(read, ParsedCode) and row["parts"]:
        assert "|".join(part.text for part in read.parts) == row["parts"]
    if isinstance(read, CodeRefusal):
        assert read.zh
        assert read.en


@pytest.mark.parametrize(
    "row",
    list(rows(OWN)),
    ids=lambda r: f"{r['code_type']}-{r['code']}",
)
def test_the_projects_own_vectors_get_their_verdict_and_parts(row: Row) -> None:
    check(row)


def test_the_own_vectors_have_a_good_and_a_bad_code_of_every_type_with_a_structure() -> None:
    found = {(r["code_type"], r["expect_valid"]) for r in rows(OWN)}
    structured = {name for name, one in code_systems().items() if one.reading != "opaque"}
    assert {name for name, verdict in found if verdict == "true"} == structured
    lacking = structured - {name for name, verdict in found if verdict == "false"}
    # nobody gave a bad one of these; the refused examples of their files stand in for them
    assert lacking == {
        "nhsa_decoction_piece",
        "nhsa_drug_western_generic",
        "nhsa_drug_tcm_generic",
        "nhsa_service_item",
        "fixmedins_hospital",
        "gs1_elementstring",
    }


@pytest.mark.shared
@needs_shared
def test_every_shared_vector_gets_its_verdict_and_parts() -> None:
    read = list(rows(SHARED / "code-vectors.csv"))
    assert len(read) > 80
    for row in read:
        check(row)


REAL = [
    ("nhsa_drug_codes.csv", "nhsa_drug_code", ("nhsa_drug_western", "nhsa_drug_tcm"), 7613),
    (
        "nhsa_generic_codes.csv",
        "generic_code12",
        ("nhsa_drug_western_generic", "nhsa_drug_tcm_generic"),
        942,
    ),
    ("drug_std_codes.csv", "std_code", ("drug_standard_code_86",) * 2, 18),
    ("divisions_50_52_53.csv", "code", ("admdvs_6",) * 2, 313),
    ("fixmedins_codes_sample.csv", "fixmedins_code", ("fixmedins_hospital",) * 2, 3),
    ("trace_codes_sample.csv", "trace_code", ("trace_code_20",) * 2, 1),
]


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(("file", "column", "types", "count"), REAL)
def test_every_real_code_is_valid(
    file: str, column: str, types: tuple[str, str], count: int
) -> None:
    codes = [row[column] for row in rows(SHARED / file)]
    refused = [
        read
        for code in codes
        if isinstance(read := parse(types[code.startswith("Z")], code), CodeRefusal)
    ]
    assert refused == []
    assert len(codes) >= count


@pytest.mark.shared
@needs_shared
def test_the_parts_of_real_drug_codes_are_those_of_the_list() -> None:
    for row in rows(SHARED / "nhsa_drug_codes.csv"):
        kind = "nhsa_drug_western" if row["kind"] == "X" else "nhsa_drug_tcm"
        read = parse(kind, row["nhsa_drug_code"])
        assert isinstance(read, ParsedCode)
        named = read.by_name()
        assert named["class"] == row["class_part"]
        assert named["spec_pack"] == row["spec_part"] + row["pack_part"] or row["kind"] == "Z"
        assert named["enterprise"] == row["enterprise_part"]
        (spec, pack) = next(part for part in read.parts if part.name == "spec_pack").parts
        assert spec.text + pack.text == named["spec_pack"]


@pytest.mark.shared
@needs_shared
def test_the_good_codes_of_distributors_satisfy_both_check_characters() -> None:
    verdicts = Counter(
        (row["uscc_check"], isinstance(parse("uscc", row["uscc"]), ParsedCode))
        for row in rows(SHARED / "distributors_uscc.csv")
    )
    assert set(verdicts) == {("1", True), ("bad-format", False)}
    assert verdicts["1", True] >= 98


@pytest.mark.shared
@needs_shared
def test_approval_numbers_of_a_real_catalogue_are_told_from_certificates_and_scrap() -> None:
    found = Counter[tuple[str, str]]()
    for row in rows(SHARED / "drug_approvals.csv"):
        raw = row["approval_no_raw"]
        read, approval = parse("approval_no", raw), read_approval(raw)
        verdict = "valid" if isinstance(read, ParsedCode) else read.reason_code
        found[row["approval_kind"], verdict] += 1
        if row["approval_kind"] == "国药准字":
            assert approval is not None
            assert (approval.kind, approval.number) == ("national", row["approval_no"])
        if row["approval_kind"] == "进口药品注册证":
            assert approval is not None
            assert (approval.kind, approval.number) == ("import_certificate", row["approval_no"])
    assert {kind for kind, verdict in found if verdict == "valid"} == {"国药准字"}
    assert found["国药准字", "valid"] >= 1373
    assert {kind for kind, verdict in found if kind == "国药准字"} == {"国药准字"}
    assert [verdict for kind, verdict in found if kind == "国药准字"] == ["valid"]


@pytest.mark.shared
@needs_shared
def test_present_divisions_have_the_right_name_level_and_parent() -> None:
    for row in rows(SHARED / "divisions_50_52_53.csv"):
        region = regions().get(row["code"])
        assert region is not None
        assert (region.name, region.level, region.standing) == (row["name"], row["level"], "gb2260")
        assert region.parent == row["parent_code"]

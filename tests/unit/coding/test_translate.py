from __future__ import annotations

from typing import Any, Literal

import pytest

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.rows import CrosswalkRow
from gateway.coding.translate import code_draft, provisional_subject
from gateway.partners import Partner
from schemas.events import ACCEPTANCE_RECORDED, EVENT_TYPES, ORDER_PLACED, STOCK_COUNTED

ONE, TWO = "XA01AAA001A001010100001", "XA01AAA001A001010100002"
HOSPITAL = "H52010000001"
CROSSWALK = Crosswalk.of(
    [
        CrosswalkRow("his-a", "product", "L1", ONE, "2020-01-01", "2023-12-31"),
        CrosswalkRow("his-a", "product", "L1", TWO, "2024-01-01"),
        CrosswalkRow("his-a", "product", "L2", ONE, "2020-01-01", "2020-12-31"),
        CrosswalkRow("his-a", "institution", "7", HOSPITAL, "2020-01-01"),
        CrosswalkRow("his-a", "enterprise", "9", "91530381MA6NGW556N", "2020-01-01"),
    ],
    drugs={ONE: "AMLO"},
)


def partner(*native: Literal["product", "institution", "enterprise"]) -> Partner:
    return Partner(
        id="his-a", name="合成示例医院", interface="i", region="520000", native_codes=native
    )


def order(*codes: str) -> dict[str, Any]:
    return {
        "institution_local": "7",
        "distributor_local": "9",
        "lines": [{"line_no": at, "local_code": code} for at, code in enumerate(codes, start=1)],
    }


def test_codes_are_filled_at_the_top_and_in_every_line_as_of_the_day() -> None:
    data = order("L1", "L1")
    coded = code_draft(data, partner(), "2023-12-31", CROSSWALK)
    assert coded.issues == ()
    assert data["institution"] == HOSPITAL
    assert data["distributor"] == "91530381MA6NGW556N"
    assert [(line["unified_code"], line["drug"]) for line in data["lines"]] == [(ONE, "AMLO")] * 2
    assert "drug" not in data
    assert coded.keys == ("his-a|institution|7", "his-a|enterprise|9", "his-a|product|L1")


def test_a_product_without_a_drug_group_is_its_own() -> None:
    data = {"local_code": "L1"}
    code_draft(data, partner(), "2024-01-01", CROSSWALK)
    assert data == {"local_code": "L1", "unified_code": TWO, "drug": TWO}


def test_every_code_without_a_meaning_is_named_by_its_place_and_reason() -> None:
    data = order("L1", "L2", "L3")
    data["institution_local"] = "8"
    coded = code_draft(data, partner(), "2024-01-01", CROSSWALK)
    assert [(found.path, found.code) for found in coded.issues] == [
        ("institution_local", "code.unknown"),
        ("lines[1].local_code", "code.expired"),
        ("lines[2].local_code", "code.unknown"),
    ]
    assert "L2" in coded.issues[1].zh
    assert "2024-01-01" in coded.issues[1].zh


def test_a_draft_that_cannot_be_coded_is_left_wholly_in_the_partners_codes() -> None:
    data = order("L1", "L3")
    code_draft(data, partner(), "2024-01-01", CROSSWALK)
    assert data == order("L1", "L3")


def test_a_native_code_passes_when_it_has_the_shape_and_is_looked_up_when_not() -> None:
    data: dict[str, Any] = {"institution_local": HOSPITAL, "local_code": "L1"}
    assert code_draft(data, partner("institution"), "2024-01-01", CROSSWALK).issues == ()
    assert (data["institution"], data["unified_code"]) == (HOSPITAL, TWO)
    looked_up: dict[str, Any] = {"institution_local": "7"}
    assert code_draft(looked_up, partner("institution"), "2024-01-01", CROSSWALK).issues == ()
    assert looked_up["institution"] == HOSPITAL
    for bad in (HOSPITAL + "\n", "H5201000000１", "h52010000001"):
        (found,) = code_draft(
            {"institution_local": bad}, partner("institution"), "2024-01-01", CROSSWALK
        ).issues
        assert found.code == "code.unknown"


def test_a_unified_field_without_a_local_code_is_left_as_it_was_given() -> None:
    data: dict[str, Any] = {"institution": HOSPITAL, "unified_code": ONE}
    coded = code_draft(data, partner(), "2024-01-01", CROSSWALK)
    assert coded == ((), (), ())
    assert data == {"institution": HOSPITAL, "unified_code": ONE, "drug": "AMLO"}


def test_a_local_code_overrules_a_unified_one_beside_it() -> None:
    data: dict[str, Any] = {"local_code": "L1", "unified_code": ONE}
    code_draft(data, partner(), "2024-01-01", CROSSWALK)
    assert data["unified_code"] == TWO


@pytest.mark.parametrize("bad", [7, ["L1"], {"a": 1}, 1.5])
def test_a_code_that_is_no_text_does_not_crash(bad: object) -> None:
    coded = code_draft({"local_code": bad, "lines": [None, 3]}, partner(), "x", CROSSWALK)
    assert [found.code for found in coded.issues] == ["code.unknown"]


def test_another_partners_mapping_is_not_used() -> None:
    other = Partner(id="his-b", name="另一家", interface="i", region="520000")
    (found,) = code_draft({"local_code": "L1"}, other, "2024-01-01", CROSSWALK).issues
    assert found.code == "code.unknown"


def test_the_provisional_subject_names_the_local_codes() -> None:
    listed = EVENT_TYPES[ACCEPTANCE_RECORDED]
    data = {"institution_local": "7", "local_code": "L9"}
    assert provisional_subject(listed, data, "his-a") == "?his-a|institution|7/?his-a|product|L9"
    known = data | {"institution": HOSPITAL}
    assert provisional_subject(listed, known, "his-a") == f"{HOSPITAL}/?his-a|product|L9"
    stock = provisional_subject(EVENT_TYPES[STOCK_COUNTED], data, "his-a")
    assert stock == "?his-a|institution|7/?his-a|product|L9"
    assert provisional_subject(EVENT_TYPES[ORDER_PLACED], {}, "his-a") == "?his-a|order_no|"
    assert provisional_subject(EVENT_TYPES[ORDER_PLACED], {"order_no": "A"}, "his-a") == "A"

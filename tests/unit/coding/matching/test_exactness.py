from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.matching.candidates import Candidates, propose_exact
from gateway.coding.products.record import CodeLink, ProductRecord
from tests.unit.coding.matching.making import AMLODIPINE, ITEM, MAKER, exact, item, product

STANDARD = "drug_standard_code_86"


def test_all_identifying_fields_agree() -> None:
    assert exact(ITEM) == "P001"


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "氨氯地平(苯磺酸盐)片"},
        {"name": "氨氯地平口服常释剂型"},
        {"name": "苯磺酸氨氯地平片(示例平)"},
        {"dosage_form": ""},
        {"specification": "0.005g×7片×2板"},
        {"specification": "5mg", "pack": "7片*2板/盒"},
        {"manufacturer": "合成示例制药"},
        {"manufacturer": ""},
        {"approval_no": "国药准字H20200001"},
        {"approval_no": ""},
    ],
)
def test_another_spelling_of_the_same_is_exact(changed: dict[str, str]) -> None:
    assert exact(item(**changed)) == "P001"


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "马来酸氨氯地平片"},
        {"name": "左氨氯地平片"},
        {"name": "苯磺酸氨氯地平胶囊"},
        {"name": "苯磺酸氨氯地平片(别名平)"},
        {"name": "苯磺酸氨氯地平片(Ⅱ)"},
        {"name": "苯磺酸氨氯地平片", "dosage_form": "胶囊剂"},
        {"dosage_form": "注射液"},
        {"specification": "10mg*7片*2板/盒"},
        {"specification": "7片*2板/盒"},
        {"specification": "5mg"},
        {"specification": "5mg*14片/盒"},
        {"specification": "5mg*7片*3板/盒"},
        {"specification": "5mg*7片*2板/瓶"},
        {"specification": "5mg*7粒*2板/盒"},
        {"specification": "5mg*7片*2板/盒(双铝)"},
        {"specification": "5mg*7片*2板/盒", "pack": "14片/盒*2"},
        {"manufacturer": "另一示例制药股份有限公司"},
        {"manufacturer": "合成示例制药有限公司"},
        {"approval_no": "H20200002"},
        {"approval_no": "Z20200001"},
        {"other_codes": ((STANDARD, "86900000000017"),)},
    ],
)
def test_one_field_that_says_otherwise_or_less_is_not_exact(changed: dict[str, str]) -> None:
    linked = product("P001", links=(CodeLink(STANDARD, "86900000000024"),))
    assert not exact(item(**changed), linked)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "氨氯地平片"},
        {"name": "氨氯地平口服常释剂型", "dosage_form": ""},
        {"dosage_form": "薄膜衣片"},
        {"manufacturer": "合成示例制药"},
        {"manufacturer": ""},
    ],
)
def test_without_an_approval_number_names_must_be_whole(changed: dict[str, str]) -> None:
    assert not exact(item(approval_no="", **changed))


def test_a_second_product_that_qualifies_makes_neither_exact() -> None:
    assert not exact(ITEM, AMLODIPINE, product("P002"))
    assert exact(ITEM, AMLODIPINE, product("P001")) == "P001"  # one product, told twice


@pytest.mark.parametrize(
    "changed",
    [
        {"pack": "14片/盒"},
        {"pack": ""},
        {"maker": ""},
        {"specification": ""},
        {"generic_name": "氨氯地平片"},
        {"approval_no": ""},
    ],
)
def test_a_product_that_only_says_less_is_a_rival(changed: dict[str, str]) -> None:
    assert not exact(ITEM, AMLODIPINE, product("P002", **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"pack": "7片*4板/盒"},
        {"specification": "10mg"},
        {"approval_no": "国药准字H20200009"},
        {"generic_name": "苯磺酸氨氯地平胶囊", "dosage_form": "胶囊剂"},
        {"maker": "另一示例制药股份有限公司"},
    ],
)
def test_a_product_that_differs_is_no_rival(changed: dict[str, str]) -> None:
    assert exact(ITEM, AMLODIPINE, product("P002", **changed)) == "P001"


def test_an_item_without_a_number_needs_the_whole_catalogue() -> None:
    unnumbered = item(approval_no="")
    assert exact(unnumbered, AMLODIPINE, complete=True) == "P001"
    assert not exact(unnumbered, AMLODIPINE, complete=False)
    assert exact(unnumbered, product("P001", approval_no=""), complete=False) == "P001"
    twin = product("P002", approval_no="国药准字J20200009")
    assert not exact(unnumbered, AMLODIPINE, twin, complete=True)
    assert exact(ITEM, AMLODIPINE, twin, complete=False) == "P001"


def test_a_number_that_cannot_be_compared_has_not_agreed() -> None:
    unnumbered = product("P001", approval_no="")
    assert not exact(ITEM, unnumbered)
    assert exact(item(approval_no=""), unnumbered) == "P001"


@pytest.mark.parametrize("said", ["无", "-", "0", "待补", "国药准字"])
def test_a_text_in_place_of_a_number_agrees_with_nothing(said: str) -> None:
    record = product("P001", approval_no=said)
    assert not exact(item(approval_no=said, manufacturer=""), record)
    assert not exact(item(approval_no=said, name="氨氯地平片"), record)


def test_the_standard_code_identifies_as_an_approval_number_does() -> None:
    linked = product("P001", approval_no="", links=(CodeLink(STANDARD, "86900000000017"),))
    coded = item(
        approval_no="", manufacturer="合成示例", other_codes=((STANDARD, "86900000000017"),)
    )
    assert exact(coded, linked) == "P001"
    opaque = item(approval_no="", manufacturer="合成示例", other_codes=(("ypid", "Y1"),))
    assert not exact(opaque, product("P001", links=(CodeLink("ypid", "Y1"),)))


def test_the_order_of_two_amounts_matters() -> None:
    record = product("P001", generic_name="氨氯地平阿托伐他汀钙片", specification="5mg/10mg")
    asked = item(name="氨氯地平阿托伐他汀钙片", specification="5mg/10mg*7片*2板/盒")
    turned = item(name="氨氯地平阿托伐他汀钙片", specification="10mg/5mg*7片*2板/盒")
    assert exact(asked, record) == "P001"
    assert not exact(turned, record)


@pytest.mark.parametrize(
    ("day", "found"),
    [("2023-12-31", ""), ("2024-01-01", "P001"), ("2024-12-31", "P001"), ("2025-01-01", "P002")],
)
def test_only_what_holds_on_the_day_is_exact(day: str, found: str) -> None:
    first = product("P001", valid_from="2024-01-01", valid_to="2024-12-31")
    second = product("P002", valid_from="2025-01-01")
    assert exact(ITEM, first, second, on=day) == found


def test_proposals_are_for_exact_matches_only_and_end_with_the_product() -> None:
    records = [product("P001", valid_to="2026-12-31"), product("P002", approval_no="H20200002")]
    items = [ITEM, item(local_code="L2", specification="5mg"), item(local_code="L3", name="地平")]
    made = propose_exact(items, Candidates.of(records), "2024-01-01")
    assert [(one.local_code, one.unified_code, one.exact) for one in made] == [("L1", "P001", True)]
    assert (made[0].valid_from, made[0].valid_to) == ("2024-01-01", "2026-12-31")
    assert "批准文号一致" in made[0].evidence
    assert "approval number the same" in made[0].evidence
    assert propose_exact(items, Candidates.of(records), "2027-01-01") == []


texts = st.sampled_from(
    ["", "苯磺酸氨氯地平片", "马来酸氨氯地平片", "氨氯地平", "苯磺酸氨氯地平胶囊", "氨氯地平片(Ⅱ)"]
)
packs = st.sampled_from(["", "5mg*14片", "5mg*7片*2板/盒", "10mg*14片/盒", "5mg", "14片/瓶"])
makers = st.sampled_from(["", MAKER, "合成示例", "合成示例制药有限公司", "另一示例药业有限公司"])
numbers = st.sampled_from(["", "无", "H20200001", "H20200002", "J20200001(H20200001)"])
products = st.builds(
    lambda number, name, pack, maker, approval: ProductRecord(
        f"P{number:03d}",
        generic_name=name,
        specification=pack,
        maker=maker,
        approval_no=approval,
    ),
    st.integers(0, 999),
    texts,
    packs,
    makers,
    numbers,
)


@settings(max_examples=200)
@given(
    records=st.lists(products, max_size=8, unique_by=lambda one: one.unified_code),
    name=texts,
    pack=packs,
    maker=makers,
    number=numbers,
)
def test_an_exact_candidate_never_differs_in_what_both_sides_say(
    records: list[ProductRecord], name: str, pack: str, maker: str, number: str
) -> None:
    asked = item(
        name=name, dosage_form="", specification=pack, manufacturer=maker, approval_no=number
    )
    found = exact(asked, *records) if records else ""
    for record in (one for one in records if one.unified_code == found):
        assert "5mg" in record.specification or "10mg" in record.specification
        assert record.specification.startswith(pack[:4])
        assert name
        assert not number.startswith("H") or number in record.approval_no
        assert record.maker[:2] == maker[:2] or not maker or not record.maker

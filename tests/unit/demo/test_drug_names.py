from __future__ import annotations

import pytest

from gateway.demo.drug_catalogue import DrugCatalogue, NameUse
from gateway.demo.drug_names import read_drug_name, spec_key, strength_of
from gateway.demo.findings import Findings


@pytest.mark.parametrize(
    ("pilot", "form", "later"),
    [
        ("苯磺酸氨氯地平", "口服常释剂型", "氨氯地平口服常释剂型"),
        ("硫酸氢氯吡格雷", "口服常释剂型", "氯吡格雷口服常释剂型"),
        ("孟鲁司特钠", "口服常释剂型", "孟鲁司特口服常释剂型"),
        ("氯沙坦钾", "口服常释剂型", "氯沙坦口服常释剂型"),
        ("培美曲塞二钠", "注射剂", "培美曲塞注射剂"),
        ("厄贝沙坦氢氯噻嗪片", "口服常释剂型", "厄贝沙坦氢氯噻嗪口服常释剂型"),
        ("头孢呋辛酯", "口服常释剂型", "头孢呋辛酯（头孢呋辛）口服常释剂型"),
        ("富马酸替诺福韦二吡呋酯", "口服常释剂型", "替诺福韦二吡呋酯口服常释剂型"),
        ("蒙脱石", "口服散剂", "蒙脱石口服散剂"),
        ("氨溴索注射液", "", "氨溴索注射剂"),
        ("注射用比伐芦定", "", "比伐芦定注射剂"),
        ("布洛芬（0.1g）胶囊", "", "布洛芬(0.1g)口服常释剂型"),
    ],
)
def test_one_drug_is_recognised_under_its_names(pilot: str, form: str, later: str) -> None:
    assert read_drug_name(pilot, form).loose == read_drug_name(later).loose


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿奇霉素口服常释剂型", "阿奇霉素注射剂"),
        ("喹硫平口服常释剂型", "喹硫平缓释控释剂型"),
        ("玻璃酸钠滴眼剂0.1%", "玻璃酸钠滴眼剂0.3%"),
        ("替格瑞洛口服常释剂型", "替格瑞洛口服常释剂型60mg"),
        ("缬沙坦氨氯地平Ⅰ口服常释剂型", "缬沙坦氨氯地平Ⅱ口服常释剂型"),
        ("注射用紫杉醇（白蛋白结合型）", "注射用紫杉醇"),
        ("氯化钠注射剂", "氯化钾注射剂"),
        ("枸橼酸钾口服散剂", "枸橼酸钠口服散剂"),
        ("碳酸氢钠口服常释剂型", "碳酸钙口服常释剂型"),
    ],
)
def test_different_drugs_stay_apart(one: str, other: str) -> None:
    assert read_drug_name(one).loose != read_drug_name(other).loose


@pytest.mark.parametrize("name", ["片", "注射用", "", "钠", "盐酸吗啡", "羟苯磺酸口服常释剂型"])
def test_short_names_are_not_eaten_up(name: str) -> None:
    read = read_drug_name(name)
    assert read.salt_free == read.ingredient


def test_names_that_would_fall_together_in_one_table_are_kept_apart_and_named() -> None:
    findings = Findings()
    names = ("盐酸测试平口服常释剂型", "磷酸测试平口服常释剂型")
    catalogue = DrugCatalogue([NameUse("B", "t.csv", name) for name in names], findings)
    assert catalogue.drug(names[0]).code != catalogue.drug(names[1]).code
    (found,) = [one for one in findings if one.kind == "drug.ambiguous"]
    assert all(name in found.what for name in names)


def test_the_same_two_names_in_two_tables_are_one_drug_and_named() -> None:
    findings = Findings()
    uses = [NameUse("B", "results", "盐酸测试平", "片"), NameUse("B", "volumes", "测试平片")]
    catalogue = DrugCatalogue(uses, findings)
    assert catalogue.drug("盐酸测试平", "片") == catalogue.drug("测试平片")
    assert [one.kind for one in findings] == ["drug.matched"]


def test_a_name_without_a_form_takes_the_only_form_there_is() -> None:
    findings = Findings()
    uses = [NameUse("B", "results", "测试平"), NameUse("B", "volumes", "测试平片")]
    catalogue = DrugCatalogue(uses, findings)
    assert catalogue.drug("测试平") == catalogue.drug("测试平片")
    assert {one.kind for one in findings} == {"drug.form_assumed", "drug.matched"}


def test_a_name_without_a_form_stays_alone_where_two_forms_compete() -> None:
    uses = [NameUse("B", "t", name) for name in ("测试平", "测试平片", "测试平注射液")]
    catalogue = DrugCatalogue(uses, Findings())
    assert len({catalogue.drug(use.name).code for use in uses}) == 3


@pytest.mark.parametrize(
    ("spec", "key", "strength"),
    [
        ("20mg", "20mg", (20_000, "ug")),
        ("0.1g", "0.1g", (100_000, "ug")),
        ("２０ \uff4d\uff47", "20mg", (20_000, "ug")),
        ("0.5ug", "0.5ug", None),
        ("25μg", "25ug", (25, "ug")),
        ("25mcg", "25ug", (25, "ug")),
        ("2ml:0.2mg", "2ml:0.2mg", (200, "ug/2ml")),
        ("0.2mg/2ml", "2ml:0.2mg", (200, "ug/2ml")),
        ("5mg/2.50ml", "2.5ml:5mg", (5_000, "ug/2.5ml")),
        ("5ml:5mg（0.1%）", "5ml:5mg", (5_000, "ug/5ml")),
        ("150mg+12.5mg", "150mg+12.5mg", None),
        ("0mg", "0mg", None),
        ("", "", None),
        ("每袋3克", "每袋3克", None),
    ],
)
def test_specifications_have_one_writing_and_state_a_content_only_when_they_do(
    spec: str, key: str, strength: tuple[int, str] | None
) -> None:
    assert spec_key(spec) == key
    assert strength_of(spec) == strength

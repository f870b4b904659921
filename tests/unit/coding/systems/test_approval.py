"""Approval numbers as real lists write them, and the strict reading beside it."""

from __future__ import annotations

import pytest

from gateway.coding.systems import Approval, ParsedCode, parse, read_approval


@pytest.mark.parametrize(
    ("text", "approval"),
    [
        ("国药准字H20070365", Approval("national", "H20070365", "国药准字H20070365")),
        ("国药准字 h20070365", Approval("national", "H20070365", "国药准字H20070365")),
        ("国药准字\uff2820070365", Approval("national", "H20070365", "国药准字H20070365")),
        ("国药准字HC20150012", Approval("national", "HC20150012", "国药准字HC20150012")),
        (
            "国药准字J20130049（H20140006）",
            Approval("national", "J20130049", "国药准字J20130049", "H20140006"),
        ),
        ("进口药品注册证H20130343", Approval("import_certificate", "H20130343", "", "H20130343")),
        ("进口药品注册证号H20130343", Approval("import_certificate", "H20130343", "", "H20130343")),
        (
            "医药产品注册证HC20130012",
            Approval("import_certificate", "HC20130012", "", "HC20130012"),
        ),
        (
            "进口药品注册证BH20130343",
            Approval("import_certificate", "BH20130343", "", "BH20130343"),
        ),
        ("H20130343", Approval("bare", "H20130343")),
        ("J20130081(H20130865)", Approval("bare", "J20130081", "", "H20130865")),
    ],
)
def test_a_number_is_told_with_its_kind(text: str, approval: Approval) -> None:
    assert read_approval(text) == approval


@pytest.mark.parametrize(
    "text",
    [
        "",
        "国药准字",
        "国药准字H2007036",
        "国药准字X20070365",
        "进口药品注册标准H20130425",
        "阿莫西林",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_approval(text) is None


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        (
            "国药准字H20070365",
            {"prefix": "国药准字", "kind": "H", "issued_by": "20", "year": "07", "serial": "0365"},
        ),
        (
            "国药准字HJ20160001",
            {
                "prefix": "国药准字",
                "kind": "H",
                "origin": "J",
                "issued_by": "20",
                "year": "16",
                "serial": "0001",
            },
        ),
        (
            "国药准字J20130049(H20140006)",
            {
                "prefix": "国药准字",
                "kind": "J",
                "issued_by": "20",
                "year": "13",
                "serial": "0049",
                "import_certificate": "H20140006",
            },
        ),
    ],
)
def test_the_parts_of_an_approval_number(code: str, parts: dict[str, str]) -> None:
    read = parse("approval_no", code)
    assert isinstance(read, ParsedCode)
    assert read.by_name() == parts


def test_the_kind_says_what_it_means() -> None:
    read = parse("approval_no", "国药准字Z35020243")
    assert isinstance(read, ParsedCode)
    assert read.parts[1].says == "中药 Chinese medicine"

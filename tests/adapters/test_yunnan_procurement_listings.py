"""The procurement platform's listings, tasks and receipts (挂网、采购任务量、验收入库)."""

from __future__ import annotations

from adapters.yunnan_procurement.inbound import read
from adapters.yunnan_procurement.simulator import (
    Cover,
    listing_document,
    receipt_document,
    task_document,
)
from tests.adapters.yunnan_documents import AT, GOODS, SENDER, rejected


def test_listing_rows_are_messages_of_their_own() -> None:
    row = {
        "product_code": "P1",
        "drug_name": " 阿托伐他汀钙片 ",
        "kind": "selected",
        "unit_price": "0.5",
        "effective_from": "2026-01-01",
        "effective_to": "2999-12-31",
        "strength_microgram": 20000,
        "pack_quantity": 28,
    }
    wrong = [
        {**row, "unit_price": "0"},
        {**row, "effective_to": "2025-12-31"},
        {**row, "effective_from": "2026-02-30"},
        {**row, "effective_from": "2999-12-31"},
        {**row, "drug_name": " "},
        {**row, "unit_price": "-1"},
    ]
    raw = listing_document([row, *wrong], Cover("L1", AT), listing_no="L1", basis=" 依据 ")
    document = read(raw, SENDER)
    (draft,) = document.drafts
    assert draft.line == 1
    assert draft.data["drug_name"] == "阿托伐他汀钙片"
    assert draft.data["strength"] == {"content": 20000, "unit": "ug"}
    assert (draft.data["unit_price"], draft.data["basis"]) == ("0.500000", "依据")
    assert "effective_to" not in draft.data
    assert [(line, found[0].code) for line, found in document.refused] == [
        (2, "field.range"),
        (3, "field.range"),
        (4, "date.invalid"),
        (5, "date.invalid"),
        (6, "field.required"),
        (7, "field.range"),
    ]


def test_tasks_must_be_the_sum_of_their_quarters() -> None:
    row = {
        "product_code": "P1",
        "drug_name": "药",
        "institution_code": "YY1",
        "task_quantity": "10",
        "quarters": ["2.5", "2.5", "2.5", "2.5"],
    }
    rows = [row, {**row, "quarters": ["10"]}, {**row, "quarters": ["9.9999"]}]
    rows += [{**row, "quarters": ["11", "-1"]}, {**row, "task_quantity": "0", "quarters": ["0"]}]
    term = {"batch": "B", "term_from": "2026-01-01", "assigned_on": "2025-12-20"}
    raw = task_document(rows, Cover("T1", AT), term_to="2026-12-31", **term)
    document = read(raw, SENDER)
    assert [draft.line for draft in document.drafts] == [1, 2]
    assert document.drafts[0].data["quarters"] == ["2.5000"] * 4
    assert [(line, found[0].code) for line, found in document.refused] == [
        (3, "sum.mismatch"),
        (4, "quantity.negative"),
        (5, "quantity.negative"),
    ]
    backwards = task_document(rows[:1], Cover("T2", AT), term_to="2025-12-31", **term)
    assert rejected(backwards.decode()) == [("field.range", "Main/TermTo")]


def test_receipts_are_accepted_in_chinas_time() -> None:
    goods = [{**GOODS[0], "batch_no": "B1", "expires_on": "2999-12-31"}]
    raw = receipt_document(
        goods,
        Cover("R1", AT),
        receipt_no="R1",
        institution_code="YY1",
        accepted_at="2026-01-31T16:30:00Z",
    )
    data = read(raw, SENDER).drafts[0].data
    assert data["accepted_at"] == "2026-02-01T00:30:00+08:00"
    assert ("expires_on" in data, "order_no" in data, data["batch_no"]) == (False, False, "B1")

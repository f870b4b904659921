"""The fields of the HIS's orders: what a value may be, and by which HL7 place a wrong one is named."""

from __future__ import annotations

import pytest

from adapters.his_hl7v2.simulator import order_message
from tests.adapters.hl7_messages import HEAD, ORDER, changed, data_of, issues_of, without


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("ORC_1", "ORC-1"),
        ("ORC_2", "ORC-2"),
        ("ORC_9", "ORC-9"),
        ("ORC_17", "ORC-17.1"),
        ("ORC_21", "ORC-21.10"),
        ("ZTO_1", "ZTO-1"),
        ("RXE2_2", "RXE[2]-2.1"),
        ("RXE2_3", "RXE[2]-3"),
        ("ZPR_1", "ZPR[1]-1"),
        ("ZPR2_2", "ZPR[2]-2"),
        ("MSH_12", "MSH-12"),
    ],
)
def test_a_missing_field_is_named_in_hl7_terms(field: str, path: str) -> None:
    assert issues_of(changed(order_message(HEAD, ORDER), **{field: ""})) == [
        (path, "field.required")
    ]


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("ORC", ["ORC-1", "ORC-2", "ORC-21.10", "ORC-17.1", "ORC-9"]),
        ("ZTO", ["ZTO-1"]),
        ("ZPR", ["ZPR[1]-1", "ZPR[1]-2", "ZPR[2]-1", "ZPR[2]-2"]),
    ],
)
def test_a_missing_segment_names_all_its_fields(segment: str, expected: list[str]) -> None:
    found = issues_of(without(order_message(HEAD, ORDER), segment))
    assert found == [(path, "field.required") for path in expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", "1.0000"),
        ("0.0001", "0.0001"),
        ("007.50", "7.5000"),
        ("12.50000", "12.5000"),
        ("999999999999.9999", "999999999999.9999"),
    ],
)
def test_quantities_come_out_with_four_decimals(value: str, expected: str) -> None:
    assert data_of(changed(order_message(HEAD, ORDER), RXE_3=value))["lines"][0]["quantity"] == (
        expected
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0", "quantity.negative"),
        ("0.0000", "quantity.negative"),
        ("-5", "quantity.negative"),
        ("1.00001", "money.scale"),
        ("1000000000000", "field.range"),
        ("9" * 5000, "field.range"),
        ("\uff11\uff12.0000", "field.fullwidth"),
        ("٣", "field.format"),
        ("1e2", "field.format"),
        ("1,000", "field.format"),
        ("+1", "field.format"),
        (".5", "field.format"),
        ("5.", "field.format"),
        (" 5", "field.format"),
        ("NaN", "field.format"),
        ("5~6", "field.format"),
    ],
)
def test_a_quantity_that_is_none_is_refused(value: str, code: str) -> None:
    assert issues_of(changed(order_message(HEAD, ORDER), RXE2_3=value)) == [("RXE[2]-3", code)]


@pytest.mark.parametrize(
    ("field", "path", "value", "code"),
    [
        ("ZPR_1", "ZPR[1]-1", "1.0000001", "money.scale"),
        ("ZPR_1", "ZPR[1]-1", "-1", "field.range"),
        ("ZPR_1", "ZPR[1]-1", "10000000000", "field.range"),
        ("ZPR_2", "ZPR[1]-2", "25.001", "money.scale"),
        ("ZPR_2", "ZPR[1]-2", "-25.00", "field.range"),
        ("ZTO_1", "ZTO-1", "\uff14\uff10.75", "field.fullwidth"),
        ("ZTO_1", "ZTO-1", "-40.75", "field.range"),
        ("ORC_2", "ORC-2", "YN\uff10\uff10\uff11", "field.fullwidth"),
        ("ORC_2", "ORC-2", "x" * 201, "field.format"),
        ("ORC_2", "ORC-2", "a\\X07\\b", "field.format"),
        ("RXE_2", "RXE[1]-2.1", "c" * 65, "field.format"),
        ("RXE_2", "RXE[1]-2.1", "\uff39\uff2e\uff11", "field.fullwidth"),
        ("ORC_9", "ORC-9", "2025", "date.invalid"),
        ("ORC_9", "ORC-9", "20250229", "date.invalid"),
        ("ORC_9", "ORC-9", "20250501240000", "date.invalid"),
        ("ORC_9", "ORC-9", "20250501106000", "date.invalid"),
        ("ORC_9", "ORC-9", "20250501100000+2500", "date.invalid"),
        ("ORC_9", "ORC-9", "2025-05-01", "date.invalid"),
        ("ORC_9", "ORC-9", "\uff12\uff10250501", "field.fullwidth"),
        ("ORC_9", "ORC-9", "00000101000000", "date.invalid"),
        ("ORC_1", "ORC-1", "CA", "hl7.unsupported"),
        ("MSH_11", "MSH-11", "T", "hl7.unsupported"),
        ("MSH_12", "MSH-12", "3.0", "hl7.unsupported"),
        ("MSH_18", "MSH-18", "UNICODE UTF-16", "hl7.unsupported"),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(
    field: str, path: str, value: str, code: str
) -> None:
    assert issues_of(changed(order_message(HEAD, ORDER), **{field: value})) == [(path, code)]


@pytest.mark.parametrize(
    ("moment", "head", "expected"),
    [
        ("20250501102959+0800", "20250501", "2025-05-01T10:29:59+08:00"),
        ("20250501102959", "20250501103000", "2025-05-01T10:29:59+08:00"),
        ("20250501022959+0000", "20250501", "2025-05-01T10:29:59+08:00"),
        ("20250501112959", "20250501113000+0900", "2025-05-01T10:29:59+08:00"),
        ("202505011029", "20250501", "2025-05-01T10:29:00+08:00"),
        ("2025050110", "20250501", "2025-05-01T10:00:00+08:00"),
        ("20250501", "20250501", "2025-05-01T00:00:00+08:00"),
        ("20250501102959.125+0800", "20250501", "2025-05-01T10:29:59.125+08:00"),
        ("20240229102959", "20250501", "2024-02-29T10:29:59+08:00"),
        ("20250501235959-0500", "20250501", "2025-05-02T12:59:59+08:00"),
    ],
)
def test_moments_come_out_in_chinas_offset(moment: str, head: str, expected: str) -> None:
    raw = changed(order_message(HEAD, ORDER), ORC_9=moment, MSH_7=head)
    assert data_of(raw)["placed_at"] == expected

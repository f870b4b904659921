"""The HIS's dispensing (发药): one message per product, taken whole or not at all."""

from __future__ import annotations

import pytest

from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.simulator import Dispense, DispensedItem, dispense_message
from schemas.events import USAGE_DISPENSED
from tests.adapters.hl7_messages import (
    DISPENSE,
    HEAD,
    SENDER,
    TRACE,
    changed,
    check_canonical,
    issues_of,
    without,
)


def test_a_dispensing_becomes_one_message_per_product() -> None:
    document = read(dispense_message(HEAD, DISPENSE), SENDER)
    first, second = document.drafts
    assert (document.message_type, first.line, second.line) == ("RDS^O13", 1, 2)
    assert {draft.type for draft in document.drafts} == {USAGE_DISPENSED}
    assert first.data == {
        "dispense_no": "FY20250501001",
        "line_no": 1,
        "institution_local": "H53010123456",
        "local_code": "YN000001",
        "product_name": "合成示例胶囊",
        "quantity": "2.0000",
        "dispensed_at": "2025-05-01T10:25:00+08:00",
        "batch_no": "L2501",
        "expires_on": "2027-01-31",
        "trace_codes": [TRACE],
        "split_pack": False,
        "prescription_no": "CF01",
        "encounter": "MZ0001",
        "prescriber": "D001",
        "pharmacist": "P9",
    }
    assert (second.data["trace_codes"], second.data["split_pack"]) == ([], True)
    for draft in document.drafts:
        check_canonical(USAGE_DISPENSED, draft.data)


def test_trace_codes_of_several_ztc_are_taken_in_order_and_unescaped() -> None:
    link = "https://id.gs1.org/01/06901234567892/21/A1?x=1&y=2"
    items = (DispensedItem("A", "3", trace_codes=(TRACE, link)),)
    raw = dispense_message(HEAD, Dispense("N", "H1", "20250501", items=items))
    raw += b"ZTC|(01)06901234567892(21)B2~~\r"
    (draft,) = read(raw, SENDER).drafts
    assert draft.data["trace_codes"] == [TRACE, link, "(01)06901234567892(21)B2"]


@pytest.mark.parametrize(
    ("ztc", "expected"),
    [
        ("ZTC|8123456789012345678\uff19", ("ZTC[1]-1", "field.fullwidth")),
        ("ZTC|短", ("ZTC[1]-1", "field.format")),
        ("ZTC|81234567890123456789^X", ("ZTC[1]-1", "field.format")),
        ("ZTC|81234567890123456789|是", ("ZTC[1]-2", "field.format")),
        (
            "ZTC|" + "~".join(f"8{number:019d}" for number in range(501)),
            ("ZTC[1]-1", "field.range"),
        ),
    ],
)
def test_bad_trace_codes_are_refused(ztc: str, expected: tuple[str, str]) -> None:
    items = (DispensedItem("A", "1"),)
    raw = without(dispense_message(HEAD, Dispense("N", "H1", "20250501", items=items)), "ZTC")
    assert issues_of(raw + f"{ztc}\r".encode()) == [expected]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("RXD2_1", "1", ("RXD[2]-1", "line.duplicate")),
        ("RXD2_1", "x", ("RXD[2]-1", "field.format")),
        ("RXD2_1", "0", ("RXD[2]-1", "field.format")),
        ("RXD2_2", "", ("RXD[2]-2.1", "field.required")),
        ("RXD_3", "", ("RXD[1]-3", "field.required")),
        ("RXD_4", "", ("RXD[1]-4", "field.required")),
        ("RXD_4", "0", ("RXD[1]-4", "quantity.negative")),
        ("RXD_18", "L1~L2", ("RXD[1]-18", "field.format")),
        ("RXD_19", "202701", ("RXD[1]-19", "date.invalid")),
        ("RXD_19", "20270231", ("RXD[1]-19", "date.invalid")),
        ("ORC_1", "CA", ("ORC[1]-1", "hl7.unsupported")),
    ],
)
def test_a_dispensing_is_taken_whole_or_not_at_all(
    field: str, value: str, expected: tuple[str, str]
) -> None:
    """One bad line refuses the message: HL7 has one answer, and a resent half would count twice."""
    assert issues_of(changed(dispense_message(HEAD, DISPENSE), **{field: value})) == [expected]


def test_a_dispensing_is_numbered_by_the_pharmacy_else_by_the_order() -> None:
    raw = changed(dispense_message(HEAD, DISPENSE), ORC_3="", ORC_2="ORD7")
    assert {draft.data["dispense_no"] for draft in read(raw, SENDER).drafts} == {"ORD7"}
    raw = changed(dispense_message(HEAD, DISPENSE), ORC_3="")
    assert issues_of(raw) == [("ORC[1]-3", "field.required")] * 2


def test_each_product_belongs_to_the_order_before_it() -> None:
    first = dispense_message(HEAD, Dispense("N1", "H1", "20250501", items=DISPENSE.items[:1]))
    other = dispense_message(HEAD, Dispense("N2", "H2", "20250501", items=DISPENSE.items[:1]))
    tail = without(other, "MSH", "PV1")
    drafts = read(first + tail, SENDER).drafts
    assert [
        (draft.data["dispense_no"], draft.data["institution_local"], draft.data["line_no"])
        for draft in drafts
    ] == [("N1", "H1", 1), ("N2", "H2", 1)]


def test_a_line_number_left_out_is_the_place_in_the_message() -> None:
    raw = changed(dispense_message(HEAD, DISPENSE), RXD_1="", RXD2_1="")
    assert [draft.data["line_no"] for draft in read(raw, SENDER).drafts] == [1, 2]


def test_a_dispensing_without_products_is_refused() -> None:
    assert issues_of(without(dispense_message(HEAD, DISPENSE), "RXD", "ZTC")) == [
        ("RXD", "field.required")
    ]

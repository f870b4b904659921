"""The HIS interface: reading HL7 v2, what becomes of it, and what is answered."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hl7  # type: ignore[import-untyped]  # the oracle has no stubs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters._kit.protocol import Answer, AnswerLine, Document, Sender
from adapters.his_hl7v2 import INTERFACE, sender_of
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.reply import reply
from adapters.his_hl7v2.simulator import (
    Dispense,
    DispensedItem,
    Head,
    Order,
    OrderItem,
    dispense_message,
    order_message,
)
from adapters.his_hl7v2.wire import Hl7Message, Separators, parse, unescape
from schemas.envelope import canonical_bytes
from schemas.events import EVENT_TYPES, ORDER_PLACED, USAGE_DISPENSED
from schemas.issues import Issue, Rejected, issue

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "samples" / "fhir-converter-hl7v2"
SENDER = Sender("hosp-a", "530000", "2025-05-01T10:30:05+08:00")
HEAD = Head("MSG0001", "HOSP-A", "20250501103000+0800")
ORDER = Order(
    order_no="YN000000000001",
    institution="H53010123456",
    distributor="91530100MA6K2ABC0X",
    placed_at="20250501102959+0800",
    total="40.75",
    items=(
        OrderItem("YN000001", "10.0000", "2.500000", "25.00"),
        OrderItem("YN000002", "5", "3.15", "15.75"),
    ),
)
TRACE = "81234567890123456789"
DISPENSE = Dispense(
    dispense_no="FY20250501001",
    institution="H53010123456",
    dispensed_at="20250501102500",
    encounter="MZ0001",
    prescriber="D001",
    items=(
        DispensedItem("YN000001", "2", "合成示例胶囊", "L2501", "20270131", "CF01", "P9", (TRACE,)),
        DispensedItem("YN000002", "0.5", lot="L2502", split_pack=True),
    ),
)


def sender(**given: str) -> Sender:
    return Sender("hosp-a", "530000", "2025-05-01T10:30:05+08:00", settings=given)


def changed(raw: bytes, **fields: str | None) -> bytes:
    """Return a message with fields replaced: `ORC_2="x"`, `RXE2_3="y"` (second RXE); None drops it."""
    lines = [line.split("|") for line in raw.decode().split("\r") if line]
    for key, value in fields.items():
        place, field = key.split("_")
        name, number = place[:3], int(place[3:] or 1)
        found = [line for line in lines if line[0] == name][number - 1]
        at = int(field) - (name == "MSH")
        found += [""] * (at + 1 - len(found))
        found[at] = value or ""
    return "".join("|".join(line) + "\r" for line in lines).encode()


def without(raw: bytes, *names: str) -> bytes:
    lines = [line for line in raw.decode().split("\r") if line and line[:3] not in names]
    return "".join(line + "\r" for line in lines).encode()


def issues_of(raw: bytes, by: Sender = SENDER) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        read(raw, by)
    return [(found.path, found.code) for found in caught.value.issues]


def data_of(raw: bytes, by: Sender = SENDER) -> dict[str, Any]:
    (draft,) = read(raw, by).drafts
    return draft.data


def check_canonical(kind: str, data: Mapping[str, Any]) -> None:
    """What coding will add is added here; then the canonical contract must hold."""
    whole = dict(data)
    whole["institution"] = "H53010123456"
    if kind == ORDER_PLACED:
        whole["distributor"] = "91530100MA6K2ABC0X"
        whole["lines"] = [line | {"unified_code": "XA01"} for line in data["lines"]]
    else:
        whole["unified_code"] = "XA01"
    EVENT_TYPES[kind].model.model_validate_json(canonical_bytes(whole))


# --------------------------------------------------------------------------- orders


def test_an_order_becomes_one_canonical_order() -> None:
    document = read(order_message(HEAD, ORDER), SENDER)
    (draft,) = document.drafts
    assert (document.message_id, document.message_type) == ("MSG0001", "RDE^O11")
    assert document.sender == "HOSP-A"
    assert document.refused == []
    assert (draft.type, draft.line) == (ORDER_PLACED, 0)
    assert draft.data == {
        "msg_id": "MSG0001",
        "order_no": "YN000000000001",
        "institution_local": "H53010123456",
        "distributor_local": "91530100MA6K2ABC0X",
        "placed_at": "2025-05-01T10:29:59+08:00",
        "total": "40.75",
        "lines": [
            {
                "line_no": 1,
                "local_code": "YN000001",
                "quantity": "10.0000",
                "unit_price": "2.500000",
                "amount": "25.00",
            },
            {
                "line_no": 2,
                "local_code": "YN000002",
                "quantity": "5.0000",
                "unit_price": "3.150000",
                "amount": "15.75",
            },
        ],
    }
    check_canonical(ORDER_PLACED, draft.data)


def test_an_order_in_orm_reads_the_same_as_in_rde() -> None:
    raw = order_message(HEAD, ORDER)
    other = changed(raw, MSH_9="ORM^O01^ORM_O01")
    assert read(other, SENDER).message_type == "ORM^O01"
    assert data_of(other) == data_of(raw)


def test_an_orm_may_carry_its_lines_as_rxo_or_requisition() -> None:
    raw = changed(without(order_message(HEAD, ORDER), "RXE", "ZPR"), MSH_9="ORM^O01", ZTO_1="10.00")
    requested = raw + b"RXO|A1^X^L|2|||||||||\rZPR|3.5|7.00\rRQD|1||B2^Y|C3|4\rZPR|0.75|3\r"
    lines = data_of(requested)["lines"]
    assert [(line["local_code"], line["quantity"], line["amount"]) for line in lines] == [
        ("A1", "2.0000", "7.00"),
        ("B2", "4.0000", "3.00"),
    ]


def test_the_rxo_behind_an_encoded_order_is_no_line_of_its_own() -> None:
    raw = order_message(HEAD, ORDER).replace(b"\rRXE|", b"\rRXO|OTHER^X|99\rRXE|")
    assert data_of(raw) == data_of(order_message(HEAD, ORDER))


@pytest.mark.parametrize("empty", ["", '""'])
def test_the_dispense_amount_counts_where_rxe_3_is_empty(empty: str) -> None:
    raw = changed(order_message(HEAD, ORDER), RXE_3=empty, RXE_10="10")
    assert data_of(raw)["lines"][0]["quantity"] == "10.0000"


def test_two_quantities_that_agree_are_one() -> None:
    raw = changed(order_message(HEAD, ORDER), RXE_10="10.0")
    assert data_of(raw)["lines"][0]["quantity"] == "10.0000"


def test_two_quantities_that_differ_are_not_chosen_from() -> None:
    raw = changed(order_message(HEAD, ORDER), RXE2_10="6")
    assert issues_of(raw) == [("RXE[2]-10", "field.format")]


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


def test_an_order_without_lines_is_refused() -> None:
    raw = without(order_message(HEAD, ORDER), "RXE", "ZPR")
    assert ("RXE", "field.required") in issues_of(raw)


def test_all_that_is_wrong_is_said_at_once_with_its_line() -> None:
    raw = changed(
        order_message(HEAD, ORDER), RXE_3="\uff11\uff10", RXE2_3="-1", ZPR2_1="x", ORC_2=""
    )
    with pytest.raises(Rejected) as caught:
        read(raw, SENDER)
    assert [(found.path, found.code, found.line) for found in caught.value.issues] == [
        ("ORC-2", "field.required", None),
        ("RXE[1]-3", "field.fullwidth", 1),
        ("RXE[2]-3", "quantity.negative", 2),
        ("ZPR[2]-1", "field.format", 2),
    ]
    assert caught.value.message_id == "MSG0001"


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


@pytest.mark.parametrize("total", ["40.74", "40.76", "0", "4075"])
def test_a_total_that_is_not_the_sum_of_its_lines_is_refused(total: str) -> None:
    assert issues_of(changed(order_message(HEAD, ORDER), ZTO_1=total)) == [
        ("ZTO-1", "sum.mismatch")
    ]


@given(
    st.lists(st.integers(0, 10**11), min_size=1, max_size=12),
    st.integers(-3, 3),
)
@settings(max_examples=50, deadline=None)
def test_sums_are_compared_to_the_fen(amounts: list[int], error: int) -> None:
    total = max(0, sum(amounts) + error)
    items = tuple(
        OrderItem("A", "1", "1", f"{amount // 100}.{amount % 100:02d}") for amount in amounts
    )
    said = f"{total // 100}.{total % 100:02d}"
    order = Order("N1", "H1", "D1", "20250501", said, items)
    raw = order_message(HEAD, order)
    if total == sum(amounts):
        assert data_of(raw)["total"] == said
    else:
        assert issues_of(raw) == [("ZTO-1", "sum.mismatch")]


@pytest.mark.parametrize(("count", "good"), [(1, True), (500, True), (501, False)])
def test_an_order_has_at_most_five_hundred_lines(count: int, good: bool) -> None:
    items = tuple(OrderItem("A", "1", "1", "1.00") for _ in range(count))
    raw = order_message(HEAD, Order("N1", "H1", "D1", "20250501", f"{count}.00", items))
    if good:
        assert len(data_of(raw)["lines"]) == count
    else:
        assert issues_of(raw) == [("RXE", "field.range")]


def test_two_orders_in_one_message_are_refused() -> None:
    raw = order_message(HEAD, ORDER) + b"ORC|NW|ANOTHER\r"
    assert ("ORC-2", "field.format") in issues_of(raw)


def test_the_same_order_may_repeat_its_orc() -> None:
    raw = order_message(HEAD, ORDER) + b"ORC|NW|YN000000000001\r"
    assert data_of(raw) == data_of(order_message(HEAD, ORDER))


def test_a_price_without_its_line_and_a_second_price_are_refused() -> None:
    raw = order_message(HEAD, ORDER)
    assert ("ZPR", "hl7.malformed") in issues_of(raw.replace(b"ZTO|", b"ZPR|1|1\rZTO|"))
    assert ("ZPR[2]", "field.format") in issues_of(raw + b"ZPR|1|1\r")
    assert ("ZTO", "field.format") in issues_of(raw + b"ZTO|40.75\r")


def test_a_his_for_one_institution_may_leave_it_to_its_settings() -> None:
    raw = changed(order_message(HEAD, ORDER), ORC_21="")
    assert data_of(raw, sender(institution="H1"))["institution_local"] == "H1"
    assert data_of(order_message(HEAD, ORDER), sender(institution="H1"))["institution_local"] == (
        "H53010123456"
    )


def test_training_messages_count_only_where_a_partner_says_so() -> None:
    raw = changed(order_message(HEAD, ORDER), MSH_11="T")
    assert data_of(raw, sender(processing_ids="P,T"))["order_no"] == "YN000000000001"


def test_a_patient_in_the_message_does_not_enter_canonical_data() -> None:
    person = "PID|1||SYN0001^^^SYN^PI||合成^患者乙||19900101|M|||虚构路1号"
    raw = order_message(HEAD, ORDER).replace(b"\rORC|", f"\r{person}\rORC|".encode(), 1)
    shown = canonical_bytes(data_of(raw)).decode()
    assert not any(word in shown for word in ("合成", "患者", "SYN0001", "19900101", "虚构"))


# --------------------------------------------------------------------------- dispensing


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


# --------------------------------------------------------------------------- the wire form


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n", "\n\n", "\r\r\n"])
def test_segments_may_end_as_the_his_likes(ending: str) -> None:
    raw = order_message(HEAD, ORDER)
    assert data_of(raw.replace(b"\r", ending.encode())) == data_of(raw)


def test_the_last_segment_may_lack_its_end() -> None:
    raw = order_message(HEAD, ORDER)
    assert data_of(raw.rstrip(b"\r")) == data_of(raw)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\r\n", b"\xef\xbb\xbf\r\n"])
def test_a_byte_order_mark_is_tolerated(mark: bytes) -> None:
    assert data_of(mark + order_message(HEAD, ORDER)) == data_of(order_message(HEAD, ORDER))


@pytest.mark.parametrize(
    "named",
    ["GB 18030-2000", "GB18030", "gbk", "GB2312", "GB 18030-2000~UNICODE UTF-8"],
)
def test_chinese_charsets_are_chosen_by_msh_18(named: str) -> None:
    # characters whose second byte is a vertical bar: decoded first, split afterwards
    name = "".join(char for char in map(chr, range(0x4E00, 0x9FA6)) if b"|" in char.encode("gbk"))
    name = f"{name[:3]}胶囊"
    raw = dispense_message(HEAD, DISPENSE).decode().replace("合成示例胶囊", name)
    raw = raw.replace("UNICODE UTF-8", named)
    document = read(raw.encode("gb18030"), SENDER)
    assert document.drafts[0].data["product_name"] == name
    assert document.wire.charset == "gb18030"


def test_a_partners_charset_counts_where_msh_18_is_empty() -> None:
    raw = changed(dispense_message(HEAD, DISPENSE), MSH_18="").decode().encode("gb18030")
    document = read(raw, sender(charset="GBK"))
    assert document.drafts[0].data["product_name"] == "合成示例胶囊"
    assert issues_of(raw)[0][1] == "body.encoding"
    assert issues_of(raw, sender(charset="EBCDIC")) == [("settings.charset", "hl7.unsupported")]


@pytest.mark.parametrize("named", ["UNICODE UTF-8", "", "ASCII"])
def test_bytes_that_are_not_the_charset_they_claim_are_refused(named: str) -> None:
    raw = dispense_message(HEAD, DISPENSE).decode().replace("UNICODE UTF-8", named)
    ((path, code),) = issues_of(raw.encode("gb18030"))
    assert code == "body.encoding"
    assert path.startswith("byte ")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "body.empty"),
        (b" \r\n", "body.empty"),
        (b"\xef\xbb\xbf", "body.empty"),
        (b"PID|1", "hl7.malformed"),
        (b"{}", "hl7.malformed"),
        (b"<xml/>", "hl7.malformed"),
        (b"MSH", "hl7.malformed"),
        (b"MSH|", "hl7.malformed"),
        (b"MSH|^~|HIS", "hl7.malformed"),
        (b"MSH|^~^&|HIS", "hl7.malformed"),
        (b"MSH|ABCD|HIS", "hl7.malformed"),
        (b"BHS|^~\\&|HIS", "hl7.malformed"),
        (order_message(HEAD, ORDER) * 2, "hl7.malformed"),
        (order_message(HEAD, ORDER) + b"orc|NW\r", "hl7.malformed"),
        (order_message(HEAD, ORDER) + b"free text\r", "hl7.malformed"),
    ],
)
def test_what_is_no_single_hl7_message_is_refused(raw: bytes, code: str) -> None:
    assert [found for _, found in issues_of(raw)] == [code]


@pytest.mark.parametrize("kind", ["BAR^P01", "DFT^P03", "ADT^A01", "RDE", "RDE^O25", "ACK", ""])
def test_kinds_of_message_that_are_not_ours_are_refused(kind: str) -> None:
    raw = changed(order_message(HEAD, ORDER), MSH_9=kind)
    ((path, code),) = issues_of(raw)
    assert (path[:5], code) == ("MSH-9", "hl7.unsupported")


def test_a_message_without_a_number_is_refused() -> None:
    assert issues_of(changed(order_message(HEAD, ORDER), MSH_10="")) == [("MSH-10", "id.missing")]


def test_z_segments_and_unknown_segments_are_carried_along() -> None:
    raw = order_message(HEAD, ORDER) + b"ZZZ|a^b|c\rNTE|1||x\r"
    wire = read(raw, SENDER).wire
    assert isinstance(wire, Hl7Message)
    assert [segment for segment in wire.segments if segment[0] in {"ZZZ", "NTE"}] == [
        ["ZZZ", "a^b", "c"],
        ["NTE", "1", "", "x"],
    ]


def test_other_separators_are_honoured() -> None:
    raw = order_message(HEAD, ORDER).decode().translate(str.maketrans("|^~\\&", "*:;!@"))
    assert data_of(raw.encode()) == data_of(order_message(HEAD, ORDER))


@pytest.mark.parametrize(
    ("wire", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two", "one\ntwo"),
        (r"\X41\\X4243\\XE4B8AD\ ".rstrip(), "ABC中"),
        (r"\H\bold\N\ ".rstrip(), "bold"),
        (r"\Zab\ \C2842\ ".rstrip(), r"\Zab\ \C2842\ ".rstrip()),
        (r"\XZZ\ ".rstrip(), r"\XZZ\ ".rstrip()),
        (r"\XFF\ ".rstrip(), r"\XFF\ ".rstrip()),
        ("50\\50", "50\\50"),
        ("plain", "plain"),
    ],
)
def test_escapes_are_resolved_and_unknown_ones_kept(wire: str, meant: str) -> None:
    assert unescape(wire, Separators()) == meant


@given(st.text())
@settings(deadline=None)
def test_what_is_escaped_comes_back(text: str) -> None:
    signs = Separators()
    wire = signs.escaped(text)
    assert not set(wire) & {"|", "^", "~", "&", "\r", "\n"}
    assert unescape(wire, signs) == text


words = st.text("aZ9 .-中药", max_size=4).map(str.strip)
atoms = st.lists(words, min_size=1, max_size=2).map("\\R\\".join)
subcomponents = st.lists(atoms, min_size=1, max_size=3).map("&".join)
components = st.lists(subcomponents, min_size=1, max_size=4).map("^".join)
fields = st.lists(components, min_size=1, max_size=3).map("~".join)


@given(st.lists(st.lists(fields, max_size=6), max_size=4), st.permutations("|^~\\&"))
@settings(max_examples=80, deadline=None)
def test_every_value_is_the_one_an_independent_parser_finds(
    rows: list[list[str]], signs: list[str]
) -> None:
    head = "MSH|^~\\&|HIS|HOSP^1^ISO|A&B|GW|20250501||RDE^O11|M1|P|2.5"
    rows = [[f"ZZ{number}", *row, "end"] for number, row in enumerate(rows)]
    text = "\r".join([head, *("|".join(row) for row in rows)])
    text = text.translate(str.maketrans("|^~\\&", "".join(signs)))
    # the letter of an escape names a role, not a character: it stays
    ours, oracle = parse(text.encode(), {}), hl7.parse(text)
    assert [segment[0] for segment in ours.segments] == ["MSH", *(row[0] for row in rows)]
    for segment in ours.segments:
        theirs = oracle.segment(segment[0])
        assert len(segment) == len(theirs)
        for field in range(3 if segment[0] == "MSH" else 1, len(segment)):
            repetitions = ours.repetitions(segment, field)
            assert repetitions == (
                [] if not str(theirs(field)) else [str(one) for one in theirs(field)]
            )
            for component in range(1, 6):
                for sub in range(1, 5):
                    assert ours.text(segment, field, component, sub) == _extracted(
                        oracle, segment[0], field, component, sub
                    )


def _extracted(oracle: Any, name: str, field: int, component: int, sub: int) -> str:
    try:
        return str(oracle.extract_field(name, 1, field, 1, component, sub))
    except IndexError:
        return ""


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_crash_the_reader_or_the_answer(noise: bytes) -> None:
    for raw in (noise, b"MSH|^~\\&|" + noise, order_message(HEAD, ORDER) + noise):
        try:
            read(raw, SENDER)
        except Rejected as wrong:
            answer = Answer("rejected", (), wrong.issues)
            assert reply(raw, None, answer, SENDER).body.startswith(b"MSH")
        sender_of(raw)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_no_cut_or_flipped_byte_crashes_the_reader(data: st.DataObject) -> None:
    raw = bytearray(
        data.draw(st.sampled_from([order_message(HEAD, ORDER), dispense_message(HEAD, DISPENSE)]))
    )
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        drafts = read(cut, SENDER).drafts
    except Rejected:
        return
    for draft in drafts:
        check_canonical(draft.type, draft.data)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"MSH|^~\\&|HIS|HOSP-A^1.2^ISO|X", "HOSP-A"),
        (b"MSH|^~\\&|HIS||X", "HIS"),
        (b"MSH|^~\\&|||X", ""),
        ("MSH|^~\\&|HIS|合成示例医院|X".encode(), "合成示例医院"),
        ("MSH|^~\\&|HIS|合成示例医院|X".encode("gb18030"), "合成示例医院"),
        (b"\xef\xbb\xbfMSH|^~\\&|HIS|A|X", "A"),
        (b"nonsense", ""),
        (b"", ""),
    ],
)
def test_the_sender_is_msh_4_else_msh_3(head: bytes, expected: str) -> None:
    assert sender_of(head) == expected


# --------------------------------------------------------------------------- answers


def answered(
    raw: bytes, answer: Answer, by: Sender = SENDER, *, unread: bool = False
) -> Hl7Message:
    document: Document | None = None
    if not unread:
        document = read(raw, by)
    return parse(reply(raw, document, answer, by).body, {})


def accepted(*states: str) -> Answer:
    lines = tuple(AnswerLine(number, state) for number, state in enumerate(states or ("accepted",)))  # type: ignore[arg-type]
    return Answer("accepted", lines, (), "2025-05-01T10:30:06.123456+08:00")


def test_an_accepted_order_is_answered_aa_to_its_sender() -> None:
    ack = answered(order_message(HEAD, ORDER), accepted())
    assert [ack.text(ack.head, field) for field in (3, 4, 5, 6)] == ["JICAI", "GW", "HIS", "HOSP-A"]
    assert ack.text(ack.head, 7) == "20250501103006+0800"
    assert ack.head[9] == "ACK^O11^ACK"
    assert (ack.head[11], ack.head[12], ack.head[18]) == ("P", "2.5", "UNICODE UTF-8")
    assert 0 < len(ack.head[10]) <= 20
    assert ack.head[10] != "MSG0001"
    assert ack.segments[1][:3] == ["MSA", "AA", "MSG0001"]
    assert not list(ack.named("ERR"))


def test_the_answer_to_the_same_bytes_has_the_same_number() -> None:
    raw, other = order_message(HEAD, ORDER), changed(order_message(HEAD, ORDER), ORC_2="X")
    first, second, third = (answered(one, accepted()).head[10] for one in (raw, raw, other))
    assert first == second != third


def test_an_independent_parser_reads_the_answer() -> None:
    raw = changed(order_message(HEAD, ORDER), RXE2_3="1.00001")
    with pytest.raises(Rejected) as caught:
        read(raw, SENDER)
    body = reply(raw, None, Answer("rejected", (), caught.value.issues), SENDER).body
    ack = hl7.parse(body.decode())
    assert str(ack["MSA.F1.R1"]) == "AE"
    assert str(ack["MSA.F2.R1"]) == "MSG0001"
    assert str(ack.segment("ERR")(2)) == "RXE^2^3"
    assert str(ack.segment("ERR")(3)) == "102^Data type error^HL70357"
    assert str(ack.segment("ERR")(4)) == "E"
    assert str(ack.segment("ERR")(5)) == "money.scale^^JICAI"
    assert str(ack.segment("ERR")(8)) == "小数位不得超过 4 位"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (accepted("accepted"), "AA"),
        (accepted("held"), "AA"),
        (accepted("accepted", "rejected"), "AE"),
        (Answer("duplicate", (AnswerLine(1, "duplicate"),)), "AA"),
        (Answer("conflict", (), (issue("id.conflict", "message_id"),)), "AE"),
        (Answer("rejected", (), (issue("sum.mismatch", "ZTO-1", declared=1, found=2),)), "AE"),
        (Answer("rejected", (), (issue("hl7.unsupported", "MSH-9", detail="BAR"),)), "AR"),
        (Answer("rejected", (), (issue("hl7.malformed", "MSH", detail="x"),)), "AR"),
        (Answer("rejected", (), (issue("body.encoding", "", charset="UTF-8"),)), "AR"),
        (Answer("rejected", (), (issue("message.forbidden", "type", detail="x"),)), "AR"),
        (Answer("refused", ()), "AR"),
        (Answer("unavailable", ()), "AE"),
    ],
)
def test_aa_is_for_the_durable_ae_for_the_sender_ar_for_the_unreadable(
    answer: Answer, code: str
) -> None:
    ack = answered(order_message(HEAD, ORDER), answer)
    assert ack.segments[1][1] == code
    negative = code != "AA"
    assert len(list(ack.named("ERR"))) == max(len(answer.issues), negative)


def test_a_held_message_says_so_as_information() -> None:
    why = issue("code.unknown", "lines[0].local_code", kind="product", code="X")
    held = Answer("accepted", (AnswerLine(0, "held", "id", (why,)),))
    ack = answered(order_message(HEAD, ORDER), held)
    (err,) = ack.named("ERR")
    assert ack.segments[1][1] == "AA"
    assert "挂起" in ack.text(ack.segments[1], 3)
    assert (err[4], ack.text(err, 3), ack.text(err, 5)) == ("I", "204", "code.unknown")


def test_every_issue_has_its_own_err_once() -> None:
    found = tuple(issue("field.required", f"RXE[{number}]-3", line=number) for number in (1, 2, 3))
    lines = tuple(AnswerLine(one.line or 0, "rejected", "", (one,)) for one in found)
    ack = answered(order_message(HEAD, ORDER), Answer("rejected", lines, found))
    assert [err[2] for err in ack.named("ERR")] == ["RXE^1^3", "RXE^2^3", "RXE^3^3"]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("MSH-9", "MSH^1^9"),
        ("ORC-21.10", "ORC^1^21^1^10"),
        ("ORC[2]-21.10", "ORC^2^21^1^10"),
        ("RXE", "RXE^1"),
        ("lines[1].local_code", "RXE^2^2^1^1"),
        ("institution_local", "ORC^1^21^1^10"),
        ("distributor", "ORC^1^17^1^1"),
        ("message_id", ""),
        ("", ""),
    ],
)
def test_the_place_of_an_issue_is_told_in_err_2(path: str, location: str) -> None:
    found = (issue("field.required", path),)
    (err,) = answered(order_message(HEAD, ORDER), Answer("rejected", (), found)).named("ERR")
    assert err[2] == location


def test_an_unknown_code_of_a_dispensed_product_is_told_by_its_line() -> None:
    why = issue("code.unknown", "local_code", line=2, kind="product", code="X")
    held = Answer("accepted", (AnswerLine(1, "accepted"), AnswerLine(2, "held", "id", (why,))))
    (err,) = answered(dispense_message(HEAD, DISPENSE), held).named("ERR")
    assert err[2] == "RXD^2^2^1^1"


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"\xff\xfe\x00", b"MSH|||", b"MSH|^~\\&"])
def test_even_the_unreadable_is_answered(raw: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        read(raw, SENDER)
    ack = answered(raw, Answer("rejected", (), caught.value.issues), unread=True)
    assert ack.segments[1][:3] == ["MSA", "AR", ""]
    assert ack.text(ack.head, 9) == "ACK"
    assert len(list(ack.named("ERR"))) == len(caught.value.issues)


def test_an_answer_is_in_the_charset_and_separators_of_the_request() -> None:
    raw = order_message(Head("M1", "HOSP-A", "20250501", "gb18030"), ORDER)
    found = (issue("field.required", "ORC-2"),)
    body = reply(raw, None, Answer("rejected", (), found), SENDER).body
    assert "缺少必填字段" in body.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    starred = order_message(HEAD, ORDER).decode().translate(str.maketrans("|^~\\&", "*:;!@"))
    body = reply(starred.encode(), None, Answer("rejected", (), found), SENDER).body
    assert body.startswith(b"MSH*:;!@*JICAI*GW*HIS*HOSP-A*")


def test_a_request_in_ascii_is_answered_in_english() -> None:
    raw = changed(order_message(HEAD, ORDER), MSH_18="ASCII")
    found = (issue("field.required", "ORC-2"),)
    body = reply(raw, read(raw, SENDER), Answer("rejected", (), found), SENDER).body
    assert b"A required field is missing" in body
    assert body.isascii()


def test_a_charset_we_do_not_read_is_not_claimed_by_the_answer() -> None:
    raw = changed(order_message(HEAD, ORDER), MSH_18="UNICODE UTF-16")
    with pytest.raises(Rejected) as caught:
        read(raw, SENDER)
    body = reply(raw, None, Answer("rejected", (), caught.value.issues), SENDER).body
    assert parse(body, {}).head[18] == "UNICODE UTF-8"


def test_a_value_cannot_break_out_of_the_answer() -> None:
    raw = changed(order_message(HEAD, ORDER), MSH_9="BAR\\X0D\\MSA\\F\\AA")
    with pytest.raises(Rejected) as caught:
        read(raw, SENDER)
    answer = Answer("rejected", (), caught.value.issues)
    ack = parse(reply(raw, None, answer, SENDER).body, {})
    assert [segment[0] for segment in ack.segments] == ["MSH", "MSA", "ERR"]


@pytest.mark.parametrize(
    ("accept", "application", "good", "bad"),
    [
        ("", "", "AA", "AE"),
        ("AL", "AL", "CA", "CE"),
        ("AL", "NE", "CA", "CE"),
        ("NE", "AL", "AA", "AE"),
        ("NE", "NE", "", ""),
        ("ER", "", "", "CE"),
        ("SU", "", "CA", ""),
        ("ER", "SU", "AA", "CE"),
    ],
)
def test_enhanced_mode_answers_what_msh_15_and_16_ask_for(
    accept: str, application: str, good: str, bad: str
) -> None:
    raw = changed(order_message(HEAD, ORDER), MSH_15=accept, MSH_16=application)
    enhanced = sender(ack_mode="enhanced")
    wrong = Answer("rejected", (), (issue("field.required", "ORC-2"),))
    for answer, expected in ((accepted(), good), (wrong, bad)):
        body = reply(raw, read(raw, enhanced), answer, enhanced).body
        assert (parse(body, {}).segments[1][1] if body else "") == expected


def test_original_mode_answers_whatever_msh_15_and_16_say() -> None:
    raw = changed(order_message(HEAD, ORDER), MSH_15="NE", MSH_16="NE")
    assert answered(raw, accepted()).segments[1][1] == "AA"


# --------------------------------------------------------------------------- the folder and the public samples


def test_the_interface_says_what_its_folder_says() -> None:
    folder = ROOT / "adapters" / "his_hl7v2"
    told = tomllib.loads((folder / "interface.toml").read_text(encoding="utf-8"))
    assert (told["name"], told["title"]) == (INTERFACE.name, INTERFACE.title)
    assert told["transport"] == INTERFACE.transport
    assert tuple(told["media_types"]) == INTERFACE.media_types


@pytest.mark.parametrize(
    ("accept", "native"), [("", True), ("*/*", True), ("application/json", False)]
)
def test_http_callers_get_hl7_unless_they_ask_for_json(accept: str, native: bool) -> None:
    assert INTERFACE.answers_natively is not None
    assert INTERFACE.answers_natively(b"", accept) is native


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no shared reference folder beside the checkout")
def test_public_clinical_messages_are_refused_by_name_not_by_accident() -> None:
    seen = 0
    for path in sorted(SHARED.glob("*.hl7")):
        raw = path.read_bytes()
        with pytest.raises(Rejected) as caught:
            read(raw, SENDER)
        found: tuple[Issue, ...] = caught.value.issues
        answer = Answer("rejected", (), found)
        ack = parse(reply(raw, None, answer, SENDER).body, {})
        supported = path.name.startswith(("RDE-O11", "RDS-O13", "ORM-O01"))
        assert ack.segments[1][1] == ("AE" if supported else "AR"), path.name
        assert ack.segments[1][2] == caught.value.message_id
        assert sender_of(raw) == "GHHSFacility"
        if supported:
            assert any(one.path.endswith("-21.10") for one in found), path.name
        assert "EVERYMAN" not in canonical_bytes([one.as_dict() for one in found]).decode()
        seen += 1
    assert seen == 12

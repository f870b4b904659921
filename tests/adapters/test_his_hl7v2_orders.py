"""The HIS's orders (采购订单): one message becomes one canonical order, whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.simulator import Order, OrderItem, order_message
from schemas.envelope import canonical_bytes
from schemas.events import ORDER_PLACED
from schemas.issues import Rejected
from tests.adapters.hl7_messages import (
    HEAD,
    ORDER,
    SENDER,
    changed,
    check_canonical,
    data_of,
    issues_of,
    sender,
    without,
)


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

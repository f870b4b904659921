"""The procurement platform's orders (采购订单): good rows are kept, bad ones refused by number."""

from __future__ import annotations

import pytest

from adapters._kit.protocol import Answer
from adapters._kit.soap import fault
from adapters.yunnan_procurement import INTERFACE
from adapters.yunnan_procurement.inbound import read
from adapters.yunnan_procurement.reply import reply
from adapters.yunnan_procurement.simulator import uuid_of
from adapters.yunnan_procurement.wire import NAMESPACE
from schemas.events import ORDER_PLACED
from schemas.issues import Rejected
from tests.adapters.samples import outbound_samples
from tests.adapters.yunnan_documents import AT, GOODS, SENDER, order, rejected


def test_an_order_is_one_message_with_its_rows() -> None:
    document = read(order(soap=True).encode(), SENDER)
    (draft,) = document.drafts
    assert (draft.type, draft.line, document.refused) == (ORDER_PLACED, 0, [])
    assert [line["line_no"] for line in draft.data["lines"]] == [1, 2, 3]
    assert draft.data["total"] == "10.00"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<Quantity>3.0000", "<Quantity>３.0000", "field.fullwidth"),
        ("<Quantity>3.0000", "<Quantity>three", "field.format"),
        ("<Quantity>3.0000</Quantity>", "", "field.required"),
        ("<Quantity>3.0000", "<Quantity>0", "quantity.negative"),
        ("<Quantity>3.0000", "<Quantity>-3", "quantity.negative"),
        ("<Quantity>3.0000", "<Quantity>2.9949", "sum.mismatch"),
        ("<ProductCode>P2", "<ProductCode>", "field.format"),
        ("<ProductCode>P2</ProductCode>", "<ProductCode>P2</ProductCode><Odd/>", "field.unknown"),
    ],
)
def test_a_bad_row_is_refused_by_its_number_and_the_others_are_kept(
    old: str, new: str, code: str
) -> None:
    document = read(order().replace(old, new).encode(), SENDER)
    (draft,) = document.drafts
    assert [line["local_code"] for line in draft.data["lines"]] == ["P1", "P3"]
    assert draft.data["total"] == "7.00"
    ((line, issues),) = document.refused
    assert line == 2
    assert code in {one.code for one in issues}
    assert {one.line for one in issues} == {2}


def test_the_declared_total_counts_the_refused_rows_too() -> None:
    text = order().replace("<Quantity>3.0000", "<Quantity>0")
    assert read(text.encode(), SENDER).drafts[0].data["total"] == "7.00"
    short = text.replace("<TotalAmount>10.00", "<TotalAmount>7.00")
    assert ("sum.mismatch", "Main/TotalAmount") in rejected(short)


def test_a_total_that_cannot_be_reconciled_refuses_the_order() -> None:
    text = order().replace("<Amount>3.00", "<Amount>３.00")
    assert [code for code, _ in rejected(text)] == ["sum.mismatch", "field.fullwidth"]


def test_an_order_without_a_good_row_is_refused_with_all_reasons() -> None:
    text = order(GOODS[:1]).replace("<Quantity>2.0000", "<Quantity>-2")
    assert rejected(text) == [("quantity.negative", "Detail/Row[@seq='1']/Quantity")]


def test_a_row_number_that_stands_twice_refuses_both_rows() -> None:
    document = read(order().replace('seq="3"', 'seq="2"').encode(), SENDER)
    assert [line["local_code"] for line in document.drafts[0].data["lines"]] == ["P1"]
    assert [(line, found[0].code) for line, found in document.refused] == [(2, "line.duplicate")]


@pytest.mark.parametrize("count", [1, 2, 4, 500])
def test_a_row_count_that_differs_refuses_the_whole(count: int) -> None:
    text = order().replace("<RowCount>3", f"<RowCount>{count}")
    assert rejected(text) == [("count.mismatch", "Main/RowCount")]


def test_rows_set_aside_are_counted_like_the_others() -> None:
    text = order().replace("<Quantity>3.0000", "<Quantity>x")
    assert len(read(text.encode(), SENDER).refused) == 1
    assert rejected(text.replace("<RowCount>3", "<RowCount>2")) == [
        ("count.mismatch", "Main/RowCount")
    ]


def test_what_is_wrong_outside_the_rows_refuses_the_whole() -> None:
    text = order().replace("<OrderNo>DD1", "<OrderNo>").replace("<Quantity>3.0000", "<Quantity>x")
    assert {code for code, _ in rejected(text)} == {"field.format"}
    assert rejected(order().replace('seq="2"', 'seq="0"'))
    assert rejected(order().replace(' seq="2"', ""))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<MessageType>Order", "<MessageType>Receipt", ("field.format", "Head/MessageType")),
        ("<Platform>530000", "<Platform>520000", ("field.range", "Head/Platform")),
        ("<PlacedAt>2026-01", "<PlacedAt>2026-13", ("date.invalid", "Main/PlacedAt")),
    ],
)
def test_a_head_that_contradicts_itself_is_refused(
    old: str, new: str, expected: tuple[str, str]
) -> None:
    assert rejected(order().replace(old, new)) == [expected]


def test_a_city_may_speak_for_its_province() -> None:
    text = order().replace("<Platform>530000", "<Platform>530300")
    assert read(text.encode(), SENDER).drafts


def test_a_rejected_document_is_named_when_its_number_can_be_read() -> None:
    with pytest.raises(Rejected) as caught:
        read(order().replace("<OrderNo>DD1", "<OrderNo>").encode(), SENDER)
    assert caught.value.message_id == uuid_of("order")


@pytest.mark.parametrize(
    "text",
    [
        "<x/>",
        f'<Reply xmlns="{NAMESPACE}"/>',
        order().replace(NAMESPACE, "urn:other"),
    ],
)
def test_a_document_of_another_kind_is_unsupported(text: str) -> None:
    assert [code for code, _ in rejected(text)] == ["message.unsupported"]


def test_the_gateways_own_notices_and_replies_are_no_messages_of_the_platform() -> None:
    for sample in outbound_samples():
        if sample.interface is INTERFACE:
            assert [code for code, _ in rejected(sample.raw.decode())] == ["message.unsupported"]
    answer = Answer("accepted", [], (), AT)
    ours = reply(order().encode(), read(order().encode(), SENDER), answer, SENDER)
    assert [code for code, _ in rejected(ours.body.decode())] == ["message.unsupported"]


def test_a_fault_is_no_message() -> None:
    assert [code for code, _ in rejected(fault("Server", "x").decode())] == ["soap.envelope"]

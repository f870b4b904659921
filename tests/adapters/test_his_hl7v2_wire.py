"""HL7 v2 as it comes from the line: segments, charsets, kinds of message, separators, sender."""

from __future__ import annotations

import pytest

from adapters.his_hl7v2 import sender_of
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.simulator import dispense_message, order_message
from adapters.his_hl7v2.wire import Hl7Message
from tests.adapters.hl7_messages import (
    DISPENSE,
    HEAD,
    ORDER,
    SENDER,
    changed,
    data_of,
    issues_of,
    sender,
)


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

"""The form of an answer to the HIS: its number, charset and separators, and no way out of them."""

from __future__ import annotations

import hl7  # type: ignore[import-untyped]  # the oracle has no stubs
import pytest

from adapters._kit.protocol import Answer
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.reply import reply
from adapters.his_hl7v2.simulator import Head, order_message
from adapters.his_hl7v2.wire import parse
from schemas.issues import Rejected, issue
from tests.adapters.hl7_messages import HEAD, ORDER, SENDER, accepted, answered, changed


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

"""What the HIS is answered: AA, AE or AR, an ERR per issue, and when nothing is said."""

from __future__ import annotations

import pytest

from adapters._kit.protocol import Answer, AnswerLine
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.reply import reply
from adapters.his_hl7v2.simulator import dispense_message, order_message
from adapters.his_hl7v2.wire import parse
from schemas.issues import Rejected, issue
from tests.adapters.hl7_messages import (
    DISPENSE,
    HEAD,
    ORDER,
    SENDER,
    accepted,
    answered,
    changed,
    sender,
)


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

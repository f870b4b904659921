"""The procurement platform: partly good documents, answers per row, notices and what comes back."""

from __future__ import annotations

import html
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters._kit.protocol import (
    Acknowledgement,
    Answer,
    AnswerLine,
    Recipient,
    Sender,
    WireRequest,
    WireResponse,
)
from adapters._kit.signing import verify
from adapters._kit.simulation import Call
from adapters._kit.soap import fault, unwrap, wrap
from adapters._kit.times import CHINA
from adapters.yunnan_procurement import INTERFACE
from adapters.yunnan_procurement.inbound import read
from adapters.yunnan_procurement.outbound import HEARS, understand, write
from adapters.yunnan_procurement.reply import answers_natively, reply
from adapters.yunnan_procurement.simulator import (
    Cover,
    YunnanPlatform,
    listing_document,
    order_document,
    receipt_document,
    task_document,
    uuid_of,
)
from adapters.yunnan_procurement.wire import CONTRACT, NAMESPACE, OK, elements, head
from schemas.envelope import Message, canonical_bytes
from schemas.events import ORDER_PLACED
from schemas.issues import Issue, Rejected, issue
from tests.adapters.samples import message_of, outbound_samples

AT = "2026-01-05T07:30:00+08:00"
NOW = datetime(2026, 1, 5, 7, 31, tzinfo=CHINA)
SENDER = Sender("yn-platform", "530000", AT)
GOODS = [
    {"product_code": "P1", "quantity": "2.0000", "unit_price": "1.000000"},
    {"product_code": "P2", "quantity": "3.0000", "unit_price": "1.000000"},
    {"product_code": "P3", "quantity": "5.0000", "unit_price": "1.000000"},
]
RECIPIENT = Recipient("yn-platform", "530000", NOW.isoformat(), 1, {}, b"synthetic-key")


def order(goods: Any = None, *, soap: bool = False) -> str:
    raw = order_document(
        GOODS if goods is None else goods,
        Cover(uuid_of("order"), AT, soap=soap),
        order_no="DD1",
        institution_code="YY1",
        distributor_code="PS1",
        placed_at=AT,
    )
    return raw.decode()


def rejected(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        read(text.encode(), SENDER)
    return [(one.code, one.path) for one in caught.value.issues]


# --------------------------------------------------------------------------- orders


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


# --------------------------------------------------------------------------- listings, tasks, receipts


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


# --------------------------------------------------------------------------- answers


def said(answer: Answer, raw: bytes | None = None) -> tuple[dict[str, Any], int]:
    raw = order(soap=True).encode() if raw is None else raw
    try:
        document = read(raw, SENDER)
    except Rejected:
        document = None
    ours = reply(raw, document, answer, SENDER)
    root = unwrap(ours.body, "Reply").root
    assert CONTRACT.accepts(root), CONTRACT.issues(root)
    return CONTRACT.decode(root).content, ours.status


@pytest.mark.parametrize(
    ("answer", "code", "severity", "status"),
    [
        (Answer("accepted", [AnswerLine(0, "accepted", "a1")]), "00000", "ok", 200),
        (Answer("duplicate", [AnswerLine(0, "duplicate", "a1")]), "32001", "advisory", 200),
        (Answer("accepted", [AnswerLine(0, "held", "a1")]), "00000", "ok", 200),
        (Answer("accepted", [AnswerLine(1, "rejected")]), "10000", "logical", 200),
        (Answer("conflict", [], (issue("id.conflict", "id"),)), "22011", "logical", 200),
        (Answer("rejected", [], (issue("xml.doctype", ""),)), "11006", "fatal", 200),
        (
            Answer("rejected", [], (issue("count.mismatch", "x", declared=1, found=2),)),
            "22003",
            "logical",
            200,
        ),
        (Answer("rejected", [], (issue("field.required", "x"),)), "22000", "logical", 200),
        (Answer("refused", []), "11003", "fatal", 401),
        (Answer("unavailable", []), "11002", "fatal", 503),
    ],
)
def test_every_verdict_has_its_code(answer: Answer, code: str, severity: str, status: int) -> None:
    content, given = said(answer)
    assert (content["Result"]["Code"], content["Result"]["Severity"]) == (code, severity)
    assert given == status
    assert content["Head"]["CorrelationId"] == uuid_of("order")


def test_rows_are_answered_by_their_number_with_our_line_number() -> None:
    wrong = (issue("quantity.negative", "Detail/Row[@seq='2']/Quantity", line=2),)
    lines = [
        AnswerLine(1, "accepted", "a1"),
        AnswerLine(2, "rejected", "", wrong),
        AnswerLine(3, "held", "a3"),
    ]
    content, _ = said(Answer("accepted", lines))
    assert [
        (row["@seq"], row.get("PlatformLineNo"), row["Code"]) for row in content["RowResult"]
    ] == [(1, "a1", "00000"), (2, None, "13001"), (3, "a3", "33003")]
    assert "数量" in content["RowResult"][1]["Text"]


def test_a_document_that_cannot_be_read_is_answered_too() -> None:
    bad = order(soap=True).replace("&lt;OrderNo&gt;DD1", "&lt;OrderNo&gt;").encode()
    content, _ = said(Answer("rejected", [], (issue("field.required", "x"),)), bad)
    assert content["Head"]["CorrelationId"] == uuid_of("order")
    content, _ = said(Answer("rejected", [], (issue("xml.malformed", "", detail="x"),)), b"<x")
    assert "CorrelationId" not in content["Head"]


def test_very_many_issues_do_not_make_an_answer_of_no_end() -> None:
    issues: tuple[Issue, ...] = tuple(
        issue("field.format", f"Detail/Row[{at}]/{'x' * 300}", detail="<&>") for at in range(500)
    )
    content, _ = said(Answer("rejected", [AnswerLine(1, "rejected", "", issues)], issues))
    assert len(content["Result"]["Text"]) <= 2000


def test_the_answer_comes_as_the_question_came() -> None:
    raw = order(soap=True).replace("sendRecv", "SendRecv").encode()
    answer = Answer("accepted", [], (), AT)
    assert b"SendRecvResponse" in reply(raw, read(raw, SENDER), answer, SENDER).body
    bare = order().encode()
    assert reply(bare, read(bare, SENDER), answer, SENDER).body.startswith(b"<Reply")
    assert answers_natively(raw, "*/*")
    assert answers_natively(bare, "application/xml")
    assert not answers_natively(bare, "application/json")


# --------------------------------------------------------------------------- notices


def call_of(request: WireRequest) -> Call:
    return Call("/", {name.lower(): value for name, value in request.headers.items()}, request.body)


def outcome(platform: YunnanPlatform, request: WireRequest) -> Acknowledgement:
    told = platform.answer(call_of(request))
    return understand(WireResponse(told.status, told.body), request)


MESSAGES = [message_of(one.expected) for one in outbound_samples() if one.interface is INTERFACE]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.type)
def test_a_notice_is_taken_once_and_recognised_the_second_time(message: Message) -> None:
    platform = YunnanPlatform(lambda: NOW, secret=RECIPIENT.secret)
    request = write(message, RECIPIENT)
    assert outcome(platform, request).meaning == "delivered"
    again = write(message, Recipient("yn-platform", "530000", AT, 2, {}, RECIPIENT.secret))
    assert again.body == request.body
    assert outcome(platform, again).meaning == "already"
    assert (len(platform.received), platform.repeats) == (1, 1)


def test_all_that_the_platform_hears_can_be_said() -> None:
    assert {one.type for one in MESSAGES} <= set(HEARS)
    unknown = Message("ab", "s", ORDER_PLACED, "x", AT, canonical_bytes({}))
    with pytest.raises(Rejected):
        write(unknown, RECIPIENT)


def test_a_wrong_key_an_old_signature_and_another_body_are_refused() -> None:
    request = write(MESSAGES[0], RECIPIENT)
    others = YunnanPlatform(lambda: NOW, secret=b"another")
    assert outcome(others, request).meaning == "refused"
    later = YunnanPlatform(lambda: NOW + timedelta(seconds=301), secret=RECIPIENT.secret)
    assert outcome(later, request).meaning == "refused"
    assert (
        verify(request.headers["x-ca-signature"], request.body, b"synthetic-key", 1767569460) == ""
    )


@pytest.mark.parametrize(
    ("settings", "secret"), [({"signature": "md5"}, b"k"), ({}, b""), ({"signature": "sm3"}, b"")]
)
def test_what_cannot_be_signed_is_not_sent(settings: dict[str, str], secret: bytes) -> None:
    with pytest.raises(Rejected):
        write(MESSAGES[0], Recipient("p", "530000", AT, 1, settings, secret))


def test_a_private_line_needs_no_signature() -> None:
    request = write(MESSAGES[0], Recipient("p", "530000", AT, 1, {"signature": "none"}))
    assert "x-ca-signature" not in request.headers
    assert outcome(YunnanPlatform(lambda: NOW), request).meaning == "delivered"


def replied(code: str, rows: str = "", correlation: str = "m1") -> bytes:
    top = head("r1", "Reply", "530000", "YNPP", "JICAI", AT, correlation)
    result = elements(Code=code, Severity="ok", Text="说明")
    text = f'<Reply xmlns="{NAMESPACE}">{top}<Result>{result}</Result>{rows}</Reply>'
    return wrap(text, "sendRecvResponse", "urn:s", "return")


REQUEST = WireRequest(b"", "text/xml", idempotency_key="m1")


@pytest.mark.parametrize(
    ("body", "status", "meaning"),
    [
        (replied(OK), 200, "delivered"),
        (replied("34001"), 200, "delivered"),
        (replied("39999"), 200, "delivered"),
        (replied("32001"), 200, "already"),
        (replied("22003"), 200, "refused"),
        (replied("12029"), 200, "refused"),
        (replied("11001"), 200, "retry"),
        (replied("11002"), 200, "retry"),
        (replied("99999"), 200, "retry"),
        (replied(OK), 503, "retry"),
        (replied(OK), 429, "retry"),
        (
            replied("10000", '<RowResult seq="1"><Code>13001</Code><Text>x</Text></RowResult>'),
            200,
            "refused",
        ),
        (
            replied(OK, '<RowResult seq="1"><Code>13001</Code><Text>x</Text></RowResult>'),
            200,
            "refused",
        ),
        (
            replied(OK, '<RowResult seq="1"><Code>00000</Code><Text>x</Text></RowResult>'),
            200,
            "delivered",
        ),
        (replied(OK, correlation="m2"), 200, "retry"),
        (replied(OK)[:-30], 200, "retry"),
        (fault("Server", "x"), 500, "retry"),
        (b"<!DOCTYPE html><html></html>", 200, "retry"),
        (b"<html><body>ok</body></html>", 200, "retry"),
        (b"", 200, "retry"),
        (b"{}", 200, "retry"),
        (b"\xff\xfe", 200, "retry"),
        (html.escape(replied(OK).decode()).encode(), 200, "retry"),
    ],
)
def test_an_answer_means_what_its_first_digit_says_and_the_unclear_is_unknown(
    body: bytes, status: int, meaning: str
) -> None:
    assert understand(WireResponse(status, body), REQUEST).meaning == meaning

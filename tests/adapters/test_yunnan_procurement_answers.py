"""What the procurement platform is answered: a code per verdict and one per row."""

from __future__ import annotations

from typing import Any

import pytest

from adapters._kit.protocol import Answer, AnswerLine
from adapters._kit.soap import unwrap
from adapters.yunnan_procurement.inbound import read
from adapters.yunnan_procurement.reply import answers_natively, reply
from adapters.yunnan_procurement.simulator import uuid_of
from adapters.yunnan_procurement.wire import CONTRACT
from schemas.issues import Issue, Rejected, issue
from tests.adapters.yunnan_documents import AT, SENDER, order


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

"""回执: our answer in the platform's words, per document and per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters._kit.protocol import Answer, AnswerLine, Document, Reply, Sender
from adapters._kit.soap import CONTENT_TYPE, Fault, is_envelope, unwrap, wrap
from adapters.yunnan_procurement.inbound import Spoken, named_id
from adapters.yunnan_procurement.wire import (
    ALREADY,
    AWAITS_CODE,
    BAD_XML,
    CREDENTIALS,
    DOCUMENT,
    ID_TAKEN,
    INTERNAL,
    NAMESPACE,
    OK,
    OPERATION,
    REFUSED,
    RESULT,
    ROW_REFUSED,
    SERVICE,
    SOME_ROWS_FAILED,
    WRONG_COUNT,
    WRONG_SUM,
    elements,
    head,
    severity,
)
from schemas.envelope import message_identity
from schemas.issues import Issue, Rejected

OUR_NAME: Final = "JICAI"
SHOWN_ISSUES: Final = 10
TEXT_LIMIT: Final = 2000
_BY_VERDICT: Final = {
    "accepted": (OK, "成功"),
    "duplicate": (ALREADY, "此前已收到,结果同前"),
    "refused": (CREDENTIALS, "身份或签名未通过"),
    "unavailable": (INTERNAL, "暂不可用,请稍后以同一报文编号重发"),
}
_STATUS: Final = {"refused": 401, "unavailable": 503}
_BY_ISSUE: Final = {"count.mismatch": WRONG_COUNT, "sum.mismatch": WRONG_SUM}
_BY_LINE: Final = {"accepted": OK, "duplicate": ALREADY, "held": AWAITS_CODE}
_LINE_TEXT: Final = {"accepted": "成功", "duplicate": "此前已收到", "held": "编码待对照,已挂起"}
_UNREADABLE: Final = ("xml.", "body.", "soap.")


def answers_natively(raw: bytes, accept: str) -> bool:
    """Return whether the request was SOAP or asks for XML."""
    return is_envelope(raw) or "xml" in accept.lower()


def reply(raw: bytes, document: Document | None, answer: Answer, sender: Sender) -> Reply:
    """Return the Reply document, in SOAP where the request was SOAP."""
    spoken = document.wire if document is not None else None
    text = _document(raw, spoken if isinstance(spoken, Spoken) else None, answer, sender)
    status = _STATUS.get(answer.verdict, 200)
    if not is_envelope(raw):
        return Reply(text.encode(), "application/xml; charset=utf-8", status)
    operation, space = OPERATION, SERVICE
    if isinstance(spoken, Spoken) and spoken.operation not in ("", DOCUMENT):
        operation, space = spoken.operation, spoken.space
    return Reply(wrap(text, f"{operation}Response", space, RESULT), CONTENT_TYPE, status)


def _document(raw: bytes, spoken: Spoken | None, answer: Answer, sender: Sender) -> str:
    heard = spoken.head if spoken is not None else {}
    correlation = heard.get("MessageId") or _named_in(raw)
    sent_at = answer.answered_at or sender.received_at
    ours = head(
        message_identity(sender.partner, f"{correlation}!reply!{answer.verdict}"),
        "Reply",
        heard.get("Platform") or sender.region,
        heard.get("Receiver") or OUR_NAME,
        heard.get("Sender") or sender.partner,
        sent_at,
        correlation,
    )
    code, said = _result(answer)
    result = elements(Code=code, Severity=severity(code), Text=said[:TEXT_LIMIT])
    rows = "".join([_row(line) for line in answer.lines])
    return f'<Reply xmlns="{NAMESPACE}">{ours}<Result>{result}</Result>{rows}</Reply>'


def _named_in(raw: bytes) -> str:
    try:
        return named_id(unwrap(raw, DOCUMENT).root) or ""
    except (Rejected, Fault):
        return ""


def _result(answer: Answer) -> tuple[str, str]:
    if answer.verdict == "conflict":
        return ID_TAKEN, _sentences(answer.issues) or "同一报文编号内容不同"
    if answer.verdict == "rejected":
        return _code_of(answer.issues), _sentences(answer.issues) or "报文被拒收"
    if answer.verdict == "accepted" and any(line.verdict == "rejected" for line in answer.lines):
        return SOME_ROWS_FAILED, "部分明细未通过,其余已受理"
    return _BY_VERDICT[answer.verdict]


def _code_of(issues: Sequence[Issue]) -> str:
    first = issues[0].code if issues else ""
    if first.startswith(_UNREADABLE):
        return BAD_XML
    return _BY_ISSUE.get(first, REFUSED)


def _row(line: AnswerLine) -> str:
    if line.verdict == "rejected":
        code = WRONG_SUM if line.issues and line.issues[0].code == "sum.mismatch" else ROW_REFUSED
        text = _sentences(line.issues) or "未通过"
    else:
        code, text = _BY_LINE[line.verdict], _LINE_TEXT[line.verdict]
    inner = elements(PlatformLineNo=line.id, Code=code, Text=text[:TEXT_LIMIT])
    return f'<RowResult seq="{line.line}">{inner}</RowResult>'


def _sentences(issues: Sequence[Issue]) -> str:
    """Return the issues as one line for a person; the paths say where."""
    shown = [f"{one.path}: {one.zh}" if one.path else one.zh for one in issues[:SHOWN_ISSUES]]
    more = len(issues) - SHOWN_ISSUES
    return "; ".join(shown) + (f"; 另有 {more} 项" if more > 0 else "")

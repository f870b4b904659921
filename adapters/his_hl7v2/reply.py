"""应答: our answer as an HL7 acknowledgement (MSH, MSA, one ERR per issue).

Original mode by default: AA only for what is durable, AE for what the sender must correct or send again,
AR for what could not be read or is not supported. With the partner setting `ack_mode = "enhanced"`,
MSH-15 and MSH-16 are honoured (CA/CE/CR, or no answer at all). Source: HL7 v2.5 chapter 2, tables 0008,
0155, 0357, 0516.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from adapters._kit.protocol import Answer, AnswerLine, Document, Reply, Sender
from adapters.his_hl7v2.charset import codec
from adapters.his_hl7v2.wire import Hl7Message, glimpse
from schemas.issues import Issue

CONTENT_TYPE: Final = "application/hl7-v2"
DEFAULT_VERSION: Final = "2.5"
_NOTES: Final[dict[str, tuple[str, str]]] = {
    "accepted": ("已接收", "accepted"),
    "held": ("已接收,编码待对照,挂起", "accepted, held until its codes are in the crosswalk"),
    "duplicate": ("重复报文,首次应答有效", "duplicate, the first answer stands"),
    "partial": ("部分行被拒收", "some lines were rejected"),
    "conflict": ("报文编号冲突", "message id conflict"),
    "rejected": ("拒收,请更正后重发", "rejected, correct and send again"),
    "refused": ("未获授权", "not authorised"),
    "unavailable": ("暂不可用,请稍后重发原报文", "unavailable, send the same message again later"),
}
_NOT_TAKEN: Final = ("hl7.", "body.", "message.", "sender.")
"""Codes that mean AR: unreadable, unsupported, or not this sender's to say."""
# HL7 table 0357 by our code; longest prefix first
_CONDITIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("hl7.malformed", "100", "Segment sequence error"),
    ("hl7.framing", "100", "Segment sequence error"),
    ("field.required", "101", "Required field missing"),
    ("id.missing", "101", "Required field missing"),
    ("id.conflict", "205", "Duplicate key identifier"),
    ("code.", "204", "Unknown key identifier"),
    ("sender.", "204", "Unknown key identifier"),
    ("field.", "102", "Data type error"),
    ("money.", "102", "Data type error"),
    ("quantity.", "102", "Data type error"),
    ("date.", "102", "Data type error"),
    ("body.", "102", "Data type error"),
)
_UNSUPPORTED: Final[dict[str, tuple[str, str]]] = {
    "MSH-9": ("200", "Unsupported message type"),
    "MSH-9.2": ("201", "Unsupported event code"),
    "MSH-11": ("202", "Unsupported processing id"),
    "MSH-12": ("203", "Unsupported version id"),
}
_OTHER: Final = ("207", "Application internal error")
_PLACE: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[([0-9]+)\])?(?:-([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?"
)
_NAMES: Final = {
    "utf-8": "UNICODE UTF-8",
    "gb18030": "GB 18030-2000",
    "latin-1": "8859/1",
    "ascii": "ASCII",
}
# where the codes that the crosswalk did not know stand in the message
_CODED: Final = {
    "institution_local": "ORC-21.10",
    "institution": "ORC-21.10",
    "distributor_local": "ORC-17.1",
    "distributor": "ORC-17.1",
}
_LINE_CODE: Final = re.compile(r"(?:lines\[([0-9]+)\]\.)?(?:local_code|unified_code)")
_MOMENT: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)


def reply(raw: bytes, document: Document | None, answer: Answer, sender: Sender) -> Reply:
    """Return the acknowledgement, in the request's separators and character set.

    `document` is None when the bytes could not be read; whatever of MSH can be made out is echoed. An
    empty body means that the sender asked for no answer (enhanced mode only).
    """
    read = document.wire if document is not None else None
    request = read if isinstance(read, Hl7Message) else glimpse(raw, sender.settings)
    code = _code(answer)
    if sender.settings.get("ack_mode") == "enhanced":
        code = _enhanced(code, request)
        if not code:
            return Reply(b"", CONTENT_TYPE)
    at = _moment(answer.answered_at or sender.received_at)
    for chinese in (True, False):
        text = _compose(request, code, answer, _control_id(raw), at, chinese=chinese)
        try:
            return Reply(text.encode(request.charset), CONTENT_TYPE)
        except UnicodeEncodeError:
            continue  # a request in ASCII: the English sentences then
    return Reply(text.encode(request.charset, "replace"), CONTENT_TYPE)


def _rejected_lines(answer: Answer) -> list[AnswerLine]:
    return [line for line in answer.lines if line.verdict == "rejected"]


def _code(answer: Answer) -> str:
    """Return MSA-1 of the original mode."""
    if answer.verdict in {"accepted", "duplicate"}:
        return "AE" if _rejected_lines(answer) else "AA"
    if answer.verdict == "refused":
        return "AR"
    if any(found.code.startswith(_NOT_TAKEN) for found in answer.issues):
        return "AR"
    return "AE"


def _enhanced(code: str, request: Hl7Message) -> str:
    """Return the code the sender asked for: accept level by MSH-15, else application level by MSH-16.

    "" when neither asks for an answer to this outcome. Both conditions empty: original mode.
    """
    accept, application = request.text(request.head, 15), request.text(request.head, 16)
    if not accept and not application:
        return code
    good = code == "AA"
    wanted = {"AL": True, "NE": False, "ER": not good, "SU": good}
    if wanted.get(accept, False):
        return f"C{code[1]}"
    return code if wanted.get(application, False) else ""


def _moment(instant: str) -> str:
    found = _MOMENT.fullmatch(instant)
    if found is None:
        return ""
    zone = "+0000" if found[7] == "Z" else found[7].replace(":", "")
    return "".join(found.group(1, 2, 3, 4, 5, 6)) + zone


def _control_id(raw: bytes) -> str:
    """Return our MSH-10: the same answer to the same bytes has the same number (20 characters)."""
    return "JC" + hashlib.blake2b(raw, digest_size=9).hexdigest().upper()


def _compose(
    request: Hl7Message, code: str, answer: Answer, control_id: str, at: str, *, chinese: bool
) -> str:
    signs = request.separators
    head = request.head

    def echo(field: int) -> str:
        return head[field] if field < len(head) else ""

    trigger = signs.escaped(request.text(head, 9, 2))
    kind = signs.component.join(("ACK", trigger, "ACK")) if trigger else "ACK"
    msh = ["MSH", signs.encoding_characters, echo(5), echo(6), echo(3), echo(4), at, "", kind]
    msh += [control_id, echo(11) or "P", echo(12) or DEFAULT_VERSION, "", "", "", "", echo(17)]
    msh.append(echo(18) if codec(request.text(head, 18)) else _NAMES[request.charset])
    note = _NOTES[_note(answer)]
    said = signs.escaped(note[0 if chinese else 1])
    errors = [_err(request, *one, chinese=chinese) for one in _issues(answer)]
    if not errors and not code.endswith("A"):
        condition = signs.component.join((*_OTHER, "HL70357"))
        errors = [["ERR", "", "", condition, "E", "", "", note[1], said]]
    rows = [msh, ["MSA", code, echo(10), said], *errors]
    return "".join(signs.field.join(row) + "\r" for row in rows)


def _note(answer: Answer) -> str:
    if answer.verdict == "accepted":
        if _rejected_lines(answer):
            return "partial"
        if any(line.verdict == "held" for line in answer.lines):
            return "held"
    return answer.verdict


def _issues(answer: Answer) -> Iterable[tuple[Issue, str]]:
    """Yield every issue with its severity: information (I) where the line is held, else error (E)."""
    seen: set[Issue] = set()
    for found in answer.issues:
        seen.add(found)
        yield found, "E"
    for line in answer.lines:
        severity = "E" if line.verdict == "rejected" else "I"
        for found in line.issues:
            if found not in seen:
                seen.add(found)
                yield found, severity


def _err(request: Hl7Message, found: Issue, severity: str, *, chinese: bool) -> list[str]:
    component, escaped = request.separators.component, request.separators.escaped
    place = _PLACE.fullmatch(_hl7_path(found, request))
    location = ""
    if place is not None:
        segment, number, field, part, piece = place.groups("")
        at = (segment, number or "1", field, "1" if part else "", part, piece)
        location = component.join(at).rstrip(component)
    number, meaning = _condition(found)
    condition = component.join((number, meaning, "HL70357"))
    ours = component.join((escaped(found.code), "", "JICAI"))
    sentence = found.zh if chinese else found.en
    detail = f"{found.path}: {found.en}" if found.path else found.en
    return ["ERR", "", location, condition, severity, ours, "", escaped(detail), escaped(sentence)]


def _hl7_path(found: Issue, request: Hl7Message) -> str:
    """Return an issue's place in HL7's terms, where it was found in canonical data."""
    code = _LINE_CODE.fullmatch(found.path)
    if code is None:
        return _CODED.get(found.path, found.path)
    if code[1] is not None and any(request.named("RXE")):
        return f"RXE[{int(code[1]) + 1}]-2.1"
    if code[1] is None and found.line and any(request.named("RXD")):
        return f"RXD[{found.line}]-2.1"
    return found.path


def _condition(found: Issue) -> tuple[str, str]:
    if found.code in {"hl7.unsupported", "message.unsupported"}:
        return _UNSUPPORTED.get(found.path, ("200", "Unsupported message type"))
    for prefix, number, meaning in _CONDITIONS:
        if found.code.startswith(prefix):
            return number, meaning
    return _OTHER

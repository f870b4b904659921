"""应答解读: what the gateway answered, read as the sender's own system would read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from adapters._kit.soap import Fault, unwrap
from adapters._kit.xml import Element
from adapters.yunnan_procurement.wire import ALREADY, AWAITS_CODE, NAMESPACE, OK
from schemas.issues import Rejected

_N: Final = "{" + NAMESPACE + "}"
_ROW_STATES: Final = {OK: "accepted", ALREADY: "duplicate", AWAITS_CODE: "held"}
_TAKEN: Final = ("AA", "CA")
_HELD_NOTE: Final = "挂起"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: the transport's status, the dialect's code, what it says, and each line's state."""

    status: str
    code: str
    said: str = ""
    states: Mapping[int, str] = field(default_factory=dict)
    """By line, counted from 1."""

    @property
    def short(self) -> str:
        """Return status and code."""
        return f"{self.status} {self.code}".strip()


def read_http(response: httpx.Response) -> Answered:
    """Read an HTTP answer: JSON, or the procurement platform's Reply in SOAP."""
    status = str(response.status_code)
    if "json" not in response.headers.get("content-type", ""):
        return _read_reply(status, response.content)
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return Answered(status, "")
    return _read_json(status, answer if isinstance(answer, dict) else {})


def _read_json(status: str, answer: Mapping[str, Any]) -> Answered:
    lines = answer.get("lines", ())
    states = {int(line["line"]): str(line["state"]) for line in lines}
    found = [answer["error"]] if "error" in answer else list(answer.get("issues", ()))
    found += [each for line in lines for each in line.get("issues", ())]
    if found:
        path = found[0].get("path", "")
        said = f"{path}: {found[0]['zh']}" if path else found[0]["zh"]
        return Answered(status, found[0]["code"], said, states)
    return Answered(status, str(answer.get("verdict", "")), "", states)


def _read_reply(status: str, body: bytes) -> Answered:
    try:
        root = unwrap(body, "Reply").root
    except (Rejected, Fault):
        return Answered(status, "")
    states: dict[int, str] = {}
    for row in root.findall(f"{_N}RowResult"):
        code = row.findtext(f"{_N}Code") or ""
        # a document that is one message has row 0; people count from 1
        states[int(row.get("seq", "0")) or 1] = _ROW_STATES.get(code, "rejected")
    said = _text(root, "Text")
    refused = [row for row in root.findall(f"{_N}RowResult") if row.findtext(f"{_N}Code") != OK]
    detail = refused[0].findtext(f"{_N}Text") if refused else ""
    if detail and detail not in said and states and "accepted" in states.values():
        said = f"{said}: {detail}"
    return Answered(status, _text(root, "Code"), said, states)


def _text(root: Element, name: str) -> str:
    return root.findtext(f"{_N}Result/{_N}{name}") or ""


def read_acknowledgement(ack: bytes, lines: int) -> Answered:
    """Read an HL7 acknowledgement: one answer for all lines, in whatever character set it comes."""
    text = _decoded(ack)
    segments = [segment.split("|") for segment in text.split("\r")]
    code = next((each[1] for each in segments if each[0] == "MSA" and len(each) > 1), "")
    errors = [each for each in segments if each[0] == "ERR"]
    state = "rejected"
    if code in _TAKEN:
        state = "held" if _HELD_NOTE in text else "accepted"
    said = errors[0][-1] if errors else ""
    return Answered("", code, said, dict.fromkeys(range(1, lines + 1), state))


def _decoded(ack: bytes) -> str:
    for charset in ("utf-8", "gb18030"):
        try:
            return ack.decode(charset)
        except UnicodeDecodeError:
            continue
    return ack.decode("latin-1")

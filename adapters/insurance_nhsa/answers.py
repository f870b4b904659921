"""What the platform's answer means. Success has two levels; anything unclear is `retry`.

A resend is harmless: it carries the same msgid and fixmedins_bchno, and the platform says so (3299, ours).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters._kit.json_text import parse
from adapters._kit.protocol import Acknowledgement, WireRequest, WireResponse
from adapters.insurance_nhsa.wire import ALREADY, RECORDED, SUCCESS
from schemas.issues import Rejected

_SERVER_ERRORS: Final = 500
_LATER: Final = (408, 425, 429)
_LATER_WORDS: Final = ("繁忙", "超时", "稍后", "暂不可用", "timeout", "timed out", "busy")
"""The failure code -1 stands for everything; these words tell a passing failure from a refusal."""


def understand(response: WireResponse, request: WireRequest) -> Acknowledgement:  # noqa: ARG001 - the protocol's signature
    """Return what the platform's answer means."""
    if response.status >= _SERVER_ERRORS or response.status in _LATER:
        return Acknowledgement("retry", str(response.status), "the platform cannot serve now")
    answer = _object(response.body)
    if answer is None or "infcode" not in answer:
        return Acknowledgement("retry", str(response.status), "the answer is not the platform's")
    code = _text(answer["infcode"])
    reference = _text(answer.get("inf_refmsgid"))
    said = _text(answer.get("err_msg"))
    if code == ALREADY:
        return Acknowledgement("already", code, said, reference)
    if code != SUCCESS:
        passing = any(word in said.lower() for word in _LATER_WORDS)
        return Acknowledgement("retry" if passing else "refused", code, said, reference)
    return _second_level(answer.get("output"), reference)


def _second_level(output: Any, reference: str) -> Acknowledgement:
    """Read `output` (object, or JSON in a string): result.retRslt, or data.returnCode in one province."""
    inner = _object(output.encode()) if isinstance(output, str) else output
    if not isinstance(inner, dict):
        return Acknowledgement("retry", SUCCESS, "the answer has no output", reference)
    result, data = inner.get("result"), inner.get("data")
    if isinstance(result, dict) and "retRslt" in result:
        return _settled(result, "retRslt", "msgRslt", RECORDED, reference)
    if isinstance(data, dict) and "returnCode" in data:
        return _settled(data, "returnCode", "returnMsg", SUCCESS, reference)
    return Acknowledgement("retry", SUCCESS, "the answer has no result", reference)


def _settled(
    result: Mapping[str, Any], code: str, text: str, good: str, reference: str
) -> Acknowledgement:
    given, said = _text(result[code]), _text(result.get(text))
    if given == ALREADY:
        return Acknowledgement("already", given, said, reference)
    if given == good:
        return Acknowledgement("delivered", SUCCESS, said, reference)
    passing = any(word in said.lower() for word in _LATER_WORDS)
    return Acknowledgement("retry" if passing else "refused", given, said, reference)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = parse(raw)
    except Rejected:
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)[:500]

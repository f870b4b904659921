"""批次拆分: takes a JSON array apart into the bytes of its elements, as they were sent.

An element's bytes are what the journal keeps and digests, so the same event has the same digest alone,
in a stream and in a batch. Elements are only measured here; each is parsed strictly by itself later, so
one bad element does not take its neighbours with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from adapters._kit import json_text
from schemas.issues import Rejected, issue

_BLANK: Final = re.compile(r"[ \t\r\n]*")


def _ignored(_text: str) -> None:
    """Numbers are not looked at here: only where they end matters."""


_DECODER: Final = json.JSONDecoder(
    parse_int=_ignored, parse_float=_ignored, parse_constant=_ignored
)


def elements(raw: bytes) -> Iterator[bytes]:
    """Yield each element's bytes. Raises Rejected when the text is not one JSON array.

    The caller takes all before it uses any: an array that breaks off is refused as a whole.
    """
    text = _text(raw)
    at = _after_blank(text, 0)
    if not text[at:]:
        raise Rejected(issue("body.empty", ""))
    if text[at] != "[":
        raise _malformed(text, at, "a JSON array is expected")
    at = _after_blank(text, at + 1)
    closed = text[at : at + 1] == "]"
    while not closed:
        end = _end(text, at)
        yield text[at:end].encode()
        at = _after_blank(text, end)
        closed = text[at : at + 1] == "]"
        if not closed:
            if text[at : at + 1] != ",":
                raise _malformed(text, at, "',' or ']' is expected")
            at = _after_blank(text, at + 1)
    if _after_blank(text, at + 1) != len(text):
        raise _malformed(text, at + 1, "nothing may follow the array")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Rejected(issue("body.encoding", "", charset="UTF-8")) from None


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _end(text: str, at: int) -> int:
    try:
        end: int = _DECODER.raw_decode(text, at)[1]
    except json.JSONDecodeError as error:
        raise _malformed(text, error.pos, error.msg) from None
    except RecursionError:
        raise Rejected(issue("body.too_deep", "", limit=json_text.DEPTH_LIMIT)) from None
    return end


def _malformed(text: str, at: int, what: str) -> Rejected:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return Rejected(issue("json.malformed", "", detail=f"{what}: line {line} column {column}"))

r"""JSON 严格解析: duplicate keys, NaN, deep nesting and foreign charsets are refused.

orjson parses; it silently keeps the last of duplicate keys, so those are found by arithmetic. Every
string of a JSON text, key or value, costs exactly two unescaped quotes. A dropped duplicate drops at
least its key: the text then has more quotes than twice the strings that arrived. Without an escaped
quote in the text (`\"`) the comparison is exact; with one, the standard library looks at every pair.
"""

from __future__ import annotations

import codecs
import json
from typing import Any, Final

import orjson

from schemas.issues import Rejected, issue

DEPTH_LIMIT: Final = 32
_ESCAPED_QUOTE: Final = b'\\"'
_BLANK: Final = b" \t\r\n"


def parse(raw: bytes, *, depth: int = DEPTH_LIMIT) -> Any:
    """Return the value of a JSON text.

    A UTF-8 byte order mark is tolerated. Raises Rejected: body.empty, body.encoding, body.too_deep,
    json.malformed (with line and column), json.duplicate_key (naming the key).
    """
    value = loads(raw)
    strings = _strings(value, depth)
    if has_more_strings(raw, strings):
        refuse_duplicate_keys(raw)
    return value


def loads(raw: bytes) -> Any:
    """Return the value, duplicate keys unseen: for contracts that count strings themselves."""
    if raw.startswith(codecs.BOM_UTF8):
        raw = raw[3:]
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _malformed(raw, error) from None


def has_more_strings(raw: bytes, strings: int) -> bool:
    """Return False only if the text surely holds `strings` strings (keys and values) and no more."""
    return raw.count(b'"') != 2 * strings or _ESCAPED_QUOTE in raw


def refuse_duplicate_keys(raw: bytes) -> None:
    """Raise Rejected with every duplicate key of a text that `loads` accepted."""
    doubled: dict[str, None] = {}

    def pairs(members: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in members}) != len(members):
            seen: set[str] = set()
            for key, _ in members:
                if key in seen:
                    doubled[key] = None
                seen.add(key)

    json.loads(raw, object_pairs_hook=pairs)
    if doubled:
        raise Rejected(*(issue("json.duplicate_key", key, key=key[:64]) for key in doubled))


def _strings(value: Any, depth: int) -> int:
    """Return the number of strings in a value, level by level. Raises Rejected when it is too deep."""
    count = 0
    level = [value]
    for _ in range(depth + 1):
        inner: list[Any] = []
        for one in level:
            kind = one.__class__
            if kind is str:
                count += 1
            elif kind is dict:
                count += len(one)
                inner.extend(one.values())
            elif kind is list:
                inner.extend(one)
        if not inner:
            return count
        level = inner
    raise Rejected(issue("body.too_deep", "", limit=depth))


def _malformed(raw: bytes, error: orjson.JSONDecodeError) -> Rejected:
    if not raw.strip(_BLANK):
        return Rejected(issue("body.empty", ""))
    try:
        raw.decode()
    except UnicodeDecodeError:
        return Rejected(issue("body.encoding", "", charset="UTF-8"))
    if "depth limit" in error.msg or "ecursion" in error.msg:
        return Rejected(issue("body.too_deep", "", limit=DEPTH_LIMIT))
    return Rejected(issue("json.malformed", "", detail=str(error)[:160]))

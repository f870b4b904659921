"""契约检查: canonical data against its model.

The fast path asks a compiled JSON Schema (made from the very same model) for yes or no; only a no is
put to pydantic, whose findings become issues with field paths. Both must agree (tests/unit/schemas).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from numbers import Number
from typing import Any, Final, Literal, Protocol

import jsonschema_rs
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.events import EVENT_TYPES
from schemas.issues import CATALOGUE, Issue, issue
from schemas.wording import in_chinese

_MONEY_WORDS: Final = ("quantity", "price", "amount", "total", "volume", "quarters")


class _Validator(Protocol):
    def is_valid(self, instance: Any, /) -> bool: ...


def json_schema(type_name: str) -> dict[str, Any]:
    """Return the JSON Schema of a message type's data."""
    schema: dict[str, Any] = EVENT_TYPES[type_name].model.model_json_schema()
    return schema


@cache
def _validator(type_name: str) -> _Validator:
    schema = json_schema(type_name)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def check(type_name: str, data: dict[str, Any], blob: bytes) -> tuple[Issue, ...]:
    """Return what is wrong with canonical data; `blob` is its canonical JSON. () when all is well."""
    if _validator(type_name).is_valid(data):
        adds_up = EVENT_TYPES[type_name].adds_up
        return adds_up(data) if adds_up is not None else ()
    try:
        EVENT_TYPES[type_name].model.model_validate_json(blob)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        return tuple(_issue(found) for found in errors if not _follows(found, errors))
    return ()


def _follows(found: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Tell whether a list is "too short" only because its elements are wrong: those say so themselves."""
    place = found["loc"]
    return found["type"] == "too_short" and any(
        len(each["loc"]) > len(place) and each["loc"][: len(place)] == place for each in errors
    )


def _issue(found: ErrorDetails) -> Issue:
    path = _path(found["loc"])
    kind = found["type"]
    given = found["input"]
    if kind == "missing":
        return issue("field.required", path)
    if kind == "extra_forbidden":
        return issue("field.unknown", path)
    money = any(word in path.rsplit(".", 1)[-1] for word in _MONEY_WORDS)
    if kind == "string_type" and money and isinstance(given, Number):
        return issue("money.number", path)
    if isinstance(given, str) and any("\uff10" <= sign <= "\uff19" for sign in given):
        return issue("field.fullwidth", path)
    code = _code(kind)
    zh = CATALOGUE[code][0].format(detail=in_chinese(found))
    return replace(issue(code, path, detail=found["msg"]), zh=zh)


def _code(kind: str) -> Literal["field.range", "field.format"]:
    ranged = ("greater_than", "less_than", "too_short", "too_long")
    return "field.range" if kind.startswith(ranged) else "field.format"


def _path(location: tuple[int | str, ...]) -> str:
    """Return `lines[2].quantity` for ("lines", 2, "quantity")."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text

"""编码出现处: where a local code stands in a message's data, and what it was taken to mean there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from gateway.coding.translate import LINES
from schemas.codes import CODED_FIELDS
from schemas.events import EVENT_TYPES

_FIELDS: Final = {kind.value: (local, unified) for local, kind, unified in CODED_FIELDS}


def parts(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects of canonical data that may carry codes: the data itself and each of its lines."""
    lines = data.get(LINES)
    for part in (data, *(lines if isinstance(lines, list) else ())):
        if isinstance(part, dict):
            yield part


def as_written(local_code: str) -> bytes:
    """Return a code as it stands in canonical bytes, to look for before anything is parsed."""
    return orjson.dumps(local_code)


def meanings_in(data: Mapping[str, Any], kind: str, local_code: str) -> tuple[str, ...]:
    """Return the unified codes that stand beside a local one, each once; () where it does not occur.

    A place that was never coded counts as "".
    """
    local, unified = _FIELDS[kind]
    found = (str(part.get(unified, "")) for part in parts(data) if part.get(local) == local_code)
    return tuple(dict.fromkeys(found))


def business_day(type_name: str, data: Mapping[str, Any]) -> str:
    """Return the day (YYYY-MM-DD) as of which a message's codes are looked up; "" when there is none."""
    listed = EVENT_TYPES.get(type_name)
    return listed.business_day(data) if listed is not None else ""

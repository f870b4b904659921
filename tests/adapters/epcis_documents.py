"""EPCIS 2.0 documents of packs on their way, and what the interface makes of them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from adapters._kit.protocol import Document, Sender
from adapters.trace_epcis.inbound import read
from adapters.trace_epcis.simulator import Movement, event
from schemas.envelope import canonical_bytes
from schemas.events import EVENT_TYPES
from schemas.issues import Rejected

SENDER = Sender("trace-a", "500000", "2025-05-01T10:30:05+08:00", "application/ld+json")
CODE, OTHER = "81234567890123456789", "81234567890123456790"
MOVED = Movement(
    (CODE, OTHER),
    "2025-05-01T10:00:00+08:00",
    event_id="urn:uuid:00000000-0000-4000-8000-000000000001",
    from_party="91530100MA6K2ABC0X",
    to_party="H53010123456",
    location="WH01",
    document_no="CK20250501001",
    batch_no="L2501",
    expires_on="2027-01-31",
)


def document(*events: Any, **head: Any) -> bytes:
    shown = {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-05-01T10:00:00Z",
        "id": "urn:uuid:doc",
        "epcisBody": {"eventList": list(events)},
    }
    return orjson.dumps({name: value for name, value in (shown | head).items() if value != "drop"})


def one(step: str = "shipping", **fields: Any) -> dict[str, Any]:
    """Return an event with fields replaced; None drops a field."""
    shown = event(step, MOVED) | fields
    return {name: value for name, value in shown.items() if value is not None}


def data_of(raw: bytes) -> dict[str, Any]:
    read_ = read(raw, SENDER)
    assert read_.refused == []
    (draft,) = read_.drafts
    check(read_)
    return draft.data


def refusals(raw: bytes) -> list[tuple[int, str, str]]:
    found = read(raw, SENDER)
    return [
        (line, each.path.removeprefix("epcisBody."), each.code)
        for line, issues in found.refused
        for each in issues
    ]


def rejected(raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        read(raw, SENDER)
    return [(found.path, found.code) for found in caught.value.issues]


def check(found: Document) -> None:
    for draft in found.drafts:
        EVENT_TYPES[draft.type].model.model_validate_json(canonical_bytes(draft.data))

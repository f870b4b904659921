"""模拟追溯系统: builds EPCIS 2.0 documents of packs on their way. For demonstrations and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from adapters.trace_epcis.vocabulary import private

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
OFFSET: Final = "+08:00"
_DISPOSITIONS: Final = {
    "shipping": "in_transit",
    "receiving": "in_progress",
    "dispensing": "dispensed",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """Packs seen at one moment. `at` is ISO 8601 with offset; empty fields are left out.

    `trace_codes` are 20-digit codes or URIs; parties, location and document are plain codes.
    """

    trace_codes: Sequence[str]
    at: str
    event_id: str = ""
    from_party: str = ""
    to_party: str = ""
    location: str = ""
    document_type: str = "desadv"
    document_no: str = ""
    batch_no: str = ""
    expires_on: str = ""


def shipping(message_id: str, *movements: Movement) -> bytes:
    """Return a document of packs shipped."""
    return _document(message_id, "shipping", movements)


def receiving(message_id: str, *movements: Movement) -> bytes:
    """Return a document of packs received."""
    return _document(message_id, "receiving", movements)


def dispensing(message_id: str, *movements: Movement) -> bytes:
    """Return a document of packs dispensed."""
    return _document(message_id, "dispensing", movements)


def _document(message_id: str, step: str, movements: Sequence[Movement]) -> bytes:
    document = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": movements[0].at if movements else "",
        "instanceIdentifier": message_id,
        "epcisBody": {"eventList": [event(step, one) for one in movements]},
    }
    return orjson.dumps(document)


def event(step: str, movement: Movement) -> dict[str, Any]:
    """Return one ObjectEvent with this bizStep."""
    shown: dict[str, Any] = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": _DISPOSITIONS.get(step, "in_progress"),
        "eventTime": movement.at,
        "eventTimeZoneOffset": OFFSET,
        "epcList": [_uri(code) for code in movement.trace_codes],
        "eventID": movement.event_id,
        "readPoint": {"id": private("location", movement.location)} if movement.location else "",
        "sourceList": _party("source", movement.from_party),
        "destinationList": _party("destination", movement.to_party),
        "bizTransactionList": _transaction(movement),
        "cbvmda:lotNumber": movement.batch_no,
        "cbvmda:itemExpirationDate": movement.expires_on,
    }
    return {name: value for name, value in shown.items() if value}


def _uri(code: str) -> str:
    return code if ":" in code else private("trace", code)


def _party(member: str, code: str) -> list[dict[str, str]]:
    return [{"type": "owning_party", member: private("party", code)}] if code else []


def _transaction(movement: Movement) -> list[dict[str, str]]:
    number = movement.document_no
    if not number:
        return []
    return [{"type": movement.document_type, "bizTransaction": private("document", number)}]

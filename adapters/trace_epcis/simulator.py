"""模拟追溯系统: builds EPCIS 2.0 documents of packs on their way. For demonstrations and tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from adapters._kit.sending import Cue, Outgoing, SimulatedSender
from adapters._kit.signing import Digest
from adapters._kit.simulation import Call, Mood, Said
from adapters._kit.times import CHINA
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


class TraceSystem(SimulatedSender):
    """The trace system as a server: what it said can also be asked for, as of an EPCIS 2.0 repository."""

    def answer(self, call: Call) -> Said:
        """Answer GET /events with all events that were sent, newest last; 404 for anything else."""
        if call.path != "/events":
            return super().answer(call)
        events = [
            each for one in self.said for each in orjson.loads(one.body)["epcisBody"]["eventList"]
        ]
        results = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": events}}
        document = {
            "@context": [CONTEXT],
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": self.clock().astimezone(CHINA).isoformat(timespec="seconds"),
            "epcisBody": {"queryResults": results},
        }
        version = {"gs1-epcis-version": "2.0.0"}
        return Said(orjson.dumps(document), "application/ld+json", 200, version)


def make_simulator(
    clock: Callable[[], datetime],
    *,
    secret: bytes = b"",  # noqa: ARG001 - what it shows needs no signature
    digest: Digest = "sm3",  # noqa: ARG001
    mood: Mood | None = None,
) -> TraceSystem:
    """Return the trace system as a server: it sends, and shows what it sent under GET /events."""
    return TraceSystem(clock, mood)


_STEPS: Final = ("shipping", "receiving", "dispensing")


def compose(cue: Cue) -> Outgoing:
    """Return synthetic movements of two packs: shipped, then received, then one dispensed."""
    step = _STEPS[(cue.number - 1) % len(_STEPS)]
    # three messages in a row are one pack's way
    stem = Cue((cue.number - 1) // len(_STEPS), cue.run, cue.sender, cue.at).digits(17)
    packs = [f"81{stem}{place}" for place in range(1 if step == "dispensing" else 2)]
    supplied = step != "dispensing"
    moved = Movement(
        trace_codes=packs,
        at=cue.at.astimezone(CHINA).isoformat(timespec="seconds"),
        from_party=cue.distributor if supplied else "",
        to_party=cue.institution if supplied else "",
        location=cue.institution,
        document_no=f"CK{stem[:12]}" if supplied else "",
        batch_no="SYN2601",
        expires_on="2099-12-31",
    )
    message_id = f"TR-{cue.run}-{cue.digits(8)}"
    return Outgoing(message_id, step, _document(message_id, step, [moved]), "application/ld+json")

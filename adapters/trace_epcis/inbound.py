"""接入: EPCIS 2.0 events to packs shipped, received, dispensed; one draft per event.

Everything else that EPCIS can say (other event types and steps, corrections, quantities without codes) is
refused line by line, so that nobody believes it was taken.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from adapters._kit.decimals import has_fullwidth
from adapters._kit.protocol import Document, Draft, Sender
from adapters._kit.times import read_date, read_instant
from adapters.trace_epcis.vocabulary import PRIVATE, STEPS, plain, word
from adapters.trace_epcis.wire import Capture, open_document
from schemas.codes import TRACE_CODE_PATTERN
from schemas.envelope import canonical_bytes
from schemas.issues import Issue, issue

CODE_LIMIT: Final = 64
TEXT_LIMIT: Final = 200
TRACE_LIMIT: Final = 3500
ACTIONS: Final = frozenset({"ADD", "OBSERVE", "DELETE"})
PARTIES: Final = ("owning_party", "possessing_party")
DOCUMENTS: Final = ("desadv", "recadv", "po", "inv", "bol")
"""Which of several business documents names the movement, first choice first."""
TAKEN: Final = "ObjectEvent: " + ", ".join(STEPS)
_SHOWN: Final = 64
_TRACE: Final = re.compile(TRACE_CODE_PATTERN)
_CHINA_CODE: Final = re.compile(r"[0-9]{20}")
_INSTANCE: Final = re.compile(r"(?:urn:(?!epc:(?:idpat|class):)|https?://).+")
_OFFSET: Final = re.compile(r"[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00")
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_ATTRIBUTES: Final = {"batch_no": "lotNumber", "expires_on": "itemExpirationDate"}


def read(raw: bytes, sender: Sender) -> Document:  # noqa: ARG001 - the protocol's signature
    """Return one draft per event that we take; the others are refused, each with what is wrong.

    Raises Rejected for a text that is no EPCIS JSON. Message id: the document's own, else a digest.
    """
    capture = open_document(raw)
    document = Document(capture.message_id, capture.kind, [], sender=capture.sender)
    seen: set[str] = set()
    for line, path, event in capture.numbered():
        reading = _Event(event, path, line, capture)
        draft = reading.draft()
        if draft is not None and draft.data["event_id"] in seen:
            reading.add("line.duplicate", "eventID", detail=draft.data["event_id"][:_SHOWN])
        if reading.issues or draft is None:
            document.refused.append((line, tuple(reading.issues)))
        else:
            seen.add(draft.data["event_id"])
            document.drafts.append(draft)
    return document


class _Event:
    """One event being read, with what is wrong with it."""

    def __init__(self, event: Any, path: str, line: int, capture: Capture) -> None:
        self._given: dict[str, Any] = event if isinstance(event, dict) else {}
        self._path, self._line, self._prefixes = path, line, capture.mda_prefixes
        self.issues: list[Issue] = []
        if not isinstance(event, dict):
            self.add("json.not_object", "")

    def add(self, code: str, field: str, **facts: object) -> str:
        """Keep one issue at a field of this event."""
        self.issues.append(issue(code, self._at(field), line=self._line, **facts))
        return ""

    def _at(self, field: str) -> str:
        return ".".join(part for part in (self._path, field) if part)

    def draft(self) -> Draft | None:
        """Return the event as a draft; None where it is of no kind we take."""
        kind = self._kind() if not self.issues else ""
        if not kind:
            return None
        if self._text("action", limit=_SHOWN) not in {*ACTIONS, ""}:
            self.add("field.format", "action", detail=" | ".join(sorted(ACTIONS)))
        data: dict[str, Any] = {
            "trace_codes": self._trace_codes(),
            "event_at": self._instant(),
        }
        optional = {
            "location": self._place("readPoint") or self._place("bizLocation"),
            "from_party": self._party("sourceList", "source"),
            "to_party": self._party("destinationList", "destination"),
            "document_no": self._document(),
            "batch_no": self._attribute("batch_no"),
            "expires_on": self._expiry(),
        }
        data |= {name: value for name, value in optional.items() if value}
        own = self._text("eventID", limit=TEXT_LIMIT, required=False)
        data["event_id"] = own or _identity(kind, data)
        return Draft(kind, data, self._line)

    def _kind(self) -> str:
        """Return the canonical type; what we do not take is named and refused."""
        kind, step = self._given.get("type"), self._given.get("bizStep")
        if not isinstance(kind, str):
            return self.add("field.required", "type")
        if kind != "ObjectEvent":
            return self._not_taken("type", kind)
        if not isinstance(step, str):
            return self._not_taken("bizStep", "ObjectEvent")
        if word(step) not in STEPS:
            return self._not_taken("bizStep", step)
        for extra in ("errorDeclaration", "quantityList"):
            if self._given.get(extra):
                self._not_taken(extra, extra)
        return STEPS[word(step)]

    def _not_taken(self, field: str, what: str) -> str:
        return self.add("message.unsupported", field, detail=f"{what[:_SHOWN]} ({TAKEN})")

    def _text(self, field: str, *, limit: int, required: bool = True) -> str:
        value = self._given.get(field)
        if value is None or value == "":
            return self.add("field.required", field) if required else ""
        return self._said(value, field, limit)

    def _said(self, value: Any, field: str, limit: int) -> str:
        if not isinstance(value, str) or not value.isprintable() or len(value) > limit:
            return self.add("field.format", field, detail=f"文本 text, 1–{limit}")
        return value

    def _trace_codes(self) -> list[str]:
        listed = self._given.get("epcList")
        if listed is None or listed == []:
            self.add("field.required", "epcList")
            return []
        if not isinstance(listed, list) or len(listed) > TRACE_LIMIT:
            self.add("field.range", "epcList", detail=f"1–{TRACE_LIMIT}")
            return []
        codes = [self._trace_code(one, f"epcList[{index}]") for index, one in enumerate(listed)]
        if len(set(filter(None, codes))) < len(list(filter(None, codes))):
            self.add("field.format", "epcList", detail="追溯码重复 a code stands twice")
        return codes

    def _trace_code(self, value: Any, field: str) -> str:
        """Return a pack's code: China's 20 digits out of our private URI, other URIs as a whole."""
        text = value if isinstance(value, str) else ""
        if text.startswith(PRIVATE):
            text = text.removeprefix(f"{PRIVATE}trace:")
            well = _CHINA_CODE.fullmatch(text)
        else:
            well = _CHINA_CODE.fullmatch(text) or _INSTANCE.fullmatch(text)
        if has_fullwidth(text):
            return self.add("field.fullwidth", field)
        if not well or not _TRACE.fullmatch(text):
            return self.add("field.format", field, detail=f"追溯码 trace code {value!r:.64}")
        return text

    def _instant(self) -> str:
        """Return eventTime; where it names no zone (it should), eventTimeZoneOffset is its zone."""
        time = self._text("eventTime", limit=_SHOWN)
        offset = self._text("eventTimeZoneOffset", limit=_SHOWN)
        if offset and not _OFFSET.fullmatch(offset):
            offset = self.add("field.format", "eventTimeZoneOffset", detail="±HH:MM")
        if not time or not offset:
            return ""
        found = _TIME.fullmatch(time)
        if found is None:
            return self.add("date.invalid", "eventTime", detail=time)
        text = f"{found[1]}{found[2] or offset}"
        return read_instant(text, self._at("eventTime"), self.issues, line=self._line)

    def _place(self, field: str) -> str:
        given = self._given.get(field)
        if given is None:
            return ""
        named = given.get("id") if isinstance(given, dict) else given
        return plain(self._said(named, f"{field}.id", CODE_LIMIT))

    def _typed(self, field: str, member: str) -> list[tuple[str, str, str]]:
        """Return (bare type, value, path) of a list of typed URIs."""
        listed = self._given.get(field)
        if listed is None:
            return []
        if not isinstance(listed, list):
            self.add("field.format", field, detail="列表 a list")
            return []
        found = []
        for index, one in enumerate(listed):
            at = f"{field}[{index}].{member}"
            value = one.get(member) if isinstance(one, dict) else None
            kind = one.get("type") if isinstance(one, dict) else None
            if not isinstance(value, str) or not value:
                self.add("field.required", at)
            else:
                found.append((word(kind) if isinstance(kind, str) else "", value, at))
        return found

    def _party(self, field: str, member: str) -> str:
        """Return the owner, else the holder; a mere location is a place and no party."""
        listed = self._typed(field, member)
        for wanted in PARTIES:
            for kind, value, at in listed:
                if kind == wanted:
                    return plain(self._said(value, at, CODE_LIMIT))
        return ""

    def _document(self) -> str:
        listed = self._typed("bizTransactionList", "bizTransaction")
        for wanted in DOCUMENTS:
            for kind, value, at in listed:
                if kind == wanted:
                    return plain(self._said(value, at, TEXT_LIMIT))
        return plain(self._said(listed[0][1], listed[0][2], TEXT_LIMIT)) if listed else ""

    def _attribute(self, name: str) -> str:
        """Return a master data attribute: in ilmd, else an extension field of the event."""
        ilmd = self._given.get("ilmd")
        places = [("ilmd.", ilmd)] if isinstance(ilmd, dict) else []
        for start, fields in (*places, ("", self._given)):
            for prefix in sorted(self._prefixes):
                key = f"{prefix}:{_ATTRIBUTES[name]}"
                if fields.get(key) is not None:
                    return self._said(fields[key], start + key, TEXT_LIMIT)
        return ""

    def _expiry(self) -> str:
        text = self._attribute("expires_on")
        if not text:
            return ""
        at = self._at("itemExpirationDate")
        return read_date(text.partition("T")[0], at, self.issues, line=self._line)


def _identity(kind: str, data: dict[str, Any]) -> str:
    """Return the id of an event that has none: the digest of what it says, in canonical form."""
    return f"urn:jicai:event:{hashlib.sha256(canonical_bytes([kind, data])).hexdigest()}"

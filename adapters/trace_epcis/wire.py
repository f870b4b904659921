"""报文原貌: where the events are in an EPCIS 2.0 JSON text, and what the text calls itself.

Read are an EPCISDocument, an EPCISQueryDocument, a single event, and a plain array of events. JSON-LD is
not processed: the names of the standard's own context are expected, as its JSON schema expects them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from adapters._kit.json_text import parse
from schemas.issues import Issue, Rejected, issue

EVENT_LIMIT: Final = 10_000
ID_LIMIT: Final = 200
_PLACES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "EPCISDocument": (("epcisBody", "eventList"), ("epcisBody", "event")),
    "EPCISQueryDocument": (
        ("epcisBody", "queryResults", "resultsBody", "eventList"),
        ("epcisBody", "queryResults", "resultsBody", "event"),
    ),
}
MDA_PREFIX: Final = "cbvmda"
_MDA: Final = re.compile(r"urn:epcglobal:cbv:mda[:#/]?|https?://ref\.gs1\.org/cbv/?")
_VERSION: Final = re.compile(r"2\.[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Capture:
    """One document, opened. `place` is the path of its events, with {} for their index."""

    message_id: str
    kind: str
    sender: str
    events: list[Any]
    place: str
    mda_prefixes: frozenset[str]
    """Prefixes under which lot number and expiry may stand as extension fields."""

    def numbered(self) -> Iterator[tuple[int, str, Any]]:
        """Yield line (from 1), path and event."""
        for index, event in enumerate(self.events):
            yield index + 1, self.place.format(index), event


def open_document(raw: bytes) -> Capture:
    """Parse strictly and find the events. Raises Rejected for what is no EPCIS text of these shapes."""
    value = parse(raw)
    digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    if isinstance(value, list):
        return _checked(Capture(digest, "events", "", value, "[{}]", frozenset({MDA_PREFIX})))
    if not isinstance(value, dict):
        raise Rejected(issue("json.not_object", ""))
    prefixes = frozenset({MDA_PREFIX, *_prefixes(value.get("@context"))})
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _PLACES:
        return _single(value, prefixes, digest)
    found: list[Issue] = []
    message_id = _identity(value, found) or digest
    version = value.get("schemaVersion")
    if version is not None and not (isinstance(version, str) and _VERSION.fullmatch(version)):
        found.append(issue("message.unsupported", "schemaVersion", detail=f"EPCIS {version!r:.32}"))
    sender = value.get("sender")
    events, place = _events(value, kind, found)
    if found:
        raise Rejected(*found, message_id=message_id)
    named = sender if isinstance(sender, str) else ""
    return _checked(Capture(message_id, kind, named, events, place, prefixes))


def _single(value: dict[str, Any], prefixes: frozenset[str], digest: str) -> Capture:
    """An event on its own is its own document: its eventID is the message id."""
    kind = value.get("type")
    if kind is None:
        raise Rejected(issue("field.required", "type"))
    if not isinstance(kind, str):
        raise Rejected(issue("field.format", "type", detail="文本 text"))
    if not kind.endswith("Event"):
        raise Rejected(issue("message.unsupported", "type", detail=kind[:64]))
    named = value.get("eventID")
    usable = isinstance(named, str) and 0 < len(named) <= ID_LIMIT
    return Capture(str(named) if usable else digest, kind, "", [value], "", prefixes)


def _identity(value: dict[str, Any], found: list[Issue]) -> str:
    """Return instanceIdentifier (top or header), else the document's id; "" when it has neither."""
    header = value.get("epcisHeader")
    inner = header.get("instanceIdentifier") if isinstance(header, dict) else None
    given = (
        ("instanceIdentifier", value.get("instanceIdentifier")),
        ("epcisHeader.instanceIdentifier", inner),
        ("id", value.get("id")),
    )
    for path, named in given:
        if named is None:
            continue
        if isinstance(named, str) and 0 < len(named) <= ID_LIMIT and named.isprintable():
            return named
        detail = f"文本 text, 1–{ID_LIMIT}"
        found.append(issue("field.format", path, detail=detail))
        return ""
    return ""


def _events(value: dict[str, Any], kind: str, found: list[Issue]) -> tuple[list[Any], str]:
    """Return the events and where they stand; a lone `event` counts as a list of one."""
    for steps in _PLACES[kind]:
        inner: Any = value
        for step in steps:
            inner = inner.get(step) if isinstance(inner, dict) else None
        path = ".".join(steps)
        if isinstance(inner, list):
            return inner, f"{path}[{{}}]"
        if isinstance(inner, dict) and steps[-1] == "event":
            return [inner], path
        if inner is not None:
            found.append(issue("field.format", path, detail="事件列表 a list of events"))
            return [], path
    path = ".".join(_PLACES[kind][0])
    found.append(issue("field.required", path))
    return [], path


def _checked(capture: Capture) -> Capture:
    path = capture.place.removesuffix("[{}]")
    if not capture.events:
        found = issue("field.required", path)
        raise Rejected(found, message_id=capture.message_id)
    if len(capture.events) > EVENT_LIMIT:
        found = issue("field.range", path, detail=f"{len(capture.events)} > {EVENT_LIMIT}")
        raise Rejected(found, message_id=capture.message_id)
    return capture


def _prefixes(context: Any) -> Iterator[str]:
    """Yield the prefixes that a context gives to the namespace of master data attributes (CBV MDA)."""
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            for prefix, namespace in part.items():
                if isinstance(namespace, str) and _MDA.fullmatch(namespace):
                    yield prefix

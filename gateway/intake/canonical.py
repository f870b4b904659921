"""标准报文接入: CloudEvents 1.0 in JSON, the gateway's own language, as an interface like any other.

One document is one event. Batches and streams are taken apart at the door (batch.py), so that each event
is accepted, deduplicated and kept under its own id. The `source` an event states is checked for form and
kept in the raw bytes; the canonical message's source is always the authenticated partner.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import orjson

from adapters._kit import json_text
from adapters._kit.protocol import Document, Draft, Interface, Sender
from gateway.intake.batch import elements
from schemas.canonical import INSTANT_PATTERN
from schemas.envelope import SPEC_VERSION
from schemas.events import EVENT_TYPES
from schemas.issues import Issue, Rejected, issue

NAME: Final = "canonical"
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
BINARY: Final = "application/json"
ID_LENGTH: Final = 128
_TEXT_LENGTH: Final = 2048

_INSTANT: Final = re.compile(INSTANT_PATTERN)
_URI_REFERENCE: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_EXTENSION: Final = re.compile(r"[a-z0-9]{1,40}")
_CORRELATION: Final = re.compile(r"[!-~]{1,128}")
_DATA_TYPE: Final = re.compile(r"application/(?:[a-z0-9.-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)
_REQUIRED: Final = ("specversion", "id", "type")
HEADER_PREFIX: Final = "ce-"


def read(raw: bytes, sender: Sender) -> Document:
    """Read one structured event. Raises Rejected with every issue of its attributes.

    A whole batch comes here only when it could not be taken apart, to be rejected on the record.
    """
    if sender.content_type == BATCH:
        deque(elements(raw), maxlen=0)
        raise Rejected(issue("json.not_object", ""))
    event = json_text.parse(raw)
    if not isinstance(event, dict):
        raise Rejected(issue("json.not_object", ""))
    found = tuple(_issues(event))
    message_id = event.get("id")
    if found:
        named = message_id if isinstance(message_id, str) and _is_id(message_id) else None
        raise Rejected(*found, message_id=named)
    correlation = event.get("correlationid", "")
    return Document(
        event["id"], event["type"], [Draft(event["type"], event["data"])], [], correlation
    )


def structured(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a binary-mode event (attributes in `ce-*` headers, data as body) in structured form.

    The body stands in it byte for byte. So one event has one raw form, one digest and one reader,
    whichever way it came. A body that is not JSON by itself is returned alone: `read` refuses it, and
    no text can pass for attributes.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        json_text.loads(body)
    except Rejected:
        return body
    attributes = {
        name.removeprefix(HEADER_PREFIX): unquote(value)
        for name, value in headers.items()
        if name.startswith(HEADER_PREFIX)
    }
    return b'{"data":' + body + (b"," if attributes else b"") + orjson.dumps(attributes)[1:]


def _issues(event: dict[str, Any]) -> Iterable[Issue]:
    for name in _REQUIRED:
        if name not in event:
            yield issue("field.required", name)
    for name, value in event.items():
        check = _CHECKS.get(name)
        if check is not None:
            yield from check(value)
        elif _EXTENSION.fullmatch(name) is None:
            yield issue("field.unknown", name[:64])
        elif not isinstance(value, str | int | bool) or len(str(value)) > _TEXT_LENGTH:
            yield issue("field.format", name, detail="extension attribute")
    if "data" not in event and "data_base64" not in event:
        yield issue("field.required", "data")


def _is_id(text: str) -> bool:
    return 0 < len(text) <= ID_LENGTH and text.isprintable() and text.strip() == text


def _id(value: Any) -> Iterable[Issue]:
    if not isinstance(value, str) or not _is_id(value):
        yield issue("field.format", "id", detail=f"1-{ID_LENGTH} printable characters")


def _specversion(value: Any) -> Iterable[Issue]:
    if value != SPEC_VERSION:
        yield issue("field.format", "specversion", detail=SPEC_VERSION)


def _type(value: Any) -> Iterable[Issue]:
    if not isinstance(value, str) or not 0 < len(value) <= ID_LENGTH:
        yield issue("field.format", "type", detail="text")


def _data(value: Any) -> Iterable[Issue]:
    if not isinstance(value, dict):
        yield issue("json.not_object", "data")


def _data_base64(_value: Any) -> Iterable[Issue]:
    yield issue("field.unknown", "data_base64")


def _datacontenttype(value: Any) -> Iterable[Issue]:
    if not isinstance(value, str) or _DATA_TYPE.fullmatch(value) is None:
        yield issue("field.format", "datacontenttype", detail="application/json")


def _source(value: Any) -> Iterable[Issue]:
    if not _is_uri(value):
        yield issue("field.format", "source", detail="URI")


def _dataschema(value: Any) -> Iterable[Issue]:
    if not _is_uri(value):
        yield issue("field.format", "dataschema", detail="URI")


def _is_uri(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= _TEXT_LENGTH
        and _URI_REFERENCE.fullmatch(value) is not None
    )


def _subject(value: Any) -> Iterable[Issue]:
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_LENGTH:
        yield issue("field.format", "subject", detail="text")


def _time(value: Any) -> Iterable[Issue]:
    try:
        good = isinstance(value, str) and _INSTANT.fullmatch(value) is not None
        if good:
            datetime.fromisoformat(value)
    except ValueError:
        good = False
    if not good:
        yield issue("date.invalid", "time", detail=str(value)[:40])


def _correlationid(value: Any) -> Iterable[Issue]:
    if not isinstance(value, str) or _CORRELATION.fullmatch(value) is None:
        yield issue("field.format", "correlationid", detail="1-128 ASCII characters")


_CHECKS: Final = {
    "specversion": _specversion,
    "id": _id,
    "type": _type,
    "data": _data,
    "data_base64": _data_base64,
    "datacontenttype": _datacontenttype,
    "source": _source,
    "dataschema": _dataschema,
    "subject": _subject,
    "time": _time,
    "correlationid": _correlationid,
}

CANONICAL: Final = Interface(
    name=NAME,
    title="标准报文 (CloudEvents JSON)",
    media_types=(STRUCTURED, BATCH, BINARY, "application/x-ndjson"),
    read=read,
    says=tuple(name for name, listed in EVENT_TYPES.items() if not listed.derived),
)

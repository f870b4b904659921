"""What an EPCIS event and an EPCIS document are called, and what stands there twice."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from adapters.trace_epcis.inbound import read
from tests.adapters.epcis_documents import CODE, MOVED, SENDER, data_of, document, one, refusals


def test_an_event_without_id_is_named_by_what_it_says() -> None:
    bare = one(eventID=None)
    first = data_of(document(bare))["event_id"]
    reordered = dict(reversed(bare.items())) | {"recordTime": "2025-05-02T00:00:00Z"}
    assert first.startswith("urn:jicai:event:")
    assert data_of(orjson.dumps([reordered]))["event_id"] == first
    assert data_of(document(one("receiving", eventID=None)))["event_id"] != first
    assert data_of(document(one(eventID=None, epcList=[CODE])))["event_id"] != first


@pytest.mark.parametrize("named", [None, "urn:uuid:same"])
def test_the_same_event_twice_in_a_document_is_refused_the_second_time(named: str | None) -> None:
    raw = document(one(eventID=named), one(eventID=named))
    assert refusals(raw) == [(2, "eventList[1].eventID", "line.duplicate")]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({}, "urn:uuid:doc"),
        ({"instanceIdentifier": "DOC7"}, "DOC7"),
        ({"epcisHeader": {"instanceIdentifier": "DOC8"}}, "DOC8"),
    ],
)
def test_a_document_is_named_by_its_own_word(head: dict[str, Any], expected: str) -> None:
    assert read(document(one(), **head), SENDER).message_id == expected


def test_a_document_without_a_name_is_named_by_its_bytes() -> None:
    first, second = document(one(), id="drop"), document(one(action="ADD"), id="drop")
    names = {read(raw, SENDER).message_id for raw in (first, first, second)}
    assert len(names) == 2
    assert all(name.startswith("sha256:") and len(name) == 71 for name in names)


def test_a_lone_event_is_named_by_its_event_id() -> None:
    assert read(orjson.dumps(one()), SENDER).message_id == MOVED.event_id
    assert read(orjson.dumps(one(eventID=None)), SENDER).message_id.startswith("sha256:")


def test_the_sender_in_the_header_is_told() -> None:
    assert read(document(one(), sender="urn:jicai:party:X"), SENDER).sender == "urn:jicai:party:X"
    assert read(document(one()), SENDER).sender == ""

"""What is no EPCIS document is rejected as a whole, and no JSON crashes the reader."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.trace_epcis.inbound import read
from schemas.issues import Rejected
from tests.adapters.epcis_documents import SENDER, check, document, one, rejected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ("", "body.empty")),
        (b"\xff", ("", "body.encoding")),
        (b"{", ("", "json.malformed")),
        (b'{"a": NaN}', ("", "json.malformed")),
        (b'{"type": "EPCISDocument", "type": "ObjectEvent"}', ("type", "json.duplicate_key")),
        (b"7", ("", "json.not_object")),
        (b'"text"', ("", "json.not_object")),
        (b"[]", ("", "field.required")),
        (b"{}", ("type", "field.required")),
        (b'{"type": ["ObjectEvent"]}', ("type", "field.format")),
        (b'{"type": "Order"}', ("type", "message.unsupported")),
        (b"[" * 40 + b"]" * 40, ("", "body.too_deep")),
        (document(), ("epcisBody.eventList", "field.required")),
        (document(epcisBody="drop"), ("epcisBody.eventList", "field.required")),
        (document(epcisBody={"eventList": {}}), ("epcisBody.eventList", "field.format")),
        (document(one(), schemaVersion="1.2"), ("schemaVersion", "message.unsupported")),
        (document(one(), schemaVersion=2.0), ("schemaVersion", "message.unsupported")),
        (document(one(), id=5), ("id", "field.format")),
        (document(one(), id="x" * 201), ("id", "field.format")),
    ],
)
def test_what_is_no_epcis_document_is_rejected_as_a_whole(
    raw: bytes, expected: tuple[str, str]
) -> None:
    assert rejected(raw) == [expected]


def test_a_document_has_at_most_ten_thousand_events() -> None:
    raw = b"[" + b",".join([b"{}"] * 10_001) + b"]"
    assert rejected(raw) == [("", "field.range")]


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(sorted(one())), junk)
@settings(max_examples=200, deadline=None)
def test_no_value_in_any_field_crashes_the_reader_or_slips_through(field: str, value: Any) -> None:
    found = read(document(one(**{field: value})), SENDER)
    assert len(found.drafts) + len(found.refused) == 1
    check(found)


@given(junk)
@settings(max_examples=100, deadline=None)
def test_no_json_text_crashes_the_reader(value: Any) -> None:
    for shown in (value, {"type": "EPCISDocument", "epcisBody": value}, [value]):
        try:
            found = read(orjson.dumps(shown), SENDER)
        except Rejected:
            continue
        assert found.drafts == []
        assert found.refused

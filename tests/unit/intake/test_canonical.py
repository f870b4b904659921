"""标准报文: which events are read, and what is said about those that are not."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from adapters._kit.protocol import Sender
from gateway.intake import canonical
from schemas.events import EVENT_TYPES
from schemas.issues import Rejected
from tests.unit.intake.world import event, order

SENDER = Sender("hospital-a", "530000", "2026-03-02T12:00:00+00:00", canonical.STRUCTURED)


def _issues(raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as seen:
        canonical.read(raw, SENDER)
    return [(each.path, each.code) for each in seen.value.issues]


def test_an_event_becomes_one_draft_under_its_own_id() -> None:
    document = canonical.read(orjson.dumps(event("PO-9", correlationid="C-1")), SENDER)
    assert (document.message_id, document.message_type) == ("PO-9", "cn.jicai.order.placed.v1")
    assert document.correlation == "C-1"
    (draft,) = document.drafts
    assert (draft.type, draft.data, draft.line) == ("cn.jicai.order.placed.v1", order("PO-9"), 0)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"specversion": None}, [("specversion", "field.required")]),
        ({"specversion": "0.3"}, [("specversion", "field.format")]),
        ({"id": None}, [("id", "field.required")]),
        ({"id": ""}, [("id", "field.format")]),
        ({"id": 7}, [("id", "field.format")]),
        ({"id": "x" * 129}, [("id", "field.format")]),
        ({"id": "a\nb"}, [("id", "field.format")]),
        ({"id": " padded "}, [("id", "field.format")]),
        ({"type": None}, [("type", "field.required")]),
        ({"type": 1}, [("type", "field.format")]),
        ({"data": "text"}, [("data", "json.not_object")]),
        ({"data": [1]}, [("data", "json.not_object")]),
        ({"data_base64": "e30="}, [("data_base64", "field.unknown")]),
        ({"datacontenttype": "text/xml"}, [("datacontenttype", "field.format")]),
        ({"source": "not a uri"}, [("source", "field.format")]),
        ({"source": ""}, [("source", "field.format")]),
        ({"time": "yesterday"}, [("time", "date.invalid")]),
        ({"time": "2026-02-30T00:00:00Z"}, [("time", "date.invalid")]),
        ({"time": "2026-03-01T0\uff19:00:00Z"}, [("time", "date.invalid")]),
        ({"subject": ""}, [("subject", "field.format")]),
        ({"Extension": "x"}, [("Extension", "field.unknown")]),
        ({"extension": {"a": 1}}, [("extension", "field.format")]),
        ({"extension": 1.5}, [("extension", "field.format")]),
        ({"correlationid": "有空格"}, [("correlationid", "field.format")]),
        (
            {"id": "", "specversion": "2.0"},
            [("specversion", "field.format"), ("id", "field.format")],
        ),
    ],
)
def test_every_wrong_attribute_is_named(
    changed: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert sorted(_issues(orjson.dumps(event(**changed)))) == sorted(found)


def test_data_may_not_be_missing() -> None:
    given = event()
    del given["data"]
    assert _issues(orjson.dumps(given)) == [("data", "field.required")]


@pytest.mark.parametrize("identity", ["x", "x" * 128, "编号-001", "a b"])
def test_ids_up_to_one_hundred_and_twenty_eight_printable_characters_are_read(
    identity: str,
) -> None:
    assert canonical.read(orjson.dumps(event(identity)), SENDER).message_id == identity


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "body.empty"),
        (b"[]", "json.not_object"),
        (b'"text"', "json.not_object"),
        (b'{"a":', "json.malformed"),
        (b'{"id":"\xff"}', "body.encoding"),
        (b'{"id":"1","id":"2"}', "json.duplicate_key"),
        (b'{"data":{"total":"1.00","total":"2.00"}}', "json.duplicate_key"),
        (b'{"data":{"total":NaN}}', "json.malformed"),
        (b'{"data":' + b"[" * 200 + b"]" * 200 + b"}", "body.too_deep"),
    ],
)
def test_json_that_is_not_strict_is_refused(raw: bytes, code: str) -> None:
    assert [found for _, found in _issues(raw)] == [code]


def test_a_rejected_event_keeps_the_id_it_states_when_that_is_one() -> None:
    for given, named in ((event("PO-1", type=None), "PO-1"), (event(id=""), None)):
        with pytest.raises(Rejected) as seen:
            canonical.read(orjson.dumps(given), SENDER)
        assert seen.value.message_id == named


HEADERS = {"ce-specversion": "1.0", "ce-id": "PO%2D1", "ce-type": "cn.jicai.order.placed.v1"}


def test_binary_mode_is_read_as_the_structured_event_with_its_body_untouched() -> None:
    body = orjson.dumps(order(), option=orjson.OPT_INDENT_2)
    raw = canonical.structured({**HEADERS, "x-other": "y"}, body)
    assert body in raw
    document = canonical.read(raw, SENDER)
    assert (document.message_id, document.drafts[0].data) == ("PO-1", order())


def test_a_binary_body_with_a_byte_order_mark_is_read() -> None:
    raw = canonical.structured(HEADERS, b"\xef\xbb\xbf" + orjson.dumps(order()))
    assert canonical.read(raw, SENDER).message_id == "PO-1"


@pytest.mark.parametrize(
    "body",
    [b'{},"id":"other"', b'{}}{"data":{}', b"", b'{},"subject":"x"', b"1}", b'{"a":1}\n{"b":2}'],
)
def test_no_binary_body_can_pass_for_attributes(body: bytes) -> None:
    with pytest.raises(Rejected) as seen:
        canonical.read(canonical.structured(HEADERS, body), SENDER)
    assert {each.code for each in seen.value.issues} <= {"json.malformed", "body.empty"}


def test_an_attribute_in_header_and_data_position_is_a_duplicate() -> None:
    raw = canonical.structured({**HEADERS, "ce-data": "x"}, b"{}")
    assert _issues(raw) == [("data", "json.duplicate_key")]


def test_binary_mode_without_attributes_lacks_them_by_name() -> None:
    raw = canonical.structured({}, b"{}")
    assert sorted(_issues(raw)) == [
        ("id", "field.required"),
        ("specversion", "field.required"),
        ("type", "field.required"),
    ]


def test_the_gateways_own_conclusions_are_not_among_what_can_be_said() -> None:
    derived = {name for name, listed in EVENT_TYPES.items() if listed.derived}
    assert derived
    assert not derived & set(canonical.CANONICAL.says)
    assert derived | set(canonical.CANONICAL.says) == set(EVENT_TYPES)

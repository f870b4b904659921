"""The trace interface: EPCIS 2.0 events of packs on their way, and what is refused of them."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters._kit.protocol import Document, Sender
from adapters.trace_epcis import INTERFACE
from adapters.trace_epcis.inbound import read
from adapters.trace_epcis.simulator import Movement, dispensing, event, receiving, shipping
from adapters.trace_epcis.vocabulary import plain, word
from schemas.envelope import canonical_bytes
from schemas.events import (
    EVENT_TYPES,
    TRACE_PACK_DISPENSED,
    TRACE_PACK_RECEIVED,
    TRACE_PACK_SHIPPED,
)
from schemas.issues import Rejected

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "samples"
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


EXTENSION: dict[str, Any] = {"example:myField": {"a": [1, 2.5, True]}}


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


# --------------------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (shipping, TRACE_PACK_SHIPPED),
        (receiving, TRACE_PACK_RECEIVED),
        (dispensing, TRACE_PACK_DISPENSED),
    ],
)
def test_each_movement_becomes_its_own_message(build: Any, kind: str) -> None:
    found = read(build("DOC1", MOVED), SENDER)
    (draft,) = found.drafts
    assert (found.message_id, found.message_type, found.refused) == ("DOC1", "EPCISDocument", [])
    assert (draft.type, draft.line) == (kind, 1)
    assert draft.data == {
        "event_id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "trace_codes": [CODE, OTHER],
        "event_at": "2025-05-01T10:00:00+08:00",
        "location": "WH01",
        "from_party": "91530100MA6K2ABC0X",
        "to_party": "H53010123456",
        "document_no": "CK20250501001",
        "batch_no": "L2501",
        "expires_on": "2027-01-31",
    }
    check(found)


@pytest.mark.parametrize(
    "step",
    [
        "receiving",
        "https://ref.gs1.org/cbv/BizStep-receiving",
        "cbv:BizStep-receiving",
        "urn:epcglobal:cbv:bizstep:receiving",
    ],
)
def test_a_business_step_is_known_in_each_of_its_forms(step: str) -> None:
    found = read(document(one(step)), SENDER)
    assert [draft.type for draft in found.drafts] == [TRACE_PACK_RECEIVED]


@pytest.mark.parametrize("shape", ["document", "query", "lone event", "array", "event in body"])
def test_an_event_is_found_in_each_shape(shape: str) -> None:
    inner = one()
    body = {
        "document": lambda: document(inner),
        "query": lambda: document(
            type="EPCISQueryDocument",
            epcisBody={"queryResults": {"resultsBody": {"eventList": [inner]}}},
        ),
        "lone event": lambda: orjson.dumps({"@context": [], **inner}),
        "array": lambda: orjson.dumps([inner]),
        "event in body": lambda: document(epcisBody={"event": inner}),
    }[shape]()
    assert data_of(body)["trace_codes"] == [CODE, OTHER]


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        (f"urn:jicai:trace:{CODE}", CODE),
        (CODE, CODE),
        ("urn:epc:id:sgtin:0614141.107346.2017", "urn:epc:id:sgtin:0614141.107346.2017"),
        (
            "https://id.gs1.org/01/06901234567892/21/A1",
            "https://id.gs1.org/01/06901234567892/21/A1",
        ),
        ("urn:epc:id:sscc:0614141.1234567890", "urn:epc:id:sscc:0614141.1234567890"),
    ],
)
def test_trace_codes_are_20_digits_or_whole_uris(code: str, kept: str) -> None:
    assert data_of(document(one(epcList=[code])))["trace_codes"] == [kept]


@pytest.mark.parametrize(
    "code",
    [
        "urn:jicai:trace:8123456789012345678",
        "urn:jicai:trace:812345678901234567890",
        "urn:jicai:party:81234567890123456789",
        "urn:jicai:81234567890123456789",
        "8123456789012345678",
        "A81234567890",
        "urn:epc:idpat:sgtin:4012345.012345.*",
        "urn:epc:class:lgtin:4012345.012345.998877",
        "https://id.gs1.org/" + "9" * 100,
        "https://id.example.org/with space",
        "",
        81234567890123456789 % 2**63,
        None,
        {"id": CODE},
    ],
)
def test_what_is_no_trace_code_of_a_pack_is_refused(code: object) -> None:
    assert refusals(document(one(epcList=[CODE, code]))) == [
        (1, "eventList[0].epcList[1]", "field.format")
    ]


def test_full_width_digits_are_no_trace_code() -> None:
    wide = CODE[:-1] + "\uff19"
    assert refusals(document(one(epcList=[wide]))) == [
        (1, "eventList[0].epcList[0]", "field.fullwidth")
    ]


@pytest.mark.parametrize(
    ("time", "offset", "expected"),
    [
        ("2025-05-01T10:00:00+08:00", "+08:00", "2025-05-01T10:00:00+08:00"),
        ("2025-05-01T02:00:00Z", "+08:00", "2025-05-01T10:00:00+08:00"),
        ("2025-05-01T02:00:00.5Z", "-06:00", "2025-05-01T10:00:00.500000+08:00"),
        ("2025-05-01T10:00:00", "+08:00", "2025-05-01T10:00:00+08:00"),
        ("2025-05-01T11:00:00", "+09:00", "2025-05-01T10:00:00+08:00"),
        ("2025-12-31T20:00:00Z", "+00:00", "2026-01-01T04:00:00+08:00"),
    ],
)
def test_time_and_offset_make_one_instant(time: str, offset: str, expected: str) -> None:
    raw = document(one(eventTime=time, eventTimeZoneOffset=offset))
    assert data_of(raw)["event_at"] == expected


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"eventTime": None}, "eventTime", "field.required"),
        ({"eventTime": "2025-05-01"}, "eventTime", "date.invalid"),
        ({"eventTime": "2025-02-29T10:00:00Z"}, "eventTime", "date.invalid"),
        ({"eventTime": "20250501100000+0800"}, "eventTime", "date.invalid"),
        ({"eventTime": 1746064800}, "eventTime", "field.format"),
        ({"eventTimeZoneOffset": None}, "eventTimeZoneOffset", "field.required"),
        ({"eventTimeZoneOffset": "08:00"}, "eventTimeZoneOffset", "field.format"),
        ({"eventTimeZoneOffset": "+15:00"}, "eventTimeZoneOffset", "field.format"),
        ({"action": None}, "action", "field.required"),
        ({"action": "observe"}, "action", "field.format"),
        ({"epcList": None}, "epcList", "field.required"),
        ({"epcList": []}, "epcList", "field.required"),
        ({"epcList": CODE}, "epcList", "field.range"),
        ({"epcList": [CODE, CODE]}, "epcList", "field.format"),
        ({"epcList": [CODE, f"urn:jicai:trace:{CODE}"]}, "epcList", "field.format"),
        ({"eventID": 7}, "eventID", "field.format"),
        ({"eventID": "x" * 201}, "eventID", "field.format"),
        ({"eventID": "a\u0007"}, "eventID", "field.format"),
        ({"readPoint": {"id": "u" * 65}}, "readPoint.id", "field.format"),
        ({"readPoint": {}}, "readPoint.id", "field.format"),
        ({"sourceList": "x"}, "sourceList", "field.format"),
        ({"sourceList": [{"type": "owning_party"}]}, "sourceList[0].source", "field.required"),
        ({"bizTransactionList": ["x"]}, "bizTransactionList[0].bizTransaction", "field.required"),
        ({"cbvmda:itemExpirationDate": "2027-02-30"}, "itemExpirationDate", "date.invalid"),
        ({"cbvmda:lotNumber": 5}, "cbvmda:lotNumber", "field.format"),
        ({"type": "AggregationEvent"}, "type", "message.unsupported"),
        ({"type": "TransactionEvent"}, "type", "message.unsupported"),
        ({"type": None}, "type", "field.required"),
        ({"bizStep": None}, "bizStep", "message.unsupported"),
        ({"bizStep": "packing"}, "bizStep", "message.unsupported"),
        ({"bizStep": "ext:shipping"}, "bizStep", "message.unsupported"),
        ({"bizStep": "Shipping"}, "bizStep", "message.unsupported"),
        ({"quantityList": [{"epcClass": "x"}]}, "quantityList", "message.unsupported"),
        ({"errorDeclaration": {"reason": "x"}}, "errorDeclaration", "message.unsupported"),
    ],
)
def test_an_event_we_cannot_take_is_refused_by_name_and_line(
    fields: dict[str, Any], path: str, code: str
) -> None:
    good = one(eventID="urn:uuid:good")
    raw = document(good, one(**fields))
    assert refusals(raw) == [(2, f"eventList[1].{path}", code)]
    assert [draft.line for draft in read(raw, SENDER).drafts] == [1]


@pytest.mark.parametrize(("count", "good"), [(1, True), (3500, True), (3501, False)])
def test_an_event_names_at_most_3500_packs(count: int, good: bool) -> None:
    codes = [f"8{number:019d}" for number in range(count)]
    raw = document(one(epcList=codes))
    if good:
        assert data_of(raw)["trace_codes"] == codes
    else:
        assert refusals(raw) == [(1, "eventList[0].epcList", "field.range")]


def test_everything_wrong_with_an_event_is_said_at_once() -> None:
    raw = document(one(eventTime="x", epcList=["y"], action="z"))
    assert {path for _, path, _ in refusals(raw)} == {
        "eventList[0].action",
        "eventList[0].epcList[0]",
        "eventList[0].eventTime",
    }


@pytest.mark.parametrize("element", [None, 5, "event", []])
def test_an_element_that_is_no_object_is_refused(element: object) -> None:
    assert refusals(document(one(), element)) == [(2, "eventList[1]", "json.not_object")]


def test_the_owner_counts_before_the_holder_and_a_location_is_no_party() -> None:
    listed = [
        {"type": "location", "source": "urn:epc:id:sgln:4012345.00225.0"},
        {"type": "urn:epcglobal:cbv:sdt:possessing_party", "source": "urn:jicai:party:HOLDER"},
        {"type": "https://ref.gs1.org/cbv/SDT-owning_party", "source": "urn:epc:id:pgln:1.2"},
    ]
    assert data_of(document(one(sourceList=listed)))["from_party"] == "urn:epc:id:pgln:1.2"
    assert data_of(document(one(sourceList=listed[:2])))["from_party"] == "HOLDER"
    assert "from_party" not in data_of(document(one(sourceList=listed[:1])))


def test_the_despatch_advice_counts_before_the_order() -> None:
    listed = [
        {"type": "po", "bizTransaction": "http://transaction.example.org/po/1"},
        {"type": "https://ref.gs1.org/cbv/BTT-desadv", "bizTransaction": "urn:jicai:document:CK9"},
        {"bizTransaction": "urn:x:untyped"},
    ]
    numbers = [
        data_of(document(one(bizTransactionList=kept)))["document_no"]
        for kept in (listed, listed[:1], listed[2:])
    ]
    assert numbers == ["CK9", "http://transaction.example.org/po/1", "urn:x:untyped"]


def test_the_read_point_counts_before_the_business_location() -> None:
    place = {"id": "urn:epc:id:sgln:0614141.00777.0"}
    assert data_of(document(one(bizLocation=place)))["location"] == "WH01"
    assert data_of(document(one(bizLocation=place, readPoint=None)))["location"] == place["id"]


def test_batch_and_expiry_come_from_ilmd_or_an_extension_under_any_prefix_of_the_namespace() -> (
    None
):
    bare: dict[str, Any] = {"cbvmda:lotNumber": None, "cbvmda:itemExpirationDate": None}
    ilmd = {"cbvmda:lotNumber": "L1", "cbvmda:itemExpirationDate": "2027-01-31T00:00:00Z"}
    found = data_of(document(one(**bare, ilmd=ilmd)))
    assert (found["batch_no"], found["expires_on"]) == ("L1", "2027-01-31")
    context = ["x", {"mda": "urn:epcglobal:cbv:mda:", "vendor": "urn:vendor:"}]
    renamed = one(**bare | {"mda:lotNumber": "L2", "vendor:lotNumber": "no"})
    assert data_of(document(renamed, **{"@context": context}))["batch_no"] == "L2"
    foreign = one(**bare | {"vendor:lotNumber": "no"})
    assert "batch_no" not in data_of(document(foreign, **{"@context": context}))


def test_extension_fields_are_tolerated() -> None:
    extra = one(**EXTENSION | {"sensorElementList": [{"sensorReport": []}]})
    assert data_of(document(extra)) == data_of(document(one()))


# --------------------------------------------------------------------------- identities


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


# --------------------------------------------------------------------------- what is no document


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


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("https://ref.gs1.org/cbv/SDT-owning_party", "owning_party"),
        ("urn:epcglobal:cbv:btt:po", "po"),
        ("po", "po"),
        ("https://example.org/cbv/BTT-po", "https://example.org/cbv/BTT-po"),
    ],
)
def test_only_the_vocabularys_own_uris_are_shortened(text: str, bare: str) -> None:
    assert word(text) == bare
    assert plain(text) == text


# --------------------------------------------------------------------------- folder and public samples


def test_the_interface_says_what_its_folder_says() -> None:
    folder = ROOT / "adapters" / "trace_epcis"
    told = tomllib.loads((folder / "interface.toml").read_text(encoding="utf-8"))
    assert (told["name"], told["title"]) == (INTERFACE.name, INTERFACE.title)
    assert told["transport"] == INTERFACE.transport
    assert tuple(told["media_types"]) == INTERFACE.media_types


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no shared reference folder beside the checkout")
def test_every_public_document_is_taken_or_refused_line_by_line() -> None:
    files = sorted((SHARED / "openepcis-test-resources").rglob("2.0/EPCIS/JSON/**/*.json"))
    files += sorted((SHARED / "epcis-event-hash-generator").rglob("*.jsonld"))
    taken = 0
    for path in files:
        raw = path.read_bytes()
        found = read(raw, SENDER)
        check(found)
        lines = [draft.line for draft in found.drafts] + [line for line, _ in found.refused]
        assert sorted(lines) == list(range(1, len(lines) + 1)), path.name
        assert _events(orjson.loads(raw)) == len(lines), path.name
        assert all(issues for _, issues in found.refused), path.name
        taken += len(found.drafts)
    assert len(files) == 36
    assert taken == 15


def _events(shown: dict[str, Any]) -> int:
    body = copy.copy(shown.get("epcisBody"))
    if body is None:
        return 1
    results = body.get("queryResults", {}).get("resultsBody", {})
    return len(body.get("eventList") or results.get("eventList") or [])

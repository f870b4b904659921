"""Packs shipped, received and dispensed (追溯): how each EPCIS event becomes its message."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from adapters.trace_epcis.inbound import read
from adapters.trace_epcis.simulator import dispensing, receiving, shipping
from adapters.trace_epcis.vocabulary import plain, word
from schemas.events import TRACE_PACK_DISPENSED, TRACE_PACK_RECEIVED, TRACE_PACK_SHIPPED
from tests.adapters.epcis_documents import CODE, MOVED, OTHER, SENDER, check, data_of, document, one

EXTENSION: dict[str, Any] = {"example:myField": {"a": [1, 2.5, True]}}


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

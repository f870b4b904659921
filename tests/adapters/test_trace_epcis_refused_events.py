"""EPCIS events that cannot be taken: refused by name and line, the others kept."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.trace_epcis.inbound import read
from tests.adapters.epcis_documents import CODE, SENDER, data_of, document, one, refusals


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

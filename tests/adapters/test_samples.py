"""Every sample of every interface: what is read, what is written, and that the contracts agree."""

from __future__ import annotations

import tomllib
from typing import Any

import orjson
import pytest

from adapters._kit.soap import unwrap
from adapters.registry import INTERFACES
from adapters.yunnan_procurement.wire import CONTRACT, DOCUMENT
from schemas.codes import CODED_FIELDS
from schemas.events import EVENT_TYPES
from tests.adapters.samples import (
    ROOT,
    Sample,
    inbound_samples,
    message_of,
    outbound_samples,
    outcome,
    recipient,
)

UNIFIED = {
    "unified_code": "XC10AAA205A001010101445",
    "institution": "H53010100001",
    "distributor": "91530100MA6K2ABC0X",
}
INBOUND = list(inbound_samples())
OUTBOUND = list(outbound_samples())


def named(sample: Sample) -> str:
    return f"{sample.interface.name}/{sample.path.name}"


def coded(type_name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data as coding would hand it on, with plausible unified codes."""
    filled = dict(data)
    for local, _, unified in CODED_FIELDS:
        if local in filled:
            filled.setdefault(unified, UNIFIED[unified])
    if "lines" in filled:
        filled["lines"] = [coded("", line) for line in filled["lines"]]
    if type_name and "drug" in EVENT_TYPES[type_name].model.model_fields and "local_code" in data:
        filled.setdefault("drug", "C10AA05")
    return filled


@pytest.mark.parametrize("sample", INBOUND, ids=named)
def test_a_sample_becomes_what_stands_beside_it(sample: Sample) -> None:
    assert outcome(sample.interface, sample.raw) == sample.expected


@pytest.mark.parametrize("sample", INBOUND, ids=named)
def test_drafts_satisfy_the_canonical_models_once_they_are_coded(sample: Sample) -> None:
    for draft in sample.expected.get("drafts", ()):
        assert draft["type"] in sample.interface.says
        model = EVENT_TYPES[draft["type"]].model
        model.model_validate_json(orjson.dumps(coded(draft["type"], draft["data"])))


@pytest.mark.parametrize(
    "sample",
    [one for one in INBOUND if one.interface.name == "yunnan_procurement"],
    ids=named,
)
def test_the_xsd_agrees_with_what_was_made_of_a_document(sample: Sample) -> None:
    if {"xml.doctype", "xml.malformed", "body.encoding"} & {
        one["code"] for one in sample.expected.get("rejected", ())
    }:
        return
    root = unwrap(sample.raw, DOCUMENT).root
    contract_said_no = [
        issue
        for issue in sample.expected.get("rejected", [])
        + [one for line in sample.expected.get("refused", []) for one in line["issues"]]
        if issue["path"].startswith("/PlatformMessage")
    ]
    assert CONTRACT.accepts(root) is not bool(contract_said_no)
    assert bool(CONTRACT.findings(root)) is bool(contract_said_no)
    if not contract_said_no:
        CONTRACT.compare(root)


@pytest.mark.parametrize("sample", OUTBOUND, ids=named)
def test_a_conclusion_is_said_byte_for_byte_as_the_sample(sample: Sample) -> None:
    given = sample.expected
    assert given["type"] in sample.interface.hears
    EVENT_TYPES[given["type"]].model.model_validate_json(orjson.dumps(given["data"]))
    assert sample.interface.write is not None
    request = sample.interface.write(message_of(given), recipient(**given.get("settings", {})))
    assert request.body == sample.raw
    assert request.idempotency_key == given["id"]


def test_every_interface_has_samples_and_every_type_it_knows_appears_in_one() -> None:
    said = {
        (one.interface.name, draft["type"])
        for one in INBOUND
        for draft in one.expected.get("drafts", ())
    }
    heard = {(one.interface.name, one.expected["type"]) for one in OUTBOUND}
    for name, interface in INTERFACES.items():
        assert {(name, each) for each in interface.says} <= said
        if name == "insurance_nhsa":
            assert {(name, each) for each in interface.hears} <= heard


@pytest.mark.parametrize("name", sorted(INTERFACES))
def test_the_interface_file_and_the_registry_tell_the_same(name: str) -> None:
    told = tomllib.loads((ROOT / name / "interface.toml").read_text(encoding="utf-8"))
    interface = INTERFACES[name]
    assert (told["name"], told["title"]) == (name, interface.title)
    assert told["transport"] == interface.transport
    assert tuple(told["media_types"]) == interface.media_types
    assert told["provenance"]["shape"]

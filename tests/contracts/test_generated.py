"""What is committed under contracts/ is what the code promises."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
import yaml

from gateway.ops import contracts
from schemas.envelope import Message
from schemas.events import EVENT_TYPES, TOPICS
from schemas.topics import load_topics

CATALOGUE = load_topics()


@cache
def document() -> dict[str, Any]:
    text = (contracts.ROOT / "contracts" / "asyncapi.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def schema_of(name: str) -> dict[str, Any]:
    path = contracts.ROOT / contracts.MESSAGES / f"{name}.schema.json"
    found: dict[str, Any] = orjson.loads(path.read_bytes())
    return found


def test_nothing_has_drifted() -> None:
    assert contracts.drift(contracts.ROOT) == []


def test_drift_is_found_and_mended(tmp_path: Path) -> None:
    assert all(each.endswith("missing") for each in contracts.drift(tmp_path))
    assert contracts.write(tmp_path)
    assert contracts.drift(tmp_path) == []
    assert contracts.write(tmp_path) == []
    first, second, *_ = sorted((tmp_path / contracts.MESSAGES).iterdir())
    first.write_text("{}", encoding="utf-8")
    shutil.move(second, second.with_name("cn.jicai.old.event.v1.schema.json"))
    findings = contracts.drift(tmp_path)
    assert [each.rsplit(": ", 1)[1] for each in findings] == [
        "differs from what the code promises",
        "missing",
        "left over",
    ]
    contracts.write(tmp_path)
    assert contracts.drift(tmp_path) == []


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_the_example_satisfies_its_schema_and_a_stranger_field_does_not(name: str) -> None:
    schema = schema_of(name)
    jsonschema_rs.meta.validate(schema)
    example = CATALOGUE[EVENT_TYPES[name].topic].example
    assert jsonschema_rs.is_valid(schema, example)
    assert not jsonschema_rs.is_valid(schema, {**example, "stranger": 1})
    for field in schema["required"]:
        without = {key: value for key, value in example.items() if key != field}
        assert not jsonschema_rs.is_valid(schema, without)


def test_every_topic_is_a_channel_with_one_message() -> None:
    found = document()
    assert found["asyncapi"] == "3.0.0"
    assert set(found["channels"]) == set(TOPICS)
    assert set(found["components"]["messages"]) == set(EVENT_TYPES)
    for name, channel in found["channels"].items():
        assert channel["address"] == name
        assert list(channel["messages"]) == [TOPICS[name].name]
    channels = {each["channel"]["$ref"] for each in found["operations"].values()}
    assert channels == {f"#/channels/{name}" for name in TOPICS}


def test_every_reference_leads_somewhere() -> None:
    found = document()
    references = list(_references(found))
    assert len(references) > 3 * len(TOPICS)
    for reference in references:
        place, _, pointer = reference.partition("#")
        if place:
            assert (contracts.ROOT / "contracts" / place).is_file()
            continue
        at: Any = found
        for step in pointer.strip("/").split("/"):
            at = at[step]


def _references(node: Any) -> Any:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


def test_the_header_schema_lists_exactly_what_a_message_carries() -> None:
    full = Message("id", "s", "t", "k", "T", b"{}", "r", "ca", "co", "tp", "0-1")
    headers = document()["components"]["schemas"]["CloudEventHeaders"]
    assert list(headers["properties"]) == [name for name, _ in full.headers()]
    bare = Message("id", "s", "t", "k", "T", b"{}")
    assert headers["required"] == [name for name, _ in bare.headers()]


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_the_shown_headers_satisfy_their_schema(name: str) -> None:
    found = document()
    (example,) = found["components"]["messages"][name]["examples"]
    schema = found["components"]["schemas"]["CloudEventHeaders"]
    assert jsonschema_rs.is_valid(schema, example["headers"])
    assert example["headers"]["ce_type"] == name
    assert example["headers"]["ce_subject"] == EVENT_TYPES[name].subject(example["payload"])


def test_the_command_says_what_is_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contracts, "ROOT", tmp_path)
    assert contracts.main(["--check"]) == 1
    assert "contracts/asyncapi.yaml: missing" in capsys.readouterr().out
    assert contracts.main([]) == 0
    assert contracts.main(["--check"]) == 0

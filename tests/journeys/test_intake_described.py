"""接口说明: what the OpenAPI document promises is what partners get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

from gateway.intake.canonical import BATCH, BINARY, STRUCTURED
from gateway.intake.http import api_document
from tests.unit.intake.world import KEY, World, by_key, event, open_world, order, with_line


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


def _requires(shape: str, given: Any) -> None:
    """Fail unless `given` has the named shape."""
    schema = {"$ref": f"#/components/schemas/{shape}", "components": api_document()["components"]}
    jsonschema_rs.validate(schema, given)


def _example(content_type: str) -> Any:
    post = api_document()["paths"]["/v1/messages"]["post"]
    return post["requestBody"]["content"][content_type]["example"]


def test_the_example_event_is_an_event() -> None:
    _requires("Event", _example(STRUCTURED))
    assert _example(BATCH) == [_example(STRUCTURED)]
    assert _example(BINARY) == _example(STRUCTURED)["data"]


async def test_the_example_is_held_only_for_its_codes(world: World) -> None:
    told = (await world.send_event(_example(STRUCTURED))).json()
    assert told["verdict"] == "accepted"
    assert {each["code"] for each in told["lines"][0]["issues"]} == {"code.unknown"}


@pytest.mark.parametrize(
    "given",
    [
        event(),
        event(data=order(total="1.00")),
        event(data=with_line(local_code="NEW")),
        event(data=with_line(quantity=5)),
        {},
    ],
)
async def test_every_answer_has_the_promised_shape(world: World, given: dict[str, Any]) -> None:
    _requires("Answer", (await world.send_event(given)).json())
    _requires("Answer", (await world.send_event(given)).json())
    _requires("BatchAnswer", (await world.send_batch([given])).json())
    for line in (await world.send(orjson.dumps(given), "application/x-ndjson")).iter_lines():
        _requires("Answer", orjson.loads(line))


async def test_conflicts_errors_ways_and_interfaces_have_the_promised_shape(world: World) -> None:
    identity = (await world.send_event(event())).json()["id"]
    other = await world.send_event(event(data=order(order_no="OTHER")))
    assert other.status_code == 409
    _requires("Answer", other.json())
    proof = by_key("hospital-a", KEY)
    way = await world.client.get(f"/v1/messages/{identity}", headers=proof)
    _requires("Way", way.json())
    _requires("Interfaces", (await world.client.get("/v1/interfaces")).json())
    _requires("Error", (await world.client.get("/v1/messages/none", headers=proof)).json())
    _requires("Error", (await world.send(b"", "text/plain")).json())


def test_every_route_says_how_one_proves_who_one_is() -> None:
    document = api_document()
    schemes = set(document["components"]["securitySchemes"])
    public = {("/v1/interfaces", "get"), ("/fhir/metadata", "get")}
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            secured = [set(each) <= schemes for each in route.get("security", [])]
            assert all(secured)
            assert bool(secured) == ((path, method) not in public)
            promised = set(route["responses"])
            assert promised >= ({"200", "401"} if secured else {"200"})

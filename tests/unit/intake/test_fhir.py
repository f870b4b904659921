"""术语操作: FHIR R4 clients get FHIR answers, also when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.unit.intake.world import KEY, World, by_key, open_world

ADMIN = {"x-admin-key": "synthetic-admin"}
OWN = "urn:jicai:partner:hospital-a:product"
UNIFIED = "urn:jicai:unified:product"
DRUG = "urn:jicai:codes:nhsa_drug_western"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, operator_header=ADMIN) as opened:
        yield opened


async def get(world: World, path: str, **query: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in query.items()}
    answer = await world.client.get(
        f"/fhir/{path}", params=named, headers=by_key("hospital-a", KEY)
    )
    assert answer.headers["content-type"].startswith("application/fhir+json")
    return answer.status_code, answer.json()


async def post(world: World, path: str, *parameter: Any) -> tuple[int, Any]:
    resource = {"resourceType": "Parameters", "parameter": list(parameter)}
    answer = await world.client.post(
        f"/fhir/{path}", content=orjson.dumps(resource), headers=by_key("hospital-a", KEY)
    )
    return answer.status_code, answer.json()


def values(told: Any) -> dict[str, Any]:
    """Return the parameters by name; the value of each whatever its type, parts as dictionaries."""
    found: dict[str, Any] = {}
    for one in told["parameter"]:
        if "part" in one:
            found[one["name"]] = values({"parameter": one["part"]})
        else:
            found[one["name"]] = next(value for key, value in one.items() if key != "name")
    return found


async def test_a_local_code_is_translated_as_of_a_date(world: World) -> None:
    status, told = await get(
        world, "ConceptMap/$translate", system=OWN, code="YP0001", date="2026-03-01"
    )
    assert status == 200
    found = values(told)
    assert found["result"] is True
    assert found["match"]["equivalence"] == "equivalent"
    assert found["match"]["concept"] == {"system": UNIFIED, "code": "XA01TEST000001"}


async def test_before_its_day_a_code_has_no_match(world: World) -> None:
    status, told = await get(
        world, "ConceptMap/$translate", system=OWN, code="YP0001", date="2025-12-31"
    )
    assert (status, values(told)["result"]) == (200, False)
    assert "2025-12-31" in values(told)["message"]


async def test_the_other_way_round(world: World) -> None:
    for query in (
        {"system": UNIFIED, "targetsystem": OWN},
        {"system": OWN, "targetsystem": UNIFIED, "reverse": "true"},
    ):
        _, told = await get(world, "ConceptMap/$translate", code="XA01TEST000001", **query)
        assert values(told)["match"]["concept"] == {"system": OWN, "code": "YP0001"}


async def test_a_question_may_be_posted_as_parameters(world: World) -> None:
    coding = {"name": "coding", "valueCoding": {"system": OWN, "code": "YP0001"}}
    concept = {
        "name": "codeableConcept",
        "valueCodeableConcept": {"coding": [coding["valueCoding"]]},
    }
    for given in (coding, concept):
        day = {"name": "date", "valueDateTime": "2026-03-01T08:00:00+08:00"}
        status, told = await post(world, "ConceptMap/$translate", given, day)
        assert (status, values(told)["result"]) == (200, True)


async def test_a_code_is_looked_up_and_validated(world: World) -> None:
    code = "XJ01XDT045A001010104642"
    status, told = await get(world, "CodeSystem/$lookup", system=DRUG, code=code)
    assert status == 200
    properties = [values({"parameter": one["part"]}) for one in told["parameter"] if "part" in one]
    assert {"code": "enterprise", "value": "04642"} in properties
    _, told = await get(world, "CodeSystem/$validate-code", url=DRUG, code=code)
    assert values(told)["result"] is True
    _, told = await get(world, "CodeSystem/$validate-code", url=DRUG, code=code[:-1])
    assert values(told)["result"] is False
    assert "22" in values(told)["message"]


@pytest.mark.parametrize(
    ("path", "query", "status", "kind"),
    [
        ("ConceptMap/$translate", {"code": "YP0001"}, 400, "required"),
        ("ConceptMap/$translate", {"system": OWN}, 400, "required"),
        ("ConceptMap/$translate", {"system": "urn:x", "code": "1"}, 404, "not-found"),
        ("ConceptMap/$translate", {"system": OWN, "targetsystem": OWN, "code": "1"}, 404, "not-found"),
        ("ConceptMap/$translate", {"system": OWN, "code": "1", "date": "tomorrow"}, 400, "invalid"),
        ("ConceptMap/$translate", {"system": OWN, "code": "1", "known_at": "x"}, 400, "invalid"),
        (
            "ConceptMap/$translate",
            {"system": "urn:jicai:partner:hospital-b:product", "code": "YP0001"},
            403,
            "forbidden",
        ),
        ("CodeSystem/$lookup", {"system": "urn:x", "code": "1"}, 404, "not-found"),
        ("CodeSystem/$lookup", {"system": DRUG, "code": "nothing"}, 404, "not-found"),
        ("CodeSystem/$validate-code", {"code": "1"}, 400, "required"),
    ],
)  # fmt: skip
async def test_what_is_wrong_comes_as_an_operation_outcome(
    world: World, path: str, query: dict[str, str], status: int, kind: str
) -> None:
    answered, told = await get(world, path, **query)
    assert answered == status
    assert told["resourceType"] == "OperationOutcome"
    assert told["issue"][0]["code"] == kind


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"[",
        b'{"resourceType": "Parameters", "parameter": [1]}',
        b'{"resourceType": "Bundle"}',
    ],
)
async def test_a_body_that_is_no_parameters_is_refused(world: World, raw: bytes) -> None:
    answer = await world.client.post(
        "/fhir/CodeSystem/$lookup", content=raw, headers=by_key("hospital-a", KEY)
    )
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_without_proof_there_is_only_the_capability_statement(world: World) -> None:
    answer = await world.client.get("/fhir/CodeSystem/$lookup")
    assert answer.status_code == 401
    assert answer.json()["resourceType"] == "OperationOutcome"
    told = (await world.client.get("/fhir/metadata")).json()
    assert told["fhirVersion"] == "4.0.1"
    assert told["rest"][0]["resource"][1]["operation"][0]["name"] == "translate"


async def test_operators_translate_for_any_partner(world: World) -> None:
    answer = await world.client.get(
        "/fhir/ConceptMap/$translate",
        params={"system": "urn:jicai:partner:hospital-b:product", "code": "YP0001"},
        headers=ADMIN,
    )
    assert values(answer.json())["result"] is True

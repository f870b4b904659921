"""编码查询: thousands of codes in one question, each with its answer; nobody sees another's codes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.intake.code_questions import CODES_LIMIT
from tests.unit.intake.world import KEY, World, by_key, open_world

ADMIN = {"x-admin-key": "synthetic-admin"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, operator_header=ADMIN) as opened:
        yield opened


async def ask(
    world: World, path: str, asked: Any, head: dict[str, str] | None = None
) -> tuple[int, Any]:
    raw = asked if isinstance(asked, bytes) else orjson.dumps(asked)
    answer = await world.client.post(
        f"/v1/codes/{path}", content=raw, headers=head or by_key("hospital-a", KEY)
    )
    return answer.status_code, answer.json()


async def test_codes_are_translated_as_of_a_day_each_with_its_answer(world: World) -> None:
    asked = {"on": "2026-03-01", "codes": ["YP0001", "NEW", "YP0001"]}
    status, told = await ask(world, "translate", asked)
    assert status == 200
    assert told["results"] == [
        {"code": "YP0001", "unified_code": "XA01TEST000001"},
        {"code": "NEW", "reason": "unknown"},
        {"code": "YP0001", "unified_code": "XA01TEST000001"},
    ]
    _, told = await ask(world, "translate", {"on": "2025-12-31", "codes": ["YP0001"]})
    assert told["results"] == [{"code": "YP0001", "reason": "expired"}]


async def test_without_a_day_today_in_china_counts(world: World) -> None:
    _, told = await ask(world, "translate", {"codes": ["YP0001"]})
    assert told["on"] == "2026-03-02"


async def test_a_unified_code_is_said_in_the_partners_words(world: World) -> None:
    asked = {"direction": "to_local", "codes": ["XA01TEST000001", "NONE"]}
    _, told = await ask(world, "translate", asked)
    assert told["results"] == [
        {"code": "XA01TEST000001", "local_code": "YP0001"},
        {"code": "NONE", "reason": "unknown"},
    ]


async def test_the_full_record_names_its_origin(world: World) -> None:
    _, told = await ask(world, "translate", {"codes": ["YP0001"], "detail": True})
    (one,) = told["results"]
    assert one["valid_from"] == "2026-01-01"
    assert one["relation"] == "equivalent"
    assert one["origin"].startswith("file ")


async def test_a_partner_asks_about_its_own_codes_only(world: World) -> None:
    status, told = await ask(world, "translate", {"partner": "hospital-b", "codes": ["YP0001"]})
    assert status == 422
    assert told["error"]["code"] == "code.not_yours"


async def test_operators_name_the_partner(world: World) -> None:
    asked = {"partner": "hospital-b", "codes": ["YP0001"]}
    status, told = await ask(world, "translate", asked, ADMIN)
    assert (status, told["results"][0]["unified_code"]) == (200, "XA01TEST000001")
    status, told = await ask(world, "translate", {"codes": ["YP0001"]}, ADMIN)
    assert (status, told["error"]["issues"][0]["path"]) == (422, "partner")


@pytest.mark.parametrize("path", ["translate", "validate", "parse"])
async def test_nobody_asks_without_proof(world: World, path: str) -> None:
    for head in ({"x-jicai-partner": "hospital-a"}, {"x-admin-key": "wrong"}):
        status, told = await ask(world, path, {"codes": ["YP0001"]}, head)
        assert (status, told["error"]["code"]) == (401, "auth.missing")


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ([], ""),
        ({}, "codes"),
        ({"codes": []}, "codes"),
        ({"codes": "YP0001"}, "codes"),
        ({"codes": [1]}, "codes[0]"),
        ({"codes": ["x" * 257]}, "codes[0]"),
        ({"codes": ["x"], "kind": "person"}, "kind"),
        ({"codes": ["x"], "direction": "up"}, "direction"),
        ({"codes": ["x"], "on": "2026-02-30"}, "on"),
        ({"codes": ["x"], "on": 20260301}, "on"),
        ({"codes": ["x"], "known_at": "yesterday"}, "known_at"),
        ({"codes": ["x"], "detail": "yes"}, "detail"),
        ({"codes": ["x"], "day": "2026-03-01"}, "day"),
        (b'{"codes": ["x"], "codes": ["y"]}', "codes"),
        (b"{", ""),
        (b"", ""),
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(world: World, asked: Any, path: str) -> None:
    status, told = await ask(world, "translate", asked)
    assert status == 422
    assert told["error"]["issues"][0]["path"] == path


async def test_a_question_has_its_limit(world: World) -> None:
    full = {"codes": ["YP0001"] * CODES_LIMIT}
    status, told = await ask(world, "translate", full)
    assert (status, len(told["results"])) == (200, CODES_LIMIT)
    status, told = await ask(world, "translate", {"codes": ["YP0001"] * (CODES_LIMIT + 1)})
    assert (status, told["error"]["issues"][0]["code"]) == (422, "field.range")


async def test_codes_of_national_systems_are_validated_and_taken_apart(world: World) -> None:
    items = [
        {"code_type": "drug_standard_code_86", "code": "86904879000126"},
        {"code_type": "drug_standard_code_86", "code": "86904879000127"},
        {"code_type": "no_such_type", "code": "1"},
    ]
    status, told = await ask(world, "validate", {"items": items})
    assert status == 200
    assert [one["verdict"] for one in told["results"]] == ["valid", "invalid", "invalid"]
    assert "6" in told["results"][1]["zh"]
    _, told = await ask(world, "parse", {"items": items[:1]})
    found = told["results"][0]["parts"]
    assert "04879" in found.values()
    assert set(found) <= set(told["meanings"]["drug_standard_code_86"])


@pytest.mark.parametrize(
    "asked",
    [
        {"codes": ["1"]},
        {"codes": ["1"], "code_type": "no_such_type"},
        {"codes": ["1"], "code_type": "uscc", "items": []},
        {"items": [{"code": "1"}]},
        {"items": [{"code": "1", "code_type": "uscc", "more": 1}]},
        {"items": ["1"]},
        {"items": [{"code": 1, "code_type": "uscc"}]},
    ],
)
async def test_a_wrong_question_about_systems_is_refused(world: World, asked: Any) -> None:
    status, _ = await ask(world, "validate", asked)
    assert status == 422


async def test_the_code_systems_are_listed(world: World) -> None:
    answer = await world.client.get("/v1/codes/systems", headers=by_key("hospital-a", KEY))
    listed = {one["code_type"]: one for one in answer.json()["systems"]}
    assert "GB" in listed["uscc"]["source"]
    assert listed["nhsa_drug_western"]["lengths"] == [23]

"""编码评审: an unknown code waits, two people give it a meaning, what waited flows on in order, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.review_house import NEW, OLD, House, open_house


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    more = {}
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        more = {"journal": "postgres", "postgres_url": url}
    async with open_house(tmp_path / "home", **more) as opened:
        yield opened


async def test_an_unknown_code_is_held_reviewed_by_two_and_released_in_order(house: House) -> None:
    held = [await house.order(f"PO-{number}", "YP1") for number in range(3)]
    assert {one["lines"][0]["state"] for one in held} == {"held"}
    (work,) = (await house.look("work"))["work"]
    assert (work["item"]["local_code"], work["direct"], work["days"]) == ("YP1", 3, ["2026-03-02"])

    given = {"partner": "his", "local_code": "YP1", "unified_code": OLD, "valid_from": "2026-01-01"}
    status, told = await house.act("li", "proposals", proposals=[given])
    (outcome,) = told["outcomes"]
    assert (status, outcome["state"]) == (200, "accepted")
    assert (await house.order("PO-3", "YP1"))["lines"][0]["state"] == "held"

    status, told = await house.act("li", "proposals/approve", ids=[outcome["id"]])
    assert (status, told["error"]["code"]) == (403, "coding.two_people")
    status, told = await house.act("wang", "proposals/approve", ids=[outcome["id"]])
    assert (status, told["released"]) == (200, 4)
    assert (await house.look("work"))["work"] == []
    for one in held:
        way = await house.way(one["lines"][0]["id"])
        assert "held" not in {each["state"] for each in way["states"]}
    assert (await house.order("PO-4", "YP1"))["lines"][0]["state"] == "accepted"
    (version,) = (await house.look("history", partner="his", code="YP1"))["history"]
    assert (version["proposed_by"], version["approved_by"]) == ("li", "wang")
    status, told = await house.act("wang", "proposals/approve", ids=[outcome["id"]])
    assert (status, told["decided"], told["already"]) == (200, [], [outcome["id"]])


async def test_candidates_are_shown_with_their_evidence_and_never_approve_themselves(
    house: House,
) -> None:
    await house.order("PO-1", "YP2")
    facts = {
        "name": "氨氯地平片(苯磺酸盐)",
        "specification": "5mg",
        "pack": "7片×2板/盒",
        "manufacturer": "合成示例制药有限公司",
        "approval_no": "国药准字H20000001",
    }
    told = await house.look("candidates", partner="his", code="YP2", **facts)
    first = told["candidates"][0]
    assert first["unified_code"] == OLD
    assert {"zh", "en", "verdict"} <= set(first["evidence"][0])
    assert told["on"] == "2026-03-02"
    assert (await house.look("history", partner="his", code="YP2"))["history"] == []
    assert len((await house.look("work"))["work"]) == 1


async def test_a_refused_code_goes_back_with_the_reason_and_what_waited_behind_flows_on(
    house: House,
) -> None:
    first = await house.order("PO-1", "YP-BAD")
    await house.mapped(local_code="YP-BAD", relation="none", reason="院内制剂,无国家编码")
    way = await house.way(first["lines"][0]["id"])
    assert way["states"][-1]["state"] == "rejected"
    assert way["issues"][0]["code"] == "code.refused"
    again = await house.order("PO-2", "YP-BAD")
    assert again["status"] == 422
    assert again["lines"][0]["issues"][0]["code"] == "code.refused"
    assert "院内制剂" in again["lines"][0]["issues"][0]["zh"]


async def test_a_province_renames_its_codes_on_a_day(house: House) -> None:
    """From 1 July YP1 means another pack; orders keep the meaning of their own day."""
    identity = await house.mapped(local_code="YP1", unified_code=OLD)
    await house.mapped(local_code="YP1", unified_code=OLD, valid_to="2026-06-30", replaces=identity)
    assert (await house.order("PO-1", "YP1", "2026-07-01"))["lines"][0]["state"] == "held"
    await house.mapped(local_code="YP1", unified_code=NEW, valid_from="2026-07-01")
    for number, day, meaning in (("A", "2026-06-30", OLD), ("B", "2026-07-01", NEW)):
        told = await house.order(f"PO-{number}", "YP1", day)
        assert told["lines"][0]["state"] == "accepted"
        asked = {"codes": ["YP1"], "on": day}
        found = await house.client.post("/v1/codes/translate", json=asked, headers=house.hospital())
        assert found.json()["results"][0]["unified_code"] == meaning
    assert await house.gateway.settle(20)
    filed = [one[2:] for one in house.insurer.ledger()["mappings"]]
    assert filed == [["2026-01-01", OLD], ["2026-07-01", NEW]]


async def test_a_wrong_meaning_is_corrected_and_what_it_touched_is_said_again(house: House) -> None:
    wrong = await house.mapped(local_code="YP1", unified_code=NEW)
    placed = (await house.order("PO-1", "YP1"))["lines"][0]["id"]
    touched = await house.look("impact", partner="his", code="YP1", since="2026-01-01", becomes=OLD)
    assert [one["id"] for one in touched["touched"]] == [placed]
    await house.mapped(local_code="YP1", unified_code=OLD, replaces=wrong)
    status, told = await house.act("li", "recode", ids=[placed], reason="对照有误")
    assert status == 200
    (corrected,) = told["corrected"]
    assert corrected["id"] == placed
    way = await house.way(placed)
    assert way["superseded_by"] == corrected["superseded_by"]
    history = (await house.look("history", partner="his", code="YP1"))["history"]
    assert [one["unified_code"] for one in history] == [NEW, OLD]
    assert await house.gateway.settle(20)
    (mapping,) = house.insurer.ledger()["mappings"]
    assert mapping[-1] == OLD


@pytest.mark.parametrize(
    ("who", "path", "body", "status", "code"),
    [
        ("nobody", "proposals", {"proposals": []}, 401, "auth.operator_key"),
        ("wang", "proposals", {"proposals": []}, 403, "operator.right"),
        ("li", "proposals", {"proposals": []}, 422, "field.required"),
        ("li", "proposals", {"proposals": [{"partner": "his"}]}, 422, "field.required"),
        ("li", "proposals", {"proposals": [{"exact": "true"}]}, 422, "field.unknown"),
        ("li", "proposals", {"proposals": [1]}, 422, "field.format"),
        (
            "li",
            "proposals",
            {"proposals": [{"partner": "nobody", "local_code": "1", "valid_from": "2026-01-01"}]},
            422,
            "field.format",
        ),
        ("wang", "proposals/approve", {}, 422, "field.required"),
        ("wang", "proposals/approve", {"ids": ["0" * 32]}, 422, "proposal.unknown"),
        ("wang", "proposals/approve", {"batch": "no-such"}, 422, "proposal.unknown"),
        ("wang", "proposals/refuse", {"ids": ["0" * 32]}, 422, "field.required"),
        ("li", "versions/none/retire", {"reason": "x"}, 422, "crosswalk.replaced"),
        ("li", "recode", {"ids": [], "reason": "x"}, 422, "field.required"),
    ],
)
async def test_what_cannot_be_done_is_said(
    tmp_path: Path, who: str, path: str, body: dict[str, object], status: int, code: str
) -> None:
    async with open_house(tmp_path / "home") as house:
        answered, told = await house.act(who, path, **body)
        assert (answered, told["error"]["code"]) == (status, code)


async def test_looking_needs_a_key_too(tmp_path: Path) -> None:
    async with open_house(tmp_path / "home") as house:
        assert (await house.client.get("/admin/codes/work")).status_code == 401

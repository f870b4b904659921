"""接入: a partner's own interface: its documents line by line, answered in its words."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from gateway.flow import HEAVY
from schemas.events import ORDER_PLACED
from tests.journeys.intake_door import error_of
from tests.unit.intake.world import World, open_world, order


async def test_a_heavy_document_is_taken_whole(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        orders = [order(f"H-{number}") for number in range(1500)]
        body = orjson.dumps({"no": "HEAVY", "orders": orders})
        assert len(body) > HEAVY
        answer = await world.send_signed(body, "application/json", DESK)
        told = answer.json()
        assert (answer.status_code, told["accepted"]) == (200, 1500)
        assert [each["line"] for each in told["lines"]] == list(range(1, 1501))


DESK = "/v1/interfaces/desk/messages"


async def test_a_native_document_is_answered_line_by_line(world: World) -> None:
    body = orjson.dumps({"no": "N-1", "orders": [order("A"), order("B", total="1.00")]})
    answer = await world.send_signed(body, "application/json", DESK)
    told = answer.json()
    assert (answer.status_code, told["verdict"]) == (207, "partial")
    assert [(each["line"], each["state"]) for each in told["lines"]] == [
        (1, "accepted"),
        (2, "rejected"),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (orjson.dumps({"no": "N-1", "orders": [order()]}), b"N-1|accepted"),
        (orjson.dumps({"no": "N-1", "orders": [order(total="1.00")]}), b"N-1|rejected"),
        (b"{", b"?|rejected"),
    ],
)
async def test_who_asks_in_the_interfaces_words_is_answered_in_them(
    world: World, body: bytes, said: bytes
) -> None:
    headers = {"accept": "text/desk", **world.signed(body, DESK)}
    answer = await world.send(body, "application/json", DESK, headers)
    assert (answer.status_code, answer.content) == (202, said)
    assert answer.headers["content-type"] == "text/desk"


async def test_conflict_and_unavailable_are_said_in_the_interfaces_words_too(
    world: World,
) -> None:
    body = orjson.dumps({"no": "N-1", "orders": [order()]})
    world.journal.down = True
    headers = {"accept": "text/desk", **world.signed(body, DESK)}
    answer = await world.send(body, "application/json", DESK, headers)
    assert answer.content == b"N-1|unavailable"
    world.journal.down = False
    await world.send(body, "application/json", DESK, headers)
    other = orjson.dumps({"no": "N-1", "orders": [order("B")]})
    headers = {"accept": "text/desk", **world.signed(other, DESK)}
    answer = await world.send(other, "application/json", DESK, headers)
    assert answer.content == b"N-1|conflict"


async def test_a_native_body_of_a_foreign_media_type_is_not_supported(world: World) -> None:
    answer = await world.send_signed(b"<a/>", "text/xml", DESK)
    assert error_of(answer) == (415, "body.media_type")


async def test_an_interface_that_reads_json_takes_a_document_per_line(world: World) -> None:
    documents = [{"no": f"N-{number}", "orders": [order(str(number))]} for number in range(3)]
    body = b"\n".join(orjson.dumps(each) for each in documents)
    answer = await world.send_signed(body, "application/x-ndjson", DESK)
    told = [orjson.loads(each) for each in answer.content.splitlines()]
    assert [(each["line"], each["message_id"]) for each in told] == [
        (1, "N-0"),
        (2, "N-1"),
        (3, "N-2"),
    ]


async def test_the_interfaces_are_listed_for_everyone(world: World) -> None:
    listed = (await world.client.get("/v1/interfaces")).json()["interfaces"]
    assert [each["name"] for each in listed] == ["canonical", "desk"]
    assert listed[1]["receives"] == [ORDER_PLACED]

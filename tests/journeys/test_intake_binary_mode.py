"""接入: CloudEvents in binary mode, where headers speak for the message."""

from __future__ import annotations

import orjson

from gateway.intake.canonical import BINARY
from schemas.envelope import message_identity
from schemas.events import ORDER_PLACED
from tests.journeys.intake_door import error_of
from tests.unit.intake.world import KEY, World, by_key, order


def _attributes(identity: str = "PO-1") -> dict[str, str]:
    return {"ce-specversion": "1.0", "ce-id": identity, "ce-type": ORDER_PLACED}


async def test_binary_mode_is_accepted(world: World) -> None:
    headers = {**_attributes(), **by_key("hospital-a", KEY)}
    answer = await world.send(orjson.dumps(order()), BINARY, headers=headers)
    assert (answer.status_code, answer.json()["message_id"]) == (200, "PO-1")


async def test_in_binary_mode_a_signature_must_bind_the_id(world: World) -> None:
    body = orjson.dumps(order())
    unbound = {**_attributes(), **world.signed(body)}
    assert error_of(await world.send(body, BINARY, headers=unbound)) == (401, "auth.message_id")
    other = {**_attributes("PO-2"), **world.signed(body, message_id="PO-1")}
    assert error_of(await world.send(body, BINARY, headers=other)) == (401, "auth.message_id")
    bound = {**_attributes(), **world.signed(body, message_id="PO-1")}
    assert (await world.send(body, BINARY, headers=bound)).status_code == 200


async def test_a_second_id_header_cannot_slip_past_the_signature(world: World) -> None:
    body = orjson.dumps(order())
    signed = world.signed(body, message_id="PO-1")
    for first, second in (("PO-1", "PO-2"), ("PO-2", "PO-1")):
        headers = [*signed.items(), ("content-type", BINARY), *_attributes(first).items()]
        doubled = [*headers, ("ce-id", second)]
        answer = await world.client.post("/v1/messages", content=body, headers=doubled)
        if answer.status_code == 200:
            assert answer.json()["message_id"] == "PO-1"
        else:
            assert error_of(answer) == (401, "auth.message_id")
    assert await world.journal.find(message_identity("platform", "PO-2")) is None


async def test_another_type_in_the_headers_with_other_content_is_a_conflict(world: World) -> None:
    key = by_key("hospital-a", KEY)
    body = orjson.dumps(order())
    await world.send(body, BINARY, headers={**_attributes(), **key})
    changed = {**_attributes(), "ce-subject": "other"}
    answer = await world.send(body, BINARY, headers={**changed, **key})
    assert answer.status_code == 409

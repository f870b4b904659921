"""接入: who is let in and who is not: signatures, keys, replays, interfaces of others."""

from __future__ import annotations

import orjson

from gateway.intake import signing
from schemas.events import ORDER_PLACED
from tests.journeys.intake_door import codes_of, error_of
from tests.unit.intake.world import KEY, World, by_key, event, order


async def test_a_wrong_signature_is_refused_and_leaves_nothing(world: World) -> None:
    answer = await world.send_signed(orjson.dumps(event()), secret=b"guessed")
    assert error_of(answer) == (401, "auth.signature")
    assert world.journal.commits == 0


async def test_an_unknown_partner_is_refused(world: World) -> None:
    answer = await world.send_event(event(), headers=by_key("nobody", KEY))
    assert error_of(answer) == (401, "auth.unknown")


async def test_a_switched_off_partner_is_refused(world: World) -> None:
    answer = await world.send_event(event(), headers=by_key("hospital-off", KEY))
    assert error_of(answer) == (401, "auth.unknown")


async def test_no_proof_at_all_is_refused_on_every_protected_route(world: World) -> None:
    for answer in (
        await world.send_event(event(), headers={}),
        await world.send(b"{}", "application/json", "/v1/interfaces/desk/messages", {}),
        await world.client.get("/v1/messages/x"),
    ):
        assert error_of(answer) == (401, "auth.missing")
        assert "www-authenticate" in answer.headers


async def test_an_expired_timestamp_is_refused(world: World) -> None:
    body = orjson.dumps(event())
    headers = world.signed(body)
    world.pass_time(seconds=301)
    assert error_of(await world.send(body, headers=headers)) == (401, "auth.window")


async def test_a_replayed_request_is_refused_also_by_a_gateway_that_was_restarted(
    world: World,
) -> None:
    body = orjson.dumps(event())
    headers = world.signed(body)
    assert (await world.send(body, headers=headers)).status_code == 200
    assert error_of(await world.send(body, headers=headers)) == (401, "auth.replayed")
    world.app.state.door.authenticator._seen.clear()
    assert error_of(await world.send(body, headers=headers)) == (401, "auth.replayed")
    assert world.published() == [ORDER_PLACED]


async def test_the_same_message_under_a_fresh_signature_is_a_duplicate(world: World) -> None:
    body = orjson.dumps(event())
    await world.send_signed(body)
    answer = await world.send_signed(body)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "duplicate")


async def test_after_unavailable_the_very_same_request_may_be_sent_again(world: World) -> None:
    body = orjson.dumps(event())
    headers = world.signed(body)
    world.journal.down = True
    refused = await world.send(body, headers=headers)
    assert error_of(refused) == (503, "gateway.unavailable")
    assert int(refused.headers["retry-after"]) > 0
    world.journal.down = False
    assert (await world.send(body, headers=headers)).json()["verdict"] == "accepted"


async def test_a_body_other_than_the_signed_one_is_refused(world: World) -> None:
    headers = world.signed(orjson.dumps(event()))
    answer = await world.send(orjson.dumps(event(data=order(total="9.99"))), headers=headers)
    assert error_of(answer) == (401, "auth.digest")
    assert world.journal.commits == 0


async def test_a_signed_message_id_must_be_the_events_own(world: World) -> None:
    body = orjson.dumps(event("PO-1"))
    wrong = await world.send_signed(body, message_id="PO-2")
    assert error_of(wrong) == (401, "auth.message_id")
    right = await world.send_signed(body, message_id="PO-1")
    assert right.status_code == 200


async def test_a_signer_may_not_use_its_secret_as_a_key(world: World) -> None:
    answer = await world.send_event(event(), headers=by_key("platform", "anything"))
    assert error_of(answer) == (401, "auth.algorithm")


async def test_a_partner_on_another_interface_is_forbidden(world: World) -> None:
    path = "/v1/interfaces/desk/messages"
    assert error_of(await world.send(b"{}", "application/json", path)) == (
        403,
        "interface.not_yours",
    )


async def test_an_unknown_interface_does_not_exist(world: World) -> None:
    path = "/v1/interfaces/no-such/messages"
    assert error_of(await world.send(b"{}", "application/json", path)) == (404, "interface.unknown")


async def test_a_native_partner_says_in_canonical_words_only_what_its_interface_says(
    world: World,
) -> None:
    listed = event("L-1", {"any": "thing"}, type="cn.jicai.price.listed.v1")
    answer = await world.send_signed(orjson.dumps(listed))
    assert answer.status_code == 422
    assert codes_of(answer) == ["message.forbidden"]
    assert (await world.send_signed(orjson.dumps(event()))).status_code == 200


async def test_a_signed_question_is_answered_once(world: World) -> None:
    body = orjson.dumps(event())
    identity = (await world.send_signed(body)).json()["id"]
    path = f"/v1/messages/{identity}"
    headers = world.signed(b"", path, method="GET")
    assert (await world.client.get(path, headers=headers)).json()["message_id"] == "PO-1"
    assert error_of(await world.client.get(path, headers=headers)) == (401, "auth.replayed")


async def test_a_key_header_and_a_signature_together_are_refused(world: World) -> None:
    body = orjson.dumps(event())
    headers = {**world.signed(body), signing.KEY: KEY}
    assert error_of(await world.send(body, headers=headers)) == (401, "auth.algorithm")

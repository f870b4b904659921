"""接入: single messages: rejected by name, held, duplicate or in conflict, and kept as they came."""

from __future__ import annotations

import gzip
from urllib.parse import quote

import orjson
import pytest

from gateway.intake.canonical import BATCH
from schemas.events import MESSAGE_REJECTED
from tests.journeys.intake_door import codes_of
from tests.unit.intake.world import KEY, OTHER_KEY, World, by_key, event, order, with_line


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b"", ["body.empty"]),
        (b"{", ["json.malformed"]),
        (orjson.dumps(event())[:-20], ["json.malformed"]),
        (orjson.dumps(event()).replace(b"DD-PO-1", b"DD-\xc3\x28"), ["body.encoding"]),
        (orjson.dumps(event()).replace(b'"id":', b'"id":"x","id":'), ["json.duplicate_key"]),
        (
            orjson.dumps(event()).replace(b'"total":', b'"total":"0.01","total":'),
            ["json.duplicate_key"],
        ),
        (orjson.dumps(event(data=order(total=123.00))), ["money.number"]),
        (orjson.dumps(event(data=with_line(quantity=100))), ["money.number"]),
        (orjson.dumps(event(data=with_line(quantity="１００.0000"))), ["field.fullwidth"]),
        (orjson.dumps(event(data=with_line(quantity="-1.0000"))), ["field.format"]),
        (orjson.dumps(event(data=with_line(quantity="1_00.0000"))), ["field.format"]),
        (orjson.dumps(event(data=order(total=" 123.00"))), ["field.format"]),
        (orjson.dumps(event(data=order(total="123.01"))), ["sum.mismatch"]),
        (orjson.dumps(event(data=order(surprise="x"))), ["field.unknown"]),
        (orjson.dumps(event(type="cn.jicai.nothing.happened.v1")), ["message.unsupported"]),
        (orjson.dumps(event(type="cn.jicai.settlement.held.v1")), ["message.forbidden"]),
        (orjson.dumps(event(id=None)), ["field.required"]),
    ],
)
async def test_a_bad_message_is_rejected_by_name_and_the_rejection_is_journalled(
    world: World, body: bytes, codes: list[str]
) -> None:
    answer = await world.send(body)
    assert answer.status_code == 422
    assert answer.json()["verdict"] == "rejected"
    assert codes_of(answer) == codes
    assert world.published() == [MESSAGE_REJECTED]


async def test_a_corrected_message_may_follow_under_the_same_id(world: World) -> None:
    assert (await world.send_event(event(data=order(total="1.00")))).status_code == 422
    answer = await world.send_event(event())
    assert (answer.status_code, answer.json()["verdict"]) == (200, "accepted")


async def test_ids_with_slashes_and_han_characters_are_found_again(world: World) -> None:
    for identity in ("2026/03/01-7", "订单-1", "a b%"):
        await world.send_event(event(identity, order("X", order_no=identity)))
        path = f"/v1/messages/{quote(identity, safe='')}"
        answer = await world.client.get(path, headers=by_key("hospital-a", KEY))
        assert answer.json()["message_id"] == identity


async def test_the_same_id_with_other_content_is_a_conflict_and_the_first_one_stands(
    world: World,
) -> None:
    first = await world.send_event(event())
    other = with_line(quantity="200.0000", amount="246.00")
    answer = await world.send_event(event(data={**other, "total": "246.00"}))
    assert answer.status_code == 409
    told = answer.json()
    assert told["verdict"] == "conflict"
    assert [each["code"] for each in told["issues"]] == ["id.conflict"]
    entry = await world.journal.find(first.json()["id"])
    assert entry is not None
    assert entry.message.content()["total"] == "123.00"


async def test_the_same_event_is_the_same_alone_in_a_batch_in_a_stream_and_packed(
    world: World,
) -> None:
    given = event()
    body = orjson.dumps(given)
    first = (await world.send(body)).json()
    in_batch = (await world.send(b"[\n " + body + b" \n]", BATCH)).json()["results"][0]
    in_stream = (await world.send(b"\r\n" + body + b"\r\n", "application/x-ndjson")).json()
    packed = await world.send(
        gzip.compress(body), headers={"content-encoding": "gzip", **by_key("hospital-a", KEY)}
    )
    assert in_stream.pop("line") == 2
    assert in_batch == in_stream == packed.json()
    assert (in_batch["verdict"], in_batch["id"]) == ("duplicate", first["id"])


async def test_two_partners_may_use_the_same_message_id(world: World) -> None:
    mine = await world.send_event(event())
    theirs = await world.send_event(event(), headers=by_key("hospital-b", OTHER_KEY))
    assert mine.json()["verdict"] == theirs.json()["verdict"] == "accepted"
    assert mine.json()["id"] != theirs.json()["id"]


async def test_an_unknown_code_holds_the_message_and_says_so(world: World) -> None:
    answer = await world.send_event(event(data=with_line(local_code="NEW-1")))
    told = answer.json()
    assert (answer.status_code, told["verdict"], told["held"]) == (200, "accepted", 1)
    (line,) = told["lines"]
    assert (line["state"], line["issues"][0]["code"]) == ("held", "code.unknown")
    assert world.published() == []


async def test_a_valid_traceparent_travels_with_the_message_and_another_does_not(
    world: World,
) -> None:
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for identity, header, kept in (
        ("A", good, good),
        ("B", good.upper(), ""),
        ("C", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", ""),
        ("D", "ff" + good[2:], ""),
    ):
        headers = {"traceparent": header, **by_key("hospital-a", KEY)}
        answer = await world.send_event(event(identity), headers=headers)
        entry = await world.journal.find(answer.json()["id"])
        assert entry is not None
        assert entry.message.traceparent == kept


async def test_what_was_received_is_observed_for_the_metrics(world: World) -> None:
    await world.send_event(event())
    await world.send_event(event("B", {}))
    verdicts = [(name, received.answer.verdict) for name, received in world.observed]
    assert verdicts == [("canonical", "accepted"), ("canonical", "rejected")]

"""接入: batches: the good half is kept, the bad half named."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.intake.canonical import BATCH
from schemas.events import MESSAGE_REJECTED
from tests.journeys.intake_door import codes_of
from tests.unit.intake.world import World, event, order, with_line


async def test_half_a_batch_wrong_keeps_the_good_half(world: World) -> None:
    events: list[dict[str, Any]] = [
        event("A"),
        event("B", order("B", total="1.00")),
        event("C"),
        event("D", with_line("D", quantity=5)),
    ]
    answer = await world.send_batch(events)
    told = answer.json()
    assert answer.status_code == 207
    assert (told["accepted"], told["rejected"]) == (2, 2)
    verdicts = [(each["message_id"], each["verdict"]) for each in told["results"]]
    assert verdicts == [
        ("A", "accepted"),
        ("B", "rejected"),
        ("C", "accepted"),
        ("D", "rejected"),
    ]
    assert world.journal.commits == 1


async def test_a_batch_with_duplicate_keys_in_one_event_keeps_the_others(world: World) -> None:
    bad = orjson.dumps(event("B")).replace(b'"id":', b'"id":"x","id":')
    body = b"[" + b",".join((orjson.dumps(event("A")), bad, orjson.dumps(event("C")))) + b"]"
    told = (await world.send(body, BATCH)).json()
    assert [each["verdict"] for each in told["results"]] == ["accepted", "rejected", "accepted"]


async def test_one_id_twice_in_a_batch_is_a_duplicate_or_a_conflict(world: World) -> None:
    other = event("A", order("A", order_no="OTHER"))
    answer = await world.send_batch([event("A"), event("A"), other])
    assert answer.status_code == 207
    verdicts = [each["verdict"] for each in answer.json()["results"]]
    assert verdicts == ["accepted", "duplicate", "conflict"]


async def test_a_batch_of_nothing_but_bad_events_is_unprocessable(world: World) -> None:
    answer = await world.send_batch([event("A", {}), event("B", {})])
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "code"), [(b"[{", "json.malformed"), (b"{}", "json.malformed"), (b"", "body.empty")]
)
async def test_a_batch_that_cannot_be_taken_apart_is_rejected_on_the_record(
    world: World, body: bytes, code: str
) -> None:
    answer = await world.send(body, BATCH)
    assert answer.status_code == 422
    assert codes_of(answer) == [code]
    assert world.published() == [MESSAGE_REJECTED]


async def test_an_empty_batch_is_an_empty_answer(world: World) -> None:
    answer = await world.send(b"[]", BATCH)
    assert (answer.status_code, answer.json()["results"]) == (200, [])

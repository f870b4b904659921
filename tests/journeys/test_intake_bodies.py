"""接入: bodies that are not read: too large, broken compression, other media types."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from gateway.intake.canonical import BATCH
from tests.journeys.intake_door import LIMIT, error_of
from tests.unit.intake.world import KEY, World, by_key, event, open_world, order


async def test_an_oversized_body_is_refused(world: World) -> None:
    answer = await world.send(b" " * (LIMIT + 1), BATCH)
    assert error_of(answer) == (413, "body.too_large")


async def test_a_body_of_exactly_the_limit_is_read(world: World) -> None:
    batch = orjson.dumps([event()])
    answer = await world.send(batch + b" " * (LIMIT - len(batch)), BATCH)
    assert answer.status_code == 200


async def test_an_oversized_body_without_a_declared_length_is_refused(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4096

    headers = {"content-type": BATCH, **by_key("hospital-a", KEY)}
    answer = await world.client.post("/v1/messages", content=endless(), headers=headers)
    assert error_of(answer) == (413, "body.too_large")


async def test_a_single_message_has_its_own_smaller_limit(world: World) -> None:
    answer = await world.send(b" " * (LIMIT // 2 + 1))
    assert error_of(answer) == (413, "body.too_large")


@pytest.mark.parametrize("content_type", [BATCH, "application/x-ndjson"])
async def test_one_oversized_message_does_not_take_its_neighbours_with_it(
    world: World, content_type: str
) -> None:
    big = event("BIG", order("BIG", order_no="x" * (LIMIT // 2)))
    events = [event("A"), big, event("B")]
    body = (
        orjson.dumps(events)
        if content_type == BATCH
        else b"\n".join(orjson.dumps(each) for each in events)
    )
    answer = await world.send(body, content_type)
    results = (
        answer.json()["results"]
        if content_type == BATCH
        else [orjson.loads(each) for each in answer.content.splitlines()]
    )
    assert [each["verdict"] for each in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["lines"][0]["issues"][0]["code"] == "body.too_large"


async def test_a_gzip_bomb_is_refused(world: World) -> None:
    bomb = gzip.compress(b"[" + b" " * (50 << 20) + b"]")
    assert len(bomb) < LIMIT
    answer = await world.send(
        bomb, BATCH, headers={"content-encoding": "gzip", **by_key("hospital-a", KEY)}
    )
    assert error_of(answer) == (413, "body.too_large")


async def test_a_signed_gzip_body_is_read_and_its_digest_is_of_the_bytes_as_sent(
    world: World,
) -> None:
    plain = orjson.dumps(event())
    packed = gzip.compress(plain[:100]) + gzip.compress(plain[100:])
    headers = {"content-encoding": "gzip", **world.signed(packed)}
    assert (await world.send(packed, headers=headers)).status_code == 200
    unpacked = {"content-encoding": "gzip", **world.signed(plain)}
    assert error_of(await world.send(packed, headers=unpacked)) == (401, "auth.digest")


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(orjson.dumps(event()), mtime=0)[:-5],
        gzip.compress(orjson.dumps(event()), mtime=0) + b"rubbish",
        b"not gzip",
        b"",
    ],
)
async def test_broken_gzip_is_refused(world: World, packed: bytes) -> None:
    headers = {"content-encoding": "gzip", **by_key("hospital-a", KEY)}
    answer = await world.send(packed, headers=headers)
    assert error_of(answer) == (400, "body.compression")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
async def test_other_compressions_are_not_supported(world: World, encoding: str) -> None:
    headers = {"content-encoding": encoding, **by_key("hospital-a", KEY)}
    answer = await world.send(b"{}", headers=headers)
    assert error_of(answer) == (415, "body.compression_unknown")


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("text/plain", "body.media_type"),
        ("", "body.media_type"),
        ("application/cloudevents+json; charset=gb18030", "body.charset"),
    ],
)
async def test_other_media_types_are_not_supported(
    world: World, content_type: str, code: str
) -> None:
    answer = await world.send(orjson.dumps(event()), content_type)
    assert error_of(answer) == (415, code)


async def test_a_batch_of_too_many_events_is_refused_before_any_is_taken(tmp_path: Path) -> None:
    async with open_world(tmp_path, line_limit=3) as world:
        four = await world.send_batch([event(f"PO-{number}") for number in range(4)])
        assert error_of(four) == (413, "batch.too_long")
        assert world.journal.commits == 0
        three = await world.send_batch([event(f"PO-{number}") for number in range(3)])
        assert three.status_code == 200

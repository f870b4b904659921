"""接入: real connections: streams that are answered while they come, and clients that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pytest

from gateway.errors import Misconfigured
from gateway.intake import stream
from gateway.intake.canonical import STRUCTURED
from gateway.intake.server import HEAD_BYTES, HttpServer
from schemas.events import ORDER_PLACED
from tests.unit.intake.sockets import Line, connected, listening
from tests.unit.intake.world import KEY, World, by_key, event, open_world, order

NDJSON = "application/x-ndjson"
PROOF = by_key("hospital-a", KEY)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, read_timeout=0.5) as opened:
        yield opened


@pytest.fixture
async def server(world: World) -> AsyncIterator[HttpServer]:
    async with listening(world.app, head_seconds=0.5) as opened:
        yield opened


@pytest.fixture
async def line(server: HttpServer) -> AsyncIterator[Line]:
    async with connected(server) as opened:
        yield opened


def _lines(first: int, count: int) -> bytes:
    return b"".join(orjson.dumps(event(f"PO-{n}")) + b"\n" for n in range(first, first + count))


async def _begin_stream(line: Line) -> None:
    await line.post(
        "/v1/messages", {"content-type": NDJSON, "transfer-encoding": "chunked", **PROOF}
    )


# ----------------------------------------------------------------- streams


async def test_a_streams_lines_are_answered_while_the_rest_is_still_to_come(line: Line) -> None:
    await _begin_stream(line)
    await line.chunk(_lines(0, 2))
    status, headers = await line.head()
    assert (status, headers["content-type"]) == (200, NDJSON)
    first = (await line.next_chunk()).splitlines()
    assert [orjson.loads(each)["message_id"] for each in first] == ["PO-0", "PO-1"]
    await line.chunk(_lines(2, 1))
    assert orjson.loads(await line.next_chunk())["line"] == 3
    await line.chunk(b"")
    assert await line.body({}) == b""


async def test_every_line_is_answered_in_order_however_many_there_are(
    world: World, server: HttpServer
) -> None:
    count = 2 * stream.CHUNK_LINES + 7
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        answer = await client.post(
            "/v1/messages", content=_lines(0, count), headers={"content-type": NDJSON, **PROOF}
        )
    told = [orjson.loads(each) for each in answer.content.splitlines()]
    assert [each["line"] for each in told] == list(range(1, count + 1))
    assert [each["message_id"] for each in told] == [f"PO-{n}" for n in range(count)]
    assert len(world.published()) == count
    assert world.journal.commits < count / 10


async def test_bad_lines_of_a_stream_are_rejected_where_they_stand(world: World) -> None:
    good = orjson.dumps(event())
    body = b"\n".join(
        (good, b"", b"{", b"\xff", orjson.dumps(event("B", order("B", total="1.00"))), good)
    )
    answer = await world.send(body, NDJSON)
    told = [orjson.loads(each) for each in answer.content.splitlines()]
    assert [(each["line"], each["verdict"]) for each in told] == [
        (1, "accepted"),
        (3, "rejected"),
        (4, "rejected"),
        (5, "rejected"),
        (6, "duplicate"),
    ]


async def test_a_stream_that_breaks_off_keeps_what_was_committed_and_can_be_sent_again(
    world: World, server: HttpServer
) -> None:
    async with connected(server) as broken:
        await _begin_stream(broken)
        await broken.chunk(_lines(0, 3) + b'{"specversion":"1.0","id":"PO-')
        await broken.head()
        assert len((await broken.next_chunk()).splitlines()) == 3
    for _ in range(50):
        if not world.app.state.door.authenticator._seen and len(world.published()) == 3:
            break
        await asyncio.sleep(0.01)
    assert world.published() == [ORDER_PLACED] * 3
    answer = await world.send(_lines(0, 5), NDJSON)
    verdicts = [orjson.loads(each)["verdict"] for each in answer.content.splitlines()]
    assert verdicts == ["duplicate"] * 3 + ["accepted"] * 2


async def test_a_stream_that_stands_still_is_ended_with_the_line_to_go_on_from(
    line: Line,
) -> None:
    await _begin_stream(line)
    await line.chunk(_lines(0, 2) + b'{"half')
    await line.head()
    await line.next_chunk()
    last = orjson.loads(await line.next_chunk())
    assert (last["line"], last["error"]["code"]) == (3, "body.timeout")
    assert await line.body({}) == b""


async def test_when_the_journal_goes_down_in_mid_stream_the_rest_is_told_so(
    world: World, line: Line
) -> None:
    await _begin_stream(line)
    await line.chunk(_lines(0, 1))
    await line.head()
    await line.next_chunk()
    world.journal.down = True
    await line.chunk(_lines(1, 1))
    last = orjson.loads(await line.next_chunk())
    assert (last["line"], last["error"]["code"]) == (2, "gateway.unavailable")


async def test_a_stream_of_which_nothing_could_be_committed_is_an_ordinary_error(
    world: World,
) -> None:
    world.journal.down = True
    answer = await world.send(_lines(0, 1), NDJSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "gateway.unavailable")


@pytest.mark.parametrize("body", [b"", b"\n\n \r\n"])
async def test_a_stream_without_lines_is_refused(world: World, body: bytes) -> None:
    answer = await world.send(body, NDJSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "body.empty")


async def test_of_a_signed_stream_nothing_is_committed_before_its_digest_fits(
    world: World,
) -> None:
    body = _lines(0, 3)
    headers = world.signed(body)
    tampered = body.replace(b"DD-PO-2", b"DD-PO-9")
    answer = await world.send(tampered, NDJSON, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "auth.digest")
    assert world.journal.commits == 0
    assert (await world.send(body, NDJSON, headers=headers)).status_code == 200
    replayed = await world.send(body, NDJSON, headers=headers)
    assert replayed.json()["error"]["code"] == "auth.replayed"


async def test_a_client_that_writes_all_before_it_reads_is_served_too(tmp_path: Path) -> None:
    # answers far beyond what the sockets hold: both sides must never wait for each other
    count = 40_000
    too_long = (b"x" * 1025 + b"\n") * 400
    async with (
        open_world(tmp_path, message_limit=1024) as world,
        listening(world.app) as server,
        connected(server) as line,
    ):
        await _begin_stream(line)
        for _ in range(count // 400):
            await line.chunk(too_long)
        await line.chunk(b"")
        status, headers = await line.head()
        told = await line.body(headers)
    assert status == 200
    assert told.count(b"\n") == count
    assert len(told) > 10 << 20


# ----------------------------------------------------------------- clients that misbehave


async def test_a_body_that_never_comes_is_timed_out(world: World, line: Line) -> None:
    await line.post("/v1/messages", {"content-type": STRUCTURED, "content-length": "900", **PROOF})
    await line.write(b'{"specv')
    status, headers = await line.head()
    assert status == 408
    assert orjson.loads(await line.body(headers))["error"]["code"] == "body.timeout"
    assert await line.closed_within(2)
    assert world.journal.commits == 0


async def test_a_body_that_trickles_is_timed_out_as_a_whole(world: World, line: Line) -> None:
    await line.post("/v1/messages", {"content-type": STRUCTURED, "content-length": "900", **PROOF})

    async def trickle() -> None:
        while True:
            await line.write(b" ")
            await asyncio.sleep(0.05)

    trickling = asyncio.create_task(trickle())
    try:
        async with asyncio.timeout(3):
            status, _ = await line.head()
    finally:
        trickling.cancel()
    assert status == 408


async def test_a_half_written_body_leaves_nothing(world: World, server: HttpServer) -> None:
    body = orjson.dumps(event())
    async with connected(server) as line:
        length = str(len(body))
        await line.post(
            "/v1/messages", {"content-type": STRUCTURED, "content-length": length, **PROOF}
        )
        await line.write(body[:-1])
    await asyncio.sleep(0.1)
    assert world.journal.commits == 0
    assert (await world.send(body)).json()["verdict"] == "accepted"


async def test_headers_that_trickle_are_cut_off(line: Line) -> None:
    await line.write(b"POST /v1/messages HTTP/1.1\r\nhost: gateway\r\n")
    assert await line.closed_within(2)


async def test_a_connection_that_says_nothing_is_cut_off(line: Line) -> None:
    assert await line.closed_within(2)


async def test_headers_without_end_are_refused(line: Line) -> None:
    await line.write(b"POST /v1/messages HTTP/1.1\r\nhost: gateway\r\n")
    for number in range(HEAD_BYTES // 1000 + 2):
        await line.write(b"x-h%d: " % number + b"x" * 1000 + b"\r\n")
    status, headers = await line.head()
    assert status == 400
    assert orjson.loads(await line.body(headers))["error"]["code"] == "request.malformed"
    assert await line.closed_within(2)


async def test_what_is_no_http_is_answered_in_the_same_shape(line: Line) -> None:
    await line.write(b"\x0bMSH|^~\\&|HIS|YY01\r\x1c\r\r\n\r\n")
    status, headers = await line.head()
    assert status == 400
    assert orjson.loads(await line.body(headers))["error"]["code"] == "request.malformed"


async def test_who_is_refused_is_answered_before_the_body_is_read(line: Line) -> None:
    headers = {"content-type": STRUCTURED, "content-length": "1000000"}
    await line.post("/v1/messages", {**headers, **by_key("nobody", KEY)})
    status, _ = await line.head()
    assert status == 401


async def test_a_declared_size_beyond_the_limit_is_answered_before_the_body_is_read(
    line: Line,
) -> None:
    await line.post(
        "/v1/messages", {"content-type": STRUCTURED, "content-length": str(1 << 40), **PROOF}
    )
    status, _ = await line.head()
    assert status == 413


async def test_a_body_that_goes_on_after_the_refusal_is_cut_off(line: Line) -> None:
    await line.post(
        "/v1/messages",
        {"content-type": STRUCTURED, "transfer-encoding": "chunked", **by_key("nobody", KEY)},
    )
    status, headers = await line.head()
    assert status == 401
    await line.body(headers)

    async def endless() -> None:
        while True:
            await line.chunk(b" " * 1000)
            await asyncio.sleep(0.01)

    flooding = asyncio.create_task(endless())
    assert await line.closed_within(3)
    flooding.cancel()
    await asyncio.gather(flooding, return_exceptions=True)


async def test_after_a_refusal_with_its_small_body_the_connection_goes_on(line: Line) -> None:
    for _ in range(2):
        await line.post("/v1/messages", {"content-type": STRUCTURED, "content-length": "2"})
        await line.write(b"{}")
        status, headers = await line.head()
        assert status == 401
        await line.body(headers)


async def test_many_requests_share_one_connection(world: World, line: Line) -> None:
    for number in range(3):
        body = orjson.dumps(event(f"PO-{number}"))
        length = str(len(body))
        await line.post(
            "/v1/messages", {"content-type": STRUCTURED, "content-length": length, **PROOF}
        )
        await line.write(body)
        status, headers = await line.head()
        assert status == 200
        assert orjson.loads(await line.body(headers))["verdict"] == "accepted"
        await asyncio.sleep(0.3)  # longer in all than a head may take


# ----------------------------------------------------------------- starting and stopping


async def test_a_stop_lets_the_request_in_flight_finish(world: World) -> None:
    body = orjson.dumps(event())
    server = HttpServer(world.app, "127.0.0.1", 0)
    await server.start()
    async with connected(server) as line:
        length = str(len(body))
        await line.post(
            "/v1/messages", {"content-type": STRUCTURED, "content-length": length, **PROOF}
        )
        await line.write(body[:-1])
        await asyncio.sleep(0.05)
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.15)
        await line.write(body[-1:])
        status, headers = await line.head()
        assert status == 200
        assert orjson.loads(await line.body(headers))["verdict"] == "accepted"
        await stopping
    with pytest.raises(OSError, match=r".*"):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_a_port_that_is_taken_is_for_the_operator_to_mend(
    world: World, server: HttpServer
) -> None:
    second = HttpServer(world.app, "127.0.0.1", server.port)
    with pytest.raises(Misconfigured, match="JICAI_PORT"):
        await second.start()


TERMINOLOGY = ("CodeSystem/$lookup", "CodeSystem/$validate-code", "ConceptMap/$translate")


async def test_the_documentation_needs_no_internet(world: World) -> None:
    page = (await world.client.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    document = (await world.client.get("/openapi.json")).json()
    assert {"Event", "Answer", "Error", "Way"} <= set(document["components"]["schemas"])
    routes = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert routes == {
        ("/v1/messages", "post"),
        ("/v1/interfaces/{interface}/messages", "post"),
        ("/v1/messages/{id}", "get"),
        ("/v1/interfaces", "get"),
        ("/v1/codes/translate", "post"),
        ("/v1/codes/validate", "post"),
        ("/v1/codes/parse", "post"),
        ("/v1/codes/systems", "get"),
        *((f"/fhir/{path}", how) for path in TERMINOLOGY for how in ("get", "post")),
        ("/fhir/metadata", "get"),
    }

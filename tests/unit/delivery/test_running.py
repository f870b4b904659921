"""Deliveries as a process: run until stopped, go on where it was; MLLP as a transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from adapters._kit.protocol import (
    Acknowledgement,
    Interface,
    Recipient,
    WireRequest,
    WireResponse,
)
from gateway.delivery.calling import Bounds, CallFailed, Unsendable, call_mllp
from gateway.delivery.routes import Routes
from schemas.envelope import Message
from schemas.events import ORDER_PLACED
from tests.unit.delivery.counterpart import Answer, Counterpart
from tests.unit.delivery.desk import Desk, partner, route


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(desk.delivery.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def until(reached: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not reached():
            await asyncio.sleep(0.01)


async def test_a_process_delivers_what_comes_and_stops_when_told(insurer: Counterpart) -> None:
    desk = Desk(partner("insurer", insurer.url, settings={"parallel": "4"}))
    async with running(desk):
        for number in range(20):
            await desk.accepts(f"ORDER-{number % 7}")
        await until(lambda: len(desk.attempts) == 20)
        await desk.accepts("ORDER-LATE")
        await until(lambda: len(desk.attempts) == 21)
    assert await desk.meanings() == ["delivered"] * 21
    assert insurer.overlaps == []
    await desk.close()


async def test_a_stop_lets_the_call_under_way_end(insurer: Counterpart) -> None:
    insurer.behaviour = lambda _call: Answer(after=0.4)
    desk = Desk(partner("insurer", insurer.url))
    async with running(desk):
        await desk.accepts("ORDER-1")
        await desk.accepts("ORDER-2")
        await until(lambda: len(insurer.calls) == 1)
    assert await desk.meanings() == ["delivered"]
    assert await desk.delivery.pending() == {"insurer": 1}
    await desk.close()


async def test_a_cancelled_process_gives_up_at_once_and_the_next_one_goes_on(
    insurer: Counterpart,
) -> None:
    insurer.script = [Answer(after=1.0)]
    desk = Desk(partner("insurer", insurer.url))
    identity = await desk.accepts("ORDER-1")
    task = asyncio.create_task(desk.delivery.run(asyncio.Event()))
    await until(lambda: len(insurer.calls) == 1)
    task.cancel()
    async with asyncio.timeout(0.9):
        await asyncio.gather(task, return_exceptions=True)
    assert await desk.receipts() == []
    desk.restart()
    await desk.delivers()
    assert [call.key for call in insurer.calls] == [identity, identity]
    assert await desk.meanings() == ["already"]
    await desk.close()


async def test_a_slow_partner_does_not_hold_up_another(
    insurer: Counterpart, platform: Counterpart
) -> None:
    insurer.behaviour = lambda _call: Answer(after=1.5)
    desk = Desk(partner("insurer", insurer.url), partner("platform", platform.url))
    for number in range(10):
        await desk.accepts(f"ORDER-{number}")
    async with running(desk):
        await until(lambda: len(platform.worked) == 10, 5)
        assert len(insurer.calls) == 1
    await desk.close()


async def test_a_journal_that_was_down_for_a_while_costs_nothing(insurer: Counterpart) -> None:
    desk = Desk(partner("insurer", insurer.url))
    identities = [await desk.accepts(f"ORDER-{number}") for number in range(3)]
    desk.journal.down = True
    async with running(desk):
        await asyncio.sleep(0.3)
        assert insurer.calls == []
        desk.journal.down = False
        await until(lambda: len(desk.attempts) == 3)
    assert insurer.worked == identities
    await desk.close()


def write(message: Message, recipient: Recipient) -> WireRequest:
    return WireRequest(f"MSH|^~\\&|{message.id}\r".encode(), "x-application/hl7-v2+er7")


def understand(response: WireResponse, request: WireRequest) -> Acknowledgement:
    accepted = response.body.startswith(b"MSA|AA|")
    return Acknowledgement("delivered" if accepted else "retry", "AA" if accepted else "")


HL7 = Interface("hl7", "测试", "mllp", write=write, understand=understand, hears=(ORDER_PLACED,))


@asynccontextmanager
async def mllp(answer: bytes | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    got: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\x1c\r"))
        if answer is None:
            await reader.read()  # silent until the caller hangs up
        else:
            writer.write(answer)
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"mllp://127.0.0.1:{server.sockets[0].getsockname()[1]}", got
    finally:
        server.close()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_partner_on_mllp_is_delivered_to_in_frames() -> None:
    async with mllp(b"\x0bMSA|AA|1\r\x1c\r") as (url, got):
        desk = Desk(
            partner("hospital-a", url, interface="hl7"), routes=[route("hospital-a", ORDER_PLACED)]
        )
        desk.routes = Routes(desk.routes.listed, {"hl7": HL7})
        desk.restart()
        identity = await desk.accepts("ORDER-1")
        await desk.delivers()
        assert got == [b"\x0bMSH|^~\\&|" + identity.encode() + b"\r\x1c\r"]
        assert await desk.meanings() == ["delivered"]
        await desk.close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "call.broken"),
        (b"\x0bMSA|AA", "call.broken"),
        (b"MSA|AA|1\r\x1c\r", "answer.framing"),
        (b"\x0b" + b"x" * 5000, "answer.too_large"),
        (None, "call.timeout"),
    ],
)
async def test_an_mllp_answer_that_says_nothing_is_unknown(answer: bytes | None, code: str) -> None:
    async with mllp(answer) as (url, _got):
        with pytest.raises(CallFailed) as raised:
            await call_mllp(url, WireRequest(b"MSH|", ""), Bounds(0.3, 1000))
    assert (raised.value.code, raised.value.away) == (code, False)


async def test_nobody_on_the_mllp_port_means_away() -> None:
    with pytest.raises(CallFailed) as raised:
        await call_mllp("mllp://127.0.0.1:9", WireRequest(b"MSH|", ""), Bounds(1.0))
    assert raised.value.away


async def test_framing_bytes_inside_a_message_are_never_sent() -> None:
    with pytest.raises(Unsendable):
        await call_mllp("mllp://127.0.0.1:9", WireRequest(b"MSH\x1c\rMSH", ""), Bounds(1.0))

"""When the MLLP door closes a connection: silence, too many, stopping; and what it finishes first."""

from __future__ import annotations

import asyncio

from adapters.his_hl7v2.simulator import MllpClient
from gateway.intake.mllp import Peer
from gateway.intake.mllp_frames import framed
from tests.unit.intake.mllp_door import door, line_to, until


async def test_a_silent_connection_is_closed_without_a_word() -> None:
    async with door(idle_timeout=0.1) as listener, line_to(listener) as line:
        assert await line.closed()
        await until(lambda: listener.connections == 0)


async def test_each_message_gives_a_connection_new_time() -> None:
    async with door(idle_timeout=0.3) as listener, line_to(listener) as line:
        for _ in range(4):
            await asyncio.sleep(0.15)
            await line.put(framed(b"one"))
            assert await line.answer() == b"ACK one"


async def test_a_sender_that_never_fetches_its_answers_is_dropped() -> None:
    async def long(content: bytes, peer: Peer) -> bytes:
        return b"A" * 4_000_000

    async with door(long, idle_timeout=0.2) as listener, line_to(listener) as line:
        await line.put(framed(b"one") * 8)
        await until(lambda: listener.connections == 0)


async def test_connections_beyond_the_limit_are_turned_away() -> None:
    async with door(connection_limit=2) as listener:
        async with line_to(listener) as first, line_to(listener) as second:
            await first.put(framed(b"1"))
            await second.put(framed(b"2"))
            assert (await first.answer(), await second.answer()) == (b"ACK 1", b"ACK 2")
            async with line_to(listener) as third:
                assert await third.closed()
        await until(lambda: listener.connections == 0)
        async with MllpClient("127.0.0.1", listener.port) as again:
            assert await again.send(b"4") == b"ACK 4"


async def test_stopping_finishes_the_message_in_flight() -> None:
    begun, gate, finished = asyncio.Event(), asyncio.Event(), []

    async def gated(content: bytes, peer: Peer) -> bytes:
        begun.set()
        await gate.wait()
        finished.append(content)
        return content

    async with door(gated) as listener, line_to(listener) as line, line_to(listener) as idle:
        await line.put(framed(b"one"))
        await begun.wait()
        stopping = asyncio.create_task(listener.stop())
        assert await idle.closed()
        assert not stopping.done()
        gate.set()
        assert await line.answer() == b"one"
        assert await line.closed()
        await stopping
        assert finished == [b"one"]
        assert listener.port == 0


async def test_stopping_does_not_wait_for_ever() -> None:
    async def stuck(content: bytes, peer: Peer) -> bytes:
        await asyncio.sleep(60)
        return content

    async with door(stuck) as listener, line_to(listener) as line:
        await line.put(framed(b"one"))
        await until(lambda: listener.connections == 1)
        async with asyncio.timeout(3):
            await listener.stop(grace=0.1)
        assert await line.closed()

"""The MLLP door over real sockets: messages in, answers out, in order."""

from __future__ import annotations

import asyncio

from adapters.his_hl7v2.simulator import MllpClient
from gateway.intake.mllp import MllpListener, Peer
from gateway.intake.mllp_frames import framed
from tests.unit.intake.mllp_door import HEAD, LIMIT, door, line_to


async def test_a_message_is_answered_on_its_connection() -> None:
    async with door() as listener, MllpClient("127.0.0.1", listener.port) as client:
        assert await client.send(b"one") == b"ACK one"
        assert await client.send(b"two") == b"ACK two"


async def test_bytes_dribbled_one_by_one_make_a_message() -> None:
    async with door() as listener, line_to(listener) as line:
        for byte in framed(HEAD):
            await line.put(bytes([byte]))
            await asyncio.sleep(0)
        assert await line.answer() == b"ACK " + HEAD


async def test_several_frames_in_one_write_are_answered_in_order() -> None:
    async def later(content: bytes, peer: Peer) -> bytes:
        await asyncio.sleep(0.02 if content == b"0" else 0)
        return content

    async with door(later) as listener, line_to(listener) as line:
        await line.put(b"".join(framed(str(number).encode()) for number in range(20)))
        assert [await line.answer() for _ in range(20)] == [
            str(number).encode() for number in range(20)
        ]


async def test_messages_of_one_connection_are_handled_one_after_the_other() -> None:
    running = most = 0

    async def watched(content: bytes, peer: Peer) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        return content

    async with door(watched) as listener, line_to(listener) as line:
        await line.put(framed(b"a") * 5)
        for _ in range(5):
            await line.answer()
    assert most == 1


async def test_connections_do_not_wait_for_each_other() -> None:
    gate = asyncio.Event()

    async def gated(content: bytes, peer: Peer) -> bytes:
        if content == b"slow":
            await gate.wait()
        return content

    async with (
        door(gated) as listener,
        line_to(listener) as slow,
        line_to(listener) as quick,
    ):
        await slow.put(framed(b"slow"))
        await quick.put(framed(b"quick"))
        assert await quick.answer() == b"quick"
        gate.set()
        assert await slow.answer() == b"slow"


async def test_line_ends_between_frames_are_harmless() -> None:
    async with door() as listener, line_to(listener) as line:
        await line.put(b"\r\n" + framed(b"one") + b"\n" + framed(b"two"))
        assert await line.answer() == b"ACK one"
        assert await line.answer() == b"ACK two"


async def test_a_frame_of_exactly_the_limit_is_taken() -> None:
    async with door() as listener, MllpClient("127.0.0.1", listener.port) as client:
        assert await client.send(b"A" * LIMIT) == b"ACK " + b"A" * LIMIT


async def test_a_failure_of_handling_is_answered_ae_and_the_door_stays_open() -> None:
    async def failing(content: bytes, peer: Peer) -> bytes:
        if content == HEAD:
            raise RuntimeError("journal lost")
        return content

    async with door(failing) as listener, MllpClient("127.0.0.1", listener.port) as client:
        refusal = await client.send(HEAD)
        assert b"MSA|AE|M1|" in refusal
        assert b"journal lost" not in refusal
        assert await client.send(b"two") == b"two"


async def test_no_answer_is_sent_where_none_is_wanted() -> None:
    async def mute(content: bytes, peer: Peer) -> bytes:
        return b"" if content == b"quiet" else content

    async with door(mute) as listener, line_to(listener) as line:
        await line.put(framed(b"quiet") + framed(b"loud"))
        assert await line.answer() == b"loud"


async def test_a_hundred_senders_are_served_at_once() -> None:
    async def one(number: int, listener: MllpListener) -> bytes:
        async with MllpClient("127.0.0.1", listener.port) as client:
            return await client.send(str(number).encode())

    async with door(connection_limit=100) as listener:
        answers = await asyncio.gather(*(one(number, listener) for number in range(100)))
        assert answers == [f"ACK {number}".encode() for number in range(100)]


async def test_the_handler_learns_who_is_at_the_other_end() -> None:
    seen: list[Peer] = []

    async def noting(content: bytes, peer: Peer) -> bytes:
        seen.append(peer)
        return b"ok"

    async with door(noting) as listener, line_to(listener) as line:
        await line.put(framed(b"x"))
        await line.answer()
        assert seen == [Peer("127.0.0.1", line.writer.get_extra_info("sockname")[1], "")]

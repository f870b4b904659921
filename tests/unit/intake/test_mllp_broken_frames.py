"""Broken, oversized and endless frames at the MLLP door: refused by their own number."""

from __future__ import annotations

import asyncio

from gateway.intake.mllp_frames import framed
from tests.unit.intake.mllp_door import HEAD, door, line_to


async def test_garbage_before_a_frame_is_refused_and_the_frame_is_taken() -> None:
    async with door() as listener, line_to(listener) as line:
        await line.put(b"GET / HTTP/1.1\r\n\r\n" + framed(b"one"))
        refusal = await line.answer()
        assert b"MSA|AR|" in refusal
        assert b"hl7.framing" in refusal
        assert await line.answer() == b"ACK one"


async def test_a_frame_without_an_end_is_refused_by_its_own_number() -> None:
    async with door() as listener, line_to(listener) as line:
        await line.put(b"\x0b" + HEAD + framed(b"next"))
        refusal = await line.answer()
        assert b"MSA|AR|M1|" in refusal
        assert refusal.startswith(b"MSH|^~\\&|JICAI|GW|HIS|HOSP|20250501020304+0000||ACK^O11^ACK|")
        assert await line.answer() == b"ACK next"


async def test_a_frame_cut_off_by_the_sender_is_refused() -> None:
    async with door() as listener, line_to(listener) as line:
        await line.put(b"\x0b" + HEAD)
        line.writer.write_eof()
        assert b"MSA|AR|M1|" in await line.answer()
        assert await line.closed()


async def test_garbage_without_a_frame_is_refused_at_the_end() -> None:
    async with door() as listener, line_to(listener) as line:
        await line.put(b"MSH|no frame at all")
        line.writer.write_eof()
        assert b"hl7.framing" in await line.answer()
        assert await line.closed()


async def test_an_oversized_frame_is_refused_and_the_connection_closed() -> None:
    async with door() as listener, line_to(listener) as line:
        sending = asyncio.create_task(line.put(b"\x0b" + HEAD + b"A" * 5_000_000))
        refusal = await line.answer()
        assert b"MSA|AR|M1|" in refusal
        assert b"body.too_large" in refusal
        assert await line.closed()
        await asyncio.gather(sending, return_exceptions=True)


async def test_a_half_frame_is_refused_when_its_time_is_over() -> None:
    async with door(idle_timeout=0.15) as listener, line_to(listener) as line:
        await line.put(b"\x0b" + HEAD)
        assert b"hl7.framing" in await line.answer()
        assert await line.closed()


async def test_a_dribbling_sender_cannot_hold_a_frame_open() -> None:
    """Each byte is in time, the frame is not: the whole frame has one deadline."""
    async with door(idle_timeout=0.3) as listener, line_to(listener) as line:

        async def dribble() -> None:
            await line.put(b"\x0b" + HEAD)
            while True:
                await line.put(b"A")
                await asyncio.sleep(0.05)

        dribbling = asyncio.create_task(dribble())
        assert b"hl7.framing" in await line.answer()
        dribbling.cancel()
        await asyncio.gather(dribbling, return_exceptions=True)

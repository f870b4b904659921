"""The MLLP door over real sockets, and its frame reader under every way of cutting bytes."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.his_hl7v2.simulator import MllpClient
from gateway.intake.mllp import Handle, MllpListener, Peer
from gateway.intake.mllp_frames import PATIENCE, Broken, Frame, FrameReader, framed

LIMIT = 2000
HEAD = b"MSH|^~\\&|HIS|HOSP|JICAI|GW|20250501||RDE^O11|M1|P|2.5\r"


async def echo(content: bytes, peer: Peer) -> bytes:
    return b"ACK " + content


@asynccontextmanager
async def door(
    handle: Handle = echo,
    *,
    frame_limit: int = LIMIT,
    idle_timeout: float = 5.0,
    connection_limit: int = 8,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[MllpListener]:
    listener = MllpListener(
        "127.0.0.1",
        0,
        handle,
        frame_limit=frame_limit,
        idle_timeout=idle_timeout,
        connection_limit=connection_limit,
        clock=lambda: datetime(2025, 5, 1, 2, 3, 4, tzinfo=UTC),
        tls=tls,
    )
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(grace=5.0)


class Line:
    """A raw connection: bytes in any shape out, answers in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def put(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        async with asyncio.timeout(5):
            found = await self.reader.readuntil(b"\x1c\r")
        assert found.startswith(b"\x0b")
        return found[1:-2]

    async def closed(self) -> bool:
        async with asyncio.timeout(5):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True


@asynccontextmanager
async def line_to(listener: MllpListener) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


# --------------------------------------------------------------------------- the frame reader

messages = st.binary(max_size=60).map(lambda raw: raw.replace(b"\x0b", b"|").replace(b"\x1c", b"|"))


@given(st.lists(messages, max_size=6), st.data())
def test_frames_are_the_same_however_the_bytes_are_cut(
    contents: list[bytes], data: st.DataObject
) -> None:
    stream = b"\r\n".join(map(framed, contents))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = FrameReader(LIMIT)
    events: list[Frame | Broken] = []
    for begin, end in itertools.pairwise([0, *cuts, len(stream)]):
        events += reader.feed(stream[begin:end])
    assert events == [Frame(content) for content in contents]
    assert reader.cut_off() is None


@given(st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"a", b"\n"]), max_size=40), st.data())
def test_garbage_is_found_in_the_same_places_however_it_is_cut(
    pieces: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(pieces)
    whole, single = FrameReader(8), FrameReader(8)
    at_once = whole.feed(stream)
    bytewise = [event for byte in stream for event in single.feed(bytes([byte]))]
    assert bytewise == at_once
    assert single.inside is whole.inside
    assert single.cut_off() == whole.cut_off()


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"xyz" + framed(b"A"), ["hl7.framing", b"A"]),
        (framed(b"A") + b"xyz" + framed(b"B"), [b"A", "hl7.framing", b"B"]),
        (b"\x0bhalf" + framed(b"A"), ["hl7.framing", b"A"]),
        (b"\x0bA\x1cB" + framed(b"C"), ["hl7.framing", b"C"]),
        (b"\x0bA\x1c\n" + framed(b"C"), ["hl7.framing", b"C"]),
        (b"\x0bA\x1c" + framed(b"C"), ["hl7.framing", b"C"]),
        (b"\x0b" + b"A" * 8 + b"\x1c\r", [b"A" * 8]),
        (b"\x0b" + b"A" * 9 + b"\x1c\r", ["body.too_large"]),
        (b"A" * 8, []),
        (b"A" * 9, ["body.too_large"]),
        (b"\r\n\r\n" + framed(b"A") + b"\n" + framed(b"B"), [b"A", b"B"]),
        (framed(b""), [b""]),
        (b"", []),
    ],
)
def test_a_broken_frame_does_not_cost_the_next_one(
    stream: bytes, expected: list[bytes | str]
) -> None:
    reader = FrameReader(8)
    events = reader.feed(stream)
    shown = [event.content if isinstance(event, Frame) else event.found.code for event in events]
    assert shown == expected


def test_the_reader_holds_no_more_than_its_limit() -> None:
    reader = FrameReader(100)
    (found,) = reader.feed(b"\x0b" + b"A" * 100_000)
    assert isinstance(found, Broken)
    assert found.fatal
    assert len(found.seen) <= 101
    assert reader.feed(framed(b"B")) == []


def test_the_reader_gives_up_after_broken_frames_in_a_row() -> None:
    events = FrameReader(100).feed(b"\x0b" * 5000)
    assert len(events) == PATIENCE
    assert [isinstance(event, Broken) and event.fatal for event in events] == [
        *[False] * (PATIENCE - 1),
        True,
    ]


def test_a_good_frame_restores_patience() -> None:
    events = FrameReader(100).feed((b"x" * 3 + framed(b"A")) * (3 * PATIENCE))
    assert sum(isinstance(event, Frame) for event in events) == 3 * PATIENCE


# --------------------------------------------------------------------------- the door


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


async def test_garbage_before_a_frame_is_refused_and_the_frame_is_taken() -> None:
    async with door() as listener, line_to(listener) as line:
        await line.put(b"GET / HTTP/1.1\r\n\r\n" + framed(b"one"))
        refusal = await line.answer()
        assert b"MSA|AR|" in refusal
        assert b"hl7.framing" in refusal
        assert await line.answer() == b"ACK one"


async def test_line_ends_between_frames_are_harmless() -> None:
    async with door() as listener, line_to(listener) as line:
        await line.put(b"\r\n" + framed(b"one") + b"\n" + framed(b"two"))
        assert await line.answer() == b"ACK one"
        assert await line.answer() == b"ACK two"


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


async def test_a_frame_of_exactly_the_limit_is_taken() -> None:
    async with door() as listener, MllpClient("127.0.0.1", listener.port) as client:
        assert await client.send(b"A" * LIMIT) == b"ACK " + b"A" * LIMIT


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throw-away key and certificate for 127.0.0.1 in one file."""
    folder = tmp_path_factory.mktemp("tls")
    pem, key = folder / "both.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_text(pem.read_text() + key.read_text())
    return pem


async def test_messages_travel_over_tls_and_plain_text_does_not(certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    asking = ssl.create_default_context(cafile=str(certificate))
    async with door(tls=serving, idle_timeout=1.0) as listener:
        async with MllpClient("127.0.0.1", listener.port, tls=asking) as client:
            assert await client.send(b"one") == b"ACK one"
        async with line_to(listener) as line:
            await line.put(framed(b"plain"))
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError, AssertionError)):
                await line.answer()

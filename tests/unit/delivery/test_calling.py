"""HTTP/1.1 as partners really speak it, byte by byte."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from adapters._kit.protocol import WireRequest, WireResponse
from gateway.delivery.calling import Bounds, CallFailed, call_http, delivery_client

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Script:
    """Answers each request with the next of its pieces; None hangs up instead of answering."""

    def __init__(self, *answers: Sequence[bytes] | bytes | None, hangs_up: bool = False) -> None:
        self.answers = list(answers)
        self.hangs_up = hangs_up
        self.connections = 0
        self.requests: list[bytes] = []
        self.open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                answer = self.answers.pop(0)
                if answer is None:
                    break
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.005)
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.sleep(0.01)


async def call(
    client: httpx.AsyncClient, url: str, body: bytes = b"<x/>", seconds: float = 0.5
) -> WireResponse:
    asked = WireRequest(body, "text/xml", "/in", idempotency_key="k")
    return await call_http(client, url, asked, Bounds(seconds, 1 << 20))


async def test_each_call_has_a_connection_of_its_own() -> None:
    script = Script(OK, OK, OK)
    async with delivery_client(1.0) as client, serving(script) as url:
        answers = [await call(client, url, bytes(n)) for n in range(3)]
    assert [each.body for each in answers] == [b"ok"] * 3
    assert script.connections == 3
    assert script.requests[2].startswith(b"POST /in HTTP/1.1\r\nHost: 127.0.0.1:")
    assert script.requests[2].endswith(b"\r\n\r\n\0\0")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n",
            b"ok!",
        ),
        (b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK, b"ok"),
        ([bytes([each]) for each in OK], b"ok"),
    ],
)
async def test_answers_are_read_in_every_lawful_shape(
    answer: Sequence[bytes] | bytes, body: bytes
) -> None:
    script = Script(answer, OK)
    async with delivery_client(1.0) as client, serving(script) as url:
        first = await call(client, url)
        second = await call(client, url)
    assert (first.body, second.body) == (body, b"ok")
    assert "link" not in first.headers
    assert "x" not in first.headers


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200\r\nX: y\r\n\r\n"],
)
async def test_without_a_length_the_end_of_the_connection_is_the_end(head: bytes) -> None:
    script = Script([head, b"whole ", b"body"], hangs_up=True)
    async with delivery_client(1.0) as client, serving(script) as url:
        assert (await call(client, url)).body == b"whole body"


async def test_a_second_answer_nobody_asked_for_is_not_taken_for_the_next() -> None:
    smuggled = b"HTTP/1.1 200 OK\r\nX-Evil: 1\r\nContent-Length: 4\r\n\r\nevil"
    script = Script(OK + smuggled, OK)
    async with delivery_client(1.0) as client, serving(script) as url:
        first = await call(client, url)
        second = await call(client, url)
    assert (first.body, second.body) == (b"ok", b"ok")
    assert "x-evil" not in first.headers
    assert "x-evil" not in second.headers


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "call.broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Len", "call.broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "call.broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", "call.broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "call.broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!", "call.broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", "call.broken"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "call.broken"),
        (b"\x16\x03\x01\x00\x00", "call.broken"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            "call.broken",
        ),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * (80 << 10), "call.broken"),
        ([b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n" * 2000] * 12], "call.broken"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"z" * (3 << 20), "answer.too_large"),
    ],
    ids=lambda each: str(each)[:60],
)
async def test_a_broken_answer_is_unknown(
    answer: Sequence[bytes] | bytes | None, code: str
) -> None:
    script = Script(answer, hangs_up=True)
    async with delivery_client(1.0) as client, serving(script) as url:
        with pytest.raises(CallFailed) as raised:
            await call(client, url)
    assert (raised.value.code, raised.value.away) == (code, False)


async def test_an_answer_that_drips_without_end_runs_into_the_time_limit() -> None:
    script = Script([OK[:-2], *[b"" for _ in range(300)]])
    async with delivery_client(1.0) as client, serving(script) as url:
        with pytest.raises(CallFailed) as raised:
            await call(client, url)
        assert raised.value.code == "call.timeout"


async def test_a_partner_that_does_not_answer_in_tls_is_away() -> None:
    script = Script(OK)
    async with delivery_client(1.0) as client, serving(script) as url:
        with pytest.raises(CallFailed) as raised:
            await call(client, url.replace("http:", "https:"), seconds=2.0)
    assert raised.value.away
    assert script.requests == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
async def test_a_certificate_nobody_vouches_for_is_refused_and_a_known_one_is_not(
    tmp_path: Path,
) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate]
    made += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(made, check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    script = Script(OK)
    async with serving(script, tls) as url:
        async with delivery_client(5.0) as stranger:
            with pytest.raises(CallFailed) as raised:
                await call(stranger, url, seconds=5.0)
        assert raised.value.away
        assert script.requests == []
        vouched = ssl.create_default_context(cafile=certificate)
        async with httpx.AsyncClient(verify=vouched, timeout=5.0) as client:
            assert (await call(client, url, seconds=5.0)).body == b"ok"

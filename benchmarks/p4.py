"""P4 accept: HTTP, answered after the durable commit with dedupe and chain; single and batches of 100.

    python -m benchmarks.p4 [--journal sqlite|postgres] [--seconds N] [--connections N]

Starts `jicai serve` as its own process on loopback and drives it from this one over kept-alive
connections, every request signed (HMAC-SHA-256). Bounded in time; prints rate, p50 and p99, and beside
them the limit: the same database's own group commit of bare rows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import uvloop

from gateway.intake.signing import sign

PARTNER = "bench-platform"
BATCH = 100
TARGET = "/v1/messages"
SECRET = b"bench-only-secret"


def event(number: int) -> bytes:
    """Return one canonical order event of about 1 KB."""
    lines = [
        {
            "line_no": at,
            "local_code": f"P{at:05d}",
            "unified_code": "XJ01XDT045A001010104642",
            "quantity": "120.0000",
            "unit_price": "1.250000",
            "amount": "150.00",
        }
        for at in range(1, 5)
    ]
    data = {
        "msg_id": f"M{number}",
        "order_no": f"O{number}",
        "institution": "H53010200001",
        "distributor": "91530381MA6NGW556N",
        "placed_at": "2026-01-05T09:00:00+08:00",
        "lines": lines,
        "total": "600.00",
    }
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"bench-{number}",
            "source": f"urn:jicai:partner:{PARTNER}",
            "type": "cn.jicai.order.placed.v1",
            "data": data,
        }
    )


def write_home(home: Path) -> None:
    """Lay out a home with one partner that speaks unified codes."""
    (home / "secrets").mkdir()
    key = home / "secrets" / f"{PARTNER}.key"
    key.touch(mode=0o600)
    key.write_bytes(SECRET)
    (home / "partners.toml").write_text(
        f'[[partner]]\nid = "{PARTNER}"\nname = "基准平台"\ninterface = "canonical"\n'
        'region = "530000"\nnative_codes = ["product", "institution", "enterprise"]\n',
        encoding="utf-8",
    )


@contextlib.asynccontextmanager
async def served(journal: str) -> AsyncIterator[int]:
    """Run `jicai serve` on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="jicai-p4-") as folder:
        home = Path(folder)
        write_home(home)
        environment = os.environ | {
            "JICAI_HOME": folder,
            "JICAI_JOURNAL": journal,
            "JICAI_PORT": str(port),
            "JICAI_MLLP_PORT": "0",
            "JICAI_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", "gateway.cli", "serve"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603, ASYNC220 - our own program
        try:
            await _until_open(port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


async def _until_open(port: int) -> None:
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit("jicai serve did not open its port")


def request(body: bytes, content_type: str) -> bytes:
    """Return a signed HTTP/1.1 request as bytes."""
    headers = sign(
        PARTNER, SECRET, "POST", TARGET, body, int(time.time()), nonce=secrets.token_hex(12)
    )
    head = [f"POST {TARGET} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {content_type}"]
    head += [
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def drive(port: int, connections: int, seconds: float, batch: int) -> tuple[int, list[float]]:
    """Send for some seconds over that many connections; return messages accepted and latencies."""
    latencies: list[float] = []
    accepted = 0
    numbers = iter(range(1, 1 << 60))
    run_id = secrets.randbits(40)
    ends = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal accepted
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < ends:
            events = [event(run_id * 10**9 + next(numbers)) for _ in range(batch)]
            kind = "application/x-ndjson" if batch > 1 else "application/cloudevents+json"
            sent = request(b"\n".join(events), kind)
            begun = time.perf_counter()
            writer.write(sent)
            status, answer = await _answer(reader)
            latencies.append(time.perf_counter() - begun)
            if status != 200:
                raise SystemExit(f"status {status}: {answer[:300]!r}")
            accepted += answer.count(b'"accepted"') if batch > 1 else 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return accepted, latencies


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return status, body
    at = lowered.find(b"content-length:") + 15
    return status, await reader.readexactly(int(head[at : head.find(b"\r\n", at)]))


def bare_sqlite(rows_per_commit: int, seconds: float) -> float:
    """Return rows/s of SQLite's own group commit (WAL, FULL) of bare 1 KB rows: the limit."""
    with tempfile.TemporaryDirectory(prefix="jicai-bare-") as folder:
        database = sqlite3.connect(f"{folder}/bare.db", isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        database.execute("create table t(k integer primary key, v blob)")
        row, done, ends = os.urandom(1024), 0, time.perf_counter() + seconds
        while time.perf_counter() < ends:
            database.execute("begin immediate")
            database.executemany("insert into t(v) values (?)", [(row,)] * rows_per_commit)
            database.execute("commit")
            done += rows_per_commit
        database.close()
        return done / seconds


async def measure(journal: str, seconds: float, connections: int) -> dict[str, float]:
    """Return the figures of one journal."""
    async with served(journal) as port:
        await drive(port, 4, 1.0, 1)  # warm
        singles, waits = await drive(port, connections, seconds, 1)
        batches, _ = await drive(port, 8, seconds, BATCH)
    ordered = sorted(waits)
    return {
        "single_per_s": singles / seconds,
        "p50_ms": statistics.median(ordered) * 1000,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000,
        "batch_per_s": batches / seconds,
    }


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--journal", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    found = uvloop.run(measure(options.journal, options.seconds, options.connections))
    print(
        f"P4 journal={options.journal}: single {found['single_per_s']:.0f}/s "
        f"(p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms), "
        f"batches of {BATCH}: {found['batch_per_s']:.0f} messages/s"
    )
    if options.journal == "sqlite":
        limit = bare_sqlite(BATCH, 2.0)
        print(f"   limit: bare SQLite at {BATCH} rows a commit {limit:.0f} rows/s")


if __name__ == "__main__":
    main()

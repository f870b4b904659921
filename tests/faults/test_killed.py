"""Killed at any moment, the gateway loses no accepted message and doubles no effect.

`jicai up` runs as its own process under load and is ended by SIGKILL again and again, at moments drawn
from a seeded generator: while it accepts, while it judges, while it delivers. The partner does what a
partner must: it sends again, under the same id, whatever was not answered. At the end every figure that a
loss or a doubling would change is checked: an institution that accepted seven tenths of its task is warned
with exactly seven tenths, and the insurer has each conclusion once.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.intake.server import HttpServer
from gateway.intake.signing import sign

PARTNER, INSURER, SECRET = "test-platform", "test-insurer", b"synthetic-secret"
REGION = "520000"
INSTITUTIONS, ACCEPTANCES = 12, 7
TARGET = "/v1/messages"
KILLS = int(os.environ.get("JICAI_TEST_KILLS", "6"))


class Insurer:
    """The insurer's side: remembers every notice by its key; says so when it had it before."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        key = json.loads(body)["msgid"]
        self.seen[key] = self.seen.get(key, 0) + 1
        answer = {"infcode": "0", "output": {"result": {"retRslt": "1", "msgRslt": ""}}}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


class Process:
    """One `jicai up`, killed and started again on the same home and port."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._environment = (
            os.environ
            | environment
            | {
                "JICAI_HOME": str(home),
                "JICAI_PORT": str(self.port),
                "JICAI_MLLP_PORT": "0",
                "JICAI_DELIVERY_BACKOFF": "0.05",
                "JICAI_LOG_LEVEL": "error",
            }
        )
        self._log = home / "up.log"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "up"],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._running is not None:
            self._running.send_signal(how)
            self._running.wait(30)
            self._running = None

    def command(self, *words: str) -> Any:
        """Run another `jicai` command on the same home and return the JSON it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "gateway.cli", *words, "--json"],
            env=self._environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)


def event(number: str, kind: str, data: dict[str, Any]) -> bytes:
    shown = {
        "specversion": "1.0",
        "id": number,
        "source": f"urn:jicai:partner:{PARTNER}",
        "type": f"cn.jicai.{kind}.v1",
        "data": data,
    }
    return json.dumps(shown, ensure_ascii=False).encode()


def institution(number: int) -> str:
    return f"H520102{number:05d}"


def task(number: int) -> bytes:
    data = {
        "local_code": "JCP-TEST",
        "unified_code": "JCP-TEST",
        "drug": "D-TEST",
        "drug_name": "合成示例药",
        "institution_local": institution(number),
        "institution": institution(number),
        "region": REGION,
        "batch": "TEST-01",
        "task_volume": "400.0000",
        "quarters": ["100.0000"] * 4,
        "term_from": "2020-01-01",
        "term_to": "2020-12-31",
        "assigned_on": "2020-01-01",
    }
    return event(f"task-{number}", "volume.task_assigned", data)


def acceptance(number: int, part: int) -> bytes:
    data = {
        "receipt_no": f"R{number}-{part}",
        "line_no": 1,
        "institution_local": institution(number),
        "institution": institution(number),
        "region": REGION,
        "local_code": "JCP-TEST",
        "unified_code": "JCP-TEST",
        "drug": "D-TEST",
        "accepted_quantity": "10.0000",
        "unit_price": "1.000000",
        "amount": "10.00",
        "accepted_at": f"2020-02-{part + 1:02d}T09:00:00+08:00",
    }
    return event(f"acceptance-{number}-{part}", "acceptance.recorded", data)


def closing() -> bytes:
    data = {"region": REGION, "period": "2020-Q1", "ended_on": "2020-03-31"}
    return event("close-2020-Q1", "volume.period_closed", data)


async def send(port: int, body: bytes) -> str:
    """Send until there is an answer; what was not answered is sent again under the same id."""
    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        headers = sign(
            PARTNER, SECRET, "POST", TARGET, body, int(time.time()), nonce=secrets.token_hex(12)
        )
        headers["content-type"] = "application/cloudevents+json"
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
                answer = await client.post(
                    f"http://127.0.0.1:{port}{TARGET}", content=body, headers=headers
                )
        except httpx.HTTPError:
            await asyncio.sleep(0.05)
            continue
        if answer.status_code == 503:
            await asyncio.sleep(0.05)
            continue
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        assert shown["verdict"] in {"accepted", "duplicate"}
        return str(shown["id"])
    raise AssertionError("no answer in 90 s")


async def until_judged(port: int, ids: list[str]) -> None:
    """Wait until the policies have judged all of these: a quarter closes when its receipts are at rest."""
    ends = time.monotonic() + 90
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        for identity in ids:
            target = f"{TARGET}/{identity}"
            while True:
                assert time.monotonic() < ends, "not judged in 90 s"
                headers = sign(
                    PARTNER,
                    SECRET,
                    "GET",
                    target,
                    b"",
                    int(time.time()),
                    nonce=secrets.token_hex(12),
                )
                answer = await client.get(f"http://127.0.0.1:{port}{target}", headers=headers)
                states = answer.json().get("states", ()) if answer.status_code == 200 else ()
                if "concluded" in {each["state"] for each in states}:
                    break
                await asyncio.sleep(0.1)


async def until_up(port: int) -> None:
    """Wait until the process answers after it was last started."""
    ends = time.monotonic() + 60
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        while time.monotonic() < ends:
            try:
                await client.get(f"http://127.0.0.1:{port}/v1/interfaces")
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return
    raise AssertionError("the process does not answer")


def write_home(home: Path, insurer_port: int) -> None:
    (home / "secrets").mkdir(parents=True)
    for name in (PARTNER, INSURER):
        key = home / "secrets" / f"{name}.key"
        key.touch(mode=0o600)
        key.write_bytes(SECRET)
    (home / "partners.toml").write_text(
        f"""
[[partner]]
id = "{PARTNER}"
name = "合成示例平台"
interface = "canonical"
region = "{REGION}"
native_codes = ["product", "institution", "enterprise"]

[[partner]]
id = "{INSURER}"
name = "合成示例医保"
interface = "insurance_nhsa"
region = "{REGION}"
url = "http://127.0.0.1:{insurer_port}"
settings = {{ account = "test", fixmedins_code = "H52010200001", fixmedins_name = "合成示例医院", recer_sys_code = "JC", mdtrtarea_admvs = "520102", opter = "gateway", opter_name = "网关" }}
""",
        encoding="utf-8",
    )
    (home / "routes.toml").write_text(
        f'[[route]]\ntypes = ["cn.jicai.progress.warn*", "cn.jicai.settlement.*"]\nto = "{INSURER}"\n'
        'reason = "合成测试路由"\n',
        encoding="utf-8",
    )


@asynccontextmanager
async def insurer() -> AsyncIterator[tuple[Insurer, int]]:
    side = Insurer()
    server = HttpServer(side, "127.0.0.1", 0)
    await server.start()
    try:
        yield side, server.port
    finally:
        await server.stop()


async def keep_killing(process: Process, moments: random.Random, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(moments.uniform(0.05, 1.6))
        await asyncio.to_thread(process.kill)
        process.start()


async def judge(home: Path, environment: dict[str, str], seed: int) -> None:
    moments = random.Random(seed)
    async with insurer() as (side, port):
        write_home(home, port)
        process = Process(home, environment)
        process.start()
        try:
            killing = asyncio.create_task(keep_killing(process, moments, KILLS))
            bodies = [task(number) for number in range(INSTITUTIONS)]
            bodies += [
                acceptance(number, part)
                for part in range(ACCEPTANCES)
                for number in range(INSTITUTIONS)
            ]
            slots = asyncio.Semaphore(6)

            async def one(body: bytes) -> str:
                async with slots:
                    await asyncio.sleep(moments.uniform(0, 0.2))
                    return await send(process.port, body)

            accepted = await asyncio.gather(*map(one, bodies))
            await killing
            await until_up(process.port)
            await until_judged(process.port, accepted)
            killing = asyncio.create_task(keep_killing(process, moments, max(2, KILLS // 3)))
            accepted.append(await send(process.port, closing()))
            await killing
            await _until(lambda: len(side.seen) >= INSTITUTIONS, 60)
            # killed between the insurer's answer and our receipt, it asks the insurer once more
            await asyncio.to_thread(until_receipts, process)
            await asyncio.sleep(1.0)  # for what would be doubled
            process.kill(signal.SIGTERM)
            check(process, side, accepted)
        finally:
            process.kill()


def until_receipts(process: Process) -> None:
    ends = time.monotonic() + 60
    while len(process.command("search", "--kind", "receipt", "--limit", "10000")) < INSTITUTIONS:
        assert time.monotonic() < ends, "an answer of the insurer is not in the journal after 60 s"
        time.sleep(0.2)


def check(process: Process, side: Insurer, accepted: list[str]) -> None:
    assert len(set(accepted)) == len(accepted)
    assert process.command("verify")["ok"] is True
    entries = process.command("search", "--kind", "message", "--limit", "10000")
    ids = [each["id"] for each in entries]
    assert len(ids) == len(set(ids)), "a message stands twice in the journal"
    assert set(accepted) <= set(ids), "an accepted message is lost"
    warned = [each["data"] for each in entries if each["type"] == "cn.jicai.progress.warned.v1"]
    assert {each["institution"] for each in warned} == {
        institution(number) for number in range(INSTITUTIONS)
    }
    assert len(warned) == INSTITUTIONS
    assert {each["accepted_quantity"] for each in warned} == {"70.0000"}
    assert not [each for each in entries if each["type"].startswith("cn.jicai.settlement")]
    receipts = process.command("search", "--kind", "receipt", "--limit", "10000")
    causes = [each["causation_id"] for each in receipts]
    assert sorted(causes) == sorted(
        each["id"] for each in entries if ".progress.warned." in each["type"]
    )
    assert len(side.seen) == INSTITUTIONS, "the insurer has another number of conclusions"


async def _until(met: Any, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends, f"not met within {seconds} s"
        await asyncio.sleep(0.1)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_under_load_nothing_is_lost_or_doubled_on_sqlite(
    tmp_path: Path, seed: int
) -> None:
    await judge(tmp_path / "home", {"JICAI_JOURNAL": "sqlite"}, seed)


@pytest.mark.timeout(300)
@pytest.mark.postgres
async def test_killed_under_load_nothing_is_lost_or_doubled_on_postgres(
    tmp_path: Path, postgres_url: str
) -> None:
    environment = {"JICAI_JOURNAL": "postgres", "JICAI_POSTGRES": postgres_url}
    await judge(tmp_path / "home", environment, 3)


@pytest.mark.timeout(400)
@pytest.mark.kafka
@pytest.mark.postgres
async def test_killed_under_load_nothing_is_lost_or_doubled_on_kafka_and_postgres(
    tmp_path: Path, postgres_url: str, kafka_bootstrap: str
) -> None:
    environment = {
        "JICAI_JOURNAL": "postgres",
        "JICAI_POSTGRES": postgres_url,
        "JICAI_BUS": "kafka",
        "JICAI_KAFKA": kafka_bootstrap,
        "JICAI_TOPIC_PREFIX": f"killed-{secrets.token_hex(4)}",
    }
    await judge(tmp_path / "home", environment, 4)

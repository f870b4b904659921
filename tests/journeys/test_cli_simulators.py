"""Every interface's other side as a running program, to wire against."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from adapters._kit.protocol import Recipient, Sender
from adapters.registry import INTERFACES
from schemas.events import TRACE_PACK_DISPENSED, TRACE_PACK_RECEIVED, TRACE_PACK_SHIPPED
from tests.adapters.samples import RECEIVED_AT, message_of, outbound_samples
from tests.journeys.command_line import Program, jicai

RECEIVERS = ("insurance_nhsa", "yunnan_procurement")
SECRET = "synthetic-key"


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    running: list[Program] = []
    yield running
    for one in running:
        one.kill()


def serve(programs: list[Program], home: Path, *words: str) -> tuple[Program, str]:
    one = Program(home, "simulate", *words, "--port", "0")
    programs.append(one)
    return one, one.said(r"(http://127\.0\.0\.1:[0-9]+)")[1]


def deliver(name: str, base: str, secret: str) -> httpx.Response:
    interface = INTERFACES[name]
    assert interface.write is not None
    sample = next(one for one in outbound_samples() if one.interface.name == name)
    now = now_text()
    recipient = Recipient("p", "530000", now, 1, {}, secret.encode())
    request = interface.write(message_of(sample.expected), recipient)
    headers = {**request.headers, "content-type": request.content_type}
    return httpx.post(
        base + request.path, content=request.body, headers=headers, trust_env=False, timeout=20
    )


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def test_a_receiver_prints_what_it_hears_in_its_moods_and_stops_at_once(
    programs: list[Program], tmp_path: Path
) -> None:
    words = ("insurance_nhsa", "--secret", SECRET, "--mood", "unavailable,ok", "--json")
    one, base = serve(programs, tmp_path, *words)
    assert deliver("insurance_nhsa", base, SECRET).status_code == 503
    assert deliver("insurance_nhsa", base, SECRET).json()["infcode"] == "0"
    assert deliver("insurance_nhsa", base, "wrong-key").json()["infcode"] != "0"
    one.said('"about":"3501 .*签名')
    heard = [orjson.loads(line) for line in one.lines[1:]]
    assert [each["status"] for each in heard] == [503, 200, 200]
    assert [each["mood"] for each in heard] == ["unavailable", "ok", "ok"]
    assert len(httpx.get(f"{base}/_ledger", trust_env=False).json()["received"]) == 1

    httpx.post(f"{base}/_control", json={"always": "lost", "hang": 60}, trust_env=False)
    hanging = threading.Thread(target=lambda: deliver("insurance_nhsa", base, SECRET))
    hanging.start()
    one.said('"mood":"lost"')
    code, seconds = one.terminate()
    hanging.join()
    assert code == 0
    assert seconds < 5


def test_the_platform_receives_and_sends_to_itself_in_words_for_people(
    programs: list[Program], tmp_path: Path
) -> None:
    one, base = serve(programs, tmp_path, "yunnan_procurement")
    assert deliver("yunnan_procurement", base, SECRET).status_code == 200
    line = one.said(r"[0-9:]{8}  /\S*  [0-9]+ B  200 .*PriceNotice \S+ → 00000 成功")
    assert line


class Gateway:
    def __init__(self, home: Path, programs: list[Program]) -> None:
        self.home, self.secrets = home, {}
        for name in INTERFACES:
            if INTERFACES[name].read is None:
                continue
            partner = f"test-{name.replace('_', '-')}"
            words = ["--name", "合成示例", "--interface", name, "--region", "530000", "--json"]
            words += ["--sender-id", partner] if name == "his_hl7v2" else []
            self.secrets[name] = jicai(home, "partner", "add", partner, *words)["secret"]
        program = Program(home, "up", "--port", "0", "--mllp-port", "0")
        programs.append(program)
        self.http = program.said(r"HTTP\s+http://(127\.0\.0\.1:[0-9]+)")[1]
        self.mllp = program.said(r"MLLP\s+(127\.0\.0\.1:[0-9]+)")[1]


def test_every_sender_is_heard_by_a_gateway(programs: list[Program], tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "home", programs)
    for name, secret in gateway.secrets.items():
        to = gateway.mllp if INTERFACES[name].transport == "mllp" else gateway.http
        partner = f"test-{name.replace('_', '-')}"
        words = ("--to", to, "--partner", partner, "--secret", secret, "--count", "3")
        said = jicai(tmp_path, "simulate", name, *words)
        assert "3/3 被接收" in said, name
        assert said.count("held") == 3 if name != "trace_epcis" else "accepted" in said
    wrong = ("--partner", "test-platform-json", "--secret", "wrong", "--count", "1")
    said = jicai(tmp_path, "simulate", "platform_json", "--to", gateway.http, *wrong, code=1)
    assert "auth.signature" in said
    a_trace_system_sends_on_command_and_shows_its_events(gateway, programs, tmp_path)


def a_trace_system_sends_on_command_and_shows_its_events(
    gateway: Gateway, programs: list[Program], tmp_path: Path
) -> None:
    secret = gateway.secrets["trace_epcis"]
    words = ("trace_epcis", "--partner", "test-trace-epcis", "--secret", secret)
    _, base = serve(programs, tmp_path, *words)
    with httpx.Client(base_url=base, trust_env=False) as client:
        sent = client.post("/_send", json={"to": gateway.http, "count": 3})
        assert (sent.status_code, len(sent.json()["sent"])) == (200, 3)
        assert client.get("/_ledger").json()["said"] == 3
        assert client.get("/elsewhere").status_code == 404
        events = client.get("/events")
        for wrong in (b"{", b"[]", b'{"count":0}', b'{"count":true}', b'{"odd":1}', b"{}"):
            assert client.post("/_send", content=wrong).status_code == 422
        assert client.post("/_send", json={"to": "127.0.0.1:1"}).status_code == 502
    read = INTERFACES["trace_epcis"].read
    assert read is not None
    document = read(events.content, Sender("p", "530000", RECEIVED_AT, "application/ld+json"))
    types: list[Any] = [each.type for each in document.drafts]
    assert types == [TRACE_PACK_SHIPPED, TRACE_PACK_RECEIVED, TRACE_PACK_DISPENSED]
    assert re.fullmatch("application/ld[+]json", events.headers["content-type"])

"""An operator's day beside a running gateway: held and released, explained, verified, stopped."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.platform_json.simulator import order_document
from gateway.intake.signing import sign
from tests.journeys.command_line import Program, jicai, wait_for

PARTNER = "test-platform"
HOSPITAL, DISTRIBUTOR = "H53010100001", "91530100MA6K2ABC0X"
TARGET = "/v1/interfaces/platform_json/messages"
CODES = f"""partner,kind,local_code,unified_code,valid_from,valid_to
{PARTNER},institution,{HOSPITAL},{HOSPITAL},2020-01-01,
{PARTNER},enterprise,{DISTRIBUTOR},{DISTRIBUTOR},2020-01-01,
{PARTNER},product,YP-KNOWN,JCP-KNOWN,2020-01-01,
{PARTNER},product,YP-OTHER,JCP-OTHER,2020-01-01,
"""


def order(message: int, number: int, code: str) -> bytes:
    head = {
        "msg_id": f"{message:016X}",
        "partner": "SYN",
        "order_no": f"SY{number:012d}",
        "hospital": HOSPITAL,
        "distributor": DISTRIBUTOR,
        "placed_at": "2026-03-01T09:00:00+08:00",
    }
    return order_document([{"code": code, "qty": "1.0000", "unit_price": "2.500000"}], head)


OPERATORS = """
[[operator]]
id = "li-ming"
name = "经办甲"
may = ["propose", "approve"]

[[operator]]
id = "wang-fang"
name = "经办乙"
may = ["approve"]
"""


class Desk:
    """A running gateway and the operator beside it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        words = ("--name", "合成示例平台", "--interface", "platform_json", "--region", "530000")
        made = jicai(home, "partner", "add", PARTNER, *words, "--json")
        self.secret: str = made["secret"]
        (home / "codes").mkdir()
        (home / "codes" / "synthetic.csv").write_text(CODES, encoding="utf-8")
        (home / "operators.toml").write_text(OPERATORS, encoding="utf-8")
        self.program = Program(home, "up", "--port", "0", "--mllp-port", "0")
        self.port = int(self.program.said(r"HTTP\s+http://127\.0\.0\.1:([0-9]+)")[1])

    def headers(self, body: bytes) -> dict[str, str]:
        now = int(time.time())
        signed = sign(PARTNER, self.secret.encode(), "POST", TARGET, body, now)
        return signed | {"content-type": "application/json"}

    def send(self, body: bytes) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}{TARGET}"
        answer = httpx.post(url, content=body, headers=self.headers(body), trust_env=False)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()["lines"][0]
        return told

    def ask(self, *words: str) -> Any:
        return jicai(self.home, *words, "--json")

    def on_the_bus(self) -> list[str]:
        return [each["id"] for each in self.ask("topics", "tail", "vbp.order.placed")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path / "home")
    try:
        yield one
    finally:
        one.program.kill()


def test_an_unknown_code_is_held_mapped_released_in_order_and_accounted_for(desk: Desk) -> None:
    unknown = order(1, 100, "YP-NEW")
    first = desk.send(unknown)
    behind = desk.send(order(2, 100, "YP-KNOWN"))
    other = desk.send(order(3, 200, "YP-OTHER"))
    states = [each["state"] for each in (first, behind, other)]
    assert states == ["held", "held", "accepted"]

    held = desk.ask("codes", "held")
    assert [each["id"] for each in held] == [first["id"], behind["id"]]
    assert [[one["code"] for one in each["issues"]] for each in held] == [["code.unknown"], []]
    assert desk.on_the_bus() == [other["id"]]
    assert [each["id"] for each in desk.ask("search", "--kind", "held")] == [
        behind["id"],
        first["id"],
    ]

    wanted = ("codes", "propose", PARTNER, "YP-NEW", "JCP-NEW", "--from", "2026-01-01")
    filed = desk.ask(*wanted, "--by", "li-ming", "--evidence", "同一批准文号")
    assert "两人经办" in jicai(
        desk.home, "codes", "approve", filed["id"], "--by", "li-ming", code=1
    )
    desk.ask("codes", "approve", filed["id"], "--by", "wang-fang")
    wait_for(lambda: desk.ask("codes", "held") == [], "the holds are released")

    assert desk.on_the_bus() == [other["id"], first["id"], behind["id"]]
    again = desk.send(unknown)
    assert (again["state"], again["id"]) == ("duplicate", first["id"])
    assert desk.on_the_bus() == [other["id"], first["id"], behind["id"]]
    beside_a_running_gateway(desk, first["id"])
    a_second_gateway_is_refused(desk)
    a_stop_finishes_what_is_in_flight(desk)
    one_changed_byte_is_found_and_located(desk.home, first["id"])


def beside_a_running_gateway(desk: Desk, released: str) -> None:
    assert desk.ask("explain", released)["id"] == released
    shown = desk.ask("search", "--partner", PARTNER, "--kind", "message")
    coded = {each["data"]["lines"][0]["unified_code"] for each in shown}
    assert coded == {"JCP-NEW", "JCP-KNOWN", "JCP-OTHER"}
    ends = [each for each in desk.ask("topics", "list") if each["topic"] == "vbp.order.placed"]
    assert sum(each["end"] - each["offset"] for each in ends) >= 3
    wait_for(lambda: sum(each["lag"] for each in desk.ask("topics", "lag")) == 0, "no lag")
    assert desk.ask("verify")["ok"] is True
    assert desk.ask("replay", "list") == []
    assert desk.ask("check")["findings"] == []


def a_second_gateway_is_refused(desk: Desk) -> None:
    said = jicai(desk.home, "up", "--port", "0", "--mllp-port", "0", code=2)
    assert str(desk.home) in said
    pid = desk.program.said(r"pid ([0-9]+)")[1]
    assert pid in said


def a_stop_finishes_what_is_in_flight(desk: Desk) -> None:
    body = order(4, 300, "YP-OTHER")
    head = [f"POST {TARGET} HTTP/1.1", "host: x", f"content-length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in desk.headers(body).items()]
    with socket.create_connection(("127.0.0.1", desk.port), timeout=10) as slow:
        slow.sendall("\r\n".join([*head, "", ""]).encode() + body[:40])
        time.sleep(0.3)
        desk.program.ask_to_stop()
        desk.program.said("stopping")
        slow.sendall(body[40:])
        asked = time.monotonic()
        answer = slow.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    assert desk.program.ended() == 0
    assert time.monotonic() - asked < 10
    assert "已停止 stopped" in desk.program.lines[-1]
    assert len(desk.on_the_bus()) == 4


def one_changed_byte_is_found_and_located(home: Path, victim: str) -> None:
    intact = jicai(home, "verify", "--json")
    assert intact["ok"] is True
    copy = home.with_name("tampered")
    shutil.copytree(home, copy)
    with sqlite3.connect(copy / "journal.db") as database:
        # the copy is out of the gateway's reach: whoever can write files can drop its guards
        guards = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in guards.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        where = "kind = 'message' AND id = ?"
        place = database.execute(f"SELECT shard, seq FROM entry WHERE {where}", (victim,))
        shard, seq = place.fetchone()
        database.execute(
            f"UPDATE entry SET data = CAST(replace(CAST(data AS TEXT), '2.50', '2.51') AS BLOB) "
            f"WHERE {where}",
            (victim,),
        )
    database.close()
    found = jicai(copy, "verify", "--json", code=4)
    broken = [each for each in found["shards"] if not each["ok"]]
    assert [(each["shard"], each["seq"]) for each in broken] == [(shard, seq)]
    assert f"BROKEN at {seq}" in jicai(copy, "verify", code=4)

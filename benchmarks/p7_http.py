"""P7 over HTTP: codes translated and validated by batch, whole gateway in a process of its own.

python -m benchmarks.p7_http [--rows 100000] [--batch 10000] [--seconds 5]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import orjson

ADMIN = "synthetic-admin-key"
PORT = 18655
PARTNER = """
[[partner]]
id = "his"
name = "合成示例医院"
interface = "canonical"
region = "530000"
auth = "api_key"
"""


def furnish(home: Path, rows: int) -> None:
    """Write a home with one partner and a crosswalk of so many rows."""
    (home / "codes").mkdir()
    (home / "partners.toml").write_text(PARTNER, encoding="utf-8")
    head = "partner,kind,local_code,unified_code,valid_from,valid_to"
    lines = (f"his,product,YP{n:07d},XA01AAA001A001{n:09d},2026-01-01," for n in range(rows))
    (home / "codes" / "all.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


def asked(path: str, rows: int, batch: int) -> bytes:
    """Return one question of a whole batch."""
    if path == "translate":
        codes = [f"YP{n * 7919 % rows:07d}" for n in range(batch)]
        return orjson.dumps({"partner": "his", "on": "2026-03-01", "codes": codes})
    codes = [f"XJ01XDT045A001010{n:06d}" for n in range(batch)]
    return orjson.dumps({"code_type": "nhsa_drug_western", "codes": codes})


def rate(client: httpx.Client, path: str, body: bytes, batch: int, seconds: float) -> float:
    """Return codes per second over some seconds."""
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        answer = client.post(f"/v1/codes/{path}", content=body)
        answer.raise_for_status()
        done += batch
    return done / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        furnish(home, given.rows)
        environment = {
            **os.environ,
            "JICAI_HOME": str(home),
            "JICAI_PORT": str(PORT),
            "JICAI_MLLP_PORT": "0",
            "JICAI_ADMIN_KEY": ADMIN,
            "JICAI_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", "gateway.cli", "serve"]
        with subprocess.Popen(command, env=environment) as gateway:  # noqa: S603 - our own program
            base, head = f"http://127.0.0.1:{PORT}", {"x-admin-key": ADMIN}
            with httpx.Client(base_url=base, headers=head, timeout=60) as client:
                _until_up(client)
                for path in ("translate", "validate", "parse"):
                    body = asked(path, given.rows, given.batch)
                    found = rate(client, path, body, given.batch, given.seconds)
                    print(f"{path:10} {found:12,.0f} codes/s in batches of {given.batch}")
            gateway.terminate()


def _until_up(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            client.get("/v1/interfaces")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the gateway did not come up")


if __name__ == "__main__":
    main()

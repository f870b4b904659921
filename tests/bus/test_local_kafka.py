"""The local node: started once, ended alone, clear when something is missing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gateway.bus import local_kafka
from gateway.errors import Misconfigured
from tests.kafka_fixture import started


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("node")
    started(folder)
    yield folder
    local_kafka.down(folder)


@pytest.mark.kafka
def test_starting_twice_starts_one(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = local_kafka.status(node)
    assert running is not None
    assert local_kafka.up(node, 0) == running.bootstrap
    assert local_kafka.main(["up", "--dir", str(node), "--port", "0"]) == 0
    assert capsys.readouterr().out.strip() == running.bootstrap
    assert local_kafka.main(["status", "--dir", str(node)]) == 0
    assert running.bootstrap in capsys.readouterr().out
    assert local_kafka.status(node) == running


@pytest.mark.kafka
def test_a_taken_port_is_named(node: Path, tmp_path: Path) -> None:
    running = local_kafka.status(node)
    assert running is not None
    with pytest.raises(Misconfigured, match=f"port {running.port} is taken"):
        local_kafka.up(tmp_path, running.port)


def test_only_the_process_that_was_started_is_ended(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        record = {"pid": bystander.pid, "port": 1, "controller_port": 2}
        (tmp_path / "node.json").write_bytes(orjson.dumps(record))
        assert local_kafka.status(tmp_path) is None
        assert local_kafka.down(tmp_path) is False
        assert bystander.poll() is None
        bystander.communicate(b"\n")
    assert bystander.returncode == 0


@pytest.mark.parametrize("record", [b"", b"{}", b"[1]", b'{"pid": "x"}', b"\xff"])
def test_an_unreadable_record_means_that_nothing_runs(tmp_path: Path, record: bytes) -> None:
    (tmp_path / "node.json").write_bytes(record)
    assert local_kafka.status(tmp_path) is None


def test_ending_what_never_ran_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert local_kafka.main(["down", "--dir", str(tmp_path / "none")]) == 0
    assert local_kafka.main(["status", "--dir", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == ["not running", "not running"]


def test_a_missing_java_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert local_kafka.main(["up", "--dir", str(tmp_path), "--port", str(port)]) == 1
    assert "java is not installed" in capsys.readouterr().err


def test_a_missing_maven_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.setattr(local_kafka, "LIBRARY", tmp_path / "cache" / "lib")
    with pytest.raises(Misconfigured, match="mvn is not installed"):
        local_kafka.up(tmp_path, 0)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")
def test_a_process_that_is_dead_and_not_yet_reaped_by_its_parent_is_gone() -> None:
    """Else whoever ends a node that another program started would wait for ever."""
    # a shell may reap the child before it becomes another program; this parent never does
    never_reaping = (
        "import os, sys, time; print(os.fork() or os._exit(0), flush=True); time.sleep(20)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", never_reaping], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    with holder, holder.stdout as said:
        try:
            zombie = int(said.readline())
            state = Path(f"/proc/{zombie}/stat")
            for _ in range(500):
                if state.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "Z":
                    break
                time.sleep(0.01)
            assert local_kafka._command_line(zombie) == []
        finally:
            holder.kill()

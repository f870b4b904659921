"""本地 Kafka: a real single Apache Kafka node for tests and local runs, from Maven's jars.

`python -m gateway.bus.local_kafka up|down|status [--dir DIR] [--port PORT]`. The jars are fetched once
into `.cache/kafka/lib` of the checkout; a node lives in `--dir` (default `.cache/kafka`) with its data,
its log and a file that says which process it is. Linux and macOS.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import fcntl
import hashlib
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Final

import orjson
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from gateway.errors import GatewayError, Misconfigured, Unavailable

ROOT: Final = Path(__file__).resolve().parents[2]
RECIPE: Final = ROOT / "deploy" / "kafka"
DEFAULT_FOLDER: Final = ROOT / ".cache" / "kafka"
LIBRARY: Final = DEFAULT_FOLDER / "lib"
DEFAULT_PORT: Final = 9092
HOST: Final = "127.0.0.1"

_MAIN: Final = "kafka.Kafka"
_STORAGE: Final = "kafka.tools.StorageTool"
_HEAP: Final = ("-Xms128m", "-Xmx512m", "-XX:+UseG1GC", "-Djava.awt.headless=true")
_FETCH_SECONDS: Final = 900
_LOGGED: Final = f"-Dlog4j2.configurationFile={RECIPE / 'log4j2.properties'}"
_PORTS: Final = range(20_000, 32_000)
_UP_SECONDS: Final = 120
_PROBE_SECONDS: Final = 5
_DOWN_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Node:
    """A running node, as its file says: process, port of the broker, port of the controller."""

    pid: int
    port: int
    controller_port: int

    @property
    def bootstrap(self) -> str:
        """Return the address for clients."""
        return f"{HOST}:{self.port}"


def up(folder: Path = DEFAULT_FOLDER, port: int = DEFAULT_PORT) -> str:
    """Start a node in `folder` unless it runs already, wait until it answers; return its address.

    Port 0 takes a free one. Raises Misconfigured (java, Maven or the port is missing) and Unavailable
    (the node does not come up; the sentence names its log).
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        running = _running(folder)
        if running is not None:
            _await_answer(running, folder)
            return running.bootstrap
        java = _program("java", "Java 17 or newer")
        fetch_jars()
        node = _start(java, folder, port or _free_port())
        try:
            _await_answer(node, folder)
        except GatewayError:
            _end(node, signal.SIGKILL)
            raise
        return node.bootstrap


def down(folder: Path = DEFAULT_FOLDER, *, hard: bool = False) -> bool:
    """End the node of `folder`, and only that process; return whether there was one.

    `hard` kills it outright, as a failing machine would.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        return False
    with _alone(folder):
        node = _running(folder)
        if node is not None:
            _end(node, signal.SIGKILL if hard else signal.SIGTERM)
        _record(folder).unlink(missing_ok=True)
        return node is not None


def status(folder: Path = DEFAULT_FOLDER) -> Node | None:
    """Return the node that runs in `folder`, or None."""
    return _running(folder.resolve())


# ------------------------------------------------------------------------ the process


def _record(folder: Path) -> Path:
    return folder / "node.json"


def _running(folder: Path) -> Node | None:
    """Return the recorded node if that process is alive and is the one started for this folder."""
    try:
        node = Node(**orjson.loads(_record(folder).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    command = _command_line(node.pid)
    # a pid may have been given to another program since
    ours = _MAIN in command and str(folder / "server.properties") in command
    return node if ours else None


def _command_line(pid: int) -> list[str]:
    """Return the arguments of a live process; [] when it is gone (or dead and not yet reaped)."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        if _is_zombie(pid):
            return []
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        if Path("/proc/self").exists():
            return []
    shown = subprocess.run(  # noqa: S603 - a fixed command, no shell
        ["ps", "-ww", "-p", str(pid), "-o", "args="],  # noqa: S607 - where there is no /proc
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.split()


def _is_zombie(pid: int) -> bool:
    """Return whether a process is dead and waits for its parent. Raises OSError when it is gone."""
    # "pid (name) state …"; the name may hold anything. A process that has only just begun has no command
    # line either, so that alone says nothing.
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return told.rpartition(")")[2].split()[0] in {"Z", "X"}


def _start(java: str, folder: Path, port: int) -> Node:
    controller_port = _free_port()
    _refuse_taken(port)
    properties = folder / "server.properties"
    data = folder / "data"
    template = Template((RECIPE / "server.properties").read_text(encoding="utf-8"))
    properties.write_text(
        template.substitute(port=port, controller_port=controller_port, data=data),
        encoding="utf-8",
    )
    if not (data / "meta.properties").exists():
        _format(java, properties)
    with (folder / "kafka.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - a fixed command, no shell
            [*_java(java), *_HEAP, _LOGGED, _MAIN, str(properties)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    node = Node(process.pid, port, controller_port)
    _record(folder).write_bytes(orjson.dumps(asdict(node)))
    # the node outlives this program; Popen must not complain about that
    process.returncode = 0
    return node


def _java(java: str) -> list[str]:
    return [java, "-cp", f"{LIBRARY}/*"]


def _format(java: str, properties: Path) -> None:
    # a cluster id is a UUID in 22 characters; "k" in front keeps it from looking like an option
    identity = f"k{base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]}"
    _run(
        [*_java(java), _STORAGE, "format", "-t", identity, "-c", str(properties)],
        "format the data folder",
        60,
    )


def _end(node: Node, how: signal.Signals) -> None:
    deadline = time.monotonic() + _DOWN_SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.kill(node.pid, how)
        while _command_line(node.pid):
            if time.monotonic() > deadline:
                os.kill(node.pid, signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.05)
    # its first thread may be dead while others still hold the port
    deadline = time.monotonic() + _DOWN_SECONDS
    while _listens(node.port) and time.monotonic() < deadline:
        time.sleep(0.05)


def _await_answer(node: Node, folder: Path) -> None:
    """Return as soon as the broker answers a client. Raises Unavailable when it ends or takes long."""
    deadline = time.monotonic() + _UP_SECONDS
    # in a thread of its own: the caller may be running an event loop
    with ThreadPoolExecutor(1) as aside:
        while time.monotonic() < deadline and _command_line(node.pid):
            if _listens(node.port) and aside.submit(_answers, node.bootstrap).result():
                return
            time.sleep(0.1)
    raise Unavailable(f"the local Kafka did not come up; its log is {folder / 'kafka.log'}")


def _answers(bootstrap: str) -> bool:
    return asyncio.run(_describe(bootstrap))


async def _describe(bootstrap: str) -> bool:
    quiet = logging.getLogger("aiokafka")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await client.start()
            described = await client.describe_cluster()
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()
        quiet.setLevel(level)
    return bool(described.get("brokers"))


# ------------------------------------------------------------------------ what it needs


def fetch_jars() -> None:
    """Fetch the jars that deploy/kafka/pom.xml names, once per version of that file.

    Takes a minute or more the first time. Raises Misconfigured (no Maven, or it fails) and Unavailable.
    """
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    recipe = RECIPE / "pom.xml"
    wanted = hashlib.sha256(recipe.read_bytes()).hexdigest()
    stamp = LIBRARY.parent / "lib.sha256"
    with _alone(LIBRARY.parent, "lib.lock"):
        if stamp.exists() and stamp.read_text() == wanted and any(LIBRARY.glob("kafka_*.jar")):
            return
        maven = _program("mvn", "Apache Maven 3.6 or newer")
        shutil.rmtree(LIBRARY, ignore_errors=True)
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={LIBRARY}"]
        command = [maven, "-q", "-B", "-f", str(recipe), *goal]
        _run(command, "fetch the jars with Maven", _FETCH_SECONDS)
        stamp.write_text(wanted)


def _program(name: str, what: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Misconfigured(f"{name} is not installed: a local Kafka needs {what} on the PATH")
    return found


def _run(command: Sequence[str], purpose: str, seconds: float) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands, no shell
            command, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"could not {purpose} within {seconds:.0f} s") from error
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise Misconfigured(f"could not {purpose}: {last}")
    return done.stdout


def _free_port() -> int:
    """Return a port that nobody listens on, below those that clients are given for their own end.

    A client that calls a port of that range again and again while nobody listens there is sooner or
    later given the same port for its own end: it is then connected to itself, and the port is taken.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise Misconfigured(f"no free port between {_PORTS.start} and {_PORTS.stop}")


def _refuse_taken(port: int) -> None:
    if _listens(port):
        raise Misconfigured(f"port {port} is taken by another program; choose one with --port")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


@contextlib.contextmanager
def _alone(folder: Path, name: str = "node.lock") -> Iterator[None]:
    """Let one program at a time start or stop things in a folder."""
    with (folder / name).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when done (status: when it runs), 1 otherwise."""
    parser = argparse.ArgumentParser(prog="local_kafka", description=__doc__)
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("--dir", type=Path, default=DEFAULT_FOLDER, help="folder of the node")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0: any free port")
    given = parser.parse_args(arguments)
    try:
        return _act(given.action, given.dir, given.port)
    except GatewayError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _act(action: str, folder: Path, port: int) -> int:
    if action == "up":
        sys.stdout.write(f"{up(folder, port)}\n")
        return 0
    if action == "down":
        sys.stdout.write("stopped\n" if down(folder) else "not running\n")
        return 0
    node = status(folder)
    sys.stdout.write(f"{node.bootstrap} pid {node.pid}\n" if node else "not running\n")
    return 0 if node else 1


if __name__ == "__main__":
    raise SystemExit(main())

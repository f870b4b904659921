"""The `jicai` command as an operator runs it: long-running ones as processes, the others here."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway import cli

COMMAND = (sys.executable, "-m", "gateway.cli")


class Program:
    """One long-running command; its lines are read as they come."""

    def __init__(self, home: Path, *words: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name[:6] != "JICAI_"}
        environment |= {"JICAI_HOME": str(home), "JICAI_LOG_LEVEL": "warning", "COLUMNS": "300"}
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [*COMMAND, *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self, pattern: str) -> re.Match[str]:
        """Return the first match in what was printed so far or will be soon."""
        found: re.Match[str] = wait_for(lambda: re.search(pattern, "\n".join(self.lines)), pattern)
        return found

    def terminate(self) -> tuple[int, float]:
        """Ask it to stop; return exit code and the seconds that it took."""
        asked = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self.ended(), time.monotonic() - asked

    def ask_to_stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        code = self._process.wait(30)
        self._reading.join(5)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self.ended()


def wait_for(look: Callable[[], Any], what: object, seconds: float = 20.0) -> Any:
    """Return what `look` finds as soon as it finds something."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not in {seconds} s")


def jicai(home: Path, *words: str, code: int = 0) -> Any:
    """Run a short command on a home through its outermost door; return its JSON (else its text).

    In this process: a start of its own would cost more than all that it does.
    """
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with pytest.MonkeyPatch.context() as changed:
        for name in [name for name in os.environ if name.startswith("JICAI_")]:
            changed.delenv(name)
        changed.setenv("JICAI_HOME", str(home))
        changed.setattr(sys, "argv", ["jicai", *words])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = _ended()
    out.flush()
    printed = out.buffer.getvalue() if isinstance(out.buffer, io.BytesIO) else b""
    assert ended == code, printed.decode() + err.getvalue()
    return orjson.loads(printed) if "--json" in words else printed.decode() + err.getvalue()


def _ended() -> int:
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0

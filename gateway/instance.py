"""进程名: a name for this process that a restart on the same machine gets again.

Leases (relay, deliveries) belong to a name. A process killed and started again takes its own leases back
at once instead of waiting for them to run out; two live processes never have the same name, because the
name is a locked file and the lock ends with the process.
"""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured

SLOTS: Final = 256


class Instance:
    """The lowest free slot of a home directory, held until `release` or the end of the process."""

    def __init__(self, home: Path) -> None:
        """Take a slot. Raises Misconfigured when the folder cannot be written or all are taken."""
        folder = home / "run"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"{home}: {error.strerror}") from error
        for slot in range(SLOTS):
            handle = os.open(folder / f"{slot}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                continue
            self._handle = handle
            self.name = f"{socket.gethostname()}-{home.resolve().name}-{slot}"
            return
        raise Misconfigured(f"{folder}: {SLOTS} processes already run on this home")

    def release(self) -> None:
        """Give the slot back."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

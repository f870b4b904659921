"""验链: walks the audit chains in the background, one walk at a time, and remembers how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from gateway.errors import Tampered
from gateway.log_events import CHAIN_BROKEN, WORK_FAILED, log
from gateway.ports import Journal


@dataclass(slots=True)
class Verification:
    """How the last walk stands: per shard the number verified, and the first break if there is one."""

    state: Literal["never", "running", "intact", "broken", "failed"] = "never"
    began_at: str = ""
    ended_at: str = ""
    verified: dict[int, int] = field(default_factory=dict)
    broken_shard: int = -1
    broken_seq: int = -1
    what: str = ""

    def shown(self) -> dict[str, Any]:
        """Return it for an answer."""
        shown: dict[str, Any] = {
            "state": self.state,
            "began_at": self.began_at,
            "ended_at": self.ended_at,
            "verified": {str(shard): seq for shard, seq in sorted(self.verified.items())},
        }
        if self.state in {"broken", "failed"}:
            shown["broken"] = {
                "shard": self.broken_shard,
                "seq": self.broken_seq,
                "what": self.what,
            }
        return shown


class ChainWatch:
    """Verifies on demand. `status` is the last or running walk's."""

    def __init__(self, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._journal, self._clock = journal, clock
        self.status = Verification()
        self._walking: asyncio.Task[None] | None = None

    def begin(self) -> bool:
        """Start a walk over all shards; False when one is under way."""
        if self._walking is not None and not self._walking.done():
            return False
        self.status = Verification("running", self._clock().isoformat())
        self._walking = asyncio.create_task(self._walk(self.status))
        return True

    async def finished(self) -> Verification:
        """Wait for the walk under way and return its result."""
        if self._walking is not None:
            await self._walking
        return self.status

    async def stop(self) -> None:
        """Give up the walk under way."""
        if self._walking is not None:
            self._walking.cancel()
            await asyncio.gather(self._walking, return_exceptions=True)

    async def _walk(self, status: Verification) -> None:
        try:
            for shard in range(self._journal.shards):
                status.verified[shard] = 0
                async for seq in self._journal.verify(shard):
                    status.verified[shard] = seq
        except Tampered as error:
            status.state, status.what = "broken", error.what
            status.broken_shard, status.broken_seq = error.shard, error.seq
            log(CHAIN_BROKEN, shard=error.shard, seq=error.seq)
        except Exception as error:  # noqa: BLE001 - not verified is not intact; shown and logged
            status.state, status.what = "failed", type(error).__name__
            log(WORK_FAILED, task="ops.chain", error=type(error).__name__)
        else:
            status.state = "intact"
        status.ended_at = self._clock().isoformat()

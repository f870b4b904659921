"""租约: at most one process relays a shard at a time, for as long as the clocks roughly agree.

A lease only saves double work. That nothing is lost or goes backwards rests on the versions of the
remembered positions, not on clocks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from gateway.errors import Contended
from gateway.ports import Commit, Journal, Stored, Write

SPACE: Final = "lease"


class Lease:
    """The right to relay one shard. `clock` gives the time with its zone."""

    def __init__(
        self, journal: Journal, key: str, owner: str, seconds: float, clock: Callable[[], datetime]
    ) -> None:
        self._journal = journal
        self._key = key
        self._owner = owner
        self._duration = timedelta(seconds=seconds)
        self._clock = clock
        self._until = datetime.min.replace(tzinfo=UTC)
        self._version = 0

    async def hold(self) -> bool:
        """Take the lease, or renew it when half of it has gone; False while another owner has it."""
        now = self._clock()
        if self._until - now > self._duration / 2:
            return True
        stored = await self._journal.get(SPACE, self._key)
        if stored is not None and not self._is_free(stored, now):
            self.forget()
            return False
        until = now + self._duration
        version = stored.version if stored else 0
        if not await self._write(until, version):
            self.forget()
            return False
        self._until, self._version = until, version + 1
        return True

    async def release(self) -> None:
        """Give the lease back, so that another process need not wait for its end."""
        now = self._clock()
        held = self._until > now
        self.forget()
        if held:
            # ended, not deleted: a deleted value's versions would begin anew and could be mistaken
            await self._write(now, self._version)

    def forget(self) -> None:
        """Hold nothing any more; the lease runs out by itself."""
        self._until = datetime.min.replace(tzinfo=UTC)

    async def _write(self, until: datetime, version: int) -> bool:
        value = orjson.dumps({"owner": self._owner, "until": until.isoformat()})
        try:
            await self._journal.commit(Commit(writes=[Write(SPACE, self._key, value, version)]))
        except Contended:
            return False
        return True

    def _is_free(self, stored: Stored, now: datetime) -> bool:
        try:
            held = orjson.loads(stored.value)
            until = datetime.fromisoformat(held["until"])
            return held["owner"] == self._owner or until <= now
        except (ValueError, KeyError, TypeError):
            return True  # not a lease; whoever wrote it does not renew it

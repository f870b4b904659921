"""租约: which process sends to a partner, when several share a journal.

The lease keeps order (one sender per partner); it is not what keeps effects single: an item leaves the
queue by compare-and-set, and the partner sees the same idempotency key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import orjson

from gateway.errors import Contended
from gateway.ports import Commit, Journal, Write

LEASES: Final = "delivery/leases"
TERM: Final = timedelta(seconds=30)


class Lease:
    """One process's claim on one partner's queue. With an empty `owner` it is always held."""

    def __init__(self, journal: Journal, partner: str, owner: str, term: timedelta = TERM) -> None:
        self._journal, self._partner, self._owner, self._term = journal, partner, owner, term
        self._until: datetime | None = None

    async def held(self, now: datetime) -> bool:
        """Take or renew the claim; False while another process has it."""
        if not self._owner:
            return True
        if self._until is not None and now < self._until - self._term / 2:
            return True
        stored = await self._journal.get(LEASES, self._partner)
        if stored is not None:
            given = orjson.loads(stored.value)
            lapsed = datetime.fromisoformat(given["until"]) <= now
            if given["owner"] != self._owner and not lapsed:
                self._until = None
                return False
        until = now + self._term
        value = orjson.dumps({"owner": self._owner, "until": until.isoformat()})
        version = stored.version if stored else 0
        try:
            await self._journal.commit(
                Commit(writes=[Write(LEASES, self._partner, value, expected=version)])
            )
        except Contended:
            self._until = None
            return False
        self._until = until
        return True

    async def released(self) -> None:
        """Give the claim up, so that another process may go on at once."""
        if self._until is None:
            return
        self._until = None
        stored = await self._journal.get(LEASES, self._partner)
        if stored is None or orjson.loads(stored.value)["owner"] != self._owner:
            return
        try:
            await self._journal.commit(
                Commit(writes=[Write(LEASES, self._partner, None, expected=stored.version)])
            )
        except Contended:
            return

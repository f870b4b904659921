"""转发: brings the journal's rows to Kafka, in order per shard, at least once.

Each shard's position is remembered in the journal after its rows were acknowledged. A crash between the
two publishes some rows again, with the same ids; it never loses one.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.bus.lease import Lease
from gateway.errors import Contended, GatewayError, Unavailable
from gateway.log_events import RELAY_BEHIND, log
from gateway.ports import Bus, Commit, Head, Journal, Write

SPACE: Final = "relay"
BATCH: Final = 2000
LEASE_SECONDS: Final = 10.0
"""How long a shard waits when the process that relayed it was killed. A publish may take longer than
that; then another process may publish the same rows too, and the positions' versions settle it."""
_IDLE_SECONDS: Final = 0.5
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0


@dataclass(slots=True)
class _Position:
    """Where a shard's relay stands: last row published, version of that word in the journal."""

    published: int
    version: int
    read_to: int
    """Last row looked at; behind `published` stand only rows that are not published."""


class Relay:
    """Publishes the rows of all shards that this process holds the lease of.

    `owner` names the process (default: a fresh name); `clock` gives the time with its zone; `batch` is
    the number of rows published at once.
    """

    def __init__(
        self,
        journal: Journal,
        bus: Bus,
        clock: Callable[[], datetime],
        *,
        owner: str = "",
        batch: int = BATCH,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._journal = journal
        self._bus = bus
        self._batch = batch
        self._owner = owner or uuid.uuid4().hex
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._leases: dict[int, Lease] = {}
        self._positions: dict[int, _Position] = {}
        self._stepping = asyncio.Lock()

    async def step(self) -> int:
        """Publish up to a batch of each shard that is ours; return the number of rows published.

        A shard that fails does not keep the others back; then the first failure is raised:
        Misconfigured before Unavailable. Calls that overlap wait for each other: two at once would both
        publish the same rows, which one process alone need never do.
        """
        async with self._stepping:
            shards = range(self._journal.shards)
            ended = await asyncio.gather(*map(self._relay, shards), return_exceptions=True)
        failures = [each for each in ended if isinstance(each, BaseException)]
        for failure in sorted(failures, key=_retryable):
            raise failure
        return sum(each for each in ended if isinstance(each, int))

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop` is set; what fails is tried again after a growing pause."""
        pause = _FIRST_PAUSE
        try:
            while not stop.is_set():
                try:
                    published = await self.step()
                except GatewayError as error:
                    log(RELAY_BEHIND, reason=str(error), pause=round(pause, 1))
                    await _pause(stop, pause)
                    pause = min(_LONGEST_PAUSE, pause * random.uniform(1.5, 2.5))  # noqa: S311
                    continue
                pause = _FIRST_PAUSE
                if not published:
                    await self._idle(stop)
        finally:
            await self.release()

    async def release(self) -> None:
        """Give all leases back."""
        try:
            for lease in self._leases.values():
                await lease.release()
        except GatewayError as error:
            log(RELAY_BEHIND, reason=str(error))  # they run out by themselves

    async def behind(self) -> dict[int, int]:
        """Return by shard how many rows are not yet published (held ones and receipts counted in)."""
        stored = await self._journal.get_many(SPACE, [str(n) for n in range(self._journal.shards)])
        published = {int(shard): int(found.value) for shard, found in stored.items()}
        heads = await self._journal.heads()
        return {head.shard: head.seq - published.get(head.shard, 0) for head in heads}

    async def drained(self) -> bool:
        """Tell whether every published row of the journal has reached the bus."""
        stored = await self._journal.get_many(SPACE, [str(n) for n in range(self._journal.shards)])
        for shard in range(self._journal.shards):
            found = stored.get(str(shard))
            if await self._journal.read(shard, int(found.value) if found else 0, 1):
                return False
        return True

    async def _relay(self, shard: int) -> int:
        if not await self._lease(shard).hold():
            self._positions.pop(shard, None)
            return 0
        position = self._positions.get(shard) or await self._recall(shard)
        self._positions[shard] = position
        end = await self._end(shard)
        rows = await self._journal.read(shard, position.read_to, self._batch)
        if rows:
            await self._bus.relay(rows)
            await self._remember(shard, position, rows[-1].seq)
        if len(rows) < self._batch:
            position.read_to = max(position.read_to, end)
        return len(rows)

    async def _recall(self, shard: int) -> _Position:
        stored = await self._journal.get(SPACE, str(shard))
        if stored is None:
            return _Position(0, 0, 0)
        return _Position(int(stored.value), stored.version, int(stored.value))

    async def _remember(self, shard: int, position: _Position, published: int) -> None:
        write = Write(SPACE, str(shard), str(published).encode(), position.version)
        try:
            await self._journal.commit(Commit(writes=[write]))
        except Contended:
            # another process relays this shard too: it goes on, this one begins anew
            self._positions.pop(shard, None)
            self._lease(shard).forget()
            return
        except GatewayError:
            self._positions.pop(shard, None)
            raise
        position.published = position.read_to = published
        position.version += 1

    def _lease(self, shard: int) -> Lease:
        if shard not in self._leases:
            self._leases[shard] = Lease(
                self._journal, f"relay/{shard}", self._owner, self._lease_seconds, self._clock
            )
        return self._leases[shard]

    async def _end(self, shard: int) -> int:
        return next(head.seq for head in await self._journal.heads() if head.shard == shard)

    async def _idle(self, stop: asyncio.Event) -> None:
        """Wait for new rows, not long: leases that others let go of are looked for as well."""
        heads = [Head(shard, position.read_to, "") for shard, position in self._positions.items()]
        if heads:
            await self._journal.wait(heads, _IDLE_SECONDS)
        else:
            await _pause(stop, _IDLE_SECONDS)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _retryable(failure: BaseException) -> int:
    """Order failures: what is not the gateway's own first, then what no retry mends, then the rest."""
    if not isinstance(failure, GatewayError):
        return 0
    return 2 if isinstance(failure, Unavailable) else 1

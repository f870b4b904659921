"""等待: waiting until a chain has grown, by our own commits at once, by others' within a short while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from gateway.errors import Unavailable
from gateway.ports import Head

POLL_SECONDS: Final = 0.05
"""How late another process's commit is noticed."""


class Watch:
    """The ends of the chains as last seen. One poll serves all who wait; nobody waiting, no polling."""

    def __init__(self, look: Callable[[], Awaitable[list[Head]]]) -> None:
        self._look = look
        self._ends: dict[int, int] = {}
        self._grown = asyncio.Event()
        self._waiting = 0
        self._polling: asyncio.Task[None] | None = None

    def saw(self, ends: Mapping[int, int]) -> None:
        """Take note of the ends of some chains and wake up who waits for them."""
        grew = False
        for shard, seq in ends.items():
            if seq > self._ends.get(shard, 0):
                self._ends[shard] = seq
                grew = True
        if grew:
            self._grown.set()
            self._grown = asyncio.Event()

    async def wait(self, heads: Sequence[Head], timeout: float) -> bool:
        """Return True as soon as one of these chains is longer than said, False after `timeout` s."""
        if self._past(heads):
            return True
        self._waiting += 1
        try:
            async with asyncio.timeout(timeout):
                while not self._past(heads):
                    if self._polling is None:
                        self._polling = asyncio.create_task(self._poll(), name="journal-watch")
                    await self._grown.wait()
        except TimeoutError:
            return self._past(heads)
        finally:
            self._waiting -= 1
        return True

    async def stop(self) -> None:
        """End the polling."""
        polling, self._polling = self._polling, None
        if polling is not None:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling

    def _past(self, heads: Sequence[Head]) -> bool:
        return any(self._ends.get(head.shard, 0) > head.seq for head in heads)

    async def _poll(self) -> None:
        try:
            while self._waiting:
                with suppress(Unavailable):  # down for a while: who waits has its own time limit
                    self.saw({head.shard: head.seq for head in await self._look()})
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._polling = None

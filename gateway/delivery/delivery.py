"""下发: the delivery room as a whole: bus → queues → partners → receipts.

`Delivery.run` for a process; `queue_step` and `send_step` for whoever wants to go step by step.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from datetime import datetime
from typing import Final

import httpx

from adapters._kit.protocol import Interface
from gateway.delivery import standing
from gateway.delivery.address import address_findings, parallel_of
from gateway.delivery.dead_letters import DeadLetters, count
from gateway.delivery.equipment import Equipment, Limits, Line
from gateway.delivery.queue_item import COUNTERS, queue_space
from gateway.delivery.queueing import Queueing
from gateway.delivery.routes import Routes
from gateway.delivery.schedule import Schedule
from gateway.delivery.sending import Lane
from gateway.delivery.standing import Standing
from gateway.log_events import DELIVERY_RESUMED, WORK_FAILED, log
from gateway.partners import Partner, Partners
from gateway.ports import Bus, Journal
from gateway.settings import Settings

FETCH_WAIT: Final = 0.5
WATCH_EVERY: Final = 0.5
TROUBLE_WAIT: Final = 1.0


def limits_of(settings: Settings) -> Limits:
    """Return the limits of sending that the settings ask for."""
    return Limits(seconds=settings.delivery_timeout, attempts=settings.delivery_attempts)


class Delivery:
    """See the module. The routes say in whose dialect; `counted` gets (partner, meaning) per attempt.

    Several processes may share a journal: each then has an `owner` name of its own (see lease.py); the
    only process leaves it empty. `draw` (0 ≤ x < 1) is the jitter of retries.
    """

    def __init__(
        self,
        journal: Journal,
        bus: Bus,
        partners: Partners,
        routes: Routes,
        settings: Settings,
        clock: Callable[[], datetime],
        client: httpx.AsyncClient,
        *,
        counted: Callable[[str, str], None] | None = None,
        owner: str = "",
        limits: Limits | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._journal = journal
        self._queueing = Queueing(journal, bus, routes, clock)
        schedule = Schedule(settings.delivery_backoff, settings.delivery_backoff_cap, draw)
        self._equipment = Equipment(
            journal,
            client,
            clock,
            schedule,
            limits or limits_of(settings),
            counted or (lambda _partner, _meaning: None),
            owner,
        )
        self._partners = partners
        self._lanes: dict[str, Lane] = {}
        self._seen: dict[str, int] = {}
        self.dead_letters = DeadLetters(journal, clock)

    def replace(self, partners: Partners, routes: Routes) -> None:
        """Go on with other partners and routes; what is under way ends as it began."""
        self._partners, self._queueing.routes = partners, routes
        for name, lane in self._lanes.items():
            lane.line = self._line(name)
            lane.wake()

    # ------------------------------------------------------------------ step by step

    async def queue_step(self, timeout: float = 0.0) -> int:
        """Queue one batch from the bus; return how many deliveries were queued. Raises Unavailable."""
        return await self._queueing.step(timeout)

    async def send_step(self) -> int:
        """Make the deliveries that may begin now, of all partners; return how many were tried."""
        await self._watch()
        ended = await asyncio.gather(
            *(lane.step() for lane in self._lanes.values()), return_exceptions=True
        )
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return sum(each for each in ended if isinstance(each, int))

    # ------------------------------------------------------------------ as a process

    async def run(self, stop: asyncio.Event) -> None:
        """Queue and send until `stop`; then let what is under way end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_queueing(stop))
            group.create_task(self._keep_sending(stop))

    async def stop(self) -> None:
        """Leave the bus (after steps; `run` does it by itself)."""
        await self._queueing.stop()

    async def _keep_queueing(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                try:
                    if await self._queueing.step(FETCH_WAIT):
                        await self._watch()
                    else:
                        await asyncio.sleep(0)
                except Exception as error:  # noqa: BLE001 - logged, and the same batch again
                    log(WORK_FAILED, task="delivery.queueing", error=type(error).__name__)
                    await _either(stop, TROUBLE_WAIT)
        finally:
            await self._queueing.stop()

    async def _keep_sending(self, stop: asyncio.Event) -> None:
        """Keep one task per partner that has a queue."""
        working: dict[str, asyncio.Task[None]] = {}
        try:
            while not stop.is_set():
                try:
                    await self._watch()
                except Exception as error:  # noqa: BLE001 - journal down: logged, tried again
                    log(WORK_FAILED, task="delivery.watch", error=type(error).__name__)
                for name, lane in self._lanes.items():
                    if _needs_a_start(name, working.get(name)):
                        working[name] = asyncio.create_task(lane.work(stop))
                await _either(stop, WATCH_EVERY)
        finally:
            for name, task in working.items():
                if stop.is_set():
                    self._lanes[name].wake()
                else:  # cancelled: nobody will tell the lanes to stop
                    task.cancel()
            await asyncio.gather(*working.values(), return_exceptions=True)

    async def _watch(self) -> None:
        """Open a lane for each partner with a queue and wake those whose queue has grown."""
        after = ""
        while page := await self._journal.scan(COUNTERS, after=after):
            for name, stored in page:
                if name not in self._lanes:
                    self._lanes[name] = Lane(name, self._line(name), self._equipment)
                if self._seen.get(name) != stored.version:
                    self._seen[name] = stored.version
                    self._lanes[name].wake()
            after = page[-1][0]

    def _line(self, name: str) -> Line | None:
        partner = self._partners.get(name)
        interfaces = self._queueing.routes.interfaces
        interface = interfaces.get(partner.interface) if partner else None
        if partner is None or interface is None or not _reachable(partner, interface):
            return None
        return Line(partner, interface, self._partners.secret(name), parallel_of(partner))

    # ------------------------------------------------------------------ for people

    async def pending(self) -> dict[str, int]:
        """Return how many deliveries wait, of every partner that ever had a queue."""
        found: dict[str, int] = {}
        after = ""
        while page := await self._journal.scan(COUNTERS, after=after):
            for name, _ in page:
                found[name] = await count(self._journal, queue_space(name))
            after = page[-1][0]
        return found

    async def paused(self) -> dict[str, Standing]:
        """Return the partners whose deliveries were stopped for too many dead letters, and why."""
        return await standing.paused(self._journal)

    async def resume(self, partner: str) -> bool:
        """Let stopped deliveries go on; False when they were not stopped."""
        resumed = await standing.resume(self._journal, partner)
        if resumed:
            log(DELIVERY_RESUMED, partner=partner)
            if partner in self._lanes:
                self._lanes[partner].wake()
        return resumed

    def breakers(self) -> dict[str, str]:
        """Return the state of each partner's circuit breaker in this process."""
        return {name: lane.breaker.value for name, lane in self._lanes.items()}


def _reachable(partner: Partner, interface: Interface) -> bool:
    return interface.write is not None and not address_findings(partner, interface)


def _needs_a_start(name: str, task: asyncio.Task[None] | None) -> bool:
    if task is None or not task.done():
        return task is None
    failure = None if task.cancelled() else task.exception()
    if failure is not None:
        log(WORK_FAILED, task="delivery", partner=name, error=type(failure).__name__)
    return True


async def _either(stop: asyncio.Event, seconds: float) -> None:
    """Wait for `stop`, at most `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()

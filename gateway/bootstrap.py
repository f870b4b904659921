"""组装: the only place that puts the rooms together.

`Gateway` is one process of the program. `serve` opens the doors for partners, `work` runs the relay,
the policies and the deliveries; the embedded default does both in one process, production runs any
number of each.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import structlog
from fastapi import APIRouter

from adapters._kit.protocol import Interface
from adapters.his_hl7v2.wire import sender_of
from adapters.registry import INTERFACES
from gateway.bus.opening import open_bus
from gateway.bus.relay import Relay
from gateway.coding.ageing import HoldAgeing
from gateway.coding.crosswalk import Crosswalk
from gateway.coding.holds import Holds
from gateway.coding.review import Review
from gateway.coding.review_messages import About, about_partner
from gateway.coding.store import CrosswalkStore
from gateway.coding.suggesting import Suggestions
from gateway.delivery.calling import delivery_client
from gateway.delivery.delivery import Delivery
from gateway.delivery.routes import Routes
from gateway.errors import Misconfigured, Unavailable
from gateway.flow import Received, Receiving
from gateway.instance import Instance
from gateway.intake.canonical import CANONICAL
from gateway.intake.door import Door
from gateway.intake.hl7_door import Hl7Door
from gateway.intake.http import make_app
from gateway.intake.mllp import MllpListener
from gateway.intake.server import HttpServer
from gateway.journal.opening import open_journal
from gateway.log_events import (
    RELOADED,
    STARTED,
    STOPPING,
    WORK_FAILED,
    log,
)
from gateway.operators import Operators
from gateway.ops.admin import Desk, make_admin_router
from gateway.ops.chain import ChainWatch
from gateway.ops.code_desk import CodeDesk
from gateway.ops.code_routes import People, make_code_router
from gateway.ops.health import Readiness, make_ops_router
from gateway.ops.metrics import Metrics
from gateway.partners import Partners
from gateway.policies.daykeeping import DayKeeper
from gateway.policies.registry import POLICIES
from gateway.policies.running.runner import PolicyRunner
from gateway.policies.terms import load_terms
from gateway.settings import Settings
from gateway.watching import Watching, either, keep_watch

Clock = Callable[[], datetime]
GROUPS: Final = ("policies", "delivery")
SETTLE_POLL: Final = 0.05
RELEASE_EVERY: Final = 30.0
SWITCH_SECONDS: Final = 0.001
TROUBLE_WAIT: Final = 1.0
MLLP_IDLE: Final = 300.0
MLLP_CONNECTIONS: Final = 1000


def utc_now() -> datetime:
    """Return the time now; the composition root is the only place that asks."""
    return datetime.now(UTC)


def known_interfaces() -> Mapping[str, Interface]:
    """Return every interface, the canonical one included, by name."""
    return {**INTERFACES, CANONICAL.name: CANONICAL}


def tune_interpreter() -> None:
    """Set the interpreter up for a long-lived server; call once, when everything is loaded.

    What is loaded by now stays for good, so the collector need not look at it again, and messages make
    many short-lived objects that are no cycles. The journal's writer is a thread: a shorter switch
    interval bounds how long an answer waits for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(SWITCH_SECONDS)


def configure_logs(settings: Settings) -> None:
    """Write logs as one JSON object a line to standard error, from the settings' level on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        # standard error as it is when the line is written: it may have been replaced since
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


class Gateway:
    """One process: every room with what it needs, started and stopped in order."""

    def __init__(
        self, settings: Settings, clock: Clock = utc_now, *, keep_days: bool = True
    ) -> None:
        """Read partners, routes, codes and terms. Raises Misconfigured with every finding.

        `keep_days` False: days end only when somebody says so (a past is played, not lived).
        """
        self._keeps_days = keep_days
        self.settings = settings
        self.clock = clock
        self.interfaces = known_interfaces()
        self.partners = Partners.load(settings.home)
        self.routes = Routes.load(settings.home, self.partners, self.interfaces)
        self.operators = Operators.load(settings.home)
        crosswalk = Crosswalk.load(settings.home / "codes")
        self._instance = Instance(settings.home)
        self.metrics = Metrics()
        self.journal = open_journal(settings)
        self.chain = ChainWatch(self.journal, clock)
        self.bus = open_bus(settings, self.journal)
        self.receiving = Receiving(self.journal, self.interfaces, crosswalk)
        self.codes = CrosswalkStore(self.journal)
        self.review = Review(self.codes, crosswalk, self._about)
        self.suggestions = Suggestions(self.journal, settings.home, clock)
        self._people = People(settings.admin_key, lambda: self.operators)
        self.holds = Holds(self.journal, self.partners)
        warn_after = timedelta(seconds=settings.hold_warn_after)
        self.ageing = HoldAgeing(self.journal, lambda: self.partners, warn_after, clock)
        rules = load_terms()
        self.policies = PolicyRunner(self.journal, self.bus, POLICIES, rules, clock)
        self.days = DayKeeper(self.journal, rules, clock)
        self.client = delivery_client(settings.delivery_timeout)
        self.delivery = Delivery(
            self.journal,
            self.bus,
            self.partners,
            self.routes,
            settings,
            clock,
            self.client,
            counted=self._delivered,
            owner=self._instance.name,
        )
        self.relay = Relay(self.journal, self.bus, clock, owner=self._instance.name)
        self._watching = Watching(settings.home)
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._http: HttpServer | None = None
        self._mllp: MllpListener | None = None
        self._door: Door | None = None
        self._hl7: Hl7Door | None = None

    @property
    def http_port(self) -> int:
        """Return the port that the HTTP door listens on; 0 when it is closed."""
        return self._http.port if self._http is not None else 0

    @property
    def mllp_port(self) -> int:
        """Return the port that the MLLP door listens on; 0 when it is closed."""
        return self._mllp.port if self._mllp is not None else 0

    async def start(self, *, serve: bool = True, work: bool = True) -> Self:
        """Open journal and bus, then the workers, then the doors."""
        await self.journal.start()
        await self.bus.start()
        self.review.crosswalk = await self.codes.over(self.receiving.crosswalk)
        self.receiving.crosswalk = self.review.crosswalk
        await self._release()
        if work:
            self._work()
        if serve:
            await self._serve()
        self._keep("watch", self._watch)
        log(STARTED, http=self.http_port, mllp=self.mllp_port, bus=self.settings.bus)
        return self

    async def stop(self) -> None:
        """Close the doors, let what is in flight finish, stop the workers, close journal and bus."""
        log(STOPPING)
        if self._http is not None:
            await self._http.stop()
        if self._mllp is not None:
            await self._mllp.stop()
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.chain.stop()
        await self.client.aclose()
        await self.bus.stop()
        await self.journal.stop()
        self._instance.release()

    async def wait(self, stopping: asyncio.Event) -> None:
        """Return when `stopping` is set. Raises what ended a worker for good (Misconfigured …)."""
        asked = asyncio.create_task(stopping.wait())
        ended = [*self._tasks, asked]
        try:
            done, _ = await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        for task in done:
            if task is not asked:
                task.result()

    async def settle(self, timeout: float) -> bool:
        """Wait until everything accepted so far has been published, judged and delivered.

        Returns False after `timeout` seconds, or when a delivery waits for longer than that.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        while loop.time() < ends:
            # a broker that is still coming up is not settled, and no reason to give up
            with contextlib.suppress(Unavailable):
                heads = await self.journal.heads()
                if await self._drained() and heads == await self.journal.heads():
                    return True
            await asyncio.sleep(SETTLE_POLL)
        return False

    async def _drained(self) -> bool:
        if self.settings.bus != "embedded" and not await self.relay.drained():
            return False
        for group in GROUPS:
            standing = await self.bus.positions(group)
            joined = bool(standing) or (group == "delivery" and not self.routes.listed)
            if not joined or any(each.lag for each in standing):
                return False
        return not any((await self.delivery.pending()).values())

    async def reload(self) -> int:
        """Read partners, people, routes and codes anew, release what can now be coded; return how many.

        Raises Misconfigured and keeps everything as it was.
        """
        home = self.settings.home
        partners = Partners.load(home)
        routes = Routes.load(home, partners, self.interfaces)
        operators = Operators.load(home)
        crosswalk = await self.codes.load(home / "codes", self.review.crosswalk)
        self.partners, self.routes, self.operators = partners, routes, operators
        self.holds = Holds(self.journal, partners)
        self.receiving.crosswalk = self.review.crosswalk = crosswalk
        self.delivery.replace(partners, routes)
        if self._door is not None and self._hl7 is not None:
            self._door.authenticator.partners = self._hl7.partners = partners
        return await self._release()

    async def follow(self) -> int:
        """Take in what was decided about codes, by whatever process; return how many it released.

        Raises Misconfigured (a decision contradicts the files), Unavailable.
        """
        newest = await self.review.follow()
        if newest is self.receiving.crosswalk:
            return 0
        self.receiving.crosswalk = newest
        return await self._release()

    def _about(self, partner: str) -> About:
        return about_partner(self.partners.get(partner), self.review.crosswalk, self.clock())

    # ------------------------------------------------------------------ the parts of a process

    def _work(self) -> None:
        self._keep("policies", self.policies.run)
        if self._keeps_days:
            self._keep("days", self.days.run)
        self._keep("holds", self._release_again)
        self._keep("ageing", self.ageing.run)
        self._keep("delivery", self.delivery.run)
        if self.settings.bus != "embedded":
            self._keep("relay", self.relay.run)

    async def _serve(self) -> None:
        settings = self.settings
        app = make_app(
            self.receiving,
            self.journal,
            self.partners,
            self.interfaces,
            settings,
            self.clock,
            routers=self._routers(),
            observed=self._observed,
            is_operator=self._people.known,
            display=self.suggestions.names,
        )
        self._door = app.state.door
        self._hl7 = Hl7Door(
            self.receiving, self.partners, self.interfaces["his_hl7v2"], self.clock, sender_of
        )
        self._http = HttpServer(app, settings.host, settings.port)
        self._mllp = MllpListener(
            settings.host,
            settings.mllp_port,
            self._hl7.handle,
            frame_limit=settings.message_limit,
            idle_timeout=MLLP_IDLE,
            connection_limit=MLLP_CONNECTIONS,
            clock=self.clock,
        )
        await self._http.start()
        await self._mllp.start()

    def _routers(self) -> list[APIRouter]:
        """Return the operators' routes: health, metrics, admin."""
        key = self.settings.admin_key
        readiness = Readiness(
            self.journal,
            self.bus,
            self.clock,
            relay_lag=self._relay_lag,
            dead_letters=self.delivery.dead_letters.counts,
            pending=self.delivery.pending,
            metrics=self.metrics,
        )
        desk = Desk(self.journal, self.bus, self.delivery.dead_letters, self.delivery, self.chain)
        codes = CodeDesk(
            self.journal,
            self.review,
            self.suggestions,
            lambda: self.partners,
            self.clock,
            self.follow,
        )
        return [
            make_ops_router(readiness, self.metrics, key),
            make_code_router(self._people, codes),
            make_admin_router(key, desk),
        ]

    async def _relay_lag(self) -> dict[str, int]:
        self.metrics.set("jicai_policies_failures", self.policies.failures)
        if self.settings.bus == "embedded":
            return {}
        return {str(shard): count for shard, count in (await self.relay.behind()).items()}

    def _observed(self, interface: str, received: Sequence[Received], seconds: float) -> None:
        for each in received:
            outcome = each.answer.verdict
            self.metrics.count("jicai_intake_messages_total", interface=interface, outcome=outcome)
        self.metrics.observe("jicai_intake_seconds", seconds, interface=interface)

    def _delivered(self, partner: str, meaning: str) -> None:
        self.metrics.count("jicai_delivery_attempts_total", partner=partner, meaning=meaning)

    def _keep(self, name: str, work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Run a worker until the process stops; a failure it does not handle is tried again."""

        async def keep() -> None:
            while not self._stopping.is_set():
                try:
                    await work(self._stopping)
                except Misconfigured:
                    raise
                except Exception as error:  # noqa: BLE001 - logged, and begun again from the journal
                    log(WORK_FAILED, task=name, error=repr(error))
                    await either(self._stopping, TROUBLE_WAIT)
                else:
                    return

        self._tasks.append(asyncio.create_task(keep(), name=name))

    async def _watch(self, stop: asyncio.Event) -> None:
        await keep_watch(stop, self._watching, self._reload_told, self.follow)

    async def _reload_told(self) -> None:
        await self.reload()
        log(RELOADED, partners=len(self.partners), codes=len(self.receiving.crosswalk))

    async def _release(self) -> int:
        return await self.holds.release(self.receiving.crosswalk, self.clock())

    async def _release_again(self, stop: asyncio.Event) -> None:
        """Release now and then: a message may have been held by a code that was mapped meanwhile."""
        while not stop.is_set():
            await either(stop, RELEASE_EVERY)
            if not stop.is_set():
                await self._release()

"""发送: one lane per partner takes its queue from the front, in order per subject, with a receipt for each.

An answer that cannot be known leads to the same message under the same idempotency key again; a refusal,
or too many attempts, to the dead letters, which hold up nothing behind them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from adapters._kit.protocol import Recipient
from gateway.delivery.attempt import Outcome, attempt
from gateway.delivery.breaker import Breaker, BreakerState
from gateway.delivery.calling import Bounds
from gateway.delivery.dead_letters import DeadLetter, stand_in
from gateway.delivery.equipment import Equipment, Line
from gateway.delivery.lease import Lease
from gateway.delivery.queue_item import dead_space, queue_space
from gateway.delivery.receipts import Addressed, Meaning, receipt
from gateway.delivery.schedule import asked_wait
from gateway.delivery.standing import Judge, Standing, standing_of
from gateway.delivery.window import Queued, Window
from gateway.errors import Contended
from gateway.log_events import (
    BREAKER_CLOSED,
    BREAKER_OPENED,
    DELIVERY_DEAD,
    DELIVERY_PAUSED,
    DELIVERY_RETRIED,
    WORK_FAILED,
    log,
)
from gateway.ports import Commit, Write
from schemas.envelope import Message

OWN_TROUBLE_REST: Final = timedelta(seconds=1)
IDLE_POLL: Final = 5.0
STOPPED_POLL: Final = 1.0


@dataclass(frozen=True, slots=True)
class Picked:
    """A delivery about to begin; `probe` when it tries out whether the partner is back."""

    queued: Queued
    line: Line
    probe: bool


class Lane:
    """The deliveries to one partner. With `line` None (disabled, no address) the queue waits."""

    def __init__(self, partner: str, line: Line | None, equipment: Equipment) -> None:
        self.line = line
        self._partner, self._with = partner, equipment
        limits = equipment.limits
        self._breaker = Breaker(limits.breaker_threshold, limits.breaker_rest, self._breaker_is)
        self._window = Window(equipment.journal, partner)
        self._lease = Lease(equipment.journal, partner, equipment.owner)
        self._judge = Judge(limits.run_limit)
        self._standing: Standing | None = None
        self._judging = asyncio.Lock()
        self._resting_until: datetime | None = None
        self._called = asyncio.Event()

    @property
    def breaker(self) -> BreakerState:
        """Return the state of the partner's circuit breaker."""
        return self._breaker.state

    def wake(self) -> None:
        """Say that there may be something new in the queue."""
        self._window.more = True
        self._called.set()

    # ------------------------------------------------------------------ running

    async def step(self) -> int:
        """Make the deliveries that may begin now (at most `parallel`); return how many were tried."""
        self._window.more = True
        picked = await self._picked()
        ended = await asyncio.gather(*map(self._deliver, picked), return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return len(picked)

    async def work(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; then let what is under way end within one call's time.

        Cancelled, it gives up what is under way at once.
        """
        running: set[asyncio.Task[None]] = set()
        try:
            while not stop.is_set():
                self._called.clear()
                try:
                    picked = await self._picked()
                except Exception as error:  # noqa: BLE001 - journal down: logged, tried again
                    self._troubled(error)
                    picked = []
                running |= {asyncio.create_task(self._deliver(each)) for each in picked}
                running = await self._awaited(running)
        finally:
            await self._wound_up(running, self._with.limits.seconds if stop.is_set() else 0.0)

    async def _awaited(self, running: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        """Return the tasks still running after something has ended, or is due, or is new."""
        pause = self._pause()
        if not running:
            try:
                async with asyncio.timeout(pause):
                    await self._called.wait()
            except TimeoutError:
                self._window.more = True
            return running
        waiter = asyncio.create_task(self._called.wait())
        try:
            await asyncio.wait(
                {waiter, *running}, timeout=pause, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiter.cancel()
        return {each for each in running if not self._has_ended(each)}

    def _has_ended(self, task: asyncio.Task[None]) -> bool:
        if not task.done():
            return False
        error = task.exception()
        if error is not None:
            self._troubled(error)
        return True

    async def _wound_up(self, running: set[asyncio.Task[None]], seconds: float) -> None:
        """Let what is under way end within `seconds`, then give it up: it stays in the queue."""
        if running:
            _, late = await asyncio.wait(running, timeout=seconds)
            for each in late:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        await self._lease.released()

    def _troubled(self, error: BaseException) -> None:
        log(WORK_FAILED, task="delivery", partner=self._partner, error=type(error).__name__)
        self._rest(self._with.clock() + OWN_TROUBLE_REST)

    def _pause(self) -> float:
        """Return how many seconds may pass before looking again."""
        if self.line is None or self._standing is None or self._standing.is_paused:
            return STOPPED_POLL
        now = self._with.clock()
        gates = [each for each in (self._breaker.open_until, self._resting_until) if each]
        due = max(gates) if gates else self._window.next_due(now)
        return IDLE_POLL if due is None else min(max((due - now).total_seconds(), 0.01), IDLE_POLL)

    # ------------------------------------------------------------------ choosing

    async def _picked(self) -> list[Picked]:
        line, now = self.line, self._with.clock()
        if line is None or not await self._may_send(now):
            return []
        found: list[Picked] = []
        while self._breaker.allows(now):
            queued = await self._window.choose(now, line.parallel)
            if queued is None:
                break
            found.append(Picked(queued, line, self._breaker.begin(now)))
        return found

    async def _may_send(self, now: datetime) -> bool:
        if self._resting_until is not None and now < self._resting_until:
            return False
        self._resting_until = None
        if not await self._lease.held(now):
            self._window.forget()
            self._standing = None
            return False
        if self._standing is None or self._standing.is_paused:
            was_paused = self._standing is not None
            self._standing = await standing_of(self._with.journal, self._partner)
            if was_paused and not self._standing.is_paused:
                self._judge.forget()
        return not self._standing.is_paused

    def _rest(self, until: datetime) -> None:
        if self._resting_until is None or until > self._resting_until:
            self._resting_until = until

    # ------------------------------------------------------------------ one delivery

    async def _deliver(self, picked: Picked) -> None:
        """Make one delivery and keep what became of it. Raises Unavailable: the item stays queued."""
        queued, known = picked.queued, False
        try:
            entry = await self._with.journal.find(queued.item.message_id)
            if entry is None:
                missing = Outcome("refused", "message.missing")
                await self._bury(queued, stand_in(queued.item, self._with.clock()), missing)
                return
            outcome = await self._attempted(picked, entry.message)
            known = True
            await self._settle(picked, entry.message, outcome)
        except Contended:
            self._window.forget()
        finally:
            if not known and picked.probe:
                self._breaker.abandoned()
            self._window.ended(queued.key)

    async def _attempted(self, picked: Picked, message: Message) -> Outcome:
        line, now, limits = picked.line, self._with.clock(), self._with.limits
        recipient = Recipient(
            partner=line.partner.id,
            region=line.partner.region,
            now=now.isoformat(),
            attempt=picked.queued.item.attempts + 1,
            settings=line.partner.settings,
            secret=line.secret,
        )
        outcome = await attempt(
            self._with.client,
            line.interface,
            line.partner.url,
            message,
            recipient,
            Bounds(limits.seconds, limits.answer),
        )
        self._with.counted(self._partner, outcome.meaning)
        self._weigh(outcome)
        return outcome

    def _weigh(self, outcome: Outcome) -> None:
        """Tell the breaker, and rest the whole lane when the partner asks for patience."""
        now = self._with.clock()
        if not outcome.was_called:
            self._breaker.abandoned()
        elif outcome.meaning != "retry" or outcome.throttled:
            self._breaker.succeeded()
        else:
            self._breaker.failed(now)
        if outcome.away and (asked := asked_wait(outcome.retry_after, now)):
            self._rest(now + asked)

    async def _settle(self, picked: Picked, message: Message, outcome: Outcome) -> None:
        if outcome.meaning in {"delivered", "already"}:
            await self._receipt(picked.queued, message, outcome)
        elif outcome.meaning == "refused":
            queued = picked.queued
            item = replace(queued.item, attempts=queued.item.attempts + 1)
            await self._bury(replace(queued, item=item), message, outcome)
        else:
            await self._put_off(picked, message, outcome)

    async def _receipt(self, queued: Queued, message: Message, outcome: Outcome) -> None:
        now = self._with.clock()
        facts = {
            "code": outcome.code,
            "text": outcome.text,
            "reference": outcome.reference,
            "attempts": queued.item.attempts + 1,
            "request_digest": outcome.request_digest,
            "response_digest": outcome.response_digest,
        }
        meaning: Meaning = "already" if outcome.meaning == "already" else "delivered"
        row = receipt(Addressed(message, self._partner, queued.key), meaning, now, facts)
        work = Commit(writes=[self._removal(queued)], receipts=[row])
        if self._judge.after_delivery(self._standing or Standing()) == self._standing:
            # the common case runs side by side, so that deliveries share a group commit
            await self._with.journal.commit(work)
        else:
            await self._end_of_run(work)
        self._window.removed(queued.key)

    async def _end_of_run(self, work: Commit) -> None:
        """Keep a delivery that ends a run of dead letters, unless they have stopped the lane since."""
        async with self._judging:
            before = self._standing or Standing()
            standing = before if before.is_paused else Standing()
            work.writes.append(standing.write(self._partner))
            await self._with.journal.commit(work)
            self._standing = standing

    async def _put_off(self, picked: Picked, message: Message, outcome: Outcome) -> None:
        queued, now, limits = picked.queued, self._with.clock(), self._with.limits
        counts = not (
            picked.probe and outcome.away and not queued.item.has_tried_for(now, limits.patience)
        )
        attempts = queued.item.attempts + counts
        later = self._with.schedule.next_try(max(1, attempts), now, outcome.retry_after)
        item = queued.item.tried(now, counts=counts, not_before=later)
        if attempts >= limits.attempts:
            await self._bury(replace(queued, item=item), message, outcome, reason="exhausted")
            return
        space = queue_space(self._partner)
        await self._with.journal.commit(
            Commit(writes=[Write(space, queued.key, item.written(), expected=queued.version)])
        )
        self._window.changed(queued, item)
        log(
            DELIVERY_RETRIED,
            partner=self._partner,
            message=message.id,
            attempts=attempts,
            code=outcome.code,
            not_before=item.not_before,
        )

    async def _bury(
        self, queued: Queued, message: Message, outcome: Outcome, *, reason: str = "refused"
    ) -> None:
        """Move a delivery to the dead letters; stop the lane when too many of them die."""
        async with self._judging:
            now, before = self._with.clock(), self._standing or Standing()
            letter = DeadLetter.of(queued.item, reason, outcome, now)
            standing = self._judge.after_death(before, now)
            dead = Write(dead_space(self._partner), queued.key, letter.written(), expected=0)
            addressed = Addressed(message, self._partner, queued.key)
            await self._with.journal.commit(
                Commit(
                    writes=[self._removal(queued), dead, standing.write(self._partner)],
                    receipts=[receipt(addressed, "dead", now, letter.facts())],
                )
            )
            self._standing = standing
        self._window.removed(queued.key)
        log(
            DELIVERY_DEAD,
            partner=self._partner,
            message=message.id,
            reason=reason,
            code=outcome.code,
            response_digest=outcome.response_digest,
        )
        if standing.is_paused and not before.is_paused:
            log(DELIVERY_PAUSED, partner=self._partner, reason=standing.reason)

    def _removal(self, queued: Queued) -> Write:
        return Write(queue_space(self._partner), queued.key, None, expected=queued.version)

    def _breaker_is(self, state: BreakerState) -> None:
        if state is BreakerState.OPEN:
            log(BREAKER_OPENED, partner=self._partner)
        elif state is BreakerState.CLOSED:
            log(BREAKER_CLOSED, partner=self._partner)

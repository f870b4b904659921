"""规则运行: takes messages from the bus, lets the policies judge, commits everything that follows at once.

States, conclusions and the ids of what has been handled become durable in one transaction, so a message
has its effect once however often it is delivered. A message about a whole region is judged state by
state in pages; each page is a transaction of its own, and one that is done again finds nothing to do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from gateway.errors import Contended, Misconfigured, Unavailable
from gateway.log_events import POLICY_FAILED, WORK_FAILED, log
from gateway.policies.policy import Policy
from gateway.policies.rulebook import Rulebook
from gateway.policies.running.corrections import Correction, Superseded, find_corrections
from gateway.policies.running.state_form import check_state_form
from gateway.policies.running.tasks import Failure, Takers, Task
from gateway.policies.running.working import (
    STATE_SPACE,
    StateCache,
    Working,
    derived,
)
from gateway.policies.running.working_order import OrderKeeper, Step, StepKind
from gateway.ports import Bus, Commit, Consumer, Delivered, Journal, Write
from schemas.envelope import Message, canonical_bytes
from schemas.events import EVENT_TYPES

GROUP: Final = "policies"
CORRECTION: Final = "correction"
"""Stands for the policy where a correction itself is at fault."""
DEAD_SPACE: Final = "policy-dead"
BATCH: Final = 1000
PAGE: Final = 200
POLL: Final = 0.5
TROUBLE_WAIT: Final = 1.0
FAILURE_RUN: Final = 20
"""So many messages in a row that a policy cannot handle are no accident of the messages."""
ATTEMPTS: Final = 50
"""How often a transaction is done again when other workers are faster, before it is left for later."""

CONTENDED_WAIT: Final = 0.002
ERROR_LENGTH: Final = 500
ERRORS_KEPT: Final = 20

Clock = Callable[[], datetime]
T = TypeVar("T")


@dataclass(slots=True)
class _Pending:
    """A message that has not been handled, with what each policy must judge."""

    message: Message
    tasks: list[Task] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    gone: str = ""
    """Id of the message that it supersedes."""


class PolicyRunner:
    """Hosts the policies as one member of the consumer group `policies`."""

    def __init__(
        self,
        journal: Journal,
        bus: Bus,
        policies: Sequence[Policy],
        rules: Rulebook,
        clock: Clock,
    ) -> None:
        self._journal, self._bus, self._clock = journal, bus, clock
        self._policies, self._rules = policies, rules
        self._consumer: Consumer | None = None
        self._order = OrderKeeper()
        self._cache = StateCache()
        self._takers = Takers(policies)
        self._batch: list[Delivered] = []
        self._in_a_row = 0
        self.failures = 0
        """Messages that a policy could not handle, since the start; each stands in DEAD_SPACE."""
        self.concluded: Counter[str] = Counter()
        """Conclusions drawn since the start, by message type."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises Misconfigured after FAILURE_RUN failures in a row."""
        try:
            while not stop.is_set():
                try:
                    await self.step(POLL)
                except Unavailable as error:
                    log(WORK_FAILED, task=GROUP, error=repr(error))
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), TROUBLE_WAIT)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Leave the group; what was fetched and not handled is delivered again."""
        consumer, self._consumer, self._batch = self._consumer, None, []
        if consumer is not None:
            await consumer.stop()

    async def step(self, timeout: float) -> int:
        """Handle one batch; return how many messages were new. 0 after `timeout` seconds of nothing.

        Raises Unavailable (the same batch is taken up again by the next step) and Misconfigured.
        """
        consumer = await self._started()
        await self._fill(consumer, timeout)
        if not self._batch:
            return 0
        handled = await self._handle([each.message for each in self._batch])
        await consumer.commit()
        self._batch = []
        return handled

    async def _fill(self, consumer: Consumer, timeout: float) -> None:
        """Fill the batch where there is enough: a transaction costs the same for ten as for a thousand.

        What was fetched stands in the batch at once: should the next fetch fail, it is not lost.
        """
        if not self._batch:
            self._batch = await consumer.fetch(BATCH, timeout)
            while self._batch and len(self._batch) < BATCH:
                more = await consumer.fetch(BATCH - len(self._batch), 0)
                if not more:
                    break
                self._batch = [*self._batch, *more]

    async def _started(self) -> Consumer:
        if self._consumer is None:
            await check_state_form(self._journal, self._policies)
            types = sorted({each for policy in self._policies for each in policy.consumes})
            consumer = self._bus.consumer(GROUP, [EVENT_TYPES[each].topic for each in types])
            await consumer.start()
            self._consumer = consumer
        return self._consumer

    async def _handle(self, messages: Sequence[Message]) -> int:
        """Handle messages in order; all share a transaction but those that concern very many states."""
        once = {message.id: message for message in messages}
        new = await self._journal.unhandled(GROUP, list(once))
        fresh = [message for message in once.values() if message.id in new]
        corrections = await find_corrections(self._journal, fresh)
        given = [self._pending(message, corrections.get(message.id)) for message in fresh]
        many = await self._many(given)
        together: list[_Pending] = []
        for pending in given:
            if not any((task.policy.name, task.scope.prefix) in many for task in pending.tasks):
                together.append(pending)
            else:
                await self._together(together)
                together = []
                await self._everywhere(pending)
        await self._together(together)
        return len(new)

    async def _many(self, given: Sequence[_Pending]) -> set[tuple[str, str]]:
        """Return the policies' prefixes with more states than fit into a transaction with others."""
        asked = dict.fromkeys(
            (task.policy.name, task.scope.prefix)
            for pending in given
            for task in pending.tasks
            if task.scope.prefix
        )
        places = [(STATE_SPACE + policy, prefix) for policy, prefix in asked]
        found = await self._journal.scan_each(places, limit=PAGE + 1) if places else []
        return {place for place, states in zip(asked, found, strict=True) if len(states) > PAGE}

    def _pending(self, message: Message, correction: Correction | None) -> _Pending:
        pending = _Pending(message)
        if correction is not None and correction.problem:
            pending.failed.append((CORRECTION, correction.problem))
            return pending
        gone = correction.gone if correction is not None else None
        pending.gone = gone.id if gone is not None else ""
        pending.tasks = self._takers.tasks(message, gone, pending.failed)
        return pending

    # ------------------------------------------------------------------ one transaction for many

    async def _together(self, pending: Sequence[_Pending]) -> None:
        """Judge messages in order and commit all that follows in one transaction."""
        if pending:
            await self._redone(partial(self._try_together, pending))

    async def _try_together(self, given: Sequence[_Pending]) -> None:
        ids = dict.fromkeys(each for one in given for each in (one.gone, one.message.id) if each)
        new = await self._journal.unhandled(GROUP, list(ids))
        pending = [one for one in given if one.message.id in new]
        superseded = await Superseded.read(self._journal, [one.gone for one in pending if one.gone])
        working = Working(cache=self._cache)
        tasks = [task for one in pending for task in one.tasks]
        await working.load(self._journal, tasks)
        await working.load_all(self._journal, tasks)
        working.clock_now = self._clock()
        steps: list[Step] = []
        buried: list[tuple[_Pending, list[Failure]]] = []
        in_a_row = self._in_a_row
        handled: dict[str, None] = {}
        for one in pending:
            if one.message.id in handled:  # superseded before it was judged: it never is
                continue
            judged = one.gone not in new or one.gone in handled
            failed = self._judge_all(working, one, superseded, steps, correct=judged)
            if one.gone in new:
                handled[one.gone] = None
            handled[one.message.id] = None
            if one.tasks and not _refused(failed):
                kind = StepKind.CORRECTED if one.gone and judged else StepKind.JUDGED
                steps.append(Step(kind, one.message.id))
            in_a_row = in_a_row + 1 if failed else 0
            if failed:
                buried.append((one, failed))
                _check_run(in_a_row, failed[-1][1])
        work = self._settled(working, steps)
        work.handled = [(GROUP, each) for each in handled]
        work.writes += superseded.writes()
        for one, failed in buried:
            self._bury(work, one, failed)
        await self._commit(work)
        working.committed()
        self._in_a_row = in_a_row
        self.failures += len(buried)
        for one, failed in buried:
            log(POLICY_FAILED, id=one.message.id, type=one.message.type, policy=failed[0][0])

    def _judge_all(
        self,
        working: Working,
        one: _Pending,
        superseded: Superseded,
        steps: list[Step],
        *,
        correct: bool,
    ) -> list[Failure]:
        """Judge a message for its states; what it supersedes is taken back, if it was judged."""
        problem = superseded.claim(one.gone, one.message.id) if one.gone else ""
        if problem:
            return [(CORRECTION, problem)]
        tasks = one.tasks
        if not correct:
            tasks = [alone for each in tasks if (alone := each.alone()) is not None]
        told = self._judge_regional(working, [each for each in tasks if each.scope.prefix], steps)
        told += [
            (task, self._judge(working, task, task.scope.key)) for task in tasks if task.scope.key
        ]
        return [*one.failed, *((task.policy.name, error) for task, error in told if error)]

    def _judge_regional(
        self, working: Working, tasks: Sequence[Task], steps: list[Step]
    ) -> list[tuple[Task, str]]:
        """Judge what concerns all states of a region: the records first, as for a page by page walk."""
        told: list[tuple[Task, str]] = []
        for task in tasks:
            working.remember(task)
            steps.append(_regional(StepKind.RECORDED, task))
        for task in tasks:
            keys, kept = working.under(task.policy.name, task.scope.prefix), working.kept
            told += [(task, self._judge(working, task, key)) for key in keys]
            if working.kept > kept:
                steps.append(_regional(StepKind.PAGED, task, "", keys[-1]))
        return told

    def _judge(self, working: Working, task: Task, key: str) -> str:
        """Let a policy judge one state; return the error, "" when there is none."""
        try:
            judged = task.judged(key, working.state(task, key), self._rules)
            drawn = judged.conclusions
            concluded = derived(task, key, drawn, working.clock_now) if drawn else ()
        except Exception as error:  # noqa: BLE001 - a fault of one message must not stop all
            return repr(error)
        if judged.state is not None:
            working.keep(task, key, judged.state)
        if concluded:
            working.conclude(concluded)
        return ""

    # ------------------------------------------------------------------ one message for all states

    async def _everywhere(self, pending: _Pending) -> None:
        """Judge a message for every state of its region, page by page, and mark it handled at last."""
        failed = list(pending.failed)
        regional = [task for task in pending.tasks if task.scope.prefix]
        # the records first: a state that begins from now on knows of the message
        stands = await self._redone(partial(self._record, pending, regional))
        for task in regional if stands else ():
            after, more = "", True
            while more:
                after, more, errors = await self._redone(partial(self._page, task, after))
                failed += [(task.policy.name, error) for error in errors]
        ordinary = [task for task in pending.tasks if not task.scope.prefix]
        await self._together([_Pending(pending.message, ordinary, failed, pending.gone)])

    async def _record(self, pending: _Pending, tasks: Sequence[Task]) -> bool:
        """Let the records take a message in; return whether it may: of two corrections the first stands."""
        superseded = await Superseded.read(self._journal, [pending.gone] if pending.gone else [])
        if pending.gone and superseded.claim(pending.gone, pending.message.id):
            return False  # what is at fault is said where the message is laid aside
        working = Working(cache=self._cache)
        await working.load(self._journal, tasks)
        working.clock_now = self._clock()
        for task in tasks:
            working.remember(task)
        steps = [_regional(StepKind.RECORDED, task) for task in tasks]
        work = self._settled(working, steps)
        work.writes += superseded.writes()
        await self._journal.commit(work)
        return True

    async def _page(self, task: Task, after: str) -> tuple[str, bool, list[str]]:
        """Judge one page of states; return (last key, whether there may be more, errors).

        Nothing is written where nothing came of it: on most days nothing is due for most states.
        """
        space = STATE_SPACE + task.policy.name
        found = await self._journal.scan(space, task.scope.prefix, after=after, limit=PAGE)
        working = Working(self._clock(), self._cache)
        keys = working.take(task.policy.name, found)
        errors = [error for key in keys if (error := self._judge(working, task, key))]
        if working.changed:
            step = _regional(StepKind.PAGED, task, after, keys[-1])
            await self._commit(self._settled(working, [step]))
            working.committed()
        return (keys[-1] if keys else after), len(keys) == PAGE, errors

    def _settled(self, working: Working, steps: list[Step]) -> Commit:
        work = working.settle()
        if steps:
            work.writes.append(self._order.write(working.clock_now, steps))
        return work

    async def _redone(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do a transaction, again from reading on when another worker was faster."""
        for attempt in range(ATTEMPTS):
            try:
                return await work()
            except Contended:
                await asyncio.sleep(min(attempt, 10) * CONTENDED_WAIT)
        raise Unavailable("other workers keep writing the same states")

    # ------------------------------------------------------------------ what cannot be handled

    async def _commit(self, work: Commit) -> None:
        await self._journal.commit(work)
        for submission in work.submissions:
            self.concluded[submission.rows[0].message.type] += 1

    def _bury(self, work: Commit, one: _Pending, failed: Sequence[Failure]) -> None:
        """Lay a message that a policy cannot handle where people see it; it is not taken up again."""
        for policy in dict.fromkeys(name for name, _ in failed):
            errors = [error for name, error in failed if name == policy]
            told = {
                "policy": policy,
                "id": one.message.id,
                "type": one.message.type,
                "subject": one.message.subject,
                "errors": [error[:ERROR_LENGTH] for error in errors[:ERRORS_KEPT]],
                "count": len(errors),
                "at": self._clock().isoformat(),
            }
            key = f"{policy}/{one.message.id}"
            work.writes.append(Write(DEAD_SPACE, key, canonical_bytes(told)))


def _regional(kind: StepKind, task: Task, after: str = "", upto: str = "") -> Step:
    return Step(kind, task.message.id, task.policy.name, task.gone is not None, after, upto)


def _refused(failed: Sequence[Failure]) -> bool:
    """Return whether a correction itself was at fault: then nothing was judged."""
    return any(policy == CORRECTION for policy, _ in failed)


def _check_run(in_a_row: int, error: str) -> None:
    if in_a_row >= FAILURE_RUN:
        raise Misconfigured(
            f"policies: {in_a_row} messages in a row could not be handled; the last: {error}"
        )

"""挂起告警: a code that messages wait for too long is told once per step: 1, 3, 7 … times the limit.

The warning is a message like any other, so it reaches whoever a route names and stands in the evidence.
Any number of processes may look: what was told stands in the journal, in the same commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from gateway.coding.waiting_codes import WaitingCode, waiting_codes
from gateway.errors import Contended, Unavailable
from gateway.log_events import HOLD_AGED, WORK_FAILED, log
from gateway.partners import Partners
from gateway.ports import Commit, Journal, Row, Stored, Submission, Verdict, Write
from schemas.checking import check
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import CROSSWALK_HOLD_AGED, EVENT_TYPES

CODING: Final = "coding"
"""The gateway's own partner for what the coding room says."""
SPACE: Final = "hold-aged"
STEPS: Final = (1, 3, 7, 14, 30, 60, 90, 180, 365)
RULE: Final = "coding.hold_warn_after"
CLAUSE: Final = "设置 JICAI_HOLD_WARN_AFTER"
LOOKS: Final = 20
"""How often within the limit is looked: a warning is late by a twentieth of it at most."""
LONGEST_PAUSE: Final = 300.0
AT_ONCE: Final = 50
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class _Told:
    """What was told of a code since messages began to wait for it: `episode` names the first of them."""

    episode: str
    step: int
    version: int

    @classmethod
    def of(cls, stored: Stored | None, first: str) -> _Told:
        if stored is None:
            return cls(first, 0, 0)
        kept = orjson.loads(stored.value)
        return cls(kept["episode"], kept["step"], stored.version)


class HoldAgeing:
    """Looks at what waits and tells what has waited too long. `warn_after` must be positive."""

    def __init__(
        self,
        journal: Journal,
        partners: Callable[[], Partners],
        warn_after: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._journal, self._partners, self._clock = journal, partners, clock
        self._limit = warn_after

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again until `stop` is set."""
        pause = min(LONGEST_PAUSE, self._limit.total_seconds() / LOOKS)
        while not stop.is_set():
            try:
                await self.look(self._clock())
            except Unavailable as error:
                log(WORK_FAILED, task="hold-ageing", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def look(self, now: datetime) -> int:
        """Tell what has reached a further step; return how many warnings were written.

        Raises Unavailable (what was told so far is durable).
        """
        oldest = await self._journal.held(limit=1)
        if not oldest or _age(oldest[0].since, now) < self._limit:
            await self._forget(())
            return 0
        waiting = list((await waiting_codes(self._journal)).values())
        aged = [(each, step) for each in waiting if (step := self._step(each, now))]
        told = 0
        for start in range(0, len(aged), AT_ONCE):
            told += await self._tell(aged[start : start + AT_ONCE], now)
        await self._forget([each.key for each in waiting])
        return told

    def _step(self, waiting: WaitingCode, now: datetime) -> int:
        """Return the highest step that a code has reached, 0 for none."""
        times = _age(waiting.since, now) // self._limit
        reached = bisect_right(STEPS, times)
        return STEPS[reached - 1] if reached else 0

    async def _tell(self, aged: Sequence[tuple[WaitingCode, int]], now: datetime) -> int:
        stored = await self._journal.get_many(SPACE, [each.key for each, _ in aged])
        due: list[tuple[WaitingCode, Commit]] = []
        for each, step in aged:
            told = _Told.of(stored.get(each.key), each.samples[0])
            if told.step >= step:
                continue
            try:
                due.append((each, self._warning(each, step, told, now)))
            except ValueError as error:  # one code that cannot be told must not silence the others
                log(WORK_FAILED, task="hold-ageing", error=repr(error))
        done = await asyncio.gather(*(self._written(each, work) for each, work in due))
        return sum(done)

    async def _written(self, waiting: WaitingCode, work: Commit) -> bool:
        try:
            (outcome,) = await self._journal.commit(work)
        except Contended:  # another process has just told it
            return False
        if outcome.verdict is not Verdict.ACCEPTED:
            return False
        log(
            HOLD_AGED,
            partner=waiting.partner,
            kind=waiting.kind,
            code=waiting.local_code,
            waiting=waiting.direct,
            since=waiting.since,
        )
        return True

    def _warning(self, waiting: WaitingCode, step: int, told: _Told, now: datetime) -> Commit:
        """Return the warning and the mark that it was given, to become durable together."""
        named = f"{waiting.key}!aged!{told.episode}!{step}"
        message = self._message(waiting, step, named, now)
        kept = canonical_bytes({"episode": told.episode, "step": step})
        submission = Submission(
            id=message.id,
            partner=CODING,
            message_id=named,
            interface=CODING,
            raw=message.data,
            digest=hashlib.sha256(message.data).hexdigest(),
            received_at=now.isoformat(),
            rows=[Row(message)],
        )
        return Commit([submission], [Write(SPACE, waiting.key, kept, told.version)])

    def _message(self, waiting: WaitingCode, step: int, named: str, now: datetime) -> Message:
        region = {one.id: one.region for one in self._partners()}.get(waiting.partner)
        data = _data(waiting, step, self._limit, now) | ({"region": region} if region else {})
        listed, blob = EVENT_TYPES[CROSSWALK_HOLD_AGED], canonical_bytes(data)
        wrong = check(listed.name, data, blob)
        if wrong:
            raise ValueError("; ".join(f"{each.path}: {each.en}" for each in wrong))
        return Message(
            id=message_identity(CODING, named),
            source=SOURCE_PREFIX + CODING,
            type=listed.name,
            subject=listed.subject(data),
            time=listed.business_time(data),
            data=blob,
            region=region or "",
            causationid=waiting.samples[0],
        )

    async def _forget(self, waiting: Iterable[str]) -> None:
        """Forget what was told of codes that nothing waits for any more: it begins anew."""
        still, after = set(waiting), ""
        while page := await self._journal.scan(SPACE, after=after, limit=_PAGE):
            gone = [Write(SPACE, key, None, one.version) for key, one in page if key not in still]
            if gone:
                with contextlib.suppress(Contended):  # another process was faster, or tells again
                    await self._journal.commit(Commit(writes=gone))
            after = page[-1][0]


def _data(waiting: WaitingCode, step: int, limit: timedelta, now: datetime) -> dict[str, Any]:
    seconds, at = int(limit.total_seconds()), now.isoformat()
    age = int(_age(waiting.since, now).total_seconds())
    return {
        "partner": waiting.partner,
        "kind": waiting.kind,
        "local_code": waiting.local_code,
        "waiting": waiting.direct,
        "since": waiting.since,
        "step": step,
        "warn_after_seconds": seconds,
        "sample_ids": list(waiting.samples),
        "aged_at": at,
        "because": {
            "rule": RULE,
            "clauses": [CLAUSE],
            "terms": {"hold_warn_after": str(seconds)},
            "arithmetic": [f"{at} − {waiting.since} = {age} s ≥ {step} × {seconds} s"],
            "causes": list(waiting.samples),
        },
    }


def _age(since: str, now: datetime) -> timedelta:
    held = datetime.fromisoformat(since)
    return now - (held if held.tzinfo is not None else held.replace(tzinfo=UTC))

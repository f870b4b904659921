"""状态: whether deliveries to a partner go on, and the run of dead letters that may stop them.

A mapping mistake must not pour a whole queue into the drawer: after a run of dead letters, or when most of
the last deliveries died, the partner's deliveries stop until an operator resumes them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import orjson

from gateway.delivery.queue_item import STANDINGS
from gateway.errors import Contended
from gateway.ports import Commit, Journal, Write

RUN_LIMIT: Final = 20
RATIO_OF: Final = 100
RATIO_LIMIT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """Durable: dead letters in a row, and since when and why deliveries are stopped ("" : they go on)."""

    run: int = 0
    paused_since: str = ""
    reason: str = ""

    @property
    def is_paused(self) -> bool:
        """Tell whether deliveries to the partner are stopped."""
        return bool(self.paused_since)

    @classmethod
    def read(cls, value: bytes) -> Self:
        """Read a standing back."""
        given: dict[str, Any] = orjson.loads(value)
        return cls(given["run"], given["paused_since"], given["reason"])

    def write(self, partner: str) -> Write:
        """Return the write that keeps it."""
        value = {"run": self.run, "paused_since": self.paused_since, "reason": self.reason}
        return Write(STANDINGS, partner, orjson.dumps(value))


class Judge:
    """Counts how deliveries to one partner end and says when they must stop."""

    def __init__(self, run_limit: int = RUN_LIMIT) -> None:
        self._run_limit = run_limit
        self._last: deque[bool] = deque(maxlen=RATIO_OF)

    def after_delivery(self, before: Standing) -> Standing:
        """Return the standing after a delivery that arrived; only an operator ends a stop."""
        self._last.append(False)
        return before if before.is_paused else Standing()

    def after_death(self, before: Standing, now: datetime) -> Standing:
        """Return the standing after a dead letter: stopped when the run or the ratio is too high."""
        self._last.append(True)
        run = before.run + 1
        if before.is_paused:
            return Standing(run, before.paused_since, before.reason)
        if run >= self._run_limit:
            return Standing(run, now.isoformat(), f"{run} dead letters in a row")
        dead = sum(self._last)
        if len(self._last) == RATIO_OF and dead > RATIO_LIMIT * RATIO_OF:
            return Standing(
                run, now.isoformat(), f"{dead} of the last {RATIO_OF} became dead letters"
            )
        return Standing(run)

    def forget(self) -> None:
        """Start counting anew: an operator has resumed the deliveries."""
        self._last.clear()


async def standing_of(journal: Journal, partner: str) -> Standing:
    """Return a partner's standing."""
    stored = await journal.get(STANDINGS, partner)
    return Standing.read(stored.value) if stored else Standing()


async def paused(journal: Journal) -> dict[str, Standing]:
    """Return the partners whose deliveries are stopped."""
    found: dict[str, Standing] = {}
    after = ""
    while page := await journal.scan(STANDINGS, after=after):
        read = {partner: Standing.read(stored.value) for partner, stored in page}
        found |= {partner: each for partner, each in read.items() if each.is_paused}
        after = page[-1][0]
    return found


async def resume(journal: Journal, partner: str) -> bool:
    """Let deliveries to a partner go on, counting from zero; False when they were not stopped."""
    while True:
        stored = await journal.get(STANDINGS, partner)
        if stored is None or not Standing.read(stored.value).is_paused:
            return False
        removal = Write(STANDINGS, partner, None, expected=stored.version)
        try:
            await journal.commit(Commit(writes=[removal]))
        except Contended:
            continue
        return True

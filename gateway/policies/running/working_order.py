"""处理顺序: in which order the policies judged the messages, kept so that every conclusion can be drawn again.

What a policy concludes on the way depends on what it knew by then, and several workers judge side by
side. So each transaction of the runner writes one record of what it judged, in order, together with the
states. Records sort by the instant at which their transaction had read its states. Two transactions on
the same state never overlap (the later one would be contended and read again), so this is an order in
which each state took its messages, as long as the workers' clocks agree to the time of a commit.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from gateway.ports import Journal, Write

ORDER_SPACE: Final = "policy-order"
_PAGE: Final = 500
_INSTANT: Final = "%Y-%m-%dT%H:%M:%S.%f"


class StepKind(StrEnum):
    """What was done with a message."""

    JUDGED = "j"
    """Judged for the single states that it concerns."""
    CORRECTED = "w"
    """Judged in the place of the one that it supersedes."""
    RECORDED = "r"
    """Taken into a region's record (or taken out of it) by one policy."""
    PAGED = "p"
    """Judged by one policy for the states with `after` < key <= `upto` under its prefix."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `withdrawn`: the contribution of the superseded message was taken back by it."""

    kind: StepKind
    id: str
    policy: str = ""
    withdrawn: bool = False
    after: str = ""
    upto: str = ""

    def as_list(self) -> list[Any]:
        """Return the step as it is stored: short, for there is one of them per message."""
        if self.kind in {StepKind.JUDGED, StepKind.CORRECTED}:
            return [self.kind.value, self.id]
        return [self.kind.value, self.id, self.policy, self.withdrawn, self.after, self.upto]

    @classmethod
    def from_list(cls, stored: list[Any]) -> Step:
        """Read a step back."""
        return cls(StepKind(stored[0]), *stored[1:])


@dataclass(slots=True)
class OrderKeeper:
    """Gives one worker's records their keys."""

    worker: str = field(default_factory=lambda: secrets.token_hex(4))
    count: int = 0

    def write(self, at: datetime, steps: list[Step]) -> Write:
        """Return the record of a transaction that had read its states at `at`."""
        self.count += 1
        key = f"{order_instant(at)}/{self.worker}/{self.count:012d}"
        return Write(ORDER_SPACE, key, orjson.dumps([step.as_list() for step in steps]))


def order_instant(at: datetime) -> str:
    """Return an instant in UTC as text that sorts."""
    return at.astimezone(UTC).strftime(_INSTANT)


async def steps_in_order(
    journal: Journal, *, known_at: datetime | None = None
) -> AsyncIterator[Step]:
    """Yield what the policies did, in order, up to an instant (inclusive). Raises Unavailable."""
    last = order_instant(known_at) if known_at is not None else ""
    after = ""
    while True:
        found = await journal.scan(ORDER_SPACE, after=after, limit=_PAGE)
        for key, stored in found:
            if last and key.split("/", 1)[0] > last:
                return
            for step in orjson.loads(stored.value):
                yield Step.from_list(step)
        if len(found) < _PAGE:
            return
        after = found[-1][0]

"""分解: a region's agreed volume into institutions and quarters, exactly; and how each one fulfils it.

Quantities are integers of 10^-4 units. What is split adds up again to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.money import QUANTITY_SCALE

UNIT: Final = 10**QUANTITY_SCALE
ROUND_SHARE: Final = 40_000 * UNIT
"""Shares are multiples of this where the volume allows it: then 69.99 % of a quarter is a whole number."""
FULL: Final = 10_000
"""Completion in hundredths of a percent."""
LAGGING: Final = (6_999, 7_000, 7_999, 8_000)
"""What the lagging institution achieves of drug after drug in its first quarter: the thresholds' edges."""
LAGGING_EVERY: Final = 6
"""Of six drugs, four lag (LAGGING), two are fulfilled."""


def shares(quantity: int, weights: Sequence[int]) -> list[int]:
    """Split a quantity by weights, the first gets what rounding leaves. The sum is exact."""
    total = sum(weights)
    found = [0] * len(weights)
    for place, weight in enumerate(weights[1:], start=1):
        share = quantity * weight // total
        step = ROUND_SHARE if share >= ROUND_SHARE else UNIT
        found[place] = share // step * step
    found[0] = quantity - sum(found)
    return found


def by_quarter(task: int, quarters: int) -> list[int]:
    """Split a task evenly into whole units per quarter; what is left goes to the first. Exact."""
    each = task // quarters // UNIT * UNIT
    return [task - each * (quarters - 1), *[each] * (quarters - 1)]


def achieved(due: int, completion: int) -> int:
    """Return `completion` (hundredths of a percent) of a quarter's quantity without reaching beyond it.

    Rounded towards the side of the threshold that the completion names: 69.99 % stays below 70 %, 70 %
    is reached. Whole units where the quarter has whole units.
    """
    exact = due * completion
    whole = exact // FULL // UNIT * UNIT
    at_edge = completion % 100 == 0
    return whole + UNIT if at_edge and whole * FULL < exact else whole


def lag(place: int) -> int:
    """Return the completion of the lagging institution for its drug number `place` (from 0)."""
    turn = place % LAGGING_EVERY
    return LAGGING[turn] if turn < len(LAGGING) else FULL


@dataclass(slots=True)
class Progress:
    """What is still owed to a task: the shortfall of earlier quarters is caught up in the next one."""

    owed: int = 0

    def quarter(self, due: int, completion: int) -> int:
        """Return what is accepted in a quarter; a completion below 100 % leaves the rest owed."""
        target = due + self.owed
        accepted = min(target, achieved(due, completion)) if completion < FULL else target
        self.owed = target - accepted
        return accepted

    def late(self, due: int, completion: int) -> int:
        """Return what is reported late of a quarter, to bring it up to `completion`."""
        accepted = due - self.owed
        missing = min(self.owed, max(0, achieved(due, completion) - accepted))
        self.owed -= missing
        return missing

"""熔断: one circuit breaker per partner, on the clock that is passed in.

    closed ── `threshold` failures in a row ──▶ open ── `rest` over ──▶ half open ── success ──▶ closed
                                                 ▲                         │
                                                 └──────── failure ────────┘
Half open lets exactly one probe through: a partner that just came up is not met by a crowd. (The libraries
at hand read the wall clock themselves and let every caller through when half open.)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """See the module. `changed` is called with the new state at each change."""

    def __init__(
        self, threshold: int, rest: timedelta, changed: Callable[[BreakerState], None]
    ) -> None:
        self._threshold, self._rest, self._changed = threshold, rest, changed
        self._state = BreakerState.CLOSED
        self._failures = 0
        self._open_until: datetime | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """Return the state as of the last call."""
        return self._state

    @property
    def open_until(self) -> datetime | None:
        """Return when the next probe may go; None when it is not open."""
        return self._open_until if self._state is BreakerState.OPEN else None

    def allows(self, now: datetime) -> bool:
        """Tell whether a call may begin now."""
        if self._state is BreakerState.OPEN:
            return self._open_until is None or now >= self._open_until
        return self._state is BreakerState.CLOSED or not self._probing

    def begin(self, now: datetime) -> bool:
        """Note that a call begins (after `allows`); return True when it is the probe."""
        if self._state is BreakerState.OPEN and self.allows(now):
            self._become(BreakerState.HALF_OPEN)
        self._probing = self._state is BreakerState.HALF_OPEN
        return self._probing

    def succeeded(self) -> None:
        """Note that the partner answered like one that works."""
        self._failures, self._probing, self._open_until = 0, False, None
        if self._state is not BreakerState.CLOSED:
            self._become(BreakerState.CLOSED)

    def failed(self, now: datetime) -> None:
        """Note that a call brought no usable answer."""
        self._probing = False
        self._failures += 1
        if self._state is BreakerState.HALF_OPEN or (
            self._state is BreakerState.CLOSED and self._failures >= self._threshold
        ):
            self._open_until = now + self._rest
            self._become(BreakerState.OPEN)

    def abandoned(self) -> None:
        """Note that a call ended without saying anything about the partner (our own trouble)."""
        self._probing = False

    def _become(self, state: BreakerState) -> None:
        self._state = state
        self._changed(state)

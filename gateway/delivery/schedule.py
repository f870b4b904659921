"""重试时刻: when a delivery without a usable answer is tried again.

The wait doubles with each attempt up to a cap, with jitter, so that partners coming back are not met by
every queue at once. A Retry-After of the partner goes before it (RFC 9110 10.2.3: seconds or a date).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, wait_exponential

RETRY_AFTER_CAP: Final = timedelta(hours=1)  # a partner's typing error must not stop it for a year
_SECONDS: Final = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to wait after the n-th attempt. `draw` gives the jitter, 0 ≤ x < 1."""

    backoff: float
    """Seconds after the first attempt."""
    cap: float
    draw: Callable[[], float]

    def wait(self, attempt: int) -> timedelta:
        """Return the wait after attempt `attempt` (1-based): between half and all of the step."""
        state = RetryCallState(AsyncRetrying(), None, (), {})
        state.attempt_number = max(1, attempt)
        step = wait_exponential(multiplier=self.backoff, max=self.cap)(state)
        return timedelta(seconds=step * (0.5 + 0.5 * self.draw()))

    def next_try(self, attempt: int, now: datetime, retry_after: str = "") -> datetime:
        """Return when to try again; a readable Retry-After in the future decides."""
        asked = asked_wait(retry_after, now)
        return now + (asked if asked > timedelta(0) else self.wait(attempt))


def asked_wait(retry_after: str, now: datetime) -> timedelta:
    """Return what a Retry-After asks for, at most RETRY_AFTER_CAP; zero when it asks for nothing."""
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return min(timedelta(seconds=int(text)), RETRY_AFTER_CAP)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta(0)
    if until.tzinfo is None:  # "-0000": UTC without a known local offset
        until = until.replace(tzinfo=UTC)
    return max(timedelta(0), min(until - now, RETRY_AFTER_CAP))

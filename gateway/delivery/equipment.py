"""What the lanes work with: limits, the shared means, and how a partner is reached just now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from adapters._kit.protocol import Interface
from gateway.delivery.calling import ANSWER_LIMIT
from gateway.delivery.schedule import Schedule
from gateway.delivery.standing import RUN_LIMIT
from gateway.partners import Partner
from gateway.ports import Journal


@dataclass(frozen=True, slots=True)
class Limits:
    """When to give up, when to stop, how long to rest; the figures with their reasons.

    `patience`: while the partner is away altogether, a probe does not count as an attempt of the message
    that happens to be the probe, but not for ever: the message might be what brings the partner down.
    """

    seconds: float
    attempts: int
    answer: int = ANSWER_LIMIT
    breaker_threshold: int = 5
    breaker_rest: timedelta = timedelta(seconds=30)
    run_limit: int = RUN_LIMIT
    patience: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Equipment:
    """What every lane works with."""

    journal: Journal
    client: httpx.AsyncClient
    clock: Callable[[], datetime]
    schedule: Schedule
    limits: Limits
    counted: Callable[[str, str], None]
    """Called with (partner, meaning) for each attempt, for the metrics."""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """How a partner is reached just now."""

    partner: Partner
    interface: Interface
    secret: bytes
    parallel: int

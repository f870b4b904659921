"""When a delivery is tried again, and when a partner is left in peace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.breaker import Breaker, BreakerState
from gateway.delivery.schedule import RETRY_AFTER_CAP, Schedule, asked_wait

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
REST = timedelta(seconds=30)


@given(st.integers(-3, 100_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_lies_between_half_and_all_of_its_step_and_under_the_cap(
    attempt: int, drawn: float
) -> None:
    wait = Schedule(0.5, 60.0, lambda: drawn).wait(attempt).total_seconds()
    step = min(60.0, 0.5 * 2.0 ** min(max(0, attempt - 1), 60))
    assert step / 2 - 1e-6 <= wait <= step + 1e-6


def test_waits_double_up_to_the_cap() -> None:
    schedule = Schedule(0.5, 3.0, lambda: 1.0)
    waits = [schedule.wait(attempt).total_seconds() for attempt in range(1, 6)]
    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("0", 0),
        ("1", 1),
        (" 120 ", 120),
        ("3601", 3600),
        ("9999999999", 3600),
        ("99999999999999999999999", 0),
        ("-1", 0),
        ("1.5", 0),
        ("\uff17", 0),
        ("1_0", 0),
        ("Mon, 02 Nov 2026 08:00:05 GMT", 5),
        ("Mon, 02 Nov 2026 16:00:05 +0800", 5),
        ("Mon, 02 Nov 2026 08:00:05 -0000", 5),
        ("Mon, 02 Nov 2026 07:59:59 GMT", 0),
        ("Mon, 02 Nov 2099 08:00:00 GMT", 3600),
        ("Mon, 99 Nov 2026 08:00:00 GMT", 0),
        ("tomorrow", 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: int) -> None:
    assert asked_wait(text, NOW) == timedelta(seconds=seconds)


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_schedule(text: str) -> None:
    assert timedelta(0) <= asked_wait(text, NOW) <= RETRY_AFTER_CAP


def breaker(seen: list[BreakerState]) -> Breaker:
    return Breaker(3, REST, seen.append)


def test_the_breaker_opens_at_the_third_failure_in_a_row() -> None:
    seen: list[BreakerState] = []
    one = breaker(seen)
    for ending in ("failed", "failed", "ok", "failed", "failed"):
        assert one.allows(NOW)
        assert not one.begin(NOW)
        if ending == "ok":
            one.succeeded()
        else:
            one.failed(NOW)
    assert seen == []
    one.failed(NOW)
    assert seen == [BreakerState.OPEN]
    assert one.open_until == NOW + REST


def opened() -> tuple[Breaker, list[BreakerState]]:
    seen: list[BreakerState] = []
    one = breaker(seen)
    for _ in range(3):
        one.failed(NOW)
    return one, seen


def test_after_its_rest_one_probe_goes_through_and_closes_it() -> None:
    one, seen = opened()
    assert not one.allows(NOW + REST - timedelta(microseconds=1))
    assert one.allows(NOW + REST)
    assert one.begin(NOW + REST)
    assert not one.allows(NOW + REST)
    one.succeeded()
    assert one.allows(NOW + REST)
    assert seen == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


def test_a_failed_probe_opens_it_for_another_rest() -> None:
    one, _ = opened()
    later = NOW + REST
    one.begin(later)
    one.failed(later)
    assert not one.allows(later)
    assert one.open_until == later + REST


def test_a_probe_given_up_for_our_own_trouble_leaves_room_for_the_next() -> None:
    one, _ = opened()
    one.begin(NOW + REST)
    one.abandoned()
    assert one.allows(NOW + REST)
    assert one.state is BreakerState.HALF_OPEN

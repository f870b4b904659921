"""A message's codes are looked up as of its business day: the day on a calendar in China."""

from __future__ import annotations

import pytest

from schemas.events import EVENT_TYPES, ORDER_PLACED

ORDERED = EVENT_TYPES[ORDER_PLACED]


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2026-07-01", "2026-07-01"),
        ("2026-06-30T23:59:59+08:00", "2026-06-30"),
        ("2026-07-01T00:00:00+08:00", "2026-07-01"),
        ("2026-06-30T15:59:59Z", "2026-06-30"),
        ("2026-06-30T16:00:00Z", "2026-07-01"),
        ("2026-06-30T15:59:59.999999+00:00", "2026-06-30"),
        ("2026-07-01T00:59:59+09:00", "2026-06-30"),
        ("2026-07-01T01:00:00+09:00", "2026-07-01"),
        ("2025-12-31T11:00:00-05:00", "2026-01-01"),
    ],
)
def test_the_business_day_is_chinas_whatever_the_offset(given: str, day: str) -> None:
    assert ORDERED.business_day({ORDERED.dated_by: given}) == day


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2026-06-30T20:00:00", "2026-06-30"),  # without an offset: the contract refuses it later
        ("9999-12-31T23:00:00Z", "9999-12-31"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01"),
        ("2026-13-45T00:00:00Z", "2026-13-45"),
        ("nothing like a day", "nothing li"),
        ("", ""),
        (20260701, "20260701"),
        (None, "None"),
    ],
)
def test_what_is_no_instant_never_raises(given: object, day: str) -> None:
    assert ORDERED.business_day({ORDERED.dated_by: given}) == day


def test_data_without_the_field_has_no_day() -> None:
    assert ORDERED.business_day({}) == ""

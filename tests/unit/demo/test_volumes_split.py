from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.volumes_split import (
    FULL,
    LAGGING,
    ROUND_SHARE,
    UNIT,
    Progress,
    achieved,
    by_quarter,
    lag,
    shares,
)

WEIGHTS = st.sampled_from([(4, 1, 3, 2), (3, 1), (1,)])


@given(st.integers(0, 10**17), WEIGHTS)
def test_shares_add_up_exactly(quantity: int, weights: tuple[int, ...]) -> None:
    split = shares(quantity, weights)
    assert sum(split) == quantity
    assert all(share >= 0 for share in split)


@given(st.integers(0, 10**17), st.integers(1, 12))
def test_quarters_add_up_exactly(task: int, quarters: int) -> None:
    split = by_quarter(task, quarters)
    assert sum(split) == task
    assert len(split) == quarters
    assert all(due >= 0 and due % UNIT == 0 for due in split[1:])


@given(st.integers(ROUND_SHARE, 10**16), st.sampled_from(LAGGING))
def test_a_share_of_round_size_meets_the_threshold_to_the_digit(share: int, edge: int) -> None:
    due = by_quarter(share // ROUND_SHARE * ROUND_SHARE, 4)[1]
    assert achieved(due, edge) * FULL == due * edge


@pytest.mark.parametrize("due", [UNIT, 3 * UNIT, 7 * UNIT, 9_999 * UNIT, 123_457 * UNIT])
@pytest.mark.parametrize("edge", LAGGING)
def test_any_quarter_stays_on_its_side_of_the_threshold(due: int, edge: int) -> None:
    reached = achieved(due, edge)
    if edge % 100 == 0:
        assert reached * FULL >= due * edge
    else:
        assert reached * FULL < due * (edge + 1)


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=6), st.sampled_from(LAGGING))
def test_what_lags_is_caught_up_in_the_next_quarter(dues: list[int], edge: int) -> None:
    progress = Progress()
    accepted = [
        progress.quarter(due, edge if place == 0 else FULL) for place, due in enumerate(dues)
    ]
    assert accepted[0] <= dues[0]
    assert sum(accepted[:2]) == sum(dues[:2])
    assert sum(accepted) == sum(dues)


@given(st.integers(1, 10**8))
def test_a_late_receipt_brings_the_quarter_up_and_is_not_delivered_twice(units: int) -> None:
    due, progress = units * 10_000 * UNIT, Progress()
    in_time = progress.quarter(due, 7_999)
    late = progress.late(due, 8_000)
    assert (in_time + late) * FULL == due * 8_000
    assert in_time + late + progress.quarter(due, FULL) == 2 * due


def test_every_threshold_edge_is_played_and_some_drugs_are_fulfilled() -> None:
    assert [lag(place) for place in range(7)] == [6_999, 7_000, 7_999, 8_000, FULL, FULL, 6_999]

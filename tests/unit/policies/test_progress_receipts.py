"""收货台账: folded or not, the ledger says the same; and a year of receipts stays small."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.progress.measure_receipts import (
    EMPTY,
    ID_LENGTH,
    RECENT_KEPT,
    Row,
    ids_of,
    rows_of,
    with_receipt,
    without_receipt,
)
from gateway.policies.progress.progress import Progress
from schemas.events import SETTLEMENT_HELD, SETTLEMENT_RESUMED
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import accepted, closed, task
from tests.unit.policies.making_volumes import types

PRODUCTS = ("XC08CAA001A001010100001", "XC08CAA001A001010100002")


def row(number: int, day: str = "2020-01-05", quantity: int = 1, price: int = 7) -> Row:
    return Row(day, f"{number:032x}", quantity, PRODUCTS[number % 2], price, 3 - number % 5)


def any_row(number: int, order: random.Random) -> Row:
    day = f"2020-0{order.randint(1, 2)}-{order.randint(1, 20):02d}"
    return row(number, day, order.randint(0, 5), order.randint(0, 3))


def taken(state: dict[str, Any], *rows: Row) -> dict[str, Any]:
    for each in rows:
        after = with_receipt(state, each)
        assert after is not None
        state = orjson.loads(orjson.dumps(after))
    return state


def summed(rows: Iterable[Row]) -> list[tuple[str, str, int, int, int, tuple[str, ...]]]:
    """By day, product and price: quantity, amount and ids, however far the rows are folded."""
    found: dict[tuple[str, str, int], list[Row]] = {}
    for each in rows:
        found.setdefault((each.day, each.product, each.price), []).append(each)
    return [
        (*place, sum(r.quantity for r in of), sum(r.amount for r in of), tuple(sorted(ids_of(of))))
        for place, of in sorted(found.items())
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(RECENT_KEPT + 1, 4 * RECENT_KEPT), st.integers(0, 2**32))
def test_a_ledger_says_the_same_folded_or_not(count: int, seed: int) -> None:
    order = random.Random(seed)
    rows = [any_row(number, order) for number in range(count)]
    state = taken(EMPTY, *rows)
    assert state["months"]
    assert summed(rows_of(state)) == summed(rows)
    assert [with_receipt(state, each) for each in rows] == [None] * count
    order.shuffle(rows)
    while rows:
        gone = rows.pop()
        after = without_receipt(state, gone)
        assert after is not None
        state = after
        assert without_receipt(state, gone) is None
        assert summed(rows_of(state)) == summed(rows)
        if order.random() < 0.3:  # what was taken out may come again
            rows.append(gone)
            state = taken(state, gone)
            assert summed(rows_of(state)) == summed(rows)


def in_full(rows: Iterable[Row], goods: list[str]) -> dict[str, str]:
    """The months' texts from all receipts in order of arrival, put together and sorted as a whole."""
    together: dict[tuple[str, str, int], list[Row]] = {}
    for each in rows:
        together.setdefault((each.day, each.product, each.price), []).append(each)
    lines: dict[str, list[str]] = {}
    for (day, product, price), of in sorted(together.items()):
        sums = (
            f"{sum(each.quantity for each in of)} {price} {sum(each.amount for each in of) or ''}"
        )
        line = f"{day[8:]} {goods.index(product)} {sums} {''.join(each.ids for each in of)}"
        lines.setdefault(day[:7], []).append(line)
    return {month: ";".join(each) for month, each in lines.items()}


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 6), st.integers(0, 2**32), st.booleans())
def test_receipts_taken_in_one_by_one_stand_as_if_all_were_put_together_at_once(
    folds: int, seed: int, by_day: bool
) -> None:
    order = random.Random(seed)
    rows = [any_row(number, order) for number in range(folds * (RECENT_KEPT + 1))]
    if by_day:  # as they mostly come
        rows.sort(key=lambda each: each.day)
    state = taken(EMPTY, *rows)
    assert state["recent"] == ""
    assert state["months"] == in_full(rows, state["goods"])


def test_an_id_that_lies_across_two_others_is_not_known() -> None:
    halves = [Row("2020-01-05", half, 1, "A", 7, 0) for half in ("a" * 32, "b" * 32)]
    others = [row(number) for number in range(1, RECENT_KEPT)]
    state = taken(EMPTY, *halves, *others)
    across = Row("2020-01-05", "a" * 16 + "b" * 16, 1, "A", 7, 0)
    assert across.ids in state["months"]["2020-01"]
    assert without_receipt(state, across) is None
    assert with_receipt(state, across) is not None


def test_only_the_days_asked_for_are_read() -> None:
    state = taken(
        EMPTY, *(row(n, f"2020-{1 + n % 3:02d}-15") for n in range(RECENT_KEPT + 5))
    )  # some folded, some not
    assert state["months"]
    assert state["recent"]
    assert {each.day for each in rows_of(state, "2020-02-15", "2020-03-14")} == {"2020-02-15"}
    assert len(ids_of(rows_of(state, "2020-02-16", "2020-02-29"))) == 0


@pytest.mark.parametrize("length", [RECENT_KEPT - 1, RECENT_KEPT, RECENT_KEPT + 1, 300])
def test_a_hold_rests_on_folded_receipts_as_on_any(length: int) -> None:
    host = Host(Progress())
    host.take(task())
    buys = [accepted(f"n{n}", "1.0000", f"2020-01-{1 + n % 28:02d}") for n in range(length)]
    host.take(*buys)
    found = host.take(closed("2020-Q1", "2020-03-31"))
    hold = found[1]
    assert hold.type == SETTLEMENT_HELD
    assert hold.data["accepted_quantity"] == f"{length}.0000"
    assert set(hold.data["because"]["causes"]) >= {each.id for each in buys}
    rest = f"{10_000 - length}.0000"
    assert types(host.take(accepted("rest", rest, "2020-04-01"))) == [SETTLEMENT_RESUMED]
    assert host.take(accepted("rest", rest, "2020-04-01")) == []


def test_ten_times_the_receipts_of_a_year_are_no_ten_times_the_state() -> None:
    def size(per_week: int) -> int:
        host = Host(Progress())
        host.take(task())
        for number in range(52 * per_week):
            day = f"2020-{1 + number % 12:02d}-{1 + number % 28:02d}"
            host.take(accepted(f"n{number}", "1.0000", day))
        return len(orjson.dumps(host.states.popitem()[1]))

    few, many = size(2), size(20)
    # in bytes, for a ratio would allow more the larger the smaller one is
    assert few < 5_700
    assert many < 36_000
    assert (
        many - few < 1.01 * 52 * 18 * ID_LENGTH
    )  # a further receipt costs its id and nothing else

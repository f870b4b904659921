"""收货台账: folded or not, the ledger says the same; and a year of receipts stays small."""

from __future__ import annotations

import random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.progress.measure_receipts import RECENT_KEPT, Receipts, Row, ids_of
from gateway.policies.progress.progress import Progress
from schemas.events import SETTLEMENT_HELD, SETTLEMENT_RESUMED
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import accepted, closed, task
from tests.unit.policies.making_volumes import types

EMPTY = Receipts([], {})


def row(number: int, day: str = "2020-01-05", quantity: int = 1, price: int = 7) -> Row:
    return Row(day, f"{number:032x}", quantity, "XC08CAA001", price, 3)


def sums(receipts: Receipts) -> tuple[int, int, list[str]]:
    rows = list(receipts.rows())
    return sum(r.quantity for r in rows), sum(r.amount for r in rows), sorted(ids_of(rows))


@settings(max_examples=40, deadline=None)
@given(st.integers(RECENT_KEPT + 1, 3 * RECENT_KEPT), st.integers(0, 2**32))
def test_a_ledger_says_the_same_folded_or_not(count: int, seed: int) -> None:
    order = random.Random(seed)
    rows = [
        row(
            number,
            f"2020-0{order.randint(1, 2)}-{order.randint(1, 20):02d}",
            order.randint(0, 5),
            order.randint(1, 3),
        )
        for number in range(count)
    ]
    folded, apart = EMPTY, Receipts([], {})
    for each in rows:
        folded = folded.with_receipt(list(each))
        apart = Receipts([*apart.recent, each], {})
    assert folded.months
    assert sums(folded) == sums(apart)
    for each in rows:
        assert folded.with_receipt(list(each)) is folded
    order.shuffle(rows)
    for each in rows[: len(rows) // 2]:
        folded = folded.without(list(each))
    assert sums(folded) == sums(Receipts(rows[len(rows) // 2 :], {}))
    for each in rows:
        folded = folded.without(list(each))
    assert sums(folded) == (0, 0, [])


def test_only_the_days_asked_for_are_read() -> None:
    receipts = EMPTY
    for number in range(RECENT_KEPT + 2):
        receipts = receipts.with_receipt(list(row(number, f"2020-{1 + number % 3:02d}-15")))
    assert {each.day for each in receipts.rows("2020-02-15", "2020-03-14")} == {"2020-02-15"}
    assert len(ids_of(receipts.rows("2020-02-16", "2020-02-29"))) == 0


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

    assert size(20) < 6 * size(2)

"""供应台账: rows by month, packed when another month has begun; nothing of them is lost or changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.policies.supply.supply_ledger import (
    PACKED_FROM,
    knows,
    lately,
    rows,
    with_rows,
    without_row,
)

DAYS = ("2020-01-31", "2020-02-01", "2020-03-15")
WORDS = st.text(min_size=0, max_size=6) | st.sampled_from(["%", ";", " ", "a b;c", "%20", ""])
ROWS = st.lists(st.tuples(st.sampled_from(DAYS), st.lists(WORDS, max_size=3)), max_size=12)


def ledger(count: int, day: str) -> dict[str, str]:
    months: dict[str, str] = {}
    for at in range(count):
        months = with_rows(months, day, f"{at:032x}", (("药品甲", f"{at}"),))
    return months


@given(ROWS)
def test_every_row_is_found_again_by_month_in_the_order_of_arrival(
    given: list[tuple[str, list[str]]],
) -> None:
    months: dict[str, str] = {}
    for at, (day, words) in enumerate(given):
        assert not knows(months, day, f"{at:032x}")
        months = with_rows(months, day, f"{at:032x}", (words,))
        assert knows(months, day, f"{at:032x}")
    expected = sorted(enumerate(given), key=lambda each: each[1][0][:7])
    assert list(rows(months)) == [[f"{at:032x}", *words] for at, (_, words) in expected]
    for at, (day, words) in enumerate(given):
        found = list(rows(months, words[0] if words else ""))
        assert [f"{at:032x}", *words] in found
        left = without_row(months, day, f"{at:032x}")
        assert not knows(left, day, f"{at:032x}")
        assert len(list(rows(left))) == len(given) - 1


def test_a_month_is_packed_when_another_one_begins_and_opened_by_a_late_row() -> None:
    before = ledger(100, "2020-01-31")
    later = with_rows(before, "2020-02-01", "f" * 32, (("药品甲", "1"),))
    assert len(later["2020-01"]) < len(before["2020-01"]) / 2
    assert list(rows(later))[:100] == list(rows(before))
    late = with_rows(later, "2020-01-05", "e" * 32, (("药品乙", "2"),))
    assert list(rows(late, "药品乙")) == [["e" * 32, "药品乙", "2"]]
    assert late["2020-01"].startswith(before["2020-01"])
    again = with_rows(late, "2020-03-01", "d" * 32, (("药品甲", "3"),))
    assert len(again["2020-01"]) < len(late["2020-01"]) / 2
    assert len(list(rows(again))) == 103


def test_a_short_month_is_left_as_it_is() -> None:
    before = ledger(1, "2020-01-31")
    assert len(before["2020-01"]) < PACKED_FROM
    later = with_rows(before, "2020-02-01", "f" * 32, (("药品甲", "1"),))
    assert later["2020-01"] == before["2020-01"]


def test_a_packed_ledger_forgets_its_first_months_like_another() -> None:
    months = ledger(30, "2020-01-31")
    for at in range(2, 7):
        months = with_rows(months, f"2020-{at:02d}-01", f"{at:032x}", (("药品甲", "1"),))
    assert list(lately(months, 3)) == ["2020-04", "2020-05", "2020-06"]

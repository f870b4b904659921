from __future__ import annotations

from datetime import date

import pytest

from gateway.demo.calendar import Quarter, term_of
from gateway.demo.dataset import PILOT, Batch


def test_the_pilots_term_is_the_papers() -> None:
    term = term_of(Batch(PILOT, "", "2018-12-07"))
    assert (term.first, term.last) == (date(2019, 3, 20), date(2020, 3, 19))
    assert [quarter.period for quarter in term.quarters] == [
        "2019-Q2",
        "2019-Q3",
        "2019-Q4",
        "2020-Q1",
    ]


@pytest.mark.parametrize(
    ("opened", "first"),
    [
        ("2019-09-25", date(2020, 1, 1)),
        ("2020-01-17", date(2020, 4, 1)),
        ("2020-08-02", date(2020, 10, 1)),
        ("2020-08-03", date(2021, 1, 1)),
        ("2021-02-03", date(2021, 7, 1)),
    ],
)
def test_a_term_begins_with_the_first_quarter_sixty_days_after_the_bids(
    opened: str, first: date
) -> None:
    term = term_of(Batch("B", "", opened))
    assert term.first == first
    assert len(term.quarters) == 4
    assert term.last == term.quarters[-1].last


@pytest.mark.parametrize(
    ("code", "year"), [("NVBP-2026-13", 2027), ("NVBP-13", 2021), ("X2020260", 2021)]
)
def test_a_batch_without_a_date_begins_in_the_year_after_its_name(code: str, year: int) -> None:
    assert term_of(Batch(code, "", "")).first == date(year, 1, 1)


def test_quarters_know_their_days() -> None:
    assert Quarter.of(date(2020, 3, 31)) == Quarter(2020, 1)
    assert Quarter.of(date(2020, 4, 1)) == Quarter(2020, 2)
    assert Quarter(2020, 4).following == Quarter(2021, 1)
    assert (Quarter(2020, 1).first, Quarter(2020, 1).last) == (date(2020, 1, 1), date(2020, 3, 31))
    assert Quarter(2020, 4).last == date(2020, 12, 31)

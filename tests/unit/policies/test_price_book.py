"""价格簿 (I5): at most one effective price per product, kind, region and day, whatever the order of arrival."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policies.prices.price_book import (
    FOREVER,
    Entry,
    Series,
    before,
    day_after,
    day_before,
    inserted,
    price_on,
    span_of,
    spans,
    without,
)
from gateway.policies.regions import regions_above
from schemas.checking import check
from schemas.envelope import canonical_bytes
from schemas.events import PRICE_LISTED, PRICE_NEGOTIATED
from tests.unit.policies.making import YUNNAN, listing
from tests.unit.policies.pricing import negotiated

DAYS = [f"2020-0{month}-{day:02d}" for month in (1, 2, 3) for day in (1, 2, 15)]


def entry(identity: str, price: int, since: str, until: str = FOREVER, order: str = "") -> Entry:
    return [since, order, identity, price, until, None]


def series(*entries: Entry) -> Series:
    found: Series = []
    for each in entries:
        found = inserted(found, each)
    return found


def test_a_later_price_ends_the_one_before_on_the_day_before() -> None:
    book = series(entry("b", 2, "2020-02-01"), entry("a", 1, "2020-01-01"))
    assert [(each.id, each.since, each.until) for each in spans(book)] == [
        ("a", "2020-01-01", "2020-01-31"),
        ("b", "2020-02-01", FOREVER),
    ]


@pytest.mark.parametrize(
    ("day", "price"),
    [
        ("2019-12-31", None),
        ("2020-01-01", 1),
        ("2020-01-31", 1),
        ("2020-02-01", 2),
        ("2020-02-15", 2),
        ("2020-02-16", None),
    ],
)
def test_a_price_holds_from_its_first_day_to_its_last(day: str, price: int | None) -> None:
    book = series(entry("a", 1, "2020-01-01"), entry("b", 2, "2020-02-01", "2020-02-15"))
    found = price_on(book, day)
    assert (found.price if found is not None else None) == price


def test_of_two_that_begin_on_one_day_the_one_recorded_later_counts() -> None:
    book = series(
        entry("a", 1, "2020-01-01", order="0-2"), entry("b", 2, "2020-01-01", order="0-1")
    )
    assert [each.id for each in spans(book)] == ["a"]
    assert span_of(book, "b") is None


def test_a_withdrawn_price_lets_the_one_before_last_again() -> None:
    book = series(entry("a", 1, "2020-01-01"), entry("b", 2, "2020-02-01"))
    assert before(book, "b") == "a"
    assert before(book, "a") == ""
    left = without(book, "b")
    assert [(each.id, each.until) for each in spans(left)] == [("a", FOREVER)]
    assert without(book, "nothing") is book


def test_the_same_message_twice_is_one_price() -> None:
    one = entry("a", 1, "2020-01-01")
    assert series(one, one) == [one]


@pytest.mark.parametrize(
    ("day", "neighbour"), [("2020-03-01", "2020-02-29"), ("0001-01-01", "0001-01-01")]
)
def test_the_day_before(day: str, neighbour: str) -> None:
    assert day_before(day) == neighbour


@pytest.mark.parametrize(
    ("day", "neighbour"), [("2020-02-28", "2020-02-29"), ("9999-12-31", "9999-12-31")]
)
def test_the_day_after(day: str, neighbour: str) -> None:
    assert day_after(day) == neighbour


def test_a_regions_prices_are_sought_upward() -> None:
    assert regions_above("530302") == ("530302", "530300", "530000")
    assert regions_above("530000") == ("530000",)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    count = draw(st.integers(0, 8))
    return [
        entry(
            f"id{at}",
            draw(st.integers(1, 9)),
            draw(st.sampled_from(DAYS)),
            draw(st.sampled_from([FOREVER, *DAYS])),
            f"0-{at:03d}",
        )
        for at in range(count)
    ]


@given(given_=entries(), order=st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter_and_no_day_has_two_prices(
    given_: list[Entry], order: Any
) -> None:
    shuffled = list(given_)
    order.shuffle(shuffled)
    book = series(*given_)
    assert book == series(*shuffled)
    held = list(spans(book))
    assert all(one.until < two.since for one, two in pairwise(held))
    for day in DAYS:
        on = [each for each in held if each.holds_on(day)]
        assert len(on) <= 1
        assert price_on(book, day) == (on[0] if on else None)


@given(given_=entries(), data=st.data())
def test_a_price_touches_only_the_days_up_to_the_next_one(
    given_: list[Entry], data: st.DataObject
) -> None:
    book = series(*given_)
    since = data.draw(st.sampled_from(DAYS))
    more = inserted(book, entry("more", 5, since, order="0-900"))
    later = min((each[0] for each in book if each[0] > since), default=FOREVER)
    for day in DAYS:
        if day < since or day >= later:
            one, two = price_on(more, day), price_on(book, day)
            assert (one and one.id) == (two and two.id)
    assert without(more, "more") == book


@given(given_=entries(), since=st.sampled_from(DAYS), until=st.sampled_from(DAYS))
def test_spans_in_a_window_are_those_that_touch_it(
    given_: list[Entry], since: str, until: str
) -> None:
    book = series(*given_)
    expected = [each for each in spans(book) if each.since <= until and each.until >= since]
    assert list(spans(book, since, until)) == expected


@pytest.mark.parametrize(("last", "wrong"), [("2020-05-31", True), ("2020-06-01", False)])
def test_a_price_that_ends_before_it_begins_is_refused_at_the_door(last: str, wrong: bool) -> None:
    given_ = ((PRICE_LISTED, listing("a", "1.000000", YUNNAN)), (PRICE_NEGOTIATED, negotiated("b", "1.000000")))  # fmt: skip
    for type_, message in given_:
        data = message.content() | {"effective_to": last}
        found = check(type_, data, canonical_bytes(data))
        assert [each.code for each in found] == (["date.invalid"] if wrong else [])

"""回款 (R3): a receipt that was written as a short text is read as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_packed import (
    NO_DAY,
    Names,
    Unpackable,
    coming_of,
    day_code,
    day_of_code,
    limit_code,
    packed,
    unpacked,
)
from gateway.policies.payments.payment_clock_receipts import COUNTER, accepted, credited
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS

IDS = st.one_of(
    st.binary(min_size=16, max_size=16).map(bytes.hex),
    st.sampled_from(["", "x", "A" * 32, "0" * 31, "0" * 33, "g" * 32, "1 " * 16, "；,;!=~"]),
)
COUNTED = st.one_of(IDS, IDS.map(lambda each: COUNTER + each))
DAYS = st.one_of(
    st.dates().map(str), st.sampled_from(["1899-12-31", "1900-01-01", "2020-02-29", "9999-12-31"])
)
AMOUNTS = st.one_of(st.sampled_from([0, 100, 200, 300]), st.integers(0, 10**16))
WHO = st.sampled_from(["", "91520000MA00000001", "甲;乙,丙", "91520000MA00000002"])
REGIONS = st.sampled_from(["520000", "530300", "530900"])
LINES = st.tuples(COUNTED, DAYS, AMOUNTS, st.one_of(st.just(""), DAYS), WHO, REGIONS, WHO)
CREDITS = st.tuples(COUNTED, DAYS, AMOUNTS, st.sampled_from("prf"), WHO, REGIONS)
RECEIPTS = st.builds(
    lambda lines, credits_, said: {
        "a": [list(each) for each in lines],
        "c": [list(each) for each in credits_],
        "t": said,
    },
    st.lists(LINES, max_size=4),
    st.lists(CREDITS, max_size=4),
    st.one_of(st.just(""), DAYS),
).filter(lambda each: each["a"] or each["c"])


@given(receipt=RECEIPTS, coming=st.one_of(st.just(""), DAYS))
def test_a_receipt_is_read_as_it_was_written(receipt: dict[str, Any], coming: str) -> None:
    names, regions = Names({}), Names({})
    stored = packed(receipt, coming, names, regions, settled=False)
    read = unpacked(stored, Names(names.table), Names(regions.table))
    assert (read["a"], read["c"]) == (receipt["a"], receipt["c"])
    assert coming_of(stored) == coming
    assert set(regions.table) == {each[5] for part in "ac" for each in receipt[part]}
    if accepted(receipt) == credited(receipt):  # paid exactly, but not by today: all of it counts
        assert read["t"] == receipt["t"]


@given(receipt=RECEIPTS, since=st.dates().filter(lambda day: 1900 <= day.year < 2500).map(str))
def test_what_is_paid_exactly_is_kept_with_the_day_since_which_it_is(
    receipt: dict[str, Any], since: str
) -> None:
    left = accepted(receipt) - credited(receipt)
    receipt["c" if left >= 0 else "a"].append(
        ["0" * 32, since, left, "p", "", "520000"]
        if left >= 0
        else ["0" * 32, since, -left, "", "", "520000", ""]
    )
    names, regions = Names({}), Names({})
    receipt["t"], until = since, days_after(since, KEPT_DAYS)
    stored = packed(receipt, until, names, regions, settled=True)
    read = unpacked(stored, names, regions)
    assert {part: read[part] for part in "act"} == receipt
    assert coming_of(stored) == until


@given(one=DAYS, other=DAYS)
def test_the_digits_of_days_sort_like_the_days(one: str, other: str) -> None:
    assert (limit_code(one) < limit_code(other)) <= (one < other)
    if "1900" <= one < "2552" and "1900" <= other < "2552":
        assert (day_code(one) < day_code(other)) == (one < other)
        assert day_of_code(day_code(one)) == one
        assert day_code(one) > NO_DAY


def test_a_day_that_has_no_digits_is_said() -> None:
    assert (day_code(""), day_of_code(NO_DAY)) == (NO_DAY, "")
    assert day_code("1900-01-01") == "001"
    for day in ("1899-12-31", "9999-12-31"):
        with pytest.raises(Unpackable):
            day_code(day)
    assert limit_code("1899-12-31") == NO_DAY
    assert limit_code("9999-12-31") == "zzz"


def test_the_tables_of_names_are_not_changed_by_those_who_read_them() -> None:
    given_names = {"a": 0}
    names = Names(given_names)
    assert (names.number("a"), names.number("b"), names.number("b")) == (0, 1, 1)
    assert (names.text(0), names.text(1)) == ("a", "b")
    assert given_names == {"a": 0}

"""监测期: the text of closed periods says what a list of them would; figures are the sums of what is known."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.progress.measure_periods import (
    closed_for,
    closed_until,
    last_days,
    lies_in,
    not_closed,
    with_closed,
)
from gateway.policies.progress.progress import Progress
from gateway.policies.progress.progress_monthly import Monitoring
from schemas.envelope import Message
from schemas.events import PROGRESS_MEASURED
from tests.unit.policies.hosting import RULES, Host
from tests.unit.policies.making import GUIZHOU, accepted, closed, task

REGIONS = (GUIZHOU, "520100", "520103", "520300")
PERIODS = st.sampled_from(
    [
        ("2020-01", "2020-01-31"),
        ("2020-02", "2020-02-29"),
        ("2020-02", "2020-02-28"),
        ("2020-Q1", "2020-03-31"),
        ("2020-Q1", "2020-03-30"),
    ]
)
CLOSINGS = st.lists(st.tuples(PERIODS, st.sampled_from(REGIONS)), max_size=8)


@settings(max_examples=200, deadline=None)
@given(CLOSINGS, st.sets(st.integers(0, 7)), st.sampled_from(REGIONS))
def test_closed_periods_are_known_as_if_each_were_looked_at(
    told: list[tuple[tuple[str, str], str]], gone: set[int], region: str
) -> None:
    messages = [closed(*period, where) for period, where in told]
    known, listed = "", dict[tuple[str, str], tuple[str, str]]()
    for (period, where), message in zip(told, messages, strict=True):
        known = with_closed(known, message, message.content())
        entry = (period[1], message.id)
        listed[where, period[0]] = max(entry, listed.get((where, period[0]), entry))
    for place in gone & set(range(len(messages))):
        known = not_closed(known, messages[place])
        listed = {name: each for name, each in listed.items() if each[1] != messages[place].id}
    nearest = {
        period: (ended_on, period, by)
        for (where, period), (ended_on, by) in sorted(listed.items())
        if lies_in(region, where)
    }
    found = closed_for(known, region)
    assert [(each.ended_on, each.period, each.closed_by) for each in found] == sorted(
        nearest.values()
    )
    assert closed_until(known) == max((day for day, _ in listed.values()), default="")
    assert last_days(known) == {
        period: max(day for (_, other), (day, _) in listed.items() if other == period)
        for _, period in listed
    }


@pytest.mark.parametrize("period", ["2020-01", "2020-12"])
def test_a_month_leaves_no_trace_where_only_quarters_are_measured(period: str) -> None:
    policy = Progress()
    message = closed(period, f"{period}-31")
    assert policy.remember(None, message, message.content()) == {"closed": ""}
    host = Host(policy)
    host.take(task())
    before = dict(host.states)
    assert host.take(message) == []
    assert host.states == before


DAYS = st.dates(min_value=RULES.regions[GUIZHOU].values["progress.measured"][0].since)
NAMES = st.sampled_from(
    ["progress.measured", "progress.monitored", "progress.warn_below", "term.agreement", "nothing"]
)


@given(st.sampled_from([*RULES.regions, "520103", "440000"]), NAMES, DAYS)
def test_a_term_that_is_remembered_is_the_one_in_force(region: str, name: str, day: Any) -> None:
    terms = RULES.of(region)
    wanted = terms.value(name, day) if terms is not None else None
    for _ in range(2):
        assert RULES.term(region, name, day.isoformat()) == wanted


MONTHS = {
    "2020-01": ("2020-01-01", "2020-01-31"),
    "2020-02": ("2020-02-01", "2020-02-29"),
    "2020-03": ("2020-03-01", "2020-03-31"),
    "2020-Q1": ("2020-01-01", "2020-03-31"),
}
BUYS = st.lists(
    st.tuples(
        st.integers(0, 9_999_999),
        st.integers(-500, 100_000),
        st.sampled_from(["2019-12-31", "2020-01-01", "2020-01-31", "2020-02-01", "2020-02-29"])
        | st.sampled_from(["2020-03-01", "2020-03-31", "2020-04-01"]),
    ),
    max_size=14,
)


def bought(number: int, quantity: int, amount: int, day: str) -> Message:
    money = f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"
    written = f"{quantity // 10_000}.{quantity % 10_000:04d}"
    return accepted(f"n{number}", written, day, amount=money)


@settings(max_examples=80, deadline=None)
@given(BUYS, st.randoms(use_true_random=False), st.integers(0, 3))
def test_the_figures_of_a_period_are_the_sums_of_what_was_accepted_whatever_came_first(
    buys: list[tuple[int, int, str]], order: Any, withdrawn: int
) -> None:
    receipts = [bought(number, *each) for number, each in enumerate(buys)]
    events = [task(), *receipts, *(closed(name, last) for name, (_, last) in MONTHS.items())]
    order.shuffle(events)
    host = Host(Monitoring())
    host.take(*events)
    gone = dict(zip(receipts[:withdrawn], buys, strict=False))
    for number, receipt in enumerate(gone):  # each is corrected to the quantity of one
        host.supersede(receipt, bought(100 + number, 10_000, 0, gone[receipt][2]))
    counted = [(10_000, 0, day) for _, _, day in gone.values()] + buys[withdrawn:]
    latest = {each.data["period"]: each.data for _, each in host.drawn if _is_figure(each)}
    for name, (first, last) in MONTHS.items():
        inside = [each for each in counted if first <= each[2] <= last]
        so_far = [each for each in counted if "2020-01-01" <= each[2] <= last]
        figures = latest[name]["figures"]
        assert Fraction(figures["accepted_quantity"]) * 10_000 == sum(q for q, _, _ in inside)
        assert Fraction(figures["accepted_amount"]) * 100 == sum(a for _, a, _ in inside)
        assert Fraction(figures["cumulative_quantity"]) * 10_000 == sum(q for q, _, _ in so_far)
        assert Fraction(figures["cumulative_amount"]) * 100 == sum(a for _, a, _ in so_far)


def _is_figure(conclusion: Any) -> bool:
    return bool(conclusion.type == PROGRESS_MEASURED)


def test_a_period_that_is_told_again_says_which_it_replaces() -> None:
    host = Host(Monitoring())
    host.take(task(), closed("2020-01", "2020-01-31"))
    host.take(*(bought(n, 10_000, 100, "2020-01-31") for n in range(10)))
    told = [(identity, each.data) for identity, each in host.drawn]
    assert [data["revision"] for _, data in told] == list(range(1, 12))
    for (identity, _), (_, after) in itertools.pairwise(told):
        assert after["replaces"] == identity
        assert after["because"]["causes"][0] == identity

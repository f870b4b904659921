from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Conclusion
from gateway.policies.progress.progress import Progress, standings
from gateway.policies.quarters import window
from schemas.envelope import Message
from schemas.events import (
    PROGRESS_WARNED,
    PROGRESS_WARNING_LIFTED,
    SETTLEMENT_HELD,
    SETTLEMENT_RESUMED,
)
from schemas.progress import Standing
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    DRUG,
    GUIZHOU,
    HOSPITAL,
    OTHER_PRODUCT,
    YUNNAN,
    accepted,
    closed,
    task,
)

Q1, Q2 = closed("2020-Q1", "2020-03-31"), closed("2020-Q2", "2020-06-30")


def types(conclusions: Sequence[Conclusion]) -> list[str]:
    return [each.type for each in conclusions]


def standing(host: Host) -> list[Conclusion]:
    """What has been concluded and neither been taken back nor been replaced."""
    found: dict[str, Conclusion] = {}
    for identity, each in host.drawn:
        for name in ("replaces", "warning_id", "hold_id"):
            if named := each.data.get(name):
                del found[named]  # a KeyError here: it did not stand
        if each.type in {PROGRESS_WARNED, SETTLEMENT_HELD}:
            found[identity] = each
    return list(found.values())


def in_force(host: Host) -> list[tuple[str, str]]:
    """What stands, as (type, period)."""
    return sorted((each.type, each.data["period"]) for each in standing(host))


_HOW = {"because", "replaces", "hold_no"}


def said(host: Host) -> list[tuple[str, dict[str, Any]]]:
    """What stands, with all that it says but how it came about."""
    found = [
        (each.type, {name: value for name, value in each.data.items() if name not in _HOW})
        for each in standing(host)
    ]
    return sorted(found, key=lambda each: (each[0], each[1]["period"]))


@pytest.mark.parametrize(
    ("quantity", "concluded"),
    [
        ("8000.0000", []),
        ("7999.0000", [PROGRESS_WARNED]),
        ("7999.9999", [PROGRESS_WARNED]),
        ("7000.0000", [PROGRESS_WARNED]),
        ("6999.9999", [PROGRESS_WARNED, SETTLEMENT_HELD]),
        ("6999.0000", [PROGRESS_WARNED, SETTLEMENT_HELD]),
        ("10000.0000", []),
    ],
)
def test_guizhou_warns_below_eighty_and_holds_below_seventy_percent(
    quantity: str, concluded: list[str]
) -> None:
    assert types(Host(Progress()).take(task(), accepted("a", quantity, "2020-02-10"), Q1)) == (
        concluded
    )


def test_an_institution_that_bought_nothing_is_held() -> None:
    assert types(Host(Progress()).take(task(), Q1)) == [PROGRESS_WARNED, SETTLEMENT_HELD]


def test_a_hold_says_why_so_that_it_can_be_checked_by_hand() -> None:
    buys = [accepted("a", "6000.0000", "2020-01-10"), accepted("b", "999.0000", "2020-03-31")]
    warning, hold = Host(Progress()).take(task(), *buys, Q1)
    assert (warning.data["warned_on"], hold.data["held_from"]) == ("2020-03-31", "2020-04-01")
    assert hold.data["completion"] == "0.6999"
    assert (hold.data["institution"], hold.data["drug"]) == (HOSPITAL, DRUG)
    why = hold.data["because"]
    assert why["rule"] == "R4"
    assert why["clauses"] == ["黔医保发〔2019〕69号 五（三）"]
    assert why["terms"] == {
        "progress.measured": "quarter",
        "progress.hold_below": "0.70",
        "progress.hold_starts": "next_month",
        "progress.resume_when": "cumulative_task_done",
    }
    assert why["arithmetic"] == [
        "6999 / 10000 = 0.6999 < 0.70",
        "累计 cumulative: 6999 < 10000",
    ]
    assert why["causes"] == [task().id, buys[0].id, buys[1].id, Q1.id]


def test_a_ratio_just_below_is_never_shown_as_reached() -> None:
    (warning,) = Host(Progress()).take(task(), accepted("a", "7999.9999", "2020-02-10"), Q1)
    assert warning.data["completion"] == "0.7999"
    assert warning.data["because"]["arithmetic"] == ["7999.9999 / 10000 = 0.7999… < 0.80"]


@pytest.mark.parametrize(("quantity", "resumed"), [("3999.9999", False), ("4000.0000", True)])
def test_settlement_resumes_when_the_cumulative_task_is_done(quantity: str, resumed: bool) -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "6000.0000", "2020-02-10"), Q1)
    found = host.take(accepted("b", quantity, "2020-04-20"))
    assert types(found) == ([SETTLEMENT_RESUMED] if resumed else [])
    if resumed:
        hold_id = next(identity for identity, each in host.drawn if each.type == SETTLEMENT_HELD)
        assert found[0].data["hold_id"] == hold_id
        assert found[0].data["resumed_on"] == "2020-04-20"
        assert found[0].data["because"]["causes"][0] == hold_id
        assert found[0].data["because"]["arithmetic"][0] == "累计 cumulative: 10000 ≥ 10000"


def test_the_warning_of_a_quarter_stays_after_the_cumulative_task_is_done() -> None:
    host = Host(Progress())
    host.take(task(), Q1, accepted("b", "10000.0000", "2020-04-20"))
    assert in_force(host) == [(PROGRESS_WARNED, "2020-Q1")]


def test_a_late_receipt_of_the_quarter_lifts_its_warning() -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "7500.0000", "2020-02-10"), Q1)
    ((warning, _),) = host.drawn
    (lifted,) = host.take(accepted("late", "500.0000", "2020-03-30"))
    assert lifted.type == PROGRESS_WARNING_LIFTED
    assert lifted.data["warning_id"] == warning
    assert lifted.data["lifted_on"] == "2020-03-31"
    assert lifted.data["completion"] == "0.8000"


def test_a_late_receipt_of_the_quarter_ends_a_hold_that_should_not_have_been() -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "6999.0000", "2020-02-10"), Q1)
    warned, resumed = host.take(accepted("late", "1.0000", "2020-03-30"))
    assert (warned.type, warned.data["completion"]) == (PROGRESS_WARNED, "0.7000")
    assert resumed.type == SETTLEMENT_RESUMED
    assert resumed.data["resumed_on"] == "2020-04-01"
    assert in_force(host) == [(PROGRESS_WARNED, "2020-Q1")]


def test_a_late_receipt_that_leaves_the_quarter_below_puts_its_figures_right() -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "1000.0000", "2020-02-10"), Q1)
    (warning, _), (hold, first) = host.drawn
    late = accepted("late", "4000.0000", "2020-03-30")
    warned, held = host.take(late)
    (_, _, (again, _), (still, _)) = host.drawn
    assert (warned.data["replaces"], held.data["replaces"]) == (warning, hold)
    for each in (warned, held):
        assert each.data["accepted_quantity"] == "5000.0000"
        assert each.data["completion"] == "0.5000"
        assert each.data["because"]["causes"][0] == each.data["replaces"]
        assert late.id in each.data["because"]["causes"]
    assert warned.data["because"]["arithmetic"] == ["5000 / 10000 = 0.5000 < 0.80"]
    assert (first.data["hold_no"], held.data["hold_no"]) == (hold, hold)  # it is the same hold
    assert held.data["held_from"] == first.data["held_from"]
    assert in_force(host) == [(PROGRESS_WARNED, "2020-Q1"), (SETTLEMENT_HELD, "2020-Q1")]
    lifted, resumed = host.take(accepted("later", "5000.0000", "2020-03-31"))
    assert lifted.data["warning_id"] == again
    assert (resumed.data["hold_id"], resumed.data["hold_no"]) == (still, hold)
    assert in_force(host) == []


def test_a_receipt_of_the_next_quarter_puts_no_figures_right() -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "1000.0000", "2020-02-10"), Q1)
    assert host.take(accepted("b", "4000.0000", "2020-04-01")) == []


def test_a_task_assigned_anew_puts_the_figures_of_closed_quarters_right() -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "1000.0000", "2020-02-10"), Q1)
    host.take(task("task-2", quarters=["9000.0000"] * 4, assigned_on="2020-04-10"))
    assert {each.data["task_quantity"] for each in standing(host)} == {"9000.0000"}
    assert [each.data["replaces"] for each in standing(host)] == [one for one, _ in host.drawn[:2]]


def test_each_quarter_is_measured_by_itself() -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "15000.0000", "2020-02-10"), Q1)
    found = host.take(accepted("b", "6000.0000", "2020-05-01"), Q2)
    # 6000 of 10000 in the quarter, yet 21000 of 20000 cumulative: warned, not held
    assert types(found) == [PROGRESS_WARNED]
    assert found[0].data["completion"] == "0.6000"


def test_two_holds_end_each_by_its_own_cumulative_task() -> None:
    host = Host(Progress())
    host.take(task(), Q1, Q2)
    assert in_force(host) == [
        (PROGRESS_WARNED, "2020-Q1"),
        (PROGRESS_WARNED, "2020-Q2"),
        (SETTLEMENT_HELD, "2020-Q1"),
        (SETTLEMENT_HELD, "2020-Q2"),
    ]
    host.take(accepted("a", "10000.0000", "2020-07-05"))
    assert (SETTLEMENT_HELD, "2020-Q2") in in_force(host)
    (state,) = host.states.values()
    assert standings(state) == {"NVBP-2019-LM": Standing.HELD}
    host.take(accepted("b", "10000.0000", "2020-07-06"))
    assert standings(host.states.popitem()[1]) == {"NVBP-2019-LM": Standing.WARNED}


@pytest.mark.parametrize("region", [YUNNAN, CHONGQING, "440000"])
def test_a_region_whose_paper_has_no_threshold_never_warns(region: str) -> None:
    host = Host(Progress())
    assert host.take(task(region=region), closed("2020-Q1", "2020-03-31", region)) == []


def test_before_the_paper_is_in_force_nothing_is_concluded() -> None:
    early = task(term_from="2019-07-01", term_to="2020-06-30")
    assert Host(Progress()).take(early, closed("2019-Q3", "2019-09-30")) == []


def test_a_month_is_no_quarter() -> None:
    assert Host(Progress()).take(task(), closed("2020-03", "2020-03-31")) == []


def test_no_task_in_the_quarter_no_conclusion() -> None:
    quarters = ["0.0000", "10000.0000", "0.0000", "0.0000"]
    assert Host(Progress()).take(task(quarters=quarters), Q1) == []
    assert Host(Progress()).take(accepted("a", "1.0000", "2020-02-10"), Q1) == []


def test_only_the_selected_product_counts() -> None:
    other = accepted("o", "9000.0000", "2020-02-10", unified_code=OTHER_PRODUCT)
    found = Host(Progress()).take(task(), accepted("a", "7000.0000", "2020-02-10"), other, Q1)
    assert types(found) == [PROGRESS_WARNED]


def test_two_selected_products_of_a_batch_are_measured_together() -> None:
    both = [task(), task("task-2", unified_code=OTHER_PRODUCT, quarters=["5000.0000"] * 4)]
    buys = [
        accepted("a", "8000.0000", "2020-02-10"),
        accepted("o", "3999.9999", "2020-02-10", unified_code=OTHER_PRODUCT),
    ]
    (warning,) = Host(Progress()).take(*both, *buys, Q1)
    assert warning.data["task_quantity"] == "15000.0000"
    assert warning.data["accepted_quantity"] == "11999.9999"


def test_receipts_outside_the_term_do_not_count() -> None:
    outside = [accepted("x", "9000.0000", "2019-12-31"), accepted("y", "9000.0000", "2021-01-01")]
    assert types(Host(Progress()).take(task(), *outside, Q1)) == [PROGRESS_WARNED, SETTLEMENT_HELD]


def test_a_receipt_counts_on_its_day_in_china() -> None:
    first_of_april = accepted("a", "9000.0000", "2020-03-31")
    utc = accepted("a", "9000.0000", "2020-03-31", accepted_at="2020-03-31T16:00:00Z")
    assert Host(Progress()).take(task(), first_of_april, Q1) == []
    assert types(Host(Progress()).take(task(), utc, Q1)) == [PROGRESS_WARNED, SETTLEMENT_HELD]


def test_a_task_that_is_corrected_is_measured_anew() -> None:
    host = Host(Progress())
    buys = accepted("a", "7000.0000", "2020-02-10")
    assert types(host.take(task(), buys, Q1)) == [PROGRESS_WARNED]
    smaller = task("task-2", quarters=["8750.0000"] * 4, assigned_on="2020-04-10")
    (lifted,) = host.take(smaller)
    assert (lifted.type, lifted.data["lifted_on"]) == (PROGRESS_WARNING_LIFTED, "2020-04-10")
    assert types(host.take(task("task-3", assigned_on="2020-04-11"))) == [PROGRESS_WARNED]
    nothing = task("task-4", quarters=["0.0000"] * 4, assigned_on="2020-04-12")
    assert types(host.take(nothing)) == [PROGRESS_WARNING_LIFTED]


def test_the_same_period_twice_concludes_once() -> None:
    host = Host(Progress())
    host.take(task(), Q1)
    assert host.take(Q1, closed("2020-Q1", "2020-03-31", "520100")) == []


def test_a_province_closes_its_cities_periods_but_a_city_only_its_own() -> None:
    host = Host(Progress())
    host.take(task(region="520100"))
    assert host.take(closed("2020-Q1", "2020-03-31", "520300")) == []
    assert len(host.take(Q1)) == 2
    other = Host(Progress())
    other.take(task(region="520100"))
    assert len(other.take(closed("2020-Q1", "2020-03-31", "520100"))) == 2


@pytest.mark.parametrize(
    ("term", "ended_on", "expected"),
    [
        (("2020-01-01", "2020-12-31"), "2020-03-31", (0, "2020-01-01", "2020-03-31")),
        (("2020-01-01", "2020-12-31"), "2020-06-30", (1, "2020-04-01", "2020-06-30")),
        # terms as the papers have them begin and end beside the calendar's quarters
        (("2019-12-30", "2020-12-29"), "2020-03-31", (0, "2019-12-30", "2020-03-31")),
        (("2019-12-30", "2020-12-29"), "2020-12-31", (3, "2020-10-01", "2020-12-29")),
        (("2019-12-30", "2020-12-29"), "2019-12-31", None),
        (("2019-03-20", "2020-03-19"), "2019-06-30", (0, "2019-03-20", "2019-06-30")),
        (("2019-03-20", "2020-03-19"), "2020-03-31", (3, "2020-01-01", "2020-03-19")),
        (("2019-03-20", "2020-03-19"), "2020-06-30", None),
        # periods may also follow the term itself
        (("2019-12-30", "2020-12-29"), "2020-03-29", (0, "2019-12-30", "2020-03-29")),
        (("2019-12-30", "2020-12-29"), "2020-06-29", (1, "2020-03-30", "2020-06-29")),
        (("2019-11-30", "2020-11-29"), "2020-02-29", (0, "2019-11-30", "2020-02-29")),
    ],
)
def test_a_period_is_the_quarter_of_the_term_in_which_its_middle_lies(
    term: tuple[str, str], ended_on: str, expected: tuple[int, str, str] | None
) -> None:
    found = window(*term, ended_on)
    assert (found and (found.index, found.first, found.last)) == expected


def test_the_first_quarter_of_guizhous_own_term_includes_the_days_of_december() -> None:
    term = {"term_from": "2019-12-30", "term_to": "2020-12-29"}
    buys = [accepted("a", "7999.0000", "2020-02-10"), accepted("b", "1.0000", "2019-12-30")]
    assert Host(Progress()).take(task(**term), *buys, Q1) == []


QUANTITIES = st.integers(min_value=0, max_value=400).map(lambda number: f"{number}.0000")
DAYS = st.sampled_from(["2020-01-02", "2020-03-31", "2020-04-01", "2020-06-30", "2020-07-01"])


EVENTS = [
    task(),
    task("task-2", quarters=["9000.0000"] * 4, assigned_on="2020-04-10"),
    accepted("a", "3000.0000", "2020-01-15"),
    accepted("b", "3500.0000", "2020-03-30"),
    accepted("c", "2000.0000", "2020-04-20"),
    accepted("d", "6500.0000", "2020-05-20"),
    Q1,
    Q2,
]


@settings(max_examples=300, deadline=None)
@given(st.permutations(EVENTS))
def test_the_order_of_arrival_does_not_change_what_holds_in_the_end(events: list[Message]) -> None:
    in_order, shuffled = Host(Progress()), Host(Progress())
    in_order.take(*EVENTS)
    shuffled.take(*events)
    assert said(shuffled) == said(in_order)
    key = f"{GUIZHOU}/{HOSPITAL}/{DRUG}"
    assert standings(shuffled.states[key]) == standings(in_order.states[key])


@settings(max_examples=150, deadline=None)
@given(
    buys=st.lists(st.tuples(QUANTITIES, DAYS), max_size=5),
    due=st.lists(QUANTITIES, min_size=4, max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_what_holds_is_what_the_paper_says_of_the_sums(
    buys: list[tuple[str, str]], due: list[str], order: Any
) -> None:
    events = [task(quarters=due), Q1, Q2]
    events += [accepted(f"n{at}", *each) for at, each in enumerate(buys)]
    order.shuffle(events)
    host = Host(Progress())
    host.take(*events)
    expected: list[tuple[str, str, Fraction]] = []
    first = {"2020-Q1": "2020-01-01", "2020-Q2": "2020-04-01"}
    last = {"2020-Q1": "2020-03-31", "2020-Q2": "2020-06-30"}
    total = sum(Fraction(quantity) for quantity, _ in buys)
    dues = itertools.accumulate(map(Fraction, due))
    for number, (period, cumulative) in enumerate(zip(first, dues, strict=False)):
        task_quantity = Fraction(due[number])
        got = sum(
            (Fraction(q) for q, day in buys if first[period] <= day <= last[period]), Fraction()
        )
        if task_quantity and got / task_quantity < Fraction(8, 10):
            expected.append((PROGRESS_WARNED, period, got))
        if task_quantity and got / task_quantity < Fraction(7, 10) and total < cumulative:
            expected.append((SETTLEMENT_HELD, period, got))
    found = [
        (each.type, each.data["period"], Fraction(each.data["accepted_quantity"]))
        for each in standing(host)
    ]
    assert sorted(found) == sorted(expected)

"""采购进度的更正: what a corrected fact leads to is what the right one alone would have led to."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.progress.progress import Progress
from schemas.events import PROGRESS_WARNED, SETTLEMENT_HELD
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import accepted, task
from tests.unit.policies.test_progress import DAYS, Q1, Q2, QUANTITIES, in_force, said, types


def test_a_corrected_receipt_puts_the_figures_right_without_a_word_in_between() -> None:
    host = Host(Progress())
    wrong = accepted("a", "6000.0000", "2020-02-10")
    host.take(task(), wrong, Q1)
    warned, held = host.supersede(wrong, accepted("b", "6500.0000", "2020-02-10"))
    assert {warned.data["accepted_quantity"], held.data["accepted_quantity"]} == {"6500.0000"}
    assert in_force(host) == [(PROGRESS_WARNED, "2020-Q1"), (SETTLEMENT_HELD, "2020-Q1")]


def test_a_correction_of_what_does_not_count_concludes_nothing() -> None:
    host = Host(Progress())
    wrong = accepted("a", "6000.0000", "2020-02-10")
    host.take(task(), wrong, Q1)
    assert (
        host.supersede(wrong, accepted("b", "6000.0000", "2020-03-30", unit_price="2.000000")) == []
    )


def test_a_corrected_task_leaves_the_hold_the_same_hold() -> None:
    host = Host(Progress())
    host.take(task(), accepted("a", "6000.0000", "2020-02-10"), Q1)
    warned, held = host.supersede(task(), task("task-2", quarters=["9000.0000"] * 4))
    assert held.data["hold_no"] == host.drawn[1][0]
    assert {warned.data["completion"], held.data["completion"]} == {"0.6666"}


def test_a_receipt_of_another_institution_ends_what_it_led_to_here() -> None:
    host = Host(Progress())
    wrong = accepted("a", "8000.0000", "2020-02-10")
    host.take(task(), wrong, Q1)
    assert in_force(host) == []
    elsewhere = accepted("b", "8000.0000", "2020-02-10", institution="H52010000099")
    assert types(host.supersede(wrong, elsewhere)) == [PROGRESS_WARNED, SETTLEMENT_HELD]


def test_what_is_held_again_after_it_was_resumed_is_another_hold() -> None:
    host = Host(Progress())
    whole = accepted("b", "10000.0000", "2020-04-20")
    host.take(task(), Q1, whole)
    (again,) = host.supersede(whole, accepted("c", "9999.9999", "2020-04-20"))
    held = [each for _, each in host.drawn if each.type == SETTLEMENT_HELD]
    assert again is held[-1]
    assert "replaces" not in again.data
    assert again.data["hold_no"] != held[0].data["hold_no"]


@settings(max_examples=150, deadline=None)
@given(
    wrong=st.lists(st.tuples(QUANTITIES, DAYS), min_size=1, max_size=4),
    right=st.lists(st.tuples(QUANTITIES, DAYS), min_size=4, max_size=4),
    due=st.lists(QUANTITIES, min_size=4, max_size=4),
)
def test_what_holds_after_corrections_is_what_the_right_facts_alone_lead_to(
    wrong: list[tuple[str, str]], right: list[tuple[str, str]], due: list[str]
) -> None:
    corrected, straight = Host(Progress()), Host(Progress())
    false = [accepted(f"w{at}", *each) for at, each in enumerate(wrong)]
    true = [accepted(f"r{at}", *each) for at, each in enumerate(right[: len(wrong)])]
    corrected.take(task(quarters=due), *false, Q1, Q2)
    for one, other in zip(false, true, strict=True):
        corrected.supersede(one, other)
    straight.take(task(quarters=due), *true, Q1, Q2)
    assert said(corrected) == said(straight)

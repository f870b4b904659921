"""What `make eval-coding` measures, on the committed subset: thresholds, not a snapshot."""

from __future__ import annotations

import pytest

from benchmarks.coding_tables import COMMITTED
from benchmarks.eval_coding import RECALL, SEED, Measured, evaluate


@pytest.fixture(scope="module")
def measured() -> dict[str, Measured]:
    return {one.key: one for one in evaluate(COMMITTED, SEED)}


def test_every_set_is_there_and_has_questions(measured: dict[str, Measured]) -> None:
    least = {
        "selected_results": 15,
        "notice_names": 15,
        "generic_names": 30,
        "short_names": 200,
        "completed_names": 40,
        "rewritten": 600,
        "absent": 700,
        "halved": 300,
        "distributor_codes": 80,
    }
    assert {key: one.questions >= least[key] for key, one in measured.items()} == dict.fromkeys(
        least, True
    )


def test_no_exact_match_is_false(measured: dict[str, Measured]) -> None:
    assert {key: one.false_exact for key, one in measured.items() if one.false_exact} == {}


def test_what_the_fields_can_decide_is_among_the_first_five(measured: dict[str, Measured]) -> None:
    low = {
        key: one.derivable_recall_5
        for key, one in measured.items()
        if one.derivable and one.derivable_recall_5 < RECALL
    }
    assert low == {}


def test_exact_matches_are_found_where_all_is_said(measured: dict[str, Measured]) -> None:
    assert measured["rewritten"].exact > measured["rewritten"].questions / 3
    assert measured["halved"].exact > 20
    assert measured["absent"].exact == 0


def test_another_seed_rewrites_otherwise_and_still_meets_the_thresholds() -> None:
    for one in evaluate(COMMITTED, SEED + 1):
        assert one.passed, one

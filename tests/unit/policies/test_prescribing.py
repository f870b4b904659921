"""处方 (R13): figures for all, clear drops only where a file says what is clear, lists for review."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.conduct.prescribing import MONTHS_KEPT, Prescribing
from gateway.policies.conduct.prescribing_change import changes
from gateway.policies.rulebook import Rulebook
from gateway.policies.terms import load_terms
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import (
    PRESCRIBING_CHANGE_COMPUTED,
    PRESCRIBING_DROP_FOUND,
    PRESCRIBING_FINDING_ENDED,
    PRESCRIBING_REVIEW_LISTED,
)
from schemas.prescribing import counts_agree
from tests.unit.policies.hosting import RULES, Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, HOSPITAL, SICHUAN, YUNNAN
from tests.unit.policies.making_supply import (
    LINCANG,
    QUJING,
    after_corrections,
    counted,
    doctor,
    open_now,
    said,
    told,
)
from tests.unit.policies.test_runner import put, runner, settle
from tests.unit.policies.test_terms import HEAD, folder

CITY = "530400"
THRESHOLD = HEAD.format(code=CITY) + "".join(
    f'[prescribing.{name}]\nvalue = "{value}"\nclause = "合成 一"\nfrom = 2020-01-01\n'
    for name, value in (
        ("watched", "selected"),
        ("proposes", "约谈"),
        ("drop_from", "0.50"),
        ("least_count", "20"),
    )
)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    """The papers and a synthetic city whose file says what a clear drop is."""
    return load_terms(folder(tmp_path_factory.mktemp("terms"), region_530400=THRESHOLD))


def prescribing(*messages: Message, rules: Rulebook = RULES) -> Host:
    host = Host(Prescribing(), rules)
    host.take(*messages)
    return host


def drops(host: Host) -> list[str]:
    return [
        each.data["change"]["doctor"]
        for _, each in open_now(host)
        if each.type == PRESCRIBING_DROP_FOUND
    ]


# ---------------------------------------------------------------------------- figures


def test_yunnan_publishes_figures_and_names_nobody_because_its_paper_has_no_threshold() -> None:
    may = counted("2022-05", (80, 100), (50, 100), region=YUNNAN)
    june = counted("2022-06", (0, 100), (50, 100), region=YUNNAN)
    host = prescribing(may, june)
    ((_, found),) = open_now(host)
    data = found.data
    assert found.type == PRESCRIBING_CHANGE_COMPUTED
    assert (data["month"], data["previous_month"]) == ("2022-06", "2022-05")
    assert data["doctors"][0] == {
        "doctor": doctor(0),
        "selected_count": 0,
        "all_count": 100,
        "previous_selected_count": 80,
        "previous_all_count": 100,
        "expected": "80.0000",
        "drop": "1.0000",
    }
    assert data["because"]["clauses"] == ["云医保〔2020〕71号 四（五）"]
    assert data["because"]["causes"] == [may.id, june.id]


def test_without_the_month_before_there_is_nothing_to_compare() -> None:
    host = prescribing(
        counted("2022-04", (80, 100), region=YUNNAN), counted("2022-06", (1, 100), region=YUNNAN)
    )
    assert open_now(host) == []


@pytest.mark.parametrize(
    ("region", "figures", "lists"),
    [
        (YUNNAN, 1, 0),
        (LINCANG, 1, 0),
        (QUJING, 1, 2),
        (GUIZHOU, 0, 2),
        (CHONGQING, 0, 2),
        (SICHUAN, 0, 0),
    ],
)
def test_which_papers_watch_prescriptions_and_which_review_them(
    region: str, figures: int, lists: int
) -> None:
    months = [
        counted(month, (40, 100), (30, 30), region=region) for month in ("2022-05", "2022-06")
    ]
    kinds = [each.type for _, each in open_now(prescribing(*months))]
    assert kinds.count(PRESCRIBING_CHANGE_COMPUTED) == figures
    assert kinds.count(PRESCRIBING_REVIEW_LISTED) == lists
    assert kinds.count(PRESCRIBING_DROP_FOUND) == 0


# ---------------------------------------------------------------------------- a clear drop


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        ((80, 100), (40, 100), True),  # exactly half
        ((80, 100), (41, 100), False),
        ((80, 100), (0, 100), True),
        ((20, 100), (10, 100), True),  # exactly the least count
        ((19, 100), (0, 100), False),
        ((80, 100), (40, 50), False),  # he prescribed less of everything: the share is the same
        ((80, 100), (40, 51), True),
        ((80, 100), (0, 0), False),  # he was away
    ],
)
def test_a_drop_is_clear_by_ratio_count_and_share(
    rules: Rulebook, before: tuple[int, int], now: tuple[int, int], found: bool
) -> None:
    other = (100, 100)
    months = [
        counted("2022-05", before, other, region=CITY),
        counted("2022-06", now, other, region=CITY),
    ]
    assert drops(prescribing(*months, rules=rules)) == ([doctor(0)] if found else [])


@pytest.mark.parametrize(
    ("others", "found"), [(100, True), (51, False), (50, False), (200, True), (0, False)]
)
def test_what_the_whole_institution_prescribes_less_is_no_doctors_drop(
    rules: Rulebook, others: int, found: bool
) -> None:
    months = [
        counted("2022-05", (80, 100), (100, 100), region=CITY),
        counted("2022-06", (40, 100), (others, 100), region=CITY),
    ]
    assert (doctor(0) in drops(prescribing(*months, rules=rules))) is found


def test_a_drop_can_be_redone_by_hand(rules: Rulebook) -> None:
    may = counted("2022-05", (80, 100), (100, 100), region=CITY)
    june = counted("2022-06", (20, 100), (75, 100), region=CITY)
    host = prescribing(may, june, rules=rules)
    (found,) = [each for _, each in open_now(host) if each.type == PRESCRIBING_DROP_FOUND]
    assert found.data["proposed"] == "约谈"
    assert found.data["because"]["arithmetic"] == [
        f"{doctor(0)}: 预期 expected 80 × min(1, 75/100) = 60.0000; 1 − 20 ÷ 60.0000 = 0.6666",
        "0.6666 ≥ 0.50",
        "上月中选处方 before 80 ≥ 20",
        "占比 share 20/100 < 80/100",
    ]
    assert set(found.data["because"]["terms"]) == {
        "prescribing.drop_from",
        "prescribing.least_count",
        "prescribing.proposes",
    }


def test_a_single_doctor_is_compared_with_himself(rules: Rulebook) -> None:
    months = [
        counted("2022-05", (80, 100), region=CITY),
        counted("2022-06", (40, 100), region=CITY),
    ]
    assert drops(prescribing(*months, rules=rules)) == [doctor(0)]


def test_corrected_counts_end_what_followed_from_the_wrong_ones(rules: Rulebook) -> None:
    may = counted("2022-05", (80, 100), (100, 100), region=CITY)
    wrong = counted("2022-06", (10, 100), (100, 100), region=CITY)
    host = prescribing(may, wrong, rules=rules)
    assert drops(host) == [doctor(0)]
    host.take(counted("2022-06", (70, 100), (100, 100), region=CITY, on="2022-07-09"))
    assert drops(host) == []
    other = prescribing(may, wrong, rules=rules)
    other.supersede(wrong, counted("2022-07", (70, 100), (100, 100), region=CITY))
    assert open_now(other) == []
    assert {each.type for _, each in other.drawn[2:]} == {PRESCRIBING_FINDING_ENDED}


def test_corrected_counts_of_a_month_are_said_once_each(rules: Rulebook) -> None:
    may = counted("2022-05", (80, 100), (100, 100), region=CITY)
    wrong = counted("2022-06", (10, 100), (100, 100), region=CITY)
    host = prescribing(may, wrong, rules=rules)
    before = {identity for identity, _ in open_now(host)}
    found = host.supersede(wrong, counted("2022-06", (20, 100), (100, 100), region=CITY))
    assert {each.data["replaces"] for each in found} == before
    assert {each.type for each in found} == {PRESCRIBING_CHANGE_COMPUTED, PRESCRIBING_DROP_FOUND}
    dropped = [each.data["change"] for each in found if each.type == PRESCRIBING_DROP_FOUND]
    assert [each["selected_count"] for each in dropped] == [20]


def test_a_drop_that_was_a_wrong_count_ends_before_the_figures_are_put_right(
    rules: Rulebook,
) -> None:
    may = counted("2022-05", (80, 100), (100, 100), region=CITY)
    wrong = counted("2022-06", (10, 100), (100, 100), region=CITY)
    host = prescribing(may, wrong, rules=rules)
    ended, figures = host.supersede(wrong, counted("2022-06", (70, 100), (100, 100), region=CITY))
    assert (ended.type, figures.type) == (PRESCRIBING_FINDING_ENDED, PRESCRIBING_CHANGE_COMPUTED)
    assert figures.data["replaces"] == host.drawn[0][0]


def test_a_count_that_was_another_months_changes_what_both_months_are_compared_with() -> None:
    may, wrong = (counted(month, (40, 50), region=QUJING) for month in ("2022-05", "2022-06"))
    host = prescribing(may, wrong, counted("2022-07", (30, 50), region=QUJING))
    host.supersede(may, counted("2022-08", (10, 50), region=QUJING))
    assert told(host, "month", "previous_month") == [
        (PRESCRIBING_CHANGE_COMPUTED, "2022-07", "2022-06"),
        (PRESCRIBING_CHANGE_COMPUTED, "2022-08", "2022-07"),
        (PRESCRIBING_REVIEW_LISTED, "2022-06", "None"),
        (PRESCRIBING_REVIEW_LISTED, "2022-07", "None"),
        (PRESCRIBING_REVIEW_LISTED, "2022-08", "None"),
    ]


def test_the_same_counts_told_again_on_another_day_say_nothing(rules: Rulebook) -> None:
    may = counted("2022-05", (80, 100), (100, 100), region=CITY)
    wrong = counted("2022-06", (10, 100), (100, 100), region=CITY)
    host = prescribing(may, wrong, rules=rules)
    right = counted("2022-06", (10, 100), (100, 100), region=CITY, on="2022-07-09")
    assert host.supersede(wrong, right) == []
    assert drops(host) == [doctor(0)]


COUNTS = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=100, deadline=None)
@given(
    before=st.lists(COUNTS, min_size=1, max_size=4),
    now=st.lists(COUNTS, min_size=1, max_size=4),
    low=st.integers(1, 99),
    high=st.integers(1, 99),
)
def test_a_lower_threshold_finds_at_least_as_many(
    before: list[Any], now: list[Any], low: int, high: int
) -> None:
    low, high = sorted((low, high))
    found = changes(
        *({doctor(at): each for at, each in enumerate(month)} for month in (now, before))
    )
    for each in found:
        if each.clear(f"0.{high:02d}", 5):
            assert each.clear(f"0.{low:02d}", 5)
            assert each.clear(f"0.{high:02d}", 1)
        if each.drop is not None:
            drop = Fraction(*each.drop)
            assert drop <= 1
            assert Fraction(*each.expected) <= each.previous_selected
            told_ = Fraction(each.drop_told)
            assert abs(drop - told_) < Fraction(1, 10_000)


# ---------------------------------------------------------------------------- review


def test_the_review_list_names_who_prescribed_most_of_other_products_first() -> None:
    host = prescribing(counted("2022-06", (90, 100), (40, 100), (30, 30), (0, 10), region=GUIZHOU))
    ((_, found),) = open_now(host)
    assert found.type == PRESCRIBING_REVIEW_LISTED
    lines = found.data["doctors"]
    assert [(each["doctor"], each["other_count"], each["other_share"]) for each in lines] == [
        (doctor(1), 60, "0.6000"),
        (doctor(0), 10, "0.1000"),
        (doctor(3), 10, "1.0000"),
    ]
    assert found.data["because"]["clauses"] == ["黔医保发〔2019〕69号 五（四）"]
    assert found.data["party"] == HOSPITAL


def test_where_all_prescriptions_are_of_selected_products_there_is_nobody_to_review() -> None:
    assert open_now(prescribing(counted("2022-06", (90, 90), region=GUIZHOU))) == []


@pytest.mark.parametrize(("day", "lists"), [("2019-11", 0), ("2019-12", 1)])
def test_reviews_begin_with_the_month_in_which_the_paper_is_in_force(day: str, lists: int) -> None:
    host = prescribing(counted(day, (1, 2), region=GUIZHOU, on="2020-01-05"))
    assert len(open_now(host)) == lists


# ---------------------------------------------------------------------------- contract and growth


def test_a_statement_that_counts_a_doctor_twice_or_wrongly_is_refused() -> None:
    content = counted("2022-06", (1, 2)).content()
    assert counts_agree(content) == ()
    line = content["doctors"][0]
    content["doctors"] = [line, line]
    assert [each.code for each in counts_agree(content)] == ["line.duplicate"]
    content["doctors"] = [line | {"selected_count": 3}]
    assert [each.path for each in counts_agree(content)] == ["doctors[0].selected_count"]


@pytest.mark.parametrize("name", ["测试医师甲", "D530102000001", "530102198001011234", "pZZ"])
def test_a_doctor_stands_under_a_pseudonym_only(name: str) -> None:
    content = counted("2022-06", (1, 2)).content()
    line = content["doctors"][0] | {"doctor": name}
    with pytest.raises(ValueError, match="doctor"):
        counted("2022-06", doctors=[line])


def test_only_the_last_months_are_kept() -> None:
    host = Host(Prescribing())
    for at in range(40):
        month = f"{2020 + at // 12}-{at % 12 + 1:02d}"
        host.take(counted(month, (40, 100), region=QUJING, on="2024-01-01"))
    (state,) = host.states.values()
    assert len(state["facts"]["counted"]) == MONTHS_KEPT
    assert min(slot[:7] for slot in state["open"]) == "2021-03"


COUNTED = st.lists(
    st.tuples(
        st.sampled_from(["2022-04", "2022-05", "2022-06"]),
        COUNTS,
        COUNTS,
        st.sampled_from(["2022-07-01", "2022-07-02"]),
    ),
    max_size=5,
)


@settings(max_examples=50, deadline=None)
@given(months=COUNTED, seed=st.integers(0, 100), data=st.data())
def test_counts_are_judged_alike_in_any_order(
    rules: Rulebook, months: list[Any], seed: int, data: st.DataObject
) -> None:
    messages = [counted(month, *counts, on=on, region=CITY) for month, *counts, on in months]
    messages = list({each.id: each for each in messages}.values())
    shown = ("month", "doctors", "change")
    expected = told(prescribing(*messages, rules=rules), *shown)
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(prescribing(*shuffled, *messages, rules=rules), *shown) == expected
    if messages:
        gone = data.draw(st.sampled_from(messages))
        host = prescribing(*messages, rules=rules)
        host.supersede(gone, counted("2022-05", (1, 1), drug="ANOTHER", region=SICHUAN))
        rest = [each for each in messages if each is not gone]
        assert told(host, *shown) == told(prescribing(*rest, rules=rules), *shown)


@settings(max_examples=50, deadline=None)
@given(right=COUNTED, wrong=COUNTED, seed=st.integers(0, 100))
def test_what_stands_after_corrections_is_what_the_right_counts_alone_lead_to(
    rules: Rulebook, right: list[Any], wrong: list[Any], seed: int
) -> None:
    true, false = [
        [counted(month, *counts, on=on, region=CITY) for month, *counts, on in some]
        for some in (right, wrong)
    ]
    true = list({each.id: each for each in true}.values())
    corrected = after_corrections(prescribing(rules=rules), true, false, seed)
    assert said(corrected) == said(prescribing(*true, rules=rules))


async def test_a_review_list_is_drawn_up_through_the_journal(journal: SqliteJournal) -> None:
    running = runner(journal, Prescribing())
    await put(journal, counted("2022-06", (1, 5), region=CHONGQING))
    await settle(running)
    await running.stop()
    (found,) = await journal.search(Search(partner="policy-prescribing"))
    assert found.message.type == PRESCRIBING_REVIEW_LISTED
    assert running.failures == 0

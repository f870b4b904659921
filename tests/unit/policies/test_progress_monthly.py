"""进度监测 (R4): figures of each closed period, and tasks that the term's end finds unfinished."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.progress.progress import Progress
from gateway.policies.progress.progress_monthly import Monitoring
from schemas.envelope import Message
from schemas.events import (
    PROGRESS_MEASURED,
    PROGRESS_UNFINISHED,
    PROGRESS_UNFINISHED_ENDED,
    PROGRESS_WARNED,
    SETTLEMENT_HELD,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    GUIZHOU,
    OTHER_PRODUCT,
    YUNNAN,
    accepted,
    closed,
    task,
)
from tests.unit.policies.making_volumes import LINCANG, QUJING, figures, open_now, types

JAN, FEB = closed("2020-01", "2020-01-31"), closed("2020-02", "2020-02-29")
Q1, DEC = closed("2020-Q1", "2020-03-31"), closed("2020-12", "2020-12-31")


def measured(host: Host) -> dict[str, dict[str, Any]]:
    """The latest figures by period."""
    found: dict[str, dict[str, Any]] = {}
    for _, each in host.drawn:
        if each.type == PROGRESS_MEASURED:
            known = found.get(each.data["period"], {"revision": 0})
            assert each.data["revision"] == known["revision"] + 1
            found[each.data["period"]] = each.data
    return found


def test_each_closed_month_is_measured_without_a_threshold_of_ours() -> None:
    host = Host(Monitoring())
    buys = [accepted("a", "3000.0000", "2020-01-10"), accepted("b", "1000.0000", "2020-02-10")]
    (jan,) = host.take(task(), buys[0], JAN)
    (feb,) = host.take(buys[1], FEB)
    assert jan.data["figures"]["completion"] == "0.0750"
    assert feb.data["figures"] == {
        "accepted_quantity": "1000.0000",
        "accepted_amount": "1.00",
        "cumulative_quantity": "4000.0000",
        "cumulative_amount": "2.00",
        "task_quantity": "40000.0000",
        "completion": "0.1000",
    }
    why = feb.data["because"]
    assert why["clauses"] == ["黔医保发〔2019〕69号 五（四）"]
    assert why["arithmetic"] == [
        "累计 cumulative: 3000 + 本期 this period 1000 = 4000",
        "4000 / 40000 = 0.1000",
    ]
    assert why["causes"] == [task().id, host.drawn[0][0], buys[1].id, FEB.id]


@pytest.mark.parametrize(
    ("region", "monthly", "quarterly"),
    [
        (GUIZHOU, True, True),
        (CHONGQING, True, True),
        (YUNNAN, True, False),
        (QUJING, True, False),
        (LINCANG, True, False),
        ("440000", False, False),
    ],
)
def test_the_papers_periods_are_measured_and_no_others(
    region: str, monthly: bool, quarterly: bool
) -> None:
    host = Host(Monitoring())
    host.take(task(region=region))
    province = f"{region[:2]}0000"
    host.take(closed("2020-03", "2020-03-31", province), closed("2020-Q1", "2020-03-31", province))
    assert ("2020-03" in measured(host), "2020-Q1" in measured(host)) == (monthly, quarterly)


def test_a_late_receipt_is_said_again_for_every_period_it_touches() -> None:
    host = Host(Monitoring())
    host.take(task(), JAN, FEB, Q1)
    again = host.take(accepted("late", "400.0000", "2020-02-29"))
    assert [each.data["period"] for each in again] == ["2020-02", "2020-Q1"]
    assert {each.data["revision"] for each in again} == {2}
    assert measured(host)["2020-01"]["figures"]["cumulative_quantity"] == "0.0000"


def test_a_withdrawn_task_takes_its_figures_back() -> None:
    host = Host(Monitoring())
    host.take(task(), accepted("a", "3000.0000", "2020-01-10"), JAN)
    host.supersede(task(), task("other", region="440000", supersedes=task().id))
    assert measured(host)["2020-01"]["figures"]["task_quantity"] == "0.0000"
    assert measured(host)["2020-01"]["revision"] == 2


def test_a_corrected_receipt_is_measured_once_per_period_it_touches() -> None:
    host = Host(Monitoring())
    wrong = accepted("a", "3000.0000", "2020-01-10")
    host.take(task(), wrong, JAN, FEB)
    jan, feb = host.supersede(wrong, accepted("b", "2000.0000", "2020-02-10"))
    assert (jan.data["period"], feb.data["period"]) == ("2020-01", "2020-02")
    assert (jan.data["revision"], feb.data["revision"]) == (2, 2)
    assert jan.data["figures"]["accepted_quantity"] == "0.0000"
    assert feb.data["figures"]["accepted_quantity"] == "2000.0000"


def test_a_corrected_task_is_measured_once_per_period() -> None:
    host = Host(Monitoring())
    host.take(task(), accepted("a", "3000.0000", "2020-01-10"), JAN)
    (jan,) = host.supersede(
        task(), task("other", task_volume="20000.0000", quarters=["5000.0000"] * 4)
    )
    assert jan.data["figures"]["task_quantity"] == "20000.0000"
    assert jan.data["revision"] == 2


def test_the_last_days_of_december_belong_to_guizhous_first_term() -> None:
    host = Host(Monitoring())
    term = {"term_from": "2019-12-30", "term_to": "2020-12-29"}
    host.take(task(**term), accepted("a", "5.0000", "2019-12-31"), accepted("b", "7.0000", "2019-12-29"))  # fmt: skip
    host.take(closed("2019-12", "2019-12-31"))
    assert measured(host)["2019-12"]["figures"]["accepted_quantity"] == "5.0000"


# ------------------------------------------------------------------------------- the term's end


@pytest.mark.parametrize(
    ("region", "clause", "consequence", "measures"),
    [
        (GUIZHOU, "黔医保发〔2019〕69号 五（五）", "reduce_next_year_quota", 0),
        (YUNNAN, "云医保〔2020〕71号 四（五）", "reduce_next_year_quota", 0),
        (LINCANG, "云医保〔2020〕71号 四（五）", "reduce_next_year_quota", 0),
        (CHONGQING, "渝府办发〔2019〕29号 二（八）", "reduce_next_year_quota", 0),
        (QUJING, "曲政办发〔2022〕10号 四（四）1", "reduce_quota", 6),
    ],
)
def test_a_task_that_the_terms_end_finds_unfinished_has_the_papers_consequence(
    region: str, clause: str, consequence: str, measures: int
) -> None:
    host = Host(Monitoring())
    term = {"term_from": "2023-01-01", "term_to": "2023-12-31", "selected_price": "0.500000"}
    host.take(task(region=region, **term), accepted("a", "39999.9999", "2023-02-10", region=region))
    found = host.take(closed("2023-12", "2023-12-31", f"{region[:2]}0000"))
    (left,) = [each.data for each in found if each.type == PROGRESS_UNFINISHED]
    assert (left["shortfall_volume"], left["completion"]) == ("0.0001", "0.9999")
    assert (left["agreed_amount"], left["shortfall_amount"]) == ("20000.00", "0.00")
    assert (left["consequence"], len(left["measures"])) == (consequence, measures)
    assert clause in left["because"]["clauses"]


def test_qujings_ladder_is_in_the_papers_words_and_order() -> None:
    host = Host(Monitoring())
    host.take(task(region=QUJING, term_from="2023-01-01", term_to="2023-12-31"))
    host.take(closed("2023-12", "2023-12-31", QUJING))
    (left,) = [each.data for _, each in host.drawn if each.type == PROGRESS_UNFINISHED]
    assert left["measures"] == ["约谈", "警示", "通报批评", "责令整改", "暂停协议", "解除协议"]
    assert "曲政办发〔2022〕10号 四（三）3" in left["because"]["clauses"]
    assert "agreed_amount" not in left


def test_guizhous_hold_names_the_interview_and_the_rectification() -> None:
    (_, hold) = Host(Progress()).take(task(), Q1)
    assert hold.type == SETTLEMENT_HELD
    assert hold.data["measures"] == ["约谈主要领导", "责成限期整改"]


@pytest.mark.parametrize(("last", "found"), [("2020-12-30", False), ("2020-12-31", True)])
def test_the_term_has_ended_when_a_period_closes_on_its_last_day_or_later(
    last: str, found: bool
) -> None:
    host = Host(Monitoring())
    host.take(task(), closed("2020-12", last))
    assert (PROGRESS_UNFINISHED in types(open_now(host).values())) is found


def test_a_late_receipt_that_finishes_the_task_ends_it() -> None:
    host = Host(Monitoring())
    host.take(task(), accepted("a", "39999.0000", "2020-05-10"), DEC)
    late = host.take(accepted("b", "1.0000", "2020-12-31"))
    assert PROGRESS_UNFINISHED_ENDED in types(late)
    assert PROGRESS_UNFINISHED not in types(open_now(host).values())


def test_a_finished_task_and_one_of_nothing_are_not_unfinished() -> None:
    host = Host(Monitoring())
    host.take(task(), accepted("a", "40000.0000", "2020-05-10"), DEC)
    empty = Host(Monitoring())
    empty.take(task(task_volume="0.0000"), DEC)
    for each in (host, empty):
        assert PROGRESS_UNFINISHED not in types(open_now(each).values())


def test_two_products_of_a_batch_are_one_agreement() -> None:
    host = Host(Monitoring())
    host.take(task(), task("t2", unified_code=OTHER_PRODUCT, task_volume="10000.0000"))
    host.take(accepted("a", "45000.0000", "2020-05-10"), DEC)
    (left,) = [each.data for each in open_now(host).values() if each.type == PROGRESS_UNFINISHED]
    assert (left["task_volume"], left["shortfall_volume"]) == ("50000.0000", "5000.0000")


def test_the_next_years_agreement_takes_nothing_back_of_this_years() -> None:
    following = task("t2", term_from="2021-01-01", term_to="2021-12-31", assigned_on="2020-12-20")
    host, quarterly = Host(Monitoring()), Host(Progress())
    for each in (host, quarterly):
        each.take(task(), Q1, DEC)
        assert PROGRESS_MEASURED not in types(each.take(following))
    assert PROGRESS_UNFINISHED in types(open_now(host).values())
    assert types([each for _, each in quarterly.drawn]) == [PROGRESS_WARNED, SETTLEMENT_HELD]
    assert host.take(closed("2021-01", "2021-01-31"))[0].data["figures"]["task_quantity"] == "40000.0000"  # fmt: skip


def test_a_task_that_is_assigned_again_unchanged_changes_no_figures() -> None:
    host = Host(Monitoring())
    host.take(task(), accepted("a", "3000.0000", "2020-01-10"), JAN)
    assert host.take(task("again", assigned_on="2020-02-01")) == []
    (feb,) = host.take(FEB)
    assert feb.data["figures"]["cumulative_quantity"] == "3000.0000"
    assert task("again", assigned_on="2020-02-01").id in feb.data["because"]["causes"]


EVENTS = [
    task(),
    task("task-2", task_volume="30000.0000", assigned_on="2020-04-10"),
    task("next", term_from="2021-01-01", term_to="2021-12-31", assigned_on="2020-12-20"),
    accepted("a", "3000.0000", "2020-01-15"),
    accepted("b", "3500.0000", "2020-02-28"),
    accepted("c", "2000.0000", "2020-12-31"),
    accepted("d", "6500.0000", "2021-01-01"),
    JAN,
    FEB,
    Q1,
    DEC,
]


def outcome(host: Host) -> Any:
    kept = {
        period: data["figures"]
        for period, data in measured(host).items()
        if data["figures"]["task_quantity"] != "0.0000"
    }
    unfinished = [each for each in figures(host) if each[0] == PROGRESS_UNFINISHED]
    return kept, unfinished


@settings(max_examples=150, deadline=None)
@given(st.permutations(EVENTS), st.sampled_from(EVENTS))
def test_neither_order_nor_repetition_changes_the_figures(
    events: list[Message], again: Message
) -> None:
    in_order, shuffled = Host(Monitoring()), Host(Monitoring())
    in_order.take(*EVENTS)
    shuffled.take(*events)
    assert outcome(shuffled) == outcome(in_order)
    assert shuffled.take(again) == []


@settings(max_examples=100, deadline=None)
@given(st.permutations(EVENTS), st.sampled_from(EVENTS))
def test_what_is_withdrawn_and_said_again_never_happened(
    events: list[Message], moved: Message
) -> None:
    plainly, moving = Host(Monitoring()), Host(Monitoring())
    plainly.take(*events)
    moving.take(*events)
    moving.supersede(moved, moved)
    assert outcome(moving) == outcome(plainly)

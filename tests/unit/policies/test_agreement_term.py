"""采购周期与协议 (R8): length, yearly agreements, extension and end, per region."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.volumes.agreement_term import AgreementTerm
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes
from schemas.events import (
    VOLUME_PUBLISHED,
    VOLUME_RENEWAL_DUE,
    VOLUME_TERM_COMPUTED,
    VOLUME_TERM_ENDED,
    VOLUME_TERM_EXTENDED,
    VOLUME_TERM_OVEREXTENDED,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, YUNNAN
from tests.unit.policies.making_volumes import (
    LINCANG,
    QUJING,
    day_ended,
    extended,
    figures,
    open_now,
    published,
    types,
)


def of(host: Host, type_: str) -> list[dict[str, Any]]:
    return [each.data for each in open_now(host).values() if each.type == type_]


@pytest.mark.parametrize(
    ("makers", "last", "extendable"),
    [
        (1, "2020-12-29", "2021-12-29"),
        (2, "2021-12-29", "2022-12-29"),
        (3, "2022-12-29", "2023-12-29"),
    ],
)
def test_guizhous_term_is_as_many_years_as_makers_and_may_go_on_one_more(
    makers: int, last: str, extendable: str
) -> None:
    host = Host(AgreementTerm())
    told = published("p", "1.0000", GUIZHOU, term_from="2019-12-30", selected_makers=makers)
    (found,) = host.take(told)
    assert (found.data["term_to"], found.data["extendable_to"]) == (last, extendable)
    assert "黔医保发〔2019〕69号 四（三）" in found.data["because"]["clauses"]


@pytest.mark.parametrize(
    ("region", "first", "last"),
    [
        (QUJING, "2022-05-01", "2023-04-30"),
        (CHONGQING, "2019-03-20", "2020-03-19"),
        (YUNNAN, "2022-05-01", None),
        (LINCANG, "2022-05-01", None),
        (GUIZHOU, "2022-05-01", None),  # four makers: the paper speaks of one to three
        ("440000", "2022-05-01", None),
    ],
)
def test_a_term_has_the_length_that_the_paper_says_or_none(
    region: str, first: str, last: str | None
) -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", region, term_from=first, selected_makers=4))
    assert [each["term_to"] for each in of(host, VOLUME_TERM_COMPUTED)] == ([last] if last else [])


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2024-02-28", "2025-02-27"),
        ("2024-02-29", "2025-02-28"),  # 2025 has no such day: the month's last one is the term's
        ("2024-03-01", "2025-02-28"),
        ("2023-03-01", "2024-02-29"),
        ("2023-12-31", "2024-12-30"),
    ],
)
def test_a_year_from_the_leap_day_is_a_whole_year(first: str, last: str) -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", QUJING, term_from=first))
    assert [each["term_to"] for each in of(host, VOLUME_TERM_COMPUTED)] == [last]


def test_agreements_from_the_leap_day_leave_no_day_out() -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", GUIZHOU, term_from="2024-02-29", selected_makers=3))
    host.take(day_ended(GUIZHOU, "2026-12-31"))
    due = [(e["agreement_to"], e["next_from"], e["next_to"]) for e in of(host, VOLUME_RENEWAL_DUE)]
    assert due == [
        ("2025-02-28", "2025-03-01", "2026-02-28"),
        ("2026-02-28", "2026-03-01", "2027-02-28"),
    ]
    (term,) = of(host, VOLUME_TERM_COMPUTED)
    assert (term["term_to"], term["extendable_to"]) == ("2027-02-28", "2028-02-29")


def test_a_published_last_day_counts_before_the_papers_length() -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", YUNNAN, term_to="2024-04-30"))
    assert of(host, VOLUME_TERM_COMPUTED)[0]["term_to"] == "2024-04-30"


@pytest.mark.parametrize(("day", "due"), [("2020-12-28", 0), ("2020-12-29", 1), ("2021-12-29", 2)])
def test_an_agreement_is_renewed_at_the_end_of_each_year_within_the_term(
    day: str, due: int
) -> None:
    host = Host(AgreementTerm())
    told = published("p", "1.0000", GUIZHOU, term_from="2019-12-30", selected_makers=3)
    host.take(told, day_ended(GUIZHOU, day))
    renewals = of(host, VOLUME_RENEWAL_DUE)
    assert len(renewals) == due
    if due == 1:
        assert renewals[0]["next_from"] == "2020-12-30"


def test_a_renewal_is_not_due_any_more_when_the_next_years_quantity_is_published() -> None:
    host = Host(AgreementTerm())
    first = published("p", "1.0000", GUIZHOU, term_from="2019-12-30", selected_makers=2)
    host.take(first, day_ended(GUIZHOU, "2020-12-29"))
    host.take(published("p2", "1.0000", GUIZHOU, term_from="2020-12-30", year="2021"))
    assert of(host, VOLUME_RENEWAL_DUE) == []


@pytest.mark.parametrize(("day", "ended"), [("2023-04-29", False), ("2023-04-30", True)])
def test_a_term_has_ended_at_the_end_of_its_last_day(day: str, ended: bool) -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", QUJING), day_ended(YUNNAN, day))
    assert bool(of(host, VOLUME_TERM_ENDED)) is ended


def test_an_extension_takes_back_the_end_of_the_term() -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", QUJING), day_ended(YUNNAN, "2023-04-30"))
    host.take(extended("e", "2023-10-31", QUJING))
    assert of(host, VOLUME_TERM_ENDED) == []
    assert of(host, VOLUME_TERM_COMPUTED)[0]["extended_to"] == "2023-10-31"
    host.take(day_ended(YUNNAN, "2023-10-31"))
    assert of(host, VOLUME_TERM_ENDED)[0]["term_to"] == "2023-10-31"


@pytest.mark.parametrize(("until", "too_far"), [("2021-12-29", False), ("2021-12-30", True)])
def test_guizhou_may_extend_by_one_year_and_no_day_more(until: str, too_far: bool) -> None:
    host = Host(AgreementTerm())
    told = published("p", "1.0000", GUIZHOU, term_from="2019-12-30", selected_makers=1)
    host.take(told, extended("e", until, GUIZHOU, extended_on="2020-12-01"))
    assert bool(of(host, VOLUME_TERM_OVEREXTENDED)) is too_far


def test_qujing_may_extend_as_needed() -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", QUJING), extended("e", "2029-04-30", QUJING))
    assert of(host, VOLUME_TERM_OVEREXTENDED) == []


def test_a_late_publication_is_judged_by_the_last_day_that_has_ended() -> None:
    host = Host(AgreementTerm())
    host.take(day_ended(YUNNAN, "2023-05-01"), published("p", "1.0000", QUJING))
    assert len(of(host, VOLUME_TERM_ENDED)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"term_to": "2022-04-30"},
        {"term_to": "9999-12-31"},
        {"term_from": "0001-01-01"},
        {"step": "0.0000"},
        {"step": "3.0000"},
    ],
)
def test_a_term_or_step_that_cannot_be_is_refused_at_the_door(changed: dict[str, str]) -> None:
    data = published("p", "10.0000", QUJING).content() | changed
    assert check(VOLUME_PUBLISHED, data, canonical_bytes(data))
    data = extended("e", "9999-12-31", QUJING).content()
    assert check(VOLUME_TERM_EXTENDED, data, canonical_bytes(data))


EVENTS = [
    published("p1", "1.0000", GUIZHOU, term_from="2019-12-30", selected_makers=2),
    published("p2", "1.0000", GUIZHOU, term_from="2019-12-30", published_on="2022-04-21"),
    published("p3", "1.0000", GUIZHOU, term_from="2020-12-30", year="2021", selected_makers=2),
    extended("e1", "2022-06-30", GUIZHOU),
    extended("e2", "2023-06-30", GUIZHOU, extended_on="2022-12-02"),
    day_ended(GUIZHOU, "2020-12-29"),
    day_ended(GUIZHOU, "2022-06-30"),
]


@settings(max_examples=100, deadline=None)
@given(st.permutations(EVENTS), st.sampled_from(EVENTS))
def test_neither_order_nor_repetition_changes_what_is_open(
    events: list[Message], again: Message
) -> None:
    in_order, shuffled = Host(AgreementTerm()), Host(AgreementTerm())
    in_order.take(*EVENTS)
    shuffled.take(*events)
    assert figures(shuffled) == figures(in_order)
    assert shuffled.take(again) == []


@settings(max_examples=60, deadline=None)
@given(st.permutations(EVENTS), st.sampled_from(EVENTS[:5]))
def test_what_is_withdrawn_and_said_again_never_happened(
    events: list[Message], moved: Message
) -> None:
    plainly, moving = Host(AgreementTerm()), Host(AgreementTerm())
    plainly.take(*events)
    moving.take(*events)
    moving.supersede(moved, moved)
    assert figures(moving) == figures(plainly)


def test_an_end_of_a_day_with_nothing_due_costs_nothing_but_the_day() -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", QUJING))
    (state,) = host.states.values()
    assert state["due"] == "2023-04-30"
    assert types(host.take(day_ended(YUNNAN, "2022-06-01"))) == []

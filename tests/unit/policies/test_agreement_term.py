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
    VOLUME_REGION_FINDING_ENDED,
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
    assert_only_judged,
    corrected,
    day_ended,
    extended,
    figures,
    open_now,
    published,
    types,
    wrong_and_right,
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


def test_a_corrected_number_of_makers_gives_the_term_its_length_without_a_word_in_between() -> None:
    host = Host(AgreementTerm())
    wrong, right = (
        published(f"p{n}", "1.0000", GUIZHOU, term_from="2019-12-30", selected_makers=n)
        for n in (2, 3)
    )
    host.take(wrong)
    (found,) = host.supersede(wrong, right)
    assert (found.type, found.data["term_to"]) == (VOLUME_TERM_COMPUTED, "2022-12-29")
    assert found.data["replaces"] == host.drawn[0][0]


def test_a_corrected_quantity_changes_nothing_of_the_term_that_has_ended() -> None:
    host = Host(AgreementTerm())
    wrong = published("p", "1.0000", QUJING)
    host.take(wrong, day_ended(YUNNAN, "2023-04-30"))
    assert host.supersede(wrong, published("p2", "2.0000", QUJING)) == []
    assert len(of(host, VOLUME_TERM_ENDED)) == 1


def test_a_corrected_last_day_takes_back_the_end_of_the_term() -> None:
    host = Host(AgreementTerm())
    wrong = published("p", "1.0000", QUJING)
    host.take(wrong, day_ended(YUNNAN, "2023-04-30"))
    found = host.supersede(wrong, published("p2", "1.0000", QUJING, term_to="2023-10-31"))
    ended = VOLUME_REGION_FINDING_ENDED
    assert types(found) == [ended, VOLUME_TERM_COMPUTED, VOLUME_RENEWAL_DUE]
    assert [each["term_to"] for each in of(host, VOLUME_TERM_COMPUTED)] == ["2023-10-31"]


def test_a_corrected_extension_does_not_end_the_term_for_a_moment() -> None:
    host = Host(AgreementTerm())
    wrong = extended("e", "2023-10-31", QUJING)
    host.take(published("p", "1.0000", QUJING), wrong, day_ended(YUNNAN, "2023-04-30"))
    term, renewal = host.supersede(wrong, extended("e2", "2023-12-31", QUJING))
    assert (term.type, renewal.type) == (VOLUME_TERM_COMPUTED, VOLUME_RENEWAL_DUE)
    assert {term.data["extended_to"], renewal.data["next_to"]} == {"2023-12-31"}


def test_a_corrected_quantity_of_the_next_year_does_not_make_the_renewal_due() -> None:
    host = Host(AgreementTerm())
    first = published("p", "1.0000", GUIZHOU, term_from="2019-12-30", selected_makers=2)
    wrong, right = (
        published(f"p{n}", f"{n}.0000", GUIZHOU, term_from="2020-12-30", year="2021")
        for n in (2, 3)
    )
    host.take(first, wrong, day_ended(GUIZHOU, "2020-12-29"))
    assert host.supersede(wrong, right) == []


def test_a_quantity_of_another_drug_takes_its_term_along() -> None:
    host = Host(AgreementTerm())
    wrong = published("p", "1.0000", QUJING)
    host.take(wrong)
    found = host.supersede(wrong, published("p2", "1.0000", QUJING, drug="METFORMIN"))
    assert types(found) == [VOLUME_REGION_FINDING_ENDED, VOLUME_TERM_COMPUTED]


def test_a_day_that_has_ended_stays_so() -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", QUJING), day_ended(YUNNAN, "2023-04-29"))
    early, late = (day_ended(YUNNAN, f"2023-04-{day}") for day in (29, 30))
    assert types(host.supersede(early, late)) == [VOLUME_TERM_ENDED]
    assert host.supersede(late, early) == []
    assert host.supersede(late, day_ended(GUIZHOU, "2023-04-30")) == []


def test_a_correction_of_what_was_never_published_is_a_publication_like_any_other() -> None:
    given_ = [published("p", "1.0000", QUJING), day_ended(YUNNAN, "2023-04-30")]
    right = published("p2", "1.0000", QUJING, term_to="2023-10-31", published_on="2022-04-21")
    assert_only_judged(AgreementTerm(), given_, published("p0", "1.0000", QUJING), right)


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


ELSEWHERE = published("elsewhere", "1.0000", GUIZHOU, drug="METFORMIN")


@settings(max_examples=60, deadline=None)
@given(st.permutations(EVENTS), st.sampled_from(EVENTS))
def test_what_is_withdrawn_and_said_again_never_happened(
    events: list[Message], moved: Message
) -> None:
    plainly, moving = Host(AgreementTerm()), Host(AgreementTerm())
    plainly.take(*events)
    moving.take(*events)
    moving.supersede(moved, ELSEWHERE)
    moving.supersede(ELSEWHERE, moved)
    assert figures(moving) == figures(plainly)
    assert moving.supersede(moved, moved) == []


QUANTITIES = st.fixed_dictionaries(
    {
        "term_from": st.sampled_from(["2019-12-30", "2020-12-30", "2021-03-01"]),
        "published_on": st.sampled_from(["2019-12-20", "2020-12-20"]),
        "batch": st.sampled_from(["合成批次", "另一批次"]),
        "drug": st.sampled_from(["AMLODIPINE", "METFORMIN"]),
    },
    optional={
        "selected_makers": st.integers(1, 4),
        "term_to": st.sampled_from(["2022-06-30", "2023-12-29"]),
    },
)
EXTENSIONS = st.fixed_dictionaries(
    {
        "extended_to": st.sampled_from(["2021-06-30", "2022-12-29", "2024-06-30"]),
        "extended_on": st.sampled_from(["2020-12-01", "2021-12-01"]),
        "batch": st.sampled_from(["合成批次", "另一批次"]),
    }
)
DAYS = st.sampled_from(["2019-12-31", "2020-12-29", "2021-12-29", "2022-12-29"])
SAID = st.one_of(st.tuples(QUANTITIES, QUANTITIES), st.tuples(EXTENSIONS, EXTENSIONS))


def said(number: str, told: dict[str, Any]) -> Message:
    if "extended_to" in told:
        return extended(number, told["extended_to"], GUIZHOU, **told)
    return published(number, "1.0000", GUIZHOU, **told)


@settings(max_examples=200, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=4), st.lists(QUANTITIES, max_size=2), DAYS, DAYS)
def test_the_terms_after_corrections_are_those_that_the_right_facts_alone_lead_to(
    pairs: list[tuple[dict[str, Any], ...]], rest: list[dict[str, Any]], day: str, later: str
) -> None:
    others = [said(f"o{at}", each) for at, each in enumerate(rest)] + [day_ended(GUIZHOU, day)]
    wrong, right = wrong_and_right(pairs, said)
    straight = Host(AgreementTerm())
    straight.take(*right, *others)
    found = corrected(AgreementTerm(), [*wrong, *others], wrong, right)
    assert figures(found) == figures(straight)
    for host in (found, straight):
        host.take(day_ended(GUIZHOU, later))
    assert figures(found) == figures(straight)


def test_an_end_of_a_day_with_nothing_due_costs_nothing_but_the_day() -> None:
    host = Host(AgreementTerm())
    host.take(published("p", "1.0000", QUJING))
    (state,) = host.states.values()
    assert state["due"] == "2023-04-30"
    assert types(host.take(day_ended(YUNNAN, "2022-06-01"))) == []

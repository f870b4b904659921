"""采购方式 (R15): tender or negotiation, by the number of qualified enterprises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.volumes.tender_route import TenderRoute
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes
from schemas.events import TENDER_GROUP_QUALIFIED, TENDER_ROUTE_DECIDED, TENDER_ROUTE_WITHDRAWN
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, YUNNAN
from tests.unit.policies.making_volumes import (
    LINCANG,
    assert_only_judged,
    corrected,
    figures,
    open_now,
    qualified,
    types,
    wrong_and_right,
)

BIDDERS = [f"91530300MA6XXXXX{number:02d}" for number in range(5)]


@pytest.mark.parametrize(
    ("count", "route"),
    [(1, "negotiation"), (2, "negotiation"), (3, "tender"), (4, "tender")],
)
def test_three_qualified_make_a_tender_and_two_a_negotiation(count: int, route: str) -> None:
    (found,) = Host(TenderRoute()).take(qualified("q", BIDDERS[:count]))
    assert (found.data["route"], found.data["bidders"]) == (route, count)
    why = found.data["because"]
    assert why["clauses"] == ["曲政办发〔2022〕10号 四（一）2"]
    assert why["arithmetic"][0].endswith(f"{count} {'≥ 3' if count > 2 else '≤ 2'}")


def test_nobody_qualified_no_route() -> None:
    assert Host(TenderRoute()).take(qualified("q", [])) == []


@pytest.mark.parametrize("region", [YUNNAN, LINCANG, GUIZHOU, CHONGQING, "440000"])
def test_regions_without_the_rule_decide_nothing(region: str) -> None:
    assert Host(TenderRoute()).take(qualified("q", BIDDERS[:3], region=region)) == []


def test_a_county_of_the_city_has_the_citys_rule() -> None:
    assert len(Host(TenderRoute()).take(qualified("q", BIDDERS[:3], region="530302"))) == 1


def test_before_the_paper_there_is_no_route() -> None:
    assert Host(TenderRoute()).take(qualified("q", BIDDERS, qualified_on="2022-03-04")) == []
    assert Host(TenderRoute()).take(qualified("q", BIDDERS, qualified_on="2022-03-05")) != []


def test_a_bidder_who_withdraws_or_is_added_lets_the_route_be_decided_anew() -> None:
    host = Host(TenderRoute())
    first = qualified("q1", BIDDERS[:3])
    host.take(first)
    (fewer,) = host.take(qualified("q2", BIDDERS[:2], qualified_on="2022-04-02"))
    assert fewer.data["route"] == "negotiation"
    assert fewer.data["replaces"] == host.drawn[0][0]
    (more,) = host.take(qualified("q3", BIDDERS[:4], qualified_on="2022-04-03"))
    assert more.data["route"] == "tender"
    (none,) = host.take(qualified("q4", [], qualified_on="2022-04-04"))
    assert none.type == TENDER_ROUTE_WITHDRAWN
    assert open_now(host) == {}


def test_a_corrected_list_stands_in_the_place_of_the_wrong_one() -> None:
    host = Host(TenderRoute())
    wrong = qualified("q1", BIDDERS[:2])
    host.take(wrong)
    found = host.supersede(wrong, qualified("q2", BIDDERS[:3], supersedes=wrong.id))
    assert types(found) == [TENDER_ROUTE_DECIDED]
    assert found[0].data["replaces"] == host.drawn[0][0]
    assert list(open_now(host).values()) == found
    assert found[0].data["route"] == "tender"


def test_another_bidder_in_the_place_of_one_leaves_the_route_as_it_is() -> None:
    host = Host(TenderRoute())
    wrong = qualified("q1", BIDDERS[:3])
    host.take(wrong)
    assert host.supersede(wrong, qualified("q2", BIDDERS[1:4])) == []


def test_a_corrected_list_that_was_not_the_latest_leaves_the_route_as_it_is() -> None:
    host = Host(TenderRoute())
    wrong = qualified("q1", BIDDERS[:3])
    host.take(wrong, qualified("q2", BIDDERS[:2], qualified_on="2022-04-02"))
    assert host.supersede(wrong, qualified("q3", BIDDERS[:4])) == []


def test_a_list_of_another_group_takes_its_route_along() -> None:
    host = Host(TenderRoute())
    wrong = qualified("q1", BIDDERS[:3])
    host.take(wrong)
    found = host.supersede(wrong, qualified("q2", BIDDERS[:3], group="02"))
    assert types(found) == [TENDER_ROUTE_WITHDRAWN, TENDER_ROUTE_DECIDED]
    assert [each.data["group"] for each in found] == ["01", "02"]


def test_when_the_latest_list_was_of_another_group_the_one_before_counts_again() -> None:
    host = Host(TenderRoute())
    wrong = qualified("q2", BIDDERS[:2], qualified_on="2022-04-02")
    host.take(qualified("q1", BIDDERS[:3]), wrong)
    again, _ = host.supersede(wrong, qualified("q3", BIDDERS[:3], group="02"))
    assert (again.data["route"], again.data["bidders"]) == ("tender", 3)
    (more,) = host.take(qualified("q4", BIDDERS[:4], qualified_on="2022-04-03"))
    assert more.data["replaces"] == next(each for each, said in host.drawn if said is again)


def test_a_correction_of_a_list_never_told_is_a_list_like_any_other() -> None:
    given_ = [qualified("q1", BIDDERS[:3])]
    assert_only_judged(TenderRoute(), given_, qualified("q0", []), qualified("q2", BIDDERS[:4]))


def test_an_enterprise_that_stands_twice_is_refused_at_the_door() -> None:
    data = qualified("q", BIDDERS[:1]).content() | {"bidders": [BIDDERS[0], BIDDERS[0]]}
    assert check(TENDER_GROUP_QUALIFIED, data, canonical_bytes(data))


LISTS = [
    qualified(f"q{number}", BIDDERS[:number], qualified_on=f"2022-04-{number + 1:02d}")
    for number in range(1, 5)
]


@settings(max_examples=50, deadline=None)
@given(st.permutations(LISTS), st.sampled_from(LISTS))
def test_neither_order_nor_repetition_changes_the_route(
    lists: list[Message], again: Message
) -> None:
    in_order, shuffled = Host(TenderRoute()), Host(TenderRoute())
    in_order.take(*LISTS)
    shuffled.take(*lists)
    assert figures(shuffled) == figures(in_order)
    assert shuffled.take(again) == []


LISTED = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["2022-03-04", "2022-04-01", "2022-04-02"]),
    st.sampled_from(["01", "02"]),
)


def listed(number: str, told: tuple[int, str, str]) -> Message:
    count, day, group = told
    return qualified(number, BIDDERS[:count], qualified_on=day, group=group)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(LISTED, LISTED), min_size=1, max_size=4), st.lists(LISTED, max_size=2))
def test_the_routes_after_corrections_are_those_that_the_right_lists_alone_lead_to(
    pairs: list[tuple[tuple[int, str, str], ...]], rest: list[tuple[int, str, str]]
) -> None:
    others = [listed(f"o{at}", each) for at, each in enumerate(rest)]
    wrong, right = wrong_and_right(pairs, listed)
    straight = Host(TenderRoute())
    straight.take(*right, *others)
    assert figures(corrected(TenderRoute(), [*wrong, *others], wrong, right)) == figures(straight)

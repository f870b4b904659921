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
from tests.unit.policies.making_volumes import LINCANG, figures, open_now, qualified, types

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
    assert types(found) == [TENDER_ROUTE_WITHDRAWN, TENDER_ROUTE_DECIDED]
    (left,) = open_now(host).values()
    assert left.data["route"] == "tender"


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

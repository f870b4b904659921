"""价格联动 (R7) by region: whom each paper lets follow whom, and with which effect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.policies.prices.linkage import Linkage, price_in_force
from gateway.policies.rulebook import Rulebook
from gateway.policies.terms import load_terms
from schemas.envelope import Message
from schemas.events import PRICE_LINK_ENDED, PRICE_LINK_PROPOSED, PRICE_LINKED
from tests.unit.policies.hosting import RULES, Host
from tests.unit.policies.linking import corrected, sound, still_linked
from tests.unit.policies.making import (
    CHONGQING,
    DRUG,
    GUIZHOU,
    OTHER_PRODUCT,
    SICHUAN,
    YUNNAN,
    listing,
)
from tests.unit.policies.pricing import negotiated

QUJING, LINCANG = "530300", "530900"
IN_2022 = {"effective_from": "2022-04-01"}


def linked(*messages: Message, rules: Rulebook = RULES) -> Host:
    host = Host(Linkage(), rules)
    host.take(*messages)
    return host


# ------------------------------------------------------------------------------ cities


def test_lincang_inherits_its_provinces_linkage() -> None:
    host = linked(listing("lc", "0.500000", LINCANG), listing("sc", "0.400000", SICHUAN))
    ((_, found),) = host.drawn
    assert found.type == PRICE_LINKED
    assert found.data["region"] == LINCANG
    assert found.data["because"]["clauses"] == ["云医保〔2020〕71号 四（一）"]


def test_lincang_does_not_follow_another_city_of_its_province() -> None:
    host = linked(listing("lc", "0.500000", LINCANG), listing("qj", "0.400000", QUJING))
    assert all(each.data["region"] != LINCANG for _, each in host.drawn)


def test_qujing_proposes_and_orders_nothing() -> None:
    own = listing("qj", "0.500000", QUJING, **IN_2022)
    host = linked(own, listing("sc", "0.400000", SICHUAN, **IN_2022))
    ((_, found),) = host.drawn
    assert found.type == PRICE_LINK_PROPOSED
    assert found.data["because"]["terms"]["linkage.effect"] == "proposal"
    assert "曲政办发〔2022〕10号 四（五）3" in found.data["because"]["clauses"]
    assert price_in_force(host.states[DRUG], own.id, "2022-05-01") == 500_000


def test_qujings_proposals_start_from_the_price_in_force_each_time() -> None:
    host = linked(
        listing("qj", "0.500000", QUJING, **IN_2022),
        listing("sc", "0.400000", SICHUAN, **IN_2022),
        listing("gz", "0.300000", GUIZHOU, effective_from="2022-05-01"),
    )
    assert [each.data["price_before"] for _, each in host.drawn] == ["0.500000", "0.500000"]


def test_qujing_looks_at_other_cities_and_its_province_too() -> None:
    host = linked(
        listing("qj", "0.500000", QUJING, **IN_2022), listing("yn", "0.450000", YUNNAN, **IN_2022)
    )
    ((_, found),) = host.drawn
    assert (found.type, found.data["reference_region"]) == (PRICE_LINK_PROPOSED, YUNNAN)


@pytest.mark.parametrize(
    ("since", "kind"),
    [("2022-03-04", PRICE_LINKED), ("2022-03-05", PRICE_LINK_PROPOSED)],
)
def test_before_its_own_paper_qujing_followed_its_provinces_order(since: str, kind: str) -> None:
    host = linked(
        listing("qj", "0.500000", QUJING, effective_from=since),
        listing("sc", "0.400000", SICHUAN, effective_from=since),
    )
    assert [each.type for _, each in host.drawn] == [kind]


def test_a_proposal_that_no_longer_follows_ends() -> None:
    cheap = listing("sc", "0.400000", SICHUAN, **IN_2022)
    host = linked(listing("qj", "0.500000", QUJING, **IN_2022), cheap)
    (ended,) = host.supersede(cheap, corrected(cheap, "x", unit_price="0.900000"))
    assert (ended.type, ended.data["proposal"]) == (PRICE_LINK_ENDED, True)
    assert ended.data["price_in_force"] == "0.500000"
    assert sound(host) == ()


def test_guizhous_paper_is_silent_on_linkage() -> None:
    host = linked(listing("gz", "0.900000", GUIZHOU), listing("sc", "0.100000", SICHUAN))
    assert host.drawn == []


# ------------------------------------------------------------------------------ negotiated prices


def test_chongqing_executes_the_negotiated_price_of_a_non_selected_product() -> None:
    own, agreed = listing("cq", "0.500000", CHONGQING), negotiated("n", "0.350000")
    ((_, found),) = linked(own, agreed).drawn
    data = found.data
    assert (data["price_after"], data["follows"], data["converted"]) == (
        "0.350000",
        "negotiated",
        False,
    )
    assert data["because"]["terms"] == {"linkage.negotiated": "first", "linkage.effect": "order"}
    assert data["because"]["causes"] == [own.id, agreed.id]


def test_a_product_within_the_negotiation_does_not_follow_the_national_lowest_price() -> None:
    facts = [
        listing("cq", "0.500000", CHONGQING),
        negotiated("n", "0.350000"),
        listing("sc", "0.100000", SICHUAN),
    ]
    for order in (facts, facts[::-1], [facts[2], facts[0], facts[1]]):
        (only,) = still_linked(linked(*order))
        assert only[5] == "0.350000"


def test_products_outside_the_negotiation_follow_the_national_lowest_price() -> None:
    host = linked(
        negotiated("n", "0.350000"),
        listing("cq", "0.500000", CHONGQING, unified_code=OTHER_PRODUCT),
        listing("sc", "0.100000", SICHUAN, unified_code=OTHER_PRODUCT),
    )
    (only,) = still_linked(host)
    assert (only[1], only[5]) == (OTHER_PRODUCT, "0.100000")


def test_the_national_lowest_price_counts_again_when_the_negotiated_one_has_ended() -> None:
    host = linked(
        listing("cq", "0.500000", CHONGQING),
        negotiated("n", "0.350000", effective_to="2020-12-31"),
        listing("sc", "0.100000", SICHUAN),
    )
    assert [line[3:6] for line in still_linked(host)] == [
        ("2020-06-01", "0.500000", "0.350000"),
        ("2021-01-01", "0.350000", "0.100000"),
    ]


@pytest.mark.parametrize("price", ["0.500000", "0.600000"])
def test_a_negotiated_price_never_raises_and_keeps_the_market_away(price: str) -> None:
    host = linked(
        listing("cq", "0.500000", CHONGQING),
        negotiated("n", price),
        listing("sc", "0.100000", SICHUAN),
    )
    assert still_linked(host) == []


def test_a_negotiated_price_of_zero_is_no_price() -> None:
    host = linked(
        listing("cq", "0.500000", CHONGQING),
        negotiated("n", "0.000000"),
        listing("sc", "0.100000", SICHUAN),
    )
    assert [line[5] for line in still_linked(host)] == ["0.100000"]


def test_a_withdrawn_negotiated_price_lets_the_market_in() -> None:
    agreed = negotiated("n", "0.350000")
    host = linked(listing("cq", "0.500000", CHONGQING), agreed, listing("sc", "0.100000", SICHUAN))
    elsewhere = corrected(agreed, "x", unified_code=OTHER_PRODUCT)
    (again,) = host.supersede(agreed, elsewhere)
    assert (again.data["price_after"], again.data["replaces"]) == ("0.100000", host.drawn[0][0])


def test_where_the_paper_does_not_speak_of_negotiation_it_means_nothing() -> None:
    facts = [listing("yn", "0.500000", YUNNAN), negotiated("n", "0.350000", YUNNAN)]
    assert linked(*facts).drawn == []
    assert len(linked(*facts, listing("sc", "0.400000", SICHUAN)).drawn) == 1


def test_a_negotiated_price_is_no_reference_elsewhere() -> None:
    host = linked(listing("yn", "0.500000", YUNNAN), negotiated("n", "0.100000"))
    assert host.drawn == []


# ------------------------------------------------------------------------------ terms over time


def changed_terms(**values: Any) -> Rulebook:
    """Return the rules with other days of Yunnan's scope."""
    rules = load_terms()
    terms = rules.regions[YUNNAN]
    scope = terms.values["linkage.scope"][0]
    versions = tuple(replace(scope, **each) for each in values["scope"])
    other = replace(terms, values={**terms.values, "linkage.scope": versions})
    return replace(rules, regions={**rules.regions, YUNNAN: other}, _resolved={})


def test_a_scope_that_widens_later_is_followed_from_its_day() -> None:
    scope = load_terms().regions[YUNNAN].values["linkage.scope"][0]
    rules = changed_terms(
        scope=[
            {"until": scope.since.replace(year=2020, month=12, day=31)},
            {"value": "drug", "since": scope.since.replace(year=2021)},
        ]
    )
    form = {"strength": {"content": 5000, "unit": "ug"}}
    host = linked(
        listing("yn", "0.500000", YUNNAN, **form),
        listing("sc", "0.100000", SICHUAN, unified_code=OTHER_PRODUCT, **form),
        rules=rules,
    )
    assert [line[3] for line in still_linked(host)] == ["2021-01-01"]


def test_a_term_that_ended_links_nothing_afterwards() -> None:
    scope = load_terms().regions[YUNNAN].values["linkage.scope"][0]
    rules = changed_terms(scope=[{"until": scope.since.replace(year=2020, month=12, day=31)}])
    own = listing("yn", "0.500000", YUNNAN)
    for since, expected in (("2020-12-31", 1), ("2021-01-01", 0)):
        cheap = listing("sc", "0.400000", SICHUAN, effective_from=since)
        assert len(linked(own, cheap, rules=rules).drawn) == expected

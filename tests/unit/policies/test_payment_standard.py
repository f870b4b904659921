"""医保支付标准 (R6): the selected price is the standard of what equals the selected product."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Conclusion
from gateway.policies.prices.payment_standard import PaymentStandard
from schemas.checking import check
from schemas.envelope import Message, canonical_bytes
from schemas.events import (
    CONSISTENCY_PASSED,
    PAYMENT_STANDARD_ENDED,
    PAYMENT_STANDARD_SCHEDULE_REFUSED,
    PAYMENT_STANDARD_SCHEDULED,
    PAYMENT_STANDARD_SET,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.linking import Book, corrected, numbered, open_conclusions, sound
from tests.unit.policies.making import CHONGQING, GUIZHOU, OTHER_PRODUCT, PRODUCT, YUNNAN, listing
from tests.unit.policies.pricing import passed, scheduled

QUJING = "530300"
FORM = {"strength": {"content": 5000, "unit": "ug"}, "insured": True}
ENDS = {PAYMENT_STANDARD_ENDED: "standard_id"}
STANDARDS = Book(frozenset({PAYMENT_STANDARD_SET}), ENDS)


def chosen(region: str, price: str = "0.100000", number: str = "chosen", **changed: Any) -> Message:
    given = {"kind": "selected", "unified_code": OTHER_PRODUCT, **FORM, **changed}
    return listing(f"{number}-{region}", price, region, **given)


def original(region: str, price: str = "0.500000", number: str = "o", **changed: Any) -> Message:
    given = {"origin": "originator", **FORM, **changed}
    return listing(f"{number}-{region}", price, region, **given)


def after(*messages: Message) -> Host:
    host = Host(PaymentStandard())
    host.take(*messages)
    return host


def told(found: list[Conclusion]) -> list[tuple[str, ...]]:
    return [
        (each.data["unified_code"], each.data["effective_from"], each.data["unit_price"])
        if each.type == PAYMENT_STANDARD_SET
        else (each.type.split(".")[3], each.data["effective_from"])
        for each in found
    ]


def standing(host: Host) -> list[tuple[str, ...]]:
    names = ("region", "unified_code", "effective_from", "effective_to", "unit_price", "basis")
    found = open_conclusions(host, ENDS, [PAYMENT_STANDARD_SET])
    return sorted(
        tuple(str(each.data[name]) for name in (*names, "selected_code", "steps"))
        for each in found.values()
        if each.type == PAYMENT_STANDARD_SET
    )


@pytest.mark.parametrize(
    ("region", "clause"),
    [
        (GUIZHOU, "黔医保发〔2019〕69号 五（五）"),
        (CHONGQING, "渝府办发〔2019〕29号 二（四）"),
        (YUNNAN, "云医保〔2020〕71号 四（四）；医保发〔2019〕18号"),
        ("530900", "云医保〔2020〕71号 四（四）；医保发〔2019〕18号"),
    ],
)
def test_the_selected_price_is_the_selected_products_standard(region: str, clause: str) -> None:
    fact = chosen(region)
    (found,) = [each for _, each in after(fact).drawn if each.data["region"] == region]
    assert told([found]) == [(OTHER_PRODUCT, "2020-06-01", "0.100000")]
    assert found.data["basis"] == "selected_price"
    assert found.data["because"]["clauses"] == [clause]
    assert found.data["because"]["causes"] == [fact.id]


@pytest.mark.parametrize("region", [GUIZHOU, CHONGQING])
@pytest.mark.parametrize("origin", ["originator", "reference"])
def test_originals_of_the_same_generic_have_the_same_standard(region: str, origin: str) -> None:
    host = after(chosen(region), original(region, origin=origin))
    assert told([each for _, each in host.drawn])[1] == (PRODUCT, "2020-06-01", "0.100000")
    assert host.drawn[1][1].data["selected_code"] == OTHER_PRODUCT


@pytest.mark.parametrize("region", [YUNNAN, "530900"])
def test_where_the_paper_does_not_speak_of_others_nothing_follows_for_them(region: str) -> None:
    host = after(chosen(region), original(region))
    assert {each.data["unified_code"] for _, each in host.drawn} == {OTHER_PRODUCT}


def test_a_generic_has_the_same_standard_from_the_day_it_passed_until_it_is_revoked() -> None:
    own = original(GUIZHOU, origin="generic")
    host = after(chosen(GUIZHOU), own)
    assert len(host.drawn) == 1
    passing = passed("p", 4, "2020-08-01", unified_code=PRODUCT, revoked_on="2020-10-01")
    (found,) = host.take(passing)
    assert told([found]) == [(PRODUCT, "2020-08-01", "0.100000")]
    assert found.data["effective_to"] == "2020-09-30"
    assert passing.id in found.data["because"]["causes"]


@pytest.mark.parametrize(
    "changed",
    [
        {"insured": False},
        {"insured": None},
        {"origin": None},
        {"strength": {"content": 10000, "unit": "ug"}},
        {"pack_quantity": 14},
        {"strength": None},
    ],
)
def test_nothing_is_assumed_of_a_product_that_its_listing_does_not_say(
    changed: dict[str, Any],
) -> None:
    assert len(after(chosen(GUIZHOU), original(GUIZHOU, **changed)).drawn) == 1


@pytest.mark.parametrize("insured", [False, None])
def test_a_selected_product_outside_the_catalogue_has_no_standard(insured: bool | None) -> None:
    assert after(chosen(GUIZHOU, insured=insured)).drawn == []


def test_several_selected_prices_give_no_standard_to_the_others_unless_they_agree() -> None:
    second = "XC08CAA001A001010100003"
    one = original(GUIZHOU)
    host = after(chosen(GUIZHOU), chosen(GUIZHOU, "0.120000", "b", unified_code=second), one)
    assert {each.data["unified_code"] for _, each in host.drawn} == {OTHER_PRODUCT, second}
    agreed = after(chosen(GUIZHOU), chosen(GUIZHOU, number="b", unified_code=second), one)
    assert len(agreed.drawn) == 3


def test_a_zero_price_is_no_standard() -> None:
    assert after(chosen(GUIZHOU, "0.000000")).drawn == []


def test_a_renewed_selected_price_follows_on_its_day_and_touches_nothing_earlier() -> None:
    host = after(chosen(GUIZHOU), original(GUIZHOU))
    found = host.take(chosen(GUIZHOU, "0.080000", "next", effective_from="2021-06-01"))
    assert sorted(told(found)) == [
        (PRODUCT, "2021-06-01", "0.080000"),
        (OTHER_PRODUCT, "2021-06-01", "0.080000"),
    ]


def test_a_selected_price_that_ends_ends_the_standards() -> None:
    host = after(original(GUIZHOU), chosen(GUIZHOU, effective_to="2020-12-31"))
    assert {each.data["effective_to"] for _, each in host.drawn} == {"2020-12-31"}


def test_a_corrected_selected_price_replaces_the_standards_of_its_days() -> None:
    host, wrong = after(chosen(GUIZHOU), original(GUIZHOU)), chosen(GUIZHOU)
    first = {identity for identity, _ in host.drawn}
    found = STANDARDS.put_right(host, wrong, corrected(wrong, "x", unit_price="0.110000"))
    assert [line[4] for line in standing(host)] == ["0.110000", "0.110000"]
    assert {each.data["replaces"] for each in found} == first
    assert all(wrong.id in each.data["because"]["causes"] for each in found)


# ------------------------------------------------------------------------------ by steps

STEPS = [("2020-06-01", "0.300000"), ("2021-06-01", "0.200000"), ("2022-06-01", "0.100000")]


@pytest.mark.parametrize("region", [GUIZHOU, CHONGQING])
def test_a_decided_schedule_comes_down_to_the_selected_price(region: str) -> None:
    plan = scheduled("plan", region, *STEPS)
    host = after(chosen(region), original(region), plan)
    own = [line for line in standing(host) if line[1] == PRODUCT]
    assert [(line[2], line[4], line[5]) for line in own] == [
        ("2020-06-01", "0.300000", "schedule"),
        ("2021-06-01", "0.200000", "schedule"),
        ("2022-06-01", "0.100000", "same_generic"),
    ]
    first = next(each for _, each in host.drawn if each.data.get("basis") == "schedule")
    assert plan.id in first.data["because"]["causes"]
    assert [step["effective_from"] for step in first.data["steps"]] == ["2021-06-01", "2022-06-01"]
    assert first.data["because"]["terms"]["payment_standard.converge_years"] == "3"


def test_without_a_decision_there_are_no_steps_however_large_the_difference() -> None:
    host = after(chosen(GUIZHOU, "0.010000"), original(GUIZHOU, "9.000000"))
    assert [line[4] for line in standing(host)] == ["0.010000", "0.010000"]


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([("2020-06-01", "0.300000"), ("2023-06-01", "0.100000")], None),
        ([("2020-06-01", "0.300000"), ("2023-06-02", "0.100000")], "too_late"),
        ([("2020-06-01", "0.300000"), ("2021-06-01", "0.100001")], "not_converging"),
        ([("2020-06-01", "0.200000"), ("2021-06-01", "0.300000"), ("2022-01-01", "0.1")], "rising"),
    ],
)
def test_a_schedule_is_applied_only_as_the_paper_allows(
    steps: list[tuple[str, str]], reason: str | None
) -> None:
    steps = [(day, f"{price:<08}") for day, price in steps]
    host = after(chosen(GUIZHOU), original(GUIZHOU))
    found = host.take(scheduled("plan", GUIZHOU, *steps))
    refused = [each for each in found if each.type == PAYMENT_STANDARD_SCHEDULE_REFUSED]
    assert [each.data["reason"] for each in refused] == ([reason] if reason else [])
    assert any(line[5] == "schedule" for line in standing(host)) is (reason is None)


def test_where_the_paper_provides_no_schedule_a_decision_is_not_applied() -> None:
    host = after(chosen(YUNNAN), original(YUNNAN), scheduled("plan", YUNNAN, *STEPS))
    last = host.drawn[-1][1]
    assert (last.type, last.data["reason"]) == (PAYMENT_STANDARD_SCHEDULE_REFUSED, "not_provided")


def test_a_later_decision_stands_in_the_place_of_the_earlier() -> None:
    second = [("2020-09-01", "0.150000"), ("2021-01-01", "0.100000")]
    host = after(chosen(GUIZHOU), original(GUIZHOU), scheduled("plan", GUIZHOU, *STEPS))
    host.take(scheduled("again", GUIZHOU, *second, decided_on="2020-08-15"))
    own = [(line[2], line[4]) for line in standing(host) if line[1] == PRODUCT]
    assert own == [
        ("2020-06-01", "0.100000"),
        ("2020-09-01", "0.150000"),
        ("2021-01-01", "0.100000"),
    ]


RISING = [("2020-09-01", "0.200000"), ("2021-01-01", "0.300000"), ("2022-01-01", "0.100000")]


@pytest.mark.parametrize("refused_first", [False, True])
def test_a_decision_that_is_refused_leaves_the_earlier_one_standing(refused_first: bool) -> None:
    plans = [
        scheduled("plan", GUIZHOU, *STEPS),
        scheduled("wrong", GUIZHOU, *RISING, decided_on="2020-08-15"),
    ]
    alone = after(chosen(GUIZHOU), original(GUIZHOU), plans[0])
    host = after(chosen(GUIZHOU), original(GUIZHOU), *(reversed(plans) if refused_first else plans))
    assert standing(host) == standing(alone)
    refused = [each for _, each in host.drawn if each.type == PAYMENT_STANDARD_SCHEDULE_REFUSED]
    assert [each.data["reason"] for each in refused] == ["rising"]


def test_steps_out_of_order_are_refused_at_the_door() -> None:
    data = scheduled("plan", GUIZHOU, *STEPS).content()
    data["steps"] = data["steps"][::-1]
    found = check(PAYMENT_STANDARD_SCHEDULED, data, canonical_bytes(data))
    assert {each.code for each in found} == {"date.invalid"}


# ------------------------------------------------------------------------------ cities


def test_a_city_with_its_own_paper_has_its_own_standard_from_that_papers_day() -> None:
    host = after(chosen(YUNNAN))
    assert [(line[0], line[2]) for line in standing(host)] == [
        (YUNNAN, "2020-06-01"),
        (QUJING, "2022-03-05"),
    ]
    (own,) = [each for _, each in host.drawn if each.data["region"] == QUJING]
    assert own.data["because"]["clauses"] == ["曲政办发〔2022〕10号 四（四）2"]


def test_a_city_listed_product_follows_a_price_selected_for_the_province_in_any_order() -> None:
    facts = [chosen(GUIZHOU), original("520100")]
    one, other = after(*facts), after(*facts[::-1])
    assert standing(one) == standing(other)
    assert ("520100", PRODUCT) in {line[:2] for line in standing(one)}


# ------------------------------------------------------------------------------ the algebra

DAYS = st.sampled_from(["2019-12-01", "2020-06-01", "2020-07-01", "2021-01-01", "2022-04-01"])


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Listings, passes and schedules of one drug in the order of the journal."""
    found = []
    for at in range(draw(st.integers(2, 8))):
        region = draw(st.sampled_from([GUIZHOU, "520100", YUNNAN, QUJING]))
        day = draw(DAYS)
        kind = draw(st.sampled_from(["chosen", "chosen", "listed", "listed", "pass", "plan"]))
        price = f"0.{draw(st.integers(1, 5))}00000"
        code = draw(st.sampled_from([PRODUCT, OTHER_PRODUCT]))
        if kind == "pass":
            found.append(passed(f"p{at}", 4, day, unified_code=code))
        elif kind == "plan":
            steps = [(day, "0.600000"), ("2022-06-01", price)]
            found.append(scheduled(f"n{at}", region, *steps, unified_code=code))
        else:
            make = chosen if kind == "chosen" else original
            ends = draw(st.sampled_from([{}, {}, {"effective_to": "2022-12-31"}]))
            origin = draw(st.sampled_from(["originator", "generic"]))
            given = {"effective_from": day, "unified_code": code, "origin": origin, **ends}
            found.append(make(region, price, f"l{at}", **given))
    return numbered(found)


@settings(max_examples=150, deadline=None)
@given(history=histories(), order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_leaves_the_same_standards(history: list[Message], order: Any) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)
    one, other = after(*history), after(*shuffled)
    assert standing(one) == standing(other)
    assert one.take(*shuffled) == []
    assert sound(one) == sound(other) == ()


@settings(max_examples=100, deadline=None)
@given(history=histories(), data=st.data())
def test_what_was_withdrawn_leaves_no_trace(history: list[Message], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(history))
    rest = [each for each in history if each is not gone]
    names = {CONSISTENCY_PASSED: "passed_on", PAYMENT_STANDARD_SCHEDULED: "decided_on"}
    by = corrected(gone, "by", **{names.get(gone.type, "effective_from"): "2020-02-10"})
    by = by.numbered(0, 99)
    host = after(*history)
    host.supersede(gone, by)
    assert standing(host) == standing(after(*rest, by))

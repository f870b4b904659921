"""医保支付标准 (R6): what a corrected price, pass or schedule changes of the standards, said at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Judgement
from gateway.policies.prices.payment_standard import PaymentStandard
from schemas.envelope import Message
from schemas.events import PAYMENT_STANDARD_SCHEDULE_REFUSED
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.linking import corrected, rightly, sound
from tests.unit.policies.making import DRUG, GUIZHOU, OTHER_PRODUCT, PRODUCT, YUNNAN
from tests.unit.policies.pricing import passed, scheduled
from tests.unit.policies.test_payment_standard import (
    STANDARDS,
    STEPS,
    after,
    chosen,
    histories,
    original,
    standing,
    told,
)

CHOSEN, ORIGINAL = chosen(GUIZHOU), original(GUIZHOU)


@pytest.mark.parametrize(
    "changed",
    [{"local_code": "L9"}, {"origin": "reference"}, {"unit_price": "0.600000"}],
)
def test_a_listing_corrected_in_what_does_not_count_says_nothing(changed: dict[str, Any]) -> None:
    host = after(CHOSEN, ORIGINAL)
    assert STANDARDS.put_right(host, ORIGINAL, corrected(ORIGINAL, "x", **changed)) == []


def test_a_selected_price_corrected_in_what_does_not_count_says_nothing() -> None:
    host = after(CHOSEN, ORIGINAL)
    right = corrected(CHOSEN, "x", local_code="L9")
    assert STANDARDS.put_right(host, CHOSEN, right) == []
    assert len(STANDARDS.put_right(host, right, corrected(right, "y", insured=False))) == 2


def test_a_standard_goes_over_to_another_selected_product_in_one_word() -> None:
    third = "XC08CAA001A001010100003"
    host = after(CHOSEN, ORIGINAL)
    found = STANDARDS.put_right(host, CHOSEN, corrected(CHOSEN, "x", unified_code=third))
    assert sorted(told(found)) == [
        (PRODUCT, "2020-06-01", "0.100000"),
        (third, "2020-06-01", "0.100000"),
        ("ended", "2020-06-01"),
    ]


def test_a_selected_price_corrected_to_a_later_day_ends_each_standard_before_the_new_one() -> None:
    host = after(CHOSEN, ORIGINAL)
    found = STANDARDS.put_right(host, CHOSEN, corrected(CHOSEN, "x", effective_from="2020-07-01"))
    assert told(found) == [
        ("ended", "2020-06-01"),
        (PRODUCT, "2020-07-01", "0.100000"),
        ("ended", "2020-06-01"),
        (OTHER_PRODUCT, "2020-07-01", "0.100000"),
    ]


def test_a_price_corrected_from_another_region_moves_the_standards_at_once() -> None:
    host = after(chosen("520100"), original(GUIZHOU))
    right = corrected(chosen("520100"), "x", region=GUIZHOU)
    STANDARDS.put_right(host, chosen("520100"), right)
    assert [line[:2] for line in standing(host)] == [(GUIZHOU, PRODUCT), (GUIZHOU, OTHER_PRODUCT)]


def test_a_corrected_pass_moves_the_last_day_in_one_word() -> None:
    passing = passed("p", 4, "2020-08-01", unified_code=PRODUCT, revoked_on="2020-10-01")
    host = after(CHOSEN, original(GUIZHOU, origin="generic"), passing)
    (found,) = STANDARDS.put_right(host, passing, corrected(passing, "x", revoked_on="2020-11-01"))
    assert (found.data["effective_from"], found.data["effective_to"]) == (
        "2020-08-01",
        "2020-10-31",
    )
    assert found.data["replaces"] == host.drawn[1][0]


def test_a_corrected_name_is_said_with_the_standards_that_bear_it() -> None:
    host = after(CHOSEN, ORIGINAL)
    right = corrected(ORIGINAL, "x", drug_name="苯磺酸氨氯地平片")
    (found,) = STANDARDS.put_right(host, ORIGINAL, right)
    assert (found.data["unified_code"], found.data["drug_name"]) == (PRODUCT, "苯磺酸氨氯地平片")


def test_a_schedule_corrected_in_its_document_says_nothing_and_is_the_one_in_force() -> None:
    plan = scheduled("plan", GUIZHOU, *STEPS)
    host = after(CHOSEN, ORIGINAL, plan)
    right = corrected(plan, "x", document="合成医保〔2020〕2号")
    assert STANDARDS.put_right(host, plan, right) == []
    steps = [each | {"unit_price": "0.400000"} for each in plan.content()["steps"][:1]]
    steps += plan.content()["steps"][1:]
    (found,) = STANDARDS.put_right(host, right, corrected(right, "y", steps=steps))
    assert (found.data["unit_price"], found.data["effective_from"]) == ("0.400000", "2020-06-01")


def test_a_schedule_corrected_to_what_the_paper_allows_is_applied_at_once() -> None:
    late = scheduled("plan", GUIZHOU, ("2020-06-01", "0.300000"), ("2024-06-01", "0.100000"))
    host = after(CHOSEN, ORIGINAL, late)
    assert host.drawn[-1][1].type == PAYMENT_STANDARD_SCHEDULE_REFUSED
    steps = scheduled("plan", GUIZHOU, *STEPS).content()["steps"]
    found = host.supersede(late, corrected(late, "x", steps=steps))
    assert [each.data["unit_price"] for each in found] == ["0.300000", "0.200000", "0.100000"]
    assert [each.data["replaces"] is not None for each in found] == [True, False, False]


@pytest.mark.parametrize("fact", [CHOSEN, passed("p", 4, "2020-08-01"), scheduled("n", GUIZHOU, *STEPS)])  # fmt: skip
def test_a_fact_that_is_not_known_is_not_taken_back(fact: Message) -> None:
    host, by = after(ORIGINAL), corrected(fact, "x")
    given = (DRUG, host.states[DRUG], fact, by, None)
    assert judged_in_place(PaymentStandard(), *given) == Judgement()
    host.supersede(fact, by)
    alone = after(ORIGINAL, by)
    assert (host.states, host.drawn) == (alone.states, alone.drawn)


def test_a_price_corrected_to_a_region_whose_paper_is_silent_ends_its_standard() -> None:
    host = after(chosen(YUNNAN))
    found = host.supersede(chosen(YUNNAN), corrected(chosen(YUNNAN), "x", region="510000"))
    assert {each[0] for each in told(found)} == {"ended"}
    assert standing(host) == []


@settings(max_examples=100, deadline=None)
@given(right=histories(), wrong=histories(), order=st.randoms(use_true_random=False))
def test_what_holds_after_corrections_is_what_the_right_facts_alone_lead_to(
    right: list[Message], wrong: list[Message], order: Any
) -> None:
    right = rightly(right)
    host = STANDARDS.after_corrections(Host(PaymentStandard()), right, wrong, order)
    assert STANDARDS.standing(host) == STANDARDS.standing(after(*right))
    assert sound(host) == ()

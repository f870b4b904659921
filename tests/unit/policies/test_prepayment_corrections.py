"""预付 (R2): what is corrected moves the difference at once, with nothing undone and prepaid anew in between."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.ledger import ledger
from gateway.policies.payments.prepayment import Prepayment
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CONTRACT_SIGNED,
    FUND_YEAR_PAID,
    GOODS_RETURNED,
    INSTITUTION_REGISTERED,
    PREPAYMENT_CLEARING_STATED,
    PREPAYMENT_DUE,
    PREPAYMENT_ENDED,
    PREPAYMENT_PACKAGE_SET,
)
from schemas.money import yuan
from tests.unit.policies.hosting import RULES, Host, judged_in_place
from tests.unit.policies.making import YUNNAN, accepted
from tests.unit.policies.making_money import (
    clearing,
    contract,
    package,
    registered,
    returned,
    year_paid,
)
from tests.unit.policies.test_prepayment_properties import (
    BASES,
    DAYS,
    OWED,
    QUANTITIES,
    facts,
    open_now,
    taken,
)


def bought(number: str, quantity: str, day: str = "2020-06-01") -> Message:
    return accepted(number, quantity, day, region=YUNNAN, amount="1.00")


def agreed(quantity: str, signed_on: str = "2019-12-20") -> Message:
    return contract(region=YUNNAN, agreed_quantity=quantity, signed_on=signed_on)


def books(host: Host) -> dict[str, int]:
    return ledger(each.data for _, each in host.drawn)


def test_a_corrected_contract_moves_the_difference_in_one_word() -> None:
    wrong = agreed("10000.0000")
    host = taken([wrong])
    ((first, _),) = host.drawn
    (due,) = host.supersede(wrong, agreed("9000.0000", "2019-12-21"))
    assert (due.type, due.data["amount"], due.data["replaces"]) == (
        PREPAYMENT_DUE,
        "2700.00",
        first,
    )
    assert due.data["postings"] == [
        {"account": "fund:vbp-prepayment", "debit": "300.00", "credit": "0.00"},
        {"account": OWED, "debit": "0.00", "credit": "300.00"},
    ]
    assert due.data["decided_on"] == "2019-12-21"


def test_a_corrected_receipt_above_the_agreed_volume_moves_the_difference_in_one_word() -> None:
    wrong = bought("a", "10100.0000")
    host = taken([agreed("10000.0000"), wrong])
    above = host.drawn[1][0]
    (due,) = host.supersede(wrong, bought("b", "10010.0000"))
    assert (due.data["amount"], due.data["replaces"]) == ("3.00", above)
    assert books(host) == {"fund:vbp-prepayment": -300_300, OWED: 300_300}


def test_a_receipt_corrected_to_no_more_than_was_agreed_ends_what_was_prepaid_above() -> None:
    wrong = bought("a", "10100.0000")
    host = taken([agreed("10000.0000"), wrong])
    (ended,) = host.supersede(wrong, bought("b", "10000.0000"))
    assert (ended.type, ended.data["ended_id"]) == (PREPAYMENT_ENDED, host.drawn[1][0])
    assert books(host)[OWED] == 300_000


@pytest.mark.parametrize("quantity", ["10.0000", "10100.0000"])
def test_a_receipt_corrected_in_its_day_alone_says_nothing(quantity: str) -> None:
    wrong = bought("a", quantity)
    host = taken([agreed("10000.0000"), wrong])
    assert host.supersede(wrong, bought("b", quantity, "2020-07-01")) == []
    assert list(next(iter(host.states.values()))["bought"]) == ["2020-07"]


def test_a_registration_corrected_in_what_does_not_exclude_says_nothing() -> None:
    wrong = registered(region=YUNNAN)
    host = taken([agreed("10000.0000"), wrong])
    assert host.supersede(wrong, registered(region=YUNNAN, registered_on="2019-02-01")) == []
    private = registered(region=YUNNAN, ownership="private", registered_on="2019-03-01")
    (ended,) = host.supersede(registered(region=YUNNAN, registered_on="2019-02-01"), private)
    assert ended.type == PREPAYMENT_ENDED
    assert books(host) == {}


def test_a_contract_of_another_product_ends_what_was_prepaid_for_this_one() -> None:
    wrong = agreed("10000.0000")
    host = taken([wrong])
    other = contract(region=YUNNAN, unified_code="XC08CAA001A001010100002", signed_on="2019-12-21")
    ended, due = host.supersede(wrong, other)
    assert (ended.type, due.type) == (PREPAYMENT_ENDED, PREPAYMENT_DUE)
    assert books(host)[OWED] == 300_000


def test_what_corrects_something_unknown_is_taken_as_any_other_and_once() -> None:
    known, unknown = agreed("10000.0000"), bought("x", "10100.0000")
    right = bought("a", "10010.0000")
    policy, host = Prepayment(), taken([known])
    ((key, state),) = host.states.items()
    content = right.content()
    corrected = judged_in_place(policy, key, state, unknown, right, content)
    assert corrected == policy.judge(key, state, right, content, RULES)
    host.supersede(unknown, right)
    before = dict(host.states)
    assert host.supersede(unknown, right) == []
    assert host.states == before


def test_what_stands_in_its_place_already_is_not_taken_in_a_second_time() -> None:
    wrong, right = bought("a", "10100.0000"), bought("b", "10010.0000")
    host = taken([agreed("10000.0000"), wrong, right])
    ((key, state),) = host.states.items()
    found = judged_in_place(Prepayment(), key, state, wrong, right, right.content())
    assert [each.data["amount"] for each in found.conclusions] == ["3.00"]


# ---------------------------------------------------------------------------- every correction


AMOUNTS = st.integers(1, 10_000).map(yuan)


def wrong_for(draw: st.DrawFn, right: Message, at: int) -> Message:
    """Something else that was said in a message's place."""
    region, said = right.content()["region"], f"wrong{at}"
    quantity, amount = draw(QUANTITIES), draw(AMOUNTS)
    base, reference, more = BASES[region]
    quarter = draw(st.sampled_from(["2022-Q1", "2022-Q2"]))
    ownership = draw(st.sampled_from(["public", "private", "military"]))
    say: dict[str, Callable[[], Message]] = {
        ACCEPTANCE_RECORDED: lambda: accepted(said, quantity, draw(DAYS), region=region),
        GOODS_RETURNED: lambda: returned(
            said, "a", "1.00", draw(DAYS), returned_quantity=quantity, region=region
        ),
        CONTRACT_SIGNED: lambda: contract(
            draw(st.sampled_from("ABC")),
            agreed_quantity=quantity,
            basis=draw(st.sampled_from(["contract", "task"])),
            signed_on=f"2019-11-{at + 1:02d}",
            term_from="2022-01-01",
            term_to="2022-12-31",
            region=region,
        ),
        FUND_YEAR_PAID: lambda: year_paid("2020", amount, region=region),
        PREPAYMENT_PACKAGE_SET: lambda: package(
            quarter, amount, region=region, set_on="2022-01-04"
        ),
        PREPAYMENT_CLEARING_STATED: lambda: clearing(
            base, reference, "0.01", region=region, cleared_on="2022-12-31", **more
        ),
        INSTITUTION_REGISTERED: lambda: registered(
            region=region, ownership=ownership, registered_on="2018-12-31"
        ),
    }
    return say[right.type]()


@st.composite
def told_wrongly(draw: st.DrawFn) -> tuple[list[Message], dict[int, Message]]:
    """The right messages, and what was said in the place of some of them, by position."""
    messages = draw(facts())
    wrong = {
        at: wrong_for(draw, each, at) for at, each in enumerate(messages) if draw(st.booleans())
    }
    names = {each.id for each in messages}
    return messages, {at: each for at, each in wrong.items() if each.id not in names}


@settings(max_examples=150, deadline=None)
@given(told=told_wrongly(), seed=st.integers(0, 1000))
def test_what_is_prepaid_after_corrections_is_what_the_right_facts_alone_lead_to(
    told: tuple[list[Message], dict[int, Message]], seed: int
) -> None:
    messages, wrong = told
    corrected = taken([wrong.get(at, each) for at, each in enumerate(messages)])
    order = list(wrong)
    random.Random(seed).shuffle(order)
    for at in order:
        corrected.supersede(wrong[at], messages[at])
    straight = taken(messages)
    assert open_now(corrected) == open_now(straight)
    assert books(corrected) == books(straight)
    assert sum(books(corrected).values()) == 0

"""总账: postings balance, differences add up, and the same money never moves twice."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.budget import Budget
from gateway.policies.payments.ledger import (
    UNNAMED_ENTERPRISE,
    enterprise_account,
    entry,
    ledger,
    postings,
)
from gateway.policies.payments.payment_clock import PaymentClock
from gateway.policies.payments.prepayment import Prepayment
from gateway.policies.policy import Policy
from schemas.envelope import Message
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import GUIZHOU, HOSPITAL, YUNNAN, accepted
from tests.unit.policies.making_money import (
    LINCANG,
    budget,
    clearing,
    contract,
    day_ended,
    outturn,
    paid,
    received,
    year_paid,
)

ACCOUNTS = st.sampled_from(
    ["fund:settlement", "fund:vbp-prepayment", "enterprise:X", "institution:H1:vbp"]
)
ENTRIES = st.tuples(ACCOUNTS, ACCOUNTS, st.integers(0, 10**9)).map(
    lambda each: entry(each[0], each[1] + ":b", each[2])
)


def moved(found: list[Any]) -> dict[str, int]:
    return ledger([{"postings": found}])


@given(ENTRIES, ENTRIES)
def test_a_difference_takes_the_accounts_from_one_state_to_the_other(
    before: dict[str, int], after: dict[str, int]
) -> None:
    both = ledger([{"postings": postings(before)}, {"postings": postings(after, before)}])
    assert both == dict(sorted(after.items()))
    assert moved(postings(before, before)) == {}


def test_one_side_of_each_posting_is_zero() -> None:
    found = postings(entry("a:1", "b:1", 5))
    assert found == [
        {"account": "a:1", "debit": "0.05", "credit": "0.00"},
        {"account": "b:1", "debit": "0.00", "credit": "0.05"},
    ]


def test_money_does_not_appear_or_vanish() -> None:
    with pytest.raises(ValueError, match="debits and credits differ"):
        postings({"a:1": 5})
    with pytest.raises(ValueError, match="does not balance"):
        ledger([{"postings": [{"account": "a:1", "debit": "0.05", "credit": "0.00"}]}])


def test_conclusions_without_postings_move_nothing() -> None:
    assert ledger([{"because": {}}, {"postings": []}]) == {}
    assert entry("a:1", "b:1", 0) == {}


def test_an_enterprise_that_nobody_named_has_an_account_too() -> None:
    assert enterprise_account("") == UNNAMED_ENTERPRISE


# ---------------------------------------------------------------------------- all three together


def year_of(region: str, seed: int) -> list[Message]:
    """A year of one institution: contract, purchases, payments, returns, days, clearing, outturn."""
    dice = random.Random(seed)
    found = [contract(region=region, agreed_quantity="50.0000", term_from="2020-01-01")]
    found += [year_paid("2019", f"{dice.randint(0, 9999)}.00", region=region)]
    for at in range(8):
        day = f"2020-{dice.randint(1, 9):02d}-{dice.randint(1, 28):02d}"
        amount = f"{dice.randint(1, 99)}.00"
        found.append(received(f"r{at}", amount, day, region=region))
        if dice.random() < 0.7:
            later = f"2020-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
            found.append(
                paid(f"p{at}", later, (f"r{at}", f"{dice.randint(1, 120)}.00"), region=region)
            )
    found += [day_ended(f"2020-{month:02d}-28", region) for month in range(1, 13)]
    found.append(clearing("monthly_average", "2020", f"{dice.randint(0, 300)}.00", region=region))
    found.append(budget("2020", "500.00", region=region))
    spent = f"{dice.randint(300, 700)}.00"
    found.append(
        outturn("2020", spent, region=region, retained_share="0.5", fund_overrun_share="0.5")
    )
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([GUIZHOU, YUNNAN, LINCANG]))
def test_the_books_of_a_year_balance_however_the_messages_arrive(seed: int, region: str) -> None:
    messages = year_of(region, seed)
    shuffled = list(messages)
    random.Random(seed + 1).shuffle(shuffled)
    books = []
    for order in (messages, shuffled):
        conclusions: list[Any] = []
        policies: tuple[Policy, ...] = (PaymentClock(), Prepayment(), Budget())
        for policy in policies:
            host = Host(policy)
            host.take(*(each for each in order if each.type in policy.consumes))
            conclusions += [each.data for _, each in host.drawn]
        books.append(ledger(conclusions))
    assert books[0] == books[1]
    assert sum(books[0].values()) == 0


@given(st.lists(st.integers(1, 500), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_same_purchase_is_never_prepaid_twice(quantities: list[int]) -> None:
    host = Host(Prepayment())
    host.take(contract(region=YUNNAN, agreed_quantity="100.0000"))
    for at, quantity in enumerate(quantities):
        bought = accepted(f"a{at}", f"{quantity}.0000", "2020-05-01", region=YUNNAN)
        host.take(bought, bought)
    owed = ledger(each.data for _, each in host.drawn)[f"institution:{HOSPITAL}:vbp-prepayment"]
    assert owed == 30 * max(100, sum(quantities))  # 30 % of what is agreed or bought, in fen

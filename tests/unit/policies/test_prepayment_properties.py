"""预付 (R2): what holds for every sequence of messages, and a story through the journal."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.payments.ledger import ledger
from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.prepayment import Prepayment
from gateway.policies.payments.prepayment_facts import (
    knows_purchase,
    purchased,
    purchases,
    with_purchase,
    without_purchase,
)
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import PREPAYMENT_CLEARED, PREPAYMENT_DUE, PREPAYMENT_ENDED
from schemas.money import fen, yuan
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, HOSPITAL, PRODUCT, YUNNAN, accepted
from tests.unit.policies.making_money import (
    LINCANG,
    clearing,
    contract,
    package,
    registered,
    returned,
    year_paid,
)
from tests.unit.policies.test_runner import put, runner, settle

OWED = f"institution:{HOSPITAL}:vbp-prepayment"
QUANTITIES = st.integers(1, 30).map(lambda count: f"{count}.0000")
DAYS = st.integers(0, 420).map(lambda count: days_after("2021-12-01", count))
BASES = {
    GUIZHOU: ("monthly_average", "2022", {}),
    CHONGQING: ("purchase_amount", "A", {"local_code": "L1", "unified_code": PRODUCT}),
    YUNNAN: ("contract_amount", "A", {"local_code": "L1", "unified_code": PRODUCT}),
    LINCANG: ("quarterly_package", "2022-Q1", {}),
}


def open_now(host: Host) -> list[tuple[Any, ...]]:
    """What has been concluded and not ended or replaced, without ids and the day of the decision."""
    found: dict[str, tuple[Any, ...]] = {}
    for identity, each in host.drawn:
        data = each.data
        found.pop(data.get("replaces", ""), None)
        if each.type == PREPAYMENT_ENDED:
            del found[data["ended_id"]]
        else:
            place = (data["base"], data["reference"], data.get("stage", ""))
            found[identity] = (each.type, *place, data.get("amount", data.get("prepaid")))
    return sorted(found.values())


@st.composite
def facts(draw: st.DrawFn) -> list[Message]:
    region = draw(st.sampled_from(sorted(BASES)))
    found: list[Message] = []
    of_term = {"region": region, "term_from": "2022-01-01", "term_to": "2022-12-31"}
    for number in draw(st.lists(st.sampled_from(["A", "B", "C"]), unique=True)):
        basis = draw(st.sampled_from(["contract", "task"]))
        for version in range(1, draw(st.integers(1, 2)) + 1):
            quantity = draw(QUANTITIES)
            found.append(
                contract(number, version=version, basis=basis, agreed_quantity=quantity, **of_term)
            )
    found += [
        accepted(f"a{at}", draw(QUANTITIES), draw(DAYS), region=region)
        for at in range(draw(st.integers(0, 5)))
    ]
    found += [
        returned(
            f"t{at}", "a", "1.00", draw(DAYS), returned_quantity=draw(QUANTITIES), region=region
        )
        for at in range(draw(st.integers(0, 2)))
    ]
    amounts = st.integers(1, 10_000).map(yuan)
    found.append(year_paid("2021", draw(amounts), region=region))
    found.append(package("2022-Q1", draw(amounts), region=region))
    base, reference, more = BASES[region]
    if draw(st.booleans()):
        on = draw(st.sampled_from(["2022-12-30", "2022-12-31"]))
        found.append(clearing(base, reference, draw(amounts), region=region, cleared_on=on, **more))
    ownership = draw(st.sampled_from(["public", "private", "military"]))
    kind = draw(st.sampled_from(["hospital", "county_community"]))
    found.append(registered(region=region, ownership=ownership, kind=kind))
    return found


def taken(messages: list[Message]) -> Host:
    host = Host(Prepayment())
    host.take(*messages)
    return host


@settings(max_examples=120, deadline=None)
@given(messages=facts(), seed=st.integers(0, 1000))
def test_order_and_repetition_do_not_change_what_is_prepaid(
    messages: list[Message], seed: int
) -> None:
    shuffled = [each for one in messages for each in (one, one)]
    random.Random(seed).shuffle(shuffled)
    first, second = taken(messages), taken(shuffled)
    assert open_now(first) == open_now(second)
    assert ledger(each.data for _, each in first.drawn) == ledger(
        each.data for _, each in second.drawn
    )


@settings(max_examples=120, deadline=None)
@given(messages=facts())
def test_the_ledger_balances_and_holds_exactly_what_is_open(messages: list[Message]) -> None:
    host = taken(messages)
    balances = ledger(each.data for _, each in host.drawn)
    assert sum(balances.values()) == 0
    still = open_now(host)
    due = sum(fen(each[-1]) for each in still if each[0] == PREPAYMENT_DUE)
    cleared = sum(fen(each[-1]) for each in still if each[0] == PREPAYMENT_CLEARED)
    assert balances.get(OWED, 0) == due - cleared >= 0
    assert balances.get("fund:vbp-prepayment", 0) <= 0


@settings(max_examples=80, deadline=None)
@given(messages=facts(), data=st.data())
def test_a_message_withdrawn_leaves_what_would_have_been_without_it(
    messages: list[Message], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(messages))
    without = taken([each for each in messages if each is not gone])
    corrected = taken(messages)
    nothing = accepted("z", "0.0000", "2020-01-01", region=gone.region, institution="H52010000009")
    corrected.supersede(gone, nothing)
    assert open_now(corrected) == open_now(without)
    corrected.take(gone)
    assert open_now(corrected) == open_now(taken(messages))


BUYING_DAYS = st.dates(date(2019, 12, 29), date(2020, 3, 2)).map(date.isoformat)


@settings(max_examples=150, deadline=None)
@given(
    bought=st.lists(st.tuples(BUYING_DAYS, st.integers(-20, 20)), max_size=25),
    term=st.tuples(
        st.sampled_from(["2019-12-30", "2020-01-01", "2020-01-02"]),
        st.sampled_from(["2020-01-31", "2020-02-28", "2020-02-29", "2020-12-31"]),
    ),
    gone=st.sets(st.integers(0, 24)),
)
def test_what_was_purchased_in_a_term_is_what_its_receipts_come_to(
    bought: list[tuple[str, int]], term: tuple[str, str], gone: set[int]
) -> None:
    facts = [(day, f"{at:032x}", quantity) for at, (day, quantity) in enumerate(bought)]
    kept: dict[str, Any] = {}
    for day, identity, quantity in facts:
        assert not knows_purchase(kept, day, identity)
        kept = with_purchase(kept, day, identity, quantity)
        assert knows_purchase(kept, day, identity)
    for at in sorted(gone & set(range(len(facts)))):
        kept = without_purchase(kept, *facts[at][:2])
        assert not knows_purchase(kept, *facts[at][:2])
    inside = [e for at, e in enumerate(facts) if at not in gone and term[0] <= e[0] <= term[1]]
    assert purchased(kept, *term) == sum(each[2] for each in inside)
    assert list(purchases(kept, *term)) == [each[1] for each in sorted(inside)]
    assert orjson.loads(orjson.dumps(kept)) == kept


def test_a_withdrawal_of_what_nobody_knows_changes_nothing() -> None:
    host = taken([contract(region=YUNNAN)])
    unknown = accepted("a", "20000.0000", "2020-01-01", region=YUNNAN)
    assert host.supersede(unknown, accepted("b", "1.0000", "2020-01-01", region=YUNNAN)) == []
    assert host.supersede(contract("X", region=YUNNAN), registered(region=YUNNAN)) == []
    assert len(open_now(host)) == 1


async def test_prepaid_completed_prepaid_again_and_corrected_through_the_journal(
    journal: SqliteJournal,
) -> None:
    running = runner(journal, Prepayment())
    wrong = accepted("a", "10100.0000", "2020-06-01", region=YUNNAN)
    right = accepted("b", "10010.0000", "2020-06-01", region=YUNNAN, supersedes=wrong.id)
    for each in (contract(region=YUNNAN), registered(region=YUNNAN), wrong, right):
        await put(journal, each)
        await settle(running)
    await running.stop()
    assert running.failures == 0
    found = await journal.search(Search(partner="policy-prepayment"))
    contents = [entry.message.content() for entry in reversed(found)]
    assert [each.get("amount") for each in contents] == ["3000.00", "30.00", "3.00"]
    assert contents[-1]["replaces"] == found[1].message.id
    assert ledger(contents)[OWED] == 300_300

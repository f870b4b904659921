"""回款 (R3): what holds for every sequence of messages, and a story through the journal."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.payments.ledger import ledger
from gateway.policies.payments.payment_clock import PaymentClock
from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_parts import receipts_in
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import (
    FUND_PAYMENT_HELD,
    FUND_PAYMENT_RESUMED,
    PAYMENT_EXCEEDED,
    PAYMENT_FINDING_ENDED,
    PAYMENT_OVERDUE,
    PAYMENT_OVERDUE_PUBLISHED,
)
from schemas.money import fen, yuan
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import GUIZHOU, closed
from tests.unit.policies.making_money import (
    LINCANG,
    QUJING,
    contract,
    day_ended,
    paid,
    received,
    returned,
)
from tests.unit.policies.test_runner import put, runner, settle

FIRST = "2022-04-01"
REGIONS = [GUIZHOU, QUJING, LINCANG]


def open_now(host: Host) -> list[tuple[Any, ...]]:
    """What has been concluded and not ended or replaced, without ids."""
    found: dict[str, tuple[Any, ...]] = {}
    for identity, each in host.drawn:
        data = each.data
        found.pop(data.get("replaces", ""), None)
        if each.type == PAYMENT_FINDING_ENDED:
            del found[data["finding_id"]]
        elif each.type == FUND_PAYMENT_RESUMED:
            del found[data["hold_id"]]
        elif each.type == PAYMENT_OVERDUE:
            found[identity] = (each.type, data["receipt_no"])
        elif each.type == PAYMENT_EXCEEDED:
            found[identity] = (each.type, data["receipt_no"], data["excess"])
        elif each.type == PAYMENT_OVERDUE_PUBLISHED:
            found[identity] = (each.type, data["period"], data["receipts"], data["outstanding"])
        else:
            assert each.type == FUND_PAYMENT_HELD
            found[identity] = (each.type,)
    return sorted(found.values())


DAYS = st.integers(0, 120).map(lambda count: days_after(FIRST, count))
AMOUNTS = st.integers(1, 300).map(yuan)
RECEIPTS = st.sampled_from(["a", "b", "c"])


@st.composite
def facts(draw: st.DrawFn) -> list[Message]:
    region = draw(st.sampled_from(REGIONS))
    found: list[Message] = []
    for at in range(draw(st.integers(1, 4))):
        receipt = draw(RECEIPTS)
        found.append(
            received(f"g{at}", draw(AMOUNTS), draw(DAYS), receipt_no=receipt, region=region)
        )
    for at in range(draw(st.integers(0, 4))):
        lines = {draw(RECEIPTS): draw(AMOUNTS) for _ in range(draw(st.integers(1, 2)))}
        found.append(paid(f"p{at}", draw(DAYS), *lines.items(), region=region))
    found += [
        returned(f"t{at}", draw(RECEIPTS), draw(AMOUNTS), draw(DAYS), region=region)
        for at in range(draw(st.integers(0, 2)))
    ]
    if draw(st.booleans()):
        days = draw(st.integers(1, 40))
        found.append(
            contract(region=region, payment_days=days, term_from=FIRST, term_to="2022-12-31")
        )
    last = draw(st.integers(20, 150))
    # what is published of a period that ended more than KEPT_DAYS ago is final (see the policy): the
    # order of arrival matters there, and only there
    since = days_after(FIRST, last - KEPT_DAYS)
    periods = {"2022-04": "2022-04-30", "2022-Q2": "2022-06-30"}
    found += [closed(name, ended, region) for name, ended in periods.items() if ended >= since]
    found += [
        day_ended(days_after(FIRST, at), region) for at in sorted({last // 2, last - 3, last})
    ]
    return found


@settings(max_examples=120, deadline=None)
@given(messages=facts(), seed=st.integers(0, 1000))
def test_the_order_of_arrival_does_not_change_what_is_open(
    messages: list[Message], seed: int
) -> None:
    in_order = Host(PaymentClock())
    in_order.take(*messages)
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    other = Host(PaymentClock())
    other.take(*shuffled)
    assert open_now(in_order) == open_now(other)
    again = Host(PaymentClock())
    again.take(*(each for one in shuffled for each in (one, one)))
    assert open_now(in_order) == open_now(again)


@settings(max_examples=60, deadline=None)
@given(messages=facts(), data=st.data())
def test_a_message_withdrawn_leaves_what_would_have_been_without_it(
    messages: list[Message], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from([m for m in messages if "day_ended" not in m.type]))
    without = Host(PaymentClock())
    without.take(*(each for each in messages if each is not gone))
    corrected = Host(PaymentClock())
    corrected.take(*messages)
    # the one in its place says something from which nothing follows
    content = gone.content()
    elsewhere = (
        closed("2021-01", "2021-01-31", content["region"])
        if "period" in content
        else received("x", "1.00", "2030-01-01", region=content["region"])
    )
    corrected.supersede(gone, elsewhere)
    assert open_now(corrected) == open_now(without)
    corrected.take(gone)
    straight = Host(PaymentClock())
    straight.take(*messages)
    assert open_now(corrected) == open_now(straight)


@settings(max_examples=60, deadline=None)
@given(messages=facts())
def test_debits_equal_credits_and_the_enterprises_owe_what_is_paid_too_much(
    messages: list[Message],
) -> None:
    host = Host(PaymentClock())
    host.take(*messages)
    balances = ledger(each.data for _, each in host.drawn)
    assert sum(balances.values()) == 0
    owed = sum(amount for account, amount in balances.items() if account.startswith("enterprise"))
    assert owed == sum(fen(each[2]) for each in open_now(host) if each[0] == PAYMENT_EXCEEDED)


# ---------------------------------------------------------------------------- what comes late


def published(host: Host) -> list[tuple[Any, ...]]:
    return [each for each in open_now(host) if each[0] == PAYMENT_OVERDUE_PUBLISHED]


APRIL = closed("2022-04", "2022-04-30", QUJING)
LATE = received("g", "100.00", FIRST, region=QUJING)
TERM = contract(region=QUJING, payment_days=1, term_from=FIRST, term_to="2022-12-31")
FINAL_AFTER = days_after("2022-04-30", KEPT_DAYS)


@pytest.mark.parametrize("days", [0, 1])
def test_a_publication_is_final_when_its_period_ended_longer_ago_than_receipts_are_kept(
    days: int,
) -> None:
    end = day_ended(days_after(FINAL_AFTER, days), QUJING)
    by = (PAYMENT_OVERDUE_PUBLISHED, "2022-04", 1, "100.00")
    in_time = [] if days else [by]
    for messages in ([TERM, LATE, end, APRIL], [end, APRIL, TERM, LATE], [TERM, APRIL, end, LATE]):
        host = Host(PaymentClock())
        host.take(*messages)
        assert published(host) == in_time
    host = Host(PaymentClock())
    host.take(TERM, LATE, APRIL, end)
    assert published(host) == [by]
    host.take(paid("p", "2022-04-02", ("g", "100.00"), region=QUJING))
    assert published(host) == ([by] if days else [])


def test_a_line_told_of_after_its_receipt_was_paid_counts_at_a_periods_end_as_if_told_in_time() -> (
    None
):
    paid_on = days_after(FIRST, 40)
    known = [
        received("g0", "100.00", paid_on, receipt_no="a", region=QUJING),
        paid("p", paid_on, ("a", "100.00"), region=QUJING),
    ]
    late = received("g1", "50.00", FIRST, receipt_no="a", region=QUJING)
    ends = [
        closed("2022-05", days_after(paid_on, 20), QUJING),
        day_ended(days_after(paid_on, KEPT_DAYS), QUJING),
    ]
    in_order, other = Host(PaymentClock()), Host(PaymentClock())
    in_order.take(*known, late, *ends)
    other.take(*known, *ends, late)
    assert open_now(in_order) == open_now(other) == [(PAYMENT_OVERDUE, "a")]


# ---------------------------------------------------------------------------- growth


def test_a_year_of_receipts_leaves_only_what_is_unpaid_or_lately_paid() -> None:
    host = Host(PaymentClock())
    for at in range(365):
        day = days_after("2020-01-01", at)
        host.take(received(f"r{at}", "1.00", day), paid(f"p{at}", day, (f"r{at}", "1.00")))
        host.take(day_ended(day))
    (state,) = host.states.values()
    kept = sum(len(list(receipts_in(part))) for part in state["receipts"].values())
    assert kept == KEPT_DAYS + 30  # the paper's days for paying
    assert host.drawn == []


@pytest.mark.parametrize(
    ("replaced", "excess"), [("100.00", None), ("90.00", None), ("130.00", "30.00")]
)
def test_a_correction_of_a_forgotten_payment_keeps_the_sums_right(
    replaced: str, excess: str | None
) -> None:
    first = paid("p", "2020-03-05", ("r", "100.00"))
    host = Host(PaymentClock())
    host.take(received("r", "100.00", "2020-03-01"), first, day_ended("2020-12-31"))
    (state,) = host.states.values()
    assert state["receipts"] == {}
    host.supersede(first, paid("q", "2020-03-05", ("r", replaced)))
    still = open_now(host)
    if excess:
        assert still == [(PAYMENT_EXCEEDED, "r", excess)]
    elif replaced == "90.00":  # ten yuan have been overdue since
        assert still == [(FUND_PAYMENT_HELD,), (PAYMENT_OVERDUE, "r")]
        host.take(paid("s", "2021-01-01", ("r", "9.99")))
        assert len(open_now(host)) == 2
        host.take(paid("t", "2021-01-01", ("r", "0.01")))
        assert open_now(host) == []
    else:
        assert still == []


def test_a_correction_of_a_forgotten_receipt_keeps_the_sums_right() -> None:
    first = received("r", "100.00", "2020-03-01")
    host = Host(PaymentClock())
    host.take(first, paid("p", "2020-03-05", ("r", "100.00")), day_ended("2020-12-31"))
    host.supersede(first, received("r2", "120.00", "2020-03-01", receipt_no="r"))
    assert open_now(host) == [(FUND_PAYMENT_HELD,), (PAYMENT_OVERDUE, "r")]
    host.take(paid("q", "2021-01-01", ("r", "20.00")))
    assert open_now(host) == []


def test_a_withdrawal_of_what_nobody_knows_changes_nothing() -> None:
    host = Host(PaymentClock())
    host.take(received("r", "100.00", "2020-03-01"), day_ended("2020-03-10"))
    unknown = paid("p", "2020-03-05", ("r", "100.00"))
    assert host.supersede(unknown, received("s", "1.00", "2020-03-06")) == []
    assert host.supersede(day_ended("2020-03-10"), day_ended("2020-03-09")) == []


# ---------------------------------------------------------------------------- through the journal


async def test_a_late_payer_is_warned_held_and_resumed_through_the_journal(
    journal: SqliteJournal,
) -> None:
    running = runner(journal, PaymentClock())
    await put(journal, received("r", "100.00", "2020-03-01"))
    await settle(running)
    for day in ("2020-03-31", "2020-04-16"):
        await put(journal, day_ended(day))
        await settle(running)
    await put(journal, paid("p", "2020-04-17", ("r", "100.00")))
    await settle(running)
    await running.stop()
    found = await journal.search(Search(partner="policy-payment_clock"))
    assert [entry.message.type for entry in reversed(found)] == [
        PAYMENT_OVERDUE,
        FUND_PAYMENT_HELD,
        PAYMENT_FINDING_ENDED,
        FUND_PAYMENT_RESUMED,
    ]
    assert found[0].message.content()["hold_id"] == found[2].message.id
    assert running.failures == 0

"""回款 (R3): a part of the receipts that is one long text holds what a plain table of them would hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.payment_clock import PaymentClock
from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_kept import Kept
from gateway.policies.payments.payment_clock_packed import Packed, coming_of, limit_code
from gateway.policies.payments.payment_clock_parts import (
    NO_PART,
    PARTS,
    Part,
    due_in,
    fits,
    headed,
    part_of,
    part_with,
    receipt_in,
    receipts_in,
    with_receipt,
    without_receipt,
)
from gateway.policies.payments.payment_clock_revision import Revision
from gateway.policies.policy import Judgement
from schemas.envelope import Message
from schemas.events import CALENDAR_DAY_ENDED, FUND_PAYMENT_RESUMED
from tests.unit.policies.hosting import RULES, Host
from tests.unit.policies.making import GUIZHOU, HOSPITAL
from tests.unit.policies.making_money import day_ended, paid, received
from tests.unit.policies.test_payment_clock_incremental import KEY, histories

NUMBERS = st.sampled_from(
    ["r", "r1", "R-1", "验收1", "r|1", "r:1", "|", ":", "a\nb", "r1:BQu=|R-1"]
)
TEXTS: st.SearchStrategy[Packed] = st.builds(
    lambda day, mark, rest: day + mark + rest,
    st.sampled_from(["000", "001", "BQk", "BQu", "zzz"]),
    st.sampled_from("=;"),
    st.sampled_from(["aBOwBPQk2IiHAFgW3PO7lB8I0iIJg31100,0", "pBPGvVB9Fb0zMNWVI4l2doxcKA,20"]),
)
PLAIN: st.SearchStrategy[Packed] = st.sampled_from(["", "2020-04-01", "9999-12-31"]).map(
    lambda day: {"a": [], "c": [], "n": day}
)
CHANGES = st.lists(
    st.tuples(NUMBERS, st.one_of(TEXTS, TEXTS, TEXTS, PLAIN, st.none())), max_size=20
)


@given(changes=CHANGES)
def test_a_part_holds_what_a_table_of_its_receipts_holds(
    changes: list[tuple[str, Packed | None]],
) -> None:
    part: Part = NO_PART
    table: dict[str, Packed] = {}
    for number, receipt in changes:
        if receipt is None:
            part = without_receipt(part, number)
            table.pop(number, None)
        else:
            part = with_receipt(part, number, receipt)
            table[number] = receipt
        assert list(receipts_in(part)) == list(table.items())
        assert receipt_in(part, number) == receipt
        fitting = all(fits(name) and isinstance(each, str) for name, each in table.items())
        assert isinstance(part, str) == fitting
        if isinstance(part, str) and part:
            comings = [each[:3] for each in table.values() if isinstance(each, str)]
            assert all(part[:3] <= each for each in comings if each != "000")
    assert list(receipts_in(part_with(table))) == list(table.items())
    for number in table:
        part = without_receipt(part, number)
    assert not part


@given(
    receipts=st.dictionaries(NUMBERS.filter(fits), TEXTS.map(str), min_size=1),
    day=st.sampled_from(["1899-01-01", "1900-01-01", "2020-04-01", "2030-01-01", "9999-12-31"]),
)
def test_what_is_looked_at_at_a_days_end_is_what_comes_up_to_that_day(
    receipts: dict[str, str], day: str
) -> None:
    part, limit = part_with(dict(receipts)), limit_code(day)
    assert isinstance(part, str)
    now, later = due_in(part, limit)
    codes = {name: each[:3] for name, each in receipts.items() if each[:3] != "000"}
    due = [name for name, code in codes.items() if code <= limit]
    assert now == [(name, receipts[name][3] == "=") for name in due]
    assert later == min((code for code in codes.values() if code > limit), default="~~~")
    assert list(receipts_in(headed(part, later))) == list(receipts.items())


def test_a_part_that_was_written_as_a_table_is_read_and_written_as_a_text() -> None:
    known = "BQu=aBOwBPQk2IiHAFgW3PO7lB8I0iIJg31100,0"
    table: Part = {"r": known}
    part = with_receipt(table, "s", "BQk;aBOwBPQk2IiHAFgW3PO7lB8I0iIJg5")
    assert part == f"BQk|r:{known}|s:BQk;aBOwBPQk2IiHAFgW3PO7lB8I0iIJg5"
    assert list(table) == ["r"]
    assert {part_of(f"R{number}") for number in range(2000)} == set(map(str, range(PARTS)))


# ---------------------------------------------------------------------------- the days' ends


def day_at_length(state: dict[str, Any], message: Message) -> Judgement:
    """What opening the accounts of all receipts that are looked at comes to at a day's end."""
    day = message.content()["day"]
    given_state = {**state, "day": day, "day_id": message.id}
    closed = {
        place: each for place, each in state["published"].items() if each[0] >= days_after(day, -92)
    }
    given_state |= {"published": closed, "next": ""}
    revision = Revision(KEY, given_state, RULES, cause=message.id, by=message.id, on=day)
    for part in state["receipts"].values():
        for number, stored in receipts_in(part):
            if "" < coming_of(stored) <= day:
                revision.put(number, revision.kept.receipt(number))
    return revision.judgement()


def accounts(state: dict[str, Any]) -> list[tuple[str, Any]]:
    kept = Kept(state)
    return [
        (number, kept.receipt(number))
        for part in state["receipts"].values()
        for number, _ in receipts_in(part)
    ]


@settings(max_examples=80, deadline=None)
@given(messages=histories(), later=st.lists(st.integers(1, 60), max_size=4))
def test_a_days_end_comes_to_what_opening_every_account_that_is_looked_at_comes_to(
    messages: list[Message], later: list[int]
) -> None:
    policy = PaymentClock()
    state = policy.begin(None)
    last = max([each.content()["day"] for each in messages if "day" in each.content()], default="")
    for more in later if last else ():
        last = days_after(last, more)
        messages.append(day_ended(last, messages[0].content()["region"]))
    for message in messages:
        judged = policy.judge(KEY, state, message, message.content(), RULES)
        if message.type == CALENDAR_DAY_ENDED and message.content()["day"] > state["day"]:
            whole = day_at_length(state, message)
            assert list(judged.conclusions) == list(whole.conclusions)
            assert judged.state is not None
            assert whole.state is not None
            assert accounts(judged.state) == accounts(whole.state)
            ignored = ("receipts", "names", "regions", "next", "published")
            for name in judged.state.keys() - set(ignored):
                assert judged.state[name] == whole.state[name]
        state = judged.state if judged.state is not None else state


def test_a_receipt_that_is_forgotten_when_a_hold_ends_is_told_among_what_was_looked_at() -> None:
    host = Host(PaymentClock())
    goods, payment = received("s", "1.00", "2020-03-01"), paid("p", "2020-03-02", ("s", "1.00"))
    host.take(goods, payment, received("r", "1.00", "2020-03-01"), day_ended("2020-06-29"))
    assert FUND_PAYMENT_RESUMED not in {each.type for _, each in host.drawn}
    # the last day for paying was 31 March: what was paid is forgotten 92 days later
    host.take(paid("q", "2020-07-02", ("r", "1.00")))  # dated ahead
    (_, resumed) = host.take(day_ended("2020-07-01"))
    assert resumed.type == FUND_PAYMENT_RESUMED
    assert {goods.id, payment.id} <= set(resumed.data["because"]["causes"])
    (state,) = host.states.values()
    assert [number for number, _ in accounts(state)] == ["r"]


@pytest.mark.parametrize("number", ["r|1", "r:1", "验收单一"])
def test_a_receipt_may_have_any_number(number: str) -> None:
    host = Host(PaymentClock())
    other = received("o", "1.00", "2020-03-01")
    host.take(other, received("g", "1.00", "2020-03-01", receipt_no=number))
    host.take(day_ended("2020-03-02"), paid("p", "2020-03-03", (number, "0.40")))
    (warned, also) = host.take(day_ended("2020-03-31"))
    assert {each.data["outstanding"] for each in (warned, also)} == {"0.60", "1.00"}
    assert host.states.keys() == {f"{GUIZHOU}/{HOSPITAL}"}
    ends = host.take(paid("q", "2020-04-01", (number, "0.60")))
    assert [each.data["receipt_no"] for each in ends] == [number]

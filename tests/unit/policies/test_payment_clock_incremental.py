"""回款 (R3): what is updated message by message is what all facts together come to, worked out anew."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.payments.payment_clock import PaymentClock
from gateway.policies.payments.payment_clock_days import consequence, days_after
from gateway.policies.payments.payment_clock_facts import OF_RECEIPTS, day_of, facts_of, take
from gateway.policies.payments.payment_clock_kept import NAMES_KEPT
from gateway.policies.payments.payment_clock_packed import Names, coming_of, unpacked
from gateway.policies.payments.payment_clock_parts import receipts_in as receipts_of
from gateway.policies.payments.payment_clock_plain import taken_plainly
from gateway.policies.payments.payment_clock_published import counted, overdue_at
from gateway.policies.payments.payment_clock_receipts import Receipt, excess, overdue, region_of
from gateway.policies.payments.payment_clock_revision import Revision
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.policies.policy import Judgement
from schemas.envelope import Message
from schemas.events import PAYMENT_FINDING_ENDED, PAYMENT_OVERDUE_PUBLISHED
from tests.unit.policies.hosting import RULES, Host
from tests.unit.policies.making import GUIZHOU, HOSPITAL, PRODUCT, YUNNAN, closed
from tests.unit.policies.making_money import (
    COMPANY,
    LINCANG,
    OTHER_COMPANY,
    QUJING,
    contract,
    day_ended,
    paid,
    received,
    returned,
)

FIRST = "2022-04-01"
KEY = f"{GUIZHOU}/{HOSPITAL}"
PRODUCTS = [f"XC08CAA001A0010101{number:05d}" for number in range(NAMES_KEPT + 10)]


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Months of an institution that mostly pays in full and in time, told in any order of days."""
    region = draw(st.sampled_from([GUIZHOU, QUJING, LINCANG, YUNNAN]))
    found: list[Message] = []
    day = 0
    for at in range(draw(st.integers(4, 30))):
        day += draw(st.sampled_from([0, 0, 1, 3, 40]))
        receipt = f"r{draw(st.integers(0, 5))}" if draw(st.booleans()) else f"n{at}"
        amount, product = draw(st.sampled_from(["1.00", "2.00"])), draw(st.sampled_from(PRODUCTS))
        on = days_after(FIRST, max(0, day - draw(st.sampled_from([0, 0, 0, 1, 60]))))
        company = draw(st.sampled_from([None, COMPANY, OTHER_COMPANY]))
        line = {"receipt_no": receipt, "unified_code": product, "region": region}
        found.append(received(f"g{at}", amount, on, distributor=company, **line))
        when = days_after(FIRST, day + draw(st.sampled_from([0, 1, 1, 20, 35])))
        part = draw(st.sampled_from([amount, amount, amount, "0.50", "3.00"]))
        what = draw(st.sampled_from(["paid", "paid", "paid", "returned", "contract", "nothing"]))
        if what == "paid":
            found.append(paid(f"p{at}", when, (receipt, part), region=region))
        elif what == "returned":
            found.append(returned(f"t{at}", receipt, part, when, region=region))
        elif what == "contract":
            days, last = draw(st.integers(1, 40)), days_after(FIRST, 300)
            found.append(
                contract(
                    f"HT{at}",
                    region=region,
                    unified_code=product,
                    payment_days=days,
                    term_from=FIRST,
                    term_to=last,
                )
            )
        if draw(st.booleans()):
            found.append(day_ended(days_after(FIRST, day), region))
        if draw(st.integers(0, 5)) == 0:
            end = days_after(FIRST, day)
            found.append(closed(f"2022-{1 + day // 31 % 12:02d}", end, region))
    return found


# ---------------------------------------------------------------------------- the shortcut


def at_length(state: dict[str, Any], message: Message, key: str = KEY) -> Judgement:
    """What opening the accounts comes to, for a message about receipts."""
    content = message.content()
    by, on = message.id, day_of(message, content)
    facts = facts_of(key, state, message, content, RULES)
    revision = Revision(key, state, RULES, cause=by, by=by, on=on)
    take(revision, facts)
    return revision.judgement() if revision.changed else Judgement()


@settings(max_examples=80, deadline=None)
@given(messages=histories())
def test_what_is_taken_plainly_is_what_opening_the_accounts_comes_to(
    messages: list[Message],
) -> None:
    policy = PaymentClock()
    state = policy.begin(None)
    for message in messages:
        content = message.content()
        if message.type in OF_RECEIPTS:
            facts = facts_of(KEY, state, message, content, RULES)
            plain = taken_plainly(state, facts)
            if plain is not None:
                assert at_length(state, message) == Judgement(plain)
        judged = policy.judge(KEY, state, message, content, RULES)
        state = judged.state if judged.state is not None else state


def plainly(state: dict[str, Any], message: Message, key: str = KEY) -> dict[str, Any] | None:
    return taken_plainly(state, facts_of(key, state, message, message.content(), RULES))


def after(*messages: Message) -> dict[str, Any]:
    host = Host(PaymentClock())
    host.take(received("other", "1.00", "2020-03-01"), day_ended("2020-03-02"), *messages)
    return host.states[KEY]


def test_goods_and_payments_in_time_are_taken_plainly() -> None:
    state = after()
    for message in (
        received("r", "60.00", "2020-03-03"),
        received("r2", "40.00", "2020-03-03", receipt_no="r", unified_code=PRODUCTS[0]),
        paid("p", "2020-03-03", ("r", "100.00"), ("other", "0.40")),
    ):
        told = plainly(state, message)
        assert told is not None
        state = told
    assert plainly(state, paid("q", "2020-03-03", ("r", "0.01"))) is None  # more than was due


@pytest.mark.parametrize("on", ["2020-03-01", "2020-03-06"])
@pytest.mark.parametrize("ruled", [True, False])
def test_of_several_lines_the_first_due_day_and_the_last_day_of_all_count(
    *, on: str, ruled: bool
) -> None:
    region = GUIZHOU if ruled else YUNNAN  # there, no day without a contract
    first = received("r", "60.00", "2020-03-02", region=region)
    host = Host(PaymentClock())
    host.take(first, day_ended("2020-03-05", region))
    ((key, state),) = host.states.items()
    for message in (
        received("r2", "40.00", on, receipt_no="r", region=region),
        paid("p", on, ("r", "100.00"), region=region),
    ):
        plain = plainly(state, message, key)
        assert plain is not None
        assert at_length(state, message, key) == Judgement(plain)
        state = plain


@pytest.mark.parametrize(
    "message",
    [
        received("other", "1.00", "2020-03-01"),  # it is known
        received("r", "0.00", "2020-03-03"),
        received("r", "1.00", "2020-01-20"),  # it is due
        received("r", "-1.00", "2020-03-03"),
        paid("p", "2020-03-03", ("other", "1.01")),
        paid("p", "2020-03-03", ("unknown", "1.00")),
        paid("p", "2020-03-04", ("other", "1.00")),  # it is dated ahead
        paid("p", "2020-03-03", ("other", "0.50"), ("unknown", "1.00")),
    ],
)
def test_whatever_may_have_consequences_is_not_taken_plainly(message: Message) -> None:
    assert plainly(after(), message) is None
    assert plainly(PaymentClock().begin(None), message) is None


def test_what_is_due_when_a_closed_period_ends_is_not_taken_plainly() -> None:
    goods = received("r", "1.00", "2022-04-05", region=QUJING)  # due on 31 May
    host = Host(PaymentClock())
    host.take(received("o", "1.00", "2022-06-01", region=QUJING), day_ended("2022-05-01", QUJING))
    (key,) = host.states
    facts = facts_of(key, host.states[key], goods, goods.content(), RULES)
    assert taken_plainly(host.states[key], facts) is not None
    host.take(closed("2022-05", "2022-05-31", QUJING))
    assert taken_plainly(host.states[key], facts) is None
    (published,) = host.take(goods)
    assert published.data["outstanding"] == "1.00"


# ---------------------------------------------------------------------------- from scratch


def receipts_in(state: dict[str, Any]) -> dict[str, Receipt]:
    names, regions = Names(state["names"]), Names(state["regions"])
    return {
        number: unpacked(stored, names, regions)
        for part in state["receipts"].values()
        for number, stored in receipts_of(part)
    }


def begun(day: str, ended: str) -> bool:
    return bool(day) and days_after(day, -1) <= ended


def found_anew(state: dict[str, Any]) -> dict[str, Any]:
    """What follows from the kept receipts' facts as of the last day that has ended."""
    ended = state["day"]
    found: dict[str, Any] = {"warned": set(), "held": set(), "exceeded": {}}
    for number, receipt in receipts_in(state).items() if ended else ():
        late = overdue(receipt, ended, days_after(ended, 1))
        if late is not None:
            follows = consequence(late.due, late.region, HOSPITAL, RULES)
            found["warned"] |= {number} if begun(follows.warned_on, ended) else set()
            found["held"] |= {number} if begun(follows.held_from, ended) else set()
        over = excess(receipt, ended)
        if over and RULES.term(region_of(receipt), "payment.contract", ended) is not None:
            found["exceeded"][number] = over
    return found


def is_found(state: dict[str, Any]) -> dict[str, Any]:
    exceeded = {number: each[1] for number, each in state["exceeded"].items()}
    return {"warned": set(state["warned"]), "held": set(state["held"]), "exceeded": exceeded}


@settings(max_examples=80, deadline=None)
@given(messages=histories())
def test_after_every_message_what_is_open_is_what_the_kept_facts_come_to(
    messages: list[Message],
) -> None:
    host = Host(PaymentClock())
    for message in messages:
        host.take(message)
        for state in host.states.values():
            receipts = receipts_in(state)
            assert is_found(state) == found_anew(state)
            assert bool(state["held"]) == (state["hold"] is not None)
            for place, known in state["published"].items():
                late = [overdue_at(each, place, known[0], RULES) for each in receipts.values()]
                sums = [each.outstanding for each in late if each is not None]
                assert counted(known)[:2] == (len(sums), sum(sums))
            coming = [
                coming_of(each)
                for part in state["receipts"].values()
                for _, each in receipts_of(part)
            ]
            assert all(not day or state["next"] <= day for day in coming)


@settings(max_examples=40, deadline=None)
@given(messages=histories(), more=st.integers(1, 200))
def test_days_on_which_nothing_is_due_change_nothing(messages: list[Message], more: int) -> None:
    by_day, at_once = Host(PaymentClock()), Host(PaymentClock())
    by_day.take(*messages)
    at_once.take(*messages)
    last = max(
        (each.content()["day"] for each in messages if "day" in each.content()), default=FIRST
    )
    region = messages[0].content()["region"]
    for at in range(1, more + 1):
        by_day.take(day_ended(days_after(last, at), region))
    at_once.take(day_ended(days_after(last, more), region))
    for key, state in by_day.states.items():
        assert is_found(state) == found_anew(state) == is_found(at_once.states[key])
        assert receipts_in(state).keys() == receipts_in(at_once.states[key]).keys()


# ---------------------------------------------------------------------------- what is kept


def test_the_names_of_products_that_are_bought_no_more_are_let_go() -> None:
    host = Host(PaymentClock())
    for at, product in enumerate(PRODUCTS):
        day = days_after("2020-01-01", at)
        host.take(received(f"r{at}", "1.00", day, unified_code=product))
        host.take(paid(f"p{at}", day, (f"r{at}", "1.00")), day_ended(day))
    (state,) = host.states.values()
    assert len(state["names"]) == len(PRODUCTS) + 1
    for at in range(len(PRODUCTS), len(PRODUCTS) + KEPT_DAYS + 62):
        day = days_after("2020-01-01", at)
        host.take(received(f"r{at}", "1.00", day, unified_code=PRODUCT), day_ended(day))
    (state,) = host.states.values()
    assert PRODUCT in state["names"]
    assert len(state["names"]) <= NAMES_KEPT
    lines = [line for each in receipts_in(state).values() for line in each["a"]]
    assert {line[4] for line in lines} == {PRODUCT}
    assert {line[5] for line in lines} == {GUIZHOU}


def test_a_receipt_that_was_paid_takes_little_room() -> None:
    state = after(received("r", "100.00", "2020-03-03"), paid("p", "2020-03-03", ("r", "100.00")))
    (text,) = [
        each
        for part in state["receipts"].values()
        for number, each in receipts_of(part)
        if number == "r"
    ]
    assert isinstance(text, str)
    assert len(text) <= 80


def test_a_publication_of_a_province_ends_by_the_paper_of_the_city_that_has_it() -> None:
    host = Host(PaymentClock())
    host.take(received("r", "1.00", "2022-04-05", region=QUJING), day_ended("2022-05-31", QUJING))
    (published,) = host.take(closed("2022-05", "2022-05-31", YUNNAN))
    assert published.type == PAYMENT_OVERDUE_PUBLISHED
    ends = host.take(paid("p", "2022-05-30", ("r", "1.00"), region=QUJING))
    assert [each.type for each in ends] == [PAYMENT_FINDING_ENDED] * 2
    assert ends[1].data["finding"] == "published"
    assert ends[1].data["because"]["clauses"] == published.data["because"]["clauses"]


def test_a_period_of_which_no_paper_publishes_anything_is_not_kept() -> None:
    host = Host(PaymentClock())
    host.take(received("r", "1.00", "2020-03-01"), day_ended("2020-03-31"))
    (before,) = host.states.values()
    assert host.take(closed("2020-03", "2020-03-31")) == []
    assert list(host.states.values()) == [before]
    assert before["published"] == {}

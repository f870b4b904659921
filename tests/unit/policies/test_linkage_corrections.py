"""价格联动 (R7): what happens to linked prices when the prices they rest on come late or are corrected."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.prices.linkage import Linkage, price_in_force
from gateway.policies.prices.linkage_comparison import Comparison
from gateway.policies.prices.price_book_check import check_prices
from schemas.envelope import Message
from schemas.events import PRICE_LINK_ENDED, PRICE_LINKED
from tests.unit.policies.hosting import Host
from tests.unit.policies.linking import as_messages, corrected, numbered, sound, still_linked
from tests.unit.policies.making import (
    CHONGQING,
    DRUG,
    GUIZHOU,
    OTHER_PRODUCT,
    PRODUCT,
    SICHUAN,
    YUNNAN,
    listing,
)

OWN = listing("yn", "0.500000", YUNNAN)
CHEAP = listing("sc", "0.400000", SICHUAN, effective_from="2020-07-01")


def linked(*messages: Message) -> Host:
    host = Host(Linkage())
    host.take(*messages)
    return host


def test_a_reference_that_was_wrong_takes_its_linked_price_with_it() -> None:
    host = linked(OWN, CHEAP)
    identity, _ = host.drawn[0]
    dear = corrected(CHEAP, "dear", unit_price="0.600000")
    (ended,) = host.supersede(CHEAP, dear)
    assert ended.type == PRICE_LINK_ENDED
    assert ended.data["linked_id"] == identity
    assert ended.data["price_ended"] == "0.400000"
    assert ended.data["price_in_force"] == "0.500000"
    assert ended.data["effective_from"] == "2020-07-01"
    assert ended.data["proposal"] is False
    causes = ended.data["because"]["causes"]
    assert causes[0] == identity
    assert {CHEAP.id, dear.id, OWN.id} <= set(causes)
    assert ended.data["because"]["clauses"] == ["云医保〔2020〕71号 四（一）"]
    assert still_linked(host) == []


def test_the_next_best_reference_replaces_a_withdrawn_one() -> None:
    host = linked(OWN, listing("gz", "0.450000", GUIZHOU, effective_from="2020-07-01"), CHEAP)
    found = host.supersede(CHEAP, corrected(CHEAP, "x", unit_price="0.900000"))
    assert [each.type for each in found] == [PRICE_LINKED]
    assert found[0].data["price_after"] == "0.450000"
    assert found[0].data["replaces"] == host.drawn[-2][0]


def test_a_corrected_reference_leaves_other_provinces_and_products_alone() -> None:
    other = {"unified_code": OTHER_PRODUCT}
    host = linked(
        OWN,
        listing("yn-2", "0.800000", YUNNAN, **other),
        listing("sc-2", "0.700000", SICHUAN, **other),
        CHEAP,
    )
    found = host.supersede(CHEAP, corrected(CHEAP, "x", unit_price="0.300000"))
    assert {each.data["unified_code"] for each in found} == {PRODUCT}
    assert len(still_linked(host)) == 2


def test_a_corrected_listing_ends_its_own_linked_price_and_is_linked_anew() -> None:
    host = linked(OWN, CHEAP)
    mended = corrected(OWN, "mended", unit_price="0.450000")
    ended, again = host.supersede(OWN, mended)
    assert (ended.type, ended.data["price_in_force"]) == (PRICE_LINK_ENDED, None)
    assert (again.type, again.data["price_before"]) == (PRICE_LINKED, "0.450000")
    assert price_in_force(host.states[DRUG], mended.id, "2020-08-01") == 400_000
    assert price_in_force(host.states[DRUG], OWN.id, "2020-08-01") is None


def test_a_late_listing_that_ended_a_reference_before_ends_the_linked_price() -> None:
    host = linked(listing("sc-1", "0.100000", SICHUAN, effective_from="2020-01-01"), OWN)
    assert len(host.drawn) == 1
    late = listing("sc-2", "0.600000", SICHUAN, effective_from="2020-05-01")
    (ended,) = host.take(late)
    assert ended.type == PRICE_LINK_ENDED
    assert late.id in ended.data["because"]["causes"]


@pytest.mark.parametrize(("since", "ends"), [("2020-06-30", True), ("2020-07-01", True), ("2020-07-02", False)])  # fmt: skip
def test_a_late_new_listing_of_the_product_ends_what_began_on_its_day_or_later(
    since: str, ends: bool
) -> None:
    host = linked(OWN, CHEAP)
    found = host.take(listing("yn-2", "0.350000", YUNNAN, effective_from=since))
    assert [each.type for each in found] == ([PRICE_LINK_ENDED] if ends else [])


def test_a_product_that_turns_out_to_be_selected_does_not_follow() -> None:
    host = linked(OWN, CHEAP)
    (ended,) = host.take(
        listing("yn-s", "0.300000", YUNNAN, kind="selected", effective_from="2020-06-15")
    )
    assert ended.type == PRICE_LINK_ENDED
    assert still_linked(host) == []


def test_a_product_follows_from_the_day_on_which_it_is_no_longer_selected() -> None:
    chosen = listing("yn-s", "0.450000", YUNNAN, kind="selected", effective_to="2020-12-31")
    host = linked(OWN, chosen, CHEAP)
    (only,) = still_linked(host)
    assert only[3:6] == ("2021-01-01", "0.500000", "0.400000")


def test_a_step_whose_earlier_price_changed_is_said_again_and_only_that() -> None:
    later = listing("hn", "0.300000", "430000", effective_from="2020-08-01")
    host = linked(OWN, CHEAP, later)
    before = len(host.drawn)
    found = host.supersede(CHEAP, corrected(CHEAP, "x", unit_price="0.350000"))
    assert [each.data.get("price_before") for each in found] == [
        "0.500000",
        None,
        "0.500000",
        "0.350000",
    ]
    assert len(host.drawn) == before + 4
    assert [line[3:6] for line in still_linked(host)] == [
        ("2020-07-01", "0.500000", "0.350000"),
        ("2020-08-01", "0.350000", "0.300000"),
    ]


def test_a_message_that_the_state_does_not_know_changes_nothing() -> None:
    host = linked(OWN)
    assert host.supersede(CHEAP, corrected(CHEAP, "x")) != []  # the correction itself links
    host = linked(OWN)
    judged = Linkage().withdraw(DRUG, host.states[DRUG], CHEAP, CHEAP.content(), CHEAP, host.rules)
    assert judged.state is None
    assert judged.conclusions == ()


# ------------------------------------------------------------------------------ the algebra

DAYS = ["2020-06-01", "2020-06-02", "2020-07-01", "2020-08-01"]
REGIONS = [YUNNAN, "530300", "530900", CHONGQING, SICHUAN, GUIZHOU]


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Listings of one drug with their places in the journal; series may change their prices."""
    found = []
    for at in range(draw(st.integers(2, 9))):
        ends = draw(st.sampled_from([None, None, None, "2020-06-30", "2020-07-15"]))
        since = draw(st.sampled_from(DAYS))
        changed: dict[str, Any] = {"effective_to": ends} if ends and ends >= since else {}
        found.append(
            listing(
                f"l{at}",
                f"0.{draw(st.integers(1, 9))}00000",
                draw(st.sampled_from(REGIONS)),
                unified_code=draw(st.sampled_from([PRODUCT, OTHER_PRODUCT])),
                kind=draw(st.sampled_from(["listed", "listed", "listed", "selected"])),
                effective_from=since,
                strength={"content": draw(st.sampled_from([1000, 2000])), "unit": "ug"},
                **changed,
            )
        )
    return numbered(found)


@settings(max_examples=80, deadline=None)
@given(history=histories(), order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_leaves_the_same_linked_prices_open(
    history: list[Message], order: Any
) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)
    one, other = linked(*history), linked(*shuffled)
    assert still_linked(one) == still_linked(other)
    assert one.take(*shuffled) == []
    assert sound(one, *history) == ()
    assert sound(other, *history) == ()


@settings(max_examples=80, deadline=None)
@given(history=histories(), data=st.data())
def test_what_was_withdrawn_leaves_no_trace_in_the_prices(
    history: list[Message], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(history))
    rest = [each for each in history if each is not gone]
    price = f"0.{data.draw(st.integers(1, 9))}50000"
    by = corrected(gone, "by", unit_price=price).numbered(0, 99)
    host, never = linked(*history), linked(*rest, by)
    host.supersede(gone, by)
    assert still_linked(host) == still_linked(never)
    assert sound(host, *rest, by) == ()
    back = corrected(by, "back", unit_price=gone.content()["unit_price"]).numbered(0, 100)
    host.supersede(by, back)
    assert still_linked(host) == still_linked(linked(*rest, back))


# ------------------------------------------------------------------------------ the checker (I5)


def tampered(host: Host, **changed: Any) -> list[Message]:
    host.drawn[0][1].data.update(changed)
    return as_messages(host)


def test_the_checker_finds_nothing_in_what_is_sound() -> None:
    host = linked(OWN, CHEAP)
    assert check_prices([OWN, CHEAP, *as_messages(host)]) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"price_before": "0.480000"}, "does not start from the price in force"),
        ({"price_after": "0.500000"}, "does not lower the price"),
        ({"effective_from": "2020-05-31"}, "when nothing is listed"),
    ],
)
def test_the_checker_names_a_linked_price_that_was_applied_wrongly(
    changed: dict[str, str], said: str
) -> None:
    found = check_prices([OWN, CHEAP, *tampered(linked(OWN, CHEAP), **changed)])
    assert any(said in each for each in found)


def test_the_checker_names_two_prices_of_one_day_and_an_end_that_comes_twice() -> None:
    host = linked(OWN, CHEAP)
    other = linked(OWN, listing("gz", "0.300000", GUIZHOU, effective_from="2020-07-01"))
    doubled = [OWN, CHEAP, *as_messages(host), *as_messages(other)]
    assert any("two prices from 2020-07-01 on" in each for each in check_prices(doubled))
    assert any("concluded twice" in each for each in check_prices([*doubled, doubled[-1]]))
    host.supersede(CHEAP, corrected(CHEAP, "x", unit_price="0.600000"))
    ended = as_messages(host)
    assert any("ended 2 times" in each for each in check_prices([OWN, *ended, ended[-1]]))


@given(
    price=st.integers(0, 10**9),
    lowest=st.integers(0, 10**9),
    numerator=st.integers(1, 10**40),
    denominator=st.integers(1, 10**40),
    step=st.sampled_from([1, 10, 10_000]),
)
def test_the_limits_of_a_comparison_say_the_same_as_the_comparison(
    price: int, lowest: int, numerator: int, denominator: int, step: int
) -> None:
    one = Comparison(numerator, denominator * step, step, " × K")
    first, last = one.limits(lowest)
    assert (first <= price <= last) == (0 < one.of(price) <= lowest)
    for near in (first - 1, first, last, last + 1):
        if near >= 0:
            assert (first <= near <= last) == (0 < one.of(near) <= lowest)

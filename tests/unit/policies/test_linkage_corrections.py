"""价格联动 (R7): what happens to linked prices when the prices they rest on come late or are corrected."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Judgement
from gateway.policies.prices.linkage import Linkage, price_in_force
from gateway.policies.prices.linkage_comparison import Comparison
from gateway.policies.prices.price_book_check import check_prices
from schemas.envelope import Message
from schemas.events import PRICE_LINK_ENDED, PRICE_LINKED
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.linking import (
    LINKS,
    as_messages,
    corrected,
    numbered,
    rightly,
    sound,
    still_linked,
)
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
from tests.unit.policies.pricing import negotiated

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


def test_a_corrected_listing_is_linked_from_its_right_price_in_one_word() -> None:
    host = linked(OWN, CHEAP)
    first, _ = host.drawn[0]
    mended = corrected(OWN, "mended", unit_price="0.450000")
    (again,) = LINKS.put_right(host, OWN, mended)
    assert (again.type, again.data["price_before"]) == (PRICE_LINKED, "0.450000")
    assert again.data["replaces"] == first
    assert {first, OWN.id, mended.id, CHEAP.id} <= set(again.data["because"]["causes"])
    assert price_in_force(host.states[DRUG], mended.id, "2020-08-01") == 400_000
    assert price_in_force(host.states[DRUG], OWN.id, "2020-08-01") is None


def test_a_corrected_reference_leads_straight_to_the_right_linked_price() -> None:
    second = listing("gz", "0.450000", GUIZHOU, effective_from="2020-07-01")
    host = linked(OWN, second, CHEAP)
    (again,) = LINKS.put_right(host, CHEAP, corrected(CHEAP, "x", unit_price="0.420000"))
    assert (again.data["price_after"], again.data["reference_region"]) == ("0.420000", SICHUAN)
    assert again.data["replaces"] == host.drawn[-2][0]


@pytest.mark.parametrize(
    "changed",
    [
        {"local_code": "L9"},
        {"drug_name": "苯磺酸氨氯地平片"},
        {"kind": "selected"},
        {"effective_to": "2020-12-31"},
        {"strength": {"content": 5000, "unit": "ug"}, "pack_quantity": 7},
    ],
)
def test_a_reference_corrected_in_what_does_not_count_says_nothing(changed: dict[str, Any]) -> None:
    host = linked(OWN, CHEAP)
    (first, _), right = host.drawn[0], corrected(CHEAP, "right", **changed)
    assert LINKS.put_right(host, CHEAP, right) == []
    (ended,) = LINKS.put_right(host, right, corrected(right, "dear", unit_price="0.600000"))
    assert ended.data["linked_id"] == first


@pytest.mark.parametrize(
    "changed",
    [{"local_code": "L9"}, {"effective_from": "2020-05-01"}, {"effective_to": "2020-12-31"}],
)
def test_a_listing_corrected_in_what_does_not_count_says_nothing(changed: dict[str, Any]) -> None:
    host = linked(OWN, CHEAP)
    (first, _), right = host.drawn[0], corrected(OWN, "right", **changed)
    assert LINKS.put_right(host, OWN, right) == []
    assert price_in_force(host.states[DRUG], right.id, "2020-08-01") == 400_000
    (again,) = LINKS.put_right(host, right, corrected(right, "other", unit_price="0.450000"))
    assert again.data["replaces"] == first


def test_a_corrected_name_is_said_with_the_linked_price_that_bears_it() -> None:
    host = linked(OWN, CHEAP)
    (again,) = LINKS.put_right(host, OWN, corrected(OWN, "x", drug_name="苯磺酸氨氯地平片"))
    assert (again.data["drug_name"], again.data["price_after"]) == ("苯磺酸氨氯地平片", "0.400000")
    assert again.data["replaces"] == host.drawn[0][0]


def test_a_reference_corrected_to_a_later_day_ends_the_linked_price_before_the_new_one() -> None:
    host = linked(OWN, CHEAP)
    ended, later = LINKS.put_right(host, CHEAP, corrected(CHEAP, "x", effective_from="2020-08-01"))
    assert (ended.type, ended.data["effective_from"]) == (PRICE_LINK_ENDED, "2020-07-01")
    assert ended.data["price_in_force"] == "0.500000"
    assert (later.type, later.data["effective_from"]) == (PRICE_LINKED, "2020-08-01")


def test_a_reference_corrected_to_an_earlier_day_does_not_end_at_the_price_before_it() -> None:
    host = linked(OWN, CHEAP)
    ended, earlier = LINKS.put_right(
        host, CHEAP, corrected(CHEAP, "x", effective_from="2020-06-15")
    )
    assert (ended.data["effective_from"], ended.data["price_in_force"]) == (
        "2020-07-01",
        "0.400000",
    )
    assert earlier.data["effective_from"] == "2020-06-15"


def test_a_listing_corrected_to_an_earlier_day_takes_over_what_was_linked_on_its_days() -> None:
    wrong = listing("yn-2", "0.500000", YUNNAN, effective_from="2020-09-01")
    host = linked(OWN, wrong, CHEAP)
    assert [line[3] for line in still_linked(host)] == ["2020-07-01", "2020-09-01"]
    right = corrected(wrong, "x", effective_from="2020-06-15")
    (ended,) = LINKS.put_right(host, wrong, right)
    assert (ended.type, ended.data["effective_from"]) == (PRICE_LINK_ENDED, "2020-09-01")
    assert price_in_force(host.states[DRUG], right.id, "2020-07-01") == 400_000
    assert price_in_force(host.states[DRUG], OWN.id, "2020-06-14") == 500_000


def test_a_listing_corrected_to_another_product_ends_there_and_is_linked_here() -> None:
    cheaper = listing("gz", "0.300000", GUIZHOU, unified_code=OTHER_PRODUCT)
    host = linked(OWN, CHEAP, cheaper)
    ended, again = LINKS.put_right(host, OWN, corrected(OWN, "x", unified_code=OTHER_PRODUCT))
    assert (ended.type, ended.data["unified_code"]) == (PRICE_LINK_ENDED, PRODUCT)
    assert ended.data["price_in_force"] is None
    assert (again.data["unified_code"], again.data["price_after"]) == (OTHER_PRODUCT, "0.300000")
    assert again.data["replaces"] is None


def test_a_reference_corrected_to_another_province_is_named_in_one_word() -> None:
    host = linked(OWN, CHEAP)
    (again,) = LINKS.put_right(host, CHEAP, corrected(CHEAP, "x", region=GUIZHOU))
    assert (again.data["price_after"], again.data["reference_region"]) == ("0.400000", GUIZHOU)
    assert again.data["replaces"] == host.drawn[0][0]


def test_a_corrected_negotiated_price_is_executed_without_the_market_in_between() -> None:
    agreed = negotiated("n", "0.350000")
    host = linked(listing("cq", "0.500000", CHONGQING), agreed, listing("sc", "0.100000", SICHUAN))
    (again,) = LINKS.put_right(host, agreed, corrected(agreed, "x", unit_price="0.360000"))
    assert (again.data["price_after"], again.data["follows"]) == ("0.360000", "negotiated")
    assert again.data["replaces"] == host.drawn[0][0]


def test_a_correction_that_comes_before_what_it_corrects_is_linked_as_if_it_stood_alone() -> None:
    right = corrected(CHEAP, "x", unit_price="0.350000")
    host, alone = linked(OWN), linked(OWN, right)
    host.supersede(CHEAP, right)
    assert host.drawn == alone.drawn
    assert host.states == alone.states


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
    (first, _), (second, _) = host.drawn
    found = LINKS.put_right(host, CHEAP, corrected(CHEAP, "x", unit_price="0.350000"))
    assert [(each.data["price_before"], each.data["replaces"]) for each in found] == [
        ("0.500000", first),
        ("0.350000", second),
    ]
    assert host.drawn[-2][0] in found[1].data["because"]["causes"]
    assert [line[3:6] for line in still_linked(host)] == [
        ("2020-07-01", "0.500000", "0.350000"),
        ("2020-08-01", "0.350000", "0.300000"),
    ]


def test_a_message_that_the_state_does_not_know_changes_nothing() -> None:
    host = linked(OWN)
    assert host.supersede(CHEAP, corrected(CHEAP, "x")) != []  # the correction itself links
    host = linked(OWN)
    given = (DRUG, host.states[DRUG], CHEAP, corrected(CHEAP, "x"), None)
    assert judged_in_place(Linkage(), *given) == Judgement()


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


@settings(max_examples=150, deadline=None)
@given(right=histories(), wrong=histories(), order=st.randoms(use_true_random=False))
def test_what_is_linked_after_corrections_is_what_the_right_prices_alone_lead_to(
    right: list[Message], wrong: list[Message], order: Any
) -> None:
    right = rightly(right)
    host = LINKS.after_corrections(Host(Linkage()), right, wrong, order)
    straight = linked(*right)
    assert LINKS.standing(host) == LINKS.standing(straight)
    assert sound(host, *right) == ()
    for message in right:
        for day in ("2020-06-01", "2020-06-30", "2020-07-15", "2020-12-31"):
            found = price_in_force(host.states[DRUG], message.id, day)
            assert found == price_in_force(straight.states[DRUG], message.id, day)


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

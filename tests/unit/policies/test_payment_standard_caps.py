"""支付标准上限 (R6): not above the highest selected price of the same category and function."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Judgement
from gateway.policies.prices.payment_standard_caps import PaymentCap
from schemas.envelope import Message
from schemas.events import PAYMENT_STANDARD_CAP_ENDED, PAYMENT_STANDARD_CAPPED
from tests.unit.policies.hosting import Host, judged_in_place
from tests.unit.policies.linking import Book, corrected, numbered, open_conclusions, rightly
from tests.unit.policies.making import CHONGQING, GUIZHOU, PRODUCT, YUNNAN, listing

QUJING = "530300"
GROUP = {"comparison_group": "合成分组甲", "insured": True, "effective_from": "2022-04-01"}
ENDS = {PAYMENT_STANDARD_CAP_ENDED: "cap_id"}
CAPS = Book(frozenset({PAYMENT_STANDARD_CAPPED}), ENDS)


def chosen(number: str, price: str, region: str = YUNNAN, **changed: Any) -> Message:
    given = {"kind": "selected", "unified_code": f"XC{number}", "drug": f"D-{number}"}
    return listing(number, price, region, **{**GROUP, **given, **changed})


def other(price: str = "9.000000", region: str = YUNNAN, **changed: Any) -> Message:
    return listing("other", price, region, **{**GROUP, **changed})


def after(*messages: Message) -> Host:
    host = Host(PaymentCap())
    host.take(*messages)
    return host


def standing(host: Host) -> list[tuple[str, ...]]:
    names = ("region", "unified_code", "effective_from", "effective_to", "cap_price")
    return sorted(
        tuple(str(each.data[name]) for name in names)
        for each in open_conclusions(host, ENDS).values()
    )


def test_qujing_caps_a_non_selected_product_by_the_highest_selected_one_of_the_group() -> None:
    facts = [chosen("A0001", "0.300000"), chosen("B0001", "0.700000"), other()]
    host = after(*facts)
    assert standing(host) == [(QUJING, PRODUCT, "2022-04-01", "None", "0.700000")]
    last = host.drawn[-1][1]
    assert last.data["highest_code"] == "XCB0001"
    assert last.data["because"]["clauses"] == ["曲政办发〔2022〕10号 四（四）2"]
    assert {facts[1].id, facts[2].id} <= set(last.data["because"]["causes"])


def test_a_dearer_selected_product_raises_the_cap_and_a_cheaper_one_does_not() -> None:
    host = after(chosen("A0001", "0.300000"), other())
    (raised,) = host.take(chosen("B0001", "0.700000"))
    assert raised.data["replaces"] == host.drawn[0][0]
    assert host.take(chosen("C0001", "0.100000")) == []


@pytest.mark.parametrize("region", [GUIZHOU, CHONGQING, "530900"])
def test_where_the_paper_says_nothing_of_a_cap_there_is_none(region: str) -> None:
    facts = [chosen("A0001", "0.300000", region), other(region=region)]
    assert after(*facts).drawn == []


@pytest.mark.parametrize(("since", "expected"), [("2022-03-04", "2022-03-05"), ("2022-03-06", "2022-03-06")])  # fmt: skip
def test_a_cap_holds_from_the_papers_day(since: str, expected: str) -> None:
    days = {"effective_from": since}
    host = after(chosen("A0001", "0.300000", **days), other(**days))
    assert [line[2] for line in standing(host)] == [expected]


@pytest.mark.parametrize(
    "changed",
    [{"comparison_group": "合成分组乙"}, {"comparison_group": None}, {"insured": None}],
)
def test_a_product_of_another_group_or_not_insured_is_not_capped(changed: dict[str, Any]) -> None:
    assert after(chosen("A0001", "0.300000"), other(**changed)).drawn == []


def test_a_selected_product_is_not_capped_itself() -> None:
    host = after(chosen("A0001", "0.300000"), chosen("B0001", "0.700000"))
    assert host.drawn == []


def test_a_corrected_selected_price_moves_its_cap_in_one_word() -> None:
    fact = chosen("A0001", "0.300000")
    host = after(fact, other())
    (again,) = CAPS.put_right(host, fact, corrected(fact, "x", unit_price="0.200000"))
    assert (again.type, again.data["replaces"]) == (PAYMENT_STANDARD_CAPPED, host.drawn[0][0])
    assert fact.id in again.data["because"]["causes"]
    assert [line[4] for line in standing(host)] == ["0.200000"]


def test_a_corrected_selected_price_below_another_one_is_said_with_that_one_at_once() -> None:
    fact = chosen("B0001", "0.700000")
    host = after(chosen("A0001", "0.300000"), fact, other())
    (again,) = CAPS.put_right(host, fact, corrected(fact, "x", unit_price="0.200000"))
    assert (again.data["cap_price"], again.data["highest_code"]) == ("0.300000", "XCA0001")


@pytest.mark.parametrize("changed", [{"local_code": "L9"}, {"unit_price": "0.250000"}])
def test_a_price_that_is_not_the_highest_is_corrected_without_a_word(changed: Any) -> None:
    fact = chosen("A0001", "0.300000")
    host = after(fact, chosen("B0001", "0.700000"), other())
    assert CAPS.put_right(host, fact, corrected(fact, "x", **changed)) == []


def test_a_capped_product_whose_price_is_corrected_stays_capped_without_a_word() -> None:
    host = after(chosen("A0001", "0.300000"), other())
    assert CAPS.put_right(host, other(), corrected(other(), "x", unit_price="8.000000")) == []


@pytest.mark.parametrize("changed", [{"drug": "D-9"}, {"drug_name": "苯磺酸氨氯地平片"}])
def test_a_product_that_is_called_otherwise_is_capped_under_its_right_name(
    changed: dict[str, str],
) -> None:
    host = after(chosen("A0001", "0.300000"), other())
    (again,) = CAPS.put_right(host, other(), corrected(other(), "x", **changed))
    assert changed.items() <= again.data.items()
    assert again.data["replaces"] == host.drawn[0][0]


def test_a_listing_corrected_to_another_group_ends_its_cap() -> None:
    host = after(chosen("A0001", "0.300000"), other())
    moved = corrected(other(), "x", comparison_group="合成分组乙")
    assert [each.type for each in host.supersede(other(), moved)] == [PAYMENT_STANDARD_CAP_ENDED]


def test_a_listing_corrected_to_a_later_day_ends_its_cap_before_the_new_one() -> None:
    host = after(chosen("A0001", "0.300000"), other())
    later = corrected(other(), "x", effective_from="2022-06-01")
    found = CAPS.put_right(host, other(), later)
    assert [each.data["effective_from"] for each in found] == ["2022-04-01", "2022-06-01"]


def test_a_listing_that_is_not_known_is_not_taken_back() -> None:
    fact, host = chosen("A0001", "0.300000"), after(other())
    by = corrected(fact, "x")
    ((key, state),) = host.states.items()
    assert judged_in_place(PaymentCap(), key, state, fact, by, None) == Judgement()
    host.supersede(fact, by)
    assert host.states == after(other(), by).states


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Selected and other listings of one group in the order of the journal."""
    found = []
    for at in range(draw(st.integers(1, 7))):
        region = draw(st.sampled_from([YUNNAN, QUJING]))
        day = draw(st.sampled_from(["2022-01-01", "2022-04-01", "2022-05-01"]))
        price = f"0.{draw(st.integers(1, 9))}00000"
        code = draw(st.sampled_from(["XCA0001", "XCB0001", "XCC0001"]))
        kind = draw(st.sampled_from(["selected", "listed"]))
        given = {**GROUP, "effective_from": day, "unified_code": code, "kind": kind}
        found.append(listing(f"l{at}", price, region, **given))
    return numbered(found)


@settings(max_examples=100, deadline=None)
@given(history=histories(), order=st.randoms(use_true_random=False), data=st.data())
def test_order_does_not_matter_and_withdrawals_leave_no_trace(
    history: list[Message], order: Any, data: st.DataObject
) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)
    one, two = after(*history), after(*shuffled)
    assert standing(one) == standing(two)
    assert one.take(*shuffled) == []
    gone = data.draw(st.sampled_from(history))
    by = corrected(gone, "by", unit_price="0.550000").numbered(0, 99)
    one.supersede(gone, by)
    assert standing(one) == standing(after(*[each for each in history if each is not gone], by))


@settings(max_examples=100, deadline=None)
@given(right=histories(), wrong=histories(), order=st.randoms(use_true_random=False))
def test_what_is_capped_after_corrections_is_what_the_right_prices_alone_lead_to(
    right: list[Message], wrong: list[Message], order: Any
) -> None:
    right = rightly(right)
    host = CAPS.after_corrections(Host(PaymentCap()), right, wrong, order)
    assert CAPS.standing(host) == CAPS.standing(after(*right))

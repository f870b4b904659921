"""更正 (R5, R8): corrected purchases, tasks and listings lead to what the right ones alone lead to."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.volumes.volume_cap import Purchases
from gateway.policies.volumes.volume_cap_products import DrugProducts
from schemas.envelope import Message
from schemas.events import (
    VOLUME_CAP_BREACH_ENDED,
    VOLUME_DRUG_DESCRIBED,
    VOLUME_OVER_TASK_PRICE_BREACHED,
    VOLUME_OVER_TASK_PRICE_ENDED,
    VOLUME_TASK_COMPLETED,
    VOLUME_TASK_REOPENED,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    GUIZHOU,
    HOSPITAL,
    OTHER_PRODUCT,
    PRODUCT,
    YUNNAN,
    accepted,
    listing,
    task,
)
from tests.unit.policies.making_volumes import (
    OTHER_HOSPITAL,
    QUJING,
    assert_only_judged,
    corrected,
    open_now,
    passed_on,
    types,
    wrong_and_right,
)
from tests.unit.policies.test_volume_cap import (
    IN_2023,
    breaches,
    buys,
    of,
    others,
    strength,
)

TASK = task(region=QUJING, task_volume="100.0000", selected_price="0.100000", **IN_2023)
LINCANGS = task(region="530900", task_volume="100.0000", selected_price="0.100000", **IN_2023)

# ------------------------------------------------------------------------------- purchases


def test_a_corrected_receipt_that_still_completes_the_task_says_nothing() -> None:
    host = Host(Purchases())
    wrong = buys("a", "100.0000")
    host.take(TASK, wrong)
    assert host.supersede(wrong, buys("b", "100.0000", unit_price="0.200000")) == []
    assert len(of(host, VOLUME_TASK_COMPLETED)) == 1


def test_a_corrected_day_gives_the_completion_its_day_without_reopening_the_task() -> None:
    host = Host(Purchases())
    wrong = buys("a", "100.0000")
    host.take(TASK, wrong)
    (found,) = host.supersede(wrong, buys("b", "100.0000", day="2023-02-01"))
    assert (found.type, found.data["completed_on"]) == (VOLUME_TASK_COMPLETED, "2023-02-01")
    assert found.data["replaces"] == host.drawn[0][0]


def test_a_receipt_that_was_told_before_it_corrected_another_counts_once() -> None:
    host = Host(Purchases())
    wrong, right = buys("a", "60.0000"), buys("b", "30.0000")
    assert host.take(TASK, wrong, right) == []
    assert host.supersede(wrong, right) == []
    assert host.take(buys("c", "69.9999")) == []
    assert types(host.take(buys("d", "0.0001"))) == [VOLUME_TASK_COMPLETED]


def test_a_corrected_task_is_completed_or_open_by_its_right_volume() -> None:
    host = Host(Purchases())
    host.take(TASK, buys("a", "100.0000"))
    right = task("task-2", region=QUJING, task_volume="99.0000", **IN_2023)
    (found,) = host.supersede(TASK, right)
    assert (found.type, found.data["task_volume"]) == (VOLUME_TASK_COMPLETED, "99.0000")
    more = task("task-3", region=QUJING, task_volume="101.0000", **IN_2023)
    assert types(host.supersede(right, more)) == [VOLUME_TASK_REOPENED]


def test_a_breach_says_the_right_figures_when_what_it_rests_on_is_corrected() -> None:
    host = Host(Purchases())
    wrong = others("o", "12.0000")
    host.take(TASK, buys("a", "10.0000"), wrong)
    assert breaches(host) == ["above_selected"]
    (said,) = host.supersede(wrong, others("o2", "11.0000"))
    assert said.data["excess_quantity"] == "1.0000"
    own = buys("a2", "10.5000")
    (said,) = host.supersede(buys("a", "10.0000"), own)
    assert said.data["excess_quantity"] == "0.5000"
    (ended,) = host.supersede(own, buys("a3", "11.0000"))
    assert ended.type == VOLUME_CAP_BREACH_ENDED


def test_a_breach_has_the_figures_of_the_day_on_which_it_began() -> None:
    host = Host(Purchases())
    host.take(
        TASK, buys("a", "10.0000", day="2023-03-01"), others("o", "12.0000", day="2023-03-02")
    )
    assert host.take(others("later", "50.0000", day="2023-03-03")) == []
    assert host.take(buys("own", "1.0000", day="2023-03-03")) == []
    (said,) = host.take(others("late", "3.0000", day="2023-03-02"))
    assert (said.data["other_quantity"], said.data["excess_quantity"]) == ("15.0000", "5.0000")
    (said,) = host.take(others("before", "11.0000", day="2023-03-01"))
    assert (said.data["found_on"], said.data["excess_quantity"]) == ("2023-03-01", "1.0000")


def test_a_breach_that_was_made_good_and_began_again_has_the_figures_of_the_second_time() -> None:
    host = Host(Purchases())
    host.take(TASK, others("o", "10.0000", day="2023-03-01"))
    (ended,) = host.take(buys("a", "10.0000", day="2023-03-02"))
    assert ended.type == VOLUME_CAP_BREACH_ENDED
    (said,) = host.take(others("again", "2.0000", day="2023-03-05"))
    assert (said.data["found_on"], said.data["excess_quantity"]) == ("2023-03-05", "2.0000")


def test_a_corrected_product_turns_others_into_selected() -> None:
    host = Host(Purchases())
    wrong = others("o", "100.0000")
    host.take(TASK, wrong)
    found = host.supersede(wrong, buys("a", "100.0000"))
    assert types(found) == [VOLUME_CAP_BREACH_ENDED, VOLUME_TASK_COMPLETED]


def test_a_corrected_quantity_beyond_the_task_is_overpaid_once_by_the_right_sum() -> None:
    host = Host(Purchases())
    wrong = buys("b", "1000.0000", "530900", day="2023-03-01", unit_price="0.200000")
    host.take(LINCANGS, buys("a", "100.0000", "530900"), wrong)
    right = buys("c", "10.0000", "530900", day="2023-03-01", unit_price="0.200000")
    (found,) = host.supersede(wrong, right)
    assert (found.type, found.data["overpaid"]) == (VOLUME_OVER_TASK_PRICE_BREACHED, "1.00")
    low = buys("d", "10.0000", "530900", day="2023-03-01", unit_price="0.100000")
    assert types(host.supersede(right, low)) == [VOLUME_OVER_TASK_PRICE_ENDED]


def test_what_completed_the_task_may_be_corrected_without_ending_the_breach_after_it() -> None:
    host = Host(Purchases())
    wrong = buys("a", "100.0000", "530900")
    dear = buys("b", "10.0000", "530900", day="2023-03-01", unit_price="0.200000")
    host.take(LINCANGS, wrong, dear)
    assert host.supersede(wrong, buys("c", "100.0000", "530900", unit_price="0.090000")) == []


def test_a_receipt_of_another_institution_takes_the_completion_along() -> None:
    host = Host(Purchases())
    wrong = buys("a", "100.0000")
    host.take(TASK, wrong)
    right = buys("b", "100.0000", institution=OTHER_HOSPITAL)
    assert types(host.supersede(wrong, right)) == [VOLUME_TASK_REOPENED]


def test_a_receipt_is_corrected_before_there_is_a_task() -> None:
    host = Host(Purchases())
    wrong = buys("a", "100.0000")
    host.take(wrong)
    assert host.supersede(wrong, buys("b", "99.0000")) == []
    assert host.take(TASK) == []
    assert types(host.take(buys("c", "1.0000"))) == [VOLUME_TASK_COMPLETED]


def test_a_description_is_replaced_by_a_later_one_only() -> None:
    selected = {"kind": "selected", "unified_code": OTHER_PRODUCT}
    told = Host(DrugProducts())
    told.take(*(listing(f"l{n}", f"0.{n}00000", QUJING, **selected) for n in (1, 2)))
    first, second = passed_on(told, VOLUME_DRUG_DESCRIBED)
    corrected_, plain = Host(Purchases()), Host(Purchases())
    for host in (corrected_, plain):
        host.take(TASK, others("o", "5.0000"), first)
    assert corrected_.supersede(first, second) == plain.take(second)
    assert corrected_.states == plain.states
    assert corrected_.supersede(second, TASK) == []
    assert corrected_.states == plain.states


def test_a_correction_of_what_was_never_bought_is_a_purchase_like_any_other() -> None:
    given_ = [TASK, buys("a", "60.0000"), others("o", "61.0000")]
    assert_only_judged(Purchases(), given_, buys("x", "1.0000"), buys("b", "40.0000"))
    assert_only_judged(Purchases(), given_, others("x", "1.0000"), buys("b", "1.0000"))
    unknown, right = (
        task(f"t{n}", region=QUJING, task_volume=f"{n}.0000", **IN_2023) for n in (50, 60)
    )
    assert_only_judged(Purchases(), given_, unknown, right)


RECEIPTS = st.fixed_dictionaries(
    {
        "quantity": st.integers(0, 120),
        "day": st.sampled_from(["2022-12-31", "2023-02-01", "2023-02-02", "2023-07-01"]),
        "unified_code": st.sampled_from([PRODUCT, PRODUCT, OTHER_PRODUCT]),
        "unit_price": st.sampled_from(["0.100000", "0.200000"]),
        "institution": st.sampled_from([HOSPITAL, HOSPITAL, OTHER_HOSPITAL]),
    }
)
TASKS = st.fixed_dictionaries(
    {
        "task_volume": st.sampled_from(["0.0000", "100.0000", "150.0000"]),
        "term_to": st.sampled_from(["2023-06-30", "2023-12-31"]),
        "batch": st.sampled_from(["合成批次", "另一批次"]),
        "selected_price": st.sampled_from(["0.100000", "0.150000"]),
        "institution": st.sampled_from([HOSPITAL, HOSPITAL, OTHER_HOSPITAL]),
    }
)
PAIRS = st.lists(
    st.one_of(st.tuples(RECEIPTS, RECEIPTS), st.tuples(TASKS, TASKS)), min_size=1, max_size=4
)


def bought(region: str, number: str, told: dict[str, Any]) -> Message:
    if "task_volume" in told:
        return task(number, region=region, term_from="2023-01-01", **told)
    changed = dict(told)
    quantity, day = changed.pop("quantity"), changed.pop("day")
    return accepted(number, f"{quantity}.0000", day, region=region, **changed)


def slots(host: Host) -> list[tuple[str, ...]]:
    """What is open, with its figures."""
    about = ("institution", "batch", "breach", "completed_on", "overpaid", "bought_on", "term_to")
    names = (*about, "selected_quantity", "other_quantity", "excess_quantity", "found_on")
    return sorted(
        (each.type, *(str(each.data.get(name)) for name in names))
        for each in open_now(host).values()
    )


@settings(max_examples=250, deadline=None)
@given(
    PAIRS, st.lists(RECEIPTS, max_size=12), RECEIPTS, st.sampled_from([QUJING, GUIZHOU, "530900"])
)
def test_what_is_open_after_corrections_is_what_the_right_purchases_alone_lead_to(
    pairs: list[tuple[dict[str, Any], ...]],
    rest: list[dict[str, Any]],
    later: dict[str, Any],
    region: str,
) -> None:
    say = partial(bought, region)
    agreed = task(region=region, task_volume="100.0000", selected_price="0.100000", **IN_2023)
    known = [agreed, *(say(f"o{at}", each) for at, each in enumerate(rest))]
    wrong, right = wrong_and_right(pairs, say)
    straight = Host(Purchases())
    straight.take(*right, *known)
    found = corrected(Purchases(), [*wrong, *known], wrong, right)
    assert slots(found) == slots(straight)
    for host in (found, straight):
        host.take(say("later", later))
    assert slots(found) == slots(straight)


@settings(max_examples=150, deadline=None)
@given(st.lists(RECEIPTS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_a_breach(
    told: list[dict[str, Any]], order: Any
) -> None:
    say = partial(bought, QUJING)
    facts = [task(region=QUJING, task_volume="100.0000", **IN_2023)]
    facts += [say(f"o{at}", each) for at, each in enumerate(told)]
    straight, shuffled = Host(Purchases()), Host(Purchases())
    straight.take(*facts)
    order.shuffle(facts)
    shuffled.take(*facts)
    assert slots(shuffled) == slots(straight)


# ------------------------------------------------------------------------------- products


def selected(number: str, price: str, region: str = CHONGQING, **changed: Any) -> Message:
    return listing(number, price, region, kind="selected", **strength(5000), **changed)


def test_a_corrected_listing_is_described_once_with_the_right_price() -> None:
    host = Host(DrugProducts())
    wrong = selected("a", "0.100000")
    host.take(wrong)
    right = selected("b", "0.090000", effective_from="2020-07-01", drug_name="苯磺酸氨氯地平")
    (found,) = host.supersede(wrong, right)
    assert [each["unit_price"] for each in found.data["products"]] == ["0.090000"]
    about = [found.data[name] for name in ("revision", "found_on", "drug_name")]
    assert about == [2, "2020-07-01", "苯磺酸氨氯地平"]


def test_a_correction_of_what_nobody_asks_for_describes_nothing() -> None:
    host = Host(DrugProducts())
    first, second = selected("a", "0.100000"), selected("c", "0.100000", "500101")
    host.take(first, second)
    assert host.supersede(first, selected("b", "0.100000", pack_quantity=14)) == []
    other = listing("o", "0.2", CHONGQING, unified_code=OTHER_PRODUCT, unit_price="0.200000")
    assert host.supersede(other, listing("p", "0.300000", CHONGQING)) == []


@pytest.mark.parametrize(
    ("right", "drugs"),
    [
        (listing("b", "0.100000", CHONGQING), ["AMLODIPINE"]),
        (selected("b", "0.100000", drug="METFORMIN"), ["AMLODIPINE", "METFORMIN"]),
    ],
)
def test_a_product_that_was_never_selected_goes(right: Message, drugs: list[str]) -> None:
    host = Host(DrugProducts())
    wrong = selected("a", "0.100000")
    host.take(wrong)
    found = host.supersede(wrong, right)
    assert [each.data["drug"] for each in found] == drugs
    assert found[0].data["products"] == []


def test_a_correction_of_a_listing_never_told_is_a_listing_like_any_other() -> None:
    known, unknown = [selected("a", "0.100000")], selected("x", "0.300000")
    assert_only_judged(DrugProducts(), known, unknown, selected("b", "0.2", unit_price="0.200000"))
    assert_only_judged(DrugProducts(), known, unknown, listing("b", "0.100000", YUNNAN))


LISTINGS = st.fixed_dictionaries(
    {
        "unified_code": st.sampled_from([PRODUCT, OTHER_PRODUCT]),
        "unit_price": st.sampled_from(["0.100000", "0.200000"]),
        "effective_from": st.sampled_from(["2020-06-01", "2020-07-01"]),
        "kind": st.sampled_from(["selected", "selected", "listed"]),
        "region": st.sampled_from([CHONGQING, "500101"]),
        "drug": st.sampled_from(["AMLODIPINE", "AMLODIPINE", "METFORMIN"]),
    },
    optional={"strength": st.sampled_from([{"content": 5000, "unit": "mg"}])},
)


def listed(number: str, told: dict[str, Any]) -> Message:
    changed = dict(told)
    return listing(number, changed.pop("unit_price"), changed.pop("region"), **changed)


def products(host: Host) -> dict[str, list[dict[str, Any]]]:
    """What is described, by drug; of others nobody wants to know where none is selected."""
    told = {key: sorted(state["told"], key=repr) for key, state in host.states.items()}
    return {key: found for key, found in told.items() if any(each["selected"] for each in found)}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(LISTINGS, LISTINGS), min_size=1, max_size=4), st.lists(LISTINGS, max_size=3)
)
def test_the_products_after_corrections_are_those_of_the_right_listings_alone(
    pairs: list[tuple[dict[str, Any], ...]], rest: list[dict[str, Any]]
) -> None:
    known = [listed(f"o{at}", each) for at, each in enumerate(rest)]
    wrong, right = wrong_and_right(pairs, listed)
    straight = Host(DrugProducts())
    straight.take(*right, *known)
    found = corrected(DrugProducts(), [*wrong, *known], wrong, right)
    assert products(found) == products(straight)

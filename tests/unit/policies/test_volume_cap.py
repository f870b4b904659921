"""非中选采购量 (R5) and 超量价格 (R8): caps, completion, prices beyond the task, per region."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Conclusion
from gateway.policies.volumes.volume_cap import Purchases
from gateway.policies.volumes.volume_cap_conversion import Product, weights_of
from gateway.policies.volumes.volume_cap_products import DrugProducts
from schemas.envelope import Message
from schemas.events import (
    VOLUME_CAP_BREACH_ENDED,
    VOLUME_CAP_BREACHED,
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
    OTHER_PRODUCT,
    YUNNAN,
    accepted,
    listing,
    task,
)
from tests.unit.policies.making_volumes import (
    LINCANG,
    OTHER_HOSPITAL,
    QUJING,
    open_now,
    passed_on,
    types,
)

IN_2023 = {"term_from": "2023-01-01", "term_to": "2023-12-31"}


def buys(number: str, quantity: str, region: str = QUJING, **changed: Any) -> Message:
    day = changed.pop("day", "2023-02-10")
    return accepted(number, quantity, day, region=region, **changed)


def others(number: str, quantity: str, region: str = QUJING, **changed: Any) -> Message:
    return buys(number, quantity, region, unified_code=OTHER_PRODUCT, **changed)


def of(host: Host, type_: str) -> list[dict[str, Any]]:
    return [each.data for each in open_now(host).values() if each.type == type_]


def breaches(host: Host) -> list[str]:
    return sorted(each["breach"] for each in of(host, VOLUME_CAP_BREACHED))


def described(*listings: Message) -> list[Message]:
    """What the purchases are told of a drug's products after some listings."""
    host = Host(DrugProducts())
    host.take(*listings)
    return passed_on(host, VOLUME_DRUG_DESCRIBED)


# ------------------------------------------------------------------------------- caps


@pytest.mark.parametrize(
    ("quantity", "breached"), [("1000.0000", []), ("1000.0001", ["above_selected"])]
)
def test_qujing_allows_no_more_of_others_than_of_selected(
    quantity: str, breached: list[str]
) -> None:
    host = Host(Purchases())
    host.take(task(region=QUJING, **IN_2023), buys("a", "1000.0000"), others("o", quantity))
    assert breaches(host) == breached


def test_a_breach_says_why_so_that_it_can_be_checked_by_hand() -> None:
    host = Host(Purchases())
    given_ = [task(region=QUJING, **IN_2023), buys("a", "10.0000"), others("o", "12.5000")]
    host.take(*given_)
    (found,) = of(host, VOLUME_CAP_BREACHED)
    assert found["excess_quantity"] == "2.5000"
    why = found["because"]
    assert (why["rule"], why["clauses"]) == ("R5", ["曲政办发〔2022〕10号 四（三）1"])
    assert why["arithmetic"] == ["非中选 others 12.5 > 中选 selected 10 × 1"]
    assert why["causes"] == [each.id for each in given_]


def test_a_breach_ends_when_enough_selected_is_bought() -> None:
    host = Host(Purchases())
    host.take(task(region=QUJING, **IN_2023), others("o", "100.0000"))
    assert breaches(host) == ["above_selected"]
    assert host.take(buys("a", "99.9999", day="2023-12-01")) == []
    (ended,) = host.take(buys("b", "0.0001", day="2023-12-01"))
    assert ended.type == VOLUME_CAP_BREACH_ENDED
    assert ended.data["because"]["clauses"] == ["曲政办发〔2022〕10号 四（三）1"]


def test_guizhou_allows_others_only_when_the_task_is_done() -> None:
    host = Host(Purchases())
    host.take(task(task_volume="100.0000"), accepted("a", "99.0000", "2020-03-01"))
    host.take(accepted("o", "1.0000", "2020-03-02", unified_code=OTHER_PRODUCT))
    assert breaches(host) == ["before_task_done"]
    later = Host(Purchases())
    later.take(task(task_volume="100.0000"), accepted("a", "100.0000", "2020-03-01"))
    later.take(accepted("o", "100.0000", "2020-03-02", unified_code=OTHER_PRODUCT))
    assert breaches(later) == []
    later.take(accepted("o2", "0.0001", "2020-03-02", unified_code=OTHER_PRODUCT))
    assert breaches(later) == ["above_selected"]


@pytest.mark.parametrize("region", [YUNNAN, LINCANG, "440000"])
def test_a_paper_without_a_figure_is_no_cap(region: str) -> None:
    host = Host(Purchases())
    host.take(task(region=region, **IN_2023), others("o", "100.0000", region))
    assert of(host, VOLUME_CAP_BREACHED) == []


def test_without_a_task_there_is_no_term_to_count_in() -> None:
    assert Host(Purchases()).take(others("o", "100.0000")) == []


def test_what_is_bought_outside_the_term_does_not_count() -> None:
    host = Host(Purchases())
    host.take(task(region=QUJING, **IN_2023))
    for day in ("2022-12-31", "2024-01-01"):
        host.take(others(day, "100.0000", day=day))
    assert breaches(host) == []


def test_a_cap_that_comes_into_force_within_the_term_counts_from_its_day() -> None:
    host = Host(Purchases())
    host.take(task(region=QUJING, term_from="2022-01-01", term_to="2022-12-31"))
    host.take(others("o1", "9.0000", day="2022-03-04"))
    assert breaches(host) == []
    host.take(others("o2", "9.0000", day="2022-03-05"))
    assert breaches(host) == ["above_selected"]


def test_a_product_listed_as_selected_counts_as_selected() -> None:
    selected = listing(
        "l", "0.100000", QUJING, kind="selected", unified_code=OTHER_PRODUCT, effective_from="2023-02-01"
    )  # fmt: skip
    host = Host(Purchases())
    host.take(task(region=QUJING, **IN_2023), *described(selected))
    host.take(others("o1", "5.0000", day="2023-02-01"))
    assert breaches(host) == []
    host.take(others("o2", "5.0001", day="2023-01-31"))
    assert breaches(host) == ["above_selected"]
    late = Host(Purchases())
    late.take(task(region=QUJING, **IN_2023), others("o1", "5.0000", day="2023-02-01"))
    assert types(late.take(*described(selected))) == [VOLUME_CAP_BREACH_ENDED]


# ------------------------------------------------------------------------ conversion by content


def strength(content: int, unit: str = "mg") -> dict[str, Any]:
    return {"strength": {"content": content, "unit": unit}}


SELECTED_5MG = listing(
    "s", "0.1", CHONGQING, kind="selected", unit_price="0.100000", effective_from="2019-03-20",
    **strength(5000),
)  # fmt: skip
TERM_OF_2019 = {"term_from": "2019-03-20", "term_to": "2020-03-19", "region": CHONGQING}


@pytest.mark.parametrize(
    ("quantity", "breached"), [("50.0000", False), ("50.0001", True), ("100.0000", True)]
)
def test_chongqing_counts_ten_milligrams_as_two_of_five(quantity: str, breached: bool) -> None:
    ten = listing("t", "0.200000", CHONGQING, unified_code=OTHER_PRODUCT, **strength(10_000))
    host = Host(Purchases())
    host.take(task(**TERM_OF_2019), *described(SELECTED_5MG, ten))
    host.take(buys("a", "100.0000", CHONGQING, day="2019-05-01"))
    host.take(others("o", quantity, CHONGQING, day="2019-05-02"))
    assert bool(breaches(host)) is breached
    if breached:
        (found,) = of(host, VOLUME_CAP_BREACHED)
        assert found["because"]["clauses"] == ["渝府办发〔2019〕29号 二（二）"]
        assert "× 每单位含量 content 10000 (" in found["because"]["arithmetic"][1]


@pytest.mark.parametrize("other", [{}, strength(10_000, "g")])
def test_what_states_no_comparable_content_is_left_out_and_said_to_be(
    other: dict[str, Any],
) -> None:
    ten = listing("t", "0.200000", CHONGQING, unified_code=OTHER_PRODUCT, **other)
    five = listing(
        "f", "0.200000", CHONGQING, unified_code="XC08CAA001A001010100003", **strength(5000)
    )
    host = Host(Purchases())
    host.take(task(**TERM_OF_2019), *described(SELECTED_5MG, ten, five))
    host.take(others("o", "1000.0000", CHONGQING, day="2019-05-02"))
    assert breaches(host) == []
    host.take(
        buys("f", "1.0000", CHONGQING, unified_code="XC08CAA001A001010100003", day="2019-05-02")
    )
    (found,) = of(host, VOLUME_CAP_BREACHED)
    assert any("未注明可比含量" in line for line in found["because"]["arithmetic"])


def test_where_nobody_states_a_content_units_are_compared() -> None:
    host = Host(Purchases())
    host.take(task(**TERM_OF_2019), others("o", "0.0001", CHONGQING, day="2019-05-02"))
    assert breaches(host) == ["above_selected"]


def test_weights_are_contents_in_the_selected_products_unit() -> None:
    days = ("2023-01-01", "2023-12-31")
    products = [
        Product("A", QUJING, True, *days, None, 5000, "mg"),
        Product("B", QUJING, False, *days, None, 10_000, "mg"),
        Product("C", QUJING, False, *days, None, 10_000, "IU"),
    ]
    weights = weights_of(products, converted=True)
    assert [weights.of(each) for each in "ABC"] == [5000, 10_000, 0]
    assert [weights_of(products, converted=False).of(each) for each in "ABC"] == [1, 1, 1]


# ------------------------------------------------------------------- completion and its price


@pytest.mark.parametrize("region", [GUIZHOU, YUNNAN, QUJING, LINCANG, CHONGQING])
def test_a_task_is_completed_on_the_day_that_reaches_it(region: str) -> None:
    host = Host(Purchases())
    host.take(task(region=region, selected_price="0.123456", **IN_2023))
    assert host.take(buys("a", "39999.9999", region)) == []
    (found,) = host.take(buys("b", "0.0001", region, day="2023-03-01"))
    assert found.type == VOLUME_TASK_COMPLETED
    assert (found.data["completed_on"], found.data["agreed_amount"]) == ("2023-03-01", "4938.24")
    assert found.data["because"]["arithmetic"] == ["40000 ≥ 40000"]
    assert host.take(buys("c", "5.0000", region, day="2023-03-02", unit_price="0.000001")) == []


def test_a_region_without_a_paper_completes_nothing() -> None:
    host = Host(Purchases())
    assert host.take(task(region="440000", **IN_2023), buys("a", "40000.0000", "440000")) == []


def test_a_corrected_receipt_reopens_the_task() -> None:
    host = Host(Purchases())
    wrong = buys("a", "40000.0000")
    host.take(task(region=QUJING, **IN_2023), wrong)
    found = host.supersede(wrong, buys("b", "4000.0000", supersedes=wrong.id))
    assert types(found) == [VOLUME_TASK_REOPENED]
    assert of(host, VOLUME_TASK_COMPLETED) == []


def test_a_late_receipt_makes_the_completion_an_earlier_one() -> None:
    host = Host(Purchases())
    host.take(task(region=QUJING, **IN_2023), buys("a", "39000.0000"), buys("b", "1000.0000", day="2023-05-01"))  # fmt: skip
    (found,) = host.take(buys("late", "1000.0000", day="2023-04-01"))
    assert (found.data["completed_on"], "replaces" in found.data) == ("2023-04-01", True)
    assert len(of(host, VOLUME_TASK_COMPLETED)) == 1


@pytest.mark.parametrize(("price", "breached"), [("0.100000", False), ("0.100001", True)])
@pytest.mark.parametrize("region", [GUIZHOU, YUNNAN, LINCANG])
def test_beyond_the_task_the_selected_price_holds_until_the_term_ends(
    region: str, price: str, breached: bool
) -> None:
    host = Host(Purchases())
    host.take(task(region=region, selected_price="0.100000", **IN_2023))
    host.take(buys("a", "40000.0000", region))
    host.take(buys("b", "1000000.0000", region, day="2023-12-31", unit_price=price))
    host.take(buys("c", "1000000.0000", region, day="2024-01-01", unit_price="9.000000"))
    found = of(host, VOLUME_OVER_TASK_PRICE_BREACHED)
    assert bool(found) is breached
    if breached:
        assert found[0]["overpaid"] == "1.00"
        assert found[0]["because"]["arithmetic"][1] == "0.100001 > 0.1"


@pytest.mark.parametrize("region", [CHONGQING, "440000"])
def test_a_paper_that_does_not_speak_of_more_than_the_task_says_nothing_of_its_price(
    region: str,
) -> None:
    host = Host(Purchases())
    host.take(task(region=region, selected_price="0.100000", **IN_2023))
    host.take(buys("a", "40000.0000", region))
    host.take(buys("b", "1.0000", region, day="2023-12-31", unit_price="9.000000"))
    assert of(host, VOLUME_OVER_TASK_PRICE_BREACHED) == []


def test_the_listed_selected_price_counts_before_the_one_the_task_states() -> None:
    lower = listing("l", "0.080000", GUIZHOU, kind="selected", effective_from="2020-01-01")
    host = Host(Purchases())
    host.take(task(selected_price="0.100000"), accepted("a", "40000.0000", "2020-02-01"))
    over = accepted("b", "100.0000", "2020-03-01", unit_price="0.090000")
    assert VOLUME_OVER_TASK_PRICE_BREACHED not in types(host.take(over))
    (found,) = host.take(*described(lower))
    assert (found.data["selected_price"], found.data["overpaid"]) == ("0.080000", "1.00")
    raised = listing("l2", "0.090000", GUIZHOU, kind="selected", effective_from="2020-02-15")
    assert types(host.take(*described(lower, raised))) == [VOLUME_OVER_TASK_PRICE_ENDED]


def test_each_years_agreement_is_counted_by_itself() -> None:
    host = Host(Purchases())
    host.take(task(region=QUJING, **IN_2023))
    following = {"term_from": "2024-01-01", "term_to": "2024-12-31", "assigned_on": "2023-12-20"}
    host.take(task("task-2", region=QUJING, **following))
    host.take(buys("a", "40000.0000"), buys("b", "40000.0000", day="2024-02-01"))
    completed = of(host, VOLUME_TASK_COMPLETED)
    assert sorted(each["term_from"] for each in completed) == ["2023-01-01", "2024-01-01"]


# ------------------------------------------------------------------------------- properties


def events(region: str) -> list[Message]:
    return [
        task(region=region, task_volume="100.0000", selected_price="0.100000", **IN_2023),
        buys("a", "60.0000", region),
        buys("b", "50.0000", region, day="2023-04-01"),
        buys("c", "5.0000", region, day="2023-05-01", unit_price="0.200000"),
        others("o1", "70.0000", region, day="2023-04-01"),
        others("o2", "46.0000", region, day="2023-06-01"),
        *described(listing("s", "0.150000", region, kind="selected", effective_from="2023-01-01")),
    ]


def slots(host: Host) -> list[tuple[str, ...]]:
    names = ("breach", "completed_on", "overpaid")
    return sorted(
        (each.type, *(str(each.data.get(name)) for name in names))
        for each in open_now(host).values()
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([QUJING, GUIZHOU, YUNNAN]))
def test_neither_order_nor_repetition_changes_what_is_open(data: Any, region: str) -> None:
    told = events(region)
    in_order, shuffled = Host(Purchases()), Host(Purchases())
    in_order.take(*told)
    shuffled.take(*data.draw(st.permutations(told)))
    assert slots(shuffled) == slots(in_order)
    assert shuffled.take(data.draw(st.sampled_from(told))) == []


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from([QUJING, GUIZHOU, YUNNAN]))
def test_what_is_withdrawn_and_said_again_never_happened(data: Any, region: str) -> None:
    told = data.draw(st.permutations(events(region)))
    plainly, moving = Host(Purchases()), Host(Purchases())
    plainly.take(*told)
    moving.take(*told)
    moved = data.draw(
        st.sampled_from([each for each in told if each.type != VOLUME_DRUG_DESCRIBED])
    )
    elsewhere = buys("elsewhere", "1.0000", region, institution=OTHER_HOSPITAL)
    moving.supersede(moved, elsewhere)
    moving.supersede(elsewhere, moved)
    assert slots(moving) == slots(plainly)
    assert moving.supersede(moved, moved) == []


BUYS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 300), st.sampled_from(["2023-02-01", "2023-07-01"])),
    max_size=8,
)


def above(conclusions: dict[str, Conclusion]) -> bool:
    return any(each.data.get("breach") == "above_selected" for each in conclusions.values())


@settings(max_examples=150, deadline=None)
@given(BUYS, st.booleans(), st.integers(1, 300))
def test_more_of_others_never_ends_a_breach_and_more_selected_never_begins_one(
    bought: list[tuple[bool, int, str]], own: bool, more: int
) -> None:
    host = Host(Purchases())
    host.take(task(region=QUJING, **IN_2023))
    for number, (selected, quantity, day) in enumerate(bought):
        say = buys if selected else others
        host.take(say(f"n{number}", f"{quantity}.0000", day=day))
    selected_sum = sum(quantity for selected, quantity, _ in bought if selected)
    others_sum = sum(quantity for selected, quantity, _ in bought if not selected)
    before = above(open_now(host))
    assert before is (Fraction(others_sum) > selected_sum)
    host.take((buys if own else others)("more", f"{more}.0000"))
    after = above(open_now(host))
    assert after <= before if own else after >= before

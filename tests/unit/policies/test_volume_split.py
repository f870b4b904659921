"""分解与汇总 (R1): published quantities by share, a region's demand, bounds of the selected quantity."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.volumes.volume_split import VolumeSplit
from gateway.policies.volumes.volume_split_shares import split
from schemas.envelope import Message
from schemas.events import (
    VOLUME_DEMAND_SUMMED,
    VOLUME_PUBLISHED_OUTSIDE,
    VOLUME_REGION_FINDING_ENDED,
    VOLUME_SPLIT_COMPUTED,
    VOLUME_WINDOW_CLOSED,
)
from schemas.money import scaled
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import (
    CHONGQING,
    GUIZHOU,
    HOSPITAL,
    OTHER_PRODUCT,
    PRODUCT,
    YUNNAN,
    message,
)
from tests.unit.policies.making_volumes import (
    LINCANG,
    OTHER_HOSPITAL,
    QUJING,
    THIRD_HOSPITAL,
    assert_only_judged,
    corrected,
    figures,
    open_now,
    published,
    types,
    used,
    window,
    wrong_and_right,
)

SHARES = st.dictionaries(
    st.text("ABCDEFGH", min_size=1, max_size=3), st.integers(0, 10**9), min_size=1, max_size=20
).filter(lambda shares: sum(shares.values()) > 0)


@settings(max_examples=300, deadline=None)
@given(shares=SHARES, steps=st.integers(0, 10**7), step=st.sampled_from([1, 10_000, 280_000]))
def test_the_parts_add_up_and_none_is_a_step_off_its_share(
    shares: dict[str, int], steps: int, step: int
) -> None:
    parts = split(steps * step, step, shares)
    total = sum(shares.values())
    assert sum(parts.values()) == steps * step
    assert sum(Fraction(share, total) for share in shares.values()) == 1
    for name, share in shares.items():
        assert abs(parts[name] - Fraction(steps * step * share, total)) < step
        assert parts[name] % step == 0
        assert share or not parts[name]
    for one, share in shares.items():
        assert all(parts[one] <= parts[other] for other, more in shares.items() if share < more)


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    assert split(10, 1, {"a": 1, "b": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert split(10, 1, {"a": 5, "b": 3, "c": 3}) == {"a": 4, "b": 3, "c": 3}
    assert split(7, 1, {"a": 1, "b": 6}) == {"a": 1, "b": 6}


@pytest.mark.parametrize(
    ("whole", "step", "shares"),
    [
        (10, 3, {"a": 1}),
        (10, 1, {"a": 0}),
        (10, 1, {"a": 2, "b": -1}),
        (-1, 1, {"a": 1}),
        (1, 0, {"a": 1}),
    ],
)
def test_what_cannot_be_split_is_refused(whole: int, step: int, shares: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        split(whole, step, shares)


def bought(number: str, volume: str, institution: str, region: str = GUIZHOU) -> Message:
    return used(number, volume, region, institution=institution, basis="platform_purchase")


CLOSED = window(GUIZHOU, window="statistics")
EVENTS = [
    bought("b1", "1000.0000", HOSPITAL, "520102"),
    bought("b2", "1000.0000", OTHER_HOSPITAL, "520300"),
    bought("b3", "999.0000", THIRD_HOSPITAL, "520000"),
    published("p", "1000.0000", GUIZHOU),
    CLOSED,
]


def test_guizhous_published_quantity_is_split_by_platform_purchases() -> None:
    host = Host(VolumeSplit())
    assert host.take(*EVENTS[:-1]) == []
    (found,) = host.take(CLOSED)
    assert found.type == VOLUME_SPLIT_COMPUTED
    lines = {each["institution"]: each for each in found.data["lines"]}
    assert {name: each["allotted_volume"] for name, each in lines.items()} == {
        HOSPITAL: "334.0000",
        OTHER_HOSPITAL: "333.0000",
        THIRD_HOSPITAL: "333.0000",
    }
    assert lines[HOSPITAL]["share"] == "1000/2999"
    assert sum(Fraction(each["share"]) for each in lines.values()) == 1
    why = found.data["because"]
    assert why["clauses"] == ["黔医保发〔2019〕69号 五（一）"]
    assert set(why["causes"]) == {each.id for each in EVENTS}


def test_a_figure_that_comes_late_makes_the_split_anew() -> None:
    host = Host(VolumeSplit())
    host.take(*EVENTS)
    before = next(iter(open_now(host)))
    (found,) = host.take(bought("late", "1.0000", "H52010000009"))
    assert found.data["replaces"] == before
    assert sum(scaled(each["allotted_volume"], 4) for each in found.data["lines"]) == 10_000_000


def test_a_published_quantity_that_is_taken_back_ends_its_split() -> None:
    host = Host(VolumeSplit())
    host.take(*EVENTS)
    other = published("p2", "5.0000", GUIZHOU, batch="另一批次")
    assert types(host.supersede(EVENTS[3], other)) == [VOLUME_REGION_FINDING_ENDED]


def test_a_corrected_figure_makes_the_split_anew_without_one_in_between() -> None:
    host = Host(VolumeSplit())
    host.take(*EVENTS)
    before = next(iter(open_now(host)))
    (found,) = host.supersede(EVENTS[2], bought("b9", "2000.0000", "H52010000009"))
    assert (found.data["purchased_volume"], found.data["replaces"]) == ("4000.0000", before)
    assert [each["institution"] for each in found.data["lines"]][-1] == "H52010000009"


def test_the_only_figure_corrected_does_not_end_the_split() -> None:
    host = Host(VolumeSplit())
    wrong = bought("b1", "1000.0000", HOSPITAL)
    host.take(wrong, EVENTS[3], CLOSED)
    (found,) = host.supersede(wrong, bought("b2", "5.0000", HOSPITAL))
    assert (found.type, found.data["purchased_volume"]) == (VOLUME_SPLIT_COMPUTED, "5.0000")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (EVENTS[0], bought("b9", "1000.0000", HOSPITAL, "520102")),
        (EVENTS[3], published("p9", "1000.0000", GUIZHOU, published_on="2022-04-21")),
        (CLOSED, window(GUIZHOU, window="statistics", closed_on="2022-05-05")),
    ],
)
def test_a_correction_of_what_does_not_count_leaves_the_split_as_it_is(
    wrong: Message, right: Message
) -> None:
    host = Host(VolumeSplit())
    host.take(*EVENTS)
    assert host.supersede(wrong, right) == []


def test_a_figure_of_a_batch_that_is_closed_counts_when_it_was_told_of_another() -> None:
    host = Host(VolumeSplit())
    wrong = used("b", "7.0000", GUIZHOU, batch="另一批次", basis="platform_purchase")
    host.take(wrong, EVENTS[3], CLOSED)
    assert types(host.supersede(wrong, bought("b2", "7.0000", HOSPITAL))) == [VOLUME_SPLIT_COMPUTED]


def test_a_correction_of_a_figure_never_told_is_a_figure_like_any_other() -> None:
    unknown, right = (bought(each, "5.0000", HOSPITAL) for each in ("b8", "b9"))
    assert_only_judged(VolumeSplit(), EVENTS, unknown, right)
    missing = published("p8", "5.0000", GUIZHOU)
    assert_only_judged(VolumeSplit(), [*EVENTS[:3], CLOSED], missing, EVENTS[3])
    assert_only_judged(VolumeSplit(), EVENTS[:4], window(YUNNAN, window="statistics"), CLOSED)


@pytest.mark.parametrize("region", [YUNNAN, CHONGQING, QUJING, "440000"])
def test_regions_whose_paper_splits_nothing_split_nothing(region: str) -> None:
    host = Host(VolumeSplit())
    host.take(
        bought("b1", "1000.0000", HOSPITAL, region),
        published("p", "1000.0000", region),
        window(region, window="statistics"),
    )
    assert VOLUME_SPLIT_COMPUTED not in types(open_now(host).values())


def test_nobody_bought_anything_nothing_is_split() -> None:
    host = Host(VolumeSplit())
    assert host.take(bought("b", "0.0000", HOSPITAL), EVENTS[3], CLOSED) == []


def test_yunnans_demand_is_the_sum_of_all_its_cities_purchases() -> None:
    host = Host(VolumeSplit())
    host.take(
        bought("b1", "1000.0000", HOSPITAL, QUJING),
        bought("b2", "500.0000", OTHER_HOSPITAL, LINCANG),
        used("u", "7.0000", YUNNAN, institution=THIRD_HOSPITAL),
        window(QUJING, window="statistics"),
    )
    assert open_now(host) == {}  # a city's statistics are not yet the province's
    (found,) = host.take(window(YUNNAN, window="statistics"))
    assert found.type == VOLUME_DEMAND_SUMMED
    assert (found.data["region"], found.data["demand_volume"]) == (YUNNAN, "1500.0000")
    assert found.data["institutions"] == 2
    assert "lowest_volume" not in found.data
    assert found.data["because"]["clauses"] == ["云医保〔2020〕71号 四（二）"]


@pytest.mark.parametrize(
    ("volume", "outside"),
    [
        ("1799.9999", True),
        ("1800.0000", False),
        ("2100.0000", False),
        ("2100.0001", True),
    ],
)
def test_chongqing_selects_sixty_to_seventy_percent_of_all_use(volume: str, outside: bool) -> None:
    host = Host(VolumeSplit())
    step = {"step": "0.0001"}
    host.take(
        used("u1", "1000.0000", "500101"),
        used("u2", "2000.0000", CHONGQING, institution=OTHER_HOSPITAL),
        published("p", volume, CHONGQING, **step),
        window(CHONGQING, window="statistics"),
    )
    found = {each.type: each.data for each in open_now(host).values()}
    demand = found[VOLUME_DEMAND_SUMMED]
    assert (demand["lowest_volume"], demand["highest_volume"]) == ("1800.0000", "2100.0000")
    assert demand["because"]["arithmetic"][1:] == ["3000 × 0.60 = 1800", "3000 × 0.70 = 2100"]
    assert (VOLUME_PUBLISHED_OUTSIDE in found) is outside


def test_a_quantity_published_in_parts_is_bounded_as_a_whole() -> None:
    host = Host(VolumeSplit())
    host.take(
        used("u1", "1000.0000", CHONGQING),
        published("p1", "300.0000", CHONGQING),
        published("p2", "300.0000", CHONGQING, unified_code=OTHER_PRODUCT),
        window(CHONGQING, window="statistics"),
    )
    assert VOLUME_PUBLISHED_OUTSIDE not in types(open_now(host).values())


MORE = [*EVENTS, bought("b4", "12.0000", HOSPITAL), bought("b5", "3.0000", HOSPITAL, "520102")]


@settings(max_examples=100, deadline=None)
@given(st.permutations(MORE), st.sampled_from(MORE))
def test_neither_order_nor_repetition_changes_the_split(
    events: list[Message], again: Message
) -> None:
    in_order, shuffled = Host(VolumeSplit()), Host(VolumeSplit())
    in_order.take(*MORE)
    shuffled.take(*events)
    assert figures(shuffled) == figures(in_order)
    assert shuffled.take(again) == []


ELSEWHERE = published("elsewhere", "1.0000", GUIZHOU, drug="METFORMIN")


@settings(max_examples=60, deadline=None)
@given(st.permutations(MORE), st.sampled_from(MORE))
def test_what_is_withdrawn_and_said_again_never_happened(
    events: list[Message], moved: Message
) -> None:
    plainly, moving = Host(VolumeSplit()), Host(VolumeSplit())
    plainly.take(*events)
    moving.take(*events)
    moving.supersede(moved, ELSEWHERE)
    moving.supersede(ELSEWHERE, moved)
    assert figures(moving) == figures(plainly)
    assert moving.supersede(moved, moved) == []


ABOUT = {
    "batch": st.sampled_from(["合成批次", "另一批次"]),
    "unified_code": st.sampled_from([PRODUCT, OTHER_PRODUCT]),
    "drug": st.sampled_from(["AMLODIPINE", "METFORMIN"]),
}
FIGURES = st.fixed_dictionaries(
    {
        **ABOUT,
        "used_volume": st.sampled_from(["0.0000", "7.0000", "1000.0000"]),
        "counted_on": st.sampled_from(["2022-04-01", "2022-04-02"]),
        "basis": st.sampled_from(["use", "platform_purchase"]),
        "institution": st.sampled_from([HOSPITAL, OTHER_HOSPITAL]),
    }
)
QUANTITIES = st.fixed_dictionaries(
    {
        **ABOUT,
        "published_volume": st.sampled_from(["1.0000", "650.0000", "2000.0000"]),
        "published_on": st.sampled_from(["2022-04-20", "2022-04-21"]),
    }
)
WINDOWS = st.fixed_dictionaries(
    {
        "batch": ABOUT["batch"],
        "closed_on": st.sampled_from(["2022-04-30", "2022-05-01"]),
        "window": st.sampled_from(["reporting", "statistics"]),
    }
)
PAIR = st.one_of(*(st.tuples(each, each) for each in (FIGURES, QUANTITIES, WINDOWS)))
PAIRS = st.lists(PAIR, min_size=1, max_size=4)


def said(region: str, number: str, told: dict[str, Any]) -> Message:
    if "window" in told:
        return message(VOLUME_WINDOW_CLOSED, number, window(region, **told).content())
    if "used_volume" in told:
        return used(number, told["used_volume"], region, **told)
    return published(number, told["published_volume"], region, **told)


@settings(max_examples=200, deadline=None)
@given(PAIRS, st.lists(st.one_of(FIGURES, QUANTITIES), max_size=4), st.booleans(), st.data())
def test_what_is_open_after_corrections_is_what_the_right_figures_alone_lead_to(
    pairs: list[tuple[dict[str, Any], ...]],
    rest: list[dict[str, Any]],
    closed: bool,
    data: st.DataObject,
) -> None:
    region = data.draw(st.sampled_from([GUIZHOU, CHONGQING, YUNNAN]))
    others = [said(region, f"o{at}", each) for at, each in enumerate(rest)]
    others += [window(region, window="statistics")] * closed
    wrong, right = wrong_and_right(pairs, partial(said, region))
    straight = Host(VolumeSplit())
    straight.take(*right, *others)
    assert figures(corrected(VolumeSplit(), [*wrong, *others], wrong, right)) == figures(straight)

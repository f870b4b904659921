"""汇总与公示 (R4): sums by county, city, province, drug and batch; lists of each institution."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.policy import Policy
from gateway.policies.progress.progress_publication import Publication
from gateway.policies.progress.roll_up import reporting_month
from gateway.policies.progress.roll_up_regions import BatchRollUp, RegionRollUp
from schemas.envelope import Message
from schemas.events import PROGRESS_MEASURED, PROGRESS_PUBLISHED, PROGRESS_SUMMARISED
from schemas.money import fen, scaled
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, YUNNAN, message
from tests.unit.policies.making_volumes import day_ended, passed_on

ROOMS = [("520102", 3), ("520103", 2), ("520300", 1), ("520000", 1)]
PART = "合成批次/一"


def measurement(
    number: str, quantity: int, region: str, revision: int = 1, **changed: Any
) -> Message:
    figures = {
        "accepted_quantity": f"{quantity}.0000",
        "accepted_amount": f"{quantity}.50",
        "cumulative_quantity": f"{quantity}.0000",
        "cumulative_amount": f"{quantity}.50",
        "task_quantity": "10.0000",
        "completion": "0.0000",
    }
    why = {
        "rule": "R4",
        "clauses": ["合成"],
        "terms": {},
        "arithmetic": [],
        "causes": ["0" * 32],
    }
    data = {
        "institution": f"H520100{number:0>5}",
        "drug": "AMLODIPINE",
        "drug_name": "氨氯地平",
        "region": region,
        "batch": PART,
        "period": "2020-03",
        "ended_on": "2020-03-31",
        "revision": revision,
        "figures": figures | changed.pop("figures", {}),
        "because": why,
    }
    number = f"{number}-{revision}-{changed.get('drug', '')}"
    return message(PROGRESS_MEASURED, number, data | changed, "policy-monitoring")


def institutions() -> list[Message]:
    numbers = iter(range(1, 100))
    return [
        measurement(str(number), number, region)
        for region, count in ROOMS
        for number in (next(numbers) for _ in range(count))
    ]


def run(policy: Policy, *told: Message, days: int = 10) -> Host:
    """Take measurements, then let some days end; what is concluded comes back as in the gateway."""
    host = Host(policy)
    host.take(*told)
    fed = 0
    province = f"{told[0].content()['region'][:2]}0000"
    for day in range(1, days + 1):
        host.take(day_ended(province, f"2020-04-{day:02d}"))
        fed = settle(host, fed)
    return host


def settle(host: Host, fed: int) -> int:
    while len(host.drawn) > fed and PROGRESS_SUMMARISED in host.policy.consumes:
        more = passed_on(host, PROGRESS_SUMMARISED, since=fed)
        fed = len(host.drawn)
        host.take(*more)
    return fed


def sums(host: Host) -> dict[str, dict[str, Any]]:
    """The latest sum by region."""
    found: dict[str, dict[str, Any]] = {}
    for _, each in host.drawn:
        known = found.get(each.data["region"], {"revision": 0})
        assert each.data["revision"] == known["revision"] + 1
        found[each.data["region"]] = each.data
    return found


def test_counties_cities_and_the_province_add_up() -> None:
    found = sums(run(RegionRollUp(), *institutions()))
    assert {region: data["level"] for region, data in found.items()} == {
        "520102": "county",
        "520103": "county",
        "520100": "city",
        "520300": "city",
        "520000": "province",
    }
    quantities = {r: data["figures"]["accepted_quantity"] for r, data in found.items()}
    assert quantities == {
        "520102": "6.0000",
        "520103": "9.0000",
        "520100": "15.0000",
        "520300": "6.0000",
        "520000": "28.0000",
    }
    whole = found["520000"]
    assert (whole["institutions"], whole["accepted_amount"]) == (7, "31.50")
    assert whole["figures"]["completion"] == "0.4000"
    assert "7.0000 + 15.0000 + 6.0000 = 28.0000" in whole["because"]["arithmetic"][0].replace(
        "15.0000 + 6.0000 + 7.0000", "7.0000 + 15.0000 + 6.0000"
    )
    assert whole["because"]["clauses"][0] == "黔医保发〔2019〕69号 六（一）"


def test_each_whole_is_drawn_up_once_at_a_days_end() -> None:
    host = run(RegionRollUp(), *institutions())
    assert {each.data["revision"] for _, each in host.drawn} == {1}
    assert len(host.drawn) == 5


def test_a_whole_rests_on_its_parts() -> None:
    host = run(RegionRollUp(), *institutions())
    by_region = {each.data["region"]: (identity, each) for identity, each in host.drawn}
    province = by_region["520000"][1].data["because"]["causes"]
    assert {by_region["520100"][0], by_region["520300"][0]} <= set(province)


def test_chongqings_districts_stand_below_the_city_directly() -> None:
    found = sums(run(RegionRollUp(), measurement("1", 1, "500101"), measurement("2", 2, "500235")))
    assert set(found) == {"500101", "500235", CHONGQING}
    assert found[CHONGQING]["figures"]["accepted_quantity"] == "3.0000"


@pytest.mark.parametrize(("region", "spoken"), [(YUNNAN, True), ("440000", False)])
def test_a_region_whose_paper_sums_nothing_up_has_no_sums(region: str, spoken: bool) -> None:
    assert bool(run(RegionRollUp(), measurement("1", 1, region)).drawn) is spoken


def test_a_later_revision_draws_every_level_up_anew_and_an_earlier_one_nothing() -> None:
    host = run(RegionRollUp(), *institutions())
    before = len(host.drawn)
    host.take(measurement("1", 100, "520102", revision=3))
    settle(host, before)
    assert sums(host)["520000"]["figures"]["accepted_quantity"] == "127.0000"
    assert {each.data["revision"] for _, each in host.drawn[before:]} == {2}
    again = len(host.drawn)
    host.take(measurement("1", 5, "520102", revision=2))
    assert len(host.drawn) == again


def test_what_is_taken_back_is_no_part_any_more() -> None:
    host = run(RegionRollUp(), *institutions())
    before = len(host.drawn)
    gone = {"task_quantity": "0.0000", "accepted_quantity": "0.0000", "accepted_amount": "0.00"}
    host.take(measurement("1", 0, "520102", revision=2, figures=gone))
    settle(host, before)
    assert (sums(host)["520102"]["institutions"], sums(host)["520000"]["institutions"]) == (2, 6)


def test_done_counts_those_who_have_reached_their_task() -> None:
    told = [measurement("1", 9, "520102"), measurement("2", 10, "520102")]
    assert sums(run(RegionRollUp(), *told))["520102"]["done"] == 1


@pytest.mark.parametrize(
    ("day", "month"),
    [
        ("2020-03-30", ""),
        ("2020-03-31", "2020-03"),
        ("2020-04-01", "2020-03"),
        ("2020-04-10", "2020-03"),
        ("2020-04-11", ""),
        ("2020-04-30", "2020-04"),
        ("2021-01-01", "2020-12"),
        ("2020-02-29", "2020-02"),
        ("2021-02-28", "2021-02"),
    ],
)
def test_the_month_is_drawn_up_in_the_first_days_of_the_next(day: str, month: str) -> None:
    assert reporting_month(day) == month


def test_a_month_that_is_measured_too_late_for_its_days_is_drawn_up_at_once() -> None:
    host = Host(RegionRollUp())
    host.take(day_ended(GUIZHOU, "2020-04-10"), measurement("1", 1, "520102"))
    assert settle(host, 0) == 3
    early = Host(RegionRollUp())
    early.take(day_ended(GUIZHOU, "2020-04-09"), measurement("1", 1, "520102"))
    assert early.drawn == []


QUANTITIES = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from([r for r, _ in ROOMS])), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(QUANTITIES, st.randoms(use_true_random=False))
def test_the_parts_sum_to_the_whole_in_any_order(told: list[tuple[int, str]], order: Any) -> None:
    events = [measurement(str(n), quantity, region) for n, (quantity, region) in enumerate(told)]
    found = sums(run(RegionRollUp(), *events))
    whole = found[GUIZHOU]
    assert scaled(whole["figures"]["accepted_quantity"], 4) == sum(q * 10_000 for q, _ in told)
    assert fen(whole["accepted_amount"]) == sum(q * 100 + 50 for q, _ in told)
    order.shuffle(events)
    shuffled = sums(run(RegionRollUp(), *events))
    assert {r: d["figures"] for r, d in shuffled.items()} == {
        r: d["figures"] for r, d in found.items()
    }


def test_a_batch_sums_its_drugs_amounts_and_no_quantities() -> None:
    regions = run(RegionRollUp(), *institutions(), measurement("1", 4, "520102", drug="OTHER"))
    told = passed_on(regions, PROGRESS_SUMMARISED)
    found = sums(run(BatchRollUp(), *told))
    assert found["520102"]["accepted_amount"] == "12.00"  # 1.50 + 2.50 + 3.50, and 4.50
    assert found[GUIZHOU]["accepted_amount"] == "36.00"
    assert found[GUIZHOU]["institutions"] == 8
    assert "figures" not in found[GUIZHOU]
    assert "drug" not in found[GUIZHOU]


# ------------------------------------------------------------------------------- 公示


def test_guizhou_publishes_each_institutions_months_drug_by_drug() -> None:
    told = [measurement("1", 1, "520102"), measurement("1", 2, "520102", drug="OTHER")]
    quarter = measurement("1", 9, "520102", revision=7, period="2020-Q1")
    host = run(Publication(), *told, quarter)
    ((_, found),) = host.drawn
    assert found.type == PROGRESS_PUBLISHED
    assert [line["drug"] for line in found.data["lines"]] == ["AMLODIPINE", "OTHER"]
    assert found.data["published_on"] == "2020-04-01"
    assert found.data["because"]["clauses"] == ["黔医保发〔2019〕69号 五（四）"]
    assert set(found.data["because"]["causes"]) >= {each.id for each in told}
    (again,) = host.take(measurement("1", 3, "520102", revision=2))
    assert (again.data["revision"], again.data["replaces"]) == (2, host.drawn[0][0])
    assert again.data["lines"][0]["figures"]["accepted_quantity"] == "3.0000"


@pytest.mark.parametrize("region", [YUNNAN, "530300", "530900", CHONGQING])
def test_a_region_whose_paper_publishes_nothing_has_no_list(region: str) -> None:
    assert run(Publication(), measurement("1", 1, region)).drawn == []

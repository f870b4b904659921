"""报量 (R1): floors, growth, proposals and missing reports, per region."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.volumes.volume_report import VolumeReport
from schemas.envelope import Message
from schemas.events import (
    VOLUME_REPORT_FINDING_ENDED,
    VOLUME_REPORT_MISSING,
    VOLUME_REPORT_SHORT,
    VOLUME_TASK_PROPOSED,
    VOLUME_WINDOW_CLOSED,
)
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
    assert_only_judged,
    corrected,
    figures,
    open_now,
    reported,
    types,
    used,
    window,
    wrong_and_right,
)


def short(host: Host) -> list[dict[str, Any]]:
    return [each.data for each in open_now(host).values() if each.type == VOLUME_REPORT_SHORT]


@pytest.mark.parametrize(
    ("region", "volume", "is_short"),
    [
        (LINCANG, "700.0000", False),
        (LINCANG, "700.0001", False),
        (LINCANG, "699.9999", True),
        (LINCANG, "0.0000", True),
        (QUJING, "850.0000", False),
        (QUJING, "849.9999", True),
        (YUNNAN, "1.0000", False),
        (GUIZHOU, "1.0000", False),
        (CHONGQING, "1.0000", False),
        ("440300", "1.0000", False),
    ],
)
def test_a_report_below_the_papers_share_of_last_years_use_is_short(
    region: str, volume: str, is_short: bool
) -> None:
    host = Host(VolumeReport())
    host.take(used("u", "1000.0000", region), reported("r", volume, region))
    assert bool(short(host)) is is_short


def test_lincangs_shortfall_says_why_so_that_it_can_be_checked_by_hand() -> None:
    host = Host(VolumeReport())
    use, report = used("u", "1000.0000", LINCANG), reported("r", "699.0000", LINCANG)
    host.take(use, report)
    (found,) = short(host)
    assert (found["reported_volume"], found["compared_volume"], found["required_volume"]) == (
        "699.0000",
        "1000.0000",
        "700.0000",
    )
    why = found["because"]
    assert why["rule"] == "R1"
    assert why["clauses"] == ["临政办发〔2021〕77号 三"]
    assert why["terms"]["report.floor"] == "0.70"
    assert why["arithmetic"] == ["699 < 1000 × 0.70 = 700"]
    assert set(why["causes"]) == {use.id, report.id}


def test_a_floor_that_is_no_round_quantity_is_rounded_up() -> None:
    host = Host(VolumeReport())
    host.take(used("u", "0.0001", LINCANG), reported("r", "0.0000", LINCANG))
    (found,) = short(host)
    assert found["required_volume"] == "0.0001"


def test_lincang_counts_a_generics_products_together_and_qujing_each_by_itself() -> None:
    for region, shorts in ((LINCANG, 0), (QUJING, 1)):
        host = Host(VolumeReport())
        host.take(
            used("u1", "500.0000", region),
            used("u2", "500.0000", region, unified_code=OTHER_PRODUCT),
            reported("r1", "1000.0000", region),
            reported("r2", "100.0000", region, unified_code=OTHER_PRODUCT),
        )
        assert len(short(host)) == shorts
    assert short(host)[0]["unified_code"] == OTHER_PRODUCT


@pytest.mark.parametrize(
    ("before", "now", "is_short"),
    [
        ("700.0000", "700.0001", False),
        ("700.0000", "700.0000", True),
        ("701.0000", "700.0000", True),
    ],
)
def test_reports_in_lincang_grow_each_year(before: str, now: str, is_short: bool) -> None:
    host = Host(VolumeReport())
    host.take(
        reported("r0", before, LINCANG, year="2021", reported_on="2021-12-20"),
        reported("r1", now, LINCANG),
        used("u", "700.0000", LINCANG),
    )
    assert [each["shortfall"] for each in short(host)] == (["not_growing"] if is_short else [])


def test_other_regions_do_not_ask_that_reports_grow() -> None:
    host = Host(VolumeReport())
    host.take(reported("r0", "2.0000", QUJING, year="2021"), reported("r1", "1.0000", QUJING))
    assert short(host) == []


def test_qujing_fixes_the_quantity_at_eighty_five_percent_of_last_years_use() -> None:
    host = Host(VolumeReport())
    host.take(used("u", "1000.0001", QUJING))
    (proposal,) = open_now(host).values()
    assert proposal.type == VOLUME_TASK_PROPOSED
    assert proposal.data["proposed_volume"] == "850.0001"  # 850.000085, never below the share
    assert proposal.data["unified_code"] == PRODUCT


def test_the_paper_counts_use_and_not_purchases() -> None:
    host = Host(VolumeReport())
    host.take(
        used("u", "1000.0000", LINCANG, basis="platform_purchase"),
        reported("r", "1.0000", LINCANG),
    )
    assert short(host) == []


@pytest.mark.parametrize("region", [YUNNAN, QUJING, LINCANG])
def test_a_public_institution_that_used_and_does_not_report_is_missing(region: str) -> None:
    host = Host(VolumeReport())
    use, closing = used("u", "1000.0000", region), window(YUNNAN)
    host.take(use)
    found = host.take(closing)
    assert types(found) == [VOLUME_REPORT_MISSING]
    assert found[0].data["because"]["clauses"] == ["云医保〔2020〕71号 四（三）"]
    assert set(found[0].data["because"]["causes"]) == {use.id, closing.id}
    late = host.take(reported("r", "1000.0000", region, reported_on="2022-05-02"))
    assert types(late) == [VOLUME_REPORT_FINDING_ENDED]


@pytest.mark.parametrize(
    "changed",
    [{"public": False}, {"used_volume": "0.0000"}, {"region": GUIZHOU}, {"batch": "另一批次"}],
)
def test_who_need_not_report_is_not_missing(changed: dict[str, Any]) -> None:
    host = Host(VolumeReport())
    told = {"region": YUNNAN} | changed
    host.take(used("u", **{"volume": "1000.0000"} | told), window(YUNNAN), window(GUIZHOU))
    assert host.drawn == []


def test_a_citys_window_does_not_close_its_neighbours() -> None:
    host = Host(VolumeReport())
    host.take(used("u", "1000.0000", QUJING), window(LINCANG))
    assert VOLUME_REPORT_MISSING not in types(open_now(host).values())
    host.take(window(LINCANG, window="statistics", closed_on="2022-05-01"))
    assert VOLUME_REPORT_MISSING not in types(open_now(host).values())


def test_qujings_medical_community_reports_as_one_and_lincangs_does_not() -> None:
    for region, shorts in ((QUJING, 0), (LINCANG, 1)):
        host = Host(VolumeReport())
        together = {"community": "合成示例县医共体"}
        host.take(
            used("u1", "1000.0000", region, **together),
            used("u2", "1000.0000", region, institution=OTHER_HOSPITAL, **together),
            reported("r1", "1700.0000", region, **together),
            reported("r2", "0.0000", region, institution=OTHER_HOSPITAL, **together),
        )
        assert len(short(host)) == shorts
        assert len(host.states) == 1
    assert short(host)[0]["members"] == [OTHER_HOSPITAL]


def test_a_later_report_of_the_same_thing_replaces_the_earlier() -> None:
    host = Host(VolumeReport())
    host.take(used("u", "1000.0000", LINCANG), reported("r1", "600.0000", LINCANG))
    host.take(reported("r2", "650.0000", LINCANG, reported_on="2022-04-11"))
    (found,) = short(host)
    assert found["reported_volume"] == "650.0000"
    assert found["because"]["causes"][0] == found["replaces"]
    ended = host.take(reported("r3", "700.0000", LINCANG, reported_on="2022-04-12"))
    assert types(ended) == [VOLUME_REPORT_FINDING_ENDED]


def test_a_corrected_report_ends_what_rested_on_it() -> None:
    host = Host(VolumeReport())
    wrong = reported("r", "70.0000", LINCANG)
    host.take(used("u", "1000.0000", LINCANG), wrong)
    right = reported("r2", "700.0000", LINCANG, supersedes=wrong.id)
    assert types(host.supersede(wrong, right)) == [VOLUME_REPORT_FINDING_ENDED]
    assert open_now(host) == {}


def test_a_corrected_report_that_is_still_short_is_said_once_with_the_right_figures() -> None:
    host = Host(VolumeReport())
    wrong = reported("r", "70.0000", LINCANG)
    host.take(used("u", "1000.0000", LINCANG), wrong)
    (found,) = host.supersede(wrong, reported("r2", "690.0000", LINCANG))
    was = host.drawn[0][0]
    assert (found.data["reported_volume"], found.data["replaces"]) == ("690.0000", was)


def test_a_corrected_use_gives_the_proposal_anew() -> None:
    host = Host(VolumeReport())
    wrong = used("u", "1000.0000", QUJING)
    host.take(wrong)
    (found,) = host.supersede(wrong, used("u2", "2000.0000", QUJING))
    assert (found.type, found.data["proposed_volume"]) == (VOLUME_TASK_PROPOSED, "1700.0000")
    assert found.data["replaces"] == host.drawn[0][0]


def test_while_a_report_is_corrected_it_is_not_missing() -> None:
    host = Host(VolumeReport())
    wrong = reported("r", "800.0000", LINCANG)
    assert host.take(used("u", "1000.0000", LINCANG), wrong, window(YUNNAN)) == []
    assert host.supersede(wrong, reported("r2", "900.0000", LINCANG)) == []


def test_a_report_that_was_anothers_is_missing_here() -> None:
    host = Host(VolumeReport())
    wrong = reported("r", "800.0000", LINCANG)
    host.take(used("u", "1000.0000", LINCANG), wrong, window(YUNNAN))
    others = reported("r2", "800.0000", LINCANG, institution=OTHER_HOSPITAL)
    assert types(host.supersede(wrong, others)) == [VOLUME_REPORT_MISSING]


@pytest.mark.parametrize(
    ("right", "followed"),
    [
        (window(YUNNAN, closed_on="2022-05-05"), []),
        (window(QUJING), [VOLUME_REPORT_FINDING_ENDED]),
    ],
)
def test_a_corrected_window_ends_what_is_missing_only_where_it_was_anothers(
    right: Message, followed: list[str]
) -> None:
    host = Host(VolumeReport())
    host.take(used("u", "1000.0000", LINCANG), window(YUNNAN))
    assert types(host.supersede(window(YUNNAN), right)) == followed


def test_a_correction_of_a_report_never_told_is_a_report_like_any_other() -> None:
    given_ = [used("u", "1000.0000", LINCANG), reported("r", "600.0000", LINCANG)]
    unknown = reported("r0", "1.0000", LINCANG)
    assert_only_judged(VolumeReport(), given_, unknown, reported("r2", "700.0000", LINCANG))


def test_before_the_paper_is_in_force_nothing_is_short() -> None:
    host = Host(VolumeReport())
    early = {"reported_on": "2021-12-17", "year": "2021"}
    host.take(
        used("u", "1000.0000", LINCANG, year="2020", counted_on="2021-12-17"),
        reported("r", "1.0000", LINCANG, **early),
    )
    assert short(host) == []


def test_consumables_are_counted_like_drugs() -> None:
    host = Host(VolumeReport())
    group = {"drug": "耗材组/一", "drug_name": "合成示例导管"}
    host.take(used("u", "100.0000", QUJING, **group), reported("r", "84.0000", QUJING, **group))
    assert short(host)[0]["drug"] == "耗材组/一"


EVENTS = [
    used("u1", "1000.0000", LINCANG),
    used("u2", "500.0000", LINCANG, unified_code=OTHER_PRODUCT),
    reported("r0", "900.0000", LINCANG, year="2021", reported_on="2021-12-20"),
    reported("r1", "600.0000", LINCANG),
    reported("r2", "640.0000", LINCANG, reported_on="2022-04-11"),
    reported("r3", "200.0000", LINCANG, unified_code=OTHER_PRODUCT),
    window(YUNNAN),
]


@settings(max_examples=100, deadline=None)
@given(st.permutations(EVENTS), st.sampled_from(EVENTS))
def test_neither_order_nor_repetition_changes_what_is_open(
    events: list[Message], again: Message
) -> None:
    in_order, shuffled = Host(VolumeReport()), Host(VolumeReport())
    in_order.take(*EVENTS)
    shuffled.take(*events)
    assert figures(shuffled) == figures(in_order)
    assert shuffled.take(again) == []


ELSEWHERE = reported("elsewhere", "1.0000", LINCANG, institution=OTHER_HOSPITAL)


@settings(max_examples=60, deadline=None)
@given(st.permutations(EVENTS), st.sampled_from(EVENTS))
def test_what_is_withdrawn_and_said_again_never_happened(
    events: list[Message], moved: Message
) -> None:
    plainly, moving = Host(VolumeReport()), Host(VolumeReport())
    plainly.take(*events)
    moving.take(*events)
    moving.supersede(moved, ELSEWHERE)
    moving.supersede(ELSEWHERE, moved)
    assert figures(moving) == figures(plainly)
    assert moving.supersede(moved, moved) == []


ABOUT = {
    "batch": st.sampled_from(["合成批次", "另一批次"]),
    "institution": st.sampled_from([HOSPITAL, OTHER_HOSPITAL]),
    "unified_code": st.sampled_from([PRODUCT, OTHER_PRODUCT]),
    "drug": st.sampled_from(["AMLODIPINE", "METFORMIN"]),
}
VOLUMES = st.sampled_from(["0.0000", "600.0000", "850.0000", "1000.0000"])
REPORTS = st.fixed_dictionaries(
    ABOUT
    | {
        "reported_volume": VOLUMES,
        "year": st.sampled_from(["2021", "2022"]),
        "reported_on": st.sampled_from(["2022-04-09", "2022-04-10"]),
    }
)
USES = st.fixed_dictionaries(
    {
        **ABOUT,
        "used_volume": VOLUMES,
        "counted_on": st.sampled_from(["2022-04-01", "2022-04-02"]),
        "basis": st.sampled_from(["use", "platform_purchase"]),
        "public": st.booleans(),
    }
)
WINDOWS = st.fixed_dictionaries(
    {
        "region": st.sampled_from([YUNNAN, LINCANG, QUJING]),
        "closed_on": st.sampled_from(["2022-04-30", "2022-05-01"]),
        "window": st.sampled_from(["reporting", "statistics"]),
    }
)
PAIR = st.one_of(*(st.tuples(each, each) for each in (REPORTS, USES, WINDOWS)))
PAIRS = st.lists(PAIR, min_size=1, max_size=4)


def said(region: str, number: str, told: dict[str, Any]) -> Message:
    if "window" in told:
        return message(VOLUME_WINDOW_CLOSED, number, window(**told).content())
    if "used_volume" in told:
        return used(number, told["used_volume"], region, **told)
    return reported(number, told["reported_volume"], region, **told)


@settings(max_examples=200, deadline=None)
@given(PAIRS, st.lists(st.one_of(REPORTS, USES), max_size=4), st.sampled_from([LINCANG, QUJING]))
def test_what_is_open_after_corrections_is_what_the_right_facts_alone_lead_to(
    pairs: list[tuple[dict[str, Any], ...]], rest: list[dict[str, Any]], region: str
) -> None:
    others = [said(region, f"o{at}", each) for at, each in enumerate(rest)]
    wrong, right = wrong_and_right(pairs, partial(said, region))
    straight = Host(VolumeReport())
    straight.take(*right, *others)
    assert figures(corrected(VolumeReport(), [*wrong, *others], wrong, right)) == figures(straight)


@settings(max_examples=150, deadline=None)
@given(
    use=st.integers(min_value=0, max_value=10**9), report=st.integers(min_value=0, max_value=10**9)
)
def test_short_is_exactly_below_seventy_percent(use: int, report: int) -> None:
    def volume(number: int) -> str:
        return f"{number // 10_000}.{number % 10_000:04d}"

    host = Host(VolumeReport())
    host.take(used("u", volume(use), LINCANG), reported("r", volume(report), LINCANG))
    assert bool(short(host)) is (Fraction(report) < Fraction(use) * Fraction(7, 10))

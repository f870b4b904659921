"""供应保障 (R12): monthly reports, capacity reported ahead, shortages, measures."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.supply.supply_reports import SupplyReports
from gateway.policies.terms import load_terms
from gateway.ports import Search
from schemas.envelope import Message
from schemas.events import (
    SUPPLY_CAPACITY_REPORTED_LATE,
    SUPPLY_FINDING_ENDED,
    SUPPLY_MEASURES_PROPOSED,
    SUPPLY_REPORT_MISSING,
    SUPPLY_SHORTAGE_WARNED,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, SICHUAN, YUNNAN
from tests.unit.policies.making_money import day_ended
from tests.unit.policies.making_supply import (
    D1,
    LINCANG,
    MAKER,
    QUJING,
    agreed,
    capacity_short,
    failed,
    halted,
    open_now,
    reported,
    reserve,
    restored,
    told,
)
from tests.unit.policies.test_runner import put, runner, settle
from tests.unit.policies.test_terms import HEAD, folder


def supply(*messages: Message, rules: Any = None) -> Host:
    host = Host(SupplyReports()) if rules is None else Host(SupplyReports(), rules)
    host.take(*messages)
    return host


def missing(host: Host) -> list[str]:
    return [each.data["month"] for _, each in open_now(host) if each.type == SUPPLY_REPORT_MISSING]


# ---------------------------------------------------------------------------- monthly reports


@pytest.mark.parametrize(("ended", "found"), [("2020-06-29", []), ("2020-06-30", ["2020-05"])])
def test_yunnan_misses_a_months_report_when_the_next_month_has_ended(
    ended: str, found: list[str]
) -> None:
    assert missing(supply(agreed(), day_ended(ended, YUNNAN))) == found


def test_what_is_missing_says_why() -> None:
    host = supply(agreed(), day_ended("2020-06-30", YUNNAN))
    ((_, found),) = open_now(host)
    data = found.data
    assert (data["party"], data["month"], data["due_on"]) == (MAKER, "2020-05", "2020-06-30")
    assert (data["reported"], data["missing"]) == (
        False,
        ["produced", "supplied", "stock", "payments"],
    )
    assert data["because"]["clauses"] == ["云医保〔2020〕71号 四（六）"]
    assert data["because"]["causes"] == [agreed().id, day_ended("2020-06-30", YUNNAN).id]


def test_a_report_in_time_or_late_leaves_nothing_missing() -> None:
    host = supply(agreed(), reported("2020-05", "2020-06-30"), day_ended("2020-06-30", YUNNAN))
    assert open_now(host) == []
    host.take(day_ended("2020-07-31", YUNNAN))
    assert missing(host) == ["2020-06"]
    (ended,) = host.take(reported("2020-06", "2020-08-02"))
    assert ended.type == SUPPLY_FINDING_ENDED


@pytest.mark.parametrize(
    ("field", "item"),
    [
        ("produced_quantity", "produced"),
        ("supplied_quantity", "supplied"),
        ("stock_quantity", "stock"),
        ("payments_received", "payments"),
    ],
)
def test_a_report_without_one_of_the_four_items_is_incomplete(field: str, item: str) -> None:
    said = reported("2020-05", "2020-06-02", **{field: None})
    ((_, found),) = open_now(supply(agreed(), said, day_ended("2020-06-30", YUNNAN)))
    assert (found.data["reported"], found.data["missing"]) == (True, [item])
    assert said.id in found.data["because"]["causes"]


def test_zero_is_a_report_too() -> None:
    nothing = reported("2020-05", "2020-06-02", produced_quantity="0.0000", stock_quantity="0.0000")
    assert missing(supply(agreed(), nothing, day_ended("2020-06-30", YUNNAN))) == []


def test_only_months_in_which_supply_was_agreed_are_reported_on() -> None:
    short = agreed(supply_from="2020-05-31", supply_to="2020-07-01")
    host = supply(short, day_ended("2021-06-30", YUNNAN))
    assert missing(host) == ["2020-05", "2020-06", "2020-07"]


@pytest.mark.parametrize(
    ("region", "found"), [(LINCANG, 1), (QUJING, 0), (GUIZHOU, 0), (CHONGQING, 0), (SICHUAN, 0)]
)
def test_lincang_inherits_the_month_and_elsewhere_no_period_is_named(
    region: str, found: int
) -> None:
    terms = {"supply_from": "2022-04-01", "supply_to": "2022-04-30", "region": region}
    host = supply(agreed(**terms), day_ended("2022-05-31", region))
    assert len(missing(host)) == found


@pytest.mark.parametrize(("ended", "found"), [("2020-06-09", []), ("2020-06-10", ["2020-05"])])
def test_a_file_that_names_a_day_makes_it_due_on_that_day(
    tmp_path: Path, ended: str, found: list[str]
) -> None:
    city = HEAD.format(code="530400") + (
        '[supply.report_by]\nvalue = "10"\nclause = "合成 一"\nfrom = 2020-01-01\n'
        '[supply.report]\nvalue = "month"\nclause = "合成 一"\nfrom = 2020-01-01\n'
    )
    rules = load_terms(folder(tmp_path, region_530400=city))
    host = supply(agreed(region="530400"), day_ended(ended, YUNNAN), rules=rules)
    assert missing(host) == found


def test_the_day_named_is_the_last_of_a_shorter_month(tmp_path: Path) -> None:
    city = HEAD.format(code="530400") + (
        '[supply.report_by]\nvalue = "31"\nclause = "合成 一"\nfrom = 2020-01-01\n'
        '[supply.report]\nvalue = "month"\nclause = "合成 一"\nfrom = 2020-01-01\n'
    )
    rules = load_terms(folder(tmp_path, region_530400=city))
    host = supply(agreed(region="530400"), day_ended("2020-06-30", YUNNAN), rules=rules)
    assert missing(host) == ["2020-05"]


def test_the_last_report_of_a_month_counts() -> None:
    whole = reported("2020-05", "2020-06-02")
    lacking = reported("2020-05", "2020-06-03", stock_quantity=None)
    assert missing(supply(agreed(), whole, lacking, day_ended("2020-06-30", YUNNAN))) == ["2020-05"]


# ---------------------------------------------------------------------------- capacity, ahead


@pytest.mark.parametrize(
    ("reported_on", "late"), [("2020-05-31", 0), ("2020-06-01", 1), ("2020-06-02", 1)]
)
def test_yunnan_wants_short_capacity_reported_ahead(reported_on: str, late: int) -> None:
    host = supply(capacity_short("2020-06-01", reported_on))
    kinds = [each.type for _, each in open_now(host)]
    assert kinds.count(SUPPLY_CAPACITY_REPORTED_LATE) == late


@pytest.mark.parametrize("region", [GUIZHOU, CHONGQING, SICHUAN])
def test_elsewhere_nobody_says_ahead(region: str) -> None:
    host = supply(capacity_short("2022-06-01", "2022-06-02", region=region))
    assert SUPPLY_CAPACITY_REPORTED_LATE not in [each.type for _, each in open_now(host)]


# ---------------------------------------------------------------------------- shortages

SHORT = capacity_short("2020-07-01", "2020-06-10", capacity_quantity="1000.0000")


@pytest.mark.parametrize(
    ("capacity", "warned"), [("1049.9999", True), ("1050.0000", False), ("1050.0001", False)]
)
def test_a_shortage_is_what_stock_and_capacity_do_not_cover(capacity: str, warned: bool) -> None:
    # agreed 1200, supplied 100: 1100 remain; 50 are in stock
    short = capacity_short("2020-07-01", "2020-06-10", capacity_quantity=capacity)
    host = supply(agreed(), reported("2020-05", "2020-06-02"), short)
    assert bool(open_now(host)) is warned


def test_a_shortage_shows_its_figures() -> None:
    host = supply(agreed(), reported("2020-05", "2020-06-02"), SHORT)
    ((_, found),) = open_now(host)
    data = found.data
    assert found.type == SUPPLY_SHORTAGE_WARNED
    assert (data["remaining_quantity"], data["stock_quantity"]) == ("1100.0000", "50.0000")
    assert (data["short_quantity"], data["cover"]) == ("50.0000", "0.0454")
    assert data["because"]["arithmetic"] == [
        "待供 remaining: 1200 − 100 = 1100",
        "1100 − (库存与储备 at hand 50 + 产能 capacity 1000) = 50 > 0",
    ]
    assert set(data["because"]["causes"]) == {
        SHORT.id,
        agreed().id,
        reported("2020-05", "2020-06-02").id,
    }


def test_the_makers_own_word_is_enough_where_figures_are_missing() -> None:
    host = supply(capacity_short("2020-07-01", "2020-06-10"))
    ((_, found),) = open_now(host)
    assert "short_quantity" not in found.data
    assert "cover" not in found.data
    host.take(agreed())
    ((_, found),) = open_now(host)
    assert found.data["remaining_quantity"] == "1200.0000"


def test_a_reserve_counts_beside_the_stock() -> None:
    messages = [agreed(), reported("2020-05", "2020-06-02"), SHORT]
    assert len(open_now(supply(*messages, reserve("49.9999", "2020-06-05")))) == 1
    assert open_now(supply(*messages, reserve("50.0000", "2020-06-05"))) == []


@pytest.mark.parametrize(
    ("region", "clause"),
    [
        (GUIZHOU, "黔医保发〔2019〕69号 六（一）"),
        (CHONGQING, "渝府办发〔2019〕29号 四"),
        (QUJING, "曲政办发〔2022〕10号 附件"),
        (LINCANG, "云医保〔2020〕71号 四（五）"),
    ],
)
def test_a_halt_warns_of_shortage_wherever_shortages_are_watched(region: str, clause: str) -> None:
    ((_, found),) = open_now(supply(halted("2022-06-01", "2022-05-20", region=region)))
    assert (found.type, found.data["ground"]) == (SUPPLY_SHORTAGE_WARNED, "halt")
    assert found.data["because"]["clauses"] == [clause]
    assert open_now(supply(halted("2022-06-01", "2022-05-20", region=SICHUAN))) == []


def test_a_halt_is_over_on_the_first_day_of_production() -> None:
    host = supply(halted("2020-06-01", "2020-05-20", resumed_on="2020-06-10"))
    host.take(day_ended("2020-06-09", YUNNAN))
    assert len(open_now(host)) == 1
    (ended,) = host.take(day_ended("2020-06-10", YUNNAN))
    assert (ended.type, ended.data["ended_on"]) == (SUPPLY_FINDING_ENDED, "2020-06-10")


def test_a_shortage_is_over_after_its_last_day_or_when_supply_is_restored() -> None:
    short = capacity_short("2020-07-01", "2020-06-10", short_to="2020-08-31")
    host = supply(short, day_ended("2020-08-31", YUNNAN))
    assert len(open_now(host)) == 1
    host.take(day_ended("2020-09-01", YUNNAN))
    assert open_now(host) == []
    other = supply(short, day_ended("2020-07-09", YUNNAN), restored("2020-07-10"))
    assert len(open_now(other)) == 1
    other.take(day_ended("2020-07-10", YUNNAN))
    assert open_now(other) == []


def test_a_report_that_was_wrong_takes_its_warning_with_it() -> None:
    host = supply(agreed(), reported("2020-05", "2020-06-02"), SHORT)
    host.supersede(SHORT, capacity_short("2020-07-01", "2020-06-11", capacity_quantity="9000.0000"))
    assert open_now(host) == []


# ---------------------------------------------------------------------------- measures


@pytest.mark.parametrize(
    ("region", "measures"),
    [
        (GUIZHOU, ["赔偿", "惩戒", "退出", "备选", "应急保障"]),
        (CHONGQING, ["赔偿", "惩戒", "退出", "备选", "应急保障"]),
        (QUJING, ["承担相应的责任", "承担由此产生的所有费用"]),
    ],
)
def test_the_papers_measures_are_proposed_when_supply_fails(
    region: str, measures: list[str]
) -> None:
    ((_, found),) = open_now(supply(failed("2022-06-01", region=region)))
    assert (found.type, found.data["measures"]) == (SUPPLY_MEASURES_PROPOSED, measures)
    assert found.data["party"] == MAKER


@pytest.mark.parametrize("region", [YUNNAN, LINCANG, SICHUAN])
def test_where_the_paper_names_no_measure_none_is_proposed(region: str) -> None:
    assert open_now(supply(failed("2022-06-01", region=region))) == []


@pytest.mark.parametrize(("region", "proposed"), [(QUJING, 0), (GUIZHOU, 1)])
def test_qujing_excuses_force_majeure_and_guizhou_does_not_say_so(
    region: str, proposed: int
) -> None:
    host = supply(failed("2022-06-01", region=region, force_majeure=True))
    assert len(open_now(host)) == proposed


def test_yunnan_has_measures_for_distributors_that_fail() -> None:
    ((_, found),) = open_now(supply(failed("2022-06-01", distributor=D1)))
    assert (found.data["party"], found.data["distributor"]) == (D1, D1)
    assert found.data["measures"] == ["约谈", "责令整改", "暂停配送资格", "取消配送资格"]


def test_measures_stand_when_supply_is_restored_because_it_did_fail() -> None:
    host = supply(failed("2022-06-01", region=GUIZHOU), restored("2022-07-01", region=GUIZHOU))
    assert len(open_now(host)) == 1


# ---------------------------------------------------------------------------- any order

DAYS = st.integers(0, 200).map(lambda at: days_after("2020-05-01", at))


@st.composite
def facts(draw: st.DrawFn) -> list[Message]:
    found: list[Message] = [agreed(draw(st.sampled_from(["300.0000", "1200.0000"])))]
    found += [
        reported(
            f"2020-{month:02d}",
            f"2020-{month + 1:02d}-03",
            stock_quantity=draw(st.sampled_from([None, "50.0000", "400.0000"])),
        )
        for month in draw(st.lists(st.integers(5, 9), max_size=4))
    ]
    for _ in range(draw(st.integers(0, 2))):
        quantity = draw(st.sampled_from([None, "0.0000", "700.0000"]))
        found.append(capacity_short(draw(DAYS), draw(DAYS), capacity_quantity=quantity))
    found += [halted(draw(DAYS), "2020-05-02") for _ in range(draw(st.integers(0, 1)))]
    found += [restored(draw(DAYS)) for _ in range(draw(st.integers(0, 1)))]
    found += [day_ended(day, YUNNAN) for day in draw(st.lists(DAYS, max_size=3))]
    return list({each.id: each for each in found}.values())


SHOWN = ("month", "missing", "short_from", "short_quantity", "cover")


@settings(max_examples=80, deadline=None)
@given(messages=facts(), seed=st.integers(0, 100), data=st.data())
def test_reports_are_judged_alike_in_any_order(
    messages: list[Message], seed: int, data: st.DataObject
) -> None:
    expected = told(supply(*messages), *SHOWN)
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    assert told(supply(*shuffled, *messages), *SHOWN) == expected
    gone = data.draw(st.sampled_from([each for each in messages if "day_ended" not in each.type]))
    rest = [each for each in messages if each is not gone]
    host = supply(*messages)
    host.supersede(gone, failed("2020-05-01", ground="quality"))
    assert told(host, *SHOWN) == told(supply(*rest), *SHOWN)
    host.take(gone)
    assert told(host, *SHOWN) == expected


# ---------------------------------------------------------------------------- through the journal


async def test_a_missing_report_is_found_and_ends_through_the_journal(
    journal: SqliteJournal,
) -> None:
    running = runner(journal, SupplyReports())
    await put(journal, agreed(supply_to="2020-05-31"))
    await settle(running)
    await put(journal, day_ended("2020-06-30", YUNNAN))
    await settle(running)
    await put(journal, reported("2020-05", "2020-07-03"))
    await settle(running)
    await running.stop()
    found = await journal.search(Search(partner="policy-supply"))
    assert [entry.message.type for entry in reversed(found)] == [
        SUPPLY_REPORT_MISSING,
        SUPPLY_FINDING_ENDED,
    ]
    assert found[0].message.content()["ended_id"] == found[1].message.id
    assert found[0].message.subject == found[1].message.subject == MAKER
    assert running.failures == 0

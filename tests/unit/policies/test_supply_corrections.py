"""供应保障 (R12), corrected: a maker's wrong report and the right one are one judgement."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.supply.supply_reports import SupplyReports
from schemas.envelope import Message
from schemas.events import SUPPLY_FINDING_ENDED, SUPPLY_MEASURES_PROPOSED, SUPPLY_REPORT_MISSING
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import GUIZHOU, YUNNAN
from tests.unit.policies.making_money import day_ended
from tests.unit.policies.making_supply import (
    D1,
    D2,
    after_corrections,
    agreed,
    capacity_short,
    failed,
    open_now,
    reported,
    reserve,
    said,
)
from tests.unit.policies.test_supply_reports import SHORT, facts, supply


def test_a_corrected_report_of_being_short_puts_the_warning_right_in_one_word() -> None:
    host = supply(agreed(), reported("2020-05", "2020-06-02"), SHORT)
    ((first, _),) = open_now(host)
    right = capacity_short("2020-07-01", "2020-06-11", capacity_quantity="900.0000")
    (found,) = host.supersede(SHORT, right)
    assert (found.data["short_quantity"], found.data["replaces"]) == ("150.0000", first)
    assert found.data["because"]["causes"][:2] == [first, right.id]
    (again,) = host.take(reserve("100.0000", "2020-06-05"))  # it is still one warning
    assert (again.data["short_quantity"], again.data["replaces"]) == ("50.0000", host.drawn[-2][0])


def test_a_corrected_monthly_report_puts_the_warning_right_in_one_word() -> None:
    wrong = reported("2020-05", "2020-06-02")
    host = supply(agreed(), wrong, SHORT)
    (found,) = host.supersede(wrong, reported("2020-05", "2020-06-02", stock_quantity="40.0000"))
    assert found.data["short_quantity"] == "60.0000"
    assert host.drawn[0][0] == found.data["replaces"]


def test_a_report_corrected_in_what_does_not_count_leaves_the_warning_as_it_is() -> None:
    late = capacity_short("2020-06-01", "2020-06-02")
    host = supply(late)
    assert len(open_now(host)) == 2
    assert host.supersede(late, capacity_short("2020-06-01", "2020-06-02", local_code="L9")) == []
    assert len(open_now(host)) == 2


def test_a_month_corrected_to_what_lacks_another_item_is_said_in_one_word() -> None:
    wrong = reported("2020-05", "2020-06-02", stock_quantity=None)
    host = supply(agreed(), wrong, day_ended("2020-06-30", YUNNAN))
    (found,) = host.supersede(wrong, reported("2020-05", "2020-06-02", produced_quantity=None))
    assert (found.type, found.data["missing"]) == (SUPPLY_REPORT_MISSING, ["produced"])
    assert found.data["replaces"] == host.drawn[0][0]


def test_a_corrected_failure_is_proposed_measures_for_in_one_word() -> None:
    wrong = failed("2022-06-01", region=GUIZHOU)
    host = supply(wrong)
    (found,) = host.supersede(wrong, failed("2022-06-02", region=GUIZHOU))
    assert (found.data["failed_from"], found.data["replaces"]) == ("2022-06-02", host.drawn[0][0])
    assert (
        host.supersede(
            failed("2022-06-02", region=GUIZHOU),
            failed("2022-06-02", region=GUIZHOU, declared_on="2022-06-03"),
        )
        == []
    )


def test_what_was_proposed_for_one_distributor_ends_where_another_one_failed() -> None:
    wrong = failed("2022-06-01", distributor=D1)
    host = supply(wrong)
    ended, found = host.supersede(wrong, failed("2022-06-01", distributor=D2))
    assert (ended.type, ended.data["party"]) == (SUPPLY_FINDING_ENDED, D1)
    assert (found.type, found.data["party"]) == (SUPPLY_MEASURES_PROPOSED, D2)
    assert "replaces" not in found.data


@settings(max_examples=80, deadline=None)
@given(right=facts(), wrong=facts(), seed=st.integers(0, 100))
def test_what_stands_after_corrections_is_what_the_right_reports_alone_lead_to(
    right: list[Message], wrong: list[Message], seed: int
) -> None:
    corrected = after_corrections(Host(SupplyReports()), right, wrong, seed)
    assert said(corrected) == said(supply(*right))

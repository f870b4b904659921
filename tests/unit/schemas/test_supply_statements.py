"""What statements about distribution and supply must agree in beyond their fields."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import event_names
from schemas.codes import CODED_FIELDS, CodeKind
from schemas.distribution import chosen_days_in_order, one_seller_one_buyer
from schemas.events import EVENT_TYPES
from schemas.supply import month_has_begun, supply_days_in_order
from schemas.topics import load_topics

EXAMPLES = {each.type: each.example for each in load_topics().values()}


def example(event: str) -> dict[str, Any]:
    return dict(EXAMPLES[f"cn.jicai.{event}.v1"])


@pytest.mark.parametrize(
    ("changed", "paths"),
    [
        ({}, []),
        ({"distributor": None}, ["maker"]),
        ({"maker": "91990000MA00000001"}, ["distributor"]),
        ({"institution": None}, ["buyer"]),
        ({"buyer": "91990000MA00000003"}, ["institution"]),
        ({"institution": None, "buyer": "91990000MA00000002"}, ["buyer"]),
        ({"institution": None, "buyer": "91990000MA00000003"}, []),
    ],
)
def test_an_invoice_has_one_seller_and_one_buyer(changed: dict[str, Any], paths: list[str]) -> None:
    found = one_seller_one_buyer(example("invoice.issued") | changed)
    assert [each.path for each in found] == paths


@pytest.mark.parametrize(("last", "wrong"), [("2025-12-31", 1), ("2026-01-01", 0), (None, 0)])
def test_a_choice_does_not_end_before_it_begins(last: str | None, wrong: int) -> None:
    assert len(chosen_days_in_order(example("distribution.chosen") | {"chosen_to": last})) == wrong


@pytest.mark.parametrize(
    ("event", "field", "before"),
    [
        ("supply.agreed", "supply_to", "2025-12-31"),
        ("supply.capacity_short", "short_to", "2026-03-31"),
        ("supply.halt_reported", "resumed_on", "2026-03-31"),
    ],
)
def test_nothing_ends_before_it_begins(event: str, field: str, before: str) -> None:
    said = example(event)
    assert supply_days_in_order(said) == ()
    (found,) = supply_days_in_order(said | {field: before})
    assert (found.code, found.path) == ("date.invalid", field)


@pytest.mark.parametrize(("day", "wrong"), [("2026-01-31", 1), ("2026-02-01", 0)])
def test_a_month_is_not_reported_before_it_begins(day: str, wrong: int) -> None:
    assert len(month_has_begun(example("supply.reported") | {"reported_on": day})) == wrong


def test_the_buyer_of_an_invoice_is_coded_like_any_enterprise() -> None:
    assert ("buyer_local", CodeKind.ENTERPRISE, "buyer") in CODED_FIELDS


def test_every_name_of_a_type_has_its_line() -> None:
    listed = {each for each in vars(event_names).values() if str(each).startswith("cn.jicai.")}
    assert listed == set(EVENT_TYPES)

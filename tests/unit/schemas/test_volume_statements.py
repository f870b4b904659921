"""量的陈述: what tasks, periods and packages must agree in before any rule counts with them."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.checking import check
from schemas.envelope import canonical_bytes
from schemas.events import PREPAYMENT_PACKAGE_SET, VOLUME_PERIOD_CLOSED, VOLUME_TASK_ASSIGNED

TASK = {
    "local_code": "L1",
    "unified_code": "SYN-0001-A",
    "drug": "SYN-D-0001",
    "drug_name": "合成示例片",
    "institution_local": "7",
    "institution": "H99000000001",
    "region": "520000",
    "batch": "合成批次一",
    "task_volume": "4000.0001",
    "quarters": ["1000.0000", "1000.0000", "1000.0000", "1000.0001"],
    "term_from": "2024-02-29",
    "term_to": "2025-02-28",
    "assigned_on": "2024-02-20",
}
PACKAGE = {
    "institution_local": "7",
    "institution": "H99000000001",
    "region": "530900",
    "quarter": "2024-Q1",
    "package_amount": "30000.00",
    "selected_purchases": "100000.00",
    "set_on": "2024-01-05",
}


def wrong(type_: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.path, each.code) for each in check(type_, data, canonical_bytes(data))]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"task_volume": "4000.0000"}, [("task_volume", "sum.mismatch")]),
        ({"task_volume": "4000.0002"}, [("task_volume", "sum.mismatch")]),
        ({"task_volume": "0.0000", "quarters": ["0.0000"]}, []),
        ({"term_to": "2024-02-29"}, []),
        ({"term_to": "2024-02-28"}, [("term_to", "date.invalid")]),
    ],
)
def test_a_tasks_quarters_are_the_task_and_its_term_does_not_end_first(
    changed: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert wrong(VOLUME_TASK_ASSIGNED, TASK | changed) == found


@pytest.mark.parametrize(
    ("period", "last", "before"),
    [
        ("2024-02", "2024-02-29", "2024-02-28"),
        ("2023-02", "2023-02-28", "2023-02-27"),
        ("2024-12", "2024-12-31", "2024-11-30"),
        ("2024-Q1", "2024-03-31", "2024-03-30"),
        ("2024-Q4", "2024-12-31", "2025-12-31"),
        ("2024-Q2", "2024-06-30", "2024-05-31"),
    ],
)
def test_a_period_ends_with_its_last_day(period: str, last: str, before: str) -> None:
    said = {"region": "520000", "period": period}
    assert wrong(VOLUME_PERIOD_CLOSED, said | {"ended_on": last}) == []
    assert wrong(VOLUME_PERIOD_CLOSED, said | {"ended_on": before}) == [
        ("ended_on", "date.invalid")
    ]


def test_a_period_of_no_year_has_no_last_day() -> None:
    said = {"region": "520000", "period": "0000-01", "ended_on": "2024-01-31"}
    assert wrong(VOLUME_PERIOD_CLOSED, said) == [("ended_on", "date.invalid")]


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        (None, []),
        ("30000.00", []),
        ("9000.00", []),
        ("30000.01", [("prepaid_inside", "field.range")]),
    ],
)
def test_no_more_is_inside_a_package_than_the_package_is(
    inside: str | None, found: list[tuple[str, str]]
) -> None:
    data = PACKAGE if inside is None else PACKAGE | {"prepaid_inside": inside}
    assert wrong(PREPAYMENT_PACKAGE_SET, data) == found

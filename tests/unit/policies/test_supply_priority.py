"""优先保障 (R12): remote areas' township and village institutions are supplied first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.supply.supply_priority import SupplyPriority
from schemas.envelope import Message
from schemas.events import (
    SUPPLY_FINDING_ENDED,
    SUPPLY_PRIORITY_GIVEN,
)
from tests.unit.policies.hosting import Host
from tests.unit.policies.making import CHONGQING, GUIZHOU, YUNNAN
from tests.unit.policies.making_money import registered
from tests.unit.policies.making_supply import (
    LINCANG,
    QUJING,
    after_corrections,
    open_now,
    said,
    told,
)

# ---------------------------------------------------------------------------- remote institutions first


@pytest.mark.parametrize(
    ("kind", "remote", "first"),
    [
        ("village", True, 1),
        ("primary", True, 1),
        ("hospital", True, 0),
        ("county_community", True, 0),
        ("village", False, 0),
    ],
)
def test_lincang_serves_remote_townships_and_villages_first(
    kind: str, remote: bool, first: int
) -> None:
    host = Host(SupplyPriority())
    day = "2022-01-05"
    host.take(registered(region=LINCANG, kind=kind, remote=remote, registered_on=day))
    assert told(host, "priority") == [(SUPPLY_PRIORITY_GIVEN, "1")] * first


@pytest.mark.parametrize("region", [YUNNAN, QUJING, GUIZHOU, CHONGQING])
def test_elsewhere_no_order_is_named(region: str) -> None:
    host = Host(SupplyPriority())
    host.take(registered(region=region, kind="village", remote=True, registered_on="2022-04-01"))
    assert open_now(host) == []


def test_a_later_registration_ends_the_priority() -> None:
    host = Host(SupplyPriority())
    host.take(registered(region=LINCANG, kind="village", remote=True, registered_on="2022-01-05"))
    (ended,) = host.take(registered(region=LINCANG, kind="hospital", registered_on="2023-01-05"))
    assert ended.type == SUPPLY_FINDING_ENDED


def remote(kind: str, day: str, **changed: Any) -> Message:
    return registered(region=LINCANG, kind=kind, remote=True, registered_on=day, **changed)


def test_a_corrected_registration_puts_the_priority_right_in_one_word() -> None:
    host = Host(SupplyPriority())
    wrong = remote("village", "2022-01-05")
    host.take(wrong)
    ((first, _),) = host.drawn
    (found,) = host.supersede(wrong, remote("primary", "2022-01-06"))
    assert (found.type, found.data["kind"]) == (SUPPLY_PRIORITY_GIVEN, "primary")
    assert found.data["replaces"] == first
    (ended,) = host.supersede(remote("primary", "2022-01-06"), remote("hospital", "2022-01-07"))
    assert ended.type == SUPPLY_FINDING_ENDED


def test_a_corrected_name_leaves_the_priority_as_it_is() -> None:
    host = Host(SupplyPriority())
    wrong = remote("village", "2022-01-05")
    host.take(wrong)
    assert host.supersede(wrong, remote("village", "2022-01-06", name="合成村卫生室")) == []
    assert len(open_now(host)) == 1


REGISTERED = st.lists(
    st.tuples(
        st.sampled_from(["village", "primary", "hospital"]),
        st.integers(1, 28).map(lambda day: f"2022-01-{day:02d}"),
        st.sampled_from([LINCANG, QUJING]),
    ),
    max_size=4,
    unique_by=lambda each: each[1],
)


@settings(max_examples=60, deadline=None)
@given(right=REGISTERED, wrong=REGISTERED, seed=st.integers(0, 100))
def test_the_priority_after_corrections_is_that_of_the_right_registrations_alone(
    right: list[tuple[str, str, str]], wrong: list[tuple[str, str, str]], seed: int
) -> None:
    true, false = [
        [
            registered(region=region, kind=kind, remote=True, registered_on=day)
            for kind, day, region in some
        ]
        for some in (right, wrong)
    ]
    straight = Host(SupplyPriority())
    straight.take(*true)
    assert said(after_corrections(Host(SupplyPriority()), true, false, seed)) == said(straight)

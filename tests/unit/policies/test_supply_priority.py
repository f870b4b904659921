"""优先保障 (R12): remote areas' township and village institutions are supplied first."""

from __future__ import annotations

import pytest

from gateway.policies.supply.supply_priority import SupplyPriority
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
    open_now,
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

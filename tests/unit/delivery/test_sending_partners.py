"""Whose deliveries they are: no partner sees another's, a disabled one's wait."""

from __future__ import annotations

from schemas.events import SETTLEMENT_HELD
from tests.unit.delivery.counterpart import Answer, Counterpart
from tests.unit.delivery.desk import Desk, desk_for, partner, route


async def test_a_partner_never_sees_what_is_meant_for_another(
    insurer: Counterpart, platform: Counterpart
) -> None:
    one = partner("insurer", insurer.url, settings={"parallel": "4"})
    other = partner("platform", platform.url, settings={"parallel": "4"})
    routes = [
        route("insurer", "cn.jicai.settlement.*"),
        route("platform", "cn.jicai.order.*", regions=["530000"]),
        route("insurer", "cn.jicai.order.*", institutions=["H52010000001"]),
    ]
    desk = Desk(one, other, routes=routes)
    try:
        await desk.accepts("H1/D1", SETTLEMENT_HELD)
        await desk.accepts("YN-1", region="530900")
        await desk.accepts("GZ-1", region="520100", institution="H52010000001")
        await desk.accepts("GZ-2", region="520100", institution="H52010000002")
        await desk.delivers()
        assert sorted(insurer.subjects()) == ["GZ-1", "H1/D1"]
        assert platform.subjects() == ["YN-1"]
        assert {call.body["to"] for call in insurer.calls} == {"insurer"}
        assert {call.body["to"] for call in platform.calls} == {"platform"}
        assert all("cookie" not in call.headers for call in insurer.calls)
    finally:
        await desk.close()


async def test_cookies_of_a_partner_are_not_carried_along(insurer: Counterpart) -> None:
    insurer.behaviour = lambda _call: Answer(headers={"set-cookie": "session=1; Path=/"})
    async with desk_for(insurer) as desk:
        await desk.accepts("ORDER-1")
        await desk.accepts("ORDER-2")
        await desk.delivers()
        assert all("cookie" not in call.headers for call in insurer.calls)


async def test_the_queue_of_a_disabled_partner_waits(insurer: Counterpart) -> None:
    off = partner("insurer", insurer.url, enabled=False)
    desk = Desk(off)
    try:
        await desk.accepts("ORDER-1")
        assert await desk.delivers() == 0
        assert await desk.delivery.pending() == {"insurer": 1}
        on = type(desk.partners)({"insurer": partner("insurer", insurer.url)}, {})
        desk.delivery.replace(on, desk.routes)
        assert await desk.delivers() == 1
    finally:
        await desk.close()

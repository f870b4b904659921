"""接入: whose message it is: another partner's looks exactly like none."""

from __future__ import annotations

from tests.journeys.intake_door import error_of
from tests.unit.intake.world import KEY, OTHER_KEY, World, by_key, event


async def test_a_partner_never_sees_anothers_message(world: World) -> None:
    mine = (await world.send_event(event())).json()["id"]
    for named in (mine, "PO-1"):
        own = await world.client.get(f"/v1/messages/{named}", headers=by_key("hospital-a", KEY))
        assert own.status_code == 200
        others = await world.client.get(
            f"/v1/messages/{named}", headers=by_key("hospital-b", OTHER_KEY)
        )
        assert error_of(others) == (404, "message.unknown")


async def test_anothers_message_looks_exactly_like_none(world: World) -> None:
    mine = (await world.send_event(event())).json()["id"]
    theirs = by_key("hospital-b", OTHER_KEY)
    existing = await world.client.get(f"/v1/messages/{mine}", headers=theirs)
    missing = await world.client.get("/v1/messages/none", headers=theirs)
    assert (existing.status_code, existing.content) == (missing.status_code, missing.content)

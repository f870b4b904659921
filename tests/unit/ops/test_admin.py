"""What operators see and do, and that nobody else does."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from tests.unit.ops.office import Office, said

ROUTES = [
    ("GET", "/admin/messages"),
    ("GET", "/admin/messages/00"),
    ("GET", "/admin/held"),
    ("GET", "/admin/dead-letters"),
    ("GET", "/admin/dead-letters/insurer/0000000000000001"),
    ("POST", "/admin/dead-letters/insurer/replay"),
    ("POST", "/admin/dead-letters/insurer/0000000000000001/replay"),
    ("POST", "/admin/dead-letters/insurer/0000000000000001/discard"),
    ("GET", "/admin/deliveries"),
    ("POST", "/admin/deliveries/insurer/resume"),
    ("GET", "/admin/topics"),
    ("GET", "/admin/chain"),
    ("POST", "/admin/chain/verify"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_is_refused_without_the_key(
    office: Office, method: str, path: str
) -> None:
    for key in (b"", b"open-sesame", "open-sesame-密钥 x".encode(), b"\xff\xfe"):
        response = await office.http.request(method, path, headers=[(b"x-admin-key", key)])
        assert response.status_code == 401


def test_no_admin_route_is_missing_from_the_list_above(office: Office) -> None:
    names = {"insurer": "{partner}", "0000000000000001": "{key}", "00": "{message_id}"}
    listed = {
        (method, "/".join(names.get(part, part) for part in path.split("/")))
        for method, path in ROUTES
    }
    schema = office.app.openapi()["paths"]
    there = {
        (method.upper(), path)
        for path, methods in schema.items()
        for method in methods
        if path.startswith("/admin")
    }
    assert there == listed


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_a_configured_key_everything_is_closed(method: str, path: str) -> None:
    office = Office("")
    try:
        for key in ("", "anything"):
            response = await office.http.request(method, path, headers={"x-admin-key": key})
            assert response.status_code == 403
        assert (await office.http.get("/metrics")).status_code == 403
    finally:
        await office.close()


async def test_a_search_shows_envelopes_and_no_data(office: Office) -> None:
    await office.room.accepts("ORDER-1", amount="12.34")
    await office.room.accepts("ORDER-2", amount="56.78")
    response = await office.http.get("/admin/messages", params={"subject": "ORDER-2"})
    [found] = said(response)["messages"]
    assert (found["subject"], found["partner"], found["kind"]) == ("ORDER-2", "hospital", "message")
    assert "56.78" not in response.text


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
async def test_a_limit_out_of_bounds_is_refused(office: Office, limit: str) -> None:
    response = await office.http.get("/admin/messages", params={"limit": limit})
    assert response.status_code == 422


async def test_a_message_shows_its_data_causes_and_what_followed(office: Office) -> None:
    identity = await office.dies("ORDER-1")
    response = await office.http.get(f"/admin/messages/{identity}")
    shown = said(response)
    assert shown["data"]["amount"] == "1.00"
    [follower] = shown["followed_by"]
    assert follower["type"] == "cn.jicai.delivery.dead_lettered.v1"
    back = said(await office.http.get(f"/admin/messages/{follower['id']}"))
    assert [each["id"] for each in back["causes"]] == [identity]
    assert (await office.http.get("/admin/messages/unknown")).status_code == 404
    assert (await office.http.get("/admin/messages/%00")).status_code == 422


async def test_dead_letters_are_listed_inspected_replayed_and_discarded(office: Office) -> None:
    first = await office.dies("ORDER-1")
    await office.dies("ORDER-2")
    listed = said(await office.http.get("/admin/dead-letters"))["dead_letters"]
    assert [each["item"]["subject"] for each in listed] == ["ORDER-1", "ORDER-2"]
    assert [each["reason"] for each in listed] == ["exhausted", "exhausted"]
    where = f"/admin/dead-letters/insurer/{listed[0]['key']}"
    shown = said(await office.http.get(where))
    assert (shown["message"]["id"], shown["message"]["data"]["amount"]) == (first, "1.00")
    assert said(await office.http.post(f"{where}/replay")) == {"replayed": 1}
    assert (await office.http.post(f"{where}/replay")).status_code == 404
    assert said(await office.http.get("/admin/deliveries"))["pending"] == {"insurer": 1}
    other = f"/admin/dead-letters/insurer/{listed[1]['key']}"
    given = {"reason": "重复下发", "by": "值班员甲"}
    assert said(await office.http.post(f"{other}/discard", json=given)) == {"discarded": 1}
    assert said(await office.http.get("/admin/dead-letters"))["dead_letters"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'{"reason": ""}', 422),
        (b'{"reason": "  "}', 422),
        (b'{"reason": 7}', 422),
        (b'{"reason": "x", "by": 7}', 422),
        (b" " * 20_000, 413),
    ],
)
async def test_discarding_needs_a_reason(office: Office, body: bytes, status: int) -> None:
    await office.dies("ORDER-1")
    [letter] = said(await office.http.get("/admin/dead-letters"))["dead_letters"]
    where = f"/admin/dead-letters/insurer/{letter['key']}/discard"
    assert (await office.http.post(where, content=body)).status_code == status
    assert len(said(await office.http.get("/admin/dead-letters"))["dead_letters"]) == 1


@pytest.mark.parametrize("path", ["insurer/x", "INSURER/1", "%2e%2e/1", "a%00b/1"])
async def test_names_that_cannot_be_are_refused(office: Office, path: str) -> None:
    response = await office.http.get(f"/admin/dead-letters/{path}")
    assert response.status_code in {404, 422}


async def test_all_dead_letters_of_a_partner_are_replayed_at_once(office: Office) -> None:
    for number in range(3):
        await office.dies(f"ORDER-{number}")
    replayed = said(await office.http.post("/admin/dead-letters/insurer/replay"))
    assert replayed == {"replayed": 3}
    assert said(await office.http.post("/admin/deliveries/insurer/resume")) == {"resumed": False}


async def test_topics_show_where_the_groups_stand(office: Office) -> None:
    await office.room.accepts("ORDER-1")
    shown = said(await office.http.get("/admin/topics"))
    assert shown["groups"]["delivery"][0]["lag"] == 1
    assert shown["topics"][0]["end"] == 1


async def test_an_intact_chain_verifies_and_a_changed_one_is_located(office: Office) -> None:
    for number in range(6):
        await office.room.accepts(f"ORDER-{number}")
    assert said(await office.http.get("/admin/chain"))["verification"]["state"] == "never"
    began = await office.http.post("/admin/chain/verify")
    assert (began.status_code, said(began)["began"]) == (202, True)
    await office.chain.finished()
    assert said(await office.http.get("/admin/chain"))["verification"]["state"] == "intact"
    chain = next(each for each in office.room.journal._state.chains if each)
    chain[0] = replace(chain[0], digest="ff")
    await office.http.post("/admin/chain/verify")
    await office.chain.finished()
    found = said(await office.http.get("/admin/chain"))["verification"]
    assert (found["state"], found["broken"]["seq"]) == ("broken", 1)
    assert found["broken"]["shard"] == chain[0].shard


async def test_one_verification_at_a_time(office: Office) -> None:
    assert office.chain.begin()
    assert not office.chain.begin()
    await office.chain.finished()
    assert office.chain.begin()


async def test_a_body_is_not_read_before_the_key_was_checked(office: Office) -> None:
    async def endless() -> object:
        raise AssertionError("the body was read")
        yield b""

    response: httpx.Response = await office.http.post(
        "/admin/dead-letters/insurer/1/discard",
        content=endless(),  # type: ignore[arg-type]
        headers={"x-admin-key": "wrong"},
    )
    assert response.status_code == 401

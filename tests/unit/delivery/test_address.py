"""Calls go to the partner's configured machine, whatever an adapter or a message says."""

from __future__ import annotations

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from adapters._kit.protocol import WireRequest
from gateway.delivery.address import OffTarget, base_of, parallel_of, target_of
from gateway.delivery.calling import Bounds, CallFailed, Unsendable, call_http
from tests.unit.delivery.desk import partner

BASE = httpx.URL("http://his.example:8080/api")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", "http://his.example:8080/api"),
        ("/inbox", "http://his.example:8080/api/inbox"),
        ("inbox", "http://his.example:8080/api/inbox"),
        ("?op=send", "http://his.example:8080/api?op=send"),
        ("//evil.example/x", "http://his.example:8080/api//evil.example/x"),
        ("@evil.example/x", "http://his.example:8080/api/@evil.example/x"),
        (":9@evil.example/", "http://his.example:8080/api/:9@evil.example/"),
        ("http://evil.example/", "http://his.example:8080/api/http://evil.example/"),
        ("/订单", "http://his.example:8080/api/%E8%AE%A2%E5%8D%95"),
    ],
)
def test_a_path_stays_on_the_partners_machine(path: str, target: str) -> None:
    assert str(target_of(BASE, path)) == target


@pytest.mark.parametrize(
    "path",
    ["/../admin", "/a/../../b", "/./x", "/%2e%2e/x", "/%2E./x", "/a b", "/a\r\nHost: evil", "/\\x"],
)
def test_a_path_that_climbs_or_breaks_the_line_is_refused(path: str) -> None:
    with pytest.raises(OffTarget):
        target_of(BASE, path)


@given(st.text(max_size=40))
def test_no_path_leads_elsewhere(path: str) -> None:
    try:
        target = target_of(BASE, path)
    except OffTarget:
        return
    assert (target.scheme, target.host, target.port) == ("http", "his.example", 8080)
    assert target.path.startswith("/api")


@pytest.mark.parametrize(
    ("url", "transport"),
    [
        ("", "http"),
        ("his.example", "http"),
        ("ftp://his.example/", "http"),
        ("file:///etc/passwd", "http"),
        ("http://", "http"),
        ("http://user:pw@his.example/", "http"),
        ("http://his.example/?a=b", "http"),
        ("http://his.example/#f", "http"),
        ("http://his.example:99999/", "http"),
        ("http://his example/", "http"),
        ("mllp://his.example:2575", "http"),
        ("http://his.example:2575", "mllp"),
        ("mllp://his.example", "mllp"),
    ],
)
def test_what_is_no_plain_address_is_found(url: str, transport: str) -> None:
    with pytest.raises(OffTarget):
        base_of(url, transport)


@pytest.mark.parametrize(("given_", "parallel"), [("1", 1), ("4", 4), ("64", 64)])
def test_parallel_is_a_number_from_one_to_sixty_four(given_: str, parallel: int) -> None:
    assert parallel_of(partner("his", "", settings={"parallel": given_})) == parallel


@pytest.mark.parametrize("given_", ["0", "65", "-1", "", "four", "４", "1.5", " 2"])
def test_any_other_parallel_is_found(given_: str) -> None:
    with pytest.raises(ValueError, match="parallel"):
        parallel_of(partner("his", "", settings={"parallel": given_}))


@respx.mock
async def test_the_adapters_headers_go_along_but_never_the_host_or_the_key() -> None:
    called = respx.post("http://his.example/in").respond(200, content=b"ok")
    asked = WireRequest(
        b"<x/>",
        "text/xml; charset=utf-8",
        "/in",
        headers={"Host": "evil", "SOAPAction": '"go"', "idempotency-key": "other"},
        idempotency_key="key-1",
    )
    async with httpx.AsyncClient(cookies={"a": "b"}, auth=("u", "p")) as client:
        answer = await call_http(
            client, "http://his.example", asked, Bounds(2.0), traceparent="00-aa-bb-01"
        )
    sent = called.calls.last.request
    assert answer.body == b"ok"
    assert sent.headers["host"] == "his.example"
    assert sent.headers["soapaction"] == '"go"'
    assert sent.headers["idempotency-key"] == "key-1"
    assert sent.headers["content-type"] == "text/xml; charset=utf-8"
    assert sent.headers["traceparent"] == "00-aa-bb-01"
    assert "cookie" not in sent.headers


@respx.mock
async def test_redirects_are_not_followed_even_by_a_client_that_would() -> None:
    respx.post("http://his.example/in").respond(307, headers={"location": "http://evil.example/"})
    evil = respx.post("http://evil.example/").respond(200)
    async with httpx.AsyncClient(follow_redirects=True) as client:
        answer = await call_http(
            client, "http://his.example", WireRequest(b"", "text/plain", "/in"), Bounds(2.0)
        )
    assert answer.status == 307
    assert not evil.called


@pytest.mark.parametrize(
    ("error", "code", "away"),
    [
        (httpx.ConnectError("x"), "call.unreachable", True),
        (httpx.ConnectTimeout("x"), "call.unreachable", True),
        (httpx.ReadTimeout("x"), "call.timeout", False),
        (httpx.WriteError("x"), "call.broken", False),
        (httpx.RemoteProtocolError("x"), "call.broken", False),
    ],
)
@respx.mock
async def test_a_call_without_an_answer_is_unknown(
    error: httpx.TransportError, code: str, away: bool
) -> None:
    respx.post("http://his.example/").mock(side_effect=error)
    async with httpx.AsyncClient() as client:
        with pytest.raises(CallFailed) as raised:
            await call_http(client, "http://his.example/", WireRequest(b"", ""), Bounds(2.0))
    assert (raised.value.code, raised.value.away) == (code, away)


@pytest.mark.parametrize("value", ["a\r\nX: y", "中文"])
async def test_a_header_that_breaks_the_protocol_is_never_sent(value: str) -> None:
    asked = WireRequest(b"", "text/plain", headers={"X-Name": value})
    async with httpx.AsyncClient() as client:
        with pytest.raises(Unsendable):
            await call_http(client, "http://127.0.0.1:9/", asked, Bounds(1.0))

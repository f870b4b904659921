"""Notices to the procurement platform: signed, taken once, and what its answers mean."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest

from adapters._kit.protocol import Acknowledgement, Recipient, WireRequest, WireResponse
from adapters._kit.signing import verify
from adapters._kit.simulation import Call
from adapters._kit.soap import fault, wrap
from adapters.yunnan_procurement import INTERFACE
from adapters.yunnan_procurement.outbound import HEARS, understand, write
from adapters.yunnan_procurement.simulator import YunnanPlatform
from adapters.yunnan_procurement.wire import NAMESPACE, OK, elements, head
from schemas.envelope import Message, canonical_bytes
from schemas.events import ORDER_PLACED
from schemas.issues import Rejected
from tests.adapters.samples import message_of, outbound_samples
from tests.adapters.yunnan_documents import AT, NOW, RECIPIENT


def call_of(request: WireRequest) -> Call:
    return Call("/", {name.lower(): value for name, value in request.headers.items()}, request.body)


def outcome(platform: YunnanPlatform, request: WireRequest) -> Acknowledgement:
    told = platform.answer(call_of(request))
    return understand(WireResponse(told.status, told.body), request)


MESSAGES = [message_of(one.expected) for one in outbound_samples() if one.interface is INTERFACE]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.type)
def test_a_notice_is_taken_once_and_recognised_the_second_time(message: Message) -> None:
    platform = YunnanPlatform(lambda: NOW, secret=RECIPIENT.secret)
    request = write(message, RECIPIENT)
    assert outcome(platform, request).meaning == "delivered"
    again = write(message, Recipient("yn-platform", "530000", AT, 2, {}, RECIPIENT.secret))
    assert again.body == request.body
    assert outcome(platform, again).meaning == "already"
    assert (len(platform.received), platform.repeats) == (1, 1)


def test_all_that_the_platform_hears_can_be_said() -> None:
    assert {one.type for one in MESSAGES} <= set(HEARS)
    unknown = Message("ab", "s", ORDER_PLACED, "x", AT, canonical_bytes({}))
    with pytest.raises(Rejected):
        write(unknown, RECIPIENT)


def test_a_wrong_key_an_old_signature_and_another_body_are_refused() -> None:
    request = write(MESSAGES[0], RECIPIENT)
    others = YunnanPlatform(lambda: NOW, secret=b"another")
    assert outcome(others, request).meaning == "refused"
    later = YunnanPlatform(lambda: NOW + timedelta(seconds=301), secret=RECIPIENT.secret)
    assert outcome(later, request).meaning == "refused"
    assert (
        verify(request.headers["x-ca-signature"], request.body, b"synthetic-key", 1767569460) == ""
    )


@pytest.mark.parametrize(
    ("settings", "secret"), [({"signature": "md5"}, b"k"), ({}, b""), ({"signature": "sm3"}, b"")]
)
def test_what_cannot_be_signed_is_not_sent(settings: dict[str, str], secret: bytes) -> None:
    with pytest.raises(Rejected):
        write(MESSAGES[0], Recipient("p", "530000", AT, 1, settings, secret))


def test_a_private_line_needs_no_signature() -> None:
    request = write(MESSAGES[0], Recipient("p", "530000", AT, 1, {"signature": "none"}))
    assert "x-ca-signature" not in request.headers
    assert outcome(YunnanPlatform(lambda: NOW), request).meaning == "delivered"


def replied(code: str, rows: str = "", correlation: str = "m1") -> bytes:
    top = head("r1", "Reply", "530000", "YNPP", "JICAI", AT, correlation)
    result = elements(Code=code, Severity="ok", Text="说明")
    text = f'<Reply xmlns="{NAMESPACE}">{top}<Result>{result}</Result>{rows}</Reply>'
    return wrap(text, "sendRecvResponse", "urn:s", "return")


REQUEST = WireRequest(b"", "text/xml", idempotency_key="m1")


@pytest.mark.parametrize(
    ("body", "status", "meaning"),
    [
        (replied(OK), 200, "delivered"),
        (replied("34001"), 200, "delivered"),
        (replied("39999"), 200, "delivered"),
        (replied("32001"), 200, "already"),
        (replied("22003"), 200, "refused"),
        (replied("12029"), 200, "refused"),
        (replied("11001"), 200, "retry"),
        (replied("11002"), 200, "retry"),
        (replied("99999"), 200, "retry"),
        (replied(OK), 503, "retry"),
        (replied(OK), 429, "retry"),
        (
            replied("10000", '<RowResult seq="1"><Code>13001</Code><Text>x</Text></RowResult>'),
            200,
            "refused",
        ),
        (
            replied(OK, '<RowResult seq="1"><Code>13001</Code><Text>x</Text></RowResult>'),
            200,
            "refused",
        ),
        (
            replied(OK, '<RowResult seq="1"><Code>00000</Code><Text>x</Text></RowResult>'),
            200,
            "delivered",
        ),
        (replied(OK, correlation="m2"), 200, "retry"),
        (replied(OK)[:-30], 200, "retry"),
        (fault("Server", "x"), 500, "retry"),
        (b"<!DOCTYPE html><html></html>", 200, "retry"),
        (b"<html><body>ok</body></html>", 200, "retry"),
        (b"", 200, "retry"),
        (b"{}", 200, "retry"),
        (b"\xff\xfe", 200, "retry"),
        (html.escape(replied(OK).decode()).encode(), 200, "retry"),
    ],
)
def test_an_answer_means_what_its_first_digit_says_and_the_unclear_is_unknown(
    body: bytes, status: int, meaning: str
) -> None:
    assert understand(WireResponse(status, body), REQUEST).meaning == meaning

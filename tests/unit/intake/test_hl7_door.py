"""HL7 接入门: who sent it is known, or nothing is taken; yes only after the commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from adapters.his_hl7v2 import INTERFACE, sender_of
from adapters.his_hl7v2.simulator import Head, Order, OrderItem, order_message
from gateway.coding.crosswalk import Crosswalk
from gateway.flow import Receiving
from gateway.intake.hl7_door import Hl7Door
from gateway.intake.mllp import Peer
from gateway.partners import Partner, Partners
from tests.fakes.journal import MemoryJournal
from tests.unit.intake.world import NOON

PEER = Peer("192.0.2.7", 40000)
OTHER_PEER = Peer("192.0.2.8", 40000)


def _hospital(name: str, sender: str, settings: Mapping[str, str] | None = None) -> Partner:
    given: dict[str, Any] = {
        "id": name,
        "name": "合成示例医院",
        "interface": INTERFACE.name,
        "region": "530000",
        "sender_ids": [sender],
        "settings": dict(settings or {}),
    }
    return Partner.model_validate(given)


class _Desk:
    def __init__(self, *hospitals: Partner) -> None:
        self.journal = MemoryJournal()
        receiving = Receiving(self.journal, {INTERFACE.name: INTERFACE}, Crosswalk({}, {}))
        partners = Partners({each.id: each for each in hospitals}, {})
        self.door = Hl7Door(receiving, partners, INTERFACE, self.now, sender_of)

    def now(self) -> datetime:
        return NOON

    async def said(self, raw: bytes, peer: Peer = PEER) -> str:
        """Return the acknowledgement code."""
        answer = await self.door.handle(raw, peer)
        (msa,) = [each for each in answer.split(b"\r") if each.startswith(b"MSA")]
        return msa.split(b"|")[1].decode()


def _message(sender: str = "YY01", message_id: str = "M-1", total: str = "123.00") -> bytes:
    head = Head(message_id, sender, "20260301093000+0800")
    item = OrderItem("YP0001", "100.0000", "1.230000", "123.00")
    order = Order("DD-1", "H-01", "D-01", "20260301093000+0800", total, [item])
    return order_message(head, order)


async def test_a_known_sender_is_told_yes_after_the_commit() -> None:
    desk = _Desk(_hospital("hospital-a", "YY01"))
    assert await desk.said(_message()) == "AA"
    assert desk.journal.commits == 1


@pytest.mark.parametrize("sender", ["", "YY02", "yy01"])
async def test_an_unknown_sender_is_refused_and_nothing_is_written(sender: str) -> None:
    desk = _Desk(_hospital("hospital-a", "YY01"))
    assert await desk.said(_message(sender)) == "AR"
    assert desk.journal.commits == 0


async def test_a_name_that_two_partners_use_names_nobody() -> None:
    desk = _Desk(_hospital("hospital-a", "YY01"), _hospital("hospital-b", "YY01"))
    assert await desk.said(_message()) == "AR"


@pytest.mark.parametrize(
    ("allowed", "peer", "code"),
    [
        ("192.0.2.7", PEER, "AA"),
        ("192.0.2.1, 192.0.2.7", PEER, "AA"),
        ("192.0.2.7", Peer("::ffff:192.0.2.7", 1), "AA"),
        ("192.0.2.7", OTHER_PEER, "AR"),
        ("192.0.2.70", PEER, "AR"),
        ("192.0.2.7", Peer("", 0), "AR"),
        (" , ", PEER, "AA"),
    ],
)
async def test_where_addresses_are_given_the_sender_comes_from_one_of_them(
    allowed: str, peer: Peer, code: str
) -> None:
    desk = _Desk(_hospital("hospital-a", "YY01", {"peer_addresses": allowed}))
    assert await desk.said(_message(), peer) == code


@pytest.mark.parametrize(
    ("certificate", "code"), [("ab" * 32, "AA"), ("AB" * 32, "AA"), ("cd" * 32, "AR"), ("", "AR")]
)
async def test_where_certificates_are_given_the_sender_shows_one_of_them(
    certificate: str, code: str
) -> None:
    desk = _Desk(_hospital("hospital-a", "YY01", {"peer_certificates": "AB" * 32}))
    assert await desk.said(_message(), Peer("192.0.2.7", 1, certificate)) == code


async def test_when_nothing_can_be_written_the_sender_is_told_to_send_again() -> None:
    desk = _Desk(_hospital("hospital-a", "YY01"))
    desk.journal.down = True
    answer = await desk.door.handle(_message(), PEER)
    assert b"MSA|AE|M-1" in answer
    desk.journal.down = False
    assert await desk.said(_message()) == "AA"


async def test_a_bad_order_is_an_error_the_sender_must_correct() -> None:
    desk = _Desk(_hospital("hospital-a", "YY01"))
    assert await desk.said(_message(total="9.99")) in {"AE", "AR"}
    assert desk.journal.commits == 1


@pytest.mark.parametrize("raw", [b"", b"rubbish", b"MSH", b"\xff\xfe", b"MSH|^~\\&|"])
async def test_rubbish_is_answered_and_nothing_is_written(raw: bytes) -> None:
    desk = _Desk(_hospital("hospital-a", "YY01"))
    assert await desk.said(raw) == "AR"
    assert desk.journal.commits == 0

"""HL7 接入门: what happens to each message that comes over MLLP.

MLLP carries no signature: the sender is who MSH-4 names, among the partners on this interface, and where
its setting `peer_addresses` (IP addresses, comma-separated) is given, only from there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters._kit.protocol import Answer, Document, Interface, Sender
from gateway.errors import Refused, Unavailable
from gateway.flow import Receiving
from gateway.log_events import INTAKE_FAILED, INTAKE_REFUSED, log
from gateway.partners import Partner, Partners
from gateway.steps import Arrival
from schemas.issues import Issue

NOBODY_REGION = "000000"
PEER_ADDRESSES = "peer_addresses"


class Hl7Door:
    """The handle of the MLLP listener: one message in, one acknowledgement out."""

    def __init__(
        self,
        receiving: Receiving,
        partners: Partners,
        interface: Interface,
        clock: Callable[[], datetime],
        sender_of: Callable[[bytes], str],
    ) -> None:
        """Take the interface and how its messages name their sender (MSH-4). It must reply."""
        self._receiving = receiving
        self.partners = partners
        self._interface = interface
        self._clock = clock
        self._sender_of = sender_of

    async def handle(self, raw: bytes, peer: Any = None) -> bytes:
        """Return the acknowledgement (HL7, no framing). `peer` is the socket's peer name.

        AA only after the commit; AE when the message may be sent again (Unavailable); AR for an unknown
        sender. Never raises for what a sender sends.
        """
        now = self._clock().isoformat(timespec="milliseconds")
        partner = self._partner(raw, peer)
        if partner is None:
            log(INTAKE_REFUSED, refusal="auth.unknown", interface=self._interface.name)
            return self._reply(raw, None, _refused(now), _nobody(now))
        arrival = Arrival(partner, self._interface.name, raw, now, self._interface.media_types[0])
        sender = Sender(partner.id, partner.region, now, arrival.content_type, partner.settings)
        try:
            (received,) = await self._receiving.receive([arrival])
        except (Refused, Unavailable) as seen:
            log(INTAKE_FAILED, failure=type(seen).__name__, partner=partner.id)
            answer = Answer("unavailable", (), (), now)
            document = self._receiving.prepare(arrival).document
            return self._reply(raw, document, answer, sender)
        return self._reply(raw, received.document, received.answer, sender)

    def _partner(self, raw: bytes, peer: Any) -> Partner | None:
        """Return the one partner that goes by the name in the message and comes from where it may."""
        try:
            named = self._sender_of(raw)
        except ValueError:
            return None
        among = self.partners.on_interface(self._interface.name)
        found = [each for each in among if named and named in each.sender_ids]
        if len(found) != 1 or not _comes_from(found[0].settings.get(PEER_ADDRESSES, ""), peer):
            return None
        return found[0]

    def _reply(
        self, raw: bytes, document: Document | None, answer: Answer, sender: Sender
    ) -> bytes:
        if self._interface.reply is None:
            return b""
        return self._interface.reply(raw, document, answer, sender).body


def _comes_from(allowed: str, peer: Any) -> bool:
    listed = [each.strip() for each in allowed.split(",") if each.strip()]
    if not listed:
        return True
    host = peer[0] if isinstance(peer, tuple) and peer else str(peer or "")
    try:
        address = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # an IPv4 peer on a dual-stack socket
    return str(mapped or address) in listed


def _nobody(now: str) -> Sender:
    return Sender("", NOBODY_REGION, now)


def _refused(now: str) -> Answer:
    sentence = Issue("MSH-4", "sender.unknown", "未知发送方", "The sender is not known here")
    return Answer("refused", (), (sentence,), now)

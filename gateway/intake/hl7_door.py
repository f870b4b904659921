"""HL7 接入门: what happens to each message that comes over MLLP.

MLLP carries no signature: the sender is who MSH-4 names, among the partners on this interface; where its
settings say so, only from certain IP addresses (`peer_addresses`) or with certain client certificates
(`peer_certificates`, SHA-256 in hex), each comma-separated.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import Final

from adapters._kit.protocol import Answer, Document, Interface, Sender
from gateway.errors import Refused, Unavailable
from gateway.flow import Receiving
from gateway.intake.mllp import Peer
from gateway.log_events import INTAKE_FAILED, INTAKE_REFUSED, log
from gateway.partners import Partner, Partners
from gateway.steps import Arrival
from schemas.issues import Issue

_NOBODY_REGION: Final = "000000"
PEER_ADDRESSES: Final = "peer_addresses"
PEER_CERTIFICATES: Final = "peer_certificates"


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

    async def handle(self, raw: bytes, peer: Peer) -> bytes:
        """Return the acknowledgement (HL7, no framing).

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

    def _partner(self, raw: bytes, peer: Peer) -> Partner | None:
        """Return the one partner that goes by the name in the message and comes from where it may."""
        try:
            named = self._sender_of(raw)
        except ValueError:
            return None
        among = self.partners.on_interface(self._interface.name)
        found = [each for each in among if named and named in each.sender_ids]
        return found[0] if len(found) == 1 and _may_come(found[0], peer) else None

    def _reply(
        self, raw: bytes, document: Document | None, answer: Answer, sender: Sender
    ) -> bytes:
        if self._interface.reply is None:
            return b""
        return self._interface.reply(raw, document, answer, sender).body


def _may_come(partner: Partner, peer: Peer) -> bool:
    addresses = _listed(partner, PEER_ADDRESSES)
    certificates = _listed(partner, PEER_CERTIFICATES)
    return (not addresses or _address(peer.host) in addresses) and (
        not certificates or peer.certificate.lower() in certificates
    )


def _listed(partner: Partner, setting: str) -> set[str]:
    given = partner.settings.get(setting, "").lower().split(",")
    return {each.strip() for each in given if each.strip()}


def _address(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    # an IPv4 peer on a dual-stack socket is still that IPv4 peer
    return str(getattr(address, "ipv4_mapped", None) or address)


def _nobody(now: str) -> Sender:
    return Sender("", _NOBODY_REGION, now)


def _refused(now: str) -> Answer:
    sentence = Issue("MSH-4", "sender.unknown", "未知发送方", "The sender is not known here")
    return Answer("refused", (), (sentence,), now)

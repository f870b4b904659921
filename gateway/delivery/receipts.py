"""回执: what became of a delivery, as a row of the journal like any other.

One receipt per (message, partner) that was delivered; a dead letter and its discarding leave a row each,
so that the whole way of a message stands in the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from gateway.ports import EntryKind, Row
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity

RECEIPTED: Final = "cn.jicai.delivery.receipted.v1"
DEAD_LETTERED: Final = "cn.jicai.delivery.dead_lettered.v1"
DISCARDED: Final = "cn.jicai.delivery.discarded.v1"
_IDENTITY: Final = "delivery"

Meaning = Literal["delivered", "already", "dead", "discarded"]
_TYPES: Final[dict[Meaning, str]] = {
    "delivered": RECEIPTED,
    "already": RECEIPTED,
    "dead": DEAD_LETTERED,
    "discarded": DISCARDED,
}


@dataclass(frozen=True, slots=True)
class Addressed:
    """Which message, to whom, at which place of the partner's queue."""

    message: Message
    partner: str
    key: str


def receipt(addressed: Addressed, meaning: Meaning, at: datetime, facts: dict[str, Any]) -> Row:
    """Return the row for what became of it; `facts` complete its data (no payloads)."""
    message, partner = addressed.message, addressed.partner
    named = f"{message.id}:{partner}"
    if meaning in {"dead", "discarded"}:
        named = f"{named}:{meaning}:{addressed.key}"
    data = {
        "partner": partner,
        "message_id": message.id,
        "meaning": meaning,
        "delivered_at": at.isoformat(),
        **facts,
    }
    if meaning in {"dead", "discarded"}:
        data["ended_at"] = data.pop("delivered_at")
    return Row(
        Message(
            id=message_identity(_IDENTITY, named),
            source=f"{SOURCE_PREFIX}{partner}",
            type=_TYPES[meaning],
            subject=message.subject,
            time=at.isoformat(),
            data=canonical_bytes(data),
            region=message.region,
            causationid=message.id,
            correlationid=message.correlationid,
            traceparent=message.traceparent,
        ),
        kind=EntryKind.RECEIPT,
    )

"""平台模拟: a trading platform that sends orders as JSON, and keeps its own books of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from adapters._kit.sending import Cue, Outgoing, SimulatedSender
from adapters._kit.signing import Digest
from adapters._kit.simulation import Mood
from adapters._kit.times import CHINA
from schemas.money import line_amount, yuan


def order_document(rows: Iterable[Mapping[str, Any]], head: Mapping[str, str]) -> bytes:
    """Return an order as one line of JSON; amounts and total are computed.

    `head`: msg_id, partner, order_no, hospital, distributor, placed_at. Rows: code, qty (4 decimals),
    unit_price (6 decimals); they are numbered from 1.
    """
    lines = []
    total = 0
    for number, row in enumerate(rows, start=1):
        amount = line_amount(row["unit_price"], row["qty"])
        total += amount
        lines.append(
            {
                "line_no": number,
                "code": row["code"],
                "qty": row["qty"],
                "unit_price": row["unit_price"],
                "amount": yuan(amount),
            }
        )
    return orjson.dumps({**head, "lines": lines, "total": yuan(total)})


class JsonPlatform:
    """The platform's books: what it sent, what was acknowledged, sums in fen."""

    def __init__(self, partner: str) -> None:
        self.partner = partner
        self.sent: dict[str, bytes] = {}
        """Documents by message id."""
        self.sent_fen = 0
        self.acknowledged: dict[str, str] = {}
        """The gateway's word by message id."""

    def place(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        order_no: str,
        hospital: str,
        distributor: str,
        placed_at: str,
    ) -> bytes:
        """Return a new order's document, entered into the books."""
        number = hashlib.blake2b(f"{self.partner}/{order_no}".encode(), digest_size=8)
        head = {
            "msg_id": number.hexdigest().upper(),
            "partner": self.partner,
            "order_no": order_no,
            "hospital": hospital,
            "distributor": distributor,
            "placed_at": placed_at,
        }
        document = order_document(rows, head)
        self.sent[head["msg_id"]] = document
        self.sent_fen += int(orjson.loads(document)["total"].replace(".", ""))
        return document

    def hear(self, message_id: str, verdict: str) -> None:
        """Note the gateway's answer. Raises KeyError for an order that was never sent."""
        if message_id not in self.sent:
            raise KeyError(message_id)
        self.acknowledged[message_id] = verdict

    def unanswered(self) -> list[bytes]:
        """Return the documents to send again: byte for byte the same, so that nothing doubles."""
        return [raw for number, raw in self.sent.items() if number not in self.acknowledged]


def make_simulator(
    clock: Callable[[], datetime],
    *,
    secret: bytes = b"",  # noqa: ARG001 - nobody calls this platform
    digest: Digest = "sm3",  # noqa: ARG001
    mood: Mood | None = None,
) -> SimulatedSender:
    """Return the platform as a server: it only sends."""
    return SimulatedSender(clock, mood)


def compose(cue: Cue) -> Outgoing:
    """Return a synthetic order of one or two lines."""
    rows = [
        {"code": cue.product, "qty": f"{cue.number % 9 + 1}.0000", "unit_price": "12.340000"}
        for _ in range(1 + cue.number % 2)
    ]
    head = {
        "msg_id": f"{int(cue.digits(19)) % (1 << 64):016X}",
        "partner": cue.sender.upper()[:16],
        "order_no": f"SY{cue.digits(12)}",
        "hospital": cue.institution,
        "distributor": cue.distributor,
        "placed_at": cue.at.astimezone(CHINA).isoformat(timespec="seconds"),
    }
    return Outgoing(head["msg_id"], "order", order_document(rows, head), "application/json")

"""接入: HL7 v2 messages of a hospital's HIS to canonical drafts.

A message is taken as a whole or not at all: HL7 has one answer per message, and a sender that gets AE
corrects and sends again, so accepting half of it would record that half twice.
"""

from __future__ import annotations

import re
from typing import Final

from adapters._kit.protocol import Document, Draft, Sender
from adapters.his_hl7v2.dispenses import read_dispenses
from adapters.his_hl7v2.findings import Findings
from adapters.his_hl7v2.orders import read_order
from adapters.his_hl7v2.wire import Hl7Message, parse, sender_in
from schemas.events import ORDER_PLACED, USAGE_DISPENSED
from schemas.issues import Rejected

ORDERS: Final = frozenset({"RDE^O11", "ORM^O01"})
DISPENSES: Final = "RDS^O13"
SUPPORTED: Final = ", ".join(sorted({*ORDERS, DISPENSES}))
_FAMILIES: Final = frozenset(kind[:4] for kind in (*ORDERS, DISPENSES))
_VERSION: Final = re.compile(r"2\.[1-9](\.[0-9])?")
_PRODUCTION: Final = "P"


def read(raw: bytes, sender: Sender) -> Document:
    """Return the drafts of one message. Raises Rejected with every issue, placed in HL7's terms.

    Partner settings: `charset` (where MSH-18 is empty), `institution` (where ORC-21.10 is empty),
    `processing_ids` (MSH-11 that count as real; "P" unless set).
    """
    message = parse(raw, sender.settings)
    kind, trigger = message.text(message.head, 9), message.text(message.head, 9, 2)
    found = Findings()
    control = found.text(message.text(message.head, 10), "MSH-10", required=False)
    drafts: list[Draft] = []
    if _check_head(message, f"{kind}^{trigger}", sender, found):
        drafts = _drafts(message, kind, sender, found)
    if found.issues:
        raise Rejected(*found.issues, message_id=control or None)
    named = sender_in(message)
    return Document(control, f"{kind}^{trigger}", drafts, wire=message, sender=named)


def _check_head(message: Hl7Message, kind: str, sender: Sender, found: Findings) -> bool:
    """Return whether the message is of a kind we read; note what is wrong with its head."""
    head = message.head
    if kind not in ORDERS and kind != DISPENSES:
        path = "MSH-9.2" if kind[:4] in _FAMILIES else "MSH-9"
        found.add("hl7.unsupported", path, detail=f"{kind[:32]} ({SUPPORTED})")
    version = message.text(head, 12)
    if not version:
        found.add("field.required", "MSH-12")
    elif _VERSION.fullmatch(version) is None:
        found.add("hl7.unsupported", "MSH-12", detail=f"版本 version {version[:32]}")
    processing = message.text(head, 11) or _PRODUCTION
    if processing not in sender.settings.get("processing_ids", _PRODUCTION).split(","):
        found.add("hl7.unsupported", "MSH-11", detail=f"处理标识 processing id {processing[:8]}")
    readable = not found.issues
    if not message.text(head, 10):
        found.add("id.missing", "MSH-10")
    return readable


def _drafts(message: Hl7Message, kind: str, sender: Sender, found: Findings) -> list[Draft]:
    institution = sender.settings.get("institution", "")
    if kind == "RDS":
        rows = read_dispenses(message, institution, found)
        return [Draft(USAGE_DISPENSED, row, line) for line, row in enumerate(rows, start=1)]
    return [Draft(ORDER_PLACED, read_order(message, kind, institution, found))]

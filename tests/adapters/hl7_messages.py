"""HL7 v2 messages of a synthetic HIS, their changed copies, and what the interface makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from adapters._kit.protocol import Answer, AnswerLine, Document, Sender
from adapters.his_hl7v2.inbound import read
from adapters.his_hl7v2.reply import reply
from adapters.his_hl7v2.simulator import Dispense, DispensedItem, Head, Order, OrderItem
from adapters.his_hl7v2.wire import Hl7Message, parse
from schemas.envelope import canonical_bytes
from schemas.events import EVENT_TYPES, ORDER_PLACED
from schemas.issues import Rejected

SENDER = Sender("hosp-a", "530000", "2025-05-01T10:30:05+08:00")
HEAD = Head("MSG0001", "HOSP-A", "20250501103000+0800")
ORDER = Order(
    order_no="YN000000000001",
    institution="H53010123456",
    distributor="91530100MA6K2ABC0X",
    placed_at="20250501102959+0800",
    total="40.75",
    items=(
        OrderItem("YN000001", "10.0000", "2.500000", "25.00"),
        OrderItem("YN000002", "5", "3.15", "15.75"),
    ),
)
TRACE = "81234567890123456789"
DISPENSE = Dispense(
    dispense_no="FY20250501001",
    institution="H53010123456",
    dispensed_at="20250501102500",
    encounter="MZ0001",
    prescriber="D001",
    items=(
        DispensedItem("YN000001", "2", "合成示例胶囊", "L2501", "20270131", "CF01", "P9", (TRACE,)),
        DispensedItem("YN000002", "0.5", lot="L2502", split_pack=True),
    ),
)


def sender(**given: str) -> Sender:
    return Sender("hosp-a", "530000", "2025-05-01T10:30:05+08:00", settings=given)


def changed(raw: bytes, **fields: str | None) -> bytes:
    """Return a message with fields replaced: `ORC_2="x"`, `RXE2_3="y"` (second RXE); None drops it."""
    lines = [line.split("|") for line in raw.decode().split("\r") if line]
    for key, value in fields.items():
        place, field = key.split("_")
        name, number = place[:3], int(place[3:] or 1)
        found = [line for line in lines if line[0] == name][number - 1]
        at = int(field) - (name == "MSH")
        found += [""] * (at + 1 - len(found))
        found[at] = value or ""
    return "".join("|".join(line) + "\r" for line in lines).encode()


def without(raw: bytes, *names: str) -> bytes:
    lines = [line for line in raw.decode().split("\r") if line and line[:3] not in names]
    return "".join(line + "\r" for line in lines).encode()


def issues_of(raw: bytes, by: Sender = SENDER) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        read(raw, by)
    return [(found.path, found.code) for found in caught.value.issues]


def data_of(raw: bytes, by: Sender = SENDER) -> dict[str, Any]:
    (draft,) = read(raw, by).drafts
    return draft.data


def check_canonical(kind: str, data: Mapping[str, Any]) -> None:
    """What coding will add is added here; then the canonical contract must hold."""
    whole = dict(data)
    whole["institution"] = "H53010123456"
    if kind == ORDER_PLACED:
        whole["distributor"] = "91530100MA6K2ABC0X"
        whole["lines"] = [line | {"unified_code": "XA01"} for line in data["lines"]]
    else:
        whole["unified_code"] = "XA01"
    EVENT_TYPES[kind].model.model_validate_json(canonical_bytes(whole))


def answered(
    raw: bytes, answer: Answer, by: Sender = SENDER, *, unread: bool = False
) -> Hl7Message:
    document: Document | None = None
    if not unread:
        document = read(raw, by)
    return parse(reply(raw, document, answer, by).body, {})


def accepted(*states: str) -> Answer:
    lines = tuple(AnswerLine(number, state) for number, state in enumerate(states or ("accepted",)))  # type: ignore[arg-type]
    return Answer("accepted", lines, (), "2025-05-01T10:30:06.123456+08:00")

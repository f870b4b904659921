"""What waits for a code: a partner's acceptances, held, on a journal in one file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.holds import Holds
from gateway.coding.rows import CrosswalkRow
from gateway.coding.translate import code_draft, provisional_subject
from gateway.partners import Partner, Partners
from gateway.ports import Commit, EntryKind, Journal, Row, Submission
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import ACCEPTANCE_RECORDED, EVENT_TYPES

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOSPITAL = "H52010000001"
PARTNER = Partner(id="his-a", name="合成示例医院", interface="his", region="520000")
LISTED = EVENT_TYPES[ACCEPTANCE_RECORDED]
BASE = [CrosswalkRow("his-a", "institution", ward, HOSPITAL, "2020-01-01") for ward in "78"]


def product(code: str) -> str:
    return f"XA01AAA001A0010101{code:>05}"


def crosswalk(
    *codes: str, refused: Sequence[str] = (), refused_from: str = "2020-01-01"
) -> Crosswalk:
    mapped = [CrosswalkRow("his-a", "product", code, product(code), "2020-01-01") for code in codes]
    turned_down = [
        CrosswalkRow(
            "his-a", "product", code, "", refused_from, relation="none", reason=f"{code} 已停产"
        )
        for code in refused
    ]
    return Crosswalk.of([*BASE, *mapped, *turned_down])


def acceptance(code: str, ward: str = "7", **changed: Any) -> dict[str, Any]:
    return {
        "receipt_no": f"R{code}",
        "line_no": 1,
        "institution_local": ward,
        "region": "520000",
        "local_code": code,
        "accepted_quantity": "1.0000",
        "unit_price": "1.000000",
        "amount": "1.00",
        "accepted_at": "2026-03-01T08:00:00+08:00",
        **changed,
    }


def submission(
    number: str, *lines: dict[str, Any], partner: str = "his-a", type_: str = ACCEPTANCE_RECORDED
) -> Submission:
    known = crosswalk()
    rows = []
    for at, data in enumerate(lines, start=1):
        line = 0 if len(lines) == 1 else at
        coded = code_draft(data, PARTNER, "2026-03-01", known)
        message = Message(
            id=message_identity(partner, number, line),
            source=f"urn:jicai:partner:{partner}",
            type=type_,
            subject=provisional_subject(LISTED, data, partner),
            time="2026-03-01T08:00:00+08:00",
            data=canonical_bytes(data),
            region="520000",
            causationid="cause",
            correlationid="batch-1",
        )
        keys = (message.subject, *coded.keys)
        rows.append(Row(message, line, EntryKind.HELD, keys, coded.issues))
    raw = f"raw of {number}".encode()
    return Submission(
        message_identity(partner, number),
        partner,
        number,
        "his",
        raw,
        hashlib.sha256(raw).hexdigest(),
        "2026-03-02T00:00:00+08:00",
        rows,
    )


async def put(journal: Journal, *given: Submission) -> None:
    await journal.commit(Commit(submissions=list(given)))


def holds(journal: Journal, *partners: Partner) -> Holds:
    return Holds(journal, Partners({one.id: one for one in partners or (PARTNER,)}, {}))


async def published(journal: Journal) -> list[Message]:
    return [
        entry.message
        for shard in range(journal.shards)
        for entry in await journal.read(shard, 0, 1000)
    ]

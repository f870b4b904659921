"""Messages that were said and coded, on a journal: what a correction finds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.rows import CrosswalkRow
from gateway.coding.translate import code_draft
from gateway.partners import Partner, Partners
from gateway.ports import Commit, Entry, Journal, Row, Submission
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import ACCEPTANCE_RECORDED, EVENT_TYPES, ORDER_PLACED

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOSPITAL, DISTRIBUTOR = "H52010000001", "91520000TEXTAA0001"
WRONG, RIGHT = "XA01WRONG000001", "XA01RIGHT000001"
SINCE = "2026-01-01"
SPEAKERS = ("his-a", "his-b", "test-platform")
PARTNER = Partner(id="his-a", name="合成示例医院", interface="his", region="520000")
PARTNERS = Partners({"his-a": PARTNER, "his-b": PARTNER.model_copy(update={"id": "his-b"})}, {})


def crosswalk(*rows: tuple[str, str, str, str], drugs: dict[str, str] | None = None) -> Crosswalk:
    """A crosswalk of (local code, unified code, from, to), the wards and distributors with it."""
    base = [
        CrosswalkRow(partner, kind, local, unified, "2020-01-01")
        for partner in SPEAKERS
        for kind, local, unified in (
            ("institution", "7", HOSPITAL),
            ("enterprise", "D1", DISTRIBUTOR),
            ("product", "L9", "XA01OTHER000009"),
        )
    ]
    mapped = [CrosswalkRow(partner, "product", *row) for partner in SPEAKERS for row in rows]
    return Crosswalk.of([*base, *mapped], drugs)


WAS = (("L1", WRONG, SINCE, "9999-12-31"),)
BECOMES = (("L1", RIGHT, SINCE, "9999-12-31"),)


def acceptance(code: str = "L1", day: str = "2026-03-01", **changed: Any) -> dict[str, Any]:
    return {
        "receipt_no": "R1",
        "line_no": 1,
        "institution_local": "7",
        "region": "520000",
        "local_code": code,
        "accepted_quantity": "1.0000",
        "unit_price": "1.000000",
        "amount": "1.00",
        "accepted_at": f"{day}T08:00:00+08:00",
        **changed,
    }


def order(*codes: str, day: str = "2026-03-01") -> dict[str, Any]:
    lines = [
        {
            "line_no": number,
            "local_code": code,
            "quantity": "1.0000",
            "unit_price": "1.000000",
            "amount": "1.00",
        }
        for number, code in enumerate(codes, start=1)
    ]
    return {
        "msg_id": "PO-1",
        "order_no": "DD-1",
        "institution_local": "7",
        "distributor_local": "D1",
        "placed_at": f"{day}T08:00:00+08:00",
        "lines": lines,
        "total": f"{len(codes)}.00",
    }


def identity(number: str, partner: str = "his-a") -> str:
    return message_identity(partner, number)


async def say(
    journal: Journal,
    number: str,
    data: dict[str, Any],
    known: Crosswalk,
    *,
    partner: str = "his-a",
    at: str = "2026-03-02T00:00:00+08:00",
) -> str:
    """Append a message as receiving would; return its id."""
    type_ = ORDER_PLACED if "lines" in data else ACCEPTANCE_RECORDED
    listed = EVENT_TYPES[type_]
    speaker = PARTNER.model_copy(update={"id": partner})
    coded = code_draft(data, speaker, str(data[listed.dated_by])[:10], known)
    assert coded.issues == ()
    message = Message(
        id=identity(number, partner),
        source=f"urn:jicai:partner:{partner}",
        type=type_,
        subject=listed.subject(data),
        time=listed.business_time(data),
        data=canonical_bytes(data),
        region="520000",
    )
    await put(journal, message, number, raw=f"raw of {number}".encode(), at=at)
    return message.id


async def conclude(journal: Journal, number: str, causes: Sequence[str]) -> str:
    """Append a conclusion that names its causes."""
    data = {"drug": "d", "because": {"causes": list(causes)}}
    message = Message(
        id=identity(number, "policy-progress"),
        source="urn:jicai:partner:policy-progress",
        type="cn.jicai.settlement.held.v1",
        subject=f"{HOSPITAL}/{number}",
        time="2026-04-01T00:00:00+08:00",
        data=canonical_bytes(data),
        causationid=causes[0] if causes else "",
    )
    await put(journal, message, number, raw=message.data, at="2026-04-01T00:00:00+08:00")
    return message.id


async def put(journal: Journal, message: Message, number: str, *, raw: bytes, at: str) -> None:
    digest = hashlib.sha256(raw).hexdigest()
    given = Submission(message.id, message.partner, number, "his", raw, digest, at, [Row(message)])
    await journal.commit(Commit(submissions=[given]))


async def published(journal: Journal) -> list[Entry]:
    """Return what was published, shard by shard."""
    return [
        entry for shard in range(journal.shards) for entry in await journal.read(shard, 0, 10_000)
    ]

"""What the journal's tests hand in: messages and documents of made-up partners."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from gateway.ports import Commit, EntryKind, Outcome, Row, Submission
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.issues import Issue, issue

RECEIVED_AT = "2026-03-01T08:00:00+08:00"
ORDER = "cn.jicai.order.placed.v1"


def message(
    identity: str, subject: str = "order-1", *, partner: str = "his-a", quantity: str = "1.0000"
) -> Message:
    return Message(
        id=identity,
        source=f"urn:jicai:partner:{partner}",
        type=ORDER,
        subject=subject,
        time="2026-02-28T10:00:00+08:00",
        data=canonical_bytes({"order_no": subject, "quantity": quantity}),
        region="610000",
        causationid="a" * 32,
        correlationid="b" * 32,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )


def submission(
    message_id: str,
    rows: Sequence[Row],
    *,
    partner: str = "his-a",
    raw: bytes = b"<order/>",
    refused: Sequence[tuple[int, tuple[Issue, ...]]] = (),
    nonce: str = "",
    releases: str = "",
    received_at: str = RECEIVED_AT,
) -> Submission:
    return Submission(
        id=message_identity(partner, message_id),
        partner=partner,
        message_id=message_id,
        interface="his",
        raw=raw,
        digest=hashlib.sha256(raw).hexdigest(),
        received_at=received_at,
        rows=list(rows),
        refused=list(refused),
        nonce=nonce,
        releases=releases,
    )


def order(
    message_id: str,
    subject: str = "order-1",
    *,
    partner: str = "his-a",
    raw: bytes = b"<order/>",
    kind: EntryKind = EntryKind.MESSAGE,
    keys: Sequence[str] = (),
    nonce: str = "",
    received_at: str = RECEIVED_AT,
) -> Submission:
    """A document that is one message."""
    identity = message_identity(partner, message_id)
    why = (unknown_code(),) if kind is EntryKind.HELD else ()
    row = Row(message(identity, subject, partner=partner), 0, kind, tuple(keys), why)
    return submission(
        message_id, [row], partner=partner, raw=raw, nonce=nonce, received_at=received_at
    )


def document(message_id: str, subjects: Sequence[str], *, raw: bytes = b"<orders/>") -> Submission:
    """A document of several lines, line 1 first."""
    rows = [
        Row(message(message_identity("his-a", message_id, line), subject), line)
        for line, subject in enumerate(subjects, start=1)
    ]
    return submission(message_id, rows, raw=raw)


def release(held_id: str, subject: str, *, raw: bytes = b"") -> Submission:
    """The release of a held row, coded anew."""
    return submission(
        f"{held_id}!released",
        [Row(message(held_id, subject, quantity="2.0000"))],
        raw=raw,
        releases=held_id,
    )


def unknown_code(code: str = "X-1") -> Issue:
    return issue("code.unknown", "/items/0/drug", kind="product", code=code)


def commit(*submissions: Submission) -> Commit:
    return Commit(submissions=list(submissions))


def states(outcome: Outcome) -> list[tuple[int, str]]:
    return [(line.line, line.state.value) for line in outcome.lines]

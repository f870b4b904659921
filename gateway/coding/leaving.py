"""离开挂起: the document by which a held message flows on, and the one by which it goes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from gateway.errors import Issue
from gateway.partners import Partner
from gateway.ports import Entry, Held, Row, Submission
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import MESSAGE_REJECTED
from schemas.rejection import reason_of

SHOWN_ISSUES: Final = 100


def release_of(held: Held, entry: Entry, message: Message, now: str) -> Submission:
    """Return the release of a held message: `message` is it, coded.

    It brings no bytes of its own: the journal keeps pointing to what the partner sent.
    """
    return replace(
        _leaving(held, entry, now),
        id=message_identity(held.partner, f"{held.id}!released"),
        rows=[Row(message, entry.line)],
        releases=held.id,
    )


def rejection_identity(partner: str, held_id: str) -> str:
    """Return the id of the rejection of a held message, known before it is written."""
    return message_identity(partner, f"{held_id}!sent_back")


def rejection_of(
    held: Held, entry: Entry, partner: Partner, issues: Sequence[Issue], now: str
) -> Submission:
    """Return the rejection of a held message, which is sent back as a whole; `issues` say why."""
    identity = rejection_identity(held.partner, held.id)
    data: dict[str, Any] = {
        "msg_id": entry.message_id,
        "interface": entry.interface,
        "line": entry.line,
        "reason": reason_of(issues),
        "issues": [_placed(each, entry.line).as_dict() for each in issues[:SHOWN_ISSUES]],
        "rejected_at": now,
    }
    message = Message(
        id=identity,
        source=SOURCE_PREFIX + held.partner,
        type=MESSAGE_REJECTED,
        subject=entry.message_id or identity,
        time=now,
        data=canonical_bytes(data),
        region=partner.region,
        causationid=held.id,
        correlationid=entry.message.correlationid,
        traceparent=entry.message.traceparent,
    )
    return replace(_leaving(held, entry, now), id=identity, rows=[Row(message)], rejects=held.id)


def _leaving(held: Held, entry: Entry, now: str) -> Submission:
    return Submission(
        id="",
        partner=held.partner,
        message_id=entry.message_id,
        interface=entry.interface,
        raw=b"",
        digest=entry.digest,
        received_at=now,
        rows=[],
    )


def _placed(found: Issue, line: int) -> Issue:
    """Name the line of the document, where there is more than one."""
    return replace(found, line=line) if line and found.line is None else found

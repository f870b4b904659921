"""拒收: a message or a line that its partner must correct; a fact like any other, on its own topic."""

from __future__ import annotations

from pydantic import Field

from schemas.canonical import Canonical, Instant, Statement, Text


class IssueShown(Canonical):
    """One issue with its place, code and sentence in both languages."""

    path: str
    code: Text
    zh: str
    en: str
    line: int | None = None


class MessageRejected(Statement):
    """报文拒收. `reason` is the first issue's family: contract, sum, unknown, expired, …"""

    msg_id: str
    interface: Text
    line: int = 0
    reason: Text
    issues: tuple[IssueShown, ...] = Field(min_length=1)
    rejected_at: Instant

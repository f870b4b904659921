"""拒收: a message or a line that its partner must correct; a fact like any other, on its own topic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import Field

from schemas.canonical import Canonical, Instant, Statement, Text
from schemas.issues import Issue

REASONS: Final[Mapping[str, str]] = {
    "code.refused": "code_refused",
    "code.unknown": "unknown",
    "code.expired": "expired",
    "sum.mismatch": "sum",
}
"""Code of an issue → the family that a rejection names as its reason; all else is against the contract."""
CONTRACT: Final = "contract"


class IssueShown(Canonical):
    """One issue with its place, code and sentence in both languages; `facts`: what it says, by name."""

    path: str
    code: Text
    zh: str
    en: str
    line: int | None = None
    facts: dict[str, str] = Field(default_factory=dict)


class MessageRejected(Statement):
    """报文拒收. `reason` is the first issue's family: contract, sum, unknown, expired, code_refused.

    A refused code comes first of all: it is the one thing that the partner cannot wait out.
    """

    msg_id: str
    interface: Text
    line: int = 0
    reason: Text
    issues: tuple[IssueShown, ...] = Field(min_length=1)
    rejected_at: Instant


def reason_of(issues: Iterable[Issue]) -> str:
    """Return the reason of a rejection: a refused code before all else, then the first issue's family."""
    found = [REASONS.get(each.code, CONTRACT) for each in issues]
    return REASONS["code.refused"] if REASONS["code.refused"] in found else found[0]

"""留痕的行: what goes into the journal and comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from schemas.envelope import Message
from schemas.issues import Issue

SUPERSEDED_SPACE: Final = "superseded"
"""Key-value space: id of a message that was corrected → id of the one that stands in its place (UTF-8)."""


class EntryKind(StrEnum):
    """What a row of the journal is."""

    MESSAGE = "message"
    """A canonical message; published to the bus."""
    HELD = "held"
    """A message with an unknown code, or behind one; its codes are still the partner's; not published."""
    RECEIVED = "received"
    """A partner's document with several lines: its raw bytes and our answer; not published."""
    RECEIPT = "receipt"
    """What a partner answered to a delivery; not published."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal as read back. `raw` is empty unless the row heads its submission."""

    shard: int
    seq: int
    kind: EntryKind
    message: Message
    message_id: str
    """The partner's own message id."""
    interface: str
    digest: str
    """SHA-256 of the submission's raw bytes, hex (of the head; lines repeat it)."""
    raw: bytes
    head_id: str
    """The id of the row that carries the raw bytes of the same submission (itself for the head)."""
    recorded_at: str
    hash: str
    line: int = 0
    """Number of the row within its document; 0: the whole."""


@dataclass(slots=True)
class Row:
    """One canonical message (or held one) to append.

    `waits_on` (its subject, its local codes as `partner|kind|code`) are the keys by which earlier held
    messages hold it back. A code that a held one knows does not: that would stop a whole hospital.
    """

    message: Message
    line: int = 0
    kind: EntryKind = EntryKind.MESSAGE
    waits_on: Sequence[str] = ()
    held_for: Sequence[Issue] = ()
    """Why it is held (the unknown codes); empty when it only waits behind another."""
    holds_back: Sequence[str] = ()
    """Once held itself: the keys (subject, codes it lacks) by which it holds back others. Empty: all."""


@dataclass(slots=True)
class Submission:
    """One document of a partner: its raw bytes, its rows and the lines that were refused.

    `id` is `message_identity(partner, message_id)`: the same id with the same digest gives the first
    answer again, with another digest a conflict. With `claims` False (a wholly rejected document) the
    partner may correct and resend under the same id; such a submission's `id` includes its digest.
    """

    id: str
    partner: str
    message_id: str
    interface: str
    raw: bytes
    digest: str
    received_at: str
    rows: list[Row]
    refused: list[tuple[int, tuple[Issue, ...]]] = field(default_factory=list)
    nonce: str = ""
    """Of the authenticated request; one that was seen before makes the outcome `replayed`."""
    releases: str = ""
    """Id of the held row that the (single) row of this submission releases: taken off the hold list."""
    rejects: str = ""
    """Id of the held row that the (single) row sends back (退回), wherever it stands; it keeps its bytes."""


class LineState(StrEnum):
    """How one line of a submission ended at intake."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    HELD = "held"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """One line of the answer. `id` is the canonical message's id ("" for a rejected line)."""

    line: int
    state: LineState
    id: str = ""
    issues: tuple[Issue, ...] = ()


class Verdict(StrEnum):
    """How a whole submission ended at intake."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """Same id, same content: the first answer, again."""
    CONFLICT = "conflict"
    """Same id, other content: nothing was written."""
    REJECTED = "rejected"
    REPLAYED = "replayed"
    """The request's nonce was seen in an earlier commit: nothing was written."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The journal's word on one submission, known only after the transaction has committed."""

    submission_id: str
    verdict: Verdict
    lines: tuple[LineOutcome, ...]
    shard: int = -1
    seq: int = -1


@dataclass(frozen=True, slots=True)
class Stored:
    """A value of the key-value space with its version (1 at first, +1 at each write)."""

    value: bytes
    version: int


@dataclass(frozen=True, slots=True)
class Write:
    """A write to the key-value space.

    `value` None deletes. `expected` is the version that was read (0: must not exist; None: whatever);
    a mismatch fails the whole commit with `Contended`.
    """

    space: str
    key: str
    value: bytes | None
    expected: int | None = None


@dataclass(slots=True)
class Commit:
    """Everything that becomes durable together, or not at all."""

    submissions: list[Submission] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    handled: list[tuple[str, str]] = field(default_factory=list)
    """(consumer, message id): one that is already there fails the commit with `Contended`."""
    receipts: list[Row] = field(default_factory=list)
    """Rows of kind RECEIPT, appended as they are (deduped by their message's id)."""


@dataclass(frozen=True, slots=True)
class Search:
    """A question to the journal; empty fields do not restrict. Newest first.

    `since` (inclusive) and `until` (exclusive) are about when a row was recorded: RFC 3339, or a date of
    China's calendar, which counts as a whole day.
    """

    partner: str = ""
    subject: str = ""
    type: str = ""
    since: str = ""
    until: str = ""
    kind: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Head:
    """Where a shard's chain ends: number of its last entry and its hash (hex)."""

    shard: int
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Held:
    """A held row and what it waits for."""

    id: str
    shard: int
    seq: int
    partner: str
    subject: str
    keys: tuple[str, ...]
    issues: tuple[Issue, ...]
    since: str
    number: int = 0
    """Place on the hold list: older is smaller."""


@dataclass(frozen=True, slots=True)
class HeldCount:
    """What a partner has on the hold list: how much, and since when the oldest waits."""

    partner: str
    count: int
    since: str

"""端口: what the rooms need of the world outside, as protocols. Implemented in journal/ and bus/.

The journal is the truth: an append-only, hash-chained table, plus a small versioned key-value space for
everything that must become durable in the same transaction (policy state, offsets, queues). One call,
`commit`, makes a `Commit` durable as a whole or not at all. Concurrent calls share group commits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from schemas.envelope import Message
from schemas.issues import Issue

SUPERSEDED_SPACE: Final = "superseded"
"""Key-value space: id of a message that was corrected → id of the one that stands in its place (UTF-8)."""

# --------------------------------------------------------------------------- the journal's rows


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


class Journal(Protocol):
    """留痕: see the module's docstring. Every implementation passes tests/journal."""

    async def start(self) -> None:
        """Open, create or migrate. Raises Misconfigured when it cannot be used."""
        ...

    async def stop(self) -> None:
        """Finish what was begun and close."""
        ...

    @property
    def shards(self) -> int:
        """Number of chains; fixed when the journal was created."""
        ...

    async def commit(self, work: Commit) -> list[Outcome]:
        """Make `work` durable in one transaction; one outcome per submission, in order.

        Raises Contended (redo), Unavailable (database down or full; nothing was written).
        """
        ...

    async def find(self, message_id: str) -> Entry | None:
        """Return the row with this canonical id (the released row where it was held)."""
        ...

    async def search(self, question: Search) -> list[Entry]:
        """Return matching rows, newest first, without raw bytes. Raises Rejected for a bad time."""
        ...

    async def read(
        self, shard: int, after: int, limit: int, *, published_only: bool = True
    ) -> list[Entry]:
        """Return rows of a shard with seq > after in order, without their raw bytes."""
        ...

    async def raw(self, head_id: str) -> bytes:
        """Return a submission's raw bytes. Raises KeyError."""
        ...

    async def heads(self) -> list[Head]:
        """Return the end of every shard's chain."""
        ...

    async def held(self, *, limit: int = 1000, after: int = 0) -> list[Held]:
        """Return what is held, oldest first: those with a `number` greater than `after`."""
        ...

    async def held_counts(self) -> list[HeldCount]:
        """Return how much is held, partner by partner in the order of their ids."""
        ...

    def verify(self, shard: int, after: int = 0) -> AsyncIterator[int]:
        """Walk a shard's chain and yield the numbers verified so far (for progress bars).

        Raises Tampered at the first entry whose bytes, number or hash do not fit.
        """
        ...

    async def get(self, space: str, key: str) -> Stored | None:
        """Return one value of the key-value space."""
        ...

    async def get_many(self, space: str, keys: Sequence[str]) -> dict[str, Stored]:
        """Return those of the keys that exist."""
        ...

    async def scan(
        self, space: str, prefix: str = "", *, after: str = "", limit: int = 1000
    ) -> list[tuple[str, Stored]]:
        """Return key-values in key order (byte order), those with the prefix and key > after."""
        ...

    async def unhandled(self, consumer: str, ids: Sequence[str]) -> set[str]:
        """Return those ids that the consumer has not handled yet."""
        ...

    async def wait(self, heads: Sequence[Head], timeout: float) -> bool:
        """Return True as soon as a shard has grown past these heads, False after `timeout` seconds."""
        ...


# --------------------------------------------------------------------------- the bus


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as a consumer gets it. Offsets grow within a partition; they may have gaps."""

    topic: str
    partition: int
    offset: int
    message: Message


@dataclass(frozen=True, slots=True)
class TopicPosition:
    """Where a group stands in a partition; lag is the number of offsets (not always messages) behind."""

    topic: str
    partition: int
    offset: int
    """The next offset to read."""
    end: int

    @property
    def lag(self) -> int:
        """Return how far the group is behind the end."""
        return max(0, self.end - self.offset)


class Consumer(Protocol):
    """A member of a consumer group. At least once: the handler dedupes by message id."""

    async def start(self) -> None:
        """Join; begins where the group left off (`committed`), else at the beginning."""
        ...

    async def fetch(self, limit: int, timeout: float) -> list[Delivered]:
        """Return up to `limit` messages, in order per partition; [] after `timeout` seconds of nothing."""
        ...

    async def commit(self) -> None:
        """Remember for the group that everything fetched so far has been handled."""
        ...

    async def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from this offset (replay)."""
        ...

    async def stop(self) -> None:
        """Leave the group."""
        ...


class Bus(Protocol):
    """消息: topics with partitions and groups. Every implementation passes tests/bus."""

    async def start(self) -> None:
        """Connect and make sure the catalogue's topics exist. Raises Unavailable / Misconfigured."""
        ...

    async def stop(self) -> None:
        """Flush and close."""
        ...

    async def relay(self, entries: Sequence[Entry]) -> None:
        """Publish the journal's rows in order; returns when all are acknowledged by all replicas.

        The embedded bus reads the journal itself: nothing to do there. Raises Unavailable after its own
        attempts to recover (the producer is rebuilt, and the caller sends again from the journal).
        """
        ...

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Return a new member of a group."""
        ...

    async def positions(self, group: str) -> list[TopicPosition]:
        """Return where a group stands, with lag."""
        ...

    async def tail(self, topic: str, count: int) -> list[Delivered]:
        """Return the newest messages of a topic, oldest first."""
        ...

    async def ends(self) -> list[TopicPosition]:
        """Return the first and last offsets of every topic's partitions (`offset` is the beginning)."""
        ...

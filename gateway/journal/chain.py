"""审计链: an entry's columns, how its hash is made of the one before, and how a chain is checked.

hash(n) = H(hash(n-1) + JSON array of all columns of n), where the array holds H(data) for the data and the
raw bytes' length and SHA-256 digest for the raw bytes. A JSON array of texts and integers in one byte form
(no spaces, UTF-8) is unambiguous and can be recomputed in any language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson
from murmurhash2 import murmurhash2

from gateway.errors import Misconfigured, Tampered
from gateway.journal.instants import instant
from gateway.ports import Entry, EntryKind, Head
from schemas.envelope import Message

GENESIS: Final = bytes(32)
"""What stands before entry 1 of every shard."""
ALGORITHMS: Final = ("sha256", "sm3")
_SEED: Final = 0x9747B28C  # of Kafka's own partitioner: a subject's shard is its partition
_POSITIVE: Final = 0x7FFFFFFF


class Record(NamedTuple):
    """One row of the table `entry`, columns in their order; `raw` is None unless it heads a submission."""

    shard: int
    seq: int
    kind: str
    id: str
    partner: str
    message_id: str
    interface: str
    type: str
    subject: str
    source: str
    time: str
    region: str
    causation: str
    correlation: str
    traceparent: str
    data: bytes
    raw: bytes | None
    digest: str
    head_id: str
    line: int
    recorded_at: str
    at: int
    """`recorded_at` in microseconds since 1970 UTC: what searches by time go by."""
    hash: bytes


COLUMNS: Final = Record._fields

Hasher = Callable[[bytes], Any]
"""Makes a hashlib object of some bytes."""


def hasher(algorithm: str) -> Hasher:
    """Return the hash function of a chain (sha256, or 国密 sm3). Raises Misconfigured for others."""
    if algorithm not in ALGORITHMS:
        raise Misconfigured(f"journal: the chain knows {', '.join(ALGORITHMS)}, not {algorithm!r}")
    if algorithm == "sha256":
        return hashlib.sha256
    try:
        hashlib.new(algorithm)
    except ValueError as error:
        raise Misconfigured(f"journal: this machine's OpenSSL has no {algorithm}") from error
    return lambda data: hashlib.new(algorithm, data)


def shard_of(subject: str, shards: int) -> int:
    """Return the chain of a business key: the same function as the bus uses for partitions."""
    return (murmurhash2(subject.encode(), _SEED) & _POSITIVE) % shards


def link(
    new: Hasher,
    previous: bytes,
    front: tuple[Any, ...],
    body: tuple[bytes, bytes | None],
    back: tuple[Any, ...],
) -> bytes:
    """Return the hash (32 bytes) of an entry that follows `previous`.

    `front` are the columns before data and raw (`body`), `back` those after them up to `at`.
    """
    data, raw = body
    columns = (*front, new(data).hexdigest(), -1 if raw is None else len(raw), *back)
    linked: bytes = new(previous + orjson.dumps(columns)).digest()
    return linked


def check(new: Hasher, shard: int, seq: int, previous: bytes, one: Record) -> bytes:
    """Return the hash of the entry that must be number `seq` of `shard`.

    Raises Tampered with what does not fit: the number, the hash, the raw bytes, or the time.
    """
    if one.shard != shard or one.seq != seq:
        raise Tampered(
            shard, seq, f"the entry is missing (found {one.shard}-{one.seq} in its place)"
        )
    try:
        expected = link(new, previous, one[:15], one[15:17], one[17:22])
        derived = instant(one.recorded_at)
    except (TypeError, ValueError, AttributeError) as error:
        raise Tampered(shard, seq, f"a column cannot be read: {type(error).__name__}") from error
    if expected != one.hash:
        raise Tampered(shard, seq, "the content does not fit the hash")
    if one.raw is not None and hashlib.sha256(one.raw).hexdigest() != one.digest:
        raise Tampered(shard, seq, "the raw bytes do not fit their digest")
    if derived != one.at:
        raise Tampered(shard, seq, "the time does not fit its search column")
    return expected


def check_end(head: Head, seq: int, last: bytes) -> None:
    """Raise Tampered unless a chain that was walked to `seq` ends where the shard's head says."""
    if head.seq > seq:
        raise Tampered(head.shard, seq + 1, f"the entry is missing; the chain ended at {head.seq}")
    if head.seq < seq:
        raise Tampered(head.shard, head.seq + 1, "the entry lies beyond the recorded end")
    if head.hash != last.hex():
        raise Tampered(head.shard, seq, "the recorded end of the chain has another hash")


def as_entry(one: Record) -> Entry:
    """Return a row as the port's entry. `sequence` stays empty: `Message.numbered` gives it."""
    return Entry(
        shard=one.shard,
        seq=one.seq,
        kind=EntryKind(one.kind),
        message=Message(
            id=one.id,
            source=one.source,
            type=one.type,
            subject=one.subject,
            time=one.time,
            data=one.data,
            region=one.region,
            causationid=one.causation,
            correlationid=one.correlation,
            traceparent=one.traceparent,
        ),
        message_id=one.message_id,
        interface=one.interface,
        digest=one.digest,
        raw=one.raw or b"",
        head_id=one.head_id,
        recorded_at=one.recorded_at,
        hash=one.hash.hex(),
        line=one.line,
    )

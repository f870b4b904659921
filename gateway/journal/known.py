"""What a group of commits must look up before it can be planned, and what was found.

Everything here is read inside the group's own transaction, after the locks are held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.journal.answers import Lines
from gateway.journal.chain import shard_of
from gateway.journal.identities import digest_key, id_key
from gateway.ports import Commit, EntryKind, Row


class Identity(NamedTuple):
    """A message id that is taken: the digest it came with, and where it stands now."""

    digest: bytes
    shard: int
    seq: int


class HeldPlace(NamedTuple):
    """A row on the hold list: its number there (older is smaller) and what it brings to a release."""

    number: int
    keys: tuple[str, ...]
    head_id: str
    digest: str
    raw: bytes


class First(NamedTuple):
    """A stored row that a newly arrived one repeats: the answer it got, and its content."""

    lines: Lines
    data: bytes


@dataclass(slots=True)
class Needs:
    """Keys to look up for a group."""

    shards: list[int]
    """Those that may grow, ascending: the order in which they are locked."""
    ids: list[bytes]
    """Sorted, so that concurrent groups take them in the same order."""
    nonces: set[tuple[str, str]]
    states: list[tuple[str, str]]
    handled: list[tuple[str, str]]
    releases: list[str]
    """Ids of held rows that are to leave the hold list, released or sent back."""
    waiting: bool
    """Whether any row could have to wait behind a held one."""
    holding: bool
    """Whether any row is held from the start."""


@dataclass(slots=True)
class Known:
    """What was found. `shards` and `hold_keys` are the group's own: planning goes on in them."""

    heads: dict[int, tuple[int, bytes]]
    identities: dict[bytes, Identity] = field(default_factory=dict)
    firsts: dict[bytes, First] = field(default_factory=dict)
    nonces: set[tuple[str, str]] = field(default_factory=set)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    handled: set[tuple[str, str]] = field(default_factory=set)
    hold_keys: dict[str, list[int]] = field(default_factory=dict)
    """Key → numbers of the held rows that have it, oldest first (at least one more than is released)."""
    held: dict[str, HeldPlace] = field(default_factory=dict)
    """The rows that the group wants off the hold list and that are still held."""
    held_numbers: Sequence[int] = ()
    """Numbers for newly held rows, ascending; as many as the group has rows, or none."""


def every_row(group: Sequence[Commit]) -> Iterator[Row]:
    """Return the rows of all submissions of a group, in order."""
    for work in group:
        for given in work.submissions:
            yield from given.rows


def needs_of(group: Sequence[Commit], shards: int) -> Needs:
    """Return what must be looked up to plan a group."""
    places: set[int] = set()
    ids: set[bytes] = set()
    for work in group:
        for given in work.submissions:
            ids.add(id_key(given.id))
            if leaves := given.releases or given.rejects:
                ids.add(id_key(leaves))
            if len(given.rows) != 1 or given.refused or given.rows[0].message.id != given.id:
                places.add(shard_of(given.message_id, shards))
        for row in work.receipts:
            ids.add(id_key(row.message.id))
            places.add(shard_of(row.message.subject, shards))
    for row in every_row(group):
        ids.add(id_key(row.message.id))
        places.add(shard_of(row.message.subject, shards))
    return Needs(
        shards=sorted(places),
        ids=sorted(ids),
        nonces={(s.partner, s.nonce) for work in group for s in work.submissions if s.nonce},
        states=sorted({(write.space, write.key) for work in group for write in work.writes}),
        handled=sorted({pair for work in group for pair in work.handled}),
        releases=[
            leaves
            for work in group
            for given in work.submissions
            if (leaves := given.releases or given.rejects)
        ],
        waiting=any(row.waits_on for row in every_row(group)),
        holding=any(row.kind is EntryKind.HELD for row in every_row(group)),
    )


def wait_keys(group: Sequence[Commit], held: dict[str, HeldPlace]) -> dict[str, int]:
    """Return the keys that decide about holding or releasing in this group, in order.

    With each, how many of the oldest rows that have it must be known: one more than may leave the hold
    list in this group. Rounded up to a power of two, so that few questions ask for all.
    """
    leaving = Counter(key for place in held.values() for key in place.keys)
    keys = {key for row in every_row(group) for key in row.waits_on} | leaving.keys()
    return {key: 1 << leaving[key].bit_length() for key in sorted(keys)}


def repeated(group: Sequence[Commit], identities: dict[bytes, Identity]) -> dict[bytes, Identity]:
    """Return the ids whose stored row is needed: submissions given again, rows met before."""
    found: dict[bytes, Identity] = {}
    if not identities:
        return found
    for work in group:
        for given in work.submissions:
            mark = id_key(given.id)
            first = identities.get(mark)
            if first is not None and first.digest == digest_key(given.digest):
                found[mark] = first
            for row in given.rows:
                key = id_key(row.message.id)
                if key in identities:
                    found[key] = identities[key]
    return found

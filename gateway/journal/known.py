"""What a group of commits must look up before it can be planned, and what was found.

Everything here is read inside the group's own transaction, after the locks are held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.journal.answers import Lines
from gateway.journal.chain import shard_of
from gateway.journal.identities import digest_key, id_key
from gateway.ports import Commit, EntryKind, Row

_VERSIONS: Final = 2**62
"""More than a key-value will ever be written."""


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
class Hopes:
    """What a group's commits take for granted: as a rule they read it just before.

    Where any of it turns out not to hold, nothing of the group may be written that was planned on it.
    """

    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    """Key-values that are written exactly once in the group, with the version that is expected."""
    unhandled: bool = False
    """Whether no message that the group handles was handled before."""

    def __bool__(self) -> bool:
        """Return whether anything is taken for granted."""
        return self.unhandled or bool(self.versions)


@dataclass(slots=True)
class Needs:
    """Keys to look up for a group."""

    ids: list[bytes]
    """Sorted, so that concurrent groups take them in the same order."""
    nonces: set[tuple[str, str]]
    states: list[tuple[str, str]]
    handled: list[tuple[str, str]]
    hopes: Hopes
    """What is not looked up: it shows when it is written."""
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


def needs_of(group: Sequence[Commit], *, hoping: bool = False) -> Needs:
    """Return what must be looked up to plan a group; `hoping`: as little as can be."""
    handled = {pair for work in group for pair in work.handled}
    hopes = Hopes(_expected(group), bool(handled)) if hoping else Hopes()
    states = {(write.space, write.key) for work in group for write in work.writes}
    return Needs(
        ids=sorted(_ids(group)),
        nonces={(s.partner, s.nonce) for work in group for s in work.submissions if s.nonce},
        states=sorted(states - hopes.versions.keys()),
        handled=[] if hoping else sorted(handled),
        hopes=hopes,
        releases=[
            leaves
            for work in group
            for given in work.submissions
            if (leaves := given.releases or given.rejects)
        ],
        waiting=any(row.waits_on for row in every_row(group)),
        holding=any(row.kind is EntryKind.HELD for row in every_row(group)),
    )


def _ids(group: Sequence[Commit]) -> set[bytes]:
    """Return the keys of all ids that a group names."""
    named: set[str] = set()
    for work in group:
        for given in work.submissions:
            named.add(given.id)
            if leaves := given.releases or given.rejects:
                named.add(leaves)
            named.update(row.message.id for row in given.rows)
        named.update(row.message.id for row in work.receipts)
    return set(map(id_key, named))


def _expected(group: Sequence[Commit]) -> dict[tuple[str, str], int]:
    """Return the versions that can be hoped for: of key-values replaced once, by who says which it was."""
    found: dict[tuple[str, str], int] = {}
    others: set[tuple[str, str]] = set()
    for work in group:
        for write in work.writes:
            place, expected = (write.space, write.key), write.expected
            # what no version can be is left to the look-up: a column could not even hold it
            if (
                write.value is None
                or expected is None
                or not 0 <= expected < _VERSIONS
                or place in found
            ):
                others.add(place)
            else:
                found[place] = expected
    for place in others:
        found.pop(place, None)
    return found


def growing(group: Sequence[Commit], shards: int) -> list[int]:
    """Return the shards that a group may let grow, ascending: the order in which they are locked."""
    subjects = {row.message.subject for row in every_row(group)}
    for work in group:
        subjects.update(row.message.subject for row in work.receipts)
        for given in work.submissions:
            if len(given.rows) != 1 or given.refused or given.rows[0].message.id != given.id:
                subjects.add(given.message_id)
    return sorted({shard_of(subject, shards) for subject in subjects})


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

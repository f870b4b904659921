"""A journal in memory: honours every sentence of the Journal port, durable only as long as the object.

Rooms that need a journal in their tests take this one; tests/journal decides what a real one must do.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from gateway.errors import Contended, Tampered, Unavailable
from gateway.ports import (
    Commit,
    Entry,
    EntryKind,
    Head,
    Held,
    HeldCount,
    LineOutcome,
    LineState,
    Outcome,
    Row,
    Search,
    Stored,
    Submission,
    Verdict,
    Write,
)
from schemas.envelope import SOURCE_PREFIX, Message

_NO_HASH = "0" * 64


def shard_of(subject: str, shards: int) -> int:
    """Return the chain a business key is written to; the same key always to the same one."""
    return zlib.crc32(subject.encode()) % shards


def _chained(entry: Entry, before: str) -> str:
    content = (
        before,
        entry.shard,
        entry.seq,
        entry.kind,
        entry.message_id,
        entry.digest,
        *(getattr(entry.message, name) for name in Message.__slots__ if name != "data"),
        hashlib.sha256(entry.message.data).hexdigest(),
    )
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


@dataclass(slots=True)
class _Answer:
    digest: str
    outcome: Outcome


@dataclass(slots=True)
class _State:
    """Everything that is durable."""

    chains: list[list[Entry]]
    arrived: list[Entry] = field(default_factory=list)
    by_id: dict[str, Entry] = field(default_factory=dict)
    raws: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, _Answer] = field(default_factory=dict)
    nonces: set[tuple[str, str]] = field(default_factory=set)
    handled: set[tuple[str, str]] = field(default_factory=set)
    values: dict[tuple[str, str], Stored] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    """By the held message's id, oldest first."""
    numbered: int = 0
    """Rows that were ever held."""


class MemoryJournal:
    """留痕 in memory. `down` set to True makes every commit raise Unavailable and write nothing."""

    def __init__(self, shards: int = 4) -> None:
        self._state = _State(chains=[[] for _ in range(shards)])
        self._grown = asyncio.Condition()
        self.down = False
        self.commits = 0

    @property
    def shards(self) -> int:
        """Number of chains."""
        return len(self._state.chains)

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    # ------------------------------------------------------------------ writing

    async def commit(self, work: Commit) -> list[Outcome]:
        """Do all of it, or raise Contended / Unavailable and do nothing."""
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable("the journal in memory has been told to be down")
        values = self._contest(work)
        self._state.values = values
        self._state.handled.update(work.handled)
        seen = set(self._state.nonces)
        outcomes = [self._submit(each, seen) for each in work.submissions]
        for row in work.receipts:
            if row.message.id not in self._state.by_id:
                self._append(row, EntryKind.RECEIPT, _AS_RECEIPT)
        self.commits += 1
        async with self._grown:
            self._grown.notify_all()
        return outcomes

    def _contest(self, work: Commit) -> dict[tuple[str, str], Stored]:
        """Return the key-values after the writes. Raises Contended before anything has changed."""
        values = dict(self._state.values)
        for write in work.writes:
            _put(values, write)
        fresh: set[tuple[str, str]] = set()
        for pair in work.handled:
            if pair in self._state.handled or pair in fresh:
                raise Contended(f"{pair[0]} has already handled {pair[1]}")
            fresh.add(pair)
        return values

    def _submit(self, given: Submission, seen: set[tuple[str, str]]) -> Outcome:
        """Take one document. `seen` are the nonces before this commit: its documents may share one."""
        nonce = (given.partner, given.nonce)
        if given.nonce and nonce in seen:
            return Outcome(given.id, Verdict.REPLAYED, ())
        first = self._state.answers.get(given.id)
        if first is not None and first.digest != given.digest:
            return Outcome(given.id, Verdict.CONFLICT, ())
        if given.nonce:
            self._state.nonces.add(nonce)
        if first is not None:
            return replace(first.outcome, verdict=Verdict.DUPLICATE)
        outcome = self._answer(given)
        self._state.answers[given.id] = _Answer(given.digest, outcome)
        return outcome

    def _answer(self, given: Submission) -> Outcome:
        alone = len(given.rows) == 1 and not given.refused and given.rows[0].line == 0
        # a document with several lines is kept whole under its own row; a single message carries itself
        head = None if alone and not self._known(given, given.rows[0]) else self._receive(given)
        lines: list[LineOutcome] = []
        for row in given.rows:
            entry, outcome = self._line(given, row, head)
            lines.append(outcome)
            head = head or entry
        lines += [
            LineOutcome(line, LineState.REJECTED, "", issues) for line, issues in given.refused
        ]
        lines.sort(key=lambda each: each.line)
        verdict = Verdict.REJECTED if given.refused and not given.rows else Verdict.ACCEPTED
        place = (head.shard, head.seq) if head else (-1, -1)
        return Outcome(given.id, verdict, tuple(lines), *place)

    def _known(self, given: Submission, row: Row) -> bool:
        if leaves := given.releases or given.rejects:
            return leaves not in self._state.holds
        return row.message.id in self._state.by_id

    def _line(
        self, given: Submission, row: Row, head: Entry | None
    ) -> tuple[Entry | None, LineOutcome]:
        identity = row.message.id
        if self._known(given, row):
            return None, LineOutcome(row.line, LineState.DUPLICATE, identity)
        blocked = not given.rejects and self._blocked(row, given.releases)
        kind = EntryKind.HELD if blocked else row.kind
        entry = self._append(row, kind, given, head)
        if kind is not EntryKind.HELD:
            self._state.holds.pop(given.releases or given.rejects, None)
            return entry, LineOutcome(row.line, LineState.ACCEPTED, identity)
        if not given.releases:
            self._state.numbered += 1
            self._state.holds[identity] = Held(
                identity,
                entry.shard,
                entry.seq,
                given.partner,
                row.message.subject,
                self._holds_back(row),
                tuple(row.held_for),
                given.received_at,
                self._state.numbered,
            )
        return entry, LineOutcome(row.line, LineState.HELD, identity, tuple(row.held_for))

    def _holds_back(self, row: Row) -> tuple[str, ...]:
        behind = {key for held in self._state.holds.values() for key in held.keys}
        waits = [key for key in row.waits_on if key in behind]
        return tuple(dict.fromkeys((*(row.holds_back or row.waits_on), *waits)))

    def _blocked(self, row: Row, releases: str) -> bool:
        keys = set(row.waits_on)
        for identity, held in self._state.holds.items():
            if identity == releases:
                return False  # only what was held before it can hold it back
            if keys & set(held.keys):
                return True
        return False

    def _receive(self, given: Submission) -> Entry:
        message = Message(
            id=f"{given.id}.document",
            source=f"{SOURCE_PREFIX}{given.partner}",
            type="",
            subject=given.id,
            time=given.received_at,
            data=b"{}",
        )
        return self._append(Row(message), EntryKind.RECEIVED, given)

    def _append(
        self, row: Row, kind: EntryKind, given: Submission, head: Entry | None = None
    ) -> Entry:
        shard = shard_of(row.message.subject, self.shards)
        chain = self._state.chains[shard]
        bare = Entry(
            shard=shard,
            seq=len(chain) + 1,
            kind=kind,
            message=row.message,
            message_id=given.message_id,
            interface=given.interface,
            digest=given.digest,
            raw=b"" if head else given.raw,
            head_id=head.message.id if head else row.message.id,
            recorded_at=given.received_at or row.message.time,
            hash="",
        )
        entry = replace(bare, hash=_chained(bare, chain[-1].hash if chain else _NO_HASH))
        chain.append(entry)
        self._state.arrived.append(entry)
        self._state.by_id[row.message.id] = entry
        if head is None:
            self._state.raws[row.message.id] = given.raw
        return entry

    # ------------------------------------------------------------------ reading

    async def find(self, message_id: str) -> Entry | None:
        """Return the row with this canonical id; the released one where it was held."""
        return self._state.by_id.get(message_id)

    async def search(self, question: Search) -> list[Entry]:
        """Return matching rows, newest first."""
        found = [entry for entry in reversed(self._state.arrived) if _fits(entry, question)]
        return found[: question.limit]

    async def read(
        self, shard: int, after: int, limit: int, *, published_only: bool = True
    ) -> list[Entry]:
        """Return rows of a shard with seq > after in order, without their raw bytes."""
        await asyncio.sleep(0)
        found: list[Entry] = []
        for entry in self._state.chains[shard][max(0, after) :]:
            if len(found) == limit:
                break
            if entry.kind is EntryKind.MESSAGE or not published_only:
                found.append(replace(entry, raw=b""))
        return found

    async def raw(self, head_id: str) -> bytes:
        """Return a submission's raw bytes. Raises KeyError."""
        return self._state.raws[head_id]

    async def heads(self) -> list[Head]:
        """Return the end of every chain; number 0 for an empty one."""
        return [
            Head(shard, len(chain), chain[-1].hash if chain else _NO_HASH)
            for shard, chain in enumerate(self._state.chains)
        ]

    async def held(self, *, limit: int = 1000, after: int = 0) -> list[Held]:
        """Return what is held, oldest first."""
        return [one for one in self._state.holds.values() if one.number > after][:limit]

    async def held_counts(self) -> list[HeldCount]:
        """Return how much is held, by partner."""
        found: dict[str, HeldCount] = {}
        for one in self._state.holds.values():
            before = found.get(one.partner, HeldCount(one.partner, 0, one.since))
            found[one.partner] = replace(before, count=before.count + 1)
        return [found[partner] for partner in sorted(found)]

    async def verify(self, shard: int, after: int = 0) -> AsyncIterator[int]:
        """Walk a chain. Raises Tampered at the first entry that does not fit."""
        chain = self._state.chains[shard]
        before = chain[after - 1].hash if after else _NO_HASH
        for seq, entry in enumerate(chain[after:], start=after + 1):
            if entry.seq != seq or entry.hash != _chained(replace(entry, hash=""), before):
                raise Tampered(shard, seq, "the hash does not fit")
            before = entry.hash
            yield seq

    async def get(self, space: str, key: str) -> Stored | None:
        """Return one value."""
        await asyncio.sleep(0)
        return self._state.values.get((space, key))

    async def get_many(self, space: str, keys: Sequence[str]) -> dict[str, Stored]:
        """Return those of the keys that exist."""
        await asyncio.sleep(0)
        values = self._state.values
        return {key: values[space, key] for key in keys if (space, key) in values}

    async def get_each(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Stored]]:
        """Return, for each space, those of its keys that exist."""
        return {space: await self.get_many(space, keys) for space, keys in wanted.items()}

    async def scan(
        self, space: str, prefix: str = "", *, after: str = "", limit: int = 1000
    ) -> list[tuple[str, Stored]]:
        """Return key-values in byte order of their keys."""
        found = [
            (key, stored)
            for (among, key), stored in self._state.values.items()
            if among == space and key.startswith(prefix) and key.encode() > after.encode()
        ]
        return sorted(found, key=lambda each: each[0].encode())[:limit]

    async def scan_each(
        self, places: Sequence[tuple[str, str]], *, limit: int = 1000
    ) -> list[list[tuple[str, Stored]]]:
        """Return what `scan` says of each (space, prefix), in order."""
        return [await self.scan(space, prefix, limit=limit) for space, prefix in places]

    async def unhandled(self, consumer: str, ids: Sequence[str]) -> set[str]:
        """Return those ids that the consumer has not handled yet."""
        return {each for each in ids if (consumer, each) not in self._state.handled}

    async def wait(self, heads: Sequence[Head], timeout: float) -> bool:
        """Return True as soon as one of these shards has grown, False after `timeout` seconds."""

        def grown() -> bool:
            return any(len(self._state.chains[head.shard]) > head.seq for head in heads)

        async with self._grown:
            try:
                async with asyncio.timeout(timeout):
                    await self._grown.wait_for(grown)
            except TimeoutError:
                return False
        return True


def _put(values: dict[tuple[str, str], Stored], write: Write) -> None:
    place = (write.space, write.key)
    version = values[place].version if place in values else 0
    if write.expected is not None and write.expected != version:
        raise Contended(f"{write.space}/{write.key} is at {version}, not {write.expected}")
    if write.value is None:
        values.pop(place, None)
    else:
        values[place] = Stored(write.value, version + 1)


def _fits(entry: Entry, question: Search) -> bool:
    return (
        question.partner in {"", entry.message.partner}
        and question.subject in {"", entry.message.subject}
        and question.type in {"", entry.message.type}
        and question.kind in {"", entry.kind}
        and question.since <= entry.recorded_at
        and (not question.until or entry.recorded_at <= question.until)
    )


_AS_RECEIPT = Submission(
    id="", partner="", message_id="", interface="", raw=b"", digest="", received_at="", rows=[]
)

"""What a group of commits becomes, decided in memory: no SQL here, and no clock.

Commits are taken in order; each sees what those before it in the group did. A commit that is contended
leaves no trace, so it never disturbs the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import Contended
from gateway.journal.answers import Lines, again, answer_bytes
from gateway.journal.chain import Hasher, Record, link, shard_of
from gateway.journal.identities import digest_key, id_key
from gateway.journal.instants import instant
from gateway.journal.known import First, HeldPlace, Identity, Known
from gateway.ports import (
    Commit,
    EntryKind,
    LineOutcome,
    LineState,
    Outcome,
    Row,
    Submission,
    Verdict,
)
from schemas.envelope import SOURCE_PREFIX, Message
from schemas.issues import Issue

DOCUMENT_RECEIVED = "cn.jicai.document.received"
"""Type of the row that heads a document of several lines; it is never published."""

Result = list[Outcome] | Contended


class NewHeld(NamedTuple):
    """A row to put on the hold list."""

    number: int
    id: str
    shard: int
    seq: int
    partner: str
    subject: str
    keys: tuple[str, ...]
    issues: tuple[Issue, ...]
    since: str


@dataclass(slots=True)
class Plan:
    """What is to be written, in one transaction, and what each caller is told after it."""

    results: list[Result] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    identities: dict[bytes, Identity] = field(default_factory=dict)
    moved: dict[bytes, Identity] = field(default_factory=dict)
    heads: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    held: dict[str, NewHeld] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    nonces: dict[tuple[str, str], int] = field(default_factory=dict)
    states: dict[tuple[str, str], tuple[bytes | None, int]] = field(default_factory=dict)
    handled: list[tuple[str, str]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Return whether nothing is to be written."""
        return not (self.records or self.nonces or self.states or self.handled)


class _Origin(NamedTuple):
    """The columns that the rows of one submission share."""

    partner: str
    message_id: str
    interface: str
    digest: str
    recorded_at: str
    at: int


def plan_group(group: Sequence[Commit], known: Known, new: Hasher, shards: int) -> Plan:
    """Return what a group becomes. `known` is used up."""
    planner = _Planner(known, new, shards)
    for work in group:
        try:
            planner.plan.results.append(planner.take(work))
        except Contended as contended:
            planner.plan.results.append(contended)
    return planner.plan


class _Planner:
    """Holds the group's view of the journal while its commits are taken one by one."""

    def __init__(self, known: Known, new: Hasher, shards: int) -> None:
        self.plan = Plan()
        self._known = known
        self._new = new
        self._shards = shards
        self._numbers = iter(known.held_numbers)

    def take(self, work: Commit) -> list[Outcome]:
        """Plan one commit. Raises Contended before anything of it is planned."""
        states = self._states(work)
        for pair in work.handled:
            if pair in self._known.handled:
                raise Contended(f"{pair[0]} has handled {pair[1]} before")
        seen = set(self._known.nonces)
        outcomes = [self._submission(given, seen) for given in work.submissions]
        for row in work.receipts:
            self._receipt(row)
        for place, (_, version) in states.items():
            self._known.versions[place] = version
        self.plan.states.update(states)
        fresh = dict.fromkeys(work.handled)  # twice in one commit is once
        self._known.handled.update(fresh)
        self.plan.handled.extend(fresh)
        return outcomes

    def _states(self, work: Commit) -> dict[tuple[str, str], tuple[bytes | None, int]]:
        staged: dict[tuple[str, str], tuple[bytes | None, int]] = {}
        for write in work.writes:
            place = (write.space, write.key)
            version = staged[place][1] if place in staged else self._known.versions.get(place, 0)
            if write.expected is not None and write.expected != version:
                raise Contended(f"{write.space}/{write.key} is at version {version}")
            staged[place] = (write.value, 0 if write.value is None else version + 1)
        return staged

    # ------------------------------------------------------------------ submissions

    def _submission(self, given: Submission, seen: set[tuple[str, str]]) -> Outcome:
        """Plan one document. `seen` are the nonces before this commit: its documents may share one."""
        nonce = (given.partner, given.nonce)
        if given.nonce and nonce in seen:
            return Outcome(given.id, Verdict.REPLAYED, ())
        outcome = self._leave(given) if given.releases or given.rejects else self._document(given)
        if given.nonce and outcome.verdict is not Verdict.CONFLICT:
            self._known.nonces.add(nonce)
            self.plan.nonces[nonce] = instant(given.received_at)
        return outcome

    def _document(self, given: Submission) -> Outcome:
        mark = id_key(given.id)
        first = self._known.identities.get(mark)
        if first is not None:
            if first.digest != digest_key(given.digest):
                return Outcome(given.id, Verdict.CONFLICT, ())
            lines = again(self._known.firsts[mark].lines)
            return Outcome(given.id, Verdict.DUPLICATE, lines, first.shard, first.seq)
        rows = given.rows
        if len(rows) == 1 and not given.refused and rows[0].message.id == given.id:
            return self._single(given, rows[0], mark)
        return self._headed(given, mark)

    def _single(self, given: Submission, row: Row, mark: bytes) -> Outcome:
        state = self._state(row)
        shard, seq = self._append(row, state, _origin(given), given.raw or None, given.id)
        lines = (_line(row, state),)
        self._remember(mark, given.digest, shard, seq, First(lines, row.message.data))
        return Outcome(given.id, Verdict.ACCEPTED, lines, shard, seq)

    def _headed(self, given: Submission, mark: bytes) -> Outcome:
        """Plan a document of several lines: first the row with its bytes and our answer, then its rows."""
        fresh = self._fresh_rows(given, mark)
        if fresh is None:
            return Outcome(given.id, Verdict.CONFLICT, ())
        states = [self._state(row) if new else LineState.DUPLICATE for row, new in fresh]
        lines = _in_order(
            [_line(row, state) for (row, _), state in zip(fresh, states, strict=True)],
            given.refused,
        )
        rejected = given.refused and not given.rows
        verdict = Verdict.REJECTED if rejected else Verdict.ACCEPTED
        head, origin = _document_row(given, answer_bytes(verdict, lines)), _origin(given)
        shard, seq = self._append(head, None, origin, given.raw or None, given.id)
        self._remember(mark, given.digest, shard, seq, First(lines, head.message.data))
        for (row, new), state in zip(fresh, states, strict=True):
            if new:
                place = self._append(row, state, origin, None, given.id)
                first = First((_line(row, state),), row.message.data)
                self._remember(id_key(row.message.id), given.digest, *place, first)
        return Outcome(given.id, verdict, lines, shard, seq)

    def _fresh_rows(self, given: Submission, mark: bytes) -> list[tuple[Row, bool]] | None:
        """Return the rows, each with whether it is new; None when an id stands for other content."""
        found: list[tuple[Row, bool]] = []
        met = {mark}
        for row in given.rows:
            key = id_key(row.message.id)
            if key in met:
                return None
            met.add(key)
            known = key in self._known.identities
            if known and self._known.firsts[key].data != row.message.data:
                return None
            found.append((row, not known))
        return found

    # ------------------------------------------------------------------ holding and releasing

    def _state(self, row: Row) -> LineState:
        """Return whether a new row is accepted or held; a held one holds back those after it."""
        keys = self._known.hold_keys
        behind = [key for key in row.waits_on if keys.get(key)] if keys else []
        if row.kind is not EntryKind.HELD and not behind:
            return LineState.ACCEPTED
        number = next(self._numbers)
        holds_back = tuple(dict.fromkeys((*(row.holds_back or row.waits_on), *behind)))
        for key in holds_back:
            keys.setdefault(key, []).append(number)
        self._known.held[row.message.id] = HeldPlace(number, holds_back, "", "", b"")
        return LineState.HELD

    def _leave(self, given: Submission) -> Outcome:
        """Plan how a held row leaves the hold list: released in its turn, or sent back at any time.

        No longer held: it left before. Released behind an older one: it stays held, nothing is written.
        """
        row, key = given.rows[0], id_key(given.rows[0].message.id)
        leaves = given.releases or given.rejects
        old = id_key(leaves)
        place = self._known.held.get(leaves)
        before = self._known.identities.get(old)
        if place is None or before is None:
            lines = (LineOutcome(row.line, LineState.DUPLICATE, row.message.id),)
            shard, seq = (-1, -1) if before is None else before[1:]
            return Outcome(given.id, Verdict.DUPLICATE, lines, shard, seq)
        if (given.rejects or key != old) and key in self._known.identities:
            return Outcome(given.id, Verdict.CONFLICT, ())
        if given.rejects:
            return self._sent_back(given, row, place)
        if any(self._known.hold_keys[each][0] < place.number for each in place.keys):
            stays = (LineOutcome(row.line, LineState.HELD, row.message.id),)
            return Outcome(given.id, Verdict.ACCEPTED, stays, before.shard, before.seq)
        self._let_go(given.releases, place)
        return self._released(given, row, place, before)

    def _let_go(self, identity: str, place: HeldPlace) -> None:
        for each in place.keys:
            # one that is sent back out of its turn may be younger than those that were looked up
            if place.number in (waiting := self._known.hold_keys.get(each, [])):
                waiting.remove(place.number)
        del self._known.held[identity]
        if self.plan.held.pop(identity, None) is None:
            self.plan.released.append(place.number)

    def _sent_back(self, given: Submission, row: Row, place: HeldPlace) -> Outcome:
        """Write the rejection of a held row; the held row keeps its id, its bytes and its place."""
        self._let_go(given.rejects, place)
        origin, head_id = _origin(given, place.digest), place.head_id or given.rejects
        lines = (_line(row, LineState.ACCEPTED),)
        shard, seq = self._append(row, LineState.ACCEPTED, origin, None, head_id)
        first = First(lines, row.message.data)
        self._remember(id_key(row.message.id), origin.digest, shard, seq, first)
        return Outcome(given.id, Verdict.ACCEPTED, lines, shard, seq)

    def _released(self, given: Submission, row: Row, place: HeldPlace, before: Identity) -> Outcome:
        """Write the released row; the id keeps the digest of its first arrival, so resends stay duplicates."""
        state = LineState.ACCEPTED
        if row.kind is EntryKind.HELD:
            state = self._state(row)
        origin, raw, head_id = _origin(given), given.raw or None, row.message.id
        if raw is None and place.raw:
            raw, origin = place.raw, _origin(given, place.digest)
        elif raw is None and place.head_id:
            head_id, origin = place.head_id, _origin(given, place.digest)
        shard, seq = self._append(row, state, origin, raw, head_id)
        for mark in {id_key(row.message.id), id_key(given.releases)}:
            moved = Identity(before.digest, shard, seq)
            target = self.plan.identities if self._is_new(mark) else self.plan.moved
            target[mark] = self._known.identities[mark] = moved
            self._known.firsts[mark] = First((_line(row, state),), row.message.data)
        return Outcome(given.id, Verdict.ACCEPTED, (_line(row, state),), shard, seq)

    def _is_new(self, mark: bytes) -> bool:
        return mark in self.plan.identities or mark not in self._known.identities

    # ------------------------------------------------------------------ rows

    def _receipt(self, row: Row) -> None:
        key = id_key(row.message.id)
        if key in self._known.identities:
            return
        message = row.message
        origin = _Origin(message.partner, "", "", "", message.time, instant(message.time))
        shard, seq = self._append(row, None, origin, None, message.id)
        self._remember(key, "", shard, seq, First((), message.data))

    def _remember(self, mark: bytes, digest: str, shard: int, seq: int, first: First) -> None:
        taken = Identity(digest_key(digest), shard, seq)
        self.plan.identities[mark] = self._known.identities[mark] = taken
        self._known.firsts[mark] = first

    def _append(
        self, row: Row, state: LineState | None, origin: _Origin, raw: bytes | None, head_id: str
    ) -> tuple[int, int]:
        """Number and chain one row. `state` HELD makes it a held one; None keeps the row's kind."""
        message = row.message
        shard = shard_of(message.subject, self._shards)
        seq, previous = self._known.heads[shard]
        seq += 1
        front = (
            shard,
            seq,
            "held" if state is LineState.HELD else row.kind.value,
            message.id,
            origin.partner,
            origin.message_id,
            origin.interface,
            message.type,
            message.subject,
            message.source,
            message.time,
            message.region,
            message.causationid,
            message.correlationid,
            message.traceparent,
        )
        body = (message.data, raw)
        back = (origin.digest, head_id, row.line, origin.recorded_at, origin.at)
        linked = link(self._new, previous, front, body, back)
        self.plan.records.append(Record._make((*front, *body, *back, linked)))
        self._known.heads[shard] = self.plan.heads[shard] = (seq, linked)
        if state is LineState.HELD:
            self._hold(row, shard, seq, origin)
        return shard, seq

    def _hold(self, row: Row, shard: int, seq: int, origin: _Origin) -> None:
        identity, place = row.message.id, self._known.held[row.message.id]
        self.plan.held[identity] = NewHeld(
            place.number,
            identity,
            shard,
            seq,
            origin.partner,
            row.message.subject,
            place.keys,
            tuple(row.held_for),
            origin.recorded_at,
        )


def _origin(given: Submission, digest: str = "") -> _Origin:
    return _Origin(
        given.partner,
        given.message_id,
        given.interface,
        digest or given.digest,
        given.received_at,
        instant(given.received_at),
    )


def _line(row: Row, state: LineState) -> LineOutcome:
    issues = tuple(row.held_for) if state is LineState.HELD else ()
    return LineOutcome(row.line, state, row.message.id, issues)


def _in_order(lines: list[LineOutcome], refused: Sequence[tuple[int, tuple[Issue, ...]]]) -> Lines:
    lines += [LineOutcome(line, LineState.REJECTED, "", issues) for line, issues in refused]
    return tuple(sorted(lines, key=lambda one: one.line))


def _document_row(given: Submission, answer: bytes) -> Row:
    """Return the row that heads a document: its subject is the partner's own message id."""
    message = Message(
        id=given.id,
        source=SOURCE_PREFIX + given.partner,
        type=DOCUMENT_RECEIVED,
        subject=given.message_id,
        time=given.received_at,
        data=answer,
    )
    return Row(message, kind=EntryKind.RECEIVED)

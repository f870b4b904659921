"""对账: what was sent against journal, topics and partner ledgers, by count and sum, to the fen.

The senders' ledger knows what was accepted; the journal, the topics (read again from their beginning)
and the partners' own books are each asked independently. Whatever is not the same everywhere is named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.insurance_nhsa.records import batch_number
from gateway.bootstrap import Gateway
from gateway.delivery.receipts import DEAD_LETTERED, RECEIPTED
from gateway.demo.gathering import Advance, entries, published, verified
from gateway.demo.ledger import Ledger
from gateway.demo.letters import MEASURES, measured
from gateway.demo.stage import Stage
from gateway.policies.running.runner import DEAD_SPACE
from gateway.ports import Delivered, Entry, EntryKind
from schemas.envelope import Message
from schemas.events import (
    EVENT_TYPES,
    MESSAGE_REJECTED,
    PRICE_LINKED,
    STOCK_COUNTED,
    USAGE_DISPENSED,
)
from schemas.money import FEN_PER_YUAN, PRICE_SCALE, scaled

GROUP: Final = "demo-reconciliation"
Pair = tuple[str, str]
"""(message id, partner)"""


@dataclass(slots=True)
class Book:
    """Counts and sums by message type."""

    counts: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)

    def add(self, message: Message) -> None:
        """Add one message."""
        self.counts[message.type] += 1
        if message.type in MEASURES:
            self.sums[message.type] += measured(message.type, message.content())


@dataclass(slots=True)
class Evidence:
    """What journal, topics and partners say."""

    journal: Book = field(default_factory=Book)
    topics: Book = field(default_factory=Book)
    kinds: Counter[str] = field(default_factory=Counter)
    """Journal rows by kind."""
    journalled: Counter[str] = field(default_factory=Counter)
    """Message ids in the journal as published rows."""
    published: Counter[str] = field(default_factory=Counter)
    """How often each message stands on its topic."""
    contents: dict[str, int] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)
    """Ids that stand on a topic with different contents."""
    by_topic: Counter[str] = field(default_factory=Counter)
    conclusions: list[Message] = field(default_factory=list)
    due: set[Pair] = field(default_factory=set)
    """Deliveries that the routes ask for."""
    receipts: Counter[Pair] = field(default_factory=Counter)
    dead: set[Pair] = field(default_factory=set)
    by_batch_number: dict[str, str] = field(default_factory=dict)
    """Message id by the number under which the insurance platform books it."""
    booked: Counter[Pair] = field(default_factory=Counter)
    """What the partners have in their own books."""
    chain_entries: int = 0
    chain_broken: str = ""
    still_held: int = 0
    policy_failures: int = 0
    sold_fen: int = 0
    linked_sum: int = 0
    """Of the platforms' price notices, in 10^-6 yuan."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the reconciliation: a type's count and sum, as sent, journalled and published."""

    type: str
    sent: tuple[int, int]
    journal: tuple[int, int]
    topics: tuple[int, int]

    @property
    def same(self) -> bool:
        """Return whether all three agree."""
        return self.sent == self.journal == self.topics


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came of it. `unexplained` names everything that is not as it must be."""

    rows: tuple[Row, ...]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unexplained: tuple[str, ...]
    fen_difference: int
    sums_fen: Mapping[str, int]
    """Money that went through, by what it is, in fen."""
    delivered: int
    dead_lettered: int
    republished: int
    """Repetitions on topics of the same message with the same content: no effect, topics are at least once."""
    evidence: Evidence

    @property
    def ok(self) -> bool:
        """Return whether everything is where it must be, once."""
        wrong = self.lost or self.doubled or self.unexplained or self.dead_lettered
        return not wrong and not self.fen_difference and not self.evidence.chain_broken


async def gather(gateway: Gateway, stage: Stage, advance: Advance) -> Evidence:
    """Read journal, topics and partners; `advance` is told how many rows were gone through."""
    evidence = Evidence()
    async for entry in entries(gateway, advance):
        _take_entry(evidence, entry)
    evidence.chain_entries, evidence.chain_broken = await verified(gateway)

    def enough() -> bool:
        return len(evidence.published) >= len(evidence.journalled)

    async for one in published(gateway, GROUP, enough, advance):
        _take_published(gateway, evidence, one)
    evidence.still_held = len(await gateway.journal.held())
    evidence.policy_failures = len(await gateway.journal.scan(DEAD_SPACE))
    _take_partners(stage, evidence)
    return evidence


def _take_entry(evidence: Evidence, entry: Entry) -> None:
    message = entry.message
    evidence.kinds[entry.kind.value] += 1
    if entry.kind is EntryKind.MESSAGE:
        evidence.journalled[message.id] += 1
        evidence.journal.add(message)
        if EVENT_TYPES[message.type].derived and message.type != MESSAGE_REJECTED:
            evidence.conclusions.append(message)
    elif entry.kind is EntryKind.RECEIPT:
        pair = (message.causationid, message.partner)
        if message.type == RECEIPTED:
            evidence.receipts[pair] += 1
        elif message.type == DEAD_LETTERED:
            evidence.dead.add(pair)


def _take_published(gateway: Gateway, evidence: Evidence, one: Delivered) -> None:
    message = one.message
    evidence.published[message.id] += 1
    if evidence.published[message.id] > 1:
        # topics are at least once: the same bytes again are one message, other bytes are not
        if evidence.contents[message.id] != hash(message.data):
            evidence.altered.add(message.id)
        return
    evidence.contents[message.id] = hash(message.data)
    evidence.by_topic[EVENT_TYPES[message.type].topic] += 1
    evidence.topics.add(message)
    if message.type in (USAGE_DISPENSED, STOCK_COUNTED):
        evidence.by_batch_number[batch_number(message)] = message.id
    for matched in gateway.routes.matching(message):
        evidence.due.add((message.id, matched.partner))


def _take_partners(stage: Stage, evidence: Evidence) -> None:
    for name, platform in stage.platforms.items():
        for notice in platform.received:
            evidence.booked[notice["id"], name] += 1
            if notice["family"] == "PriceNotice":
                evidence.linked_sum += sum(
                    scaled(str(row["NewPrice"]), PRICE_SCALE) for row in notice["rows"]
                )
    for name, insurer in stage.insurers.items():
        evidence.sold_fen += sum(insurer.sold_fen.values())
        for call in insurer.received:
            (record,) = call["input"].values()
            key = record.get("fixmedins_bchno") or record["notice_no"]
            evidence.booked[evidence.by_batch_number.get(key, key), name] += 1


# --------------------------------------------------------------------------- what follows


def reconcile(ledger: Ledger, evidence: Evidence) -> Reconciliation:
    """Compare everything with everything; pure."""
    rows = tuple(_rows(ledger, evidence))
    lost = [
        f"{sent.title} {identity}"
        for identity, sent in ledger.lines.items()
        if not evidence.published[identity]
    ]
    undelivered = evidence.due - set(evidence.receipts) - evidence.dead
    lost += [f"→ {partner} {identity}" for identity, partner in sorted(undelivered)]
    doubled = sorted(evidence.altered)
    doubled += [each for each, times in evidence.journalled.items() if times > 1]
    doubled += [
        f"{identity} → {to}" for (identity, to), times in evidence.receipts.items() if times > 1
    ]
    doubled += [
        f"{identity} @ {at}" for (identity, at), times in evidence.booked.items() if times > 1
    ]
    return Reconciliation(
        rows=rows,
        lost=tuple(sorted(lost)),
        doubled=tuple(sorted(set(doubled))),
        unexplained=tuple(_unexplained(ledger, evidence, rows)),
        fen_difference=_fen_difference(rows, evidence),
        sums_fen={
            MEASURES[row.type].title: row.sent[1]
            for row in rows
            if row.type in MEASURES and MEASURES[row.type].unit == "fen"
        },
        delivered=len(evidence.receipts),
        dead_lettered=len(evidence.dead),
        republished=evidence.published.total() - len(evidence.published),
        evidence=evidence,
    )


def _rows(ledger: Ledger, evidence: Evidence) -> Iterable[Row]:
    sent = ledger.sums()
    for name, listed in EVENT_TYPES.items():
        if listed.derived:
            continue
        row = Row(
            name,
            sent.get(name, (0, 0)),
            (evidence.journal.counts[name], evidence.journal.sums[name]),
            (evidence.topics.counts[name], evidence.topics.sums[name]),
        )
        if row.sent[0] or row.journal[0] or row.topics[0]:
            yield row


def _fen_difference(rows: Iterable[Row], evidence: Evidence) -> int:
    """Return by how many fen sent, journal, topics and partners differ, all differences added up."""
    difference = 0
    for row in rows:
        if row.type in MEASURES and MEASURES[row.type].unit == "fen":
            difference += abs(row.sent[1] - row.journal[1]) + abs(row.sent[1] - row.topics[1])
    difference += abs(evidence.topics.sums[USAGE_DISPENSED] - evidence.sold_fen)
    linked = abs(evidence.topics.sums[PRICE_LINKED] - evidence.linked_sum)
    return difference + -(-linked * FEN_PER_YUAN // 10**PRICE_SCALE)


def _unexplained(ledger: Ledger, evidence: Evidence, rows: Iterable[Row]) -> Iterable[str]:
    yield from ledger.surprises
    for row in rows:
        if not row.same:
            yield f"{row.type}: 报送 {row.sent} 留痕 {row.journal} 主题 {row.topics}"
    concluded = {message.id for message in evidence.conclusions}
    for identity in sorted(evidence.published):
        if identity in ledger.never:
            yield f"rejected, and yet published: {identity}"
    strangers = set(evidence.published) - set(ledger.lines) - concluded
    if len(strangers) != ledger.rejections:
        yield f"拒收记录 rejections: {len(strangers)} ≠ {ledger.rejections}"
    for identity in sorted(concluded - set(evidence.published)):
        yield f"conclusion not published: {identity}"
    yield from _unexplained_deliveries(evidence)
    if evidence.still_held:
        yield f"仍挂起 still held: {evidence.still_held}"
    if evidence.policy_failures:
        yield f"规则未能处理 policies failed: {evidence.policy_failures}"


def _unexplained_deliveries(evidence: Evidence) -> Iterable[str]:
    booked: dict[str, set[str]] = defaultdict(set)
    for key, partner in evidence.booked:
        booked[partner].add(key)
    receipted: dict[str, set[str]] = defaultdict(set)
    for identity, partner in evidence.receipts:
        receipted[partner].add(identity)
    for partner in sorted({*booked, *receipted}):
        missing = receipted[partner] - booked[partner]
        if missing:
            yield f"{partner}: 有回执而对方未入账 {len(missing)}"
        extra = booked[partner] - receipted[partner]
        if extra:
            yield f"{partner}: 对方已入账而无回执 {len(extra)}"
    for identity, partner in sorted(set(evidence.receipts) - evidence.due):
        yield f"delivered without a route: {identity} → {partner}"

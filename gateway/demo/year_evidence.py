"""模拟年的证据: what the journal and the topics hold when the year is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.bootstrap import Gateway
from gateway.errors import Tampered
from gateway.policies.running.runner import DEAD_SPACE
from gateway.ports import EntryKind
from schemas.envelope import Message
from schemas.events import EVENT_TYPES, TOPICS

GROUP: Final = "demo-year-reconciliation"
PAGE: Final = 2000
QUIET_FETCHES: Final = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A message of the journal, parsed."""

    id: str
    type: str
    partner: str
    data: dict[str, Any]


@dataclass(slots=True)
class Evidence:
    """What journal and topics say. `facts` by message id; `derived` in the journal's order per shard."""

    facts: dict[str, Told] = field(default_factory=dict)
    derived: list[Told] = field(default_factory=list)
    published: Counter[str] = field(default_factory=Counter)
    """How often each message stands on its topic."""
    journalled: Counter[str] = field(default_factory=Counter)
    chain_entries: int = 0
    chain_broken: str = ""
    still_held: int = 0
    policy_failures: list[str] = field(default_factory=list)

    def of(self, *types: str) -> Iterator[Told]:
        """Yield the conclusions of some types."""
        return (each for each in self.derived if each.type in types)

    def standing(self, *types: str) -> list[Told]:
        """Return the conclusions of some types that nothing has replaced or ended."""
        gone: set[str] = set()
        for each in self.derived:
            gone.update(
                str(each.data[name])
                for name in (
                    "replaces",
                    "ended_id",
                    "finding_id",
                    "split_id",
                    "hold_id",
                    "linked_id",
                )
                if each.data.get(name)
            )
        return [each for each in self.of(*types) if each.id not in gone]


async def gather(gateway: Gateway, advance: Callable[[int], None]) -> Evidence:
    """Read journal and topics from their beginnings and verify the audit chain."""
    evidence = Evidence()
    for shard in range(gateway.journal.shards):
        after = 0
        while page := await gateway.journal.read(shard, after, PAGE, published_only=False):
            for entry in page:
                if entry.kind is EntryKind.MESSAGE:
                    _take(evidence, entry.message)
            after = page[-1].seq
            advance(len(page))
        await _verify(gateway, shard, evidence)
    await _read_topics(gateway, evidence, advance)
    evidence.still_held = len(await gateway.journal.held())
    dead = await gateway.journal.scan(DEAD_SPACE)
    evidence.policy_failures = [stored.value.decode()[:400] for _, stored in dead]
    return evidence


def _take(evidence: Evidence, message: Message) -> None:
    told = Told(message.id, message.type, message.partner, message.content())
    evidence.journalled[message.id] += 1
    if EVENT_TYPES[message.type].derived:
        evidence.derived.append(told)
    else:
        evidence.facts[message.id] = told


async def _verify(gateway: Gateway, shard: int, evidence: Evidence) -> None:
    done = 0
    try:
        async for verified in gateway.journal.verify(shard):
            done = verified
    except Tampered as broken:
        evidence.chain_broken = str(broken)
    evidence.chain_entries += done


async def _read_topics(
    gateway: Gateway, evidence: Evidence, advance: Callable[[int], None]
) -> None:
    consumer = gateway.bus.consumer(GROUP, list(TOPICS))
    await consumer.start()
    quiet = 0
    try:
        while quiet < QUIET_FETCHES and len(evidence.published) < len(evidence.journalled):
            fetched = await consumer.fetch(PAGE, 0.2)
            evidence.published.update(one.message.id for one in fetched)
            advance(len(fetched))
            quiet = 0 if fetched else quiet + 1
    finally:
        await consumer.stop()

"""模拟年的证据: what the journal and the topics hold when the year is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.bootstrap import Gateway
from gateway.demo.gathering import Advance, entries, published, verified
from gateway.policies.running.runner import DEAD_SPACE
from gateway.ports import EntryKind
from schemas.envelope import Message
from schemas.events import EVENT_TYPES

GROUP: Final = "demo-year-reconciliation"


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
                    "warning_id",
                    "linked_id",
                )
                if each.data.get(name)
            )
        return [each for each in self.of(*types) if each.id not in gone]


async def gather(gateway: Gateway, advance: Advance) -> Evidence:
    """Read journal and topics from their beginnings and verify the audit chain."""
    evidence = Evidence()
    async for entry in entries(gateway, advance):
        if entry.kind is EntryKind.MESSAGE:
            _take(evidence, entry.message)
    evidence.chain_entries, evidence.chain_broken = await verified(gateway)

    def enough() -> bool:
        return len(evidence.published) >= len(evidence.journalled)

    async for one in published(gateway, GROUP, enough, advance):
        evidence.published[one.message.id] += 1
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

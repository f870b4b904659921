"""A gateway without doors: documents in, conclusions out, on a real journal and the embedded bus."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.bus.embedded import EmbeddedBus
from gateway.coding.crosswalk import Crosswalk
from gateway.coding.holds import Holds
from gateway.coding.rows import CrosswalkRow
from gateway.flow import Received, Receiving
from gateway.intake.canonical import CANONICAL
from gateway.journal.sqlite import SqliteJournal
from gateway.partners import Partner, Partners
from gateway.policies.registry import POLICIES
from gateway.policies.running.runner import PolicyRunner
from gateway.policies.terms import load_terms
from gateway.ports import Entry, Search
from gateway.steps import Arrival

NOW = datetime(2020, 4, 2, 1, 0, tzinfo=UTC)
PARTNERS = {
    each.id: each
    for each in (
        Partner(id="gz-platform", name="平台甲", interface="canonical", region="520000"),
        Partner(id="yn-platform", name="平台乙", interface="canonical", region="530000"),
        Partner(id="cq-platform", name="平台丙", interface="canonical", region="500000"),
        Partner(id="sc-platform", name="平台丁", interface="canonical", region="510000"),
        Partner(id="his", name="合成示例医院", interface="canonical", region="520000"),
    )
}


class Street:
    """Takes events from partners and lets everything that follows happen."""

    def __init__(self, journal: SqliteJournal, rows: Iterable[CrosswalkRow]) -> None:
        self.journal = journal
        self._rows = list(rows)
        self.receiving = Receiving(journal, {"canonical": CANONICAL}, Crosswalk.of(self._rows))
        self.policies = PolicyRunner(
            journal, EmbeddedBus(journal), POLICIES, load_terms(), lambda: NOW
        )

    async def say(self, partner: str, number: str, type_: str, data: dict[str, Any]) -> Received:
        """Receive one event of a partner; what follows from it happens before this returns."""
        event = {"specversion": "1.0", "id": number, "source": "x", "type": type_, "data": data}
        raw = json.dumps(event, ensure_ascii=False).encode()
        arrival = Arrival(PARTNERS[partner], "canonical", raw, NOW.isoformat())
        (received,) = await self.receiving.receive([arrival])
        await self.settle()
        return received

    async def settle(self) -> None:
        """Let the policies handle what there is."""
        while await self.policies.step(0.02):
            pass

    async def map_code(self, row: CrosswalkRow) -> int:
        """Approve a mapping, release what waited for it."""
        self._rows.append(row)
        self.receiving.crosswalk = Crosswalk.of(self._rows)
        released = await Holds(self.journal, Partners(PARTNERS, {})).release(
            self.receiving.crosswalk, NOW
        )
        await self.settle()
        return released

    async def concluded(self, policy: str) -> list[Entry]:
        """Return a policy's conclusions, oldest first."""
        question = Search(partner=f"policy-{policy}", limit=1000)
        return list(reversed(await self.journal.search(question)))


@asynccontextmanager
async def open_street(folder: Path, rows: Iterable[CrosswalkRow]) -> AsyncIterator[Street]:
    """Open a street and close it."""
    journal = SqliteJournal(folder / "journal.db")
    await journal.start()
    street = Street(journal, rows)
    try:
        yield street
    finally:
        await street.policies.stop()
        await journal.stop()

"""Whatever is said, mapped and refused in whatever order: each message ends once, and none is lost."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.holds import Holds
from gateway.coding.leaving import rejection_identity
from gateway.coding.rows import CrosswalkRow
from gateway.flow import Receiving
from gateway.intake.canonical import CANONICAL
from gateway.journal.sqlite import SqliteJournal
from gateway.partners import Partner, Partners
from gateway.ports import EntryKind
from gateway.steps import Arrival
from schemas.envelope import canonical_bytes
from schemas.events import ACCEPTANCE_RECORDED, MESSAGE_REJECTED
from tests.unit.coding.waiting import HOSPITAL, NOW, acceptance, product

PARTNER = Partner(id="his-a", name="合成示例医院", interface="canonical", region="520000")
CODES, WARDS = ("1", "2", "3"), ("7", "8")
Step = tuple[str, str, str]
STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(CODES), st.sampled_from(WARDS)),
    st.tuples(st.sampled_from(("map", "refuse", "forget")), st.sampled_from(CODES), st.just("")),
    st.tuples(st.sampled_from(("map", "refuse", "forget")), st.sampled_from(WARDS), st.just("")),
    st.just(("settle", "", "")),
)


@dataclass
class Office:
    """A gateway's coding room, and what was believed so far."""

    journal: SqliteJournal
    believed: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def crosswalk(self) -> Crosswalk:
        rows = []
        for code, state in self.believed.items():
            kind, unified = (
                ("product", product(code)) if code in CODES else ("institution", HOSPITAL)
            )
            row = CrosswalkRow("his-a", kind, code, unified, "2020-01-01")
            if state == "refuse":
                row = row._replace(unified_code="", relation="none", reason="不是药品")
            rows.append(row)
        return Crosswalk.of(rows)

    async def do(self, step: Step) -> None:
        what, one, other = step
        if what == "say":
            await self.say(one, other)
        elif what == "forget":
            self.believed.pop(one, None)
        elif what != "settle":
            self.believed[one] = what
        else:
            await self.settle()

    async def say(self, code: str, ward: str) -> None:
        number = f"m{len(self.said)}"
        data: dict[str, Any] = acceptance(code, ward, receipt_no=number)
        event = {"specversion": "1.0", "id": number, "source": "x", "type": ACCEPTANCE_RECORDED}
        raw = canonical_bytes(event | {"data": data})
        receiving = Receiving(self.journal, {"canonical": CANONICAL}, self.crosswalk())
        (received,) = await receiving.receive([Arrival(PARTNER, "canonical", raw, NOW.isoformat())])
        (line,) = received.answer.lines
        self.said.append(line.id)
        if line.verdict == "held":
            self.held.append(line.id)
        # a refused code is sent back at the door, an unknown one never is
        states = [self.believed.get(each) for each in (code, ward)]
        assert (line.verdict == "rejected") == ("refuse" in states)

    async def settle(self) -> None:
        await Holds(self.journal, Partners({PARTNER.id: PARTNER}, {})).settle(self.crosswalk(), NOW)

    async def rows(self) -> list[tuple[str, str, str, EntryKind]]:
        return [
            (each.message.id, each.message.type, each.message.subject, each.kind)
            for shard in range(self.journal.shards)
            for each in await self.journal.read(shard, 0, 10_000, published_only=False)
        ]


async def played(folder: Path, steps: list[Step]) -> None:
    journal = SqliteJournal(folder / "journal.db", shards=2)
    await journal.start()
    try:
        office = Office(journal)
        for step in steps:
            await office.do(step)
        for code in (*CODES, *WARDS):
            office.believed.setdefault(code, "map")
        await office.settle()
        assert await journal.held() == []
        await checked(office)
        for shard in range(journal.shards):
            async for _ in journal.verify(shard):
                pass
    finally:
        await journal.stop()


async def checked(office: Office) -> None:
    rows = await office.rows()
    flowed = Counter(
        one for one, type_, _, kind in rows if type_ != MESSAGE_REJECTED and kind == "message"
    )
    back = Counter(one for one, type_, _, _ in rows if type_ == MESSAGE_REJECTED)
    evidence = Counter(one for one, _, _, kind in rows if kind is EntryKind.HELD)
    for identity in office.held:
        ends = flowed[identity] + back[rejection_identity("his-a", identity)]
        assert ends == 1, identity
        assert evidence[identity] == 1
    accepted = [identity for identity in office.said if identity]
    assert set(flowed) <= set(accepted)
    assert all(count == 1 for count in flowed.values())
    in_order: dict[str, list[str]] = defaultdict(list)
    for identity, type_, subject, kind in rows:
        if type_ != MESSAGE_REJECTED and kind is EntryKind.MESSAGE:
            in_order[subject].append(identity)
    for ids in in_order.values():
        assert ids == sorted(ids, key=accepted.index)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_every_message_ends_released_once_in_order_or_sent_back_once(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(played(Path(folder), steps))

"""What the tests of the store share: codes, people, moments, and a desk at which they work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import Proposal
from gateway.coding.review import Review
from gateway.coding.review_messages import About
from gateway.coding.rows import CrosswalkRow
from gateway.coding.store import CrosswalkStore
from gateway.ports import Entry, Journal, Search

ONE, TWO, THREE = (f"XA01AAA001A00101010000{number}" for number in (1, 2, 3))
LI, WANG, ZHAO = "li-ming", "wang-fang", "zhao-qiang"
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
PARTNER = "his-a"
DAY = "2026-02-02"
PROPOSED = "cn.jicai.crosswalk.mapping_proposed.v1"
DECIDED = "cn.jicai.crosswalk.mapping_decided.v1"


def moment(hours: int) -> datetime:
    return NOW + timedelta(hours=hours)


def wanted(
    local: str = "L1", unified: str = ONE, since: str = "2026-01-01", **more: Any
) -> Proposal:
    return Proposal(PARTNER, "product", local, unified, since, **more)


def about(partner: str) -> About:
    return About("530000", "H53010000001") if partner == PARTNER else About()


class Desk:
    """One process: its store, its review, its clock."""

    def __init__(self, journal: Journal, crosswalk: Crosswalk) -> None:
        self.journal = journal
        self.store = CrosswalkStore(journal)
        self.review = Review(self.store, crosswalk, about)
        self.hours = 0

    def now(self) -> datetime:
        """Every act happens an hour after the one before it."""
        self.hours += 1
        return moment(self.hours)

    async def propose(self, *proposals: Proposal, by: str = LI, batch: str = "") -> list[str]:
        """Propose what must be accepted; return the ids."""
        outcomes = await self.review.propose(proposals, by=by, now=self.now(), batch=batch)
        assert [each.state for each in outcomes] == ["accepted"] * len(proposals), outcomes
        return [each.id for each in outcomes]

    async def believe(self, *proposals: Proposal) -> list[str]:
        """Propose and approve."""
        ids = await self.propose(*proposals)
        await self.review.approve(ids, by=WANG, now=self.now())
        return ids

    def means(self, local: str = "L1", day: str = DAY) -> str | None:
        return self.review.crosswalk.resolve(PARTNER, "product", local, day)

    def meant(self, known_at: str, local: str = "L1", day: str = DAY) -> str | None:
        return self.review.crosswalk.resolve_known(PARTNER, "product", local, day, known_at)

    async def said(self, type_name: str) -> list[Entry]:
        """Return the messages of a type, oldest first."""
        return (await self.journal.search(Search(type=type_name, limit=1000)))[::-1]


async def desk_on(journal: Journal, rows: Iterable[CrosswalkRow] = ()) -> Desk:
    files = Crosswalk.of(rows)
    return Desk(journal, await CrosswalkStore(journal).over(files))

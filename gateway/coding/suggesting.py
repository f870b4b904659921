"""候选来源: the ranking over everything that is known: products of file and catalogue, listed parties.

`home/codes/products.csv` and the imported catalogue give the products, `home/parties.csv`
(`kind,unified_code,name,region,uscc`) institutions and enterprises. The index is built when it is first
asked for, beside the event loop, and again when it is older than RENEWED_AFTER.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.coding.matching.candidates import Candidates
from gateway.coding.matching.evidence import Candidate
from gateway.coding.matching.parties import PartyRecord
from gateway.coding.products.files import load_products
from gateway.coding.products.packed import PackedProducts
from gateway.coding.products.store import Products
from gateway.coding.records import LocalItem
from gateway.coding.rows import PRODUCTS_FILE, SHAPES, Findings, Reading
from gateway.ports import Journal
from schemas.codes import CodeKind

PARTIES_FILE: Final = "parties.csv"
RENEWED_AFTER: Final = timedelta(minutes=10)
_PARTY_COLUMNS: Final = ("kind", "unified_code", "name")
_PARTY_KINDS: Final = (CodeKind.INSTITUTION.value, CodeKind.ENTERPRISE.value)


class Suggestions:
    """候选: what a partner's code may mean, ranked with the evidence."""

    def __init__(self, journal: Journal, home: Path, clock: Callable[[], datetime]) -> None:
        self._journal, self._home, self._clock = journal, home, clock
        self._index: Candidates | None = None
        self._built: datetime | None = None
        self._building = asyncio.Lock()

    async def rank(self, item: LocalItem, *, limit: int, on: str) -> list[Candidate]:
        """Return candidates, best first. Raises Misconfigured (a bad file), Unavailable."""
        index = await self.index()
        return await asyncio.to_thread(index.rank, item, limit, on)

    async def index(self) -> Candidates:
        """Return the index, built when there is none or it is too old."""
        async with self._building:
            now = self._clock()
            if self._index is None or self._built is None or now - self._built > RENEWED_AFTER:
                self._index = await self._made()
                self._built = now
            return self._index

    async def names(self, codes: Sequence[str]) -> dict[str, str]:
        """Return the names of those unified product codes that the catalogue knows."""
        found = await (await self.products()).get_many(codes)
        return {code: one.drug_name or one.generic_name for code, one in found.items()}

    async def products(self) -> Products:
        """Return the catalogue: the operator's file first, then what was imported."""
        return Products(self._journal, await self._own())

    async def _own(self) -> PackedProducts:
        return await asyncio.to_thread(load_products, self._home / "codes" / PRODUCTS_FILE)

    async def _made(self) -> Candidates:
        own = await self._own()
        made = await asyncio.to_thread(Candidates.of, own)
        async for page in Products(self._journal).pages():
            fresh = [record for record in page if own.get(record.unified_code) is None]
            await asyncio.to_thread(made.add_many, fresh)
        parties = await asyncio.to_thread(load_parties, self._home / PARTIES_FILE)
        await asyncio.to_thread(made.add_many, parties)
        return made


def load_parties(path: Path) -> list[PartyRecord]:
    """Read institutions and enterprises; an absent file is empty. Raises Misconfigured."""
    if not path.exists():
        return []
    findings = Findings()
    found = list(_parties(Reading(path.name, path, findings)))
    findings.raise_any()
    return found


def _parties(reading: Reading) -> Iterator[PartyRecord]:
    for line, places, cells in reading.records(_PARTY_COLUMNS):
        row = {name: cells[at].strip() for name, at in places.items() if at < len(cells)}
        kind, unified = row["kind"], row["unified_code"]
        if kind not in _PARTY_KINDS:
            reading.find(line, f"kind {kind!r} is none of {', '.join(_PARTY_KINDS)}")
        elif SHAPES[kind].match(unified) is None:
            reading.find(line, f"bad unified_code ({kind}): {unified[:64]!r}")
        elif not row["name"]:
            reading.find(line, "name is empty")
        else:
            yield PartyRecord(
                unified, kind, row["name"], row.get("region", ""), row.get("uscc", "")
            )

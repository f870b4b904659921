"""目录导入: the national catalogue into the product store, looked through as a whole before anything is written.

A bad row and nothing is written (unless the good ones are asked for). Writing goes page by page; a note in
the journal says that it has begun and for which file, so that a killed import is seen and, run again, goes
on: what stands already costs no write.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final

import orjson

from gateway.coding.interchange.findings import BadFile, Finding, finding, quoted
from gateway.coding.interchange.importing import Progress, silent, told
from gateway.coding.interchange.national import CatalogueFile, Listed
from gateway.coding.products.record import ProductRecord, record_bytes
from gateway.coding.products.store import Products
from gateway.coding.records import OPEN_END
from gateway.ports import Commit, Journal, Write

STATE_SPACE: Final = "catalogue-import"
STATE_KEY: Final = "national"
READING: Final = "reading"
WRITING: Final = "writing"
PAGE: Final = 500
FINDING_LIMIT: Final = 1000
SHOWN: Final = 1000
"""Changes that a preview keeps to show; all are counted."""


class ProductState(StrEnum):
    """What becomes of a product."""

    NEW = "new"
    CHANGED = "changed"
    ENDED = "ended"
    """It had no end, or a later one."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ProductChange:
    """One product that would change."""

    row: int
    state: ProductState
    unified_code: str
    fields: tuple[str, ...] = ()
    """Names of the fields that differ."""


@dataclass(slots=True)
class CataloguePreview:
    """目录预览: counts of all, and the first of what would change."""

    rows: int = 0
    older: int = 0
    """Rows of a code for which the file has a newer one."""
    bad: int = 0
    counts: Counter[ProductState] = field(default_factory=Counter)
    changes: list[ProductChange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def find(self, found: Finding) -> None:
        """Note a bad row."""
        self.bad += 1
        if len(self.findings) < FINDING_LIMIT:
            self.findings.append(found)

    def summary(self) -> dict[str, int]:
        """Return how many there are of each."""
        counted = {state.value: self.counts[state] for state in ProductState}
        return counted | {"invalid": self.bad, "older": self.older}


class Catalogue:
    """One import: `survey` first, then `preview` or `write`."""

    def __init__(self, file: CatalogueFile, journal: Journal) -> None:
        self._file, self._journal = file, journal
        self._products = Products(journal)
        self._newest: dict[str, tuple[int, tuple[str, str], bytes]] = {}
        self._seen = CataloguePreview()

    def survey(self, progress: Progress = silent) -> CataloguePreview:
        """Look through the whole file: bad rows, and which row of a code is the newest."""
        seen = self._seen = CataloguePreview()
        self._newest.clear()
        for found in told(self._file.rows(), progress, READING):
            seen.rows += 1
            if isinstance(found, Finding):
                seen.find(found)
            else:
                self._take(found, seen)
        return seen

    def _take(self, listed: Listed, seen: CataloguePreview) -> None:
        digest = hashlib.blake2b(record_bytes(listed.record), digest_size=8).digest()
        code = listed.record.unified_code
        before = self._newest.get(code)
        if before is not None:
            seen.older += 1
            row, newest, content = before
            if newest == listed.newest and content != digest:
                seen.find(finding("row.again", listed.row, text=quoted(code), other=row))
            if newest >= listed.newest:
                return
        self._newest[code] = (listed.row, listed.newest, digest)

    def _records(self) -> Iterator[Listed]:
        for found in self._file.rows():
            if isinstance(found, Listed):
                newest = self._newest.get(found.record.unified_code)
                if newest is not None and newest[0] == found.row:
                    yield found

    async def preview(self, progress: Progress = silent) -> CataloguePreview:
        """Compare what was surveyed with the store; nothing is written."""
        async for _ in self._pages(progress, "comparing"):
            pass
        return self._seen

    async def write(
        self,
        source: str,
        *,
        by: str,
        now: datetime,
        without_bad: bool = False,
        progress: Progress = silent,
    ) -> CataloguePreview:
        """Write what was surveyed. Raises BadFile for bad rows unless `without_bad`, Unavailable."""
        if self._seen.findings and not without_bad:
            raise BadFile(*self._seen.findings)
        said = {"source": source, "by": by, "at": now.isoformat(), "rows": self._seen.rows}
        await self._say({**said, "state": "writing"})
        async for page in self._pages(progress, WRITING):
            writes = await self._products.writes(page)
            if writes:
                await self._journal.commit(Commit(writes=writes))
        await self._say({**said, "state": "done", **self._seen.summary()})
        return self._seen

    async def _pages(self, progress: Progress, what: str) -> AsyncIterator[list[ProductRecord]]:
        records = self._records()
        done = 0
        while page := list(islice(records, PAGE)):
            await self._compare(page)
            yield [listed.record for listed in page]
            done += len(page)
            progress(what, done)

    async def _compare(self, page: list[Listed]) -> None:
        stored = await self._products.get_many([one.record.unified_code for one in page])
        for listed in page:
            before = stored.get(listed.record.unified_code)
            state, fields = compared(before, listed.record)
            self._seen.counts[state] += 1
            if state is not ProductState.UNCHANGED and len(self._seen.changes) < SHOWN:
                change = ProductChange(listed.row, state, listed.record.unified_code, fields)
                self._seen.changes.append(change)

    async def _say(self, said: dict[str, object]) -> None:
        value = orjson.dumps(said)
        await self._journal.commit(Commit(writes=[Write(STATE_SPACE, STATE_KEY, value)]))


def compared(
    before: ProductRecord | None, after: ProductRecord
) -> tuple[ProductState, tuple[str, ...]]:
    """Return what a record is against the one that stands, and which fields differ."""
    if before is None:
        return ProductState.NEW, ()
    if record_bytes(before) == record_bytes(after):
        return ProductState.UNCHANGED, ()
    names = ProductRecord.__dataclass_fields__
    fields = tuple(name for name in names if getattr(before, name) != getattr(after, name))
    ended = after.valid_to < before.valid_to and after.valid_to != OPEN_END
    return (ProductState.ENDED if ended else ProductState.CHANGED), fields


async def last_import(journal: Journal) -> dict[str, object] | None:
    """Return what is noted of the last import of the catalogue: state writing means it was cut off."""
    stored = await journal.get(STATE_SPACE, STATE_KEY)
    return None if stored is None else dict(orjson.loads(stored.value))

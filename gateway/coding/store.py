"""对照库: what was proposed and decided, in the journal's key-value space, and how a process follows it.

    crosswalk            partner|kind|local code      all versions of the code (store_documents.py)
    crosswalk-counter    revision                     number and known time of the newest decision
    crosswalk-change     <revision>.<part>            keys of the documents that a decision changed

Every decision writes the counter with the version it has read, so decisions happen one after the other,
whatever process makes them; the change log tells the others what to read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import orjson

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.crosswalk_loading import Key
from gateway.coding.crosswalk_overlay import Overlay
from gateway.coding.records import KNOWN_EVER
from gateway.coding.store_documents import document_key, key_of
from gateway.ports import Journal, Stored, Write

DOCUMENT_SPACE: Final = "crosswalk"
COUNTER_SPACE: Final = "crosswalk-counter"
COUNTER_KEY: Final = "revision"
CHANGE_SPACE: Final = "crosswalk-change"
PAGE: Final = 1000
"""Documents that are read and taken in at once; the event loop gets its turn in between."""
CHANGED_KEYS: Final = 250
"""Keys in one part of a change."""
_LAST_PART: Final = "~"


@dataclass(frozen=True, slots=True)
class Counter:
    """The newest decision: its number, its known time, and the version of the value that says so."""

    revision: int
    known: str
    version: int


class CrosswalkStore:
    """对照库: reads of it. Decisions are made in review.py."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    async def load(self, folder: Path, known: Crosswalk | None = None) -> Crosswalk:
        """Return the crosswalk of the files in `folder` and of everything that was decided.

        `known` is one that was returned before: what it has of the store is not read again. Raises
        Misconfigured (bad files, files that contradict what was approved), Unavailable.
        """
        return await self.over(await asyncio.to_thread(Crosswalk.load, folder), known)

    async def over(self, files: Crosswalk, known: Crosswalk | None = None) -> Crosswalk:
        """Return the crosswalk of `files` (already read) and of everything that was decided.

        Raises as `load`.
        """
        if known is not None and known.revision:
            made = await self._taken_over(files, known)
        else:
            made = await self._read_all(files)
        newer = await self.refresh(made)
        return made if newer is None else newer  # an empty one is one too

    async def refresh(self, crosswalk: Crosswalk) -> Crosswalk | None:
        """Return the crosswalk with what was decided since, None when nothing was: one small read.

        Raises Misconfigured when a decision contradicts the crosswalk's files, Unavailable.
        """
        counter = await self.counter()
        if counter.revision == crosswalk.revision:
            return None
        changed, revision = await self._changed(crosswalk.revision)
        overlay = Overlay(crosswalk)
        keys = list(changed)
        for start in range(0, len(keys), PAGE):
            part = keys[start : start + PAGE]
            found = await self.journal.get_many(DOCUMENT_SPACE, part)
            await asyncio.to_thread(_take, overlay, found)
        return overlay.crosswalk(revision)

    async def counter(self) -> Counter:
        """Return where the store stands."""
        stored = await self.journal.get(COUNTER_SPACE, COUNTER_KEY)
        if stored is None:
            return Counter(0, KNOWN_EVER, 0)
        said = orjson.loads(stored.value)
        return Counter(said["revision"], said["known"], stored.version)

    async def _changed(self, revision: int) -> tuple[dict[str, None], int]:
        """Return the documents that changed since a revision, and the revision that was read up to."""
        changed: dict[str, None] = {}
        after = f"{_number(revision)}{_LAST_PART}"
        while True:
            page = await self.journal.scan(CHANGE_SPACE, after=after, limit=PAGE // 10)
            for _, stored in page:
                changed.update(dict.fromkeys(orjson.loads(stored.value)))
            if not page:
                return changed, int(after[: len(_number(0))])
            after = page[-1][0]

    async def _read_all(self, files: Crosswalk) -> Crosswalk:
        """Read every document, page by page. What changes meanwhile is read again by `refresh`."""
        counter = await self.counter()
        overlay, after = Overlay(files), ""
        while True:
            page = await self.journal.scan(DOCUMENT_SPACE, after=after, limit=PAGE)
            if not page:
                return overlay.crosswalk(counter.revision)
            await asyncio.to_thread(_take, overlay, dict(page))
            after = page[-1][0]

    async def _taken_over(self, files: Crosswalk, known: Crosswalk) -> Crosswalk:
        """Put the documents that are in memory over other files."""
        overlay = Overlay(files)
        for (partner, kind), documents in known.documents.items():
            left = iter(documents.items())
            while part := list(islice(left, PAGE)):
                await asyncio.to_thread(_take_known, overlay, partner, kind, part)
        return overlay.crosswalk(known.revision)


def _take(overlay: Overlay, found: Mapping[str, Stored]) -> None:
    for key, stored in found.items():
        overlay.take(key_of(key), stored.value)


def _take_known(
    overlay: Overlay, partner: str, kind: str, part: Sequence[tuple[str, bytes]]
) -> None:
    for local, document in part:
        overlay.take((partner, kind, local), document)


def decided(counter: Counter, documents: Mapping[Key, bytes], known: str) -> list[Write]:
    """Return the writes that make one decision known: documents, change log, counter.

    The counter is expected to be as it was read: another decision in between is Contended.
    """
    revision = counter.revision + 1
    keys = [document_key(key) for key in documents]
    writes = [
        Write(DOCUMENT_SPACE, key, document)
        for key, document in zip(keys, documents.values(), strict=True)
    ]
    for part, start in enumerate(range(0, len(keys), CHANGED_KEYS)):
        changed = orjson.dumps(keys[start : start + CHANGED_KEYS])
        writes.append(Write(CHANGE_SPACE, f"{_number(revision)}.{part:06d}", changed, 0))
    said = orjson.dumps({"revision": revision, "known": known})
    writes.append(Write(COUNTER_SPACE, COUNTER_KEY, said, counter.version))
    return writes


def _number(revision: int) -> str:
    return f"{revision:012d}"

"""A review over a real journal, files to import into it, and journals that break at a commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.interchange.importing import (
    Imported,
    ImportOrder,
    Prepared,
    file_batch,
    prepare,
)
from gateway.coding.interchange.plan import ColumnPlan
from gateway.coding.records import Proposal
from gateway.coding.review import Review
from gateway.coding.store import CrosswalkStore
from gateway.errors import Unavailable
from gateway.ports import Commit, Journal, Outcome

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
PARTNERS = ("hospital-a", "hospital-b")
HEAD = "local_code,unified_code,valid_from,valid_to,choice\n"
A, B = "XJ01XDT045A001010104642", "XJ01XDT045A001010204642"


def code_no(number: int) -> str:
    return f"XJ01XDT045A0010{number:08d}"


def table(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    text = "".join(",".join([*row, ""][:5]) + "\n" for row in rows)
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def order(path: Path, **more: Any) -> ImportOrder:
    return ImportOrder(path, ColumnPlan(), **{"partner": "hospital-a", "kind": "product", **more})


def review_of(journal: Journal) -> Review:
    return Review(CrosswalkStore(journal), Crosswalk.of(()))


async def prepared(review: Review, path: Path, **more: Any) -> Prepared:
    return prepare(order(path, **more), await review.follow(), PARTNERS)


async def imported(review: Review, path: Path, **more: Any) -> Imported:
    return await file_batch(await prepared(review, path, **more), review, by="li", now=NOW)


async def taken(review: Review, path: Path, **more: Any) -> None:
    """Import a file and let another person approve it."""
    await review.approve_batch((await imported(review, path, **more)).batch, by="wang", now=NOW)


async def believed_directly(review: Review, *proposals: Proposal) -> None:
    outcomes = await review.propose(proposals, by="li", now=NOW)
    await review.approve([one.id for one in outcomes], by="wang", now=NOW)


class Breaking:
    """A journal whose commits from some number on fail, as when the process is killed before them."""

    def __init__(self, journal: Journal, good: int) -> None:
        self._journal, self._good = journal, good

    async def commit(self, work: Commit) -> list[Outcome]:
        if self._good <= 0:
            raise Unavailable("cut off here")
        self._good -= 1
        return await self._journal.commit(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

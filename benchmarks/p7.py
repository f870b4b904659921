"""P7 codes: as-of look-ups over a million rows, their load and memory; proposing and approving in bulk.

    python -m benchmarks.p7 [--rows 1000000] [--lookups 1000000] [--batch 20000] [--postgres URL]

Everything is generated, always the same: 100 partners, half of the rows in files (believed since ever),
half decided in the store, one code in fifty with a corrected past.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import uvloop
from pydantic import SecretStr

from gateway.bootstrap import tune_interpreter
from gateway.coding.crosswalk import Crosswalk
from gateway.coding.crosswalk_overlay import Overlay
from gateway.coding.records import CrosswalkVersion, Proposal, known_instant
from gateway.coding.review import Review
from gateway.coding.review_rules import ended
from gateway.coding.store import CrosswalkStore
from gateway.coding.store_documents import document_of
from gateway.journal.opening import open_journal
from gateway.ports import Journal
from gateway.settings import Settings

PARTNERS = 100
PRODUCTS = 5000
CORRECTED = 50
EARLY, LATE = (known_instant(datetime(2026, month, 1, tzinfo=UTC)) for month in (1, 2))
DAY = "2026-03-01"
HEAD = "partner,kind,local_code,unified_code,valid_from,valid_to\n"


def unified(number: int) -> str:
    return f"XA01AAA001A00101{number % PRODUCTS:07d}"


def place(number: int) -> tuple[str, str]:
    return f"partner-{number % PARTNERS:03d}", f"YP{number:09d}"


def write_files(folder: Path, numbers: range) -> None:
    folder.mkdir()
    files = [(folder / f"{each:03d}.csv").open("w", encoding="utf-8") for each in range(PARTNERS)]
    for file in files:
        file.write(HEAD)
    for number in numbers:
        partner, local = place(number)
        files[number % PARTNERS].write(f"{partner},product,{local},{unified(number)},2020-01-01,\n")
    for file in files:
        file.close()


def documents(numbers: range) -> Iterator[tuple[tuple[str, str, str], bytes]]:
    """Yield (key, document) of the store's codes, as approvals leave them behind."""
    for number in numbers:
        partner, local = place(number)
        version = CrosswalkVersion(
            partner,
            "product",
            local,
            unified(number),
            "2020-01-01",
            known_from=EARLY,
            proposed_by="li-ming",
            approved_by="wang-fang",
            evidence=f"file catalogue.csv row {number}",
            id=f"{number:032x}",
            origin="import catalogue-2026",
        )
        versions = [version]
        if number % CORRECTED == 0:
            gone = ended(version, known=LATE, by_id=f"{number + 1:032x}", reason="")
            versions = [gone, replace(version, unified_code=unified(number + 1), known_from=LATE)]
        yield version.key, document_of(versions)


def resident() -> int:
    """Return the bytes of memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def per_second(count: int, work: Callable[[], object]) -> float:
    """Return the best of three runs."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return count / best


def load(rows: int, folder: Path) -> Crosswalk:
    """Load half from files, half as the store's documents, and say what it took."""
    half = rows // 2
    write_files(folder, range(half))
    gc.collect()
    before, began = resident(), time.perf_counter()
    files = Crosswalk.load(folder)
    took, size = time.perf_counter() - began, resident() - before
    print(f"files      {half:>9,} rows   {took:6.2f} s   {size / max(half, 1):6.0f} bytes a row")
    stored = list(documents(range(half, rows)))
    before, began = resident(), time.perf_counter()
    overlay = Overlay(files)
    for key, document in stored:
        overlay.take(key, document)
    made = overlay.crosswalk(1)
    took = time.perf_counter() - began
    size = resident() - before + sum(len(document) + 33 for _, document in stored)
    print(f"store      {half:>9,} codes  {took:6.2f} s   {size / max(half, 1):6.0f} bytes a code")
    return made


def look_up(crosswalk: Crosswalk, rows: int, lookups: int) -> None:
    asked = [place(number * 7919 % rows) for number in range(lookups)]
    resolve, known = crosswalk.resolve, crosswalk.resolve_known

    def now() -> None:
        for partner, local in asked:
            resolve(partner, "product", local, DAY)

    def then(at: str) -> None:
        for partner, local in asked:
            known(partner, "product", local, DAY, at)

    def full() -> None:
        for partner, local in asked[: lookups // 10]:
            crosswalk.as_of(partner, "product", local, DAY, LATE)

    spaces = crosswalk.spaces

    def bare() -> None:
        for partner, local in asked:
            spaces[partner]["product"][local]

    assert all(resolve(partner, "product", local, DAY) for partner, local in asked[:1000])
    print(f"three dicts    {per_second(lookups, bare):>12,.0f} look-ups/s: the limit")
    print(f"resolve        {per_second(lookups, now):>12,.0f} look-ups/s (target 500,000)")
    for name, at in (("now", LATE), ("before", EARLY), ("unborn", "2000-01-01T00:00:00.000000Z")):
        rate = per_second(lookups, partial(then, at))
        print(f"known {name:<8} {rate:>12,.0f} look-ups/s (target 500,000)")
    print(f"full record    {per_second(lookups // 10, full):>12,.0f} look-ups/s")
    began = time.perf_counter()
    crosswalk.reverse("partner-000", "product", unified(0), DAY)
    print(f"reverse index  {time.perf_counter() - began:.3f} s for one partner")


async def reload(journal: Journal, folder: Path, crosswalk: Crosswalk) -> None:
    """Read the files anew over the store's documents while the event loop goes on."""
    await journal.start()
    longest, going = 0.0, True

    async def beat() -> None:
        nonlocal longest
        last = time.perf_counter()
        while going:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    beating = asyncio.create_task(beat())
    began = time.perf_counter()
    await CrosswalkStore(journal).load(folder, crosswalk)
    took, going = time.perf_counter() - began, False
    await beating
    print(f"reload     {len(crosswalk):>9,} rows   {took:6.2f} s   longest pause {longest:.3f} s")
    await journal.stop()


async def review(journal: Journal, batch: int) -> None:
    """Propose and approve a batch, each in one transaction, and follow it from another process."""
    await journal.start()
    store = CrosswalkStore(journal)
    desk = Review(store, await store.over(Crosswalk.of([])))
    there = await store.over(Crosswalk.of([]))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    proposals = [
        Proposal(
            place(number)[0],
            "product",
            place(number)[1],
            f"XA01AAA001A00101{number:07d}",
            "2026-01-01",
            exact=True,
            evidence=f"file catalogue.csv row {number}",
        )
        for number in range(batch)
    ]
    began = time.perf_counter()
    outcomes = await desk.propose(proposals, by="li-ming", now=now, batch="catalogue")
    proposed = time.perf_counter()
    decided = await desk.approve_batch("catalogue", by="wang-fang", now=now)
    approved = time.perf_counter()
    newer = await store.refresh(there)
    followed = time.perf_counter()
    assert newer is not None
    assert len(newer) == len(decided.ids) == len(outcomes) == batch
    print(f"propose    {batch:>9,} rows   {proposed - began:6.2f} s (target 2)")
    print(f"approve    {batch:>9,} rows   {approved - proposed:6.2f} s (target 2)")
    print(f"follow     {batch:>9,} rows   {followed - approved:6.2f} s")
    began = time.perf_counter()
    for _ in range(100):
        await store.refresh(newer)
    print(f"poll                        {(time.perf_counter() - began) * 10:6.3f} ms")
    await journal.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--lookups", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=20_000)
    parser.add_argument("--postgres", default="", help="URL; empty: SQLite only")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        crosswalk = load(given.rows, Path(folder) / "codes")
        look_up(crosswalk, given.rows, given.lookups)
        tune_interpreter()
        settings = Settings(home=Path(folder))
        uvloop.run(reload(open_journal(settings), Path(folder) / "codes", crosswalk))
        del crosswalk
        gc.collect()
        both = [settings]
        if given.postgres:
            both.append(
                Settings(home=Path(folder), journal="postgres", postgres=SecretStr(given.postgres))
            )
        for each in both:
            print(f"-- {each.journal}")
            uvloop.run(review(open_journal(each), given.batch))


if __name__ == "__main__":
    main()

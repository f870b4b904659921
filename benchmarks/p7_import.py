"""P7 import: partners' tables with their diff, the national catalogue, and exports.

    python -m benchmarks.p7_import [--rows N] [--crosswalk N] [--catalogue N] [--export N]

Files are made here (synthetic codes). The crosswalk of N rows lies in memory, as in a running gateway; its
loading is measured apart. The journal is SQLite. Prints seconds (and seconds of processor:
a shared machine makes the first longer), rows a second and the peak of memory.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.interchange.catalogue import Catalogue
from gateway.coding.interchange.cells import Limits
from gateway.coding.interchange.importing import ImportOrder, Prepared, file_batch, prepare
from gateway.coding.interchange.national import CatalogueFile, Layout
from gateway.coding.interchange.outgoing import write_view
from gateway.coding.interchange.plan import ColumnPlan
from gateway.coding.interchange.views import View
from gateway.coding.review import Review
from gateway.coding.rows import CrosswalkRow
from gateway.coding.store import CrosswalkStore
from gateway.journal.sqlite import SqliteJournal

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
PARTNER = "hospital-a"
COLUMNS = 92
TARGET_SECONDS = 5


def unified(number: int) -> str:
    return f"XJ01XDT045A0010{number:08d}"


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    begun, worked = time.perf_counter(), time.process_time()
    yield
    taken, worked = time.perf_counter() - begun, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{what:<58} {taken:7.2f} s ({worked:.2f} processor) {count / taken:11,.0f} /s   peak {peak} MB",
        flush=True,
    )


def standing(count: int) -> Crosswalk:
    """A crosswalk of several partners; the importing one has a twentieth of the rows."""
    rows = (
        CrosswalkRow(
            PARTNER if at % 20 == 0 else f"partner-{at % 20}",
            "product",
            f"L{at // 20:07d}",
            unified(at),
            "2020-01-01",
        )
        for at in range(count)
    )
    return Crosswalk.of(rows)


def table(path: Path, rows: Iterable[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("local_code,unified_code,valid_from,local_name\n")
        file.writelines(",".join(row) + "\n" for row in rows)
    return path


def workbook(path: Path, rows: Iterable[tuple[str, ...]]) -> Path:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("目录")
    sheet.append(["local_code", "unified_code", "valid_from", "local_name"])
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def mixed(count: int, base: int) -> list[tuple[str, ...]]:
    """Half stand already (as far as there are so many), half are new."""
    known = min(count // 2, base // 20)
    rows: list[tuple[str, ...]] = [
        (f"L{at:07d}", unified(at * 20), "2020-01-01", f"药{at}") for at in range(known)
    ]
    rows += [
        (f"N{at:07d}", unified(50_000_000 + at), "2026-07-01", f"药{at}")
        for at in range(count - known)
    ]
    return rows


def prepared(path: Path, crosswalk: Crosswalk) -> Prepared:
    plan = ColumnPlan()
    return prepare(ImportOrder(path, plan, PARTNER, "product"), crosswalk, [PARTNER])


async def imports(folder: Path, rows: int, base: int) -> None:
    with timed(f"a crosswalk of {base:,} rows into memory", base):
        crosswalk = standing(base)
    gc.collect()
    gc.freeze()  # as the command does
    journal = SqliteJournal(folder / "journal.db")
    await journal.start()
    review = Review(CrosswalkStore(journal), crosswalk)
    listed = mixed(rows, base)
    for form, path in (
        ("CSV", table(folder / "a.csv", listed)),
        ("XLSX", workbook(folder / "a.xlsx", listed)),
    ):
        with timed(f"{form}: {rows:,} rows read and compared", rows):
            seen = prepared(path, crosswalk)
        assert seen.preview.good, seen.preview.summary()
    await filed(folder, review, crosswalk, rows)
    bad = [*mixed(100_000, base)]
    bad[77_777] = ("N0077777", unified(1)[:-1], "2026-07-01", "")
    path = table(folder / "bad.csv", bad)
    with timed("CSV: 100,000 rows with one wrong, nothing written", 100_000):
        seen = prepared(path, crosswalk)
    (wrong,) = [one for one in seen.preview.changes if one.state == "invalid"]
    assert wrong.row == 77_779
    await journal.stop()


async def filed(folder: Path, review: Review, crosswalk: Crosswalk, rows: int) -> None:
    fresh = [
        (f"F{at:07d}", unified(60_000_000 + at), "2026-07-01", f"药{at}") for at in range(rows)
    ]
    path = table(folder / "fresh.csv", fresh)
    begun = time.perf_counter()
    with timed(f"CSV: {rows:,} new rows read, compared and filed as a batch", rows):
        seen = prepared(path, crosswalk)
        done = await file_batch(seen, review, by="li", now=NOW)
    assert done.filed == rows, seen.preview.summary()
    verdict = "within" if time.perf_counter() - begun < TARGET_SECONDS else "NOT within"
    print(f"  {verdict} the {TARGET_SECONDS} s of performance.md (20,000 rows)")
    with timed(f"  {rows:,} proposals approved as a whole by another person", rows):
        await review.approve_batch(seen.batch, by="wang", now=NOW)


def national(path: Path, count: int) -> Path:
    cells = [""] * COLUMNS
    said = {2: "示例", 8: "替硝唑片", 14: "0.5g", 32: "8片/盒", 37: "2019-01-01", 38: "2999-12-31"}
    said |= {
        45: "盒",
        46: "片",
        47: "8",
        49: "盒",
        54: "合成示例制药",
        62: "国药准字H20055036",
        79: "1",
    }
    for place, text in said.items():
        cells[place - 1] = text
    with path.open("w", encoding="utf-8") as file:
        for at in range(count):
            cells[0], cells[21] = unified(at), f"X{at:06d}"
            file.write("\t".join(cells) + "\n")
    return path


async def catalogues(folder: Path, count: int) -> None:
    path = national(folder / "plc.txt", count)
    journal = SqliteJournal(folder / "catalogue.db")
    await journal.start()
    work = Catalogue(CatalogueFile(path, Layout.load(), Limits()), journal)
    with timed(f"national catalogue: {count:,} rows looked through", count):
        work.survey()
    with timed(f"national catalogue: {count:,} rows written (new)", count):
        await work.write("plc.txt", by="li", now=NOW)
    work.survey()
    with timed(f"national catalogue: {count:,} rows again (unchanged)", count):
        seen = await work.write("plc.txt", by="li", now=NOW)
    assert seen.summary()["unchanged"] == count
    await journal.stop()


def exports(folder: Path, count: int) -> None:
    crosswalk = standing(count)
    for form, part in (("csv", count), ("fhir", count), ("xlsx", min(count, 100_000))):
        shown = crosswalk if part == count else standing(part)
        with timed(f"export {form}: {part:,} rows", part):
            write_view(shown, View(), form, folder / f"out.{form}", now=NOW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--crosswalk", type=int, default=1_000_000)
    parser.add_argument("--catalogue", type=int, default=280_000)
    parser.add_argument("--export", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(imports(folder, given.rows, given.crosswalk))
        asyncio.run(catalogues(folder, given.catalogue))
        exports(folder, given.export)


if __name__ == "__main__":
    main()

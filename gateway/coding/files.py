"""对照登记: adds approved mappings to `codes/local.csv`, all or nothing.

The whole set is checked with the new row before the file is replaced, so that a mapping which
contradicts another one is refused and a crash leaves the old file.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import OPEN_END
from gateway.coding.rows import (
    COLUMNS,
    CrosswalkRow,
    Findings,
    Reading,
    read_rows,
    row_problem,
)
from gateway.errors import Misconfigured

CODES_FOLDER: Final = "codes"
LOCAL_FILE: Final = "local.csv"
_LOCK: Final = ".local.lock"
_NEXT: Final = ".local.next"


def add_mapping(home: Path, row: CrosswalkRow) -> Crosswalk:
    """Append one mapping and return the crosswalk that now holds.

    A row that is there already changes nothing. Raises Misconfigured when the row is bad or contradicts
    another one; nothing is written then.
    """
    return add_mappings(home, (row,))


def add_mappings(home: Path, rows: Iterable[CrosswalkRow]) -> Crosswalk:
    """Append several mappings in one replacement of the file; all or none."""
    wanted = [row._replace(valid_to=row.valid_to or OPEN_END) for row in rows]
    for row in wanted:
        problem = row_problem(row)
        if problem:
            raise Misconfigured(f"{LOCAL_FILE}: {problem}")
    folder = home / CODES_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        present = _present(folder)
        _write(folder / _NEXT, [*present, *(row for row in wanted if row not in set(present))])
        try:
            checked = Crosswalk.read(_with_next(folder))
            (folder / _NEXT).replace(folder / LOCAL_FILE)
        finally:
            (folder / _NEXT).unlink(missing_ok=True)
        _sync_folder(folder)
    return checked


def _present(folder: Path) -> list[CrosswalkRow]:
    path = folder / LOCAL_FILE
    if not path.exists():
        return []
    findings = Findings()
    rows = [row for _, row in read_rows(Reading(LOCAL_FILE, path, findings))]
    findings.raise_any()
    return rows


def _with_next(folder: Path) -> list[tuple[str, Path]]:
    """Return the folder's files with the new `local.csv` in place of the old one."""
    named = {path.name: path for path in folder.glob("*.csv") if not path.name.startswith(".")} | {
        LOCAL_FILE: folder / _NEXT
    }
    return sorted(named.items())


def _write(path: Path, rows: Iterable[CrosswalkRow]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        closed = row._replace(valid_to="") if row.valid_to == OPEN_END else row
        writer.writerow(closed[: len(COLUMNS)])
    with path.open("wb") as file:
        file.write(text.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep out another process that adds at the same time."""
    with (folder / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A process of its own that writes to a journal and says what has been acknowledged.

    python -m tests.journal.writing <sqlite path | postgres URL> <name> <commits; 0: until killed>

Each line on standard output is the id of a document whose commit has returned.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from tests.journal.making import commit, document, order

CALLERS = 3


async def _write(place: str, name: str, commits: int) -> None:
    journal: SqliteJournal | PostgresJournal = (
        PostgresJournal(place) if "://" in place else SqliteJournal(Path(place))
    )
    await journal.start()
    numbers = iter(range(commits)) if commits else count()

    async def write_on() -> None:
        for number in numbers:
            single = order(f"{name}-{number}", f"order-{number % 11}")
            whole = document(f"{name}-d{number}", [f"order-{number % 3}", f"{name}-{number}"])
            outcomes = await journal.commit(commit(single, whole))
            for outcome in outcomes:
                print(outcome.submission_id, outcome.verdict.value, flush=True)  # noqa: T201

    await asyncio.gather(*(write_on() for _ in range(CALLERS)))
    await journal.stop()


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1], sys.argv[2], int(sys.argv[3])))

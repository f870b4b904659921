"""Several processes on one journal, and processes that are killed while they write."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from tests.journal.conftest import AnyJournal, Opening, PostgresStorage, SqliteStorage, Storage

ROOT = Path(__file__).parents[2]
COMMITS = 60
WRITERS = 3


async def writer(storage: Storage, name: str, commits: int) -> asyncio.subprocess.Process:
    assert isinstance(storage, PostgresStorage | SqliteStorage)
    place = storage.url if isinstance(storage, PostgresStorage) else str(storage.path)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.journal.writing",
        place,
        name,
        str(commits),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def follow(journal: AnyJournal, shard: int, done: asyncio.Event) -> list[int]:
    """Read a shard as the bus does: always what lies behind the last number."""
    numbers: list[int] = []
    while True:
        ending = done.is_set()
        rows = await journal.read(shard, numbers[-1] if numbers else 0, 50, published_only=False)
        numbers += [row.seq for row in rows]
        if ending and not rows:
            return numbers
        await asyncio.sleep(0)


async def intact(journal: AnyJournal) -> int:
    """Verify all chains and return how many entries they have."""
    entries = 0
    for shard in range(journal.shards):
        entries += len([seq async for seq in journal.verify(shard)])
    return entries


@pytest.mark.timeout(300)
async def test_a_reader_never_skips_a_row_of_concurrent_writers(
    opening: Opening, storage: Storage
) -> None:
    journal = await opening()
    done = asyncio.Event()
    readers = [asyncio.create_task(follow(journal, s, done)) for s in range(journal.shards)]
    writers = [await writer(storage, f"w{n}", COMMITS) for n in range(WRITERS)]
    outputs = [await each.communicate() for each in writers]
    done.set()
    followed = await asyncio.gather(*readers)
    assert [each.returncode for each in writers] == [0] * WRITERS
    told = [line.split() for out, _ in outputs for line in out.decode().splitlines()]
    assert len(told) == WRITERS * COMMITS * 2
    assert {verdict for _, verdict in told} == {"accepted"}
    for numbers in followed:
        assert numbers == list(range(1, len(numbers) + 1))
    assert sum(map(len, followed)) == WRITERS * COMMITS * 4
    assert await intact(journal) == WRITERS * COMMITS * 4


@pytest.mark.timeout(300)
async def test_writers_with_the_same_documents_write_each_once(
    opening: Opening, storage: Storage
) -> None:
    journal = await opening()
    writers = [await writer(storage, "same", COMMITS) for _ in range(WRITERS)]
    outputs = [await each.communicate() for each in writers]
    assert [each.returncode for each in writers] == [0] * WRITERS
    verdicts = [line.split()[1] for out, _ in outputs for line in out.decode().splitlines()]
    assert verdicts.count("accepted") == COMMITS * 2
    assert verdicts.count("duplicate") == COMMITS * 2 * (WRITERS - 1)
    assert await intact(journal) == COMMITS * 4


@pytest.mark.timeout(300)
async def test_a_killed_writer_loses_nothing_that_it_acknowledged(
    opening: Opening, storage: Storage
) -> None:
    dice = random.Random(20260301)
    acknowledged: list[str] = []
    for life in range(4):
        process = await writer(storage, f"life{life}", 0)
        assert process.stdout is not None
        first = await process.stdout.readline()
        await asyncio.sleep(dice.uniform(0.0, 0.6))
        process.kill()
        rest, _ = await process.communicate()
        lines = (first + rest).decode().splitlines()
        assert lines
        # the last line may have been cut while it was written
        acknowledged += [line.split()[0] for line in lines if line.endswith(" accepted")]
        journal = await opening()
        assert await intact(journal) > 0
        for identity in acknowledged:
            assert await journal.find(identity) is not None
        await opening.close()
    assert len(acknowledged) >= 4

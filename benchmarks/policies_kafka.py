"""Policies through a real Kafka: two worker processes on one journal, and the same result as one embedded.

    python -m benchmarks.policies_kafka [--messages N] [--institutions N] [--drugs N]

A quarter (see `benchmarks.policies`) is journalled and relayed; then two workers, each a process of its
own, take it from Kafka until nothing is left, their conclusions relayed to them in turn. What stands in
the end (neither replaced nor ended) must be what one worker on the embedded bus concludes, and every
conclusion must follow again from the recorded order of judging.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import uvloop

from benchmarks.policies import Year, clock, conclusions, fill, mix, settle
from gateway.bootstrap import tune_interpreter
from gateway.bus.embedded import EmbeddedBus
from gateway.bus.kafka import KafkaBus
from gateway.bus.local_kafka import down, up
from gateway.bus.relay import Relay
from gateway.journal.sqlite import SqliteJournal
from gateway.policies.registry import POLICIES
from gateway.policies.running.replaying_check import recompute
from gateway.policies.running.replaying_history import concluded, recorded_order
from gateway.policies.running.runner import GROUP, PolicyRunner
from gateway.policies.terms import load_terms
from gateway.ports import Journal
from schemas.topics import load_topics

WORKERS = 2
_ENDS = re.compile(r"(ended|resumed|lifted|restored|reopened|withdrawn)\.v[0-9]+\Z")
_HOW = re.compile(r"because|replaces|revision|postings|hold_no|.*_id|.*_on")
"""Fields that depend on what was known when, or name other messages: no part of what stands."""


def bus_of(bootstrap: str, prefix: str) -> KafkaBus:
    """Return the bus that the relay and every worker use."""
    return KafkaBus(bootstrap, load_topics(), partitions=WORKERS, prefix=prefix)


async def worker(folder: Path, bootstrap: str, prefix: str) -> None:
    """Judge until SIGTERM; print what was used."""
    journal, bus = SqliteJournal(folder / "journal.db"), bus_of(bootstrap, prefix)
    await journal.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = PolicyRunner(journal, bus, POLICIES, load_terms(), clock)
    await runner.run(stop)
    print(
        f"  worker: {time.process_time():.1f} s processor, {runner.failures} failures", flush=True
    )
    await bus.stop()
    await journal.stop()


async def through_kafka(days: list[list[Any]], bootstrap: str, folder: Path) -> Journal:
    """Run the workers over a journal; return it, still open."""
    journal = SqliteJournal(folder / "journal.db")
    await journal.start()
    for day in days:
        await fill(journal, day)
    prefix = f"bench{secrets.token_hex(3)}"
    bus = bus_of(bootstrap, prefix)
    await bus.start()
    stop, relay = asyncio.Event(), Relay(journal, bus, clock)
    relaying = asyncio.create_task(relay.run(stop))
    while not await relay.drained():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.2)
    words = [sys.executable, "-m", "benchmarks.policies_kafka", "--worker"]
    processes = [
        subprocess.Popen([*words, str(folder), bootstrap, prefix])  # noqa: S603, ASYNC220 - our own
        for _ in range(WORKERS)
    ]
    handled, begun, ended = await _watch(journal, relay)
    for process in processes:
        process.terminate()
        await asyncio.to_thread(process.wait, 60)
    stop.set()
    await relaying
    await bus.stop()
    rate = handled / (ended - begun)
    print(
        f"Kafka, {WORKERS} workers: {handled} handled in {ended - begun:.1f} s: {rate:,.0f}/s wall"
    )
    return journal


class _Awaited:
    """What the workers must handle: every row is read once, and asked about until it has been handled."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._types = {each for policy in POLICIES for each in policy.consumes}
        self._at = [0] * journal.shards
        self._left: set[str] = set()
        self.handled = 0

    async def look(self) -> int:
        """Read what is new; return how many have not been handled."""
        for shard in range(self._journal.shards):
            while rows := await self._journal.read(shard, self._at[shard], 1000):
                self._at[shard] = rows[-1].seq
                self._left |= {row.message.id for row in rows if row.message.type in self._types}
        left = await self._journal.unhandled(GROUP, list(self._left))
        self.handled += len(self._left) - len(left)
        self._left = left
        return len(left)


async def _watch(journal: Journal, relay: Relay) -> tuple[int, float, float]:
    """Wait until nothing is left; return how many were handled, the first and the last moment."""
    awaited = _Awaited(journal)
    begun = last = 0.0
    before = 0
    while True:
        await asyncio.sleep(0.5)
        left, now = await awaited.look(), time.perf_counter()
        if awaited.handled and not begun:
            begun = now
        if awaited.handled != before:
            before, last = awaited.handled, now
        if begun and left == 0 and now - last > 3 and await relay.drained():
            return awaited.handled, begun, last


def standing(found: list[Any]) -> Counter[tuple[str, str, bytes]]:
    """Return what neither ended nor was replaced, without what depends on the order of arrival."""
    open_: dict[str, Any] = {}
    ended: set[str] = set()
    for message in found:
        content = message.content()
        if _ENDS.search(message.type):
            ended |= {value for name, value in content.items() if name.endswith("_id")}
        else:
            open_[message.id] = (message, content)
        ended.add(content.get("replaces") or "")
    counted: Counter[tuple[str, str, bytes]] = Counter()
    for message, content in (each for name, each in open_.items() if name not in ended):
        said = {name: value for name, value in content.items() if not _HOW.fullmatch(name)}
        counted[message.type, message.subject, orjson.dumps(said, option=orjson.OPT_SORT_KEYS)] += 1
    return counted


async def _concluded(journal: Journal) -> list[Any]:
    return [e.message async for e in recorded_order(journal) if concluded(e.message)]


async def main_async(arguments: argparse.Namespace) -> None:
    """Measure, compare and print."""
    days = list(Year(arguments.messages, arguments.institutions, arguments.drugs).days())
    messages = [each for day in days for each in day]
    print(f"{len(messages)} messages ({mix(messages)}); load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="jicai-kafka-") as made:
        folder = Path(made)
        one = SqliteJournal(folder / "one.db")
        await one.start()
        runner = PolicyRunner(one, EmbeddedBus(one), POLICIES, load_terms(), clock)
        for day in days:
            await fill(one, day)
            await settle(runner, 0)
        expected = standing(await _concluded(one))
        await runner.stop()
        await one.stop()
        bootstrap = up(folder / "kafka", 0)
        try:
            journal = await through_kafka(days, bootstrap, folder)
        finally:
            with contextlib.suppress(OSError):
                down(folder / "kafka")
        found = standing(await _concluded(journal))
        missing, extra = expected - found, found - expected
        print(
            f"{expected.total()} conclusions stand; missing {missing.total()}, other {extra.total()}"
        )
        print(f"  missing: {dict(Counter(each[0] for each in missing))}")
        print(f"  other: {dict(Counter(each[0] for each in extra))}")
        for each in [*list(missing)[:3], *list(extra)[:3]]:
            print("  ", each)
        total = len(await conclusions(journal))
        again = await recompute(journal, POLICIES, load_terms())
        print(f"recomputed ({again.order}): {again.identical} of {total} identical")
        await journal.stop()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--institutions", type=int, default=50)
    parser.add_argument("--drugs", type=int, default=20)
    parser.add_argument("--worker", nargs=3, metavar=("FOLDER", "KAFKA", "PREFIX"))
    arguments = parser.parse_args()
    tune_interpreter()
    if arguments.worker:
        folder, bootstrap, prefix = arguments.worker
        uvloop.run(worker(Path(folder), bootstrap, prefix))
    else:
        uvloop.run(main_async(arguments))


if __name__ == "__main__":
    main()

"""P1 normalise: NDJSON orders → contract → codes as of the day → canonical form → Kafka, acks=all.

    python -m benchmarks.p1 --data DIR --kafka HOST:PORT --accepted TOPIC --rejected TOPIC
                            [--journal none|sqlite|postgres] [--workers N]

DIR holds `orders.ndjson` and `crosswalk.csv` (partner,local_code,unified_code,valid_from,valid_to).
Everything on the way is the program's own: the `platform_json` interface, the coding room, the steps of
`gateway.flow`, the journal and the Kafka publisher. Several workers share the file by the digest of the
line, so that a repeated line meets its first occurrence in the same worker.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import multiprocessing
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import uvloop

from adapters.registry import INTERFACES
from gateway.bootstrap import tune_interpreter
from gateway.bus.kafka_producer import Lane, Publisher, Record
from gateway.bus.partitioning import partition_of
from gateway.coding.crosswalk import Crosswalk
from gateway.coding.rows import CrosswalkRow
from gateway.flow import Prepared, Receiving
from gateway.journal.opening import open_journal
from gateway.partners import Partner
from gateway.ports import Commit, Journal, Verdict
from gateway.settings import Settings
from gateway.steps import Arrival
from schemas.envelope import Message
from schemas.events import MESSAGE_REJECTED

CHUNK = 2000
INTERFACE = "platform_json"
RECEIVED_AT = "2026-01-01T00:00:00+08:00"
REGIONS = {"YN": "530000", "GZ": "520000", "CQ": "500000"}


def partner_of(code: str) -> Partner:
    """Return the platform that names itself `code` (YN-P …) inside its orders."""
    return Partner(
        id=code.lower(),
        name=code,
        interface=INTERFACE,
        region=REGIONS.get(code[:2], "530000"),
        uncoded="reject",
        native_codes=("institution", "enterprise"),
    )


def crosswalk_of(path: Path) -> Crosswalk:
    """Return the corpus' crosswalk, partners named as in `partner_of`."""
    with path.open(encoding="utf-8", newline="") as file:
        return Crosswalk.of(
            CrosswalkRow(
                row["partner"].lower(),
                "product",
                row["local_code"],
                row["unified_code"],
                row["valid_from"],
                row["valid_to"],
            )
            for row in csv.DictReader(file)
        )


def chunks(path: Path, worker: int, workers: int) -> Iterator[list[bytes]]:
    """Yield this worker's lines, some thousand at a time."""
    taken: list[bytes] = []
    with path.open("rb") as file:
        for line in file:
            if workers > 1 and zlib.crc32(line) % workers != worker:
                continue
            taken.append(line.rstrip(b"\n"))
            if len(taken) == CHUNK:
                yield taken
                taken = []
    if taken:
        yield taken


class Work:
    """One worker: its receiving flow, its publisher and, where asked for, its journal."""

    def __init__(self, options: argparse.Namespace, journal: Journal | None) -> None:
        self._options, self._journal = options, journal
        data = Path(options.data)
        self._receiving = Receiving(journal, INTERFACES, crosswalk_of(data / "crosswalk.csv"))  # type: ignore[arg-type]
        self._partners: dict[bytes, Partner] = {}
        self._publisher = Publisher(options.kafka)
        self._partitions: dict[str, int] = {}
        self._seen: dict[str, str] = {}
        self.orders = 0

    async def run(self, worker: int) -> None:
        """Work through this worker's share of the file; publishing overlaps with the next chunk."""
        topics = (self._options.accepted, self._options.rejected)
        self._partitions = await self._publisher.partitions(topics)
        sending: asyncio.Task[None] | None = None
        path = Path(self._options.data) / "orders.ndjson"
        for lines in chunks(path, worker, self._options.workers):
            prepared = [self._receiving.prepare(self._arrival(line)) for line in lines]
            messages = await self._accepted(prepared)
            if sending is not None:
                await sending
            sending = asyncio.create_task(self._publisher.publish(self._lanes(messages)))
            await asyncio.sleep(0)
            self.orders += len(lines)
        if sending is not None:
            await sending
        await self._publisher.stop()

    def _arrival(self, line: bytes) -> Arrival:
        start = line.find(b'"partner":"') + 11
        code = line[start : line.find(b'"', start)]
        partner = self._partners.get(code)
        if partner is None:
            partner = self._partners[code] = partner_of(code.decode())
        return Arrival(partner, INTERFACE, line, RECEIVED_AT)

    async def _accepted(self, prepared: list[Prepared]) -> list[Message]:
        """Return the messages of what was not there before: by the journal's word, or from memory."""
        if self._journal is None:
            return [
                row.message
                for each in prepared
                if self._seen.setdefault(each.submission.id, each.submission.digest)
                and not self._repeated(each)
                for row in each.submission.rows
            ]
        work = Commit(submissions=[each.submission for each in prepared])
        outcomes = await self._journal.commit(work)
        return [
            row.message
            for each, outcome in zip(prepared, outcomes, strict=True)
            if outcome.verdict is Verdict.ACCEPTED
            for row in each.submission.rows
        ]

    def _repeated(self, each: Prepared) -> bool:
        identity = each.submission.id
        if self._seen[identity] == "":
            return True
        self._seen[identity] = ""
        return False

    def _lanes(self, messages: list[Message]) -> dict[Lane, list[Record]]:
        lanes: dict[Lane, list[Record]] = {}
        accepted, rejected = self._options.accepted, self._options.rejected
        for message in messages:
            topic = rejected if message.type == MESSAGE_REJECTED else accepted
            key = message.subject.encode()
            lane = (topic, partition_of(key, self._partitions[topic]))
            record = Record(key, message.data, message.headers(), message.id)
            lanes.setdefault(lane, []).append(record)
        return lanes


def worker(number: int, options: argparse.Namespace) -> None:
    """Run one worker process."""
    uvloop.run(_worker(number, options))


async def _worker(number: int, options: argparse.Namespace) -> None:
    tune_interpreter()
    if options.journal == "none":
        await Work(options, None).run(number)
        return
    with tempfile.TemporaryDirectory(prefix="jicai-p1-") as home:
        settings = Settings(home=Path(home), journal=options.journal)
        journal = open_journal(settings)
        await journal.start()
        try:
            await Work(options, journal).run(number)
        finally:
            await journal.stop()


def main() -> None:
    """Parse the options, run the workers, print orders per second of the work itself."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--accepted", required=True)
    parser.add_argument("--rejected", required=True)
    parser.add_argument("--journal", choices=("none", "sqlite", "postgres"), default="none")
    parser.add_argument("--workers", type=int, default=0, help="0: two without a journal, else one")
    options = parser.parse_args()
    options.workers = options.workers or (2 if options.journal == "none" else 1)
    started = time.perf_counter()
    if options.workers == 1:
        worker(0, options)
    else:
        context = multiprocessing.get_context("fork")
        processes = [
            context.Process(target=worker, args=(number, options))
            for number in range(options.workers)
        ]
        for each in processes:
            each.start()
        for each in processes:
            each.join()
        if any(each.exitcode for each in processes):
            raise SystemExit(1)
    elapsed = time.perf_counter() - started
    with (Path(options.data) / "orders.ndjson").open("rb") as file:
        orders = sum(1 for _ in file)
    print(
        f"P1 journal={options.journal} workers={options.workers}: {orders / elapsed:.0f} orders/s"
    )


if __name__ == "__main__":
    main()

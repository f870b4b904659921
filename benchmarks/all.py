"""make bench: P1 and P4 on both journals, with the limits beside them. Loopback only, bounded in time.

    python -m benchmarks.all [--orders 100000] [--seconds 5] [--rounds 1]

P1 needs the corpus generator of the shared reference folder (`../shared/peerbench/gen.py`) and says so
when it is not there; the outcome of each P1 run is checked with its `check.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

import orjson
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
PEERS = ROOT.parent / "shared" / "peerbench"
CORPUS = ROOT / ".cache" / "bench"
LIB = ROOT / ".cache" / "kafka" / "lib"
PARTITIONS = 4
RATE = re.compile(r": ([0-9]+) orders/s")


def run(*words: str, quiet: bool = True) -> str:
    """Run a command of ours to its end and return what it printed; its failure is ours."""
    done = subprocess.run(  # noqa: S603 - our own commands
        words, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=None
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stdout[-500:]}")
    if not quiet:
        print(done.stdout, end="", flush=True)
    return done.stdout


def corpus(orders: int) -> Path | None:
    """Return the folder with the P1 corpus, made once; None where its generator is not there."""
    if not (PEERS / "gen.py").exists():
        return None
    folder = CORPUS / str(orders)
    if not (folder / "expected.json").exists():
        run(
            sys.executable, str(PEERS / "gen.py"), str(folder), "--orders", str(orders), quiet=False
        )
    return folder


async def make_topics(bootstrap: str, *names: str) -> None:
    """Create topics for one run."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names])
    finally:
        await admin.close()
    await asyncio.sleep(1.0)


def p1(folder: Path, bootstrap: str, journal: str) -> float:
    """Run P1 once as a whole process and return orders/s, its start included. Must be EQUAL."""
    accepted, rejected = (f"p1-{uuid.uuid4().hex[:8]}-{side}" for side in ("accepted", "rejected"))
    asyncio.run(make_topics(bootstrap, accepted, rejected))
    with (folder / "orders.ndjson").open("rb") as file:
        orders = sum(1 for _ in file)
    started = time.perf_counter()
    said = run(
        *(sys.executable, "-m", "benchmarks.p1", "--data", str(folder), "--kafka", bootstrap),
        *("--accepted", accepted, "--rejected", rejected, "--journal", journal),
    )
    rate = orders / (time.perf_counter() - started)
    expected = str(folder / "expected.json")
    verdict = run(sys.executable, str(PEERS / "check.py"), expected, bootstrap, accepted, rejected)
    steady = RATE.search(said)
    print(
        f"P1 journal={journal:8s} {rate:7.0f} orders/s as a whole process "
        f"({steady.group(1) if steady else '?'} without start) {verdict.split()[-1]}",
        flush=True,
    )
    return rate


def parsing_limit(folder: Path) -> str:
    """Return how fast the C parser alone reads the corpus on one core."""
    lines = (folder / "orders.ndjson").read_bytes().splitlines()[:20_000]
    started = time.perf_counter()
    for line in lines:
        orjson.loads(line)
    elapsed = time.perf_counter() - started
    megabytes = sum(map(len, lines)) / elapsed / 1e6
    return f"orjson alone, one core: {len(lines) / elapsed:.0f} orders/s ({megabytes:.0f} MB/s)"


def broker_limit(bootstrap: str) -> str:
    """Return what the broker's own producer-perf-test reaches with 1 KB records, acks=all."""
    topic = f"limit-{uuid.uuid4().hex[:8]}"
    asyncio.run(make_topics(bootstrap, topic))
    said = run(
        *("java", "-cp", f"{LIB}/*", "org.apache.kafka.tools.ProducerPerformance"),
        *("--topic", topic, "--num-records", "200000", "--record-size", "1024"),
        *("--throughput", "-1", "--producer-props", f"bootstrap.servers={bootstrap}", "acks=all"),
    )
    return f"the broker's own producer-perf-test, 1 KB, acks=all: {said.strip().splitlines()[-1]}"


def main() -> None:
    """Run everything and print the figures; each line stands for itself."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    folder = corpus(options.orders)
    if folder is None:
        print("P1 skipped: no corpus generator at ../shared/peerbench/gen.py")
    else:
        bootstrap = (
            os.environ.get("JICAI_KAFKA")
            or run(sys.executable, "-m", "gateway.bus.local_kafka", "up").split()[-1]
        )
        print(f"   limit: {parsing_limit(folder)}")
        if LIB.exists():
            print(f"   limit: {broker_limit(bootstrap)}")
        rates: dict[str, list[float]] = {}
        for _ in range(options.rounds):
            for journal in ("none", "sqlite", "postgres"):
                rates.setdefault(journal, []).append(p1(folder, bootstrap, journal))
        medians = {journal: round(statistics.median(found)) for journal, found in rates.items()}
        print(f"P1 medians: {json.dumps(medians)}")
    for journal in ("sqlite", "postgres"):
        run(
            *(sys.executable, "-m", "benchmarks.p4", "--journal", journal),
            *("--seconds", str(options.seconds)),
            quiet=False,
        )


if __name__ == "__main__":
    main()

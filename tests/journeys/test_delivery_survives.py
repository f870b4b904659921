"""A day at the insurer's door: the real journal, the real embedded bus, partners over real HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson

from gateway.bus.embedded import EmbeddedBus
from gateway.delivery.calling import delivery_client
from gateway.delivery.delivery import Delivery
from gateway.delivery.routes import Routes
from gateway.journal.sqlite import SqliteJournal
from gateway.partners import Partners
from gateway.ports import Commit, EntryKind, Row, Search, Submission
from gateway.settings import Settings
from schemas.envelope import Message, canonical_bytes, message_identity
from schemas.events import SETTLEMENT_HELD, SETTLEMENT_RESUMED
from tests.unit.delivery.counterpart import INTERFACES, Answer, Counterpart, listening
from tests.unit.delivery.desk import partner, route

SUBJECTS = 10


def now() -> datetime:
    return datetime.now(UTC)


def conclusion(number: int) -> Submission:
    """The n-th conclusion: holds and resumptions alternate for each institution and drug."""
    identity = message_identity("policies", str(number))
    round_, pair = divmod(number, SUBJECTS)
    message = Message(
        identity,
        "urn:jicai:partner:policies",
        SETTLEMENT_RESUMED if round_ % 2 else SETTLEMENT_HELD,
        f"H5201000000{pair}/D{pair}",
        "2026-11-02T08:00:00+08:00",
        canonical_bytes({"turn": round_}),
        region="520100",
    )
    raw = message.data
    digest = hashlib.sha256(raw).hexdigest()
    at = now().isoformat()
    return Submission(identity, "policies", str(number), "", raw, digest, at, [Row(message)])


@asynccontextmanager
async def gateway(home: Path, insurer: Counterpart, parallel: int) -> AsyncIterator[Delivery]:
    """One life of the process: it delivers until the block ends, and then dies without a word."""
    journal = SqliteJournal(home / "journal.db", shards=4)
    await journal.start()
    bus = EmbeddedBus(journal)
    await bus.start()
    client = delivery_client(5.0)
    one = partner("insurer", insurer.url, settings={"parallel": str(parallel)})
    delivery = Delivery(
        journal,
        bus,
        Partners({"insurer": one}, {}),
        Routes((route("insurer", "cn.jicai.settlement.*", regions=["520000"]),), INTERFACES),
        Settings(home=home, delivery_backoff=0.02, delivery_backoff_cap=0.1, delivery_timeout=2.0),
        now,
        client,
    )
    task = asyncio.create_task(delivery.run(asyncio.Event()))
    try:
        yield delivery
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.aclose()
        await bus.stop()
        await journal.stop()


async def test_holds_and_resumptions_arrive_in_order_and_once_through_three_lives(
    tmp_path: Path,
) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", shards=4)
    await journal.start()
    await journal.commit(Commit(submissions=[conclusion(number) for number in range(60)]))
    await journal.stop()
    async with listening(Counterpart()) as insurer:
        trouble = iter(range(10_000))
        insurer.behaviour = lambda _call: (
            Answer(500, b"busy", after=0.01) if next(trouble) % 13 == 0 else Answer(after=0.01)
        )
        for lives_until in (15, 35, 60):
            async with gateway(tmp_path, insurer, parallel=4):
                async with asyncio.timeout(30):
                    while len(insurer.worked) < lives_until:
                        await asyncio.sleep(0.005)
        async with gateway(tmp_path, insurer, parallel=4) as delivery, asyncio.timeout(30):
            while sum((await delivery.pending()).values()):
                await asyncio.sleep(0.02)
        expected = [message_identity("policies", str(number)) for number in range(60)]
        assert sorted(insurer.worked) == sorted(expected)
        for pair in range(SUBJECTS):
            mine = [message_identity("policies", str(n)) for n in range(pair, 60, SUBJECTS)]
            assert [key for key in insurer.worked if key in mine] == mine
    journal = SqliteJournal(tmp_path / "journal.db", shards=4)
    await journal.start()
    receipts = await journal.search(Search(kind=EntryKind.RECEIPT, limit=1000))
    causes = [entry.message.causationid for entry in receipts]
    assert sorted(causes) == sorted(expected)
    meanings = {orjson.loads(entry.message.data)["meaning"] for entry in receipts}
    assert meanings <= {"delivered", "already"}
    for shard in range(4):
        async for _ in journal.verify(shard):
            pass
    await journal.stop()

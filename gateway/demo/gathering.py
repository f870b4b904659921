"""清点: journal and topics read from their beginnings, by which both demonstrations reconcile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from gateway.bootstrap import Gateway
from gateway.errors import Tampered
from gateway.ports import Delivered, Entry
from schemas.events import TOPICS

PAGE: Final = 2000
FETCH_SECONDS: Final = 2.0
FIRST_SECONDS: Final = 0.2
QUIET_FETCHES: Final = 15
"""So many empty fetches in a row while offsets say that there is more: the bus does not give it."""

Advance = Callable[[int], None]
"""Is told how many rows were gone through."""


async def entries(gateway: Gateway, advance: Advance) -> AsyncIterator[Entry]:
    """Yield every row of the journal, held ones and receipts included, shard by shard in order."""
    for shard in range(gateway.journal.shards):
        after = 0
        while page := await gateway.journal.read(shard, after, PAGE, published_only=False):
            for entry in page:
                yield entry
            after = page[-1].seq
            advance(len(page))


async def verified(gateway: Gateway) -> tuple[int, str]:
    """Return how many entries of the audit chains verify, and what is broken ("": nothing)."""
    total, broken = 0, ""
    for shard in range(gateway.journal.shards):
        done = 0
        try:
            async for verified_so_far in gateway.journal.verify(shard):
                done = verified_so_far
        except Tampered as tampered:
            broken = str(tampered)
        total += done
    return total, broken


async def published(
    gateway: Gateway, group: str, enough: Callable[[], bool], advance: Advance
) -> AsyncIterator[Delivered]:
    """Yield what stands on the topics, repetitions included, until they are quiet and it is enough."""
    consumer = gateway.bus.consumer(group, list(TOPICS))
    await consumer.start()
    quiet = 0
    try:
        while quiet < QUIET_FETCHES:
            fetched = await consumer.fetch(PAGE, FETCH_SECONDS if quiet else FIRST_SECONDS)
            for one in fetched:
                yield one
            advance(len(fetched))
            quiet = 0 if fetched else quiet + 1
            if not fetched and enough():
                break
    finally:
        await consumer.stop()

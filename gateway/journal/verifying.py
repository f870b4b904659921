"""校验: walking a chain from the stored bytes, and naming the first entry that does not fit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from gateway.errors import Tampered
from gateway.journal.chain import GENESIS, Hasher, Record, check, check_end
from gateway.ports import Head

AT_ONCE: Final = 200

Fetch = Callable[[int, int], Awaitable[list[Record]]]
"""(after, limit) → the shard's rows behind that number, in order. Raises Unreadable."""


class Unreadable(Exception):  # noqa: N818 - says what the bytes are
    """The database cannot give these rows: their bytes are damaged."""


async def walk(
    new: Hasher, shard: int, after: int, fetch: Fetch, heads: Callable[[], Awaitable[list[Head]]]
) -> AsyncIterator[int]:
    """Check a shard's entries behind `after` and yield the number of each.

    Everything is computed anew from the stored bytes; of entry `after` only the hash is taken as given.
    Raises Tampered at the first entry that does not fit, or where the chain ends too early.
    """
    previous = await _hash_at(shard, after, fetch)
    seq = after
    while True:
        rows = await _fetched(shard, seq, fetch)
        if not rows:
            end = _of_shard(shard, await heads())
            if end.seq > seq:  # the chain may have grown between the two looks
                rows = await _fetched(shard, seq, fetch)
            if not rows:
                check_end(end, seq, previous)
                return
        for one in rows:
            previous = check(new, shard, seq + 1, previous, one)
            seq += 1
            yield seq


def _of_shard(shard: int, heads: list[Head]) -> Head:
    for head in heads:
        if head.shard == shard:
            return head
    raise Tampered(shard, 0, "the chain's recorded end is missing")


async def _hash_at(shard: int, seq: int, fetch: Fetch) -> bytes:
    if seq <= 0:
        return GENESIS
    try:
        rows = await fetch(seq - 1, 1)
    except Unreadable as error:
        raise Tampered(shard, seq, "the entry cannot be read") from error
    if not rows or rows[0].seq != seq or not isinstance(rows[0].hash, bytes):
        raise Tampered(shard, seq, "the entry is missing")
    return rows[0].hash


async def _fetched(shard: int, after: int, fetch: Fetch) -> list[Record]:
    try:
        return await fetch(after, AT_ONCE)
    except Unreadable:
        pass
    try:  # somewhere in these: go entry by entry to name the first
        return await fetch(after, 1)
    except Unreadable as error:
        raise Tampered(shard, after + 1, "the entry cannot be read") from error

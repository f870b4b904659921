"""PostgreSQL: a group's locks, look-ups and writes, inside one transaction.

The shards' rows are locked first, in ascending order, and held until the commit: numbers are given in
the order in which transactions become visible, so a reader that follows `seq > last` skips nothing.
Every statement after that sees what other processes committed before they let go of the locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.journal.answers import issues_bytes, lines_of
from gateway.journal.chain import COLUMNS, Hasher
from gateway.journal.instants import DAY
from gateway.journal.known import (
    First,
    HeldPlace,
    Identity,
    Known,
    Needs,
    every_row,
    needs_of,
    repeated,
    wait_keys,
)
from gateway.journal.plan import Plan, plan_group
from gateway.ports import Commit

_HOLDS: Final = 0x6A69636168
"""Advisory lock: who releases excludes who looks whether to wait, so nobody waits for what has left."""


async def write_group(opened: Any, group: Sequence[Commit], new: Hasher, shards: int) -> Plan:
    """Lock, look up, plan and write a group in one transaction; return what became of it.

    `opened` is an asyncpg connection. Raises asyncpg's errors with nothing written, except for a
    connection lost while committing, when that is unknown.
    """
    # each statement must see what was committed while it waited for a lock, whatever the server's default
    async with opened.transaction(isolation="read_committed"):
        known = await _known(opened, group, needs_of(group, shards))
        present = set(known.versions)
        plan = plan_group(group, known, new, shards)
        if not plan.empty:
            await _write(opened, plan, present)
    return plan


# --------------------------------------------------------------------------- looking up


async def _known(opened: Any, group: Sequence[Commit], needs: Needs) -> Known:
    known = Known({})
    if needs.shards:
        ends = await opened.fetch(
            "SELECT shard, seq, hash FROM shard WHERE shard = ANY($1) ORDER BY shard FOR UPDATE",
            needs.shards,
        )
        known.heads = {shard: (seq, linked) for shard, seq, linked in ends}
    if needs.releases:
        await opened.execute(f"SELECT pg_advisory_xact_lock({_HOLDS})")
    if needs.ids:
        found = await opened.fetch(
            "SELECT id, digest, shard, seq FROM identity WHERE id = ANY($1)", needs.ids
        )
        known.identities = {row[0]: Identity(row[1], row[2], row[3]) for row in found}
    await _know_firsts(opened, known, repeated(group, known.identities))
    await _know_pairs(opened, known, needs)
    await _know_held(opened, known, group, needs)
    return known


async def _know_firsts(opened: Any, known: Known, places: dict[bytes, Identity]) -> None:
    if not places:
        return
    found = await opened.fetch(
        "SELECT p.mark, e.kind, e.id, e.line, e.data"
        " FROM unnest($1::bytea[], $2::int[], $3::bigint[]) AS p (mark, shard, seq)"
        " JOIN entry AS e ON e.shard = p.shard AND e.seq = p.seq",
        list(places),
        [place.shard for place in places.values()],
        [place.seq for place in places.values()],
    )
    for mark, kind, identity, line, data in found:
        known.firsts[mark] = First(lines_of(kind, identity, line, data), data)


async def _know_pairs(opened: Any, known: Known, needs: Needs) -> None:
    if needs.states:
        found = await opened.fetch(
            "SELECT s.space, s.key, s.version FROM state AS s JOIN"
            " unnest($1::text[], $2::text[]) AS w (space, key) ON s.space = w.space AND s.key = w.key"
            " ORDER BY s.space, s.key FOR UPDATE OF s",
            *_columns(needs.states, 2),
        )
        known.versions = {(space, key): version for space, key, version in found}
    if needs.handled:
        known.handled = await _present(opened, "handled", "consumer", "id", needs.handled)
    if needs.nonces:
        known.nonces = await _present(opened, "nonce", "partner", "nonce", sorted(needs.nonces))


async def _present(
    opened: Any, table: str, first: str, second: str, pairs: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    found = await opened.fetch(
        f"SELECT t.{first}, t.{second} FROM {table} AS t"  # noqa: S608 - our own names only
        f" JOIN unnest($1::text[], $2::text[]) AS w (a, b) ON t.{first} = w.a AND t.{second} = w.b",
        *_columns(pairs, 2),
    )
    return {(one[0], one[1]) for one in found}


async def _know_held(opened: Any, known: Known, group: Sequence[Commit], needs: Needs) -> None:
    """Look at the hold list; when nothing is held this is one look for the whole group, or none."""
    if needs.releases:
        await _know_releases(opened, known, needs.releases)
    if needs.waiting or known.held:
        await _know_hold_keys(opened, known, group, needs)
    if needs.holding or known.hold_keys:
        rows = sum(1 for _ in every_row(group))
        found = await opened.fetch(
            "SELECT nextval('held_number') FROM generate_series(1, $1)", rows
        )
        known.held_numbers = sorted(one[0] for one in found)


async def _know_hold_keys(opened: Any, known: Known, group: Sequence[Commit], needs: Needs) -> None:
    if not await opened.fetchval("SELECT EXISTS (SELECT 1 FROM held)"):
        return
    if not needs.releases:
        await opened.execute(f"SELECT pg_advisory_xact_lock_shared({_HOLDS})")
    wanted = wait_keys(group, known.held)
    found = await opened.fetch(
        "SELECT k.key, h.number FROM unnest($1::text[], $2::bigint[]) AS k (key, few)"
        " CROSS JOIN LATERAL (SELECT number FROM hold_key WHERE hold_key.key = k.key"
        " ORDER BY number LIMIT k.few) AS h ORDER BY h.number",
        list(wanted),
        list(wanted.values()),
    )
    for key, number in found:
        known.hold_keys.setdefault(key, []).append(number)


async def _know_releases(opened: Any, known: Known, wanted: Sequence[str]) -> None:
    found = await opened.fetch(
        "SELECT h.id, h.number, h.keys, e.head_id, e.digest, e.raw FROM held AS h JOIN entry AS e"
        " ON e.shard = h.shard AND e.seq = h.seq WHERE h.id = ANY($1)",
        wanted,
    )
    for identity, number, keys, head_id, digest, raw in found:
        known.held[identity] = HeldPlace(number, tuple(keys), head_id, digest, raw or b"")


# --------------------------------------------------------------------------- writing


async def _write(opened: Any, plan: Plan, present: set[tuple[str, str]]) -> None:
    if plan.records:
        await opened.copy_records_to_table("entry", records=plan.records, columns=COLUMNS)
    if plan.identities:
        # sorted: concurrent groups meet in the same order and do not lock each other out
        taken = [(mark, *place) for mark, place in sorted(plan.identities.items())]
        await opened.copy_records_to_table("identity", records=taken)
    if plan.heads:
        ends = [(shard, *end) for shard, end in sorted(plan.heads.items())]
        await opened.execute(
            "UPDATE shard SET seq = n.seq, hash = n.hash FROM"
            " unnest($1::int[], $2::bigint[], $3::bytea[]) AS n (shard, seq, hash)"
            " WHERE shard.shard = n.shard",
            *_columns(ends, 3),
        )
    await _write_held(opened, plan)
    if plan.handled:
        await opened.copy_records_to_table("handled", records=sorted(plan.handled))
    await _write_states(opened, plan, present)
    if plan.nonces:
        known = [(*pair, at) for pair, at in sorted(plan.nonces.items())]
        await opened.copy_records_to_table("nonce", records=known)
        # known for a day: a request's time stamp has lapsed long before
        await opened.execute(
            "DELETE FROM nonce WHERE ctid IN"
            " (SELECT ctid FROM nonce WHERE at < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)",
            max(plan.nonces.values()) - DAY,
        )


async def _write_held(opened: Any, plan: Plan) -> None:
    if plan.moved:
        moved = [(mark, *place) for mark, place in sorted(plan.moved.items())]
        await opened.execute(
            "UPDATE identity SET digest = n.digest, shard = n.shard, seq = n.seq FROM"
            " unnest($1::bytea[], $2::bytea[], $3::int[], $4::bigint[]) AS n (id, digest, shard, seq)"
            " WHERE identity.id = n.id",
            *_columns(moved, 4),
        )
    if plan.released:
        await opened.execute("DELETE FROM hold_key WHERE number = ANY($1)", plan.released)
        await opened.execute("DELETE FROM held WHERE number = ANY($1)", plan.released)
    if plan.held:
        rows = [
            (*one[:6], list(one.keys), issues_bytes(one.issues).decode(), one.since)
            for one in plan.held.values()
        ]
        keys = [(key, one.number) for one in plan.held.values() for key in one.keys]
        await opened.copy_records_to_table("held", records=rows)
        await opened.copy_records_to_table("hold_key", records=keys)


async def _write_states(opened: Any, plan: Plan, present: set[tuple[str, str]]) -> None:
    """Write the key-values. What was not `present` is inserted, so that a faster writer is noticed."""
    gone = [place for place, (value, _) in plan.states.items() if value is None]
    kept = [
        (*place, value, version)
        for place, (value, version) in sorted(plan.states.items())
        if value is not None
    ]
    new = [row for row in kept if row[:2] not in present]
    old = [row for row in kept if row[:2] in present]
    if gone:
        await opened.execute(
            "DELETE FROM state USING unnest($1::text[], $2::text[]) AS w (space, key)"
            " WHERE state.space = w.space AND state.key = w.key",
            *_columns(gone, 2),
        )
    if new:
        await opened.copy_records_to_table("state", records=new)
    if old:
        await opened.execute(
            "UPDATE state SET value = n.value, version = n.version FROM"
            " unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[])"
            " AS n (space, key, value, version)"
            " WHERE state.space = n.space AND state.key = n.key",
            *_columns(old, 4),
        )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(width)]

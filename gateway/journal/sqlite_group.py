"""SQLite: a group's look-ups and writes, inside one transaction of the writer's connection.

Many rows go in one statement: SQLite then works without Python's lock, and the rest of the program
is not held up row by row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

import orjson

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

_REPLACING: Final = (
    " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, version = excluded.version"
)
_AT_ONCE: Final = (256, 64, 16, 4, 1)


def write_group(
    opened: sqlite3.Connection, group: Sequence[Commit], new: Hasher, shards: int
) -> Plan:
    """Look up, plan and write a group in one transaction; return what became of it.

    Raises sqlite3.Error with nothing written.
    """
    opened.execute("BEGIN IMMEDIATE")
    try:
        plan = plan_group(group, _known(opened, group, needs_of(group, shards)), new, shards)
        if not plan.empty:
            _write(opened, plan)
        opened.execute("COMMIT")
    except BaseException:
        if opened.in_transaction:
            opened.execute("ROLLBACK")
        raise
    return plan


# --------------------------------------------------------------------------- looking up


def _known(opened: sqlite3.Connection, group: Sequence[Commit], needs: Needs) -> Known:
    heads = opened.execute("SELECT shard, seq, hash FROM shard")
    known = Known({shard: (seq, linked) for shard, seq, linked in heads})
    known.identities = {
        found[0]: Identity(*found[1:])
        for found in _listed(
            opened, "SELECT id, digest, shard, seq FROM identity WHERE id IN", needs.ids
        )
    }
    for mark, place in repeated(group, known.identities).items():
        known.firsts[mark] = _first(opened, place)
    _know_pairs(opened, known, needs)
    _know_held(opened, known, group, needs)
    return known


def _first(opened: sqlite3.Connection, place: Identity) -> First:
    kind, identity, line, data = opened.execute(
        "SELECT kind, id, line, data FROM entry WHERE shard = ? AND seq = ?", place[1:]
    ).fetchone()
    return First(lines_of(kind, identity, line, data), data)


def _know_pairs(opened: sqlite3.Connection, known: Known, needs: Needs) -> None:
    for nonce in needs.nonces:
        if opened.execute("SELECT 1 FROM nonce WHERE partner = ? AND nonce = ?", nonce).fetchone():
            known.nonces.add(nonce)
    for space, keys in _by_first(needs.states).items():
        select = "SELECT key, version FROM state WHERE space = ? AND key IN"
        for key, version in _listed(opened, select, keys, space):
            known.versions[space, key] = version
    for consumer, ids in _by_first(needs.handled).items():
        select = "SELECT id FROM handled WHERE consumer = ? AND id IN"
        known.handled |= {(consumer, one) for (one,) in _listed(opened, select, ids, consumer)}


def _by_first(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(first, []).append(second)
    return found


def _know_held(
    opened: sqlite3.Connection, known: Known, group: Sequence[Commit], needs: Needs
) -> None:
    """Look at the hold list; when nothing is held this is one look for the whole group, or none."""
    some = needs.waiting or needs.releases
    if some and opened.execute("SELECT EXISTS (SELECT 1 FROM held)").fetchone()[0]:
        for identity in needs.releases:
            _know_release(opened, known, identity)
        for limit, keys in _by_limit(wait_keys(group, known.held)).items():
            for key, number in opened.execute(
                _OLDEST_OF_KEYS, (orjson.dumps(keys).decode(), limit)
            ):
                known.hold_keys.setdefault(key, []).append(number)
    if needs.holding or known.hold_keys:
        last = opened.execute("SELECT coalesce(max(number), 0) FROM held").fetchone()[0]
        known.held_numbers = range(last + 1, last + 1 + sum(1 for _ in every_row(group)))


def _by_limit(limits: dict[str, int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for key, limit in limits.items():
        found.setdefault(limit, []).append(key)
    return found


_OLDEST_OF_KEYS: Final = """
SELECT k.value, h.number FROM json_each(?1) AS k JOIN hold_key AS h
ON h.key = k.value AND h.number IN
   (SELECT number FROM hold_key WHERE key = k.value ORDER BY number LIMIT ?2)
ORDER BY h.number"""


def _know_release(opened: sqlite3.Connection, known: Known, identity: str) -> None:
    found = opened.execute(
        "SELECT h.number, h.keys, e.head_id, e.digest, e.raw FROM held AS h JOIN entry AS e"
        " ON e.shard = h.shard AND e.seq = h.seq WHERE h.id = ?",
        (identity,),
    ).fetchone()
    if found is not None:
        number, keys, head_id, digest, raw = found
        known.held[identity] = HeldPlace(
            number, tuple(orjson.loads(keys)), head_id, digest, raw or b""
        )


def _listed(
    opened: sqlite3.Connection, select: str, keys: Sequence[bytes | str], *first: str
) -> Iterator[tuple[Any, ...]]:
    for part in _parts(keys):
        yield from opened.execute(f"{select} ({_marks(len(part))})", (*first, *part))


# --------------------------------------------------------------------------- writing


def _write(opened: sqlite3.Connection, plan: Plan) -> None:
    _insert(opened, "entry", len(COLUMNS), plan.records)
    taken = sorted(plan.identities.items())  # neighbours in the tree are written together
    _insert(opened, "identity", 4, ((mark, *place) for mark, place in taken))
    opened.executemany(
        "UPDATE identity SET digest = ?, shard = ?, seq = ? WHERE id = ?",
        [(*place, mark) for mark, place in plan.moved.items()],
    )
    opened.executemany(
        "UPDATE shard SET seq = ?, hash = ? WHERE shard = ?",
        [(*end, shard) for shard, end in plan.heads.items()],
    )
    _write_held(opened, plan)
    _insert(opened, "handled", 2, plan.handled)
    _write_states(opened, plan)
    if plan.nonces:
        _insert(opened, "nonce", 3, ((*pair, at) for pair, at in plan.nonces.items()))
        # known for a day: a request's time stamp has lapsed long before
        oldest = max(plan.nonces.values()) - DAY
        opened.execute("DELETE FROM nonce WHERE at < ?", (oldest,))


def _write_held(opened: sqlite3.Connection, plan: Plan) -> None:
    gone = [(number,) for number in plan.released]
    opened.executemany("DELETE FROM hold_key WHERE number = ?", gone)
    opened.executemany("DELETE FROM held WHERE number = ?", gone)
    for one in plan.held.values():
        keys = orjson.dumps(one.keys).decode()
        opened.execute(
            "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*one[:6], keys, issues_bytes(one.issues).decode(), one.since),
        )
        opened.executemany(
            "INSERT INTO hold_key VALUES (?, ?)", [(key, one.number) for key in one.keys]
        )


def _write_states(opened: sqlite3.Connection, plan: Plan) -> None:
    kept = [
        (*place, value, version)
        for place, (value, version) in plan.states.items()
        if value is not None
    ]
    gone = [place for place, (value, _) in plan.states.items() if value is None]
    if gone:
        opened.executemany("DELETE FROM state WHERE space = ? AND key = ?", gone)
    _insert(opened, "state (space, key, value, version)", 4, kept, behind=_REPLACING)


def _insert(
    opened: sqlite3.Connection,
    table: str,
    width: int,
    rows: Iterable[tuple[Any, ...]],
    *,
    behind: str = "",
) -> None:
    row = f"({_marks(width)})"
    for part in _parts(rows):
        values = ",".join([row] * len(part))
        statement = f"INSERT INTO {table} VALUES {values}{behind}"  # noqa: S608 - our own names only
        opened.execute(statement, tuple(chain.from_iterable(part)))


def _marks(count: int) -> str:
    return ",".join("?" * count)


def _parts(things: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut into parts of a few sizes only, so that their statements stay prepared."""
    left = iter(things)
    while found := list(islice(left, _AT_ONCE[0])):
        start = 0
        for size in _AT_ONCE:
            while len(found) - start >= size:
                yield found[start : start + size]
                start += size

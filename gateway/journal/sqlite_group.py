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

from gateway.errors import Contended
from gateway.journal.answers import issues_bytes, lines_of
from gateway.journal.chain import COLUMNS, Hasher
from gateway.journal.instants import DAY
from gateway.journal.known import (
    First,
    HeldPlace,
    Hopes,
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

_STATE: Final = "state (space, key, value, version)"
_REPLACING: Final = (
    " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, version = excluded.version"
)
_REPLACING_EXPECTED: Final = f"{_REPLACING} WHERE version = excluded.version - 1"
_AT_ONCE: Final = (256, 64, 16, 4, 1)


class _Mistaken(Exception):  # noqa: N818 - no error: it is planned again, with what is found
    """What a group's commits take for granted does not hold."""


def write_group(
    opened: sqlite3.Connection, group: Sequence[Commit], new: Hasher, shards: int
) -> Plan:
    """Look up, plan and write a group in one transaction; return what became of it.

    Versions that are expected and messages that are to be new were read just before, and hold: writing
    shows it, and to ask first would cost as much again. Only if not, the group is rolled back and planned
    on what is found. Raises sqlite3.Error with nothing written.
    """
    try:
        return _attempt(opened, group, new, shards, hoping=True)
    except _Mistaken:
        return _attempt(opened, group, new, shards, hoping=False)


def _attempt(
    opened: sqlite3.Connection, group: Sequence[Commit], new: Hasher, shards: int, *, hoping: bool
) -> Plan:
    opened.execute("BEGIN IMMEDIATE")
    try:
        needs = needs_of(group, hoping=hoping)
        plan = plan_group(group, _known(opened, group, needs), new, shards)
        if needs.hopes and any(isinstance(result, Contended) for result in plan.results):
            raise _Mistaken  # noqa: TRY301 - who is told so must be told what is true
        if not plan.empty:
            _write(opened, plan, needs.hopes)
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
    known.versions = dict(needs.hopes.versions)
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


def _write(opened: sqlite3.Connection, plan: Plan, hopes: Hopes) -> None:
    _write_handled(opened, plan)
    _write_expected(opened, plan, hopes)
    _write_states(opened, plan, hopes)
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


def _write_handled(opened: sqlite3.Connection, plan: Plan) -> None:
    before = opened.total_changes
    _insert(opened, "handled", 2, plan.handled, behind=" ON CONFLICT DO NOTHING")
    if opened.total_changes - before != len(plan.handled):
        raise _Mistaken


def _write_expected(opened: sqlite3.Connection, plan: Plan, hopes: Hopes) -> None:
    """Write what is hoped to have its expected version. Raises _Mistaken where it has not.

    Every row is either inserted, changed or left. None is left: all count as changes. Those expected not
    to exist cannot be changed (no version is 0), and with as many inserted, no other was.
    """
    if not hopes.versions:
        return
    rows = [(*place, *plan.states[place]) for place in hopes.versions]
    before, highest = opened.total_changes, _highest(opened)
    _insert(opened, _STATE, 4, rows, behind=_REPLACING_EXPECTED)
    if opened.total_changes - before != len(rows):
        raise _Mistaken
    absent = sum(expected == 0 for expected in hopes.versions.values())
    if _highest(opened) - highest != absent:
        raise _Mistaken


def _highest(opened: sqlite3.Connection) -> int:
    """Return the highest row number of the key-values: a row that is inserted gets the next."""
    found: int = opened.execute("SELECT coalesce(max(rowid), 0) FROM state").fetchone()[0]
    return found


def _write_states(opened: sqlite3.Connection, plan: Plan, hopes: Hopes) -> None:
    others = [one for one in plan.states.items() if one[0] not in hopes.versions]
    kept = [(*place, value, version) for place, (value, version) in others if value is not None]
    gone = [place for place, (value, _) in others if value is None]
    if gone:
        opened.executemany("DELETE FROM state WHERE space = ? AND key = ?", gone)
    _insert(opened, _STATE, 4, kept, behind=_REPLACING)


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

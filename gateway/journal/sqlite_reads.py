"""SQLite: the questions that readers ask, each on a reader's own connection.

SQL is put together from our own column names only; every value goes in as a parameter.
"""
# ruff: noqa: S608 - see above

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from gateway.journal.answers import issues_from
from gateway.journal.chain import COLUMNS, Record
from gateway.journal.identities import id_key
from gateway.journal.instants import since_instant, until_instant
from gateway.journal.ranges import above
from gateway.journal.verifying import Unreadable
from gateway.ports import EntryKind, Head, Held, HeldCount, Search, Stored

_ALL: Final = ", ".join(COLUMNS)
_WITHOUT_RAW: Final = ", ".join("NULL AS raw" if name == "raw" else name for name in COLUMNS)
_AT_ONCE: Final = 500


def by_id(opened: sqlite3.Connection, identity: str) -> Record | None:
    """Return the row that an id stands for now, with its raw bytes."""
    found = opened.execute(
        f"SELECT {_ALL} FROM entry WHERE (shard, seq) ="
        " (SELECT shard, seq FROM identity WHERE id = ?)",
        (id_key(identity),),
    ).fetchone()
    return None if found is None else Record(*found)


def searched(opened: sqlite3.Connection, question: Search) -> list[Record]:
    """Return the rows that fit, newest first, without raw bytes. Raises Rejected for a bad time."""
    conditions, values = ["1"], []
    for name in ("partner", "subject", "type", "kind"):
        if wanted := getattr(question, name):
            # `kind` as a literal: the partial indexes are only used for what SQLite can see
            literal = name == "kind" and wanted in set(EntryKind)
            conditions.append(f"{name} = '{EntryKind(wanted)}'" if literal else f"{name} = ?")
            values += [] if literal else [wanted]
    if question.since:
        conditions.append("at >= ?")
        values.append(since_instant(question.since))
    if question.until:
        conditions.append("at < ?")
        values.append(until_instant(question.until))
    index = _index(question)
    if index == "entry_unpublished":
        # said in the index's own words: SQLite does not conclude it from the equality
        conditions.append("kind <> 'message'")
    found = opened.execute(
        f"SELECT {_WITHOUT_RAW} FROM entry INDEXED BY {index}"
        f" WHERE {' AND '.join(conditions)} ORDER BY at DESC, rowid DESC LIMIT ?",
        (*values, question.limit),
    )
    return [Record(*row) for row in found]


def _index(question: Search) -> str:
    """Return the index that narrows most: without statistics SQLite would guess."""
    if question.subject:
        return "entry_subject"
    if question.partner:
        return "entry_partner"
    if question.type:
        return "entry_type"
    if question.kind in {EntryKind.HELD, EntryKind.RECEIVED, EntryKind.RECEIPT}:
        return "entry_unpublished"
    return "entry_at"


def after(opened: sqlite3.Connection, shard: int, seq: int, limit: int) -> list[Record]:
    """Return rows of a shard behind `seq`, in order, without raw bytes."""
    return _after(opened, "", shard, seq, limit)


def published_after(opened: sqlite3.Connection, shard: int, seq: int, limit: int) -> list[Record]:
    """Return published rows of a shard behind `seq`, in order, without raw bytes."""
    return _after(opened, " AND kind = 'message'", shard, seq, limit)


def _after(opened: sqlite3.Connection, only: str, shard: int, seq: int, limit: int) -> list[Record]:
    found = opened.execute(
        f"SELECT {_WITHOUT_RAW} FROM entry WHERE shard = ? AND seq > ?{only} ORDER BY seq LIMIT ?",
        (shard, seq, limit),
    )
    return [Record(*row) for row in found]


def chained(opened: sqlite3.Connection, shard: int, seq: int, limit: int) -> list[Record]:
    """Return rows of a shard behind `seq` as they are in the table. Raises Unreadable.

    Found by the index but read by row number: SQLite would otherwise take the numbers from the index,
    and a changed number in the table would go unseen.
    """
    try:
        found = opened.execute(_CHAINED, (shard, seq, limit)).fetchall()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "decode" not in str(error):
            raise
        raise Unreadable(str(error)) from error
    return [Record(*row) for row in found]


_CHAINED: Final = f"""
SELECT {", ".join(f"e.{name}" for name in COLUMNS)} FROM
  (SELECT rowid AS place, seq AS number FROM entry WHERE shard = ? AND seq > ? ORDER BY seq LIMIT ?)
CROSS JOIN entry AS e ON e.rowid = place ORDER BY number"""


def heads(opened: sqlite3.Connection) -> list[Head]:
    """Return the end of every chain; number 0 for an empty one."""
    found = opened.execute("SELECT shard, seq, hash FROM shard ORDER BY shard")
    return [Head(shard, seq, linked.hex()) for shard, seq, linked in found]


def held(opened: sqlite3.Connection, limit: int, behind: int) -> list[Held]:
    """Return the hold list behind a number, oldest first."""
    found = opened.execute(
        "SELECT id, shard, seq, partner, subject, keys, issues, since, number FROM held"
        " WHERE number > ? ORDER BY number LIMIT ?",
        (behind, limit),
    )
    return [
        Held(
            identity,
            shard,
            seq,
            partner,
            subject,
            tuple(orjson.loads(keys)),
            issues_from(why),
            since,
            number,
        )
        for identity, shard, seq, partner, subject, keys, why, since, number in found
    ]


def held_counts(opened: sqlite3.Connection) -> list[HeldCount]:
    """Return how much each partner has on the hold list, and since when the oldest waits."""
    found = opened.execute(
        "SELECT c.partner, c.count, h.since FROM"
        " (SELECT partner, count(*) AS count, min(number) AS oldest FROM held GROUP BY partner) AS c"
        " JOIN held AS h ON h.number = c.oldest"
    )
    return [HeldCount(*row) for row in found]


def states(
    opened: sqlite3.Connection, wanted: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Stored]]:
    """Return, for each space, those of its keys that exist."""
    select = "SELECT key, value, version FROM state WHERE space = ? AND key IN"
    return {
        space: {
            key: Stored(value, version)
            for key, value, version in _each_part(opened, select, space, keys)
        }
        for space, keys in wanted.items()
    }


def scanned(
    opened: sqlite3.Connection, space: str, prefix: str, behind: str, limit: int
) -> list[tuple[str, Stored]]:
    """Return key-values in byte order of their keys."""
    end = above(prefix)
    below = " AND key < ?" if end else ""
    found = opened.execute(
        "SELECT key, value, version FROM state WHERE space = ? AND key >= ? AND key > ?"
        f"{below} ORDER BY key LIMIT ?",
        (space, prefix, behind, *([end] if end else []), limit),
    )
    return [(key, Stored(value, version)) for key, value, version in found]


def scanned_each(
    opened: sqlite3.Connection, places: Sequence[tuple[str, str]], limit: int
) -> list[list[tuple[str, Stored]]]:
    """Return key-values of each (space, prefix), in byte order of their keys."""
    return [scanned(opened, space, prefix, "", limit) for space, prefix in places]


def handled(opened: sqlite3.Connection, consumer: str, ids: Sequence[str]) -> set[str]:
    """Return those ids that the consumer has handled."""
    select = "SELECT id FROM handled WHERE consumer = ? AND id IN"
    return {identity for (identity,) in _each_part(opened, select, consumer, ids)}


def _each_part(
    opened: sqlite3.Connection, select: str, first: str, keys: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        marks = ",".join("?" * len(part))
        yield from opened.execute(f"{select} ({marks})", (first, *part))

"""SQLite: the tables, and how a connection is opened. One file, WAL, every commit on the disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.journal.chain import COLUMNS, GENESIS

VERSION: Final = "1"
PAGE_SIZE: Final = 2048
"""Ids are spread evenly, so nearly each touches a page of its own: small pages, less to write."""
CACHE_KIB: Final = 65_536
CHECKPOINT_PAGES: Final = 16_000
BUSY_MILLISECONDS: Final = 10_000

_INTEGERS: Final = {"shard", "seq", "line", "at"}
_BLOBS: Final = {"data", "hash"}


def _column(name: str) -> str:
    if name == "raw":
        return "raw BLOB"
    kind = "INTEGER" if name in _INTEGERS else "BLOB" if name in _BLOBS else "TEXT"
    return f"{name} {kind} NOT NULL"


TABLES: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    f"CREATE TABLE entry ({', '.join(map(_column, COLUMNS))}) STRICT",
    "CREATE UNIQUE INDEX entry_place ON entry (shard, seq)",
    # readers of the bus skip what is not published without looking at it
    "CREATE INDEX entry_published ON entry (shard, seq) WHERE kind = 'message'",
    "CREATE INDEX entry_unpublished ON entry (kind, at) WHERE kind <> 'message'",
    "CREATE INDEX entry_at ON entry (at)",
    "CREATE INDEX entry_partner ON entry (partner, at)",
    "CREATE INDEX entry_type ON entry (type, at)",
    "CREATE INDEX entry_subject ON entry (subject)",
    """CREATE TABLE identity (id BLOB PRIMARY KEY, digest BLOB NOT NULL, shard INTEGER NOT NULL,
       seq INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE TABLE shard (shard INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT",
    """CREATE TABLE held (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, shard INTEGER NOT NULL,
       seq INTEGER NOT NULL, partner TEXT NOT NULL, subject TEXT NOT NULL, keys TEXT NOT NULL,
       issues TEXT NOT NULL, since TEXT NOT NULL) STRICT""",
    """CREATE TABLE hold_key (key TEXT NOT NULL, number INTEGER NOT NULL,
       PRIMARY KEY (key, number)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX hold_key_number ON hold_key (number)",
    # values of many kilobytes: apart from the keys, behind the version, changed where they stand
    """CREATE TABLE state (space TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL,
       value BLOB NOT NULL, PRIMARY KEY (space, key)) STRICT""",
    """CREATE TABLE handled (consumer TEXT NOT NULL, id TEXT NOT NULL,
       PRIMARY KEY (consumer, id)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE nonce (partner TEXT NOT NULL, nonce TEXT NOT NULL, at INTEGER NOT NULL,
       PRIMARY KEY (partner, nonce)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX nonce_at ON nonce (at)",
)


def connect(path: Path, *, reading: bool = False) -> sqlite3.Connection:
    """Open one connection. It may be closed from another thread than the one that uses it."""
    opened = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        opened.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        opened.execute(f"PRAGMA cache_size = -{CACHE_KIB if not reading else CACHE_KIB // 8}")
        opened.execute("PRAGMA temp_store = MEMORY")
        if reading:
            opened.execute("PRAGMA query_only = ON")
        else:
            opened.execute(f"PRAGMA page_size = {PAGE_SIZE}")  # of a new file only
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute("PRAGMA synchronous = FULL")
            opened.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            opened.execute(f"PRAGMA journal_size_limit = {64 << 20}")
    except sqlite3.Error:
        opened.close()
        raise
    return opened


def prepare(opened: sqlite3.Connection, shards: int, algorithm: str) -> tuple[int, str]:
    """Create what is missing and return the number of chains and the algorithm the file was made with.

    Raises Misconfigured when the file was made by a newer program or is no journal.
    """
    opened.execute("BEGIN IMMEDIATE")
    try:
        if not opened.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone():
            _create(opened, shards, algorithm)
        opened.execute("COMMIT")
    finally:
        if opened.in_transaction:
            opened.execute("ROLLBACK")
    meta: dict[str, str] = dict(opened.execute("SELECT key, value FROM meta"))
    if meta.get("version") != VERSION:
        raise Misconfigured(f"journal: the file has schema {meta.get('version')}, not {VERSION}")
    return int(meta["shards"]), meta["algorithm"]


def _create(opened: sqlite3.Connection, shards: int, algorithm: str) -> None:
    if opened.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise Misconfigured("journal: the file is another program's database")
    for table in TABLES:
        opened.execute(table)
    settings = (("version", VERSION), ("shards", str(shards)), ("algorithm", algorithm))
    opened.executemany("INSERT INTO meta VALUES (?, ?)", settings)
    opened.executemany(
        "INSERT INTO shard VALUES (?, 0, ?)", [(shard, GENESIS) for shard in range(shards)]
    )

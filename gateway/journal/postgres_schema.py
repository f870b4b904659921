"""PostgreSQL: the tables, and what a server must be set to before evidence is entrusted to it."""

from __future__ import annotations

from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.journal.chain import COLUMNS, GENESIS

VERSION: Final = "1"
_CREATING: Final = 0x6A69636169  # advisory lock: several processes may start at once

_KINDS: Final = {"shard": "integer", "line": "integer", "seq": "bigint", "at": "bigint"}
_BLOBS: Final = {"data", "hash"}


def _column(name: str) -> str:
    if name == "raw":
        return "raw bytea"
    kind = _KINDS.get(name) or ("bytea" if name in _BLOBS else 'text COLLATE "C"')
    return f"{name} {kind} NOT NULL"


TABLES: Final = (
    "CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL)",
    # rows of some kilobytes stay in one piece: moving them to a side table costs more than they do
    f"""CREATE TABLE entry ({", ".join(map(_column, COLUMNS))}, PRIMARY KEY (shard, seq))
        WITH (toast_tuple_target = 8160)""",
    "CREATE INDEX entry_published ON entry (shard, seq) WHERE kind = 'message'",
    "CREATE INDEX entry_unpublished ON entry (kind, at) WHERE kind <> 'message'",
    "CREATE INDEX entry_at ON entry (at)",
    "CREATE INDEX entry_partner ON entry (partner, at)",
    "CREATE INDEX entry_type ON entry (type, at)",
    "CREATE INDEX entry_subject ON entry (subject)",
    """CREATE TABLE identity (id bytea PRIMARY KEY, digest bytea NOT NULL, shard integer NOT NULL,
       seq bigint NOT NULL)""",
    """CREATE TABLE shard (shard integer PRIMARY KEY, seq bigint NOT NULL, hash bytea NOT NULL)
       WITH (fillfactor = 10)""",
    """CREATE TABLE held (number bigint PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE,
       shard integer NOT NULL, seq bigint NOT NULL, partner text NOT NULL, subject text NOT NULL,
       keys text[] NOT NULL, issues text NOT NULL, since text NOT NULL)""",
    "CREATE SEQUENCE held_number",
    """CREATE TABLE hold_key (key text COLLATE "C" NOT NULL, number bigint NOT NULL,
       PRIMARY KEY (key, number))""",
    "CREATE INDEX hold_key_number ON hold_key (number)",
    """CREATE TABLE state (space text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL,
       value bytea NOT NULL, version bigint NOT NULL, PRIMARY KEY (space, key))""",
    """CREATE TABLE handled (consumer text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
       PRIMARY KEY (consumer, id))""",
    """CREATE TABLE nonce (partner text COLLATE "C" NOT NULL, nonce text COLLATE "C" NOT NULL,
       at bigint NOT NULL, PRIMARY KEY (partner, nonce))""",
    "CREATE INDEX nonce_at ON nonce (at)",
)


async def prepare(opened: Any, shards: int, algorithm: str) -> tuple[int, str]:
    """Create what is missing; return the number of chains and the algorithm it was made with.

    `opened` is an asyncpg connection. Raises Misconfigured for a newer schema or an unsafe server.
    """
    await _check_server(opened)
    async with opened.transaction():
        await opened.execute(f"SELECT pg_advisory_xact_lock({_CREATING})")
        if await opened.fetchval("SELECT to_regclass('meta')") is None:
            for table in TABLES:
                await opened.execute(table)
            settings = [("version", VERSION), ("shards", str(shards)), ("algorithm", algorithm)]
            await opened.executemany("INSERT INTO meta VALUES ($1, $2)", settings)
            ends = [(shard, 0, GENESIS) for shard in range(shards)]
            await opened.executemany("INSERT INTO shard VALUES ($1, $2, $3)", ends)
    meta = dict(await opened.fetch("SELECT key, value FROM meta"))
    if meta.get("version") != VERSION:
        raise Misconfigured(
            f"journal: the database has schema {meta.get('version')}, not {VERSION}"
        )
    return int(meta["shards"]), meta["algorithm"]


async def _check_server(opened: Any) -> None:
    findings = list[str]()
    if await opened.fetchval("SHOW server_encoding") != "UTF8":
        findings.append("journal: the PostgreSQL database must be encoded in UTF8")
    findings += [
        f"journal: PostgreSQL runs with {setting} off; evidence could be lost"
        for setting in ("fsync", "full_page_writes")
        if await opened.fetchval(f"SHOW {setting}") != "on"
    ]
    if findings:
        raise Misconfigured(*findings)


async def durable_commit(opened: Any) -> str:
    """Return the `synchronous_commit` that the journal's sessions use: never less than on the disk."""
    given = await opened.fetchval("SHOW synchronous_commit")
    return given if given in {"on", "remote_apply"} else "on"

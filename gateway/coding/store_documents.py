"""对照档案: all versions of one local code as one value of the key-value space, and back.

A document is a JSON list of objects; what has its usual value is left out. In memory a document stays the
bytes that it is in the store, and is read when somebody asks for full records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final

import orjson

from gateway.coding.records import Choice, CrosswalkVersion, Relation, Status

Room = tuple[str, str]
"""(partner, kind)."""
Documents = dict[Room, dict[str, bytes]]
"""Per partner and kind: local code → document."""
KEY_MARK: Final = "|"
_KEY_FIELDS: Final = 3
_FIELDS: Final = tuple((one.name, one.default) for one in fields(CrosswalkVersion)[_KEY_FIELDS:])


Past = tuple[str, str, str, str, str]
"""An equivalent meaning that was believed once: (valid_from, valid_to, unified code, known_from, known_to)."""
PastMeanings = dict[Room, dict[str, tuple[Past, ...]]]
"""Per partner and kind: local code → what was believed once."""


def document_key(key: tuple[str, str, str]) -> str:
    """Return the key of a code's document: `partner|kind|local code`."""
    return KEY_MARK.join(key)


def key_of(document: str) -> tuple[str, str, str]:
    """Return (partner, kind, local code) of a document's key; only the local code may contain a mark."""
    partner, kind, local = document.split(KEY_MARK, 2)
    return partner, kind, local


def document_of(versions: Iterable[CrosswalkVersion]) -> bytes:
    """Return the document of a code's versions."""
    return orjson.dumps([_record(one) for one in versions])


def _record(version: CrosswalkVersion) -> dict[str, Any]:
    found = ((name, getattr(version, name), usual) for name, usual in _FIELDS)
    return {name: value for name, value, usual in found if value != usual}


def records_of(document: bytes) -> list[dict[str, str]]:
    """Return the versions of a document as dictionaries, what is usual left out."""
    found: list[dict[str, str]] = orjson.loads(document)
    return found


def versions_of(key: tuple[str, str, str], document: bytes) -> list[CrosswalkVersion]:
    """Return the versions of a document."""
    return [_version(key, record) for record in records_of(document)]


def _version(key: tuple[str, str, str], record: dict[str, Any]) -> CrosswalkVersion:
    for name, kind in (("relation", Relation), ("choice", Choice), ("status", Status)):
        if name in record:
            record[name] = kind(record[name])
    return CrosswalkVersion(*key, **{"unified_code": "", **record})

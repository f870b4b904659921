"""本地项目: what is known of a partner's own codes: from lists it gave us, and from its messages.

local-item   partner|kind|local code   the fields of a LocalItem that are not blank (JSON)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import orjson

from gateway.coding.occurrences import parts
from gateway.coding.records import LocalItem
from gateway.coding.translate import KEY_MARK
from gateway.ports import Journal, Write
from schemas.codes import CODED_FIELDS, CodeKind
from schemas.envelope import canonical_bytes

SPACE: Final = "local-item"
DRUG_ID_CODE: Final = "drug_id_code_7"
_KEY_FIELDS: Final = 3
_FACTS: Final = tuple(one.name for one in fields(LocalItem)[_KEY_FIELDS:])
_LOCAL: Final = {kind.value: local for local, kind, _ in CODED_FIELDS}
_SAID_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("generic_name", "product_name", "drug_name"),
    "dosage_form": ("dosage_form",),
    "specification": ("strength",),
    "pack": ("pack_quantity",),
    "manufacturer": ("manufacturer",),
    "approval_no": ("approval_no",),
}
"""Fact → the fields of canonical data that give it, the best one first."""
_TRACE_CODE: Final = re.compile(r"[0-9]{20}\Z")
_DRUG_ID_LENGTH: Final = 7


def item_key(item: LocalItem) -> str:
    """Return `partner|kind|local code`."""
    return KEY_MARK.join((item.partner, item.kind, item.local_code))


def keeping(items: Iterable[LocalItem]) -> list[Write]:
    """Return the writes that keep what is known of local codes; the newest word replaces the last."""
    return [Write(SPACE, item_key(one), _value(one)) for one in items]


async def kept_items(journal: Journal, wanted: Sequence[LocalItem]) -> dict[str, LocalItem]:
    """Return what is kept of these codes, by key. Raises Unavailable."""
    named = {item_key(one): one for one in wanted}
    stored = await journal.get_many(SPACE, list(named)) if named else {}
    return {key: _filled(named[key], orjson.loads(one.value)) for key, one in stored.items()}


def item_said(bare: LocalItem, data: Mapping[str, Any]) -> LocalItem:
    """Return what a message's data tells of a code, where it stands beside it."""
    found = bare
    for part in parts(data):
        if part.get(_LOCAL[bare.kind]) == bare.local_code:
            found = merged(found, _of_part(bare, part))
    return found


def merged(better: LocalItem, other: LocalItem) -> LocalItem:
    """Return `better` with its blank facts taken from `other`."""
    return replace(better, **{n: getattr(other, n) for n in _FACTS if not getattr(better, n)})


def _of_part(bare: LocalItem, part: Mapping[str, Any]) -> LocalItem:
    if bare.kind != CodeKind.PRODUCT:  # a product's name says nothing of who ordered it
        return bare
    facts = {
        fact: next((str(part[name]).strip() for name in names if part.get(name)), "")
        for fact, names in _SAID_AS.items()
    }
    return replace(bare, **facts, other_codes=_drug_ids(part.get("trace_codes")))


def _drug_ids(trace_codes: Any) -> tuple[tuple[str, str], ...]:
    """Return the 药品标识码 that all trace codes of one thing share: they are of one package level."""
    if not isinstance(trace_codes, list):
        return ()
    found = {
        code[:_DRUG_ID_LENGTH]
        for code in trace_codes
        if isinstance(code, str) and _TRACE_CODE.match(code)
    }
    return ((DRUG_ID_CODE, found.pop()),) if len(found) == 1 else ()


def _value(item: LocalItem) -> bytes:
    return canonical_bytes({name: value for name in _FACTS if (value := getattr(item, name))})


def _filled(bare: LocalItem, kept: Mapping[str, Any]) -> LocalItem:
    facts = {name: str(kept[name]) for name in _FACTS if name in kept and name != "other_codes"}
    others = tuple((str(system), str(code)) for system, code in kept.get("other_codes", ()))
    return replace(bare, **facts, other_codes=others)

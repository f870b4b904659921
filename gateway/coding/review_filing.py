"""提议档案: proposals in the key-value space, each under its id, listed by status and partner.

    crosswalk-proposal   <id>                                       the proposal and what became of it
    crosswalk-list       <status>|<partner>|<time>|<id>.<part>      a sheet of a work list: ids in order
    crosswalk-batch      <batch>|<time>|<id>.<part>                 ids of one batch

A sheet holds what one call filed (or decided) for one partner, SHEET ids at most. What is decided leaves the
sheet on which it waited, so that two decisions about one proposal meet there. An approved proposal is not
written again: the version that it made says who approved it, and when.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import orjson

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import Choice, Proposal, Relation, Status
from gateway.coding.store_documents import records_of
from gateway.errors import Contended
from gateway.ports import Journal, Stored, Write
from schemas.envelope import ID_BYTES

PROPOSAL_SPACE: Final = "crosswalk-proposal"
LIST_SPACE: Final = "crosswalk-list"
BATCH_SPACE: Final = "crosswalk-batch"
SHEET: Final = 500
_PLACE_MARK: Final = "#"
_SHEETS: Final = 20
_PAGE: Final = 1000
_BATCH_PART: Final = 100
"""Ids in one value: SQLite reads a long value as a whole when it searches past it."""
_DECIDING: Final = (
    "partner",
    "kind",
    "local_code",
    "unified_code",
    "valid_from",
    "valid_to",
    "relation",
    "choice",
    "replaces",
    "retires",
)


@dataclass(frozen=True, slots=True)
class Filed:
    """提议件: a proposal with who made it and what became of it. Its id is that of the version it makes."""

    id: str
    proposal: Proposal
    proposed_by: str
    proposed_at: str
    batch: str = ""
    sheet: str = ""
    """Key of the sheet of the work list on which it waits (or waited)."""
    status: Status = Status.PROPOSED
    """PROPOSED, APPROVED (an approved retirement too) or REFUSED."""
    decided_by: str = ""
    decided_at: str = ""
    decision_reason: str = ""
    version: int = field(default=0, compare=False)
    """Version of the stored value that this was read from."""


_FILED_FIELDS: Final = tuple(
    (one.name, one.default)
    for one in fields(Filed)
    if one.name not in {"id", "proposal", "version"}
)
_PROPOSAL_FIELDS: Final = tuple((one.name, one.default) for one in fields(Proposal))


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a work list. `next` is `after` of the next part; "" at the end."""

    items: tuple[Filed, ...]
    next: str = ""


def proposal_id(proposal: Proposal, round_: int) -> str:
    """Return the id: the same meaning proposed again has the same one, in each round anew.

    A round ends with a refusal, or when what was approved is believed no longer.
    """
    parts = [str(getattr(proposal, name)) for name in _DECIDING]
    text = "".join(f"{len(part)}:{part}" for part in (*parts, str(round_)))
    return hashlib.blake2b(text.encode(), digest_size=ID_BYTES).hexdigest()


class Filing:
    """Reads proposals; what is to be written is returned as writes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def get_many(self, ids: Sequence[str], crosswalk: Crosswalk) -> dict[str, Filed]:
        """Return those of the ids that exist, as they stand according to `crosswalk`."""
        found = await self._journal.get_many(PROPOSAL_SPACE, ids)
        return {
            identity: standing(filed_from(identity, stored), crosswalk)
            for identity, stored in found.items()
        }

    async def page(
        self, status: Status, partner: str, after: str, limit: int, crosswalk: Crosswalk
    ) -> Page:
        """Return a part of a work list, by partner, oldest first."""
        prefix = f"{status.value}|{partner}|" if partner else f"{status.value}|"
        begun, _, place = after.rpartition(_PLACE_MARK)
        if not (begun.startswith(prefix) and place.isdecimal()):
            begun, place = "", "0"
        places = await self._places(begun, int(place)) if begun else []
        while len(places) <= limit:
            sheets = await self._journal.scan(LIST_SPACE, prefix, after=begun, limit=_SHEETS)
            if not sheets:
                break
            places += [each for key, stored in sheets for each in _on_sheet(key, stored)]
            begun = sheets[-1][0]
        shown = places[:limit]
        found = await self.get_many([identity for _, identity in shown], crosswalk)
        items = tuple(found[identity] for _, identity in shown if identity in found)
        return Page(items, shown[-1][0] if shown and len(places) > limit else "")

    async def _places(self, sheet: str, behind: int) -> list[tuple[str, str]]:
        """Return what is on a sheet behind a place."""
        stored = await self._journal.get(LIST_SPACE, sheet)
        found = _on_sheet(sheet, stored) if stored is not None else []
        return [each for each in found if int(each[0].rpartition(_PLACE_MARK)[2]) > behind]

    async def leaving(self, decided: Sequence[Filed]) -> list[Write]:
        """Return the writes that take proposals off the sheets on which they wait.

        Somebody else who decides about one on the same sheet meanwhile is Contended.
        """
        gone = {one.id for one in decided}
        sheets = list(dict.fromkeys(one.sheet for one in decided))
        found = await self._journal.get_many(LIST_SPACE, sheets)
        writes = []
        for sheet in sheets:
            stored = found.get(sheet)
            waiting = orjson.loads(stored.value) if stored is not None else []
            left = [each for each in waiting if each[1] not in gone]
            gone.difference_update(identity for _, identity in waiting)
            value = orjson.dumps(left) if left else None
            writes.append(Write(LIST_SPACE, sheet, value, stored.version if stored else 0))
        if gone:
            raise Contended(f"{len(gone)} of the proposals do not wait any longer")
        return writes

    async def batch(self, batch: str) -> list[str]:
        """Return the ids of a batch in the order in which they were proposed."""
        ids: dict[str, None] = {}
        after = ""
        while rows := await self._journal.scan(BATCH_SPACE, f"{batch}|", after=after, limit=_PAGE):
            for _, stored in rows:
                ids.update(dict.fromkeys(orjson.loads(stored.value)))
            after = rows[-1][0]
        return list(ids)


def filed_from(identity: str, stored: Stored) -> Filed:
    """Return a proposal out of its stored value."""
    record = orjson.loads(stored.value)
    given = record.pop("proposal")
    for name, kind in (("relation", Relation), ("choice", Choice)):
        if name in given:
            given[name] = kind(given[name])
    if "status" in record:
        record["status"] = Status(record["status"])
    return Filed(identity, Proposal(**given), **record, version=stored.version)


def sheets_of(ids: Sequence[tuple[str, str]], status: Status, at: str) -> dict[str, list[str]]:
    """Return the sheets for (partner, proposal id) pairs of one call: key → ids, in order."""
    by_partner: dict[str, list[str]] = {}
    for partner, identity in ids:
        by_partner.setdefault(partner, []).append(identity)
    return {
        f"{status.value}|{partner}|{at}|{listed[0]}.{part:04d}": listed[start : start + SHEET]
        for partner, listed in by_partner.items()
        for part, start in enumerate(range(0, len(listed), SHEET))
    }


def on_sheets(filed: Sequence[Filed]) -> dict[str, list[Filed]]:
    """Return new proposals of one call on the sheets of the work list, in order."""
    by_id = {one.id: one for one in filed}
    ids = [(one.proposal.partner, one.id) for one in filed]
    sheets = sheets_of(ids, Status.PROPOSED, filed[0].proposed_at)
    return {
        sheet: [replace(by_id[identity], sheet=sheet) for identity in listed]
        for sheet, listed in sheets.items()
    }


def newly_filed(sheets: Mapping[str, Sequence[Filed]]) -> list[Write]:
    """Return the writes that file the new proposals of one call."""
    filed = [one for listed in sheets.values() for one in listed]
    writes = [Write(PROPOSAL_SPACE, one.id, _value(one), 0) for one in filed]
    writes += _sheets({sheet: [one.id for one in listed] for sheet, listed in sheets.items()})
    first = filed[0]
    if first.batch:
        for part, start in enumerate(range(0, len(filed), _BATCH_PART)):
            key = f"{first.batch}|{first.proposed_at}|{first.id}.{part:06d}"
            ids = [one.id for one in filed[start : start + _BATCH_PART]]
            writes.append(Write(BATCH_SPACE, key, orjson.dumps(ids)))
    return writes


def listed_as(filed: Sequence[Filed], status: Status, at: str) -> list[Write]:
    """Return the writes that put what one call has decided on sheets of the list of that status."""
    ids = [(one.proposal.partner, one.id) for one in filed]
    return _sheets(sheets_of(ids, status, at))


def newly_refused(filed: Sequence[Filed], *, by: str, at: str, reason: str) -> list[Write]:
    """Return the writes that say of open proposals that they were turned down, in one call."""
    writes = listed_as(filed, Status.REFUSED, at)
    for one in filed:
        after = replace(
            one, status=Status.REFUSED, decided_by=by, decided_at=at, decision_reason=reason
        )
        writes.append(Write(PROPOSAL_SPACE, one.id, _value(after), one.version))
    return writes


def newly_retired(filed: Sequence[Filed], *, by: str, at: str) -> list[Write]:
    """Return the writes that say of retirements that they were approved: they make no version."""
    return [
        Write(
            PROPOSAL_SPACE,
            one.id,
            _value(replace(one, status=Status.APPROVED, decided_by=by, decided_at=at)),
            one.version,
        )
        for one in filed
        if one.proposal.retires
    ]


def standing(filed: Filed, crosswalk: Crosswalk) -> Filed:
    """Return a proposal as it stands: approved where there is a version of its id."""
    if filed.status is Status.PROPOSED:
        document = crosswalk.document(filed.proposal.key)
        for record in records_of(document) if filed.id.encode() in document else ():
            if record.get("id") == filed.id:
                by, at = record["approved_by"], record["known_from"]
                return replace(filed, status=Status.APPROVED, decided_by=by, decided_at=at)
    return filed


def _sheets(sheets: dict[str, list[str]]) -> list[Write]:
    return [
        Write(LIST_SPACE, key, orjson.dumps(list(enumerate(listed))))
        for key, listed in sheets.items()
    ]


def _on_sheet(key: str, stored: Stored) -> list[tuple[str, str]]:
    """Return (cursor, proposal id) of what stands on a sheet."""
    return [
        (f"{key}{_PLACE_MARK}{place}", identity) for place, identity in orjson.loads(stored.value)
    ]


def _value(filed: Filed) -> bytes:
    """Return what is stored: what has its usual value is left out, so that a proposal stays small."""
    record = _unusual(filed, _FILED_FIELDS)
    record["proposal"] = _unusual(filed.proposal, _PROPOSAL_FIELDS)
    return orjson.dumps(record)


def _unusual(one: object, names: Sequence[tuple[str, object]]) -> dict[str, Any]:
    found = ((name, getattr(one, name), usual) for name, usual in names)
    return {name: value for name, value, usual in found if value != usual}

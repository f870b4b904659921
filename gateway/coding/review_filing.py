"""提议档案: proposals in the key-value space, each under its id, listed by status and partner.

crosswalk-proposal        <id>                                       the proposal and what became of it
crosswalk-proposal-list   <status>|<partner>|<time>|<number>|<id>    in the order of a work list
crosswalk-batch           <batch>|<time>|<id>                        ids of one batch
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final

import orjson

from gateway.coding.records import Choice, Proposal, Relation, Status
from gateway.ports import Journal, Stored, Write
from schemas.envelope import ID_BYTES

PROPOSAL_SPACE: Final = "crosswalk-proposal"
LIST_SPACE: Final = "crosswalk-proposal-list"
BATCH_SPACE: Final = "crosswalk-batch"
_LISTED: Final = b"1"
_PAGE: Final = 1000
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
    number: int = 0
    """Place among those that were proposed in one call."""
    status: Status = Status.PROPOSED
    """PROPOSED, APPROVED (an approved retirement too) or REFUSED."""
    decided_by: str = ""
    decided_at: str = ""
    decision_reason: str = ""
    version: int = field(default=0, compare=False)
    """Version of the stored value that this was read from."""

    @property
    def listed(self) -> str:
        """Return the key in the work lists."""
        place = f"{self.proposed_at}|{self.number:06d}|{self.id}"
        return f"{self.status.value}|{self.proposal.partner}|{place}"


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

    async def get_many(self, ids: Sequence[str]) -> dict[str, Filed]:
        """Return those of the ids that exist."""
        found = await self._journal.get_many(PROPOSAL_SPACE, ids)
        return {identity: filed_from(identity, stored) for identity, stored in found.items()}

    async def page(self, status: Status, partner: str, after: str, limit: int) -> Page:
        """Return a part of a work list, by partner, oldest first."""
        prefix = f"{status.value}|{partner}|" if partner else f"{status.value}|"
        rows = await self._journal.scan(LIST_SPACE, prefix, after=after, limit=limit)
        ids = [key.rsplit("|", 1)[1] for key, _ in rows]
        found = await self.get_many(ids)
        items = tuple(found[one] for one in ids if one in found)
        return Page(items, rows[-1][0] if len(rows) == limit else "")

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
    given["relation"] = Relation(given["relation"])
    given["choice"] = Choice(given["choice"])
    record["status"] = Status(record["status"])
    return Filed(identity, Proposal(**given), **record, version=stored.version)


def newly_filed(filed: Sequence[Filed]) -> list[Write]:
    """Return the writes that file new proposals (of one call)."""
    writes = []
    for one in filed:
        writes.append(Write(PROPOSAL_SPACE, one.id, _value(one), 0))
        writes.append(Write(LIST_SPACE, one.listed, _LISTED))
    if filed and filed[0].batch:
        first = filed[0]
        ids = orjson.dumps([one.id for one in filed])
        writes.append(Write(BATCH_SPACE, f"{first.batch}|{first.proposed_at}|{first.id}", ids))
    return writes


def newly_decided(
    filed: Sequence[Filed], status: Status, *, by: str, at: str, reason: str = ""
) -> list[Write]:
    """Return the writes that close open proposals; another decision in between is Contended."""
    writes = []
    for one in filed:
        after = replace(one, status=status, decided_by=by, decided_at=at, decision_reason=reason)
        writes.append(Write(PROPOSAL_SPACE, one.id, _value(after), one.version))
        writes.append(Write(LIST_SPACE, one.listed, None))
        writes.append(Write(LIST_SPACE, after.listed, _LISTED))
    return writes


def _value(filed: Filed) -> bytes:
    record = asdict(filed)
    del record["id"], record["version"]
    return orjson.dumps(record)

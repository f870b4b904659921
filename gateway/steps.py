"""步骤: the steps of receiving, each a pure function over one `Reception`.

`flow.py` lists them in order. A step that finds the whole document wrong raises `Rejected`; one that
finds a line wrong refuses the line and keeps the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters._kit.protocol import Document, Draft, Read, Sender
from gateway.coding.crosswalk import Crosswalk
from gateway.coding.refusals import refused_codes
from gateway.coding.translate import code_draft, provisional_subject
from gateway.errors import Rejected, issue
from gateway.partners import Partner
from gateway.ports import EntryKind
from schemas.checking import check
from schemas.codes import CODED_FIELDS
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import EVENT_TYPES
from schemas.issues import Issue

WHOLE: Final = 0
_FILLED_BY_CODING: Final = frozenset({unified for _, _, unified in CODED_FIELDS} | {"drug"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came in at a door: authenticated, not yet read."""

    partner: Partner
    interface: str
    raw: bytes
    received_at: str
    content_type: str = ""
    traceparent: str = ""


@dataclass(slots=True)
class Line:
    """One draft on its way to becoming a message."""

    draft: Draft
    keys: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    """Those of the keys that have no meaning."""
    uncoded: tuple[Issue, ...] = ()
    message: Message | None = None

    @property
    def kind(self) -> EntryKind:
        """Return how the line will stand in the journal."""
        return EntryKind.HELD if self.uncoded else EntryKind.MESSAGE


@dataclass(slots=True)
class Reception:
    """One document on its way through the steps."""

    arrival: Arrival
    read: Read
    says: Sequence[str]
    crosswalk: Crosswalk
    document: Document | None = None
    lines: list[Line] = field(default_factory=list)
    refused: list[tuple[int, tuple[Issue, ...]]] = field(default_factory=list)

    @property
    def message_id(self) -> str:
        """Return the partner's message id; "" before the document is read."""
        return self.document.message_id if self.document is not None else ""


def read_document(reception: Reception) -> None:
    """Wire → drafts, by the interface's adapter."""
    arrival, partner = reception.arrival, reception.arrival.partner
    sender = Sender(
        partner.id, partner.region, arrival.received_at, arrival.content_type, partner.settings
    )
    document = reception.read(arrival.raw, sender)
    if not document.message_id:
        raise Rejected(issue("id.missing", "message_id"))
    reception.document = document
    reception.refused.extend(document.refused)
    reception.lines = [Line(draft) for draft in document.drafts]


def permit(reception: Reception) -> None:
    """Each partner speaks for itself and says only what it may; conclusions are the gateway's own."""
    partner, document = reception.arrival.partner, reception.document
    named = document.sender if document is not None else ""
    if named and partner.sender_ids and named not in partner.sender_ids:
        found = issue("sender.mismatch", "sender", sender=named)
        raise Rejected(found, message_id=reception.message_id)
    allowed = partner.may_send or reception.says
    for line in reception.lines:
        listed = EVENT_TYPES.get(line.draft.type)
        if listed is None:
            found = issue("message.unsupported", "type", detail=line.draft.type)
            raise Rejected(found, message_id=reception.message_id)
        if listed.derived or line.draft.type not in allowed:
            found = issue("message.forbidden", "type", detail=line.draft.type)
            raise Rejected(found, message_id=reception.message_id)


def code(reception: Reception) -> None:
    """Local codes → unified codes as of the business day; unknown ones hold or reject the line.

    A code that a person refused rejects it whatever the partner's setting: nothing will ever map it.
    """
    partner = reception.arrival.partner
    kept: list[Line] = []
    for line in reception.lines:
        draft = line.draft
        day = EVENT_TYPES[draft.type].business_day(draft.data)
        coded = code_draft(draft.data, partner, day, reception.crosswalk)
        refused = refused_codes(coded.issues)
        if refused or (coded.issues and partner.uncoded == "reject"):
            wrong = coded.issues if partner.uncoded == "reject" else refused
            reception.refused.append((draft.line, wrong))
            continue
        line.keys, line.lacking, line.uncoded = coded.keys, coded.lacking, coded.issues
        kept.append(line)
    reception.lines = kept


def address(reception: Reception) -> None:
    """Give each message its id, subject, business time, region and source."""
    arrival, document = reception.arrival, reception.document
    if document is None:
        return
    inline = len(document.drafts) == 1 and not reception.refused
    for line in reception.lines:
        draft = line.draft
        number = WHOLE if inline else (draft.line or 1)
        line.message = Message(
            id=message_identity(arrival.partner.id, document.message_id, number),
            source=SOURCE_PREFIX + arrival.partner.id,
            type=draft.type,
            subject=_subject(line, arrival.partner.id),
            time=_business_time(draft, arrival.received_at),
            data=canonical_bytes(draft.data),
            region=str(draft.data.get("region") or arrival.partner.region),
            correlationid=document.correlation,
            traceparent=arrival.traceparent,
        )


def check_canonical(reception: Reception) -> None:
    """Canonical data satisfies its contract; a line that does not is refused.

    A held line lacks what coding will fill in; everything else about it is checked now.
    """
    kept: list[Line] = []
    for line in reception.lines:
        blob = line.message.data if line.message is not None else b""
        found = check(line.draft.type, line.draft.data, blob)
        if line.uncoded:
            found = tuple(each for each in found if not _coding_fills(each))
        if found:
            reception.refused.append((line.draft.line, found))
        else:
            kept.append(line)
    reception.lines = kept


def _coding_fills(found: Issue) -> bool:
    return found.code == "field.required" and found.path.rsplit(".", 1)[-1] in _FILLED_BY_CODING


def _subject(line: Line, partner: str) -> str:
    listed, data = EVENT_TYPES[line.draft.type], line.draft.data
    if line.uncoded:
        return provisional_subject(listed, data, partner)
    try:
        return listed.subject(data)
    except KeyError:  # a key field is missing: the contract check refuses the line next
        return ""


def _business_time(draft: Draft, received_at: str) -> str:
    listed = EVENT_TYPES[draft.type]
    return listed.business_time(draft.data) if listed.dated_by in draft.data else received_at

"""对照报文: what people proposed and decided, as messages of the gateway's own partner `coding`.

One act of a person is one document: its raw bytes say who did what to which proposals, its rows are the
messages. Ids never vary, so an act that is repeated says nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.coding.records import OPEN_END, CrosswalkVersion, Proposal
from gateway.coding.review_filing import Filed
from gateway.ports import Row, Submission
from schemas.checking import check
from schemas.codes import CodeKind
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.events import CROSSWALK_MAPPING_DECIDED, CROSSWALK_MAPPING_PROPOSED, EVENT_TYPES
from schemas.issues import Issue

CODING_PARTNER: Final = "coding"
CODING_INTERFACE: Final = "coding"
RegionOf = Callable[[str], str]
"""Region (GB/T 2260) of a partner, "" where it has none."""
_PRODUCT_KINDS: Final = {
    "X": "western_drug",
    "Z": "chinese_patent_drug",
    "T": "decoction_piece",
    "C": "consumable",
}
"""First letter of an 医保 code → what it is a code of."""


def proposed_data(filed: Filed) -> dict[str, Any]:
    """Return the data of `crosswalk.mapping_proposed`."""
    proposal = filed.proposal
    data = _terms(proposal, filed) | {
        "retires": proposal.retires,
        "exact": proposal.exact,
        "batch": filed.batch,
    }
    return _said(data)


def decided_data(
    filed: Filed,
    decision: str,
    previous: CrosswalkVersion | None,
    *,
    by: str,
    at: str,
    reason: str = "",
) -> dict[str, Any]:
    """Return the data of `crosswalk.mapping_decided`; `previous` is the version that was ended."""
    data = _terms(filed.proposal, filed) | {
        "decision": decision,
        "decided_by": by,
        "decided_at": at,
        "decision_reason": reason,
        "previous": _before(previous) if previous is not None else "",
    }
    return _said(data)


def data_issues(type_name: str, data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return what the message's contract has against the data."""
    return check(type_name, data, canonical_bytes(data))


def proposing(filed: Sequence[Filed], region_of: RegionOf, received_at: str) -> Submission:
    """Return the document of one call that proposed."""
    first = filed[0]
    act = {"act": "propose", "by": first.proposed_by, "batch": first.batch}
    told = [(one, CROSSWALK_MAPPING_PROPOSED, proposed_data(one)) for one in filed]
    return _document(act, told, region_of, received_at)


def deciding(
    decided: Sequence[tuple[Filed, dict[str, Any]]], region_of: RegionOf, received_at: str
) -> Submission:
    """Return the document of one call that decided: each proposal with its message's data."""
    first = decided[0][1]
    act = {"act": "decide", "by": first["decided_by"], "decision": first["decision"]}
    told = [(one, CROSSWALK_MAPPING_DECIDED, data) for one, data in decided]
    return _document(act, told, region_of, received_at)


def _document(
    act: dict[str, str],
    told: Sequence[tuple[Filed, str, dict[str, Any]]],
    region_of: RegionOf,
    received_at: str,
) -> Submission:
    rows = []
    for number, (filed, type_name, data) in enumerate(told, start=1):
        message = _message(filed, type_name, data, region_of(filed.proposal.partner))
        rows.append(Row(message, number if len(told) > 1 else 0))
    raw = rows[0].message.data
    identity, message_id = rows[0].message.id, f"{act['act']}:{told[0][0].id}"
    if len(rows) > 1:
        raw = canonical_bytes(act | {"proposals": [one.id for one, _, _ in told]})
        message_id = f"{act['act']}:{hashlib.sha256(raw).hexdigest()}"
        identity = message_identity(CODING_PARTNER, message_id)
    return Submission(
        id=identity,
        partner=CODING_PARTNER,
        message_id=message_id,
        interface=CODING_INTERFACE,
        raw=raw,
        digest=hashlib.sha256(raw).hexdigest(),
        received_at=received_at,
        rows=rows,
    )


def _message(filed: Filed, type_name: str, data: dict[str, Any], region: str) -> Message:
    listed = EVENT_TYPES[type_name]
    proposed = type_name == CROSSWALK_MAPPING_PROPOSED
    return Message(
        id=message_id_of(filed.id, type_name),
        source=SOURCE_PREFIX + CODING_PARTNER,
        type=type_name,
        subject=listed.subject(data),
        time=listed.business_time(data),
        data=canonical_bytes(data),
        region=region,
        causationid="" if proposed else message_id_of(filed.id, CROSSWALK_MAPPING_PROPOSED),
    )


def message_id_of(proposal_id: str, type_name: str) -> str:
    """Return the id of the message that says of a proposal that it was made, or decided."""
    return message_identity(CODING_PARTNER, f"{EVENT_TYPES[type_name].entity_event}:{proposal_id}")


def _terms(proposal: Proposal, filed: Filed) -> dict[str, Any]:
    return {
        "partner": proposal.partner,
        "kind": proposal.kind,
        "local_code": proposal.local_code,
        "local_name": proposal.local_name,
        "local_specification": proposal.local_specification,
        "unified_code": proposal.unified_code,
        "product_kind": product_kind(proposal.kind, proposal.unified_code),
        "relation": str(proposal.relation),
        "choice": str(proposal.choice),
        "valid_from": proposal.valid_from,
        "valid_to": proposal.valid_to or OPEN_END,
        "evidence": proposal.evidence,
        "reason": proposal.reason,
        "proposal_id": filed.id,
        "replaces": proposal.replaces,
        "proposed_by": filed.proposed_by,
        "proposed_at": filed.proposed_at,
    }


def _before(version: CrosswalkVersion) -> dict[str, Any]:
    return _said(
        {
            "version_id": version.id,
            "unified_code": version.unified_code,
            "relation": version.relation.value,
            "choice": version.choice.value,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "known_from": version.known_from,
            "proposed_by": version.proposed_by,
            "approved_by": version.approved_by,
            "evidence": version.evidence,
        }
    )


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out what nothing is said about."""
    return {name: value for name, value in data.items() if value != ""}


def product_kind(kind: str, unified_code: str) -> str:
    """Return what a product's 医保 code is a code of, "" where its first letter does not say."""
    return _PRODUCT_KINDS.get(unified_code[:1], "") if kind == CodeKind.PRODUCT else ""

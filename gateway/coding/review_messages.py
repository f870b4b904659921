"""对照报文: what people proposed and decided, as messages of the gateway's own partner `coding`.

One act of a person is one document: its raw bytes say who did what to which proposals, its rows are the
messages. Ids never vary, so an act that is repeated says nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.records import OPEN_END, CrosswalkVersion, Proposal
from gateway.coding.review_filing import Filed
from gateway.coding.rows import SHAPES
from gateway.partners import Partner
from gateway.ports import Row, Submission
from schemas.checking import check
from schemas.codes import CodeKind
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes, message_identity
from schemas.event_types import CHINA
from schemas.events import CROSSWALK_MAPPING_DECIDED, CROSSWALK_MAPPING_PROPOSED, EVENT_TYPES
from schemas.issues import Issue

CODING_PARTNER: Final = "coding"
CODING_INTERFACE: Final = "coding"


class About(NamedTuple):
    """What a message says of the partner whose code it is about; "" where it is not known."""

    region: str = ""
    institution: str = ""
    """定点医疗机构 that the partner is."""


AboutPartner = Callable[[str], About]


def about_partner(partner: Partner | None, crosswalk: Crosswalk, now: datetime) -> About:
    """Return what is known of a partner: its region, and the institution of its settings as of today."""
    if partner is None:
        return About()
    named, kind = partner.settings.get("institution", ""), CodeKind.INSTITUTION.value
    if SHAPES[kind].match(named):
        return About(partner.region, named)
    today = now.astimezone(CHINA).date().isoformat()
    return About(partner.region, crosswalk.resolve(partner.id, kind, named, today) or "")


_PRODUCT_KINDS: Final = {
    "X": "western_drug",
    "Z": "chinese_patent_drug",
    "T": "decoction_piece",
    "C": "consumable",
}
"""First letter of an 医保 code → what it is a code of."""


def proposed_data(filed: Sequence[Filed]) -> dict[str, Any]:
    """Return the data of `crosswalk.mapping_proposed`: a sheet of one partner's proposals."""
    first = filed[0]
    return _said(
        {
            "partner": first.proposal.partner,
            "batch": first.batch,
            "proposed_by": first.proposed_by,
            "proposed_at": first.proposed_at,
            "proposals": [_proposed(one) for one in filed],
        }
    )


def _proposed(filed: Filed) -> dict[str, Any]:
    proposal = filed.proposal
    return _said(_terms(proposal, filed) | {"retires": proposal.retires, "exact": proposal.exact})


def decided_data(
    filed: Filed,
    decision: str,
    previous: CrosswalkVersion | None,
    *,
    by: str,
    at: str,
    reason: str = "",
) -> dict[str, Any]:
    """Return the data of `crosswalk.mapping_decided`; `previous` is the version that was ended.

    Of a correction two are told: that the previous version is retired, then that the new one is approved.
    """
    data = _terms(filed.proposal, filed) | {
        "partner": filed.proposal.partner,
        "proposed_by": filed.proposed_by,
        "proposed_at": filed.proposed_at,
        "decision": decision,
        "decided_by": by,
        "decided_at": at,
        "decision_reason": reason,
        "previous": _before(previous) if previous is not None else "",
    }
    return _said(data)


def data_issues(type_name: str, data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return what the message's contract has against the data."""
    wrong = check(type_name, data, b"")  # the bytes are only looked at when something is wrong
    return check(type_name, data, canonical_bytes(data)) if wrong else ()


def proposing(
    sheets: Mapping[str, Sequence[Filed]], about: AboutPartner, received_at: str
) -> Submission:
    """Return the document of one call that proposed; `sheets` are those of the work list."""
    messages = []
    for sheet, filed in sheets.items():
        data = proposed_data(filed)
        region = about(filed[0].proposal.partner).region
        identity = proposed_message_id(sheet)
        messages.append(_message(identity, CROSSWALK_MAPPING_PROPOSED, data, region))
    first = next(iter(sheets.values()))[0]
    act = {"act": "propose", "by": first.proposed_by, "sheets": list(sheets)}
    return _document(act, messages, received_at)


def deciding(
    decided: Sequence[tuple[Filed, dict[str, Any]]], about: AboutPartner, received_at: str
) -> Submission:
    """Return the document of one call that decided: each proposal with its message's data."""
    messages = []
    for filed, data in decided:
        partner, cause = about(filed.proposal.partner), proposed_message_id(filed.sheet)
        told = data | {"institution": partner.institution} if partner.institution else data
        ends_another = told["decision"] == "retired" and not filed.proposal.retires
        identity = decided_message_id(filed.id, ends_another=ends_another)
        messages.append(_message(identity, CROSSWALK_MAPPING_DECIDED, told, partner.region, cause))
    first = decided[0][1]
    act = {"act": "decide", "by": first["decided_by"], "decided": [one.id for one, _ in decided]}
    return _document(act, messages, received_at)


def _document(act: dict[str, Any], messages: Sequence[Message], received_at: str) -> Submission:
    alone = len(messages) == 1
    raw = messages[0].data if alone else canonical_bytes(act)
    digest = hashlib.sha256(raw).hexdigest()
    message_id = f"{act['act']}:{digest}"
    return Submission(
        id=messages[0].id if alone else message_identity(CODING_PARTNER, message_id),
        partner=CODING_PARTNER,
        message_id=message_id,
        interface=CODING_INTERFACE,
        raw=raw,
        digest=digest,
        received_at=received_at,
        rows=[
            Row(message, 0 if alone else number) for number, message in enumerate(messages, start=1)
        ],
    )


def _message(
    identity: str, type_name: str, data: dict[str, Any], region: str, cause: str = ""
) -> Message:
    listed = EVENT_TYPES[type_name]
    return Message(
        id=identity,
        source=SOURCE_PREFIX + CODING_PARTNER,
        type=type_name,
        subject=listed.subject(data),
        time=listed.business_time(data),
        data=canonical_bytes(data),
        region=region,
        causationid=cause,
    )


def proposed_message_id(sheet: str) -> str:
    """Return the id of the message that says what was filed on a sheet."""
    return message_identity(CODING_PARTNER, f"proposed:{sheet}")


def decided_message_id(proposal_id: str, *, ends_another: bool = False) -> str:
    """Return the id of the message that says what became of a proposal.

    `ends_another`: of the one before it, which says that the version it corrects has ended.
    """
    said = "ended-by" if ends_another else "decided"
    return message_identity(CODING_PARTNER, f"{said}:{proposal_id}")


def _terms(proposal: Proposal, filed: Filed) -> dict[str, Any]:
    return {
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

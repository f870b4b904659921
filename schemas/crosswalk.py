"""编码对照: what people propose that a partner's code means, and what two of them decided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.canonical import Canonical, DateText, Instant, MessageId, Statement, Text
from schemas.codes import CodeKind, Institution, LocalCode

UNIFIED_PATTERN = r"^[0-9A-Z][0-9A-Z.-]{2,39}$"
Unified = Annotated[str, StringConstraints(strict=True, pattern=UNIFIED_PATTERN)]
"""A unified code of any kind; the kind's own shape was checked before anything was proposed."""
Note = Annotated[
    str,
    StringConstraints(
        strict=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
    ),
]
RelationName = Literal["equivalent", "broader", "narrower", "none"]
ChoiceName = Literal["preferred", "inbound_only"]
ProductKind = Literal["western_drug", "chinese_patent_drug", "decoction_piece", "consumable"]
"""西药, 中成药, 中药饮片, 医用耗材: as the first letter of the unified code says (a hint for list_type)."""


class MappingTerms(Canonical):
    """What a local code is said to mean; `unified_code` is absent when and only when relation is none."""

    kind: CodeKind
    local_code: LocalCode
    local_name: Text | None = None
    local_specification: Text | None = None
    unified_code: Unified | None = None
    product_kind: ProductKind | None = None
    relation: RelationName
    choice: ChoiceName | None = None
    valid_from: DateText
    valid_to: DateText
    evidence: Note | None = None
    reason: Note | None = None
    proposal_id: MessageId
    replaces: MessageId | None = None


class ProposedMapping(MappingTerms):
    """One proposal. `retires`: the version `replaces` is to end without a successor."""

    retires: bool
    exact: bool


class MappingProposed(Statement):
    """对照提议: somebody wants this to be believed; nothing is coded by it yet. A sheet of a work list."""

    partner: Text
    batch: Text | None = None
    proposed_by: Text
    proposed_at: Instant
    proposals: tuple[ProposedMapping, ...] = Field(min_length=1, max_length=500)


class MappingBefore(Canonical):
    """The version that a decision ended, as it was believed until then."""

    version_id: MessageId
    unified_code: Unified | None = None
    relation: RelationName
    choice: ChoiceName | None = None
    valid_from: DateText
    valid_to: DateText
    known_from: Instant
    proposed_by: Text
    approved_by: Text
    evidence: Note | None = None


class MappingDecided(MappingTerms, Statement):
    """对照审定: approved (believed from `decided_at` on), retired (`previous` is believed no longer) or
    refused (the proposal came to nothing). `decided_by` is another person than `proposed_by`, but for a
    proposal that its own proposer took back (refused).

    `previous` is what the decision ended: the corrected or the retired version.
    """

    partner: Text
    institution: Institution | None = None
    """定点医疗机构: the institution that the partner is, where it is one."""
    decision: Literal["approved", "retired", "refused"]
    proposed_by: Text
    proposed_at: Instant
    decided_by: Text
    decided_at: Instant
    decision_reason: Note | None = None
    previous: MappingBefore | None = None

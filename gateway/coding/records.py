"""对照记录: one version of one meaning of one local code, on two time axes, with who said so and why.

Business time (`valid_from` … `valid_to`, days, both inclusive) says when the meaning holds in the world;
known time (`known_from` inclusive … `known_to` exclusive, RFC 3339 in UTC) says when the gateway believed
it. A correction never erases: the version believed before ends on the known axis, and a new one begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Final

from schemas.event_types import CHINA

OPEN_END: Final = "9999-12-31"
"""The last day of a meaning without an end."""
KNOWN_EVER: Final = ""
"""`known_from` of what stands in the operator's files: they keep no history."""
KNOWN_OPEN: Final = "9999-12-31T23:59:59Z"
"""`known_to` of what is believed now."""
_KNOWN_LENGTH: Final = len("2026-01-31T08:00:00.000000Z")
_DAY_LENGTH: Final = len("2026-01-31")


def known_instant(given: datetime | str) -> str:
    """Return a time on the known axis in its one form, UTC with microseconds: it compares as text.

    A text is RFC 3339; a mere day is its last moment in China (what was believed by the end of it).
    Raises ValueError for anything else.
    """
    if isinstance(given, str):
        if len(given) == _DAY_LENGTH:
            day = datetime.fromisoformat(given).date()
            given = datetime.combine(day, time.max, CHINA)
        else:
            given = datetime.fromisoformat(given)
    if given.tzinfo is None:
        raise ValueError(f"{given}: a time needs its offset")
    try:
        moment = given.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{given}: outside the calendar") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(_KNOWN_LENGTH, "0")


class Relation(StrEnum):
    """How the local code relates to the unified one (FHIR R4 ConceptMap equivalence in brackets)."""

    EQUIVALENT = "equivalent"
    """The same thing (equivalent). The only relation by which messages are coded."""
    BROADER = "broader"
    """The unified code means more than the local one (wider)."""
    NARROWER = "narrower"
    """The unified code means less than the local one (narrower)."""
    NONE = "none"
    """不予对照: a person found that there is no unified code (unmatched); `reason` says why."""


class Status(StrEnum):
    """Where a version stands in its life."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    """The proposal was turned down; never in force."""
    RETIRED = "retired"
    """Was approved once, is believed no longer (`known_to` is closed)."""


class Choice(StrEnum):
    """Which local code stands for a unified one that several local codes of a partner share."""

    ONLY = ""
    """No other local code of the partner means the same on these days."""
    PREFERRED = "preferred"
    """Of several, this one is used towards the partner. At most one per unified code and day."""
    INBOUND_ONLY = "inbound_only"
    """Understood when the partner says it, never said to the partner."""


@dataclass(frozen=True, slots=True)
class CrosswalkVersion:
    """One version. `unified_code` is "" when and only when `relation` is NONE."""

    partner: str
    kind: str
    local_code: str
    unified_code: str
    valid_from: str
    valid_to: str = OPEN_END
    relation: Relation = Relation.EQUIVALENT
    choice: Choice = Choice.ONLY
    status: Status = Status.APPROVED
    known_from: str = KNOWN_EVER
    known_to: str = KNOWN_OPEN
    proposed_by: str = ""
    approved_by: str = ""
    evidence: str = ""
    """On what the proposer relied: the candidate's score and fields, a document, a file with its row."""
    reason: str = ""
    """Why there is no unified code, or why the version was retired."""
    id: str = ""
    """Deterministic id; "" for rows of the operator's files."""
    origin: str = ""
    """`file <name>`, `import <batch>`, `review`."""
    replaces: str = ""
    """Id of the version that this one corrected, or ""."""
    ended_by: str = ""
    """Id of the correction (a version) or retirement (a proposal) that closed `known_to`, or ""."""
    local_name: str = ""
    local_specification: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return (partner, kind, local code): what must have one meaning on a day, at a known time."""
        return (self.partner, self.kind, self.local_code)

    @property
    def meaning(self) -> tuple[Relation, str]:
        """Return (relation, unified code): two versions that agree in it do not contradict."""
        return (self.relation, self.unified_code)

    @property
    def believed(self) -> bool:
        """Return whether this is believed now."""
        return self.known_to == KNOWN_OPEN

    def covers(self, day: str) -> bool:
        """Return whether the version holds on a day."""
        return self.valid_from <= day <= self.valid_to

    def overlaps(self, other: CrosswalkVersion) -> bool:
        """Return whether there is a day on which both hold."""
        return self.valid_from <= other.valid_to and other.valid_from <= self.valid_to


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to be believed. `replaces`: id of the version that it corrects, or ""."""

    partner: str
    kind: str
    local_code: str
    unified_code: str
    valid_from: str
    valid_to: str = OPEN_END
    relation: Relation = Relation.EQUIVALENT
    choice: Choice = Choice.ONLY
    evidence: str = ""
    reason: str = ""
    replaces: str = ""
    exact: bool = False
    """Found by comparison of all identifying fields, not by likeness: may be approved in bulk."""
    local_name: str = ""
    local_specification: str = ""
    retires: bool = False
    """停用: end the belief in `replaces` without a successor; the other fields repeat that version's."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return (partner, kind, local code)."""
        return (self.partner, self.kind, self.local_code)


@dataclass(frozen=True, slots=True)
class LocalItem:
    """What is known of a partner's local code: what candidates are ranked by. Blank: not known."""

    partner: str
    kind: str
    local_code: str
    name: str = ""
    dosage_form: str = ""
    specification: str = ""
    pack: str = ""
    manufacturer: str = ""
    approval_no: str = ""
    other_codes: tuple[tuple[str, str], ...] = ()
    """(code type, code): codes of other systems that came with it, e.g. drug_standard_code_86."""

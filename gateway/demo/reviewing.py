"""编码评审: the demo's scene of two people who give an unknown code its meaning.

What the report shows of it is what the gateway said: the work item, the ranked candidates with their
evidence, the refusal when one person wants to do both parts, and how many messages flowed on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.bootstrap import Gateway
from gateway.coding.records import Choice, LocalItem, Proposal
from gateway.coding.rows import CrosswalkRow
from gateway.coding.work_items import work_items
from gateway.errors import Refused

REVIEWERS: Final = ("demo-proposer", "demo-approver")
"""Two people: one proposes the meaning, the other approves it."""
SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class ShownCandidate:
    """One candidate as the report shows it."""

    unified_code: str
    score: str
    exact: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class ReviewScene:
    """What happened, in the gateway's words."""

    partner: str
    local_code: str
    direct: int
    behind: int
    candidates: tuple[ShownCandidate, ...] = ()
    alone: str = ""
    """What the gateway says when the proposer wants to approve."""
    meaning: str = ""
    people: tuple[str, str] = field(default=REVIEWERS)
    released: int = 0


async def review(gateway: Gateway, row: CrosswalkRow, facts: LocalItem) -> ReviewScene:
    """Let two people give the code of `row` its meaning; `facts` is what the hospital's list says of it."""
    now = gateway.clock()
    (work,) = await work_items(gateway.journal, gateway.partners, partner=row.partner)
    ranked = await gateway.suggestions.rank(facts, limit=SHOWN, on=work.days[0])
    # the hospital has a code for this product already: the new one is only understood, never said
    wanted = Proposal(*row[:6], choice=Choice.INBOUND_ONLY, evidence="院内目录 the hospital's list")
    proposer, approver = REVIEWERS
    (filed,) = await gateway.review.propose([wanted], by=proposer, now=now)
    alone = ""
    try:
        await gateway.review.approve([filed.id], by=proposer, now=now)
    except Refused as said:
        alone = said.zh
    await gateway.review.approve([filed.id], by=approver, now=now)
    released = await gateway.follow()
    return ReviewScene(
        row.partner,
        row.local_code,
        work.direct,
        work.behind,
        tuple(
            ShownCandidate(
                one.unified_code,
                f"{one.score:.1f}",
                one.exact,
                ";".join(each.zh for each in one.evidence if each.points),
            )
            for one in ranked
        ),
        alone,
        row.unified_code,
        released=released,
    )

"""两人经办: who may decide about what, and what a person must say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.coding.records import Relation
from gateway.coding.review_filing import Filed
from gateway.coding.rows import LONGEST_REASON
from gateway.errors import Refused, Rejected, issue

LONGEST_NAME: Final = 100
"""Characters of a person's id and of a batch's name."""


def bulk(filed: Filed) -> bool:
    """Tell whether a proposal may be approved without being looked at one by one."""
    proposal = filed.proposal
    return (
        proposal.exact
        and not proposal.replaces
        and not proposal.retires
        and proposal.relation == Relation.EQUIVALENT
    )


def own(filed: Filed, by: str) -> bool:
    """Tell whether a proposal is this person's."""
    return filed.proposed_by.strip().casefold() == by.strip().casefold()


def check_two_people(filed: Sequence[Filed], by: str) -> None:
    """Raise Refused when somebody would decide about an own proposal."""
    wrong = [one.id for one in filed if own(one, by)]
    if wrong:
        raise Refused(
            "coding.two_people",
            f"两人经办:提议人 {by} 不得审定自己的提议({len(wrong)} 件,如 {wrong[0]})",
            f"two people decide: {by} has proposed {wrong[0]} ({len(wrong)} in all), another must approve",
            status=403,
        )


def check_person(by: str) -> None:
    """Raise Rejected unless somebody is named."""
    if not by.strip() or len(by) > LONGEST_NAME or not by.isprintable():
        raise Rejected(issue("field.required", "by"))


def check_batch(batch: str) -> None:
    """Raise Rejected unless this can be the name of a batch, or is blank."""
    if len(batch) > LONGEST_NAME or not batch.isprintable() or "|" in batch:
        raise Rejected(issue("field.format", "batch", detail=batch[:LONGEST_NAME]))


def check_reason(reason: str) -> None:
    """Raise Rejected unless there is a reason."""
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Rejected(issue("crosswalk.reason", "reason"))

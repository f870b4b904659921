"""当事方: what conclusions about a party say, and what says that one of them has ended."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from schemas.canonical import Because, DateText, MessageId, Statement, Text
from schemas.codes import Region

PARTY_PATTERN: Final = r"^([HP][0-9]{11}|[0-9A-HJ-NPQRTUWXY]{18})$"
MONTH_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
YEAR_PATTERN: Final = r"^[0-9]{4}$"

Party = Annotated[str, StringConstraints(strict=True, pattern=PARTY_PATTERN)]
"""机构或企业: the institution or the enterprise that a conclusion is about."""
Month = Annotated[str, Field(strict=True, pattern=MONTH_PATTERN)]
Year = Annotated[str, Field(strict=True, pattern=YEAR_PATTERN)]


class PartyFinding(Statement):
    """认定: what every conclusion about a party says.

    `party` is its subject, so that what ends it follows it in order. `replaces` names an earlier
    conclusion in whose place it stands, with other figures.
    """

    party: Party
    region: Region
    found_on: DateText
    replaces: MessageId | None = None
    because: Because


class PartyFindingEnded(Statement):
    """认定终止: a conclusion about a party does not follow from the facts any more."""

    party: Party
    region: Region
    ended_id: MessageId
    ended_type: Text
    ended_on: DateText
    because: Because

"""Canonical data: what every family's model has in common."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
INSTANT_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_PRINTABLE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def _real_date(text: str) -> str:
    date.fromisoformat(text)
    return text


def _real_instant(text: str) -> str:
    datetime.fromisoformat(text)
    return text


DateText = Annotated[
    str,
    StringConstraints(strict=True, pattern=DATE_PATTERN),
    AfterValidator(_real_date),
    Field(json_schema_extra={"format": "date"}),
]
Instant = Annotated[
    str,
    StringConstraints(strict=True, pattern=INSTANT_PATTERN),
    AfterValidator(_real_instant),
    Field(json_schema_extra={"format": "date-time"}),
]
Text = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=200, pattern=_PRINTABLE),
]
MessageId = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{32}$")]
Count = Annotated[int, Field(strict=True, ge=0)]
LineNumber = Annotated[int, Field(strict=True, ge=1)]


class Canonical(BaseModel):
    """Data of a canonical message: strict, closed, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Statement(Canonical):
    """报文正文: the whole of a message. `supersedes` corrects an earlier message of the same sender.

    The earlier one stays in the journal; what it contributed is withdrawn, and what was concluded from it
    is concluded anew (更正, 不抹除).
    """

    supersedes: MessageId | None = None


class Because(Canonical):
    """依据: why a conclusion was drawn, so that an official can check it by hand."""

    rule: Text
    clauses: tuple[Text, ...] = Field(min_length=1)
    terms: dict[str, str]
    arithmetic: tuple[str, ...]
    causes: tuple[str, ...] = Field(min_length=1)

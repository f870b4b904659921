"""机构: who buys. Which rules speak of an institution depends on its kind, ownership and level."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.canonical import DateText, Statement, Text
from schemas.codes import Institution, LocalCode, Region


class InstitutionKind(StrEnum):
    """医院 / 县域医共体(牵头机构) / 基层医疗机构 / 村卫生室 / 定点零售药店."""

    HOSPITAL = "hospital"
    COUNTY_COMMUNITY = "county_community"
    PRIMARY = "primary"
    VILLAGE = "village"
    PHARMACY = "pharmacy"


class Ownership(StrEnum):
    """公立 / 社会办 / 军队武警."""

    PUBLIC = "public"
    PRIVATE = "private"
    MILITARY = "military"


class InstitutionRegistered(Statement):
    """机构已登记: what an institution is from a day on; the latest registration counts.

    `level` is the hospital grade (1 to 3; 0 without one, 未定级). `community` is the leading institution of
    the county medical community (县域医共体) that it is a member of. `serves_nonlocal` says that it carries
    much in-province care for patients from elsewhere (承担省内异地就医需求较多), `remote` that it lies in a
    remote area or one that is hard to reach (偏远、交通不便地区).
    """

    institution_local: LocalCode
    institution: Institution
    name: Text
    region: Region
    kind: InstitutionKind
    ownership: Ownership
    level: Annotated[int, Field(strict=True, ge=0, le=3)] = 0
    community: Institution | None = None
    serves_nonlocal: Annotated[bool, Field(strict=True)] = False
    remote: Annotated[bool, Field(strict=True)] = False
    registered_on: DateText

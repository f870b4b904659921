"""招标采购: how many qualified bidders a group has, and which route of purchase follows."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from schemas.canonical import Because, Count, DateText, MessageId, Statement, Text
from schemas.codes import Enterprise, Region
from schemas.issues import Issue, issue


class GroupQualified(Statement):
    """竞价组入围: which enterprises have qualified in one group (竞价组) of a project.

    It lists all of them; a later one (`qualified_on`) replaces it when a bidder is added or withdraws.
    """

    region: Region
    project: Text
    group: Text
    group_name: Text
    bidders: tuple[Enterprise, ...] = Field(max_length=1000)
    qualified_on: DateText


class Route(StrEnum):
    """招标采购 / 议价谈判."""

    TENDER = "tender"
    NEGOTIATION = "negotiation"


class RouteDecided(Statement):
    """采购方式确定: the route that follows from the number of qualified enterprises."""

    region: Region
    project: Text
    group: Text
    group_name: Text
    bidders: Annotated[Count, Field(ge=1)]
    route: Route
    replaces: MessageId | None = None
    found_on: DateText
    because: Because


class RouteWithdrawn(Statement):
    """采购方式撤回: nobody is qualified any more."""

    region: Region
    project: Text
    group: Text
    group_name: Text
    ended_id: MessageId
    ended_type: Text
    ended_on: DateText
    because: Because


def bidders_differ(data: dict[str, Any]) -> tuple[Issue, ...]:
    """Return an issue when an enterprise stands twice in the list: it would count as two bidders."""
    twice = len(set(data["bidders"])) != len(data["bidders"])
    return (issue("field.range", "bidders", detail="企业重复"),) if twice else ()

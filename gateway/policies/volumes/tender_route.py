"""采购方式 (R15): tender or negotiation, by how many enterprises have qualified in a group.

入围3家及以上招标, 2家以下议价谈判: the numbers are the region's terms. The latest list of a group counts; when a
bidder is added or withdraws the route is decided anew, also where it stays the same, because the numbers are
other ones. Where nobody is qualified there is nobody to negotiate with and no route.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.policy import (
    Judgement,
    Regionless,
    Scope,
    State,
    because,
    correction_cause,
    in_key,
)
from gateway.policies.quarters import day_in_china
from gateway.policies.rulebook import Rulebook
from gateway.policies.volumes.volume_windows import without
from schemas.envelope import Message
from schemas.events import TENDER_GROUP_QUALIFIED, TENDER_ROUTE_DECIDED, TENDER_ROUTE_WITHDRAWN
from schemas.tender import Route

RULE: Final = "R15"
_ENDS: Final = {TENDER_ROUTE_DECIDED: TENDER_ROUTE_WITHDRAWN}
_ABOUT: Final = ("region", "project", "group", "group_name")


class TenderRoute(Regionless):
    """采购方式: lists of qualified enterprises in, routes out. One state per group of a project."""

    name: Final = "tender_route"
    consumes: Final = frozenset({TENDER_GROUP_QUALIFIED})
    nothing: ClassVar[State] = {"lists": {}, "open": {}}

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the group's state."""
        names = (content["region"], content["project"], content["group"])
        return Scope("/".join(map(in_key, names)))

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one list."""
        lists = _with(state["lists"], message, content)
        return _settled(key, {**state, "lists": lists}, message, message.id, rules)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,  # noqa: ARG002 - the port's form
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a list, or put another in its place; else the one before it counts again."""
        if gone.id not in state["lists"]:
            return None
        lists = without(state["lists"], gone)
        if instead is not None:
            lists = _with(lists, by, instead)
        cause = correction_cause(by.id, instead)
        return _settled(key, {**state, "lists": lists}, by, cause, rules)


def _with(lists: State, message: Message, content: State) -> State:
    """Return the lists with one more, by message id: what it is about and how many it names."""
    kept = {name: content[name] for name in (*_ABOUT, "qualified_on")}
    kept["bidders"] = len(set(content["bidders"]))
    return {**lists, message.id: kept}


def _settled(key: str, state: State, message: Message, cause: str, rules: Rulebook) -> Judgement:
    difference = Difference(
        TenderRoute.name,
        key,
        cause,
        message.id,
        day_in_china(message.time),
        state["open"],
        _ENDS,
    )
    return difference.judgement(state, _routes(state, rules))


def _routes(state: State, rules: Rulebook) -> Iterator[tuple[str, Claim]]:
    if not state["lists"]:
        return
    identity, latest = max(
        state["lists"].items(), key=lambda each: (each[1]["qualified_on"], each[0])
    )
    region, day, count = latest["region"], latest["qualified_on"], latest["bidders"]
    tender = rules.term(region, "tender.tender_from", day)
    negotiation = rules.term(region, "tender.negotiation_to", day)
    if tender is None or negotiation is None or not count:
        return
    if count >= int(tender.value):
        route, term, line = Route.TENDER, tender, f"{count} ≥ {tender.value}"
    elif count <= int(negotiation.value):
        route, term, line = Route.NEGOTIATION, negotiation, f"{count} ≤ {negotiation.value}"
    else:
        return
    data = {name: latest[name] for name in _ABOUT} | {
        "bidders": count,
        "route": route.value,
        "found_on": day,
        "because": because(RULE, [term], [f"入围企业 qualified: {line}"], [identity]),
    }
    yield "route", Claim(TENDER_ROUTE_DECIDED, data, _ABOUT)

"""优先保障 (R12): which institutions are supplied first when there is not enough for all.

The paper names remote areas' township and village institutions (偏远地区的乡、村两级医疗机构). Who registers an
institution says whether it lies remote; of several registrations the one made last counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim
from gateway.policies.policy import State, because
from gateway.policies.regions import province_of
from gateway.policies.supply.supply_facts import FactPolicy, Known, as_recorded
from schemas.envelope import Message
from schemas.events import INSTITUTION_REGISTERED, SUPPLY_FINDING_ENDED, SUPPLY_PRIORITY_GIVEN
from schemas.institution import InstitutionKind

_FIRST: Final = frozenset({InstitutionKind.PRIMARY.value, InstitutionKind.VILLAGE.value})


class SupplyPriority(FactPolicy):
    """优先保障: registrations in; who is served first out. One state per institution."""

    name = "supply_priority"
    kinds: ClassVar = {INSTITUTION_REGISTERED: "registered"}
    ends: ClassVar = {SUPPLY_PRIORITY_GIVEN: SUPPLY_FINDING_ENDED}

    def place(self, message: Message, content: State) -> str:  # noqa: ARG002 - the port's form
        """Return the institution's state."""
        return f"{province_of(content['region'])}/{content['institution']}"

    def fact(self, message: Message, content: State) -> Any:  # noqa: ARG002 - the port's form
        """Return what a registration says of kind and place."""
        return {
            "on": content["registered_on"],
            "kind": content["kind"],
            "region": content["region"],
            "remote": bool(content.get("remote")),
        }

    def claims(self, known: Known) -> Iterable[tuple[str, Claim]]:
        """Yield the priority of a remote township or village institution."""
        for identity, last in as_recorded(known.of("registered"), "on")[-1:]:
            term = known.rules.term(last["region"], "supply.first_served", known.on)
            if term is None or not last["remote"] or last["kind"] not in _FIRST:
                continue
            institution = known.key.split("/", 1)[1]
            data = {
                "party": institution,
                "region": last["region"],
                "institution": institution,
                "kind": last["kind"],
                "priority": 1,
                "found_on": known.on,
                "because": because("R12", (term,), (f"偏远 remote, {last['kind']}",), (identity,)),
            }
            yield "priority", Claim(SUPPLY_PRIORITY_GIVEN, data, ("party", "region"))

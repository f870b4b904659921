"""信用记录 (S10): conclusions that a paper counts as bad conduct are kept as records of who they are about.

Which areas of conduct are recorded (数量、价格、供应、使用、结算支付) and what the evaluation is tied to are terms of
the region in which the fact was found; a region without them records nothing. A record says the fact, its
clauses and the conclusion it rests on, no grade and no points: no paper names any. It is withdrawn when the
conclusion has ended (动态管理), and replaced when the conclusion was.

Findings about prices name no enterprise that could be recorded, so that none of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim, Slots
from gateway.policies.policy import State, because
from gateway.policies.regions import province_of
from gateway.policies.supply.supply_facts import FactPolicy, Known
from schemas.credit import CreditArea
from schemas.envelope import Message
from schemas.events import (
    CREDIT_RECORDED,
    CREDIT_WITHDRAWN,
    DISTRIBUTION_FINDING_ENDED,
    DISTRIBUTION_INVOICES_EXCEEDED,
    DISTRIBUTION_LIMIT_EXCEEDED,
    DISTRIBUTION_UNCHOSEN_FOUND,
    EVENT_TYPES,
    PAYMENT_FINDING_ENDED,
    PAYMENT_OVERDUE,
    PROGRESS_UNFINISHED,
    PROGRESS_UNFINISHED_ENDED,
    PURCHASE_FILED_SHARE_EXCEEDED,
    PURCHASE_FILING_BREACHED,
    PURCHASE_FINDING_ENDED,
    PURCHASE_NOT_PAYABLE,
    SUPPLY_CAPACITY_REPORTED_LATE,
    SUPPLY_FINDING_ENDED,
    SUPPLY_MEASURES_PROPOSED,
    SUPPLY_REPORT_MISSING,
    VOLUME_CAP_BREACH_ENDED,
    VOLUME_CAP_BREACHED,
)

RULE: Final = "S10"
COUNTED: Final[Mapping[str, CreditArea]] = {
    VOLUME_CAP_BREACHED: CreditArea.QUANTITY,
    PROGRESS_UNFINISHED: CreditArea.QUANTITY,
    PURCHASE_FILED_SHARE_EXCEEDED: CreditArea.QUANTITY,
    DISTRIBUTION_LIMIT_EXCEEDED: CreditArea.SUPPLY,
    DISTRIBUTION_UNCHOSEN_FOUND: CreditArea.SUPPLY,
    DISTRIBUTION_INVOICES_EXCEEDED: CreditArea.SUPPLY,
    SUPPLY_REPORT_MISSING: CreditArea.SUPPLY,
    SUPPLY_CAPACITY_REPORTED_LATE: CreditArea.SUPPLY,
    SUPPLY_MEASURES_PROPOSED: CreditArea.SUPPLY,
    PURCHASE_FILING_BREACHED: CreditArea.USE,
    PURCHASE_NOT_PAYABLE: CreditArea.USE,
    PAYMENT_OVERDUE: CreditArea.SETTLEMENT,
}
"""What is recorded, and to which area of conduct it belongs."""
ENDINGS: Final[Mapping[str, str]] = {
    VOLUME_CAP_BREACH_ENDED: "ended_id",
    PROGRESS_UNFINISHED_ENDED: "ended_id",
    DISTRIBUTION_FINDING_ENDED: "ended_id",
    SUPPLY_FINDING_ENDED: "ended_id",
    PURCHASE_FINDING_ENDED: "ended_id",
    PAYMENT_FINDING_ENDED: "finding_id",
}
"""What ends a conclusion, and in which field it names it."""


class Credit(FactPolicy):
    """信用记录: conclusions and their endings in; records out. One state per institution or enterprise."""

    name = "credit"
    kinds: ClassVar = {**dict.fromkeys(COUNTED, "found"), **dict.fromkeys(ENDINGS, "ended")}
    ends: ClassVar = {CREDIT_RECORDED: CREDIT_WITHDRAWN}

    def place(self, message: Message, content: State) -> str:  # noqa: ARG002 - the port's form
        """Return the state of who the conclusion is about."""
        return f"{province_of(content['region'])}/{content.get('party') or content['institution']}"

    def fact(self, message: Message, content: State) -> Any:
        """Return what a record says of a conclusion, or which conclusion has ended."""
        if message.type in ENDINGS:
            return {"of": content[ENDINGS[message.type]]}
        return {
            "type": message.type,
            "region": content["region"],
            "day": EVENT_TYPES[message.type].business_time(content)[:10],
            "replaces": content.get("replaces") or "",
            "clauses": content["because"]["clauses"],
        }

    def touched(self, message: Message, content: State) -> tuple[Slots, ...]:
        """Return the conclusion's own record and that of the one it replaces, or of what has ended."""
        if message.type in ENDINGS:
            return (content[ENDINGS[message.type]],)
        replaced = content.get("replaces")
        return ((message.id, replaced) if replaced else message.id,)

    def claims(self, known: Known) -> Iterable[tuple[str, Claim]]:
        """Yield a record for each touched conclusion that has not ended and was not replaced."""
        found, ended = known.facts.get("found", {}), known.facts.get("ended", {})
        for identity in known.begins:
            each = found.get(identity)
            if (
                each is not None
                and all(other["of"] != identity for other in ended.values())
                and all(other["replaces"] != identity for other in found.values())
            ):
                claim = _record(known, identity, each)
                if claim is not None:
                    yield identity, claim

    def knows(self, state: State, message: Message) -> bool:
        """Return whether it was taken in before; what is over and done with is known by its id alone."""
        return message.id in state.get("done", "") or super().knows(state, message)

    def bounded(self, state: State) -> State:
        """Return the state without conclusions whose ending is known too: their ids are enough."""
        found, ended = state["facts"].get("found", {}), state["facts"].get("ended", {})
        gone: set[str] = set()
        for identity, each in ended.items():
            chain = _replaced_by(each["of"], found)
            if chain:
                gone |= {identity, *chain}
        if not gone:
            return state
        facts = {
            "found": {each: fact for each, fact in found.items() if each not in gone},
            "ended": {each: fact for each, fact in ended.items() if each not in gone},
        }
        return {**state, "facts": facts, "done": state.get("done", "") + "".join(sorted(gone))}


def _replaced_by(last: str, found: Mapping[str, Any]) -> list[str]:
    """Return a conclusion and all that it replaced, back to the first; [] where one is not known."""
    chain: list[str] = []
    while last:
        if last not in found or last in chain:
            return []
        chain.append(last)
        last = found[last]["replaces"]
    return chain


def _record(known: Known, identity: str, fact: Mapping[str, Any]) -> Claim | None:
    """Return the record of a conclusion; None where the region's paper does not record its area."""
    area = COUNTED[fact["type"]]
    recorded = known.rules.term(fact["region"], "credit.recorded", fact["day"])
    if recorded is None or area.value not in recorded.value.split(","):
        return None
    linked = known.rules.term(fact["region"], "credit.linked_to", fact["day"])
    said = f"{_title(fact['type'])}: {'、'.join(fact['clauses'])}"
    data = {
        "party": known.key.split("/", 1)[1],
        "region": fact["region"],
        "area": area.value,
        "conclusion_id": identity,
        "conclusion_type": fact["type"],
        "linked_to": linked.value.split("、") if linked is not None else [],
        "found_on": max(known.on, fact["day"]),
        "because": because(
            RULE,
            (recorded,) if linked is None else (recorded, linked),
            (f"{fact['day']} {said}",),
            (identity,),
        ),
    }
    return Claim(CREDIT_RECORDED, data, ("party", "region"))


def _title(type_: str) -> str:
    """Return a message type's name in Chinese: the first words of its model."""
    return (EVENT_TYPES[type_].model.__doc__ or type_).split(":", 1)[0].strip()

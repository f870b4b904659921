"""交付监测 (R12): what was ordered and not delivered by a month's end, as figures.

No paper names a day by which an order is to be delivered, so nothing here is a breach: the papers that watch
supply (供应保障监测) get, at each month's end, what of an institution's orders of the last ORDERS_KEPT months
was not accepted by then, per distributor and product. Each month's figure stands in the place of the one
before. Acceptances count for the order that they name; one that names none counts for no order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.conduct.self_filing_share import coming_month_end, last_month_end
from gateway.policies.policy import Judgement, Scope, State, because, withdrawal_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.rulebook import Rulebook
from gateway.policies.supply.supply_facts import NO_DAY, province_of
from gateway.policies.supply.supply_goods import RULE, quantity, units, written
from gateway.policies.supply.supply_ledger import MONTH, knows, lately, rows, with_row, without_row
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CALENDAR_DAY_ENDED,
    ORDER_PLACED,
    SUPPLY_DELIVERY_SHORT,
    SUPPLY_FINDING_ENDED,
)

ORDERS_KEPT: Final = 6
_ENDS: Final = {SUPPLY_DELIVERY_SHORT: SUPPLY_FINDING_ENDED}
_PART: Final = {ORDER_PLACED: "ordered", ACCEPTANCE_RECORDED: "accepted"}
_ORDERED: Final = ("order_no", "day", "distributor", "region", "product", "units", "drug")
_ACCEPTED: Final = ("order_no", "day", "product", "units")


class OrderDeliveries:
    """交付监测: orders, acceptances and days' ends in; what is outstanding out. One state per institution."""

    name: Final = "supply_orders"
    consumes: Final = frozenset({*_PART, CALENDAR_DAY_ENDED})

    def keys(self, message: Message, content: State) -> Scope:
        """Return the institution's state, or all of a province at a day's end.

        An order is placed in the region of its envelope; an acceptance without an order concerns none.
        """
        region = content.get("region") or message.region
        if not region or (message.type == ACCEPTANCE_RECORDED and not content.get("order_no")):
            return Scope()
        province = province_of(region)
        if message.type == CALENDAR_DAY_ENDED:
            return Scope(prefix=f"{province}/", region=province)
        return Scope(f"{province}/{content['institution']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the last day that has ended."""
        known = record or NO_DAY
        ended = {"day": known["day"], "day_id": known["id"]}
        return {**ended, "due": "", "ordered": {}, "accepted": {}, "open": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:
        """Return the province's record: the last day that has ended."""
        known = record or NO_DAY
        return {"day": content["day"], "id": message.id} if content["day"] > known["day"] else known

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Return the record as it is: a day that has ended stays so."""
        return record or NO_DAY

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one order, acceptance or day's end."""
        if message.type == CALENDAR_DAY_ENDED:
            if content["day"] <= state["day"]:
                return Judgement()
            after = {**state, "day": content["day"], "day_id": message.id}
            if not state["due"] or content["day"] < state["due"]:
                return Judgement(after)
            return _settled(key, after, message, message.id, rules)
        part, day = _PART[message.type], _day(message, content)
        if knows(state[part], day, message.id):
            return Judgement()
        ledger = state[part]
        for fields in _fields(message, content, day):
            ledger = with_row(ledger, day, message.id, fields)
        due = state["due"] or coming_month_end(state["day"])
        after = {**state, part: lately(ledger, ORDERS_KEPT), "due": due}
        if day > last_month_end(state["day"]):
            return Judgement(after)
        return _settled(key, after, message, message.id, rules)

    def withdraw(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        rules: Rulebook,
    ) -> Judgement:
        """Take back an order or an acceptance."""
        if gone.type == CALENDAR_DAY_ENDED:
            return Judgement()
        part, day = _PART[gone.type], _day(gone, content)
        if not knows(state[part], day, gone.id):
            return Judgement()
        after = {**state, part: without_row(state[part], day, gone.id)}
        return _settled(key, after, by, withdrawal_cause(by.id), rules)


def _day(message: Message, content: State) -> str:
    return day_in_china(content["placed_at" if message.type == ORDER_PLACED else "accepted_at"])


def _fields(message: Message, content: State, day: str) -> Iterator[tuple[str, ...]]:
    number = content["order_no"]
    if message.type == ACCEPTANCE_RECORDED:
        taken = units(content["accepted_quantity"])
        sign = -1 if content["amount"].startswith("-") else 1
        yield number, day, content["unified_code"], str(sign * taken)
        return
    for line in content["lines"]:
        yield (
            number,
            day,
            content["distributor"],
            message.region,
            line["unified_code"],
            str(units(line["quantity"])),
            line.get("drug") or "",
        )


def _settled(key: str, state: State, message: Message, cause: str, rules: Rulebook) -> Judgement:
    on = max(day_in_china(message.time), state["day"])
    until = last_month_end(state["day"])
    name = OrderDeliveries.name
    difference = Difference(name, key, cause, message.id, on, state["open"], _ENDS)
    wanted = dict(_claims(key, state, until, on, rules)) if until else {}
    still = difference.settle(wanted)
    due = coming_month_end(state["day"]) if state["ordered"] or still else ""
    return Judgement({**state, "open": still, "due": due}, difference.conclusions)


class _Outstanding:
    """What was ordered of one product from one distributor, and what of it was accepted."""

    def __init__(self, region: str, drug: str) -> None:
        self.region, self.drug = region, drug
        self.ordered = self.accepted = 0
        self.orders: set[str] = set()
        self.oldest = ""
        self.causes: list[str] = []


def _claims(
    key: str, state: State, until: str, on: str, rules: Rulebook
) -> Iterator[tuple[str, Claim]]:
    institution = key.split("/", 1)[1]
    for (distributor, product), found in sorted(_outstanding(state, until).items()):
        term = rules.term(found.region, "supply.deliveries_watched", until)
        left = found.ordered - found.accepted
        if term is None or left <= 0:
            continue
        said = f"{written(found.ordered)} − {written(found.accepted)} = {written(left)}"
        data: dict[str, Any] = {
            "party": institution,
            "region": found.region,
            "institution": institution,
            "distributor": distributor,
            "unified_code": product,
            "period": until[:MONTH],
            "ordered_quantity": quantity(found.ordered),
            "accepted_quantity": quantity(found.accepted),
            "outstanding_quantity": quantity(left),
            "order_count": len(found.orders),
            "oldest_order_on": found.oldest,
            "found_on": on,
            "because": because(
                RULE, (term,), (f"至 until {until}: {said}",), (*found.causes, state["day_id"])
            ),
        }
        if found.drug:
            data["drug"] = found.drug
        yield f"{distributor}/{product}", Claim(SUPPLY_DELIVERY_SHORT, data, ("party", "region"))


def _outstanding(state: State, until: str) -> dict[tuple[str, str], _Outstanding]:
    """Return what is not wholly delivered by a day; of one order never more is accepted than was ordered."""
    taken: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for identity, *words in rows(state["accepted"]):
        fields = dict(zip(_ACCEPTED, words, strict=True))
        if fields["day"] <= until:
            place = (fields["order_no"], fields["product"])
            amount, causes = taken.get(place, (0, []))
            taken[place] = (amount + int(fields["units"]), [*causes, identity])
    lines: dict[tuple[str, str], list[tuple[str, dict[str, str]]]] = {}
    for identity, *words in rows(state["ordered"]):
        fields = dict(zip(_ORDERED, words, strict=True))
        if fields["day"] <= until:
            lines.setdefault((fields["order_no"], fields["product"]), []).append((identity, fields))
    found: dict[tuple[str, str], _Outstanding] = {}
    for place, ordered in sorted(lines.items()):
        first = min(ordered, key=lambda each: (each[1]["day"], each[0]))[1]
        amount = sum(int(fields["units"]) for _, fields in ordered)
        accepted, causes = taken.get(place, (0, []))
        if accepted >= amount:
            continue
        group = found.setdefault(
            (first["distributor"], place[1]), _Outstanding(first["region"], first["drug"])
        )
        group.ordered += amount
        group.accepted += max(0, accepted)
        group.orders.add(place[0])
        group.oldest = min(filter(None, (group.oldest, first["day"])))
        group.causes += [*(identity for identity, _ in ordered), *sorted(causes)]
    return found

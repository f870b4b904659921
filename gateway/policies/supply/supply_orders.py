"""交付监测 (R12): what was ordered and not delivered by a month's end, as figures.

No paper names a day by which an order is to be delivered, so nothing here is a breach: the papers that watch
supply (供应保障监测) get, at each month's end, what of an institution's orders of the last ORDERS_KEPT months
was not accepted by then, per distributor and product. Each month's figure stands in the place of the one
before. Acceptances count for the order that they name; one that names none counts for no order. What comes
late changes the figures of the last month's end, of the distributors and products that it touches. Where no
paper of a province watches deliveries nothing is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.conduct.self_filing_share import coming_month_end, last_month_end
from gateway.policies.ended_days import NO_DAY, EndedDays, day_passed
from gateway.policies.policy import Judgement, Scope, State, because, correction_cause
from gateway.policies.quarters import day_in_china
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from gateway.policies.supply.supply_goods import RULE, quantity, written
from gateway.policies.supply.supply_ledger import MONTH, knows, lately, with_rows, without_row
from gateway.policies.supply.supply_outstanding import (
    Accepted,
    Group,
    Ordered,
    Outstanding,
    Place,
    day_of,
    fields_of,
    first_of,
    lines_until,
    outstanding,
    taken_until,
)
from schemas.envelope import Message
from schemas.events import (
    ACCEPTANCE_RECORDED,
    CALENDAR_DAY_ENDED,
    ORDER_PLACED,
    SUPPLY_DELIVERY_SHORT,
    SUPPLY_FINDING_ENDED,
)

ORDERS_KEPT: Final = 6
WATCHED: Final = "supply.deliveries_watched"
Fields = Ordered | Accepted
_ENDS: Final = {SUPPLY_DELIVERY_SHORT: SUPPLY_FINDING_ENDED}
_PART: Final = {ORDER_PLACED: "ordered", ACCEPTANCE_RECORDED: "accepted"}


class OrderDeliveries(EndedDays):
    """交付监测: orders, acceptances and days' ends in; what is outstanding out. One state per institution.

    `dropped` stands in a state whose ledgers dropped months since everything was last concluded.
    """

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
            return Scope.whole(province)
        return Scope(f"{province}/{content['institution']}", region=province)

    def begin(self, record: State | None) -> State:
        """Return a state that knows the last day that has ended."""
        known = record or NO_DAY
        ended = {"day": known["day"], "day_id": known["id"]}
        return {**ended, "due": "", "ordered": {}, "accepted": {}, "open": {}}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one order, acceptance or day's end."""
        if message.type == CALENDAR_DAY_ENDED:
            passed, due = day_passed(state, message, content["day"])
            if passed is None or not due:
                return Judgement(passed)
            return _Settling(key, passed, message, message.id, rules).of_everything()
        taken = _with(state, message, content) if rules.spoken_of(key, WATCHED) else None
        if taken is None:
            return Judgement()
        after, day, fields = taken
        if day > last_month_end(state["day"]):
            return Judgement(after)
        return _Settling(key, after, message, message.id, rules).of_places(_places(fields), state)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back an order or an acceptance, and take another in in its place."""
        left = _without(state, gone, content) if gone.type in _PART else None
        if left is None:
            return None
        after, fields = left
        taken = _with(after, by, instead) if instead is not None else None
        if taken is not None:
            after, _, more = taken
            fields += more
        cause = correction_cause(by.id, instead)
        return _Settling(key, after, by, cause, rules).of_places(_places(fields), state)


def _with(state: State, message: Message, content: State) -> tuple[State, str, list[Fields]] | None:
    """Return the state with an order or acceptance, its day and fields; None where it is known."""
    part, day = _PART[message.type], day_of(message, content)
    if knows(state[part], day, message.id):
        return None
    fields = list(fields_of(message, content, day))
    ledger = with_rows(state[part], day, message.id, fields)
    kept = lately(ledger, ORDERS_KEPT)
    after = {**state, part: kept, "due": state["due"] or coming_month_end(state["day"])}
    if len(kept) < len(ledger):
        after["dropped"] = True
    return after, day, fields


def _without(state: State, gone: Message, content: State) -> tuple[State, list[Fields]] | None:
    """Return the state without an order or acceptance, and its fields; None where it is not known."""
    part, day = _PART[gone.type], day_of(gone, content)
    if not knows(state[part], day, gone.id):
        return None
    after = {**state, part: without_row(state[part], day, gone.id)}
    return after, list(fields_of(gone, content, day))


def _places(fields: Iterable[Fields]) -> set[Place]:
    return {(each.order_no, each.product) for each in fields}


class _Settling:
    """What is outstanding now, of everything or of the distributors and products that a fact touches."""

    def __init__(
        self, key: str, state: State, message: Message, cause: str, rules: Rulebook
    ) -> None:
        self._key, self._state, self._rules = key, state, rules
        self._cause, self._trigger = cause, message.id
        self._on = max(day_in_china(message.time), state["day"])
        self._until = last_month_end(state["day"])

    def of_everything(self) -> Judgement:
        """Conclude all figures anew."""
        state, until = {**self._state}, self._until
        state.pop("dropped", None)
        found: Mapping[Group, Outstanding] = {}
        if until:
            lines = lines_until(state["ordered"], until)
            found = outstanding(lines, taken_until(state["accepted"], until))
        return self._settled(state, found, {*state["open"], *map(_slot, found)})

    def of_places(self, places: Iterable[Place], before: State) -> Judgement:
        """Conclude the figures that a change of some orders' products touches."""
        state, until = self._state, self._until
        if not until or state.get("dropped"):
            return self.of_everything()
        products = sorted({product for _, product in places})
        lines = lines_until(state["ordered"], until, products)
        earlier = (
            lines
            if before["ordered"] is state["ordered"]
            else lines_until(before["ordered"], until, products)
        )
        groups = {
            (first_of(each[place]).distributor, place[1])
            for each in (earlier, lines)
            for place in places
            if place in each
        }
        every = outstanding(lines, taken_until(state["accepted"], until, products))
        found = {group: each for group, each in every.items() if group in groups}
        return self._settled(state, found, set(map(_slot, groups)))

    def _settled(
        self, state: State, found: Mapping[Group, Outstanding], slots: Collection[str]
    ) -> Judgement:
        """Conclude how what is found differs from what is open in these slots."""
        name, key, on = OrderDeliveries.name, self._key, self._on
        difference = Difference(name, key, self._cause, self._trigger, on, state["open"], _ENDS)
        still = difference.settle_some(dict(self._claims(found)), slots)
        due = coming_month_end(state["day"]) if state["ordered"] or still else ""
        return Judgement({**state, "open": still, "due": due}, difference.conclusions)

    def _claims(self, found: Mapping[Group, Outstanding]) -> Iterator[tuple[str, Claim]]:
        institution, until = self._key.split("/", 1)[1], self._until
        for (distributor, product), each in sorted(found.items()):
            term = self._rules.term(each.region, WATCHED, until)
            left = each.ordered - each.accepted
            if term is None or left <= 0:
                continue
            said = f"{written(each.ordered)} − {written(each.accepted)} = {written(left)}"
            causes = (*each.causes, self._state["day_id"])
            data: dict[str, Any] = {
                "party": institution,
                "region": each.region,
                "institution": institution,
                "distributor": distributor,
                "unified_code": product,
                "period": until[:MONTH],
                "ordered_quantity": quantity(each.ordered),
                "accepted_quantity": quantity(each.accepted),
                "outstanding_quantity": quantity(left),
                "order_count": len(each.orders),
                "oldest_order_on": each.oldest,
                "found_on": self._on,
                "because": because(RULE, (term,), (f"至 until {until}: {said}",), causes),
            }
            if each.drug:
                data["drug"] = each.drug
            yield (
                _slot((distributor, product)),
                Claim(SUPPLY_DELIVERY_SHORT, data, ("party", "region")),
            )


def _slot(group: Group) -> str:
    return "/".join(group)

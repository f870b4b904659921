"""医院信件: packs on their way (EPCIS), dispenses and orders of a HIS (HL7 v2), stock counts (canonical).

Only a sample of institutions has a HIS and a trace system here; what they dispense is what was delivered.
Patients do not appear; doctors and pharmacists are named as the test persons they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from adapters.his_hl7v2.simulator import (
    Dispense,
    DispensedItem,
    Head,
    OrderItem,
    dispense_message,
    order_message,
)
from adapters.his_hl7v2.simulator import Order as HisOrder
from adapters.trace_epcis import simulator as epcis
from gateway.demo.cast import (
    CANONICAL,
    HIS,
    PROVINCES_WITH_PAPERS,
    TRACE,
    Institution,
    Place,
)
from gateway.demo.codebook import Codebook
from gateway.demo.facts import Line, Order, amount_of
from gateway.demo.identifiers import trace_code
from gateway.demo.letters import Fact, Letter
from gateway.demo.plan import Act, Plan
from gateway.demo.platform_letters import expiry_of, lot_of, shown_text
from schemas.events import (
    ORDER_PLACED,
    STOCK_COUNTED,
    TRACE_PACK_DISPENSED,
    TRACE_PACK_RECEIVED,
    TRACE_PACK_SHIPPED,
    USAGE_DISPENSED,
    VOLUME_PERIOD_CLOSED,
)
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, plain, yuan

EPCIS: Final = "application/ld+json"
CLOUDEVENT: Final = "application/cloudevents+json"
HL7: Final = "application/hl7-v2"
WITH_HIS: Final = 3
"""How many institutions have a HIS of their own in the demo; the last one speaks GB18030."""
PACKS_PER_LINE: Final = 2
UNITS_PER_PACK: Final = 10
COUNTED_LINES: Final = 4
ITEMS_PER_DISPENSE: Final = 2
_SHIPPED: Final = timedelta(days=7)
_DISPENSED: Final = timedelta(days=20)
_COUNTED: Final = timedelta(days=25)
_HIS_ORDERED: Final = timedelta(days=22)
_MADE_BEFORE: Final = timedelta(days=60)
_UNIT: Final = 10**QUANTITY_SCALE
DISPENSED: Final = PACKS_PER_LINE * UNITS_PER_PACK * _UNIT
"""What is dispensed of a followed line; less is not followed."""
PRESCRIBER: Final = "测试医师甲"
PHARMACIST: Final = "测试药师乙"

_Step = tuple[Any, str, str]
_STEPS: Final[dict[str, _Step]] = {
    "shipping": (epcis.shipping, TRACE_PACK_SHIPPED, "发运 shipped"),
    "receiving": (epcis.receiving, TRACE_PACK_RECEIVED, "收货 received"),
    "dispensing": (epcis.dispensing, TRACE_PACK_DISPENSED, "发药扫码 scanned"),
}


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs of one delivered line that are followed by trace code."""

    line: Line
    codes: tuple[str, ...]


class HospitalLetters:
    """Turns deliveries into what trace systems, HIS and canonical partners say of them."""

    def __init__(self, plan: Plan, codebook: Codebook) -> None:
        self._plan, self._codebook = plan, codebook
        self.institutions = with_his(plan)
        """The institutions that have a HIS."""
        self._serials: dict[str, int] = {}

    def charset(self, institution: Institution) -> str:
        """Return the character set of an institution's HIS."""
        last = len(self.institutions) > 1 and institution is self.institutions[-1]
        return "gb18030" if last else "utf-8"

    def followed(self, act: Act) -> list[tuple[Order, tuple[Packs, ...]]]:
        """Return per HIS institution the first order of an act, with its packs' trace codes."""
        found: list[tuple[Order, tuple[Packs, ...]]] = []
        for institution in self.institutions:
            order = next((one for one in act.orders if one.institution is institution), None)
            if order is not None:
                lines = [line for line in order.lines if line.quantity >= DISPENSED]
                found.append((order, tuple(self._packs(line) for line in lines)))
        return found

    def _packs(self, line: Line) -> Packs:
        code = line.product.code
        first = self._serials.get(code, 0)
        self._serials[code] = first + PACKS_PER_LINE
        serials = range(first + 1, first + PACKS_PER_LINE + 1)
        return Packs(line, tuple(trace_code(code, serial) for serial in serials))

    # ------------------------------------------------------------------ EPCIS

    def movements(self, order: Order, packs: Sequence[Packs], step: str) -> Letter:
        """Return the EPCIS document in which an order's packs are shipped, received or dispensed."""
        document, kind, title = _STEPS[step]
        number = f"{step[0].upper()}{order.number.removeprefix('DD')}"
        at = {
            "shipping": order.placed_at + _SHIPPED,
            "receiving": order.accepted_at,
            "dispensing": order.accepted_at + _DISPENSED,
        }[step]
        moved = [
            self._movement(order, each, f"urn:jicai:event:{number}-{place:02d}", at, step)
            for place, each in enumerate(packs, start=1)
        ]
        facts = tuple(Fact(kind, len(each.codes)) for each in packs)
        place = order.place
        body = document(number, *moved)
        return Letter(place.trace, place.trace, TRACE, number, body, f"追溯{title}", facts, EPCIS)

    def _movement(
        self, order: Order, packs: Packs, event_id: str, at: datetime, step: str
    ) -> epcis.Movement:
        day = order.placed_at.date()
        institution, distributor = order.institution.platform_code, order.distributor.platform_code
        leaves_institution = step == "dispensing"
        return epcis.Movement(
            trace_codes=packs.codes,
            at=at.isoformat(),
            event_id=event_id,
            from_party=institution if leaves_institution else distributor,
            to_party="" if leaves_institution else institution,
            location=institution if step != "shipping" else distributor,
            document_no="YS" + order.number.removeprefix("DD"),
            batch_no=lot_of(packs.line.product, day),
            expires_on=expiry_of(day).isoformat(),
        )

    # ------------------------------------------------------------------ HL7

    def dispenses(self, order: Order, packs: Sequence[Packs]) -> Iterator[Letter]:
        """Yield the RDS messages that dispense an order's followed packs, a few products each."""
        institution = order.institution
        for number, start in enumerate(range(0, len(packs), ITEMS_PER_DISPENSE), start=1):
            some = packs[start : start + ITEMS_PER_DISPENSE]
            at = order.accepted_at + _DISPENSED + timedelta(minutes=number)
            name = f"FY{order.number.removeprefix('DD')}-{number:02d}"
            dispense = Dispense(
                dispense_no=name,
                institution=self._codebook.institution_in_his(institution),
                dispensed_at=_hl7_moment(at),
                encounter=f"MZ{name}",
                prescriber=PRESCRIBER,
                items=[self._dispensed(institution, each, order, name) for each in some],
            )
            body = dispense_message(self._head(institution, name, at), dispense)
            facts = tuple(
                Fact(USAGE_DISPENSED, amount_of(each.line.unit_price, DISPENSED)) for each in some
            )
            yield self._hl7(institution, name, body, "发药 dispenses (HL7)", facts)

    def _dispensed(
        self, institution: Institution, packs: Packs, order: Order, number: str
    ) -> DispensedItem:
        product, day = packs.line.product, order.placed_at.date()
        return DispensedItem(
            code=self._codebook.in_his(institution, product),
            quantity=str(PACKS_PER_LINE * UNITS_PER_PACK),
            name=shown_text(product.drug.name),
            lot=lot_of(product, day),
            expires=f"{expiry_of(day):%Y%m%d}",
            prescription_no=f"CF{number}",
            pharmacist=PHARMACIST,
            trace_codes=packs.codes,
            unit_price=plain(packs.line.unit_price, PRICE_SCALE),
        )

    def his_order(
        self,
        order: Order,
        number: str,
        codes: Sequence[str],
        lines: Sequence[Line],
        *,
        message_id: str = "",
    ) -> Letter:
        """Return an RDE of these lines from the HIS of an order's institution, under local codes.

        `message_id` "" is the order's number; an order may be said more than once.
        """
        institution, at = order.institution, order.placed_at + _HIS_ORDERED
        items = [
            OrderItem(
                code,
                plain(line.quantity, QUANTITY_SCALE),
                plain(line.unit_price, PRICE_SCALE),
                yuan(line.amount),
            )
            for code, line in zip(codes, lines, strict=True)
        ]
        total = sum(line.amount for line in lines)
        said = HisOrder(
            order_no=number,
            institution=self._codebook.institution_in_his(institution),
            distributor=self._codebook.distributor_in_his(order.distributor),
            placed_at=_hl7_moment(at),
            total=yuan(total),
            items=items,
        )
        body = order_message(self._head(institution, message_id or number, at), said)
        facts = (Fact(ORDER_PLACED, total),)
        title = "医院订单 orders (HL7)"
        return self._hl7(institution, message_id or number, body, title, facts)

    def known_code(self, order: Order, line: Line) -> str:
        """Return a line's product code in the HIS of an order's institution."""
        return self._codebook.in_his(order.institution, line.product)

    def supplementary(self, order: Order) -> Letter:
        """Return a small order that the HIS places by itself, for the first products of an order."""
        lines = [
            Line(line.product, UNITS_PER_PACK * _UNIT, line.unit_price)
            for line in order.lines[:ITEMS_PER_DISPENSE]
        ]
        codes = [self._codebook.in_his(order.institution, line.product) for line in lines]
        return self.his_order(order, f"HD{order.number.removeprefix('DD')}", codes, lines)

    def _head(self, institution: Institution, number: str, at: datetime) -> Head:
        return Head(
            message_id=number,
            sender=institution.his,
            sent_at=_hl7_moment(at),
            charset=self.charset(institution),
        )

    def _hl7(
        self,
        institution: Institution,
        number: str,
        body: bytes,
        title: str,
        facts: tuple[Fact, ...],
    ) -> Letter:
        his = institution.his
        return Letter(his, his, HIS, number, body, title, facts, HL7, "mllp")

    # ------------------------------------------------------------------ canonical

    def counts(self, order: Order, packs: Sequence[Packs]) -> Iterator[Letter]:
        """Yield stock counts of an order's first products, as canonical events."""
        place, institution, day = order.place, order.institution, order.placed_at.date()
        for number, each in enumerate(packs[:COUNTED_LINES], start=1):
            product = each.line.product
            name = f"PD{order.number.removeprefix('DD')}-{number:02d}"
            quantity = (each.line.quantity - DISPENSED) // _UNIT * _UNIT
            data = {
                "count_no": name,
                "institution_local": institution.code,
                "local_code": product.code,
                "product_name": shown_text(product.drug.name),
                "counted_quantity": plain(quantity, QUANTITY_SCALE),
                "batch_no": lot_of(product, day),
                "made_on": (day - _MADE_BEFORE).isoformat(),
                "expires_on": expiry_of(day).isoformat(),
                "counted_at": (order.accepted_at + _COUNTED).isoformat(),
            }
            yield event(place, name, STOCK_COUNTED, data, "盘存 stock counts", quantity)

    def closings(self, act: Act) -> Iterator[Letter]:
        """Yield the end of a quarter for each region that has tasks in it."""
        for place in act.closing:
            data = {
                "region": place.region,
                "period": act.quarter.period,
                "ended_on": act.quarter.last.isoformat(),
            }
            name = f"JD{place.region}-{act.quarter.period}"
            yield event(place, name, VOLUME_PERIOD_CLOSED, data, "季度结束 period ends", 0)


def event(
    place: Place, number: str, kind: str, data: dict[str, Any], title: str, value: int
) -> Letter:
    """Return a letter with one canonical event of a region's bureau."""
    body = orjson.dumps(
        {
            "specversion": "1.0",
            "id": number,
            "source": f"urn:jicai:demo:{place.bureau}",
            "type": kind,
            "datacontenttype": "application/json",
            "data": data,
        }
    )
    facts = (Fact(kind, value),)
    return Letter(place.bureau, place.bureau, CANONICAL, number, body, title, facts, CLOUDEVENT)


def with_his(plan: Plan) -> tuple[Institution, ...]:
    """Return the institutions that have a HIS: the first of each buying place, then the second ones."""
    ordered = sorted(
        (one for place in plan.buying for one in place.institutions),
        key=lambda one: (one.serial, one.region),
    )
    papers = [one for one in ordered if one.region in PROVINCES_WITH_PAPERS]
    others = [one for one in ordered if one not in papers]
    return tuple((papers + others)[:WITH_HIS])


def _hl7_moment(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S%z}"

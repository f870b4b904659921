"""平台信件: what procurement platforms say, in XML inside SOAP: listings, tasks, orders, receipts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final, TypeVar

from adapters.yunnan_procurement.simulator import (
    Cover,
    listing_document,
    order_document,
    receipt_document,
    task_document,
)
from gateway.demo.cast import PROCUREMENT, Place
from gateway.demo.codebook import Codebook
from gateway.demo.facts import Line, Listing, Order, Task
from gateway.demo.letters import Fact, Letter
from gateway.demo.plan import CHINA, Plan
from gateway.demo.selected_products import Product
from schemas.events import ACCEPTANCE_RECORDED, ORDER_PLACED, PRICE_LISTED, VOLUME_TASK_ASSIGNED
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, plain

SOAP: Final = "text/xml; charset=utf-8"
_Row = TypeVar("_Row")
ROWS: Final = 1000
TEXT_LIMIT: Final = 200
_ASSIGNED_BEFORE: Final = timedelta(days=15)
_SHELF_LIFE: Final = timedelta(days=720)
_RELISTED: Final = "试点期满后按原价续挂(构造)"
_OFFERED: Final = "云医保〔2020〕71号 四（一）(构造)"
_SELECTED: Final = "国家组织药品集中采购中选价"


def shown_text(text: str) -> str:
    """Return text as a platform would print it: printable, at most 200 characters, never empty."""
    return "".join(sign for sign in text if sign.isprintable())[:TEXT_LIMIT].strip() or "-"


class PlatformLetters:
    """Turns the plan's facts into the platforms' documents."""

    def __init__(self, plan: Plan, codebook: Codebook) -> None:
        self._plan, self._codebook = plan, codebook
        batches = sorted({one.batch for one in plan.listings} | {one.batch for one in plan.tasks})
        self._batches = {code: f"{number:02d}" for number, code in enumerate(batches)}
        self._comparable = _comparable(plan.products.values())

    def listings(self) -> Iterator[Letter]:
        """Yield the listings by first day: one document per day, region, batch and kind, in one lane.

        One lane, because a price that follows others must meet them in the order of their days.
        """
        for key, group in groupby(self._plan.listings, key=_listing_group):
            for part, some in enumerate(_parts(list(group))):
                yield self._listing(key, part, some)

    def _listing(
        self, key: tuple[date, str, str, str], part: int, some: Sequence[Listing]
    ) -> Letter:
        day, _, batch, kind = key
        place = some[0].place
        number = f"GW-{place.region}-{day:%Y%m%d}-{self._batches[batch]}-{kind}-{part}"
        basis = _SELECTED if kind == "selected" else _RELISTED
        if kind == "listed" and place.region.startswith("53"):
            basis = _OFFERED
        rows = [self._listing_row(one) for one in some]
        body = listing_document(
            rows, self._cover(place, number, day), listing_no=number, basis=basis
        )
        facts = tuple(Fact(PRICE_LISTED, one.unit_price) for one in some)
        return _letter("listings", place, number, body, "挂网 listings", facts)

    def _listing_row(self, one: Listing) -> dict[str, Any]:
        product = one.product
        strength = product.strength if product.drug.code in self._comparable else None
        return {
            "product_code": self._codebook.on_platform(one.place, product),
            "drug_name": shown_text(product.drug.name),
            "specification": shown_text(product.spec),
            "strength_microgram": strength[0] if strength is not None else None,
            "manufacturer": shown_text(product.enterprise),
            "kind": one.kind,
            "unit_price": plain(one.unit_price, PRICE_SCALE),
            "effective_from": one.effective_from.isoformat(),
            "effective_to": one.effective_to.isoformat() if one.effective_to else "",
        }

    def tasks(self) -> Iterator[Letter]:
        """Yield the tasks, one document per region and batch (and thousand rows)."""
        grouped: dict[tuple[str, str], list[Task]] = defaultdict(list)
        for task in self._plan.tasks:
            grouped[task.place.region, task.batch].append(task)
        for (_, batch), tasks in sorted(grouped.items()):
            for part, some in enumerate(_parts(tasks)):
                yield self._task(batch, part, some)

    def _task(self, batch: str, part: int, some: Sequence[Task]) -> Letter:
        place, term = some[0].place, some[0].term
        number = f"RW-{place.region}-{self._batches[batch]}-{part}"
        assigned = term.first - _ASSIGNED_BEFORE
        rows = [
            {
                "product_code": self._codebook.on_platform(place, task.product),
                "drug_name": shown_text(task.product.drug.name),
                "institution_code": task.institution.platform_code,
                "task_quantity": plain(task.quantity, QUANTITY_SCALE),
                "quarters": [plain(each, QUANTITY_SCALE) for each in task.quarters],
            }
            for task in some
        ]
        body = task_document(
            rows,
            self._cover(place, number, assigned),
            batch=shown_text(batch),
            term_from=term.first.isoformat(),
            term_to=term.last.isoformat(),
            assigned_on=assigned.isoformat(),
        )
        facts = tuple(Fact(VOLUME_TASK_ASSIGNED, task.quantity) for task in some)
        return _letter(place.platform, place, number, body, "采购任务 tasks", facts)

    def orders(self, orders: Iterable[Order]) -> Iterator[Letter]:
        """Yield the orders."""
        for order in orders:
            body = order_document(
                [self._goods(order.place, line) for line in order.lines],
                self._cover(order.place, order.number, order.placed_at.date()),
                order_no=order.number,
                institution_code=order.institution.platform_code,
                distributor_code=order.distributor.platform_code,
                placed_at=order.placed_at.isoformat(),
            )
            facts = (Fact(ORDER_PLACED, order.total),)
            lane = f"{order.place.platform}/{order.institution.serial}"
            yield _letter(lane, order.place, order.number, body, "采购订单 orders", facts)

    def receipts(self, orders: Iterable[Order]) -> Iterator[Letter]:
        """Yield the receipts of these orders: every line is accepted."""
        for order in orders:
            number = "YS" + order.number.removeprefix("DD")
            body = receipt_document(
                [
                    self._goods(order.place, line) | _lot(line, order.placed_at)
                    for line in order.lines
                ],
                self._cover(order.place, number, order.accepted_at.date()),
                receipt_no=number,
                institution_code=order.institution.platform_code,
                accepted_at=order.accepted_at.isoformat(),
                order_no=order.number,
            )
            facts = tuple(Fact(ACCEPTANCE_RECORDED, line.amount) for line in order.lines)
            lane = f"{order.place.platform}/{order.institution.serial}"
            yield _letter(lane, order.place, number, body, "验收入库 receipts", facts)

    def _goods(self, place: Place, line: Line) -> dict[str, Any]:
        return {
            "product_code": self._codebook.on_platform(place, line.product),
            "quantity": plain(line.quantity, QUANTITY_SCALE),
            "unit_price": plain(line.unit_price, PRICE_SCALE),
        }

    def _cover(self, place: Place, number: str, day: date) -> Cover:
        sent = datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)
        return Cover(
            message_id=number,
            sent_at=sent.isoformat(),
            platform=place.region,
            sender=place.platform,
        )


def lot_of(product: Product, day: date) -> str:
    """Return the synthetic production lot of what is delivered in a quarter."""
    return f"{day:%Y%m}{product.code[-4:]}"


def expiry_of(day: date) -> date:
    """Return the last day of use of what is delivered on a day."""
    return day.replace(day=1) + _SHELF_LIFE


def _lot(line: Line, ordered_at: datetime) -> dict[str, str]:
    day = ordered_at.date()
    return {"batch_no": lot_of(line.product, day), "expires_on": expiry_of(day).isoformat()}


def _comparable(products: Iterable[Product]) -> frozenset[str]:
    """Return the drugs whose contents can be compared: all of them state a mass, in one volume."""
    units: dict[str, set[str]] = defaultdict(set)
    for product in products:
        units[product.drug.code].add(product.strength[1] if product.strength is not None else "")
    return frozenset(drug for drug, found in units.items() if len(found) == 1 and "" not in found)


def _listing_group(one: Listing) -> tuple[date, str, str, str]:
    return one.effective_from, one.place.region, one.batch, one.kind


def _parts(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]


def _letter(
    lane: str, place: Place, number: str, body: bytes, title: str, facts: tuple[Fact, ...]
) -> Letter:
    return Letter(lane, place.platform, PROCUREMENT, number, body, title, facts, SOAP)

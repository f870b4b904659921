"""模拟年的货与款: orders, receipts and payments as they are written down, and what keeps track of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from gateway.demo.year_book import Book, Line, Said, amount, quantity
from gateway.demo.year_cast import Buyer, Place, distributor
from schemas.events import ACCEPTANCE_RECORDED, ORDER_PLACED, PAYMENT_MADE
from schemas.money import plain, yuan

PAID_AFTER: Final = 25
"""Days from acceptance to payment where nobody is late."""
LINES_TOGETHER: Final = 400


@dataclass(slots=True)
class Receipt:
    """验收单: one receipt of one line of goods; `amount` in fen."""

    number: str
    buyer: Buyer
    line: Line
    day: date
    said: Said


@dataclass(slots=True)
class Year:
    """What was planned: the book, and what the scenes and the reconciliation build upon."""

    places: Sequence[Place]
    book: Book = field(default_factory=Book)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    late: set[str] = field(default_factory=set)
    """Receipts that are paid as the scenes say, not by the ordinary rhythm."""
    bought: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """What the reconciliation has added up: quantity by institution and product."""


def buyer_data(buyer: Buyer) -> dict[str, Any]:
    """Return the fields that name an institution."""
    return {
        "institution_local": buyer.code,
        "institution": buyer.code,
        "region": buyer.region,
    }


def accept(
    year: Year,
    place: Place,
    buyer: Buyer,
    line: Line,
    volume: int,
    day: str,
    **changed: Any,
) -> Receipt:
    """Write an order and the acceptance of its goods down; the receipt is paid for with the others."""
    number = f"YS-{len(year.receipts) + 1:06d}"
    price = changed.pop("price", line.price)
    seller = {
        "distributor_local": distributor(place.region),
        "distributor": distributor(place.region),
    }
    total = amount(price, volume)
    ordered = (date.fromisoformat(day) - timedelta(days=5)).isoformat()
    year.book.say(
        place.hospitals,
        ORDER_PLACED,
        ordered,
        msg_id=f"DD-{number}",
        order_no=f"DD-{number}",
        institution_local=buyer.code,
        institution=buyer.code,
        **seller,
        placed_at=f"{ordered}T09:00:00+08:00",
        lines=[
            {
                **line.goods,
                "line_no": 1,
                "quantity": quantity(volume),
                "unit_price": plain(price, 6),
                "amount": total,
            }
        ],
        total=total,
    )
    said = year.book.say(
        place.hospitals,
        ACCEPTANCE_RECORDED,
        day,
        receipt_no=number,
        line_no=1,
        order_no=f"DD-{number}",
        **buyer_data(buyer),
        **seller,
        **line.goods,
        accepted_quantity=quantity(volume),
        unit_price=plain(price, 6),
        amount=total,
        accepted_at=f"{day}T09:00:00+08:00",
        **changed,
    )
    receipt = Receipt(number, buyer, line, date.fromisoformat(day), said)
    year.receipts.append(receipt)
    return receipt


def pay(year: Year, place: Place, buyer: Buyer, day: str, lines: Sequence[tuple[str, int]]) -> None:
    """Write payments of (receipt number, fen) of one institution on one day down."""
    lines = [each for each in lines if each[1]]
    for at in range(0, len(lines), LINES_TOGETHER):
        some = lines[at : at + LINES_TOGETHER]
        year.book.say(
            place.hospitals,
            PAYMENT_MADE,
            day,
            payment_no=f"FK-{buyer.code}-{day}-{len(year.book.said)}",
            **buyer_data(buyer),
            distributor_local=distributor(place.region),
            distributor=distributor(place.region),
            paid_on=day,
            lines=[{"receipt_no": number, "amount": yuan(fen)} for number, fen in some],
            total=yuan(sum(fen for _, fen in some)),
        )


def pay_the_rest(year: Year) -> None:
    """Pay every receipt that no scene has settled, PAID_AFTER days after its acceptance."""
    together: dict[tuple[str, date], list[Receipt]] = {}
    for receipt in year.receipts:
        if receipt.number not in year.late:
            together.setdefault((receipt.buyer.code, receipt.day), []).append(receipt)
    homes = {place.region: place for place in year.places}
    for (_, day), receipts in together.items():
        buyer = receipts[0].buyer
        paid_on = (day + timedelta(days=PAID_AFTER)).isoformat()
        due = [(each.number, int(each.said.data["amount"].replace(".", ""))) for each in receipts]
        pay(year, homes[buyer.province], buyer, paid_on, due)

"""收货台账: what an institution has accepted of a drug, kept so that a year of receipts stays small.

A state has the latest receipts as they came in one short text (`recent`); when they become many they are
folded, by day, product and price, into one text per month (`months`). A text costs next to nothing to read
and write with the state as long as nobody looks into it, and most messages look into none. Products stand
once, in `goods`; a row names its by the place there. Every receipt's id is kept: it is a cause, and what is
corrected must be found again. Quantities are 10^-4 units, prices 10^-6 yuan, amounts fen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.policies.policy import State
from gateway.policies.quarters import day_in_china
from schemas.envelope import Message
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, fen, scaled

RECENT_KEPT: Final = 8
"""So many receipts stand as they came before they are folded."""
ID_LENGTH: Final = 32
LAST_DAY: Final = "9999-12-31"
_MONTH: Final = len("2026-01")
_DAY: Final = len("31")
_ROWS, _FIELDS = ";", " "
EMPTY: Final[State] = {"goods": [], "recent": "", "months": {}}
"""What a state has of the ledger before anything was accepted."""


class Row(NamedTuple):
    """One receipt, or all of one day, product and price. `ids` are 32 hex digits each, without a gap.

    `amount` is 0 where the policy has no use for it and so does not keep it.
    """

    day: str
    ids: str
    quantity: int
    product: str
    price: int
    amount: int


_row: Final = Row._make  # rows are read by the dozen: it costs half of a call by names


def receipt(message: Message, content: State, *, amount: bool = False) -> Row:
    """Return an acceptance as a row of the ledger; it counts on its day in China."""
    return Row(
        day_in_china(content["accepted_at"]),
        message.id,
        scaled(content["accepted_quantity"], QUANTITY_SCALE),
        content["unified_code"],
        scaled(content["unit_price"], PRICE_SCALE),
        fen(content["amount"]) if amount else 0,
    )


def ids_of(rows: Iterable[Row]) -> list[str]:
    """Return the message ids of rows, one by one."""
    found: list[str] = []
    for row in rows:
        ids = row.ids
        if len(ids) == ID_LENGTH:
            found.append(ids)
        else:
            found += (ids[at : at + ID_LENGTH] for at in range(0, len(ids), ID_LENGTH))
    return found


def with_receipt(state: State, row: Row) -> State | None:
    """Return the state with one more receipt; None: it knows it already."""
    goods, recent, months, ids = state["goods"], state["recent"], state["months"], row.ids
    month = months.get(row.day[:_MONTH], "")
    if (ids in recent and _holds(recent, ids)) or (ids in month and _holds(month, ids)):
        return None
    if row.product not in goods:
        goods = [*goods, row.product]
    new = _line(row.day, row, goods)
    recent = f"{recent}{_ROWS}{new}" if recent else new
    if recent.count(_ROWS) < RECENT_KEPT:
        return {**state, "goods": goods, "recent": recent}
    return {**state, "goods": goods, "recent": "", "months": _folded(recent, months, goods)}


def without_receipt(state: State, row: Row) -> State | None:
    """Return the state without a receipt; None: it does not know it."""
    goods, recent, months = state["goods"], state["recent"], state["months"]
    month = row.day[:_MONTH]
    if _holds(recent, row.ids):
        kept = (each for each in recent.split(_ROWS) if not each.endswith(row.ids))
        return {**state, "recent": _ROWS.join(kept)}
    if not _holds(months.get(month, ""), row.ids):
        return None
    rows = _read(f"{month}-", months[month], goods)
    left = _written([less for each in rows if (less := _less(each, row))], goods)
    return {**state, "months": {**months, month: left}}


def rows_of(state: State, first: str = "", last: str = LAST_DAY) -> list[Row]:
    """Return what was accepted from a day to a day (both inclusive, ISO), in no order."""
    since, until, goods = first[:_MONTH], last[:_MONTH], state["goods"]
    found: list[Row] = []
    for month, text in state["months"].items():
        if since <= month <= until:
            found += _read(f"{month}-", text, goods, first, last)
    return found + _read("", state["recent"], goods, first, last)


def _holds(text: str, identity: str) -> bool:
    """Return whether a month has an id; one that the end of one and the beginning of the next make is none."""
    at = text.find(identity)
    while at >= 0:
        if (at - text.rfind(_FIELDS, 0, at) - 1) % ID_LENGTH == 0:
            return True
        at = text.find(identity, at + 1)
    return False


def _line(day: str, row: Row, goods: Sequence[str]) -> str:
    product, amount = goods.index(row.product), row.amount or ""
    return f"{day} {product} {row.quantity} {row.price} {amount} {row.ids}"


def _read(
    month: str, text: str, goods: Sequence[str], first: str = "", last: str = LAST_DAY
) -> list[Row]:
    """Return the rows of a month's text, or of the recent ones, which have their whole day (`month` "")."""
    found = []
    for part in text.split(_ROWS) if text else ():
        short, product, quantity, price, amount, ids = part.split(_FIELDS)
        day = month + short
        if first <= day <= last:
            sums = (int(price), int(amount or 0))
            found.append(_row((day, ids, int(quantity), goods[int(product)], *sums)))
    return found


def _written(rows: Iterable[Row], goods: Sequence[str]) -> str:
    return _ROWS.join(_line(row.day[_MONTH + 1 :], row, goods) for row in rows)


def _folded(recent: str, months: Mapping[str, str], goods: Sequence[str]) -> dict[str, str]:
    """Return the months with receipts taken in; lines stand in order, so that equal ledgers look alike."""
    opened: dict[str, list[str]] = {}
    for line in recent.split(_ROWS):
        month = line[:_MONTH]
        lines = opened.get(month)
        if lines is None:
            known = months.get(month, "")
            lines = opened[month] = known.split(_ROWS) if known else []
        _take_in(lines, line[_MONTH + 1 :], goods)
    return {**months, **{month: _ROWS.join(opened[month]) for month in sorted(opened)}}


def _take_in(lines: list[str], line: str, goods: Sequence[str]) -> None:
    """Put one receipt into a month's lines, or into the line of its day, product and price.

    It looks from the end: receipts mostly come in the order of their days, and no other line is read.
    """
    at = len(lines)
    if at and lines[-1][:_DAY] >= line[:_DAY]:
        place = _place(line, goods)
        while at and (its := _place(lines[at - 1], goods)) >= place:
            at -= 1
            if its == place:
                lines[at] = _joined(lines[at], line)
                return
    lines.insert(at, line)


def _place(line: str, goods: Sequence[str]) -> tuple[str, str, int]:
    day, product, _, price, _ = line.split(_FIELDS, 4)
    return (day, goods[int(product)], int(price))


def _joined(line: str, other: str) -> str:
    day, product, quantity, price, amount, ids = line.split(_FIELDS)
    _, _, more, _, paid, others = other.split(_FIELDS)
    sums = f"{int(quantity) + int(more)} {price} {int(amount or 0) + int(paid or 0) or ''}"
    return f"{day} {product} {sums} {ids}{others}"


def _less(row: Row, gone: Row) -> Row | None:
    """Return a row without a receipt, where it holds it; None: nothing is left of the row."""
    ids = ids_of([row])
    if gone.ids not in ids:
        return row
    rest = "".join(each for each in ids if each != gone.ids)
    less = row._replace(
        ids=rest, quantity=row.quantity - gone.quantity, amount=row.amount - gone.amount
    )
    return less if rest else None

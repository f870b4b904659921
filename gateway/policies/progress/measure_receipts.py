"""收货台账: what an institution has accepted of a drug, kept so that a year of receipts stays small.

The latest receipts stand one by one; when they become many they are folded, by day, product and price,
into one short text per month. A text costs next to nothing to read and write with the state as long as
nobody looks into it, and most messages look into none. Every receipt's id is kept: it is a cause, and what
is corrected must be found again. Quantities are 10^-4 units, prices 10^-6 yuan, amounts fen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from gateway.policies.policy import State
from gateway.policies.quarters import day_in_china
from schemas.envelope import Message
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, fen, scaled

RECENT_KEPT: Final = 8
"""So many receipts stand one by one before they are folded."""
ID_LENGTH: Final = 32
_MONTH: Final = len("2026-01")
_ROWS, _FIELDS = ";", " "


class Row(NamedTuple):
    """One receipt, or all of one day, product and price. `ids` are 32 hex digits each, without a gap."""

    day: str
    ids: str
    quantity: int
    product: str
    price: int
    amount: int


def receipt(message: Message, content: State) -> list[Any]:
    """Return an acceptance as a row of the ledger; it counts on its day in China."""
    return list(
        Row(
            day_in_china(content["accepted_at"]),
            message.id,
            scaled(content["accepted_quantity"], QUANTITY_SCALE),
            content["unified_code"],
            scaled(content["unit_price"], PRICE_SCALE),
            fen(content["amount"]),
        )
    )


def ids_of(rows: Iterable[Sequence[Any]]) -> tuple[str, ...]:
    """Return the message ids of rows, one by one."""
    return tuple(
        row[1][at : at + ID_LENGTH] for row in rows for at in range(0, len(row[1]), ID_LENGTH)
    )


@dataclass(frozen=True, slots=True)
class Receipts:
    """The ledger. `months`: a text per month (YYYY-MM); neither is ever changed in place."""

    recent: Sequence[Sequence[Any]]
    months: Mapping[str, str]

    @classmethod
    def of(cls, state: State, name: str = "accepted") -> Self:
        """Read the ledger out of a state."""
        return cls(state[name], state.get("months", {}))

    def knows(self, row: Sequence[Any]) -> bool:
        """Return whether a receipt is in the ledger."""
        identity = row[1]
        if any(each[1] == identity for each in self.recent):
            return True
        return _holds(self.months.get(row[0][:_MONTH], ""), identity)

    def with_receipt(self, row: Sequence[Any]) -> Receipts:
        """Return the ledger with one more receipt; one that it knows changes nothing."""
        if self.knows(row):
            return self
        recent = [*self.recent, row]
        if len(recent) <= RECENT_KEPT:
            return Receipts(recent, self.months)
        return Receipts([], _folded(recent, self.months))

    def without(self, row: Sequence[Any]) -> Receipts:
        """Return the ledger without a receipt; one that it does not know changes nothing."""
        recent = [each for each in self.recent if each[1] != row[1]]
        if len(recent) < len(self.recent):
            return Receipts(recent, self.months)
        month = row[0][:_MONTH]
        if not _holds(self.months.get(month, ""), row[1]):
            return self
        kept = [each for each in map(_taken_from(row), _read(month, self.months[month])) if each]
        return Receipts(self.recent, {**self.months, month: _written(kept)})

    def rows(self, first: str = "", last: str = "9999-12-31") -> Iterator[Row]:
        """Yield what was accepted from a day to a day (both inclusive, ISO), in no order."""
        for month, text in self.months.items():
            if first[:_MONTH] <= month <= last[:_MONTH]:
                for row in _read(month, text):
                    if first <= row.day <= last:
                        yield row
        for each in self.recent:
            if first <= each[0] <= last:
                yield Row(*each)


def _holds(text: str, identity: str) -> bool:
    """Return whether a month has an id; one that the end of one and the beginning of the next make is none."""
    at = text.find(identity)
    while at >= 0:
        if (at - text.rfind(_FIELDS, 0, at) - 1) % ID_LENGTH == 0:
            return True
        at = text.find(identity, at + 1)
    return False


def _read(month: str, text: str) -> Iterator[Row]:
    if not text:
        return
    for part in text.split(_ROWS):
        day, product, price, quantity, amount, ids = part.split(_FIELDS)
        yield Row(f"{month}-{day}", ids, int(quantity), product, int(price), int(amount))


def _written(rows: Iterable[Row]) -> str:
    return _ROWS.join(
        _FIELDS.join(
            (
                row.day[_MONTH + 1 :],
                row.product,
                str(row.price),
                str(row.quantity),
                str(row.amount),
                row.ids,
            )
        )
        for row in rows
    )


def _folded(recent: Sequence[Sequence[Any]], months: Mapping[str, str]) -> dict[str, str]:
    """Return the months with receipts taken in; rows stand in order, so that equal ledgers look alike."""
    found = dict(months)
    for month in {row[0][:_MONTH] for row in recent}:
        together: dict[tuple[str, str, int], Row] = {}
        inside = [Row(*row) for row in recent if row[0][:_MONTH] == month]
        for row in (*_read(month, months.get(month, "")), *inside):
            place = (row.day, row.product, row.price)
            known = together.get(place)
            together[place] = row if known is None else _joined(known, row)
        found[month] = _written(together[place] for place in sorted(together))
    return found


def _joined(one: Row, other: Row) -> Row:
    return one._replace(
        ids=one.ids + other.ids,
        quantity=one.quantity + other.quantity,
        amount=one.amount + other.amount,
    )


def _taken_from(gone: Sequence[Any]) -> Any:
    """Return what takes a receipt out of the row that holds it; None: nothing is left of the row."""

    def taken(row: Row) -> Row | None:
        ids = ids_of([row])
        if gone[1] not in ids:
            return row
        rest = "".join(each for each in ids if each != gone[1])
        less = row._replace(ids=rest, quantity=row.quantity - gone[2], amount=row.amount - gone[5])
        return less if rest else None

    return taken

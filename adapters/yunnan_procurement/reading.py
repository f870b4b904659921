"""A message that satisfies the XSD, laid out for the family that turns it into drafts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from adapters._kit.decimals import (
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    SUM_DIGITS,
    read_price,
    read_quantity,
    read_sum,
)
from adapters._kit.times import UNTIL_FURTHER_NOTICE, read_date
from schemas.issues import Issue, issue
from schemas.money import (
    PRICE_SCALE,
    QUANTITY_SCALE,
    SUM_SCALE,
    divide_half_up,
    plain,
    scaled,
    yuan,
)

_QUANTITY_END: Final = 10 ** (QUANTITY_DIGITS + QUANTITY_SCALE)
_PRICE_END: Final = 10 ** (PRICE_DIGITS + PRICE_SCALE)
_SUM_END: Final = 10 ** (SUM_DIGITS + SUM_SCALE)
_PRODUCT_TO_FEN: Final = 10 ** (PRICE_SCALE + QUANTITY_SCALE - SUM_SCALE)


@dataclass(slots=True)
class Reading:
    """Head, main and good rows of a message, and what is found wrong on the way."""

    family: str
    head: dict[str, Any]
    main: dict[str, Any]
    rows: list[dict[str, Any]]
    region: str
    amounts_aside: list[str]
    """Amounts of the rows that the XSD refused, as they were sent."""
    found: list[Issue] = field(default_factory=list)
    """Issues of the whole document."""
    refused: dict[int, list[Issue]] = field(default_factory=dict)
    """Issues of rows, by seq."""

    def each_row(self) -> Iterator[RowReading]:
        """Go through the rows; what a row's reading finds is refused under its number afterwards."""
        for row in self.rows:
            reading = RowReading(row, row["@seq"])
            yield reading
            if reading.found:
                self.refused.setdefault(reading.seq, []).extend(reading.found)

    def is_refused(self, seq: int) -> bool:
        """Return whether a row with this number has been refused."""
        return seq in self.refused

    def main_text(self, name: str) -> str | None:
        """Return a text of Main without white space around it; None where there is none."""
        given = self.main.get(name)
        return given.strip() or None if given is not None else None

    def main_date(self, name: str) -> str:
        """Return a date of Main; "" after noting that it is none."""
        return read_date(self.main[name], f"Main/{name}", self.found)


@dataclass(slots=True)
class RowReading:
    """One row and what is wrong with it."""

    row: dict[str, Any]
    seq: int
    found: list[Issue] = field(default_factory=list)
    quantity_units: int = 0
    price_units: int = 0
    amount_fen: int | None = None

    def path(self, name: str) -> str:
        """Return where a field of this row stands."""
        return f"Detail/Row[@seq='{self.seq}']/{name}"

    def text(self, name: str) -> str | None:
        """Return a text without white space around it; None where it is absent.

        One of nothing but white space is refused.
        """
        given = self.row.get(name)
        if given is None:
            return None
        kept: str = given.strip()
        if not kept:
            self.found.append(issue("field.required", self.path(name), line=self.seq))
        return kept

    def date(self, name: str) -> str | None:
        """Return a date; None where it is absent, stands for "not known" or is none (noted)."""
        text = self.row.get(name)
        if text is None:
            return None
        day = read_date(text, self.path(name), self.found, line=self.seq)
        return None if day in ("", UNTIL_FURTHER_NOTICE) else day

    def quantity(self, name: str) -> str:
        """Return a positive quantity with 4 decimals."""
        text = self.row[name]
        self.quantity_units = _scaled(text, QUANTITY_SCALE)
        if 0 < self.quantity_units < _QUANTITY_END:
            return plain(self.quantity_units, QUANTITY_SCALE)
        return read_quantity(text, self.path(name), self.found, line=self.seq)

    def price(self, name: str) -> str:
        """Return a unit price with 6 decimals."""
        text = self.row[name]
        self.price_units = _scaled(text, PRICE_SCALE)
        if 0 <= self.price_units < _PRICE_END:
            return plain(self.price_units, PRICE_SCALE)
        return read_price(text, self.path(name), self.found, line=self.seq)

    def amount(self) -> str:
        """Return the row's Amount, which must be the price × the quantity read before, rounded half up."""
        text = self.row["Amount"]
        self.amount_fen = amount_in_fen(text)
        if self.amount_fen is None or abs(self.amount_fen) >= _SUM_END:
            return read_sum(text, self.path("Amount"), self.found, line=self.seq)
        amount = yuan(self.amount_fen)
        if not self.found:
            expected = divide_half_up(self.price_units * self.quantity_units, _PRODUCT_TO_FEN)
            if self.amount_fen != expected:
                path, shown = self.path("Amount"), yuan(expected)
                self.found.append(
                    issue("sum.mismatch", path, line=self.seq, declared=amount, found=shown)
                )
        return amount


def amount_in_fen(text: str) -> int | None:
    """Return a sum as fen; None where it is none."""
    try:
        return scaled(text, SUM_SCALE)
    except ValueError:
        return None


def _scaled(text: str, scale: int) -> int:
    """Return the scaled integer; -1 where it is none (the slow reading then says why)."""
    try:
        return scaled(text, scale)
    except ValueError:
        return -1

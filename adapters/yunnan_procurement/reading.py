"""A message that satisfies the XSD, laid out for the family that turns it into drafts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters._kit.decimals import read_price, read_quantity, read_sum
from adapters._kit.times import UNTIL_FURTHER_NOTICE, read_date
from schemas.issues import Issue, issue
from schemas.money import fen, line_amount, yuan


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

    def main_date(self, name: str) -> str:
        """Return a date of Main; "" after noting that it is none."""
        return read_date(self.main[name], f"Main/{name}", self.found)


@dataclass(slots=True)
class RowReading:
    """One row and what is wrong with it."""

    row: dict[str, Any]
    seq: int
    found: list[Issue] = field(default_factory=list)

    def path(self, name: str) -> str:
        """Return where a field of this row stands."""
        return f"Detail/Row[@seq='{self.seq}']/{name}"

    def date(self, name: str) -> str | None:
        """Return a date; None where it is absent, stands for "not known" or is none (noted)."""
        text = self.row.get(name)
        if text is None:
            return None
        day = read_date(text, self.path(name), self.found, line=self.seq)
        return None if day in ("", UNTIL_FURTHER_NOTICE) else day

    def quantity(self, name: str) -> str:
        """Return a positive quantity."""
        return read_quantity(self.row[name], self.path(name), self.found, line=self.seq)

    def price(self, name: str) -> str:
        """Return a unit price."""
        return read_price(self.row[name], self.path(name), self.found, line=self.seq)

    def amount(self, price: str, quantity: str) -> str:
        """Return the row's Amount, which must be price × quantity rounded half up."""
        amount = read_sum(self.row["Amount"], self.path("Amount"), self.found, line=self.seq)
        if amount and price and quantity:
            expected = line_amount(price, quantity)
            if fen(amount) != expected:
                path, shown = self.path("Amount"), yuan(expected)
                self.found.append(
                    issue("sum.mismatch", path, line=self.seq, declared=amount, found=shown)
                )
        return amount

"""验收单的保管: the receipts of one institution that are kept, packed, in a fixed number of parts.

They are read and written one by one; the given state is never changed.
"""

from __future__ import annotations

from typing import Final

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_packed import (
    Names,
    Packed,
    coming_of,
    day_of_code,
    is_settled,
    limit_code,
    packed,
    unpacked,
)
from gateway.policies.payments.payment_clock_parts import (
    NEVER,
    NO_PART,
    Looked,
    Part,
    due_in,
    headed,
    part_of,
    part_with,
    receipt_in,
    receipts_in,
    with_receipt,
    without_receipt,
)
from gateway.policies.payments.payment_clock_receipts import NOTHING, Receipt
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.policies.policy import State

NAMES_KEPT: Final = 32
"""So many names may stand in a table before those that no receipt bears any more leave it."""


class Kept:
    """The receipts of a state; `into` puts them, as they are now, into another one."""

    __slots__ = ("_given", "_names", "_parts", "_read", "_regions")

    def __init__(self, state: State) -> None:
        self._given: dict[str, Part] = state["receipts"]
        self._parts: dict[str, Part] = self._given
        self._names, self._regions = Names(state["names"]), Names(state["regions"])
        self._read: dict[str, Receipt] = {}

    @property
    def regions(self) -> list[str]:
        """Return all regions that receipts name."""
        return list(self._regions.table)

    def receipt(self, number: str) -> Receipt:
        """Return a receipt's account; an empty one where nothing is known."""
        known = self._read.get(number)
        if known is None:
            stored = receipt_in(self._parts.get(part_of(number), NO_PART), number)
            known = NOTHING if stored is None else unpacked(stored, self._names, self._regions)
            self._read[number] = known
        return known

    def of_product(self, product: str) -> list[tuple[str, Receipt]]:
        """Return the receipts that have lines of a product."""
        if product not in self._names.table:
            return []
        found = ((number, self.receipt(number)) for number, _ in self._stored())
        return [each for each in found if any(line[4] == product for line in each[1]["a"])]

    def unsettled_at(self, ended_on: str) -> list[tuple[str, Receipt]]:
        """Return at least the receipts that were not paid exactly at the end of a day.

        What is paid exactly is kept for a fixed time from the last day of anything about it on.
        """
        until = limit_code(days_after(ended_on, KEPT_DAYS))
        return [
            (number, self.receipt(number))
            for number, stored in self._stored()
            if not (is_settled(stored) and stored[:3] <= until)
        ]

    def take_due(self, day: str) -> tuple[list[Looked], str]:
        """Return which receipts are looked at again at the end of a day, and the next such day ("": never).

        They must be put again or dropped: nothing points to them any more.
        """
        now: list[Looked] = []
        looked: dict[str, Part] = {}
        later, limit, codes = "", limit_code(day), [NEVER]
        for place, part in self._parts.items():
            if not isinstance(part, str):
                for number, coming in ((name, coming_of(each)) for name, each in part.items()):
                    if coming > day:
                        later = min(later or coming, coming)
                    elif coming:
                        now.append((number, False))
            elif (code := part[:3]) > limit:  # by far the most
                codes.append(code)
            else:
                found, after = due_in(part, limit)
                now += found
                codes.append(after)
                looked[place] = headed(part, after)
        if looked:
            self._own().update(looked)
        if (first := min(codes)) != NEVER:
            later = min(later or day_of_code(first), day_of_code(first))
        return now, later

    def put(self, number: str, receipt: Receipt, coming: str, *, settled: bool) -> None:
        """Keep a receipt until it is looked at again (or, where it is settled, forgotten)."""
        stored = packed(receipt, coming, self._names, self._regions, settled=settled)
        parts, place = self._own(), part_of(number)
        parts[place] = with_receipt(parts.get(place, NO_PART), number, stored)
        self._read[number] = receipt

    def drop(self, number: str) -> None:
        """Keep nothing of a receipt."""
        parts, place = self._own(), part_of(number)
        parts[place] = without_receipt(parts.get(place, NO_PART), number)
        self._read[number] = NOTHING

    def sort_out(self) -> None:
        """Let the names and regions go that no receipt bears any more."""
        names, regions = Names({}), Names({})
        parts: dict[str, Part] = {}
        for place, part in self._parts.items():
            sorted_: dict[str, Packed] = {}
            for number, stored in receipts_in(part):
                receipt = unpacked(stored, self._names, self._regions)
                settled, coming = is_settled(stored), coming_of(stored)
                sorted_[number] = packed(receipt, coming, names, regions, settled=settled)
            parts[place] = part_with(sorted_)
        self._parts, self._names, self._regions = parts, names, regions

    def into(self, state: State) -> None:
        """Put the receipts into a state."""
        if self._parts is self._given:
            return
        for place in [place for place, part in self._parts.items() if not part]:
            del self._parts[place]
        state["receipts"] = self._parts
        state["names"], state["regions"] = self._names.table, self._regions.table

    def _stored(self) -> list[tuple[str, Packed]]:
        return [each for part in self._parts.values() for each in receipts_in(part)]

    def _own(self) -> dict[str, Part]:
        """Return the parts, to be changed."""
        if self._parts is self._given:
            self._parts = dict(self._given)
        return self._parts

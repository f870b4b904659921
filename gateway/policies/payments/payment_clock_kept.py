"""验收单的保管: the receipts of one institution that are kept, packed, in a fixed number of parts.

They are read and written one by one; the given state is never changed.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Final

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_packed import (
    NO_DAY,
    SETTLED,
    Names,
    Packed,
    coming_of,
    day_of_code,
    limit_code,
    packed,
    unpacked,
)
from gateway.policies.payments.payment_clock_receipts import NOTHING, Receipt
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS
from gateway.policies.policy import State

BUCKETS: Final = 64
NAMES_KEPT: Final = 32
"""So many names may stand in a table before those that no receipt bears any more leave it."""
_NO_PART: Final[dict[str, Packed]] = {}


@lru_cache(maxsize=16384)
def bucket(receipt_no: str) -> str:
    """Return in which of a fixed number of parts a receipt is kept, so that a change copies one part."""
    return str(zlib.crc32(receipt_no.encode()) % BUCKETS)


class Kept:
    """The receipts of a state; `into` puts them, as they are now, into another one."""

    __slots__ = ("_names", "_own", "_parts", "_read", "_regions")

    def __init__(self, state: State) -> None:
        self._parts: dict[str, dict[str, Packed]] = state["receipts"]
        self._own: set[str] = set()
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
            stored = self._parts.get(bucket(number), _NO_PART).get(number)
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
            if not (isinstance(stored, str) and stored[3] == SETTLED and stored[:3] <= until)
        ]

    def due(self, day: str) -> tuple[list[str], str]:
        """Return which receipts are looked at again at the end of a day, and the next such day."""
        now, later, limit, first = [], "", limit_code(day), ""
        for part in self._parts.values():
            for number, stored in part.items():
                if not isinstance(stored, str):
                    if stored["n"] > day:
                        later = min(later or stored["n"], stored["n"])
                    elif stored["n"]:
                        now.append(number)
                elif stored[:3] > limit:
                    if stored < first or not first:
                        first = stored
                elif stored[:3] != NO_DAY:
                    now.append(number)
        if first:
            coming = day_of_code(first[:3])
            later = min(later or coming, coming)
        return now, later

    def put(self, number: str, receipt: Receipt, coming: str, *, settled: bool) -> None:
        """Keep a receipt until it is looked at again (or, where it is settled, forgotten)."""
        self._part(number)[number] = packed(
            receipt, coming, self._names, self._regions, settled=settled
        )
        self._read[number] = receipt

    def drop(self, number: str) -> None:
        """Keep nothing of a receipt."""
        self._part(number).pop(number, None)
        self._read[number] = NOTHING

    def sort_out(self) -> None:
        """Let the names and regions go that no receipt bears any more."""
        names, regions = Names({}), Names({})
        parts: dict[str, dict[str, Packed]] = {}
        for place, part in self._parts.items():
            parts[place] = {}
            for number, stored in part.items():
                receipt = unpacked(stored, self._names, self._regions)
                settled = isinstance(stored, str) and stored[3] == SETTLED
                parts[place][number] = packed(
                    receipt, coming_of(stored), names, regions, settled=settled
                )
        self._parts, self._own, self._names, self._regions = parts, set(parts), names, regions

    @property
    def crowded(self) -> bool:
        """Return whether it may be worth while to sort the names out."""
        return len(self._names.table) > NAMES_KEPT

    def into(self, state: State) -> None:
        """Put the receipts into a state."""
        if not self._own:
            return
        for place in self._own:
            if not self._parts[place]:
                del self._parts[place]
        state["receipts"] = self._parts
        state["names"], state["regions"] = self._names.table, self._regions.table

    def _stored(self) -> list[tuple[str, Packed]]:
        return [each for part in self._parts.values() for each in part.items()]

    def _part(self, number: str) -> dict[str, Packed]:
        place = bucket(number)
        if place not in self._own:
            if not self._own:
                self._parts = dict(self._parts)
            self._own.add(place)
            self._parts[place] = dict(self._parts.get(place, _NO_PART))
        return self._parts[place]

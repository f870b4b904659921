"""挂网价的时间轴: which listed price of a product holds where and when.

At most one price holds per product, region, kind and day: a later listing ends the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, Self

from gateway.policies.ratio import Form
from schemas.envelope import Message
from schemas.money import PRICE_SCALE, scaled

FOREVER: Final = "9999-12-31"
_DAY: Final = timedelta(days=1)


@dataclass(slots=True)  # not frozen: hundreds are read from the state for each message
class Listing:
    """One listing (挂网). `until` is the last day that it says itself or that a later one leaves it."""

    id: str
    product: str
    drug_name: str
    region: str
    kind: str
    price: int
    since: str
    until: str
    form: Form
    specification: str
    order: str

    @property
    def series(self) -> tuple[str, str, str]:
        """Return what a later listing replaces this one in."""
        return (self.product, self.region, self.kind)

    def holds_on(self, day: str) -> bool:
        """Return whether the price is in force on a day."""
        return self.since <= day <= self.until

    def as_state(self) -> dict[str, Any]:
        """Return the listing as it is kept in the state."""
        return {
            "id": self.id,
            "product": self.product,
            "name": self.drug_name,
            "region": self.region,
            "kind": self.kind,
            "price": self.price,
            "since": self.since,
            "until": self.until,
            "content": self.form.content,
            "unit": self.form.unit,
            "pack": self.form.pack,
            "specification": self.specification,
            "order": self.order,
        }

    @classmethod
    def of(cls, message: Message, content: Mapping[str, Any]) -> Self:
        """Read a listing out of its message."""
        strength = content.get("strength") or {}
        return cls(
            id=message.id,
            product=content["unified_code"],
            drug_name=content["drug_name"],
            region=content["region"],
            kind=content["kind"],
            price=scaled(content["unit_price"], PRICE_SCALE),
            since=content["effective_from"],
            until=content.get("effective_to") or FOREVER,
            form=Form(
                strength.get("content"), strength.get("unit", ""), content.get("pack_quantity", 1)
            ),
            specification=content.get("specification") or "",
            order=message.sequence,
        )

    @classmethod
    def from_state(cls, kept: Mapping[str, Any]) -> Self:
        """Read a listing back."""
        return cls(
            kept["id"],
            kept["product"],
            kept["name"],
            kept["region"],
            kept["kind"],
            kept["price"],
            kept["since"],
            kept["until"],
            Form(kept["content"], kept["unit"], kept["pack"]),
            kept["specification"],
            kept["order"],
        )


def on_the_time_axis(listings: Iterable[Listing]) -> dict[str, Listing]:
    """Return the listings by id, each ended by the next one of its series.

    Of two that begin on the same day the one that was recorded later counts; the other never holds.
    """
    series: dict[tuple[str, str, str], list[Listing]] = {}
    for each in listings:
        series.setdefault(each.series, []).append(each)
    placed: dict[str, Listing] = {}
    for found in series.values():
        found.sort(key=lambda each: (each.since, each.order, each.id))
        for at, each in enumerate(found):
            until = each.until
            if at + 1 < len(found):
                until = min(until, _day_before(found[at + 1].since))
            placed[each.id] = each if until == each.until else replace(each, until=until)
    return placed


@lru_cache(maxsize=4096)
def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - _DAY).isoformat()

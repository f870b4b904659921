"""价格簿: which price of a product is effective where and when, for each kind of price.

Prices of one product, kind and region are a series. Its entries stand in the order in which they take
effect, whatever the order in which they arrived; each ends on the day before the next begins. So at most
one price is effective per product, kind, region and day, and a late or corrected entry changes the days
from its own first one up to the next entry's, nothing else.

An entry is a plain list, as it lies in a policy's state: [since, order, id, price, until, about]. Days are
ISO dates, `until` is the last day that the entry says itself, prices are integers of 10^-6 yuan, `order`
is the message's place in the journal, `about` whatever its owner keeps with it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from schemas.envelope import Message
from schemas.money import PRICE_SCALE, scaled

FOREVER: Final = "9999-12-31"
_DAY: Final = timedelta(days=1)
LAST_PLACE: Final = "~"
"""Sorts after every place in the journal."""
SINCE, ORDER, ID, PRICE, UNTIL, ABOUT = range(6)

Entry = list[Any]
Series = list[Entry]


class BookKind(StrEnum):
    """中选价 / 挂网价 / 采购价 / 医保支付标准 / 联动价 / 议价结果."""

    SELECTED = "selected"
    LISTED = "listed"
    PURCHASE = "purchase"
    PAYMENT_STANDARD = "payment_standard"
    LINKED = "linked"
    NEGOTIATED = "negotiated"


@dataclass(slots=True)  # not frozen: many are made per message
class Span:
    """One effective price: from `since` to `until`, both inclusive."""

    id: str
    price: int
    since: str
    until: str
    order: str = ""
    about: Any = None

    def holds_on(self, day: str) -> bool:
        """Return whether the price is effective on a day."""
        return self.since <= day <= self.until


def entry_of(message: Message, content: Mapping[str, Any], about: Any = None) -> Entry:
    """Return the entry of a message that states a price (`unit_price`) from a day on."""
    return [
        content["effective_from"],
        message.sequence,
        message.id,
        scaled(content["unit_price"], PRICE_SCALE),
        content.get("effective_to") or FOREVER,
        about,
    ]


def inserted(series: Series, entry: Entry) -> Series:
    """Return the series with one more entry in its place; the same id again replaces its entry."""
    kept = without(series, entry[ID])
    at = bisect_left(kept, entry[:PRICE])
    return [*kept[:at], entry, *kept[at:]]


def without(series: Series, identity: str) -> Series:
    """Return the series without one entry; the one before it lasts again up to the next."""
    if all(each[ID] != identity for each in series):
        return series
    return [each for each in series if each[ID] != identity]


def spans(series: Series, since: str = "", until: str = FOREVER) -> Iterator[Span]:
    """Yield the effective prices that touch the days from `since` to `until`, in effective order.

    Of two entries that begin on the same day the one recorded later counts; the other never holds.
    """
    at = max(0, bisect_right(series, [since, LAST_PLACE]) - 1) if since else 0
    for place in range(at, len(series)):
        found = span_at(series, place)
        if found.since > until:
            return
        if found.since <= found.until and found.until >= since:
            yield found


def price_on(series: Series, day: str) -> Span | None:
    """Return the price effective on a day; None: there is none."""
    at = bisect_right(series, [day, LAST_PLACE]) - 1
    if at < 0:
        return None
    found = span_at(series, at)
    return found if found.holds_on(day) else None


def span_of(series: Series, identity: str) -> Span | None:
    """Return an entry with the days on which it is effective; None: it is none of the series, or never."""
    for at in range(len(series) - 1, -1, -1):
        if series[at][ID] == identity:
            found = span_at(series, at)
            return found if found.since <= found.until else None
    return None


def before(series: Series, identity: str) -> str:
    """Return the id of the entry that stands before another one; "" for the first."""
    for at, each in enumerate(series):
        if each[ID] == identity:
            return str(series[at - 1][ID]) if at else ""
    return ""


def span_at(series: Series, at: int) -> Span:
    """Return the entry at a place of the series with its days; since > until: it never holds."""
    since, order, identity, price, until, about = series[at]
    if at + 1 < len(series):
        until = min(until, day_before(series[at + 1][SINCE]))
    return Span(identity, price, since, until, order, about)


@lru_cache(maxsize=4096)
def day_before(day: str) -> str:
    """Return the day before, ISO; of the first day there is, that day itself."""
    found = date.fromisoformat(day)
    return (found - _DAY).isoformat() if found > date.min else day


@lru_cache(maxsize=4096)
def day_after(day: str) -> str:
    """Return the day after, ISO; of the last day there is, that day itself."""
    found = date.fromisoformat(day)
    return (found + _DAY).isoformat() if found < date.max else day


def holding(spans: Iterable[Span], day: str) -> Span | None:
    """Return the first of some prices that is effective on a day."""
    for span in spans:
        if span.since <= day <= span.until:
            return span
    return None

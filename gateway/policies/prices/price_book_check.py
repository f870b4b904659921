"""价格检查 (I5): at most one effective price per product, kind, region and day, applied in effective order.

Takes recorded messages in any order, listings and conclusions alike, and names everything that is not as
it must be. It knows nothing of how the prices were inferred: only what was said of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from gateway.policies.prices.price_book import BookKind, Entry, Series, entry_of, inserted, price_on
from schemas.envelope import Message
from schemas.events import (
    PAYMENT_STANDARD_ENDED,
    PAYMENT_STANDARD_SET,
    PRICE_LINK_ENDED,
    PRICE_LINKED,
    PRICE_LISTED,
)
from schemas.money import PRICE_SCALE, scaled

_SAYS: Final = {
    PRICE_LINKED: (BookKind.LINKED, "price_after"),
    PAYMENT_STANDARD_SET: (BookKind.PAYMENT_STANDARD, "unit_price"),
}
_ENDS: Final = {PRICE_LINK_ENDED: "linked_id", PAYMENT_STANDARD_ENDED: "standard_id"}
Place = tuple[str, str, str]
"""(product, region, kind)"""


@dataclass(slots=True)
class PriceRecord:
    """What was said of prices: all that was concluded, what of it ended, and the listings."""

    said: dict[str, tuple[Place, Mapping[str, Any]]] = field(default_factory=dict)
    ended: dict[str, list[str]] = field(default_factory=dict)
    """By the id of what ended: the ids of what ended or replaced it."""
    listings: dict[Place, Series] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, messages: Iterable[Message]) -> PriceRecord:
        """Read messages; listings that were superseded do not count."""
        found = cls()
        read = [(message, message.content()) for message in messages]
        gone = {content.get("supersedes") for _, content in read}
        for message, content in read:
            if message.id not in gone:
                found._take(message, content)
        return found

    def _take(self, message: Message, content: Mapping[str, Any]) -> None:
        if message.type == PRICE_LISTED:
            place = (content["unified_code"], content["region"], content["kind"])
            entry = entry_of(message, content)
            self.listings[place] = inserted(self.listings.get(place, []), entry)
        elif message.type in _SAYS:
            if message.id in self.said:
                self.findings.append(f"{message.id}: concluded twice")
            kind, _ = _SAYS[message.type]
            place = (content["unified_code"], content["region"], kind.value)
            self.said[message.id] = (place, {**content, "type": message.type})
            if content.get("replaces"):
                self.ended.setdefault(content["replaces"], []).append(message.id)
        elif message.type in _ENDS and not content.get("proposal"):
            self.ended.setdefault(content[_ENDS[message.type]], []).append(message.id)

    def effective(self) -> dict[Place, Series]:
        """Return the concluded prices that neither ended nor were replaced, as series."""
        book: dict[Place, Series] = {}
        for identity, (place, content) in self.said.items():
            if identity not in self.ended:
                price = scaled(content[_SAYS[content["type"]][1]], PRICE_SCALE)
                until = content.get("effective_to") or "9999-12-31"
                entry: Entry = [content["effective_from"], "", identity, price, until, content]
                book[place] = inserted(book.get(place, []), entry)
        return book


def check_prices(messages: Iterable[Message]) -> tuple[str, ...]:
    """Return what violates I5, one sentence each; () when every price is as it must be."""
    record = PriceRecord.of(messages)
    found = [*record.findings, *_ends(record)]
    for place, series in sorted(record.effective().items()):
        found += _one_per_day(place, series)
        if place[2] == BookKind.LINKED.value:
            found += _downward(place, series)
            found += _from_the_listing(place, series, record)
    return tuple(found)


def _ends(record: PriceRecord) -> Iterator[str]:
    """Yield ends of what was never concluded, of another product's price, or of what has ended before."""
    for identity, by in record.ended.items():
        if identity not in record.said:
            if any(each in record.said for each in by):  # else it ended a proposal
                yield f"{identity}: replaced and never concluded"
            continue
        if len(by) > 1:
            yield f"{identity}: ended {len(by)} times, by {', '.join(sorted(by))}"
        place = record.said[identity][0]
        for each in by:
            if each in record.said and record.said[each][0] != place:
                yield f"{identity}: replaced by the price of another product or region, {each}"


def _one_per_day(place: Place, series: Series) -> Iterator[str]:
    """Yield the days on which two prices of one kind begin at once."""
    for earlier, later in pairwise(series):
        if earlier[0] == later[0]:
            yield f"{'/'.join(place)}: two prices from {later[0]} on: {earlier[2]}, {later[2]}"


def _downward(place: Place, series: Series) -> Iterator[str]:
    for _, _, identity, price, _, content in series:
        if price >= scaled(content["price_before"], PRICE_SCALE) or price <= 0:
            yield f"{'/'.join(place)}: {identity} does not lower the price"


def _from_the_listing(place: Place, series: Series, record: PriceRecord) -> Iterator[str]:
    """Yield linked prices that do not start from the price in force: applied out of effective order."""
    listed = record.listings.get((place[0], place[1], BookKind.LISTED.value), [])
    if not record.listings:
        return
    for since, _, identity, _, _, content in series:
        own = price_on(listed, since)
        if own is None:
            yield f"{'/'.join(place)}: {identity} is linked on {since}, when nothing is listed"
            continue
        earlier = [each[3] for each in series if own.since <= each[0] < since]
        before = min([own.price, *earlier])
        if before != scaled(content["price_before"], PRICE_SCALE):
            yield f"{'/'.join(place)}: {identity} does not start from the price in force"

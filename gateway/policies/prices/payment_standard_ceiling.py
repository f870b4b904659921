"""同组最高中选价 (R6): the highest selected price of a comparison group in a region, from day to day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence

from gateway.policies.prices.listings import SELECTED, Market
from gateway.policies.prices.payment_standard_pieces import turns_of
from gateway.policies.prices.price_book import Span, holding

Highest = tuple[int, str, str]
"""(price, product, message id); of two of one price the product that sorts last counts."""
_NONE: Highest = (0, "", "")


class Ceiling:
    """同组最高中选价: worked out once for all products of the group. Only insured products count."""

    def __init__(self, market: Market, region: str) -> None:
        self._market = market
        turns: dict[str, list[tuple[Highest, Highest]]] = {}
        for code in market.products():
            spans = market.above(code, region, SELECTED)
            if spans:
                before = _NONE
                for day, now in self._counted(code, spans):
                    if now != before:
                        turns.setdefault(day, []).append((before, now))
                        before = now
        self.days = sorted(turns)
        """The days from which on another price may be the highest."""
        self._highest: list[Highest] = []
        standing: list[Highest] = []
        for day in self.days:
            for before, now in turns[day]:
                if before is not _NONE:
                    del standing[bisect_left(standing, before)]
                if now is not _NONE:
                    insort(standing, now)
            self._highest.append(standing[-1] if standing else _NONE)
        self.codes = {code for _, code, _ in self._highest}
        """The products whose price is the highest on any day."""

    def _counted(self, code: str, spans: Sequence[Span]) -> Iterator[tuple[str, Highest]]:
        """Yield what a product counts for from which day on: the nearest region's price."""
        for day in sorted(set(turns_of(spans))):
            span = holding(spans, day)
            counts = (
                span is not None and span.price and self._market.about(span.about).insured is True
            )
            yield day, (span.price, code, span.id) if span is not None and counts else _NONE

    def on(self, day: str) -> Highest | None:
        """Return the highest price on a day; None: there is none."""
        at = bisect_right(self.days, day) - 1
        found = self._highest[at] if at >= 0 else _NONE
        return found if found is not _NONE else None

"""联动的推算: which linked prices follow for one listing, as a function of all prices and the terms.

A linked price is a step: from a day on, the lowest price that the listing has had to take so far. What
can make a step is a candidate: one reference that holds together with the listing on a stretch of days on
which the terms speak. The steps are the strict minima of the candidates in effective order, so they are
the same whatever the order of arrival, and a union's steps are those of its parts' steps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.policies.prices.linkage_comparison import AS_IT_IS, Comparison, Yardstick
from gateway.policies.prices.linkage_terms import LinkTerms
from gateway.policies.prices.listings import (
    LISTED,
    NEGOTIATED,
    PROVINCE,
    REGION_END,
    SELECTED,
    Market,
    Place,
)
from gateway.policies.prices.price_book import (
    ABOUT,
    FOREVER,
    LAST_PLACE,
    PRICE,
    SINCE,
    UNTIL,
    Series,
    Span,
    day_after,
    day_before,
    span_at,
    span_of,
)
from gateway.policies.regions import regions_above

_REFERENCES: Final = frozenset({LISTED, SELECTED})


class Window(NamedTuple):
    """Days on which a listing follows others: `negotiated` None: the market; else that price alone."""

    since: str
    until: str
    terms: LinkTerms
    negotiated: Span | None


class Candidate(NamedTuple):
    """One reference for one listing; sorted by day and price, then by what was recorded first."""

    since: str
    price: int
    order: str
    fresh: bool
    """Of equals recorded at the same place the one that is already followed stays."""
    reference_id: str
    place: Place
    reference: Span
    terms: LinkTerms
    written: str
    """How the ratio is written; "" where the two are compared as they are."""


@dataclass(slots=True)
class Step:
    """One linked price. `before`: the price in force until then; `after` the step that set it, if any."""

    found: Candidate
    before: int
    after: Step | None

    @property
    def content(self) -> tuple[str, int, str, int, bool]:
        """Return what makes it the same linked price when it is inferred again."""
        found = self.found
        return (found.since, found.price, found.reference_id, self.before, found.terms.ordered)


class _Limits(dict[int, tuple[int, int]]):
    """Between which prices a product's references are candidates, by what they are about."""

    def __init__(self, follower: Follower, window: Window, product: str, lowest: int) -> None:
        super().__init__()
        self._asked = (follower, window, product, lowest)

    def __missing__(self, about: int) -> tuple[int, int]:
        """Work the limits out once."""
        follower, window, product, lowest = self._asked
        found = follower.scale(window, product, about)
        limits = self[about] = found.limits(lowest) if found is not None else (1, 0)
        return limits


class Follower:
    """One listing that follows others, as its region's terms say."""

    def __init__(
        self,
        market: Market,
        place: Place,
        span: Span,
        stretches: Sequence[LinkTerms],
        yardstick: Yardstick,
        followed: Iterable[str] = (),
    ) -> None:
        self.place, self.span = place, span
        self._market, self._yardstick = market, yardstick
        self._about = market.about(span.about)
        self._factors: dict[int, Comparison | None] = {}
        self._followed = frozenset(followed)
        self._above = regions_above(place.region)
        self._windows = list(self._open_windows(stretches))

    def steps(self, candidates: Iterable[Candidate]) -> list[Step]:
        """Return the linked prices that follow from candidates, in effective order."""
        found: list[Step] = []
        lowest = in_force = self.span.price
        ordered: Step | None = None
        for each in sorted(candidates, key=lambda one: one[:5]):
            if each.price >= lowest:
                continue
            step = Step(each, in_force, ordered)
            found.append(step)
            lowest = each.price
            if each.terms.ordered:
                in_force, ordered = each.price, step
        return found

    def candidates(self) -> Iterator[Candidate]:
        """Yield the candidates from the whole market, without those that cannot make a step."""
        for window in self._windows:
            if window.negotiated is not None:
                yield from self._from_negotiation(window)
                continue
            yield from self._from_market(window)

    def _from_market(self, window: Window) -> Iterator[Candidate]:
        """Yield the candidates of one window, never one dearer than one that holds on its first day."""
        lowest = self.span.price - 1
        products = self._market.products() if window.terms.by_drug else [self.place.product]
        own, length = self._home(window.terms)
        for product in products:
            limits = _Limits(self, window, product, lowest)
            for key, series in self._market.of_product(product).items():
                if key[:length] == own or key[REGION_END:] not in _REFERENCES:
                    continue
                last = series[-1]
                if last[SINCE] <= window.since and (
                    last[UNTIL] < window.since
                    or not limits[last[ABOUT]][0] <= last[PRICE] <= limits[last[ABOUT]][1]
                ):
                    continue  # by far the most: only the last price holds in the window
                place = Place(product, key[: REGION_END - 1], key[REGION_END:])
                for one in self._within(window, place, series, lowest):
                    if one.since == window.since and one.price < lowest:
                        lowest = one.price
                        limits = _Limits(self, window, product, lowest)
                    yield one

    def _home(self, terms: LinkTerms) -> tuple[str, int]:
        """Return the beginning of the regions that are not elsewhere, and its length."""
        length = REGION_END - 1 if terms.everywhere else PROVINCE
        return self.place.region[:length], length

    def _within(
        self, window: Window, place: Place, series: Series, lowest: int
    ) -> Iterator[Candidate]:
        """Yield a series' candidates in a window that are not dearer than the lowest one so far."""
        at = max(0, bisect_right(series, [window.since, LAST_PLACE]) - 1)
        for number in range(at, len(series)):
            entry = series[number]
            if entry[SINCE] > window.until:
                return
            taken = self._taken(window, place.product, entry[PRICE], entry[ABOUT])
            if taken is not None and 0 < taken[0] <= lowest:
                span = span_at(series, number)
                since = max(window.since, span.since)
                if since <= min(window.until, span.until):
                    yield self._candidate(since, taken[0], place, span, window.terms, taken[1])

    def candidates_from(self, place: Place, reference: Span) -> Iterator[Candidate]:
        """Yield the candidates from one reference."""
        for window in self._windows:
            if place.kind == NEGOTIATED:
                negotiated = window.negotiated
                if negotiated is not None and negotiated.id == reference.id:
                    yield from self._from_negotiation(window)
            elif window.negotiated is None and self._may_follow(place, window.terms):
                yield from self._compared(window, place, reference)

    def _may_follow(self, place: Place, terms: LinkTerms) -> bool:
        if place.kind not in _REFERENCES or not self._elsewhere(place.region, terms):
            return False
        return place.product == self.place.product or terms.by_drug

    def _elsewhere(self, region: str, terms: LinkTerms) -> bool:
        own, length = self._home(terms)
        return region[:length] != own

    def _compared(self, window: Window, place: Place, reference: Span) -> Iterator[Candidate]:
        """Yield the price that the listing would take from a reference in a window, if it is lower."""
        since = max(window.since, reference.since)
        if since > min(window.until, reference.until):
            return
        taken = self._taken(window, place.product, reference.price, reference.about)
        if taken is not None and 0 < taken[0] < self.span.price:
            yield self._candidate(since, taken[0], place, reference, window.terms, taken[1])

    def _taken(
        self, window: Window, product: str, price: int, about: int
    ) -> tuple[int, str] | None:
        """Return what a reference's price is for this listing, and how the ratio is written."""
        found = self.scale(window, product, about)
        return (found.of(price), found.written) if found is not None else None

    def scale(self, window: Window, product: str, about: int) -> Comparison | None:
        """Return how prices of a product with an `about` are taken for this listing; None: not at all."""
        if product == self.place.product:
            return AS_IT_IS
        if about not in self._factors:
            self._factors[about] = self._yardstick.between(self._market.about(about), self._about)
        found = self._factors[about]
        if found is None or (found.written and window.terms.conversion is None):
            return None
        return found

    def _from_negotiation(self, window: Window) -> Iterator[Candidate]:
        span = window.negotiated
        if span is not None and span.price < self.span.price:
            place = self._negotiated_at(span)
            yield self._candidate(window.since, span.price, place, span, window.terms, "")

    def _negotiated_at(self, span: Span) -> Place:
        """Return where a negotiated price stands: in the listing's region or in one above it."""
        places = [Place(self.place.product, each, NEGOTIATED) for each in self._above]
        return next(each for each in places if span_of(self._market.series(each), span.id))

    def _candidate(
        self,
        since: str,
        price: int,
        place: Place,
        reference: Span,
        terms: LinkTerms,
        written: str,
    ) -> Candidate:
        fresh = reference.id not in self._followed
        return Candidate(
            since, price, reference.order, fresh, reference.id, place, reference, terms, written
        )

    # ------------------------------------------------------------------ on which days

    def _open_windows(self, stretches: Sequence[LinkTerms]) -> Iterator[Window]:
        """Yield the days of the listing on which its terms speak and the product is not selected there."""
        own = self.span
        selected = self._market.above(*self.place[:2], SELECTED, own.since, own.until)
        for terms in stretches:
            days = (max(own.since, terms.since), min(own.until, terms.until))
            if days[0] <= days[1]:
                for since, until in _outside(days, selected):
                    yield from self._split(since, until, terms)

    def _split(self, since: str, until: str, terms: LinkTerms) -> Iterator[Window]:
        """Yield the days within a negotiation apart: its price comes first (联动执行议价结果)."""
        agreed: list[Span] = []
        if terms.negotiated is not None:
            found = self._market.above(*self.place[:2], NEGOTIATED, since, until)
            agreed = sorted((each for each in found if each.price), key=lambda one: one.since)
        if terms.scope is not None and terms.follows is not None:
            for first, last in _outside((since, until), agreed):
                yield Window(first, last, terms, None)
        for each in agreed:
            yield Window(max(since, each.since), min(until, each.until), terms, each)


def _outside(days: tuple[str, str], taken: Sequence[Span]) -> Iterator[tuple[str, str]]:
    """Yield the parts of `days` (first, last) that no span covers, in order."""
    first, last = days
    for span in sorted(taken, key=lambda one: one.since):
        if span.until < first or span.since > last:
            continue
        if first < span.since:
            yield first, day_before(span.since)
        if span.until >= last or span.until == FOREVER:
            return
        first = max(first, day_after(span.until))
    if first <= last:
        yield first, last

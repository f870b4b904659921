"""价格联动 (R7): a listed, non-selected product follows a lower price that is in force elsewhere.

What is compared with what is the region's own term: `product` is the same unified product in other
places, `drug` any product of the same generic, converted by ratio (差比价) where strength or pack differ.
Where the paper says so the price that the joint procurement office negotiated (议价结果) comes first, and
alone. The effect is a term too: an order, or a proposal that somebody decides on. A region whose paper
does not speak of linkage is left alone.

* References are listings only, of selected and listed products alike, never derived prices: two regions
  that follow each other cannot chase each other down.
* A linked price takes effect when both prices and the terms are in force: on the latest of their days.
* Linkage never raises a price. The linked price is the price in force of that listing from then on, so
  nothing is applied twice; a new listing of the product starts anew.
* A price of zero is no price, and products that do not state comparable strengths are not compared.

The linked prices are a function of all prices and the terms (`linkage_steps.py`); what is concluded is
the difference to those that are open. So a late or corrected price changes what rested on it, no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from gateway.policies.policy import Judgement, Regionless, Scope, State
from gateway.policies.prices.linkage_correcting import Correcting
from gateway.policies.prices.linkage_steps import Candidate, Follower, Step
from gateway.policies.prices.linkage_telling import PLACE, Telling, in_force
from gateway.policies.prices.linkage_terms import LinkTerms
from gateway.policies.prices.linkage_touched import REFERENCE, Links, Touched, WorkedOut
from gateway.policies.prices.listings import (
    LISTED,
    NEGOTIATED,
    NO_LISTINGS,
    Market,
    Place,
    about_of,
)
from gateway.policies.prices.price_book import (
    ID,
    SINCE,
    Series,
    Span,
    entry_of,
    span_of,
    spans,
)
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import PRICE_LISTED, PRICE_NEGOTIATED


class Linkage(Regionless):
    """价格联动: listings and negotiated prices in, linked prices and their end out. One state per drug."""

    name: Final = "linkage"
    consumes: Final = frozenset({PRICE_LISTED, PRICE_NEGOTIATED})
    nothing: ClassVar[State] = {**NO_LISTINGS, "linked": {}}

    def __init__(self) -> None:
        self._known: WorkedOut | None = None

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the drug's state."""
        return Scope(content["drug"])

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one price: as a reference for others, and as one that follows others."""
        place, about = _place(message, content), about_of(content)
        market = Market(state).with_entry(place, entry_of(message, content), about)
        telling = Telling(key, message.id, (message.id,), rules)
        telling.linked = state["linked"]
        touched = Touched(place, message.id, market, market, about.drug_name, self._of(rules))
        return self._difference(market, [touched], telling)

    def correct(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        instead: State | None,
        rules: Rulebook,
    ) -> Judgement | None:
        """Take back a price, and take another in in its place: infer anew what either touches, at once."""
        earlier, place = Market(state), _place(gone, content)
        market = earlier.without_entry(place, gone.id)
        if market is earlier:
            return None
        drug_name, worked = content["drug_name"], self._of(rules)
        if instead is None:
            telling = Telling.correcting(key, gone, by, instead, rules)
            telling.linked = state["linked"]
            touched = [Touched(place, gone.id, earlier, market, drug_name, worked)]
            return self._difference(market, touched, telling)
        coming, about = _place(by, instead), about_of(instead)
        market = market.with_entry(coming, entry_of(by, instead), about)
        correcting = Correcting.correcting(key, gone, by, instead, rules)
        correcting.begin(earlier, market, (place, coming), state["linked"], worked.yardstick)
        left = Touched(place, gone.id, earlier, market, drug_name, worked)
        taken = Touched(coming, by.id, market, market, about.drug_name, worked)
        return self._difference(market, [left, taken], correcting)

    def _difference(
        self, market: Market, touched: Sequence[Touched], telling: Telling
    ) -> Judgement:
        """Infer anew what the changes touched; conclude how it differs from what is open."""
        linked: Links = telling.linked
        for place, span in self._concerned(market, touched, linked):
            known = linked.get(span.id, [])
            telling.compare(market, place, span, known, _steps(market, place, span, known, touched))
        over = {identity: each for each in touched for identity in each.no_targets(linked)}
        for identity, each in over.items():
            telling.end_all(market, each.place, each.drug_name, linked[identity], identity)
        return telling.judgement(market)

    # ------------------------------------------------------------------ who is concerned

    def _concerned(
        self, market: Market, touched: Sequence[Touched], linked: Links
    ) -> Iterator[tuple[Place, Span]]:
        """Yield the listings whose linked prices the changes may alter; each once."""
        seen: set[str] = set()
        for each in touched:
            for place, span in self._concerned_by(market, each, linked):
                if span.id not in seen:
                    seen.add(span.id)
                    yield place, span

    def _concerned_by(
        self, market: Market, touched: Touched, linked: Links
    ) -> Iterator[tuple[Place, Span]]:
        """Yield the listings whose linked prices one change may alter; each once."""
        for region in market.regions():
            stretches = touched.worked.stretches(region)
            if not stretches:
                continue
            for product in self._products(market, region, stretches, touched.place):
                series = market.series_of(product, region)
                if series[-1][SINCE] <= touched.since and not touched.may_alter(
                    product, region, series[-1], linked.get(series[-1][ID], ())
                ):
                    continue  # by far the most: only the last price holds from that day on
                place = Place(product, region, LISTED)
                yield from self._in_reach(series, place, touched, linked)
        yield from touched.cut_short()

    def _in_reach(
        self, series: Series, place: Place, touched: Touched, linked: Links
    ) -> Iterator[tuple[Place, Span]]:
        """Yield the prices of one series that hold on a touched day and may be altered."""
        for span in spans(series, touched.since, touched.until):
            entry = [span.since, span.order, span.id, span.price, span.until, span.about]
            if touched.may_alter(place.product, place.region, entry, linked.get(span.id, ())):
                yield place, span

    def _products(
        self, market: Market, region: str, stretches: Sequence[LinkTerms], place: Place
    ) -> Sequence[str]:
        """Return which products of a region a price at a place may concern."""
        listed = market.products_in(region)
        if any(each.by_drug for each in stretches) and place.kind != NEGOTIATED:
            return listed
        return [place.product] if place.product in listed else []

    def _of(self, rules: Rulebook) -> WorkedOut:
        """Return what is known of the rules, for as long as the same ones are given."""
        if self._known is None or self._known.rules is not rules:
            self._known = WorkedOut(rules)
        return self._known


def _steps(
    market: Market,
    place: Place,
    span: Span,
    known: Sequence[list[Any]],
    touched: Sequence[Touched],
) -> list[Step]:
    """Return the linked prices of a listing.

    From the open ones and from what changed, where that is enough: else from the whole market.
    """
    worked = touched[0].worked
    stretches, refs = worked.stretches(place.region), [each[REFERENCE] for each in known]
    follower = Follower(market, place, span, stretches, worked.yardstick, refs)
    if _only_shortened(span, touched):  # what began on the days that are left stays as it was
        known = [each for each in known if each[0] <= span.until]
    elif any(each.decides_of(place.product, place.region) for each in touched):
        return follower.steps(follower.candidates())
    fresh = [one for each in touched for one in each.candidates_for(follower)]
    kept = [one for each in known for one in _again(market, follower, each)]
    if any(not _still(each, kept) for each in known):
        return follower.steps(follower.candidates())
    return follower.steps([*kept, *fresh])


def _only_shortened(span: Span, touched: Sequence[Touched]) -> bool:
    """Return whether nothing changed for a listing but that it holds on fewer days."""
    return len(touched) == 1 and touched[0].shortened(span)


def _again(market: Market, follower: Follower, known: Sequence[Any]) -> list[Candidate]:
    """Return the candidates of an open linked price's reference, as they are now."""
    place = Place(*known[PLACE])
    span = span_of(market.series(place), known[REFERENCE])
    return list(follower.candidates_from(place, span)) if span is not None else []


def _still(known: Sequence[Any], found: Sequence[Candidate]) -> bool:
    """Return whether an open linked price is among the candidates."""
    return any((each.since, each.price, each.reference_id) == tuple(known[:3]) for each in found)


def _place(message: Message, content: State) -> Place:
    kind = content["kind"] if message.type == PRICE_LISTED else NEGOTIATED
    return Place(content["unified_code"], content["region"], kind)


def price_in_force(state: State, listing_id: str, day: str) -> int | None:
    """Return a listing's price (10^-6 yuan) on a day with what it was linked to; None: not in force."""
    market = Market(state)
    place = market.place_of(listing_id)
    span = span_of(market.series(place), listing_id) if place is not None else None
    if span is None or not span.holds_on(day):
        return None
    return in_force(span, state["linked"].get(listing_id, ()), day)

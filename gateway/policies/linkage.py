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
from typing import Any, Final

from gateway.policies.linkage_steps import Candidate, Comparison, Follower, Step, Yardstick
from gateway.policies.linkage_telling import Telling, in_force
from gateway.policies.linkage_terms import LinkTerms, link_terms
from gateway.policies.listings import (
    LISTED,
    NEGOTIATED,
    NO_LISTINGS,
    Market,
    Place,
    about_of,
)
from gateway.policies.policy import Judgement, Scope, State, withdrawal_cause
from gateway.policies.price_book import (
    FOREVER,
    ID,
    SINCE,
    Span,
    before,
    day_before,
    entry_of,
    span_of,
    spans,
)
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import PRICE_LISTED, PRICE_NEGOTIATED

_REFERENCE: Final = 2
_PLACE: Final = slice(6, 9)


class Linkage:
    """价格联动: listings and negotiated prices in, linked prices and their end out. One state per drug."""

    name: Final = "linkage"
    consumes: Final = frozenset({PRICE_LISTED, PRICE_NEGOTIATED})

    def __init__(self) -> None:
        self._known: _Known | None = None

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the drug's state."""
        return Scope(content["drug"])

    def begin(self, record: State | None) -> State:  # noqa: ARG002 - the port's form
        """Return a drug without listings."""
        return {**NO_LISTINGS, "linked": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:  # noqa: ARG002
        """Keep nothing per region."""
        return record or {}

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Keep nothing per region."""
        return record or {}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one price: as a reference for others, and as one that follows others."""
        place, about = _place(message, content), about_of(content)
        market = Market(state).with_entry(place, entry_of(message, content), about)
        telling = Telling(key, message.id, (message.id,), rules)
        touched = _Touched(place, message.id, market, market, about.drug_name, self._of(rules))
        return self._difference(state, market, touched, telling)

    def withdraw(
        self,
        key: str,
        state: State,
        gone: Message,
        content: State,
        by: Message,
        rules: Rulebook,
    ) -> Judgement:
        """Take back a price: end what was linked to it and what it was linked to, infer anew."""
        earlier, place = Market(state), _place(gone, content)
        market = earlier.without_entry(place, gone.id)
        if market is earlier:
            return Judgement()
        telling = Telling(key, withdrawal_cause(by.id), (gone.id, by.id), rules)
        touched = _Touched(place, gone.id, earlier, market, content["drug_name"], self._of(rules))
        return self._difference(state, market, touched, telling)

    def _difference(
        self, state: State, market: Market, touched: _Touched, telling: Telling
    ) -> Judgement:
        """Infer anew what the change touched; conclude how it differs from what is open."""
        linked: dict[str, list[list[Any]]] = state["linked"]
        worked = touched.worked
        telling.linked = dict(linked)
        for place, span in self._concerned(market, touched, worked):
            known = linked.get(span.id, [])
            if touched.may_alter(place, span, known):
                steps = self._steps(market, place, span, known, touched, worked)
                telling.compare(market, place, span, known, steps)
        for identity in touched.no_targets(linked):
            telling.linked[identity] = []
            telling.end_all(market, touched.place, touched.drug_name, linked[identity])
        after = {target: steps for target, steps in telling.linked.items() if steps}
        return Judgement({**market.state, "linked": after}, telling.conclusions())

    # ------------------------------------------------------------------ who is concerned

    def _concerned(
        self, market: Market, touched: _Touched, known: _Known
    ) -> Iterator[tuple[Place, Span]]:
        """Yield the listings whose linked prices the change may alter; each once."""
        for region in market.regions():
            stretches = known.stretches(region)
            if not stretches:
                continue
            for product in self._products(market, region, stretches, touched.place):
                place = Place(product, region, LISTED)
                for span in spans(market.series(place), touched.since, touched.until):
                    yield place, span
        if touched.place.kind == LISTED and touched.predecessor:
            cut = span_of(market.series(touched.place), touched.predecessor)
            if cut is not None and cut.until < touched.since:
                yield touched.place, cut

    def _products(
        self, market: Market, region: str, stretches: Sequence[LinkTerms], place: Place
    ) -> Sequence[str]:
        """Return which products of a region a price at a place may concern."""
        listed = market.products_in(region)
        if any(each.by_drug for each in stretches) and place.kind != NEGOTIATED:
            return listed
        return [place.product] if place.product in listed else []

    def _steps(
        self,
        market: Market,
        place: Place,
        span: Span,
        known: list[list[Any]],
        touched: _Touched,
        worked: _Known,
    ) -> list[Step]:
        """Return the linked prices of a listing.

        From the open ones and from what changed, where that is enough: else from the whole market.
        """
        stretches = worked.stretches(place.region)
        refs = [each[_REFERENCE] for each in known]
        follower = Follower(market, place, span, stretches, worked.yardstick, refs)
        if touched.decides_of(place):
            return follower.steps(follower.candidates())
        fresh = touched.candidates_for(follower)
        kept = [one for each in known for one in _again(market, follower, each)]
        if any(not _still(each, kept) for each in known):
            return follower.steps(follower.candidates())
        return follower.steps([*kept, *fresh])

    def _of(self, rules: Rulebook) -> _Known:
        """Return what is known of the rules, for as long as the same ones are given."""
        if self._known is None or self._known.rules is not rules:
            self._known = _Known(rules)
        return self._known


class _Known:
    """What was worked out of one rulebook: the same arguments always give the same."""

    def __init__(self, rules: Rulebook) -> None:
        self.rules, self.yardstick = rules, Yardstick(rules.ratios)
        self._stretches: dict[str, tuple[LinkTerms, ...]] = {}

    def stretches(self, region: str) -> tuple[LinkTerms, ...]:
        """Return the days on which a region's papers link prices."""
        found = self._stretches.get(region)
        if found is None:
            found = self._stretches[region] = link_terms(self.rules, region)
        return found


class _Touched:
    """What one price changes: its own entry, and the one before it, from its first day to the next's."""

    def __init__(
        self,
        place: Place,
        identity: str,
        holding: Market,
        market: Market,
        drug_name: str,
        worked: _Known,
    ) -> None:
        self.place, self.drug_name, self.worked = place, drug_name, worked
        self._market = market
        series = holding.series(place)
        at = next(at for at, each in enumerate(series) if each[ID] == identity)
        self.since: str = series[at][SINCE]
        self.until = day_before(series[at + 1][SINCE]) if at + 1 < len(series) else FOREVER
        self.predecessor = before(series, identity)
        self._changed = [each for each in (identity, self.predecessor) if each]
        # what can be followed from now on: the new entry, or the one before the one that is gone
        gained = identity if holding is market else self.predecessor
        self._gained = span_of(market.series(place), gained) if gained else None
        self._comparisons: dict[int, Comparison | None] = {}

    def decides_of(self, place: Place) -> bool:
        """Return whether the listings at a place must be looked at from scratch: their own days changed."""
        own = place.product == self.place.product and place.region[:2] == self.place.region[:2]
        return own and (self.place.kind != LISTED or place.region == self.place.region)

    def may_alter(self, place: Place, span: Span, known: Sequence[Sequence[Any]]) -> bool:
        """Return whether a listing's linked prices may change: quick, and never wrongly no."""
        if self.decides_of(place) or any(each[_REFERENCE] in self._changed for each in known):
            return True
        if self._gained is None:
            return False
        day = max(span.since, self._gained.since)
        lowest = min((each[1] for each in known if each[0] <= day), default=span.price - 1)
        if place.product == self.place.product:
            return 0 < self._gained.price <= lowest
        found = self._comparison(span.about)
        return found is not None and 0 < found.of(self._gained.price) <= lowest

    def _comparison(self, wanted: int) -> Comparison | None:
        if wanted not in self._comparisons and self._gained is not None:
            pair = (self._market.about(self._gained.about), self._market.about(wanted))
            self._comparisons[wanted] = self.worked.yardstick.between(*pair)
        return self._comparisons[wanted]

    def candidates_for(self, follower: Follower) -> Iterator[Candidate]:
        """Yield what a listing could take from what can be followed from now on."""
        if self._gained is not None:
            yield from follower.candidates_from(self.place, self._gained)

    def no_targets(self, linked: dict[str, list[list[Any]]]) -> Iterator[str]:
        """Yield those of the changed entries that were linked and are effective on no day any more."""
        if self.place.kind == LISTED:
            series = self._market.series(self.place)
            for identity in self._changed:
                if identity in linked and span_of(series, identity) is None:
                    yield identity


def _again(market: Market, follower: Follower, known: Sequence[Any]) -> list[Candidate]:
    """Return the candidates of an open linked price's reference, as they are now."""
    place = Place(*known[_PLACE])
    span = span_of(market.series(place), known[_REFERENCE])
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

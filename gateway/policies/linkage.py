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

from gateway.policies.linkage_steps import Candidate, Follower, Step
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
        self._stretches: tuple[Rulebook | None, dict[str, tuple[LinkTerms, ...]]] = (None, {})

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
        touched = _Touched(place, message.id, market, market, about.drug_name)
        return self._difference(state, market, touched, telling, rules)

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
        touched = _Touched(place, gone.id, earlier, market, content["drug_name"])
        return self._difference(state, market, touched, telling, rules)

    def _difference(
        self, state: State, market: Market, touched: _Touched, telling: Telling, rules: Rulebook
    ) -> Judgement:
        """Infer anew what the change touched; conclude how it differs from what is open."""
        linked: dict[str, list[list[Any]]] = state["linked"]
        telling.linked = dict(linked)
        for place, span in self._concerned(market, touched, rules):
            known = linked.get(span.id, [])
            steps = self._steps(market, place, span, known, touched, rules)
            if steps is not None:
                telling.compare(market, place, span, known, steps)
        for identity in touched.no_targets(linked):
            telling.linked[identity] = []
            telling.end_all(market, touched.place, touched.drug_name, linked[identity])
        after = {target: steps for target, steps in telling.linked.items() if steps}
        return Judgement({**market.state, "linked": after}, telling.conclusions())

    # ------------------------------------------------------------------ who is concerned

    def _concerned(
        self, market: Market, touched: _Touched, rules: Rulebook
    ) -> Iterator[tuple[Place, Span]]:
        """Yield the listings whose linked prices the change may alter; each once."""
        for region in market.regions():
            stretches = self._of(rules, region)
            if not stretches:
                continue
            for product in self._products(market, region, stretches, touched.place):
                place = Place(product, region, LISTED)
                for span in spans(market.series(place), touched.since, touched.until):
                    yield place, span
        if touched.place.kind == LISTED and touched.predecessor:
            span = span_of(market.series(touched.place), touched.predecessor)
            if span is not None and span.until < touched.since:  # it was cut short
                yield touched.place, span

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
        rules: Rulebook,
    ) -> list[Step] | None:
        """Return the linked prices of a listing; None where they stay as they are.

        From the open ones and from what changed, where that is enough: else from the whole market.
        """
        stretches = self._of(rules, place.region)
        refs = [each[_REFERENCE] for each in known]
        follower = Follower(market, place, span, stretches, rules.ratios, refs)
        if touched.decides_of(place):
            return follower.steps(follower.candidates())
        fresh = list(touched.candidates_for(follower))
        if not touched.among(refs) and not any(_lower(each, span, known) for each in fresh):
            return None
        kept = [one for each in known for one in _again(market, follower, each)]
        if any(not _still(each, kept) for each in known):
            return follower.steps(follower.candidates())
        return follower.steps([*kept, *fresh])

    def _of(self, rules: Rulebook, region: str) -> tuple[LinkTerms, ...]:
        """Return a region's stretches of terms, kept for as long as the same rules are given."""
        if self._stretches[0] is not rules:
            self._stretches = (rules, {})
        found = self._stretches[1].get(region)
        if found is None:
            found = self._stretches[1][region] = link_terms(rules, region)
        return found


class _Touched:
    """What one price changes: its own entry, and the one before it, from its first day to the next's."""

    def __init__(
        self, place: Place, identity: str, holding: Market, market: Market, drug_name: str
    ) -> None:
        self.place, self.drug_name = place, drug_name
        self._identity, self._market = identity, market
        series = holding.series(place)
        at = next(at for at, each in enumerate(series) if each[ID] == identity)
        self.since: str = series[at][SINCE]
        self.until = day_before(series[at + 1][SINCE]) if at + 1 < len(series) else FOREVER
        self.predecessor = before(series, identity)
        self._changed = [each for each in (identity, self.predecessor) if each]

    def decides_of(self, place: Place) -> bool:
        """Return whether the listings at a place must be looked at from scratch: their own days changed."""
        own = place.product == self.place.product and place.region[:2] == self.place.region[:2]
        return own and (self.place.kind != LISTED or place.region == self.place.region)

    def among(self, references: Sequence[str]) -> bool:
        """Return whether one of the references is a changed one."""
        return any(each in references for each in self._changed)

    def candidates_for(self, follower: Follower) -> Iterator[Candidate]:
        """Yield what a listing could take from the changed entries as they are now."""
        series = self._market.series(self.place)
        for identity in self._changed:
            span = span_of(series, identity)
            if span is not None:
                yield from follower.candidates_from(self.place, span)

    def no_targets(self, linked: dict[str, list[list[Any]]]) -> Iterator[str]:
        """Yield those of the changed entries that were linked and are effective on no day any more."""
        if self.place.kind == LISTED:
            series = self._market.series(self.place)
            for identity in self._changed:
                if identity in linked and span_of(series, identity) is None:
                    yield identity


def _lower(one: Candidate, span: Span, known: Sequence[Sequence[Any]]) -> bool:
    """Return whether a candidate could be a linked price beside the open ones."""
    return one.price <= min((each[1] for each in known if each[0] <= one.since), default=span.price)


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

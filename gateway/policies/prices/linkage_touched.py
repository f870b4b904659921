"""联动的触及: what one price changes, and whose linked prices it may alter; nothing else is looked at again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.policies.prices.linkage_comparison import Yardstick
from gateway.policies.prices.linkage_steps import Candidate, Follower
from gateway.policies.prices.linkage_terms import LinkTerms, link_terms
from gateway.policies.prices.listings import LISTED, Market, Place
from gateway.policies.prices.price_book import (
    ABOUT,
    FOREVER,
    ID,
    PRICE,
    SINCE,
    UNTIL,
    Entry,
    Span,
    before,
    day_before,
    span_of,
)
from gateway.policies.rulebook import Rulebook

REFERENCE: Final = 2
"""Place of the reference's message in an open linked price."""
Links = Mapping[str, Sequence[list[Any]]]


class WorkedOut:
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


class Touched:
    """What one price changes: its own entry, and the one before it, from its first day to the next's."""

    def __init__(
        self,
        place: Place,
        identity: str,
        holding: Market,
        market: Market,
        drug_name: str,
        worked: WorkedOut,
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
        self._added = holding is market
        gained = identity if self._added else self.predecessor
        self._gained = span_of(market.series(place), gained) if gained else None
        self._gained_since = self._gained.since if self._gained is not None else ""
        self._taken: dict[int, int | None] = {}

    def decides_of(self, product: str, region: str) -> bool:
        """Return whether listings must be looked at from scratch: the days they follow on changed."""
        if product != self.place.product or region[:2] != self.place.region[:2]:
            return False
        return self.place.kind != LISTED or region == self.place.region

    def may_alter(
        self, product: str, region: str, entry: Entry, known: Sequence[Sequence[Any]]
    ) -> bool:
        """Return whether a listing's linked prices may change: quick, and never wrongly no."""
        if product == self.place.product and self.decides_of(product, region):
            return True
        lowest = entry[PRICE] - 1
        day = max(self._gained_since, entry[SINCE])
        for each in known:
            if each[REFERENCE] in self._changed:
                return True
            if each[0] <= day:
                lowest = each[1]  # they only fall
        taken = self._taken_for(product, entry[ABOUT])
        return taken is not None and 0 < taken <= lowest and entry[UNTIL] >= self.since

    def _taken_for(self, product: str, wanted: int) -> int | None:
        """Return what the price that can be followed from now on is in another form; worked out once."""
        gained = self._gained
        if gained is None or product == self.place.product:
            return gained.price if gained is not None else None
        if wanted not in self._taken:
            pair = (self._market.about(gained.about), self._market.about(wanted))
            found = self.worked.yardstick.between(*pair)
            self._taken[wanted] = found.of(gained.price) if found is not None else None
        return self._taken[wanted]

    def shortened(self, span: Span) -> bool:
        """Return whether a listing is the one that a new one of its series ended."""
        return self.place.kind == LISTED and self._added and span.id == self.predecessor

    def cut_short(self) -> Iterator[tuple[Place, Span]]:
        """Yield the listing that a later one ended, where its days are not touched any more."""
        if self.place.kind == LISTED and self.predecessor:
            cut = span_of(self._market.series(self.place), self.predecessor)
            if cut is not None and cut.until < self.since:
                yield self.place, cut

    def candidates_for(self, follower: Follower) -> Iterator[Candidate]:
        """Yield what a listing could take from what can be followed from now on."""
        if self._gained is not None:
            yield from follower.candidates_from(self.place, self._gained)

    def no_targets(self, linked: Links) -> Iterator[str]:
        """Yield those of the changed entries that were linked and are effective on no day any more."""
        if self.place.kind == LISTED:
            series = self._market.series(self.place)
            for identity in self._changed:
                if identity in linked and span_of(series, identity) is None:
                    yield identity

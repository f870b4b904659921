"""联动的更正: what a listing in another one's place changes of the linked prices, said at once.

A linked price is known to its receivers by its product, region and first day. So whichever listing holds on
that day now takes over what is open of it, and whichever reference it rests on: where it says the same it
says nothing, else it is said once and replaces. What has ended is said before what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.policies.policy import Judgement
from gateway.policies.prices.linkage_comparison import AS_IT_IS, Yardstick
from gateway.policies.prices.linkage_steps import Step
from gateway.policies.prices.linkage_telling import IDENTITY, PLACE, Open, Telling
from gateway.policies.prices.linkage_touched import REFERENCE, Links
from gateway.policies.prices.listings import LISTED, NEGOTIATED, Market, Place
from gateway.policies.prices.price_book import ID, Span, price_on, span_of

_NOT_SAID = ""


class _Planned(NamedTuple):
    """What holds of one listing now, and what is open of it."""

    place: Place
    span: Span
    name: str
    known: Sequence[Open]
    steps: Sequence[Step]


class Correcting(Telling):
    """The conclusions that one correction leads to for one drug: ends first."""

    def begin(
        self,
        earlier: Market,
        market: Market,
        places: Iterable[Place],
        linked: Links,
        yardstick: Yardstick,
    ) -> None:
        """Begin with the linked prices that are open, each with the listing that holds on its day now."""
        self._earlier, self._yardstick = earlier, yardstick
        self._now = dict(linked)
        for place in dict.fromkeys(places):
            if place.kind == LISTED:
                self._hand_over(earlier, market, place)
        self.linked = dict(self._now)
        self._planned: list[_Planned] = []
        self._gone: list[tuple[Place, str, Sequence[Open], Span | None]] = []

    def _hand_over(self, earlier: Market, market: Market, place: Place) -> None:
        """Give the open linked prices of a series to the listings that hold on their days now."""
        series, owners = market.series(place), [each[ID] for each in earlier.series(place)]
        open_ = [(owner, each) for owner in owners for each in self._now.pop(owner, ())]
        for owner, each in open_:
            holds = price_on(series, each[0])
            to = holds.id if holds is not None else owner
            self._now[to] = [*self._now.get(to, ()), each]

    def compare(
        self, market: Market, place: Place, span: Span, known: Sequence[Open], steps: Sequence[Step]
    ) -> None:
        """Plan the linked prices of a listing, and the end of those that no longer follow."""
        name, days = market.about(span.about).drug_name, {step.found.since for step in steps}
        self._keep(span.id, [[*each.content, _NOT_SAID, *each.found.place] for each in steps])
        self._planned.append(_Planned(place, span, name, known, steps))
        self._gone.append((place, name, [each for each in known if each[0] not in days], span))

    def end_all(
        self,
        market: Market,  # noqa: ARG002 - asked when it is said
        place: Place,
        name: str,
        known: Sequence[Open],
        identity: str,
    ) -> None:
        """Plan the end of every linked price of a listing that holds no more."""
        self._keep(identity, [])
        self._gone.append((place, name, known, None))

    def judgement(self, market: Market) -> Judgement:
        """Say what was planned; return the state with the linked prices that are open now."""
        self.linked = self._now
        for place, name, known, span in self._gone:
            self._end(market, place, name, known, span)
        for place, span, name, known, steps in self._planned:
            self._keep(span.id, self._said(place, span, name, known, steps))
        return super().judgement(market)

    def _keep(self, identity: str, still: Sequence[Open]) -> None:
        if still:
            self._now[identity] = still
        else:
            self._now.pop(identity, None)

    def _stands(self, place: Place, name: str, step: Step, known: Open) -> bool:
        """Return whether an open linked price says the same as one that follows now."""
        found, reference = step.found, Place(*known[PLACE])
        if reference[:2] != found.place[:2]:
            return False
        if (reference.kind == NEGOTIATED) != (found.place.kind == NEGOTIATED):
            return False
        content = [*step.content]
        content[REFERENCE] = known[REFERENCE]
        figures = (found.reference.price, bool(found.written), name)
        return known[:IDENTITY] == content and self._figures(place, reference, known) == figures

    def _figures(self, place: Place, where: Place, known: Open) -> tuple[int, bool, str] | None:
        """Return the reference's price, whether it was converted, and the product's name as they were said."""
        own = price_on(self._earlier.series(place), known[0])
        reference = span_of(self._earlier.series(where), known[REFERENCE])
        if own is None or reference is None:
            return None
        about, found = self._earlier.about(own.about), AS_IT_IS
        if where.product != place.product:
            theirs = self._earlier.about(reference.about)
            found = self._yardstick.between(theirs, about) or AS_IT_IS
        return reference.price, bool(found.written), about.drug_name

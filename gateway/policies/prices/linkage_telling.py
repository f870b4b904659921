"""联动的结论: how the linked prices that follow differ from those that are open, said with its reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from gateway.policies.policy import Judgement, because
from gateway.policies.prices.drawing import Drawing
from gateway.policies.prices.linkage_steps import Candidate, Step
from gateway.policies.prices.linkage_terms import SCOPE, LinkTerms
from gateway.policies.prices.listings import NEGOTIATED, Market, Place
from gateway.policies.prices.price_book import Span
from gateway.policies.ratio import priced
from gateway.policies.rulebook import Rulebook, Term
from schemas.events import PRICE_LINK_ENDED, PRICE_LINK_PROPOSED, PRICE_LINKED
from schemas.money import PRICE_SCALE, plain

RULE: Final = "R7"
POLICY: Final = "linkage"
Open = list[Any]
"""An open linked price as it lies in the state: [since, price, reference id, price before, ordered,
its own message id, the reference's product, region and kind]"""
_ORDERED, IDENTITY = 4, 5
"""Places of the effect and of its own message in an open linked price."""
PLACE: Final = slice(6, 9)
"""Places of the reference's product, region and kind in it."""


def in_force(listing: Span, linked: Sequence[Sequence[Any]], day: str) -> int:
    """Return a listing's price on a day: its own, or the lowest that it was ordered to take by then."""
    ordered: list[int] = [each[1] for each in linked if each[0] <= day and each[_ORDERED]]
    return min([listing.price, *ordered])


class Telling(Drawing):
    """The conclusions that one message leads to for one drug, in order."""

    policy = POLICY

    def __init__(self, key: str, cause: str, causes: Sequence[str], rules: Rulebook) -> None:
        super().__init__(key, cause, causes, rules)
        self.linked: Mapping[str, Sequence[Open]] = {}
        """The open linked prices by listing."""

    def compare(
        self, market: Market, place: Place, span: Span, known: Sequence[Open], steps: Sequence[Step]
    ) -> None:
        """Conclude the new linked prices of a listing, and the end of those that no longer follow."""
        name = market.about(span.about).drug_name
        still = self._said(place, span, name, known, steps)
        if still != known:
            self._keep(span.id, still)
        days = {each[0] for each in still}
        self._end(market, place, name, [each for each in known if each[0] not in days], span)

    def judgement(self, market: Market) -> Judgement:
        """Return the state with the linked prices that are open now, and the conclusions."""
        return Judgement({**market.state, "linked": self.linked}, self.conclusions())

    def _said(
        self,
        place: Place,
        span: Span,
        name: str,
        known: Sequence[Open],
        steps: Sequence[Step],
    ) -> list[Open]:
        """Conclude the linked prices of a listing that are new or other; return what is open of it now."""
        before = {each[0]: each for each in known}
        still: list[Open] = []
        said: dict[int, str] = {}
        for step in steps:
            one = before.get(step.found.since)
            if one is not None and self._stands(place, name, step, one):
                one = [*step.content, one[IDENTITY], *step.found.place]
            else:
                one = self._link(place, span, name, step, said.get(id(step.after), ""), one)
            said[id(step)] = one[IDENTITY]
            still.append(one)
        return still

    def _stands(self, place: Place, name: str, step: Step, known: Open) -> bool:  # noqa: ARG002
        """Return whether an open linked price is one that follows now."""
        return known[:IDENTITY] == [*step.content]

    def end_all(
        self, market: Market, place: Place, name: str, known: Sequence[Open], identity: str
    ) -> None:
        """Conclude the end of every linked price of a listing that holds no more."""
        self._keep(identity, [])
        self._end(market, place, name, known, None)

    def _keep(self, identity: str, still: Sequence[Open]) -> None:
        kept = {name: each for name, each in self.linked.items() if name != identity}
        self.linked = {**kept, identity: still} if still else kept

    def _end(
        self,
        market: Market,
        place: Place,
        name: str,
        known: Sequence[Open],
        span: Span | None,
    ) -> None:
        """Conclude that linked prices of a listing no longer follow; `span` None: it holds no more."""
        for since, price, reference, _, ordered, identity, *_ in known:
            listed = span if span is not None and span.holds_on(since) else None
            if listed is None:
                listed = market.effective(*place, since)
            now = in_force(listed, self.linked.get(listed.id, ()), since) if listed else None
            shown = f"现为 now {priced(now)}" if now is not None else "无挂网价 none listed"
            line = f"{priced(price)} 自 {since} 起不再成立 no longer follows; {shown}"
            causes = (identity, *self._causes, reference, listed.id if listed else "")
            data = {
                "linked_id": identity,
                "unified_code": place.product,
                "drug": self._key,
                "drug_name": name,
                "region": place.region,
                "price_ended": plain(price, PRICE_SCALE),
                "price_in_force": plain(now, PRICE_SCALE) if now is not None else None,
                "proposal": not ordered,
                "effective_from": since,
                "because": because(RULE, self._terms_of(place.region, since), [line], causes),
            }
            self.draw(PRICE_LINK_ENDED, data)

    def _link(
        self, place: Place, span: Span, name: str, step: Step, after: str, earlier: Open | None
    ) -> Open:
        """Conclude one linked price (or proposal) and return it as it lies in the state."""
        found = step.found
        replaces = earlier[IDENTITY] if earlier is not None else None
        data = {
            "unified_code": place.product,
            "drug": self._key,
            "drug_name": name,
            "region": place.region,
            "price_before": plain(step.before, PRICE_SCALE),
            "price_after": plain(found.price, PRICE_SCALE),
            "reference_code": found.place.product,
            "reference_region": found.place.region,
            "reference_price": plain(found.reference.price, PRICE_SCALE),
            "converted": bool(found.written),
            "effective_from": found.since,
            "follows": "negotiated" if found.place.kind == NEGOTIATED else "lowest",
            "replaces": replaces,
            "because": self._why(span, step, after, replaces or ""),
        }
        type_ = PRICE_LINKED if found.terms.ordered else PRICE_LINK_PROPOSED
        return [*step.content, self.draw(type_, data), *found.place]

    def _why(self, span: Span, step: Step, after: str, replaces: str) -> dict[str, Any]:
        found = step.found
        lines = [f"{priced(found.price)} < {priced(step.before)}"]
        if found.written:
            priced_in = priced(found.reference.price)
            lines.insert(0, f"{priced_in}{found.written} = {priced(found.price)}")
        causes = (span.id, found.reference_id, after, replaces, *(self._causes if replaces else ()))
        why = because(RULE, _terms_used(found), lines, causes)
        if found.written:
            more = self._rules.ratios.clauses
            why["clauses"] = list(dict.fromkeys((*why["clauses"], *more)))
        return why

    def _terms_of(self, region: str, day: str) -> list[Term]:
        """Return the term that links prices in a region on a day, or the nearest one there is."""
        terms = self._rules.of(region)
        found = terms.next_value(SCOPE, date.fromisoformat(day)) if terms is not None else None
        return [found] if found is not None else []


def _terms_used(found: Candidate) -> list[Term]:
    """Return the terms that a linked price rests on."""
    terms: LinkTerms = found.terms
    if found.place.kind == NEGOTIATED:
        used = [terms.negotiated, terms.effect]
    else:
        used = [terms.scope, terms.follows, terms.effect]
        used += [terms.conversion] if found.written else []
    return [each for each in used if each is not None]

"""价格联动 (R7): a listed, non-selected product follows a lower price that is in force elsewhere.

What is compared with what is the region's own term: `product` is the same unified product in other
provinces, `drug` any product of the same generic, converted by ratio (差比价) where strength or pack
differ. A region whose paper does not speak of linkage is left alone.

* References are listings only, of selected and listed products alike, never derived prices: two regions
  that follow each other cannot chase each other down.
* A linked price takes effect when both listings and the term are in force: on the latest of their days.
* Linkage never raises a price. The linked price is the price in force of that listing from then on, so
  nothing is applied twice; a new listing of the product starts anew.
* A price of zero is no price, and products that do not state comparable strengths are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from gateway.policies.listings import Listing, on_the_time_axis
from gateway.policies.policy import (
    Conclusion,
    Judgement,
    Scope,
    State,
    because,
    conclusion_identity,
)
from gateway.policies.ratio import convert, priced
from gateway.policies.rulebook import Rulebook, Term, Terms
from schemas.envelope import Message
from schemas.events import PRICE_LINKED, PRICE_LISTED
from schemas.money import PRICE_SCALE, plain
from schemas.price import PriceKind

RULE: Final = "R7"
_LISTED: Final = PriceKind.LISTED.value
_SELECTED: Final = PriceKind.SELECTED.value


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    """One reference for one listed product: from which day, at which price (10^-6 yuan)."""

    since: str
    price: int
    reference_id: str
    target: Listing = field(compare=False)
    reference: Listing = field(compare=False)
    terms: tuple[Term, ...] = field(compare=False)
    conversion: str = field(compare=False, default="")
    """Arithmetic of the ratio; "" where the two are compared as they are."""
    more_clauses: tuple[str, ...] = field(compare=False, default=())


class Linkage:
    """价格联动: listings in, linked prices out. One state per drug."""

    name: Final = "linkage"
    consumes: Final = frozenset({PRICE_LISTED})

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the drug's state."""
        return Scope(content["drug"])

    def begin(self, record: State | None) -> State:  # noqa: ARG002 - the port's form
        """Return a drug without listings."""
        return {"listings": [], "linked": {}}

    def remember(self, record: State | None, message: Message, content: State) -> State:  # noqa: ARG002
        """Keep nothing per region."""
        return record or {}

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one listing: as a reference for others, and as one that follows others."""
        arrived = Listing.of(message, content)
        kept = [each for each in state["listings"] if each["id"] != arrived.id]
        concerned = map(Listing.from_state, _concerned(kept, arrived, rules))
        listings = on_the_time_axis([*concerned, arrived])
        found = _Following(key, listings, state["linked"], message, rules)
        conclusions = found.conclusions(arrived.id)
        after = {"listings": [*kept, arrived.as_state()], "linked": found.linked}
        return Judgement(after, conclusions)

    def withdraw(
        self,
        key: str,  # noqa: ARG002 - the port's form
        state: State,
        gone: Message,
        content: State,  # noqa: ARG002
        by: Message,  # noqa: ARG002
        rules: Rulebook,  # noqa: ARG002
    ) -> Judgement:
        """Take back a listing and what it was linked to."""
        kept = [each for each in state["listings"] if each["id"] != gone.id]
        linked = {target: prices for target, prices in state["linked"].items() if target != gone.id}
        return Judgement({"listings": kept, "linked": linked})

    def forget(self, record: State | None, gone: Message, content: State) -> State:  # noqa: ARG002
        """Keep nothing per region."""
        return record or {}


def _concerned(kept: list[State], arrived: Listing, rules: Rulebook) -> list[State]:
    """Return the listings that must be looked at: most regions follow nobody, and only are followed."""
    if arrived.kind == _LISTED and _follows(rules, arrived.region):
        return kept
    return [
        each
        for each in kept
        if _follows(rules, each["region"])
        or (each["product"], each["region"], each["kind"]) == arrived.series
    ]


def _follows(rules: Rulebook, region: str) -> bool:
    terms = rules.of(region)
    return terms is not None and terms.speaks_of("linkage.scope")


def price_in_force(state: State, listing_id: str, day: str) -> int | None:
    """Return a listing's price (10^-6 yuan) on a day with what it was linked to; None: not in force."""
    listing = on_the_time_axis(map(Listing.from_state, state["listings"])).get(listing_id)
    if listing is None or not listing.holds_on(day):
        return None
    return _in_force(listing, state["linked"].get(listing_id, ()), day)[0]


def _in_force(listing: Listing, linked: Sequence[Sequence[Any]], day: str) -> tuple[int, str]:
    """Return (price, id of the message that linked it or "")."""
    since_then = [(price, cause) for since, price, cause in linked if since <= day]
    lowest = min(since_then, default=(listing.price, ""))
    return lowest if lowest[0] < listing.price else (listing.price, "")


class _Following:
    """All listings of one drug, and which of them follow which after one arrived."""

    def __init__(
        self,
        drug: str,
        listings: dict[str, Listing],
        linked: dict[str, list[list[Any]]],
        message: Message,
        rules: Rulebook,
    ) -> None:
        self._drug, self._listings, self._message, self._rules = drug, listings, message, rules
        self.linked = {target: list(prices) for target, prices in linked.items()}

    def conclusions(self, arrived_id: str) -> list[Conclusion]:
        """Return the linked prices that follow from one listing, earliest first, lowest first."""
        arrived = self._listings[arrived_id]
        others = [each for each in self._listings.values() if each is not arrived]
        pairs = [(arrived, other) for other in others] + [(other, arrived) for other in others]
        candidates = sorted(one for pair in pairs for one in self._candidates(*pair))
        drawn: list[Conclusion] = []
        for one in candidates:
            before, before_id = _in_force(one.target, self.linked.get(one.target.id, ()), one.since)
            if one.price < before:
                identity = conclusion_identity(
                    Linkage.name, self._message.id, self._drug, len(drawn)
                )
                drawn.append(self._conclusion(one, before, before_id))
                self.linked.setdefault(one.target.id, []).append([one.since, one.price, identity])
        return drawn

    def _candidates(self, target: Listing, reference: Listing) -> Iterator[_Candidate]:
        """Yield the price that `target` would take from `reference`, if it may follow it."""
        elsewhere = target.region[:2] != reference.region[:2]
        terms = self._rules.of(target.region)
        if target.kind != _LISTED or not elsewhere or terms is None or not reference.price:
            return
        both = max(target.since, reference.since)
        scope = terms.next_value("linkage.scope", date.fromisoformat(both))
        if scope is None:
            return
        since = max(both, scope.since.isoformat())
        in_force = target.holds_on(since) and reference.holds_on(since)
        if in_force and not self._selected_there(target, since):
            one = self._compared(target, reference, since, scope, terms)
            if one is not None and one.price > 0:
                yield one

    def _selected_there(self, target: Listing, day: str) -> bool:
        """Return whether the product is a selected one in its region on that day."""
        return any(
            each.kind == _SELECTED
            and each.product == target.product
            and each.region == target.region
            and each.holds_on(day)
            for each in self._listings.values()
        )

    def _compared(
        self, target: Listing, reference: Listing, since: str, scope: Term, terms: Terms
    ) -> _Candidate | None:
        day = date.fromisoformat(since)
        follows = terms.value("linkage.follows", day)
        used = tuple(each for each in (scope, follows) if each is not None)
        same = _same_form(target, reference)
        if target.product == reference.product or (scope.value == "drug" and same):
            return _Candidate(since, reference.price, reference.id, target, reference, used)
        conversion = terms.value("linkage.conversion", day)
        stated = target.form.content is not None and reference.form.content is not None
        if scope.value != "drug" or conversion is None or not stated:
            return None
        result = convert(reference.price, reference.form, target.form, self._rules.ratios)
        if result is None:
            return None
        price, arithmetic = result
        clauses = self._rules.ratios.clauses
        return _Candidate(
            since, price, reference.id, target, reference, (*used, conversion), arithmetic, clauses
        )

    def _conclusion(self, one: _Candidate, before: int, before_id: str) -> Conclusion:
        comparison = f"{priced(one.price)} < {priced(before)}"
        lines = [one.conversion, comparison] if one.conversion else [comparison]
        why = because(RULE, one.terms, lines, (one.target.id, one.reference.id, before_id))
        why["clauses"] = list(dict.fromkeys((*why["clauses"], *one.more_clauses)))
        return Conclusion(
            PRICE_LINKED,
            {
                "unified_code": one.target.product,
                "drug": self._drug,
                "drug_name": one.target.drug_name,
                "region": one.target.region,
                "price_before": plain(before, PRICE_SCALE),
                "price_after": plain(one.price, PRICE_SCALE),
                "reference_code": one.reference.product,
                "reference_region": one.reference.region,
                "reference_price": plain(one.reference.price, PRICE_SCALE),
                "converted": bool(one.conversion),
                "effective_from": one.since,
                "because": why,
            },
        )


def _same_form(one: Listing, other: Listing) -> bool:
    """Return whether two products can be compared as they are."""
    if one.form != other.form:
        return False
    if one.form.content is not None:
        return True
    return bool(one.specification) and one.specification == other.specification

"""交易资格 (R7): generics that have not passed consistency evaluation, while enough makers' products have.

The paper with this rule says: where the makers of a drug whose products have passed reach three, the
trading eligibility of generics that have not passed may be suspended while supply is ensured, and is
restored when they pass. Hence:

* makers are counted, not products, on each day; the number needed, whether it is an order or a proposal
  (可), and what it depends on besides (在确保供应的情况下) are terms;
* it concerns the drugs that are procured centrally: those with a selected product in the region, and of
  these only products that the platform says are generics (仿制药). What is not said is not assumed;
* a suspension begins on the first day on which all of it holds and ends on the first day on which one
  thing does not: the product passes, a pass is revoked and too few makers are left, nothing is selected.

What is suspended when is a function of listings, passes and terms; concluded is the difference to what
is open. A region whose paper is silent suspends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Final

from gateway.policies.policy import Judgement, Regionless, Scope, State
from gateway.policies.prices.eligibility_passes import (
    Days,
    Passes,
    at,
    common,
    days_passed,
    days_with_makers,
    joined,
    makers_on,
    outside,
    with_pass,
    without_pass,
)
from gateway.policies.prices.eligibility_telling import MAKERS, Suspension, Telling
from gateway.policies.prices.price_book import FOREVER, Series, day_after, spans
from gateway.policies.rulebook import Rulebook, Terms
from schemas.envelope import Message
from schemas.events import CONSISTENCY_PASSED, PRICE_LISTED
from schemas.listing import RestoredBecause
from schemas.price import PriceKind, ProductOrigin

_SELECTED: Final = PriceKind.SELECTED.value
_GENERIC: Final = ProductOrigin.GENERIC.value
_SINCE, _UNTIL, _ORIGIN, _CHOSEN, _NAME, _ORDER = range(6)


class Eligibility(Regionless):
    """交易资格: listings and passed evaluations in, suspensions and restorations out. One state per drug.

    Listings are kept by the region whose paper speaks: {region: {product: {message id: [first day, last
    day, origin, selected, name, place in the journal]}}}.
    """

    name: Final = "eligibility"
    consumes: Final = frozenset({PRICE_LISTED, CONSISTENCY_PASSED})
    nothing: ClassVar[State] = {"passes": {}, "listings": {}, "open": {}}

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the drug's state: a pass counts in every region."""
        return Scope(content["drug"])

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take a listing, or a product that passed."""
        after = _with(state, message, content, rules)
        if after is None:
            return Judgement()
        telling = Telling(key, message.id, (message.id,), rules)
        return _settled(after, _concerned(after, message, content, rules), telling, rules)

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
        """Take back a listing or a pass, and take another in in its place."""
        left = _without(state, gone, content, rules)
        if left is None:
            return None
        telling = Telling.correcting(key, gone, by, instead, rules)
        telling.names[content["unified_code"]] = content["drug_name"]
        taken = _with(left, by, instead, rules) if instead is not None else None
        after = taken or left
        concerned = _concerned(after, gone, content, rules)
        if taken is not None and instead is not None:
            for region, products in _concerned(after, by, instead, rules).items():
                others = concerned.get(region, ())
                concerned[region] = list(dict.fromkeys((*others, *products)))
            telling.renamed = _renamed(state, after, content, instead, rules)
        return _settled(after, concerned, telling, rules)


def _with(state: State, message: Message, content: State, rules: Rulebook) -> State | None:
    """Return the state with one more listing or pass; None where no paper speaks of it."""
    if message.type == CONSISTENCY_PASSED:
        return {**state, "passes": with_pass(state["passes"], message, content)}
    region = _speaking(rules, content["region"])
    return _with_listing(state, region, message, content) if region is not None else None


def _without(state: State, gone: Message, content: State, rules: Rulebook) -> State | None:
    """Return the state without a listing or pass; None where it does not know it."""
    if gone.type == CONSISTENCY_PASSED:
        passes = without_pass(state["passes"], gone.id)
        return {**state, "passes": passes} if passes is not state["passes"] else None
    region, product = _speaking(rules, content["region"]), content["unified_code"]
    of_region = state["listings"].get(region or "", {})
    if gone.id not in of_region.get(product, {}):
        return None
    left = {name: each for name, each in of_region[product].items() if name != gone.id}
    return {**state, "listings": {**state["listings"], region: {**of_region, product: left}}}


def _concerned(
    state: State, message: Message, content: State, rules: Rulebook
) -> dict[str, list[str]]:
    """Return which products a fact may concern, by region: a pass counts everywhere.

    Of listings a selected one decides of all, another one of its own product.
    """
    listings: Mapping[str, Mapping[str, Any]] = state["listings"]
    if message.type == CONSISTENCY_PASSED:
        return {region: list(of_region) for region, of_region in listings.items()}
    region = _speaking(rules, content["region"])
    if region is None:
        return {}
    selected = content["kind"] == _SELECTED
    return {region: list(listings[region]) if selected else [content["unified_code"]]}


def _settled(
    state: State, concerned: Mapping[str, Iterable[str]], telling: Telling, rules: Rulebook
) -> Judgement:
    """Conclude what is otherwise now for some products of some regions."""
    for region, products in concerned.items():
        state = _difference(state, region, products, telling, rules)
    return Judgement(state, telling.conclusions())


def _speaking(rules: Rulebook, region: str) -> str | None:
    """Return the region whose paper decides of a listing's eligibility; None where none speaks."""
    terms = rules.of(region)
    while terms is not None:
        if MAKERS in terms.values:
            return terms.code
        terms = terms.province
    return None


def _with_listing(state: State, region: str, message: Message, content: State) -> State:
    of_region = state["listings"].get(region, {})
    product = content["unified_code"]
    entry = [
        content["effective_from"],
        content.get("effective_to") or FOREVER,
        content.get("origin") or "",
        content["kind"] == _SELECTED,
        content["drug_name"],
        message.sequence,
    ]
    listed = {**of_region.get(product, {}), message.id: entry}
    return {
        **state,
        "listings": {**state["listings"], region: {**of_region, product: listed}},
    }


def _difference(
    state: State, region: str, products: Iterable[str], telling: Telling, rules: Rulebook
) -> State:
    """Infer what is suspended of some products, conclude how it differs from what is open."""
    terms, of_region = rules.of(region), state["listings"].get(region, {})
    if terms is None:
        return state
    suspending = _Suspending(state["passes"], of_region, terms)
    still: dict[str, Any] = dict(state["open"])
    for product in products:
        place = f"{region}/{product}"
        wanted = list(suspending.of(product))
        known = still.pop(place, {})
        if wanted or known:
            name = _name(of_region[product]) or telling.names[product]
            told = telling.compare((product, name, region), known, wanted)
            if told:
                still[place] = told
    return {**state, "open": still}


def _renamed(before: State, after: State, gone: State, instead: State, rules: Rulebook) -> set[str]:
    """Return the product of a listing that stands in the place of another one and names it otherwise."""
    code, region = gone["unified_code"], _speaking(rules, gone["region"])
    if code != instead["unified_code"] or gone["drug_name"] == instead["drug_name"]:
        return set()
    told = (_name(each["listings"].get(region, {}).get(code, {})) for each in (before, after))
    return {code} if len(set(told)) > 1 else set()


def _name(listed: Mapping[str, list[Any]]) -> str:
    """Return how the latest of a product's listings calls it; "" where there is none."""
    names = [(entry[_SINCE], identity, entry[_NAME]) for identity, entry in listed.items()]
    return max(names)[2] if names else ""


class _Suspending:
    """What follows for one region's products of one drug."""

    def __init__(
        self,
        passes: Passes,
        listings: Mapping[str, Mapping[str, list[Any]]],
        terms: Terms,
    ) -> None:
        self._passes, self._listings, self._terms = passes, listings, terms
        self._selected = joined(
            Days(span.since, span.until, (span.id,))
            for of_product in listings.values()
            for span in spans(_selected_series(of_product))
        )
        self._days = list(self._days_of_suspension()) if self._selected else []

    def _days_of_suspension(self) -> Iterator[Days]:
        """Yield the days on which the term holds, the drug is procured centrally and enough makers passed."""
        for term in self._terms.values.get(MAKERS, ()):
            until = term.until.isoformat() if term.until is not None else FOREVER
            enough = days_with_makers(self._passes, int(term.value))
            held = [Days(term.since.isoformat(), until, ())]
            yield from common(common(enough, self._selected), held)

    def of(self, product: str) -> Iterator[Suspension]:
        """Yield a product's suspensions in order; none where it is not said to be a generic."""
        listed = {k: e for k, e in self._listings.get(product, {}).items() if not e[_CHOSEN]}
        if not self._days or _origin(listed) != _GENERIC:
            return
        first, identity = min((entry[_SINCE], name) for name, entry in listed.items())
        passed = days_passed(self._passes, product)
        after_first = common(self._days, [Days(first, FOREVER, ())])
        for days in outside(joined(after_first), passed):
            reason, ends = self._ending(days.until, passed)
            selected = at(self._selected, days.since)
            facts = (identity, *(selected.because[:1] if selected else ()))
            makers = makers_on(self._passes, days.since)
            yield Suspension(days.since, days.until, reason, makers, facts, ends)

    def _ending(self, until: str, passed: Sequence[Days]) -> tuple[str, tuple[str, ...]]:
        """Return why a suspension ends after its last day, and the messages that say so."""
        if until == FOREVER:
            return "", ()
        after = day_after(until)
        own = at(passed, after)
        if own is not None:
            return RestoredBecause.PASSED, own.because
        chosen = at(self._selected, after)
        if chosen is None:
            last = at(self._selected, until)
            return RestoredBecause.NOT_SELECTED, last.because if last else ()
        if self._terms.value(MAKERS, date.fromisoformat(after)) is None:
            return RestoredBecause.TERM_ENDED, ()
        return RestoredBecause.MAKERS_BELOW, tuple(makers_on(self._passes, after).values())


def _selected_series(listed: Mapping[str, list[Any]]) -> Series:
    """Return a product's selected listings as a series of the price book: a later one ends the earlier."""
    return sorted(
        [entry[_SINCE], entry[_ORDER], identity, 0, entry[_UNTIL], None]
        for identity, entry in listed.items()
        if entry[_CHOSEN]
    )


def _origin(listed: Mapping[str, list[Any]]) -> str:
    """Return what the latest listing that says anything says the product is."""
    told = [(entry[_SINCE], name, entry[_ORIGIN]) for name, entry in listed.items()]
    return max((each for each in told if each[2]), default=("", "", ""))[2]

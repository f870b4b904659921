"""替代采购 (R12): when a selected product fails, other provinces' selected products are bought first.

One state per drug knows all regions' selected products (中选药品) with their prices, and where which product
was declared to fail (无法保障供应). For each failure, until supply is restored, the selected products of the
same generic in other provinces are listed, cheapest first, with the days on which their prices are in
force; prices that ended before the failure began are left out. Prices are compared for the failing
product's strength and pack by 差比价; what cannot be converted comes after what can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from gateway.policies.claims import Claim, Difference
from gateway.policies.policy import (
    Judgement,
    Regionless,
    Scope,
    State,
    because,
    correction_cause,
    in_key,
)
from gateway.policies.prices.listings import NO_LISTINGS, SELECTED, About, Market, Place, about_of
from gateway.policies.prices.price_book import FOREVER, Span, entry_of, spans
from gateway.policies.quarters import day_in_china
from gateway.policies.ratio import convert, priced
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message
from schemas.events import (
    PRICE_LISTED,
    SUPPLY_FAILED,
    SUPPLY_RESTORED,
    SUPPLY_SUBSTITUTION_ENDED,
    SUPPLY_SUBSTITUTION_LISTED,
)
from schemas.money import PRICE_SCALE, plain
from schemas.supply import FailureGround

RULE: Final = "R12"
MOST_LISTED: Final = 2000
_SUPPLY: Final = {SUPPLY_FAILED: "failed", SUPPLY_RESTORED: "restored"}
_ENDS: Final = {SUPPLY_SUBSTITUTION_LISTED: SUPPLY_SUBSTITUTION_ENDED}
_ABOUT: Final = ("unified_code", "drug", "drug_name", "region")


class Substitution(Regionless):
    """替代采购: selected prices, failures and restorations in; lists of substitutes out."""

    name: Final = "substitution"
    consumes: Final = frozenset({PRICE_LISTED, *_SUPPLY})
    nothing: ClassVar[State] = {**NO_LISTINGS, "failed": {}, "restored": {}, "open": {}}

    def keys(self, message: Message, content: State) -> Scope:
        """Return the drug's state; prices of other kinds and other failures concern none."""
        if message.type == PRICE_LISTED and content["kind"] != SELECTED:
            return Scope()
        if message.type == SUPPLY_FAILED and content["ground"] != FailureGround.UNABLE:
            return Scope()
        return Scope(in_key(content["drug"]))

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one selected price, failure or restoration."""
        after = _with(state, message, content)
        if after is None:
            return Judgement()
        if message.type == PRICE_LISTED and not state["failed"]:
            return Judgement(after)
        return _settled(key, after, message, message.id, rules)

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
        """Take back one selected price, failure or restoration, and take another in in its place."""
        after = _without(state, gone, content)
        if after is None:
            return None
        if instead is not None:
            after = _with(after, by, instead) or after
        return _settled(key, after, by, correction_cause(by.id, instead), rules)


def _with(state: State, message: Message, content: State) -> State | None:
    """Return the state with one more price, failure or restoration; None where it is known."""
    if message.type == PRICE_LISTED:
        place, about = _place(content), about_of(content)
        market = Market(state)
        if any(each[2] == message.id for each in market.series(place)):
            return None
        return market.with_entry(place, entry_of(message, content), about).state
    kind = _SUPPLY[message.type]
    if message.id in state[kind]:
        return None
    return {**state, kind: {**state[kind], message.id: _fact(content)}}


def _without(state: State, gone: Message, content: State) -> State | None:
    """Return the state without a price, failure or restoration; None where it is not known."""
    if gone.type == PRICE_LISTED:
        market = Market(state)
        left = market.without_entry(_place(content), gone.id)
        return None if left is market else left.state
    kind = _SUPPLY[gone.type]
    if gone.id not in state[kind]:
        return None
    kept = {identity: each for identity, each in state[kind].items() if identity != gone.id}
    return {**state, kind: kept}


def _place(content: Mapping[str, Any]) -> Place:
    return Place(content["unified_code"], content["region"], SELECTED)


def _fact(content: State) -> dict[str, str]:
    named = ("unified_code", "drug", "drug_name", "region")
    since = content.get("failed_from") or content["restored_from"]
    return {name: content[name] for name in named} | {"from": since}


def _settled(key: str, state: State, message: Message, cause: str, rules: Rulebook) -> Judgement:
    on = day_in_china(message.time)
    difference = Difference(Substitution.name, key, cause, message.id, on, state["open"], _ENDS)
    return difference.judgement(state, _claims(state, on, rules))


def _claims(state: State, on: str, rules: Rulebook) -> Iterator[tuple[str, Claim]]:
    """Yield the list for each failure; of several of one product and region the earliest stands."""
    restored = sorted(state["restored"].values(), key=lambda each: each["from"])
    order = sorted(state["failed"].items(), key=lambda each: (each[1]["from"], each[0]))
    failures = reversed(order)  # of one slot the last one yielded stands
    for identity, failed in failures:
        term = rules.term(failed["region"], "substitution.first", failed["from"])
        if term is None or any(_restores(each, failed) for each in restored):
            continue
        found = _substitutes(state, failed, rules)
        data = {
            **{name: failed[name] for name in _ABOUT},
            "failed_from": failed["from"],
            "substitutes": [each.shown for each in found[:MOST_LISTED]],
            "found_on": max(on, failed["from"]),
            "because": _why(term, identity, found),
        }
        slot = f"{failed['region']}/{failed['unified_code']}"
        yield slot, Claim(SUPPLY_SUBSTITUTION_LISTED, data, _ABOUT)


def _restores(restored: Mapping[str, str], failed: Mapping[str, str]) -> bool:
    """Tell whether a restoration ends a failure: of the product there, or in a region above."""
    return (
        restored["unified_code"] == failed["unified_code"]
        and restored["from"] >= failed["from"]
        and restored["region"]
        in (failed["region"], f"{failed['region'][:4]}00", province_of(failed["region"]))
    )


class _Candidate:
    """One other province's selected product with one of its prices."""

    def __init__(self, place: Place, span: Span, about: About, converted: int | None) -> None:
        self.id = span.id
        self._place, self._span, self._about, self._converted = place, span, about, converted

    @property
    def order(self) -> tuple[Any, ...]:
        """Return what it is sorted by: converted price, else its own; then product, region, days."""
        price = self._span.price if self._converted is None else self._converted
        place = (self._place.product, self._place.region, self._span.since)
        return (self._converted is None, price, *place)

    @property
    def shown(self) -> dict[str, Any]:
        """Return it as it stands in the list."""
        found = {
            "unified_code": self._place.product,
            "region": self._place.region,
            "unit_price": plain(self._span.price, PRICE_SCALE),
            "effective_from": self._span.since,
        }
        if self._converted is not None:
            found["converted_price"] = plain(self._converted, PRICE_SCALE)
        if self._about.specification:
            found["specification"] = self._about.specification
        if self._span.until != FOREVER:
            found["effective_to"] = self._span.until
        return found

    @property
    def line(self) -> str:
        """Return it as a line of the arithmetic."""
        own = priced(self._span.price)
        if self._converted is None:
            return f"{self._place.product} {self._place.region}: {own} (不可折算 not convertible)"
        return f"{self._place.product} {self._place.region}: {own} → {priced(self._converted)}"


def _substitutes(state: State, failed: Mapping[str, str], rules: Rulebook) -> list[_Candidate]:
    market = Market(state)
    own = _form_of(market, failed["unified_code"])
    found: list[_Candidate] = []
    for product in market.products():
        if product == failed["unified_code"]:
            continue
        for key, series in market.of_product(product).items():
            region = key.split("/", 1)[0]
            if province_of(region) == province_of(failed["region"]):
                continue
            for span in spans(series, failed["from"]):
                about = market.about(span.about)
                converted = convert(span.price, about.form, own.form, rules.ratios) if own else None
                place = Place(product, region, SELECTED)
                found.append(
                    _Candidate(place, span, about, converted[0] if converted is not None else None)
                )
    return sorted(found, key=lambda each: each.order)


def _form_of(market: Market, product: str) -> About | None:
    """Return what the failing product's latest selected listing says of its strength and pack."""
    listed = [
        (each[0], each[1], each[2], each[-1])
        for series in market.of_product(product).values()
        for each in series
    ]
    return market.about(max(listed)[-1]) if listed else None


def _why(term: Term, failure: str, found: list[_Candidate]) -> dict[str, Any]:
    lines = [f"{at}. {each.line}" for at, each in enumerate(found, 1)]
    none = ["其他省份没有已知的同通用名中选药品 no other province's selected product is known"]
    return because(RULE, (term,), lines or none, (failure, *(each.id for each in found)))

"""支付标准上限 (R6): a product that is not selected, by the selected ones of the same category and function.

The paper with this rule says: the payment standard of a non-selected product is not above the highest
selected price of the products of the same category and similar function. Which products these are the
platform says with the listing (`comparison_group`); prices are compared per minimum unit, as they are.
A cap is no standard: what lies below it the authority decides, and the gateway concludes none.

A group's prices are kept per province. Whoever moves a product to another group corrects the listing, or
lets it end: a later listing in another group does not reach the first one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Final

from gateway.policies.policy import Judgement, Regionless, Scope, State, because
from gateway.policies.prices.drawing import NamingDrawing
from gateway.policies.prices.listings import (
    LISTED,
    NO_LISTINGS,
    REGION_END,
    SELECTED,
    Market,
    Place,
    full_about,
)
from gateway.policies.prices.payment_standard_ceiling import Ceiling
from gateway.policies.prices.payment_standard_pieces import (
    Change,
    Found,
    Piece,
    Speaker,
    changes,
    pieces,
    regions_concerned,
    speaker,
    turns_of,
    turns_of_terms,
)
from gateway.policies.prices.price_book import entry_of, holding
from gateway.policies.ratio import priced
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook
from schemas.envelope import Message
from schemas.events import (
    PAYMENT_STANDARD_CAP_ENDED,
    PAYMENT_STANDARD_CAPPED,
    PRICE_LISTED,
)
from schemas.money import PRICE_SCALE, plain

RULE: Final = "R6"
CAP: Final = "payment_standard.cap"
_HIGHEST: Final = 2
"""Place of the product whose price it is in an open cap."""


class PaymentCap(Regionless):
    """支付标准上限: listings in, caps out. One state per province and comparison group."""

    name: Final = "payment_cap"
    consumes: Final = frozenset({PRICE_LISTED})
    nothing: ClassVar[State] = {**NO_LISTINGS, "drugs": {}, "open": {}}

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the group's state; a listing without a group concerns none."""
        group = content.get("comparison_group")
        return Scope(f"{province_of(content['region'])}/{group}" if group else "")

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one listing of the group."""
        after = _with(state, message, content, rules)
        if after is None:
            return Judgement()
        return _Capping(key, message.id, (message.id,), rules).difference(after, [content])

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
        """Take back a listing, and take another in in its place."""
        left = Market(state).without_entry(_place(content), gone.id).state
        if left is state:
            return None
        taken = _with(left, by, instead, rules) if instead is not None else None
        drawing = _Capping.correcting(key, gone, by, instead, rules)
        drawing.names[content["unified_code"]] = content["drug_name"]
        if taken is None or instead is None:
            return drawing.difference(left, [content])
        drawing.note_names(Market(state), Market(taken), content, instead)
        return drawing.difference(taken, [content, instead])


def _place(content: State) -> Place:
    return Place(content["unified_code"], content["region"], content["kind"])


def _with(state: State, message: Message, content: State, rules: Rulebook) -> State | None:
    """Return the state with one more listing; None where no paper speaks of it."""
    if not regions_concerned(rules, content["region"], CAP, ()):
        return None
    place = _place(content)
    after = Market(state).with_entry(place, entry_of(message, content), full_about(content)).state
    return {**after, "drugs": {**state["drugs"], place.product: content["drug"]}}


class _Capping(NamingDrawing):
    """The conclusions that one message leads to for one group, in order."""

    policy = PaymentCap.name

    def difference(self, state: State, contents: Sequence[State]) -> Judgement:
        """Infer the caps that some listings may concern; conclude how they differ from what is open."""
        market, still = Market(state), dict(state["open"])
        for region, here in self._regions(market, contents).items():
            ceiling = Ceiling(market, region)
            for code in sorted({each for one in here for each in _products(market, one)}):
                known = still.get(f"{region}/{code}", {})
                if not any(_may_move(code, one, ceiling, known) for one in here):
                    continue  # another one was the highest, and is
                speaks = speaker(self._rules, region, market.of_product(code))
                wanted = _caps(market, speaks, code, ceiling) if speaks is not None else []
                still.pop(f"{region}/{code}", None)
                told = self._compare(market, state["drugs"], (code, region), known, wanted)
                if told:
                    still[f"{region}/{code}"] = told
        return Judgement({**market.state, "open": still}, self.conclusions())

    def _regions(self, market: Market, contents: Sequence[State]) -> dict[str, list[State]]:
        """Return the regions whose caps some listings may concern, each with these listings."""
        found: dict[str, list[State]] = {}
        for content in contents:
            listed = [key for each in _products(market, content) for key in market.of_product(each)]
            below = {key[: REGION_END - 1] for key in listed}
            for region in regions_concerned(self._rules, content["region"], CAP, below):
                found.setdefault(region, []).append(content)
        return found

    def _compare(
        self,
        market: Market,
        drugs: dict[str, str],
        place: tuple[str, str],
        known: dict[str, list[Any]],
        wanted: Sequence[Piece],
    ) -> dict[str, list[Any]]:
        still = dict(known)
        again = place[0] in self.renamed
        for change in changes(known, wanted, ends_first=self._in_place, again=again):
            about = {
                "unified_code": place[0],
                "drug": drugs.get(place[0], place[0]),
                "drug_name": self.name_of(market, place[0]),
                "region": place[1],
                "comparison_group": self._key.partition("/")[2],
                "effective_from": change.since,
            }
            if change.piece is None:
                del still[change.since]
                self._end(about, change)
            else:
                identity = self._set(about, change.piece, change.known)
                still[change.since] = [identity, change.piece.content]
        return still

    def _set(self, about: dict[str, Any], piece: Piece, replaces: str) -> str:
        found = piece.found
        causes = (*found.facts, replaces, *(self._causes if replaces else ()))
        data = about | {
            "cap_price": plain(found.content[0], PRICE_SCALE),
            "highest_code": found.content[1],
            "effective_to": piece.until or None,
            "replaces": replaces or None,
            "because": because(RULE, found.terms, found.arithmetic, causes),
        }
        return self.draw(PAYMENT_STANDARD_CAPPED, data)

    def _end(self, about: dict[str, Any], change: Change) -> None:
        terms = self._rules.of(about["region"])
        day = date.fromisoformat(change.since)
        term = terms.next_value(CAP, day) if terms is not None else None
        line = f"自 {change.since} 起不再成立 no longer follows"
        why = because(
            RULE, [term] if term is not None else [], [line], (change.known, *self._causes)
        )
        data = about | {"cap_id": change.known, "because": why}
        self.draw(PAYMENT_STANDARD_CAP_ENDED, data)


def _products(market: Market, content: State) -> set[str]:
    """Return the products whose caps a listing may concern: of a selected one all of the group."""
    own: str = content["unified_code"]
    return {own, *market.products()} if content["kind"] == SELECTED else {own}


def _may_move(code: str, content: State, ceiling: Ceiling, known: Mapping[str, list[Any]]) -> bool:
    """Return whether a listing may move the cap on a product: its own, or where it is the highest."""
    own = content["unified_code"]
    if code == own:
        return True
    return content["kind"] == SELECTED and (own in ceiling.codes or _rests_on(known, own))


def _rests_on(known: Mapping[str, list[Any]], code: str) -> bool:
    """Return whether an open cap is the price of a product."""
    return any(content[_HIGHEST] == code for _, content in known.values())


def _caps(market: Market, speaks: Speaker, product: str, ceiling: Ceiling) -> list[Piece]:
    """Return the caps on one product from day to day."""
    listed = market.above(product, speaks.region, LISTED)
    if not any(market.about(span.about).insured is True for span in listed):
        return []
    chosen = market.above(product, speaks.region, SELECTED)

    def turns() -> Iterator[str]:
        yield from turns_of((*listed, *chosen))
        yield from ceiling.days
        yield from turns_of_terms(speaks.terms, (CAP,))

    def on(day: str) -> Found | None:
        own, highest = holding(listed, day), ceiling.on(day)
        if own is None or highest is None or holding(chosen, day):
            return None
        term = speaks.value(CAP, day)
        if term is None or not speaks.speaks(CAP, day):
            return None
        if market.about(own.about).insured is not True:
            return None
        price, code, identity = highest
        line = f"同组最高中选价 highest selected price of the group: {priced(price)} ({code})"
        return Found((price, code), (term,), (line,), (own.id, identity))

    return pieces(turns(), on)

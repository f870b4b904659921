"""同品种目录 (R5, R8): tells the purchases' policies which products of a drug are selected, from the listings.

Listings come by the thousand and belong to a drug, purchases to an institution: so that not every listing is
put to every institution, a drug's products are described in one message, anew only when the description
changes, and only in provinces whose paper limits what else may be bought or at which price.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Final

from gateway.policies.policy import Conclusion, Judgement, Regionless, Scope, State, because
from gateway.policies.regions import province_of
from gateway.policies.rulebook import Rulebook, Term
from schemas.envelope import Message
from schemas.events import PRICE_LISTED, VOLUME_DRUG_DESCRIBED
from schemas.price import PriceKind

RULE: Final = "R5"
_TERMS: Final = ("cap.non_selected", "cap.conversion", "term.over_task_price")
_SELECTED: Final = PriceKind.SELECTED.value
_FOREVER: Final = "9999-12-31"


class DrugProducts(Regionless):
    """同品种目录: listings in, the products of a drug out. One state per province and drug."""

    name: Final = "drug_products"
    consumes: Final = frozenset({PRICE_LISTED})
    nothing: ClassVar[State] = {"listings": [], "revision": 0, "told": []}

    def keys(self, message: Message, content: State) -> Scope:  # noqa: ARG002 - the port's form
        """Return the drug's state in the province."""
        return Scope(f"{province_of(content['region'])}/{content['drug']}")

    def judge(
        self, key: str, state: State, message: Message, content: State, rules: Rulebook
    ) -> Judgement:
        """Take one listing, unless no paper of its region wants to know."""
        known, terms = state["listings"], _terms(rules, content)
        new = _new(known, message, content, terms)
        if not new:
            return Judgement()
        return _described(key, {**state, "listings": [*known, *new]}, terms, message, content)

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
        """Take back a listing, or put another in its place."""
        known = state["listings"]
        place = next((at for at, each in enumerate(known) if each["id"] == gone.id), None)
        if place is None:
            return None
        before, after = known[:place], known[place + 1 :]
        new: list[State] = []
        if instead is not None:
            new = _new([*before, *after], by, instead, _terms(rules, instead))
        said = instead if instead is not None and new else content
        terms = _terms(rules, said)
        if not terms:
            return Judgement()
        listings = [*before, *new, *after]
        return _described(key, {**state, "listings": listings}, terms, by, said)


def _new(
    known: Sequence[State], message: Message, content: State, terms: Sequence[Term]
) -> list[State]:
    """Return what a listing adds to those that are known: itself, unless nobody wants to know it."""
    if not _matters(content, terms) or any(each["id"] == message.id for each in known):
        return []
    return [_listing(message, content)]


def _matters(content: State, terms: Sequence[Term]) -> bool:
    """Return whether a listing says anything that is asked for: a selected product, or a content."""
    if content["kind"] == _SELECTED:
        return bool(terms)
    return bool(content.get("strength")) and any(t.name == "cap.conversion" for t in terms)


def _terms(rules: Rulebook, content: State) -> list[Term]:
    """Return the terms that want to know of a listing: those of its region, from its first day on."""
    terms = rules.of(content["region"])
    if terms is None:
        return []
    on = date.fromisoformat(content["effective_from"])
    found = [terms.next_value(name, on) for name in _TERMS]
    return [term for term in found if term is not None]


def _described(
    key: str, state: State, terms: Sequence[Term], message: Message, content: State
) -> Judgement:
    placed = _on_the_time_axis(state["listings"])
    selected = [each for each in placed if each["kind"] == _SELECTED]
    if not selected and not state["told"]:  # not in the procurement (yet): nobody needs to know
        return Judgement(state)
    wants_content = any(term.name == "cap.conversion" for term in terms)
    others = [each for each in placed if each["kind"] != _SELECTED and each["content"]]
    products = [_span(each) for each in selected]
    products += _others(others) if wants_content else []
    products.sort(key=lambda each: (each["unified_code"], not each["selected"], each["since"]))
    if products == state["told"]:
        return Judgement(state)
    revision = state["revision"] + 1
    count = len({each["unified_code"] for each in products if each["selected"]})
    lines = [f"中选产品 selected products: {count}"]
    causes = (*(each["id"] for each in (*selected, *(others if wants_content else ()))), message.id)
    data = {
        "drug": content["drug"],
        "drug_name": content["drug_name"],
        "region": key.split("/", 1)[0],
        "revision": revision,
        "products": products,
        "found_on": content["effective_from"],
        "because": because(RULE, terms, lines, causes),
    }
    after = {**state, "revision": revision, "told": products}
    return Judgement(after, [Conclusion(VOLUME_DRUG_DESCRIBED, data)])


def _listing(message: Message, content: State) -> State:
    strength = content.get("strength") or {}
    return {
        "id": message.id,
        "product": content["unified_code"],
        "region": content["region"],
        "kind": content["kind"],
        "price": content["unit_price"],
        "since": content["effective_from"],
        "until": content.get("effective_to") or _FOREVER,
        "content": strength.get("content"),
        "unit": strength.get("unit", ""),
        "order": message.sequence,
    }


def _on_the_time_axis(listings: Sequence[State]) -> list[State]:
    """Return the listings, each ended by the next of its product, region and kind.

    Of two that begin on one day the one recorded later counts; the other never holds and is left out.
    """
    series: dict[tuple[str, str, str], list[State]] = {}
    for each in listings:
        place = (each["product"], each["region"], each["kind"])
        series.setdefault(place, []).append(each)
    placed: list[State] = []
    for found in series.values():
        found.sort(key=lambda each: (each["since"], each["order"], each["id"]))
        for at, each in enumerate(found):
            until = each["until"]
            if at + 1 < len(found):
                until = min(until, _day_before(found[at + 1]["since"]))
            if until >= each["since"]:
                placed.append({**each, "until": until})
    return placed


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _span(listing: State) -> dict[str, Any]:
    found = {
        "unified_code": listing["product"],
        "region": listing["region"],
        "selected": True,
        "unit_price": listing["price"],
        "since": listing["since"],
        "until": listing["until"],
    }
    return found | _content(listing)


def _content(listing: State) -> dict[str, Any]:
    if listing["content"] is None:
        return {}
    return {"content": listing["content"], "unit": listing["unit"]}


def _others(listings: Sequence[State]) -> list[dict[str, Any]]:
    """Return each other product once: only its content matters, and the last listing says it."""
    latest: dict[str, State] = {}
    for each in sorted(listings, key=lambda one: (one["since"], one["order"], one["id"])):
        latest[each["product"]] = each
    return [
        {
            "unified_code": each["product"],
            "region": each["region"],
            "selected": False,
            "since": each["since"],
            "until": each["until"],
            **_content(each),
        }
        for each in latest.values()
    ]

"""优先推荐 (R13): which selected products of a generic a prescribing system offers first.

A pure function over what the substitution policy keeps of a drug; a hospital's system asks it by generic.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.policies.policy import State
from gateway.policies.prices.listings import SELECTED, Market
from gateway.policies.rulebook import Rulebook
from schemas.money import PRICE_SCALE, plain


@dataclass(frozen=True, slots=True)
class Hint:
    """推荐: a selected product in force where the prescription is written."""

    unified_code: str
    drug_name: str
    specification: str
    unit_price: str
    effective_from: str
    message_id: str
    """Of the listing that says so."""
    clause: str


def selected_first(state: State, region: str, on: str, rules: Rulebook) -> tuple[Hint, ...]:
    """Return a drug's selected products in force in a region on a day (ISO), cheapest first.

    `state` is the drug's state of the policy `substitution`. A region whose paper asks for no hint gets
    none. The nearest region's price counts: a county's own before its city's before its province's.
    """
    term = rules.term(region, "prescribing.hint", on)
    if term is None:
        return ()
    market = Market(state)
    found = []
    for product in market.products():
        span = market.effective(product, region, SELECTED, on)
        if span is not None:
            about = market.about(span.about)
            hint = Hint(
                product,
                about.drug_name,
                about.specification,
                plain(span.price, PRICE_SCALE),
                span.since,
                span.id,
                term.clause,
            )
            found.append((span.price, product, hint))
    return tuple(hint for _, _, hint in sorted(found, key=lambda each: each[:2]))

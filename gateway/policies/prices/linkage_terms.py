"""联动条款: what a region's papers say of price linkage, as stretches of days with one meaning each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from gateway.policies.prices.price_book import FOREVER, day_after, day_before
from gateway.policies.rulebook import Rulebook, Term, Terms

SCOPE: Final = "linkage.scope"
FOLLOWS: Final = "linkage.follows"
CONVERSION: Final = "linkage.conversion"
EFFECT: Final = "linkage.effect"
NEGOTIATED: Final = "linkage.negotiated"
_NAMES: Final = (SCOPE, FOLLOWS, CONVERSION, EFFECT, NEGOTIATED)


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """The terms in force from `since` to `until`, both inclusive; None where the papers are silent."""

    since: str
    until: str
    scope: Term | None
    follows: Term | None
    conversion: Term | None
    effect: Term | None
    negotiated: Term | None

    @property
    def by_drug(self) -> bool:
        """Return whether any product of the same generic is followed, not the same product only."""
        return self.scope is not None and self.scope.value == "drug"

    @property
    def everywhere(self) -> bool:
        """Return whether other regions of the same province are followed too."""
        return self.follows is not None and self.follows.value == "lowest_anywhere"

    @property
    def ordered(self) -> bool:
        """Return whether a linked price takes effect by itself; else it is a proposal."""
        return self.effect is not None and self.effect.value == "order"

    @property
    def speaks(self) -> bool:
        """Return whether anything is to be followed at all, and with which effect."""
        says = (self.scope is not None and self.follows is not None) or self.negotiated is not None
        return says and self.effect is not None


def link_terms(rules: Rulebook, region: str) -> tuple[LinkTerms, ...]:
    """Return the stretches of days on which a region's papers link prices, in order; mostly none."""
    terms = rules.of(region)
    if terms is None or not any(terms.speaks_of(name) for name in (SCOPE, NEGOTIATED)):
        return ()
    return tuple(each for each in _stretches(terms) if each.speaks)


def _stretches(terms: Terms) -> Iterator[LinkTerms]:
    days = sorted(set(_turning_days(terms)))
    for since, following in pairwise([*days, FOREVER]):
        on = date.fromisoformat(since)
        until = FOREVER if following == FOREVER else day_before(following)
        yield LinkTerms(since, until, *(terms.value(name, on) for name in _NAMES))


def _turning_days(terms: Terms | None) -> Iterator[str]:
    """Yield every day on which a value of linkage begins, or no longer holds."""
    while terms is not None:
        for name in _NAMES:
            for term in terms.values.get(name, ()):
                yield term.since.isoformat()
                if term.until is not None:
                    yield day_after(term.until.isoformat())
        terms = terms.province

"""条款与差比价: a region's terms and the ratios as the policies see them: typed, dated, with clauses.

Read from files by `terms.py`. What a paper does not say is None here, never a default of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from gateway.policies.regions import regions_above
from gateway.policies.workdays import Workdays

_PROVINCE: Final = 2
_REMEMBERED: Final = 65_536
"""Answers of which term is in force: a region and a term for each day that anything happens on."""


@dataclass(frozen=True, slots=True)
class Term:
    """One value of one term: what the paper's clause says, from a day on (until a day, inclusive)."""

    name: str
    value: str
    clause: str
    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Return whether the value is in force on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Terms:
    """One region's terms; what it does not say itself its province may say."""

    code: str
    name: str
    paper_number: str
    paper_title: str
    values: Mapping[str, tuple[Term, ...]]
    province: Terms | None = None

    def value(self, name: str, on: date) -> Term | None:
        """Return the term in force on a day, None where the papers are silent."""
        for term in self.values.get(name, ()):
            if term.holds_on(on):
                return term
        return self.province.value(name, on) if self.province is not None else None

    def speaks_of(self, name: str) -> bool:
        """Return whether the papers have the term at all, on whatever days."""
        return name in self.values or (self.province is not None and self.province.speaks_of(name))

    def versions(self, name: str) -> tuple[Term, ...]:
        """Return every value that the papers give a term, on whatever days: its own and its province's."""
        above = self.province.versions(name) if self.province is not None else ()
        return (*self.values.get(name, ()), *above)

    def next_value(self, name: str, on: date) -> Term | None:
        """Return the term in force on a day, or else the first that comes into force after it."""
        found = self.value(name, on)
        if found is not None:
            return found
        later = [term for term in self.values.get(name, ()) if term.since > on]
        if later:
            return min(later, key=lambda term: term.since)
        return self.province.next_value(name, on) if self.province is not None else None


@dataclass(frozen=True, slots=True)
class Ratios:
    """差比价 factors: base^log2(X), with the rounding of the result and the clauses."""

    content_base: Decimal
    pack_base: Decimal
    decimals: int
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All regions' terms, the ratios and the workdays. A region without a file, and without a province's, is silent."""

    regions: Mapping[str, Terms]
    ratios: Ratios
    workdays: Workdays = field(default_factory=Workdays)
    answers: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What follows from the rules alone and is asked again and again; who adds to it keeps it small."""
    _resolved: dict[str, Terms | None] = field(default_factory=dict, compare=False, repr=False)
    _spoken: dict[tuple[str, str], bool] = field(default_factory=dict, compare=False, repr=False)
    _in_force: dict[tuple[str, str, str], Term | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def of(self, region: str) -> Terms | None:
        """Return the terms of a region (GB/T 2260, six digits), its city's or its province's."""
        if region not in self._resolved:
            self._resolved[region] = self._find(region)
        return self._resolved[region]

    def term(self, region: str, name: str, on: str) -> Term | None:
        """Return a region's term in force on a day (ISO), None where the papers are silent."""
        place = (region, name, on)
        try:
            return self._in_force[place]
        except KeyError:
            if len(self._in_force) >= _REMEMBERED:
                self._in_force.clear()
        terms = self.of(region)
        found = terms.value(name, date.fromisoformat(on)) if terms is not None else None
        self._in_force[place] = found
        return found

    def spoken_of(self, province: str, name: str) -> bool:
        """Return whether any paper of a province or of a place in it has a term, on whatever days."""
        place = (province[:_PROVINCE], name)
        found = self._spoken.get(place)
        if found is None:
            here = (each for code, each in self.regions.items() if code.startswith(place[0]))
            found = self._spoken[place] = any(each.speaks_of(name) for each in here)
        return found

    def _find(self, region: str) -> Terms | None:
        for code in regions_above(region):
            if code in self.regions:
                return self.regions[code]
        return None

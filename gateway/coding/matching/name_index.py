"""名称索引: finds the few names that look like a given one among all, by pairs of characters."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import log
from typing import Final

from rapidfuzz import fuzz

from gateway.coding.matching.text import grams

WIDEST: Final = 120
"""Names that are looked at closely for one question."""
COMMON_SHARE: Final = 5
"""A pair of characters in more than a fifth of all names finds nothing (when others do)."""
FEW: Final = 200
CONTAINED: Final = 0.55
"""Least likeness of a name that stands whole within the other."""
LEAST: Final = 0.34


class NameIndex:
    """Distinct names, numbered in order of arrival, findable by likeness. Grows, never shrinks."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._sizes = array("H")
        self._postings: dict[str, array[int]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def add(self, name: str) -> int:
        """Return the number of a name; a new one is indexed."""
        number = self._numbers.get(name)
        if number is not None:
            return number
        number = self._numbers[name] = len(self._names)
        pairs = grams(name)
        self._names.append(name)
        self._sizes.append(len(pairs))
        for pair in pairs:
            self._postings.setdefault(pair, array("I")).append(number)
        return number

    def number(self, name: str) -> int | None:
        """Return the number of exactly this name."""
        return self._numbers.get(name)

    def alike(self, names: Iterable[str]) -> dict[int, float]:
        """Return the numbers of names that look like one of these, with their likeness (0 to 1)."""
        found: dict[int, float] = {}
        for name in dict.fromkeys(names):
            if not name:
                continue
            for number in self._near(name):
                likeness = spelling_likeness(name, self._names[number])
                if likeness > max(LEAST, found.get(number, 0.0)):
                    found[number] = likeness
        return found

    def _near(self, name: str) -> list[int]:
        pairs = grams(name)
        lists = [posting for pair in pairs if (posting := self._postings.get(pair))]
        total = len(self._names)
        rare = [posting for posting in lists if len(posting) <= max(FEW, total // COMMON_SHARE)]
        weights: dict[int, float] = {}
        for posting in rare or lists:
            weight = log(1 + total / len(posting))
            for number in posting:
                weights[number] = weights.get(number, 0.0) + weight
        size, sizes = len(pairs), self._sizes
        best = sorted(weights, key=lambda number: -weights[number] / (size + sizes[number]))
        exact = self._numbers.get(name)
        return best[:WIDEST] + ([exact] if exact is not None else [])


def spelling_likeness(ours: str, theirs: str) -> float:
    """Return the likeness of two flat names: of the whole, or of the one that stands within the other."""
    if ours == theirs:
        return 1.0
    whole = fuzz.ratio(ours, theirs) / 100
    shorter, longer = sorted((ours, theirs), key=len)
    if len(shorter) > 1 and shorter in longer:
        whole = max(whole, CONTAINED + 0.4 * len(shorter) / len(longer))
    return min(whole, 0.95)

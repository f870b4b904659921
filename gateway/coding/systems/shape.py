"""编码形式: where exactly a code leaves its form, and what was expected there.

Python's expressions say yes or no; a person who must correct a code wants the position. A small automaton
is built from the same pattern: literals, `[…]` classes, groups, `|`, `?`, `{n}`, `{n,m}`. Nothing else is
allowed in a code system's pattern, so that every code has a bounded length and digits are ASCII.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

_GROUP: Final = re.compile(r"\((\?P<[a-z_0-9]+>)?")
_COUNT: Final = re.compile(r"\{([0-9]+)(?:,([0-9]+))?\}")
_PRINTABLE: Final = frozenset(map(chr, range(0x20, 0x7F)))
_SHOWN_SINGLY: Final = 8
_NAMED: Final[tuple[tuple[frozenset[str], str, str], ...]] = (
    (frozenset(string.digits), "数字", "a digit"),
    (frozenset(string.ascii_uppercase), "大写字母", "a capital letter"),
    (frozenset(string.digits + string.ascii_uppercase), "数字或大写字母", "a digit or capital"),
    (
        frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY"),
        "数字或大写字母（I O S V Z 除外）",
        "a digit or a capital other than I O S V Z",
    ),
    (
        frozenset(string.digits + string.ascii_letters + "."),
        "数字、字母或点",
        "a digit, a letter or a dot",
    ),
)

Signs = frozenset[str]


class Left(NamedTuple):
    """How far a code keeps to the form: characters kept, what may follow them, whether it may end there."""

    kept: int
    expected: Signs
    may_end: bool


@dataclass(slots=True)
class _State:
    """A place in the automaton: which characters lead on, and free moves; the last one has neither."""

    signs: Signs | None = None
    onward: int = -1
    free: tuple[int, ...] = ()


class Shape:
    """A pattern as an automaton. Raises ValueError for what a code system's pattern may not contain."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0
        self._states: list[_State] = []
        start, end = self._choice()
        if self._at != len(pattern):
            raise ValueError(f"position {self._at + 1}: a closing bracket without its opening")
        self._end = end
        self._start = self._closed({start})
        self._moves: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._expects: dict[frozenset[int], Signs] = {}
        self.alphabet: Signs = frozenset().union(
            *(each.signs for each in self._states if each.signs)
        )

    def follow(self, code: str) -> Left:
        """Return how far `code` keeps to the form."""
        at, kept = self._start, 0
        for sign in code:
            onward = self._moved(at, sign)
            if not onward:
                break
            at, kept = onward, kept + 1
        return Left(kept, self._expected(at), self._end in at)

    def _moved(self, at: frozenset[int], sign: str) -> frozenset[int]:
        """Return the places after one character; remembered while the characters are the alphabet's."""
        if sign not in self.alphabet:
            return frozenset()
        known = self._moves.get((at, sign))
        if known is None:
            onward = {s.onward for s in self._of(at) if s.signs and sign in s.signs}
            known = self._moves[at, sign] = self._closed(onward)
        return known

    def _expected(self, at: frozenset[int]) -> Signs:
        known = self._expects.get(at)
        if known is None:
            signs = (each.signs for each in self._of(at) if each.signs)
            known = self._expects[at] = frozenset().union(*signs)
        return known

    def lengths(self) -> list[int]:
        """Return every length that a code of this form can have, ascending."""
        found, at, length = [], self._start, 0
        while at:
            if self._end in at:
                found.append(length)
            at = self._closed({each.onward for each in self._of(at) if each.signs})
            length += 1
        return found

    def _of(self, places: Iterable[int]) -> Iterable[_State]:
        return (self._states[place] for place in places)

    def _closed(self, places: set[int]) -> frozenset[int]:
        seen, waiting = set(places), list(places)
        while waiting:
            for place in self._states[waiting.pop()].free:
                if place not in seen:
                    seen.add(place)
                    waiting.append(place)
        return frozenset(seen)

    def _new(self) -> int:
        self._states.append(_State())
        return len(self._states) - 1

    def _choice(self) -> tuple[int, int]:
        start, end = self._new(), self._new()
        while True:
            first, last = self._sequence()
            self._states[start].free += (first,)
            self._states[last].free += (end,)
            if not self._pattern.startswith("|", self._at):
                return start, end
            self._at += 1

    def _sequence(self) -> tuple[int, int]:
        start = end = self._new()
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            begun = self._at
            first, last = self._atom()
            least, most = self._quantity()
            after = self._at
            for turn in range(most):
                if turn:
                    self._at = begun
                    first, last = self._atom()
                self._states[end].free += (first,)
                if turn >= least:
                    skip = self._new()
                    self._states[end].free += (skip,)
                    self._states[last].free += (skip,)
                    last = skip
                end = last
            self._at = after
        return start, end

    def _quantity(self) -> tuple[int, int]:
        if self._pattern.startswith("?", self._at):
            self._at += 1
            return 0, 1
        counted = _COUNT.match(self._pattern, self._at)
        if counted is None:
            return 1, 1
        self._at = counted.end()
        least = int(counted[1])
        most = int(counted[2]) if counted[2] else least
        if not least <= most or not most:
            raise ValueError(f"{counted[0]}: a quantity upwards from one")
        return least, most

    def _atom(self) -> tuple[int, int]:
        group = _GROUP.match(self._pattern, self._at)
        if group is not None:
            self._at = group.end()
            inner = self._choice()
            if not self._pattern.startswith(")", self._at):
                raise ValueError("a group is not closed")
            self._at += 1
            return inner
        start, end = self._new(), self._new()
        self._states[start].signs, self._states[start].onward = self._signs(), end
        return start, end

    def _signs(self) -> Signs:
        sign = self._pattern[self._at]
        if sign == "[":
            end = self._pattern.find("]", self._at)
            if end < 0:
                raise ValueError("a class is not closed")
            inside, self._at = self._pattern[self._at + 1 : end], end + 1
            return _class(inside)
        self._at += 1
        if sign == "\\":
            sign = self._pattern[self._at : self._at + 1]
            if not sign or sign.isalnum():
                raise ValueError(f"\\{sign}: only punctuation is escaped, digits are [0-9]")
            self._at += 1
        elif sign in ".*+?{}^$":
            raise ValueError(f"{sign}: unbounded or unescaped")
        return frozenset(sign)


def _class(inside: str) -> Signs:
    """Return the characters of a `[…]`; ranges within ASCII only."""
    found: set[str] = set()
    place = 0
    if not inside or inside.startswith("^") or "\\" in inside:
        raise ValueError(f"[{inside}]: only listed characters and ranges")
    while place < len(inside):
        if inside[place + 1 : place + 2] == "-" and place + 2 < len(inside):
            first, last = inside[place], inside[place + 2]
            if not first.isascii() or not last.isascii() or first > last:
                raise ValueError(f"[{inside}]: {first}-{last} is no range of ASCII characters")
            found.update(map(chr, range(ord(first), ord(last) + 1)))
            place += 3
        else:
            found.add(inside[place])
            place += 1
    return frozenset(found)


@lru_cache(maxsize=1024)
def spoken(signs: Signs) -> tuple[str, str]:
    """Return what is expected, in Chinese and in English."""
    for known, zh, en in _NAMED:
        if signs == known:
            return zh, en
    shown = sorted(signs)
    if len(shown) > _SHOWN_SINGLY and signs <= _PRINTABLE:
        digits = [each for each in shown if not each.isdigit()]
        if len(digits) < len(shown):
            return f"数字或 {' '.join(digits)}", f"a digit or {' '.join(digits)}"
    listed = " ".join(shown)
    return (f"“{listed}”" if len(shown) == 1 else f" {listed} 之一"), listed

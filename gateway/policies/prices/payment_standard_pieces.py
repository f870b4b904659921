"""支付标准的时间轴: what follows from day to day, as stretches of days, and how it differs from what is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from gateway.policies.prices.price_book import FOREVER, Span, day_after, day_before
from gateway.policies.rulebook import Rulebook, Term, Terms

_CONTENT: Final = 1


class Found(NamedTuple):
    """What follows on one day. `content` makes it the same on the next day; the rest are its reasons."""

    content: tuple[Any, ...]
    terms: tuple[Term, ...]
    arithmetic: tuple[str, ...]
    facts: tuple[str, ...]


class Piece(NamedTuple):
    """A stretch of days on which the same follows. `until` is "" where something else follows on it."""

    since: str
    until: str
    found: Found

    @property
    def content(self) -> list[Any]:
        """Return what makes it the same piece when it is inferred again, as it lies in the state."""
        return [self.until, *self.found.content]


def pieces(turns: Iterable[str], on: Callable[[str], Found | None]) -> list[Piece]:
    """Return what follows, stretch by stretch; nothing changes but on the turning days."""
    days = sorted(set(turns))
    found: list[Piece] = []
    for at, day in enumerate(days):
        here = on(day)
        if here is None:
            continue
        until = day_before(days[at + 1]) if at + 1 < len(days) else FOREVER
        last = found[-1] if found else None
        adjoins = last is not None and day_after(last.until) == day
        if last is not None and adjoins and last.found.content == here.content:
            found[-1] = Piece(last.since, until, last.found)
        else:
            found.append(Piece(day, until, here))
    return [_closed(each, found[at + 1 : at + 2]) for at, each in enumerate(found)]


def _closed(piece: Piece, following: Sequence[Piece]) -> Piece:
    """Return a piece that says its last day only where nothing takes its place on the next."""
    replaced = bool(following) and following[0].since == day_after(piece.until)
    until = "" if replaced or piece.until == FOREVER else piece.until
    return Piece(piece.since, until, piece.found)


Open = dict[str, list[Any]]
"""What is open of one product in the state, by first day: [its message id, content]"""


class Change(NamedTuple):
    """One difference: a piece that is new (`piece`), or one that is gone (`since`); `known`: its message."""

    since: str
    piece: Piece | None
    known: str


def changes(
    known: Mapping[str, list[Any]], wanted: Sequence[Piece], *, ends_first: bool, again: bool
) -> Iterator[Change]:
    """Yield how the pieces that follow differ from those that are open, in effective order.

    `again`: they all do, for the product is named otherwise.
    """
    first_days = {piece.since for piece in wanted}
    gone = [
        Change(since, None, identity)
        for since, (identity, _) in sorted(known.items())
        if since not in first_days
    ]
    yield from gone if ends_first else ()
    for piece in wanted:
        open_ = known.get(piece.since)
        if open_ is None or again or open_[_CONTENT] != piece.content:
            yield Change(piece.since, piece, open_[0] if open_ is not None else "")
    yield from () if ends_first else gone


def turns_of(spans: Iterable[Span]) -> Iterator[str]:
    """Yield the days on which prices begin or no longer hold."""
    for span in spans:
        yield span.since
        if span.until != FOREVER:
            yield day_after(span.until)


def turns_of_terms(terms: Terms | None, names: Sequence[str]) -> Iterator[str]:
    """Yield the days on which values of terms begin or no longer hold."""
    while terms is not None:
        for name in names:
            for term in terms.values.get(name, ()):
                yield term.since.isoformat()
                if term.until is not None:
                    yield day_after(term.until.isoformat())
        terms = terms.province


class Speaker(NamedTuple):
    """A region whose papers may speak of a place's products. `own`: only on days of its own paper."""

    region: str
    terms: Terms
    own: bool

    def value(self, name: str, day: str) -> Term | None:
        """Return a term in force on a day."""
        return self.terms.value(name, date.fromisoformat(day))

    def speaks(self, name: str, day: str) -> bool:
        """Return whether this region's word counts on a day: a city's own paper, else its province's."""
        on = date.fromisoformat(day)
        if not self.own:
            return self.terms.value(name, on) is not None
        return any(term.holds_on(on) for term in self.terms.values.get(name, ()))


def regions_concerned(rules: Rulebook, region: str, name: str, known: Iterable[str]) -> list[str]:
    """Return the regions for which a price in a region may mean something, by a term's name.

    The region itself; and, because prices of a province hold in its cities, those below it that have a
    paper of their own about it, or prices of their own (`known`).
    """
    level = (
        region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region
    )
    own = (code for code, terms in rules.regions.items() if name in terms.values)
    found = [region, *(each for each in sorted({*own, *known}) if each.startswith(level))]
    return [each for each in dict.fromkeys(found) if _speaks(rules, each, name)]


def _speaks(rules: Rulebook, region: str, name: str) -> bool:
    terms = rules.of(region)
    return terms is not None and terms.speaks_of(name)


def speaker(rules: Rulebook, region: str, here: Iterable[str]) -> Speaker | None:
    """Return who speaks of a product in a region; `here`: the product's series, as `region/kind`.

    A city's own paper counts from its day on where the product is only listed above it: before, its
    province's word already holds there, as it does in a city without a paper. None: nobody speaks.
    """
    terms = rules.of(region)
    listed_here = any(key.startswith(region) for key in here)
    if terms is None or not (listed_here or terms.code == region):
        return None
    return Speaker(region, terms, own=terms.province is not None and not listed_here)

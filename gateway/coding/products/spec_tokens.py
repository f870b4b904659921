"""规格词法: cuts a specification into amounts, counts, containers and what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction
from functools import lru_cache
from typing import Final

from gateway.coding.products.units import units, written


class Kind(Enum):
    """What a token is."""

    MEASURE = auto()
    """An amount; `text` is its dimension."""
    PER_MEASURE = auto()
    """`/ml` without a number."""
    COUNT = auto()
    """A number of things; `text` is the thing, "" where it is left out."""
    CONTAINER = auto()
    """A thing without a number (/盒)."""
    PER_UNITS = auto()
    """每10丸: the amounts after it are for so many units."""
    NOTE = auto()
    """Anything else."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece; `depth` says how many brackets it stands in."""

    kind: Kind
    text: str = ""
    value: Fraction = Fraction(0)
    depth: int = 0


NUMBER: Final = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_LONGEST_TEXT: Final = 400
_OPEN: Final = "([{【〔"
_CLOSE: Final = ")]}】〕"


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = units()
    measures = _alternatives(table.measures)
    counts = _alternatives(table.counts)
    lead = _alternatives(table.lead)
    after = _alternatives(table.after_lead)
    ends = r"(?![a-z])"  # "5g" but not "5gm-csf"
    main = re.compile(
        rf"(?P<per_units>每(?P<per_number>{NUMBER})(?P<per_unit>{counts})(?:{after})*)"
        rf"|(?P<lead>(?:{lead})(?=[0-9.]|(?:{after})))"
        rf"|(?P<number>(?>{NUMBER}))(?P<unit>{measures}|{counts})?{ends}"
        rf"|(?<=/)(?P<per>ml|毫升){ends}"
        rf"|(?:(?<=[/)*])|^)(?P<container>{counts})(?=$|[/*()\[\],;+])"
        rf"|(?P<open>[(\[{{【〔])|(?P<close>[)\]}}】〕])"
        r"|(?P<separator>[*/:;,+、])"
    )
    return main, re.compile(rf"(?:{after})+(?=[0-9.])")


def _alternatives(words: object) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))  # type: ignore[call-overload]


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a specification; texts beyond 400 characters are one note."""
    plain = written(text)
    if len(plain) > _LONGEST_TEXT:
        yield Token(Kind.NOTE, plain[:_LONGEST_TEXT])
        return
    main, after_lead = _patterns()
    at = depth = 0
    pending = ""
    while at < len(plain):
        found = main.match(plain, at) or after_lead.match(plain, at)
        if found is None:
            pending += plain[at]
            at += 1
            continue
        if pending.strip():
            yield Token(Kind.NOTE, pending.strip(), depth=depth)
        pending = ""
        at = found.end()
        groups = found.groupdict()
        depth += bool(groups.get("open")) - (bool(groups.get("close")) and depth > 0)
        token = _token(groups, depth)
        if token is not None:
            yield token
    if pending.strip():
        yield Token(Kind.NOTE, pending.strip(), depth=depth)


def _token(groups: dict[str, str | None], depth: int) -> Token | None:
    table = units()
    if number := groups.get("number"):
        unit = groups["unit"] or ""
        if unit in table.measures:
            dimension, factor = table.measures[unit]
            return Token(Kind.MEASURE, dimension, Fraction(number) * factor, depth)
        return Token(Kind.COUNT, table.counts.get(unit, ""), Fraction(number), depth)
    if number := groups.get("per_number"):
        return Token(
            Kind.PER_UNITS, table.counts[groups["per_unit"] or ""], Fraction(number), depth
        )
    if groups.get("per"):
        return Token(Kind.PER_MEASURE, depth=depth)
    if container := groups.get("container"):
        return Token(Kind.CONTAINER, table.counts[container], depth=depth)
    return None

"""计量与包装单位: the table of `data/units.toml`, read once."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from typing import Final

_MU: Final = str.maketrans({"μ": "u", "µ": "u"})
_TIMES: Final = re.compile(r"(?<=[0-9a-z%\u4e00-\u9fff)])\s*[×✕x]\s*(?=[0-9])")

_SPACE: Final = re.compile(r"(?<![a-z])\s+|\s+(?![a-z])")
"""Spaces, but for those between two Latin words."""


@dataclass(frozen=True, slots=True)
class Units:
    """Every spelling of a unit: of measures to (dimension, factor), of counts to the one word."""

    measures: Mapping[str, tuple[str, Fraction]]
    counts: Mapping[str, str]
    lead: tuple[str, ...]
    after_lead: tuple[str, ...]
    outer: frozenset[str]


@lru_cache(maxsize=1)
def units() -> Units:
    """Return the table. Raises ValueError (a defect of the file) for a unit given twice."""
    read = tomllib.loads(
        files("gateway.coding.products").joinpath("data/units.toml").read_text("utf-8")
    )
    measures: dict[str, tuple[str, Fraction]] = {}
    for dimension, spellings in read["measure"].items():
        for spelling, factor in spellings.items():
            measures[spelling] = (dimension, Fraction(factor))
    counts = {word: one for one, spellings in read["count"].items() for word in spellings}
    twice = measures.keys() & counts.keys()
    if twice:
        message = f"a measure and a count: {sorted(twice)}"
        raise ValueError(message)
    words = read["words"]
    lead, after = tuple(words["lead"]), tuple(words["after_lead"])
    return Units(measures, counts, lead, after, frozenset(words["outer"]))


def written(text: str) -> str:
    """Return a specification as it is compared: NFKC, lower case, one sign for times, mu as u."""
    plain = unicodedata.normalize("NFKC", text).lower().translate(_MU)
    return _SPACE.sub("", _TIMES.sub("*", plain))

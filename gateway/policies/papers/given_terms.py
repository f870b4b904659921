"""条款原貌: the values of a region's file as they stand in it, with the words beside them, sound or not.

`terms.py` refuses a file as a whole; who reviews files wants to hear of every value, and lawyers want to
read the paper's words that stand as a comment behind each table's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.policies.terms import OTHER_FILES
from gateway.toml_tables import parse_tables, read_text

_HEADER: Final = re.compile(
    r"^\[{1,2}([a-z_]+\.[a-z_]+)\]{1,2}[ \t]*(?:#[ \t]*(.*))?$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class GivenTerm:
    """One value. `overrides`: the province's clause that it stands in the place of; `words`: the comment."""

    file: str
    region: str
    name: str
    value: str
    clause: str
    since: date
    until: date | None
    overrides: str | None
    words: str

    def holds_on(self, day: date) -> bool:
        """Return whether the value is in force on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class GivenRegion:
    """One region's file: code, name, its own paper's number, its values in the order of the file."""

    file: str
    code: str
    name: str
    paper_number: str
    terms: tuple[GivenTerm, ...]


def given_regions(folder: Path) -> dict[str, GivenRegion]:
    """Return the regions of a folder by code; what is not well formed is left out (terms.py names it)."""
    paths = [path for path in sorted(folder.glob("*.toml")) if path.name not in OTHER_FILES]
    found = (_region(path) for path in paths)
    return {region.code: region for region in found if region is not None}


def regions_above(code: str) -> tuple[str, ...]:
    """Return the codes of the city and the province that a region lies in, the nearest first."""
    above = (f"{code[:4]}00", f"{code[:2]}0000")
    return tuple(dict.fromkeys(each for each in above if each != code))


def inherited(regions: Mapping[str, GivenRegion], code: str, name: str) -> list[GivenTerm]:
    """Return the versions of a term of the nearest region above that has it."""
    for above in regions_above(code):
        versions = [t for t in regions[above].terms if t.name == name] if above in regions else []
        if versions:
            return versions
    return []


def _region(path: Path) -> GivenRegion | None:
    try:
        text = read_text(path)
        given: dict[str, Any] = parse_tables(text, path.name)
    except Misconfigured:
        return None
    paper = given.get("paper")
    number = paper.get("number", "") if isinstance(paper, dict) else ""
    words: dict[str, list[str]] = {}
    for name, comment in _HEADER.findall(text):
        words.setdefault(name, []).append(comment.strip())
    terms = tuple(_terms(path, given, words))
    return GivenRegion(path.name, path.stem, str(given.get("name", "")), str(number), terms)


def _terms(
    path: Path, given: Mapping[str, Any], words: Mapping[str, list[str]]
) -> Iterator[GivenTerm]:
    for family, tables in given.items():
        for short, versions in tables.items() if isinstance(tables, dict) else ():
            name = f"{family}.{short}"
            if family == "paper":
                continue
            beside = words.get(name, [])
            for place, each in enumerate(versions if isinstance(versions, list) else [versions]):
                term = _term(path, name, each, beside[place] if place < len(beside) else "")
                if term is not None:
                    yield term


def _term(path: Path, name: str, given: Any, words: str) -> GivenTerm | None:
    if not isinstance(given, dict):
        return None
    value, clause, since = given.get("value"), given.get("clause"), given.get("from")
    if not isinstance(value, str) or not isinstance(clause, str) or type(since) is not date:
        return None
    until, overrides = given.get("until"), given.get("overrides")
    return GivenTerm(
        file=path.name,
        region=path.stem,
        name=name,
        value=value,
        clause=clause,
        since=since,
        until=until if type(until) is date else None,
        overrides=overrides if isinstance(overrides, str) else None,
        words=words,
    )

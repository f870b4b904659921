"""企业名: what a company's name is made of, and how far two names are likely one company's.

A short name (正大天晴) groups several legal entities: it makes a candidate likelier and never makes it
the one. Only two full legal names that are the same are EQUAL.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from gateway.coding.matching.evidence import Verdict
from gateway.coding.matching.tables import EnterpriseTable, enterprise_table
from gateway.coding.matching.text import bracketed, flat

_NOT_LETTERS: Final = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_BRACKETED: Final = re.compile(r"\([^()]*\)")
_COMPANY: Final = re.compile(r"公司|厂|ltd|gmbh")
_FOREIGN_PACKED: Final = re.compile(r"([^\u3400-\u9fff]+)([\u3400-\u9fff].*)\Z", re.DOTALL)
_TRUNCATED: Final = re.compile(
    r"(?:股份有限公|股份有限|股份有|有限公|有限责任公|有限责任|有限责|有限)\Z"
)
SHORTEST_PREFIX: Final = 2
HELD: Final = 0.6
"""Likeness of a maker whose short name stands within the other's name."""
LEAST_ALIKE: Final = 45
"""Likeness (of 100) of the short names below which spelling says nothing."""
ALIKE: Final = 0.75
"""Likeness of the short names from which two makers count as similar."""


@dataclass(frozen=True, slots=True)
class Maker:
    """A company's name in its parts, all flat."""

    name: str = ""
    """The name without notes and brackets: what is compared for equality."""
    short: str = ""
    """Without region, trade words and legal form (正大天晴)."""
    full: bool = False
    """Ends in a legal form: a full legal name."""
    former: tuple[str, ...] = ()
    """原名: names the same company had."""
    others: tuple[str, ...] = ()
    """Other parties in the name (分包装, 受托方): part of what is compared for equality."""

    def __bool__(self) -> bool:
        return bool(self.name)


@lru_cache(maxsize=16_384)
def parse_maker(text: str) -> Maker:
    """Return the parts of a company's name as catalogues and notices write it. Never raises."""
    table = enterprise_table()
    reading = _Reading(table)
    name = _NOT_LETTERS.sub("", reading.name(flat(text)))
    return Maker(
        name=name,
        short=_short(name, table),
        full=_is_full(name, text, table),
        former=tuple(reading.former),
        others=tuple(sorted(reading.others)),
    )


class _Reading:
    """Sorts what is said beside the name itself."""

    def __init__(self, table: EnterpriseTable) -> None:
        self._table = table
        self.former: list[str] = []
        self.others: list[str] = []

    def name(self, text: str) -> str:
        """Return the flat text without the notes, which go to `former` and `others`."""
        for part in bracketed(text)[1]:
            if self._bracket(part):
                text = text.replace(f"({part})", "").replace(f"({part}", "")
        return self._tail(text)

    def _bracket(self, part: str) -> bool:
        """Take one bracket; returns whether it was a note and no part of the name (（中国）)."""
        for word, role in self._table.notes:
            begins = part.startswith(word) and len(part) > len(word) + 1
            if begins or part.endswith(word):
                self._note(part.removeprefix(word).removesuffix(word), role)
                return True
        if _COMPANY.search(part):
            self._note(part, "")
            return True
        return False

    def _tail(self, text: str) -> str:
        """Take notes without brackets (…受托方:…, Pfizer…辉瑞制药有限公司分装) off the end."""
        for word, role in self._table.notes:
            head, colon, tail = text.partition(word + ":")
            if colon and head:
                self._note(tail, role)
                return head
            foreign = _FOREIGN_PACKED.match(text) if text.endswith(word) else None
            if foreign is not None:
                self._note(foreign.group(2).removesuffix(word), role)
                return foreign.group(1)
        return text

    def _note(self, name: str, role: str) -> None:
        plain = _NOT_LETTERS.sub("", name)
        (self.former if role == "former" else self.others).append(plain)


def _is_full(name: str, text: str, table: EnterpriseTable) -> bool:
    """Return whether a name states its legal form (for a Latin one: as a word of its own)."""
    if _HAN.search(name):
        return name.endswith(table.full)
    plain = unicodedata.normalize("NFKC", text).replace(".", "")
    return _latin_form().search(_BRACKETED.sub("", plain).rstrip(" ,;")) is not None


@lru_cache(maxsize=1)
def _latin_form() -> re.Pattern[str]:
    forms = "|".join(map(re.escape, enterprise_table().legal_latin))
    return re.compile(rf"(?:[\s,&]|(?<=[a-z)])(?=[A-Z]))(?i:{forms})\Z")


def _short(name: str, table: EnterpriseTable) -> str:
    """Return what is left when region, trade words and legal form go; the name itself if nothing is."""
    if _HAN.search(name) is None:
        return _cut_end(name, table.legal_latin) or name
    cut = _TRUNCATED.sub("", _cut_end(name, table.legal))
    for word in table.trade:
        cut = cut.replace(word, "")
    for region in table.regions:
        if cut.startswith(region) and len(cut) > len(region) + 1:
            cut = cut.removeprefix(region).lstrip("省市县")
            break
    return cut if len(cut) >= SHORTEST_PREFIX else name


def _cut_end(name: str, words: tuple[str, ...]) -> str:
    again = True
    while again:
        again = False
        for word in words:
            if name.endswith(word) and len(name) > len(word):
                name, again = name[: -len(word)], True
                break
    return name


def likeness(
    ours: Maker, theirs: Maker, groups: Mapping[str, str] | None = None
) -> tuple[float, Verdict]:
    """Return how likely two names are one company's (0 to 1), and what the comparison found.

    `groups`: flat name → short name by an operator's alias table; evidence for the order only.
    """
    if not ours or not theirs:
        return 0.0, Verdict.UNKNOWN
    if ours.name == theirs.name and ours.others == theirs.others:
        return 1.0, Verdict.EQUAL if ours.full else Verdict.COMPATIBLE
    related = _related(ours, theirs)
    if related:
        return related, Verdict.COMPATIBLE
    alike = _spelled_alike(ours, theirs)
    if groups and _one_group(ours, theirs, groups):
        return max(0.7, alike), Verdict.SIMILAR
    return alike, Verdict.SIMILAR if alike >= ALIKE else Verdict.DIFFERENT


def _related(ours: Maker, theirs: Maker) -> float:
    """Return how sure it is that one name says the other, or a part of it; 0 where it does not."""
    if ours.name == theirs.name or ours.name in theirs.former or theirs.name in ours.former:
        return 0.95
    if ours.name in theirs.others or theirs.name in ours.others:
        return 0.85
    return _abridged(ours, theirs)


def _abridged(ours: Maker, theirs: Maker) -> float:
    """Return how sure it is that a name which is not full is the other's beginning or short form."""
    if ours.full and theirs.full:
        return 0.0
    less, more = (theirs, ours) if ours.full else (ours, theirs)
    if len(less.name) >= SHORTEST_PREFIX and more.name.startswith(less.name):
        return 0.9 + 0.05 * len(less.name) / len(more.name)
    if less.short == more.short:
        return 0.88
    if len(less.short) >= SHORTEST_PREFIX and in_order(less.name, more.name):
        return 0.8 + 0.05 * len(less.name) / len(more.name)
    return 0.0


def in_order(short: str, long: str) -> bool:
    """Return whether all characters of the short name stand in the long one, in order."""
    rest = iter(long)
    return all(character in rest for character in short)


def _spelled_alike(ours: Maker, theirs: Maker) -> float:
    """Return the likeness of spelling; what all companies have in common counts little."""
    short = fuzz.ratio(ours.short, theirs.short, score_cutoff=LEAST_ALIKE) / 100
    if not short:
        held = _held(ours.short, theirs.name) or _held(theirs.short, ours.name)
        return HELD if held else 0.0
    whole = fuzz.ratio(ours.name, theirs.name) / 100
    return round(min(0.85, 0.7 * short + 0.3 * whole), 4)


def _held(short: str, name: str) -> bool:
    return len(short) > SHORTEST_PREFIX and short in name


def _one_group(ours: Maker, theirs: Maker, groups: Mapping[str, str]) -> bool:
    group = groups.get(ours.name, ours.name)
    return group == groups.get(theirs.name, theirs.name)

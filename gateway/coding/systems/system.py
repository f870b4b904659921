"""编码体系: what a code system is, and what a code becomes when it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.coding.systems.shape import Shape

READINGS: Final = ("parts", "region", "gs1", "udi", "opaque")
"""How codes of a system are read: by their parts, or by a reader of their own (see parse.py)."""


@dataclass(frozen=True, slots=True)
class PartMeaning:
    """One part of a code (码段): its place (characters from–to, counted from 1) and what it stands for.

    `start` 0 means that the part is the pattern's group of the same name, which may be absent. `code_type`
    is the system that the part itself belongs to; `strict` refuses the whole when that part is refused.
    `within` names the part that this one subdivides. `values` tells what single values mean.
    """

    name: str
    zh: str
    en: str
    start: int = 0
    end: int = 0
    within: str = ""
    code_type: str = ""
    strict: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    inner: tuple[PartMeaning, ...] = ()


class Part(NamedTuple):
    """One part of a code that was read: what it stands for, and its text."""

    meaning: PartMeaning
    text: str

    @property
    def name(self) -> str:
        """Return the part's name, as in the code system's file."""
        return self.meaning.name

    @property
    def zh(self) -> str:
        """Return what the part stands for, in Chinese."""
        return self.meaning.zh

    @property
    def en(self) -> str:
        """Return what the part stands for, in English."""
        return self.meaning.en

    @property
    def code_type(self) -> str:
        """Return the code system that the part itself belongs to, or ""."""
        return self.meaning.code_type

    @property
    def says(self) -> str:
        """Return what this value means where the system lists its values, else ""."""
        return self.meaning.values.get(self.text, "")

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return what the part itself is made of."""
        begin = self.meaning.start - 1
        return tuple(
            Part(each, self.text[each.start - 1 - begin : each.end - begin])
            for each in self.meaning.inner
        )


class ParsedCode(NamedTuple):
    """A code that keeps to its system: its parts in order, and notes (Chinese, then English)."""

    code_type: str
    code: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    def by_name(self) -> dict[str, str]:
        """Return the text of each part by its name, in order."""
        return {part.meaning.name: part.text for part in self.parts}


class CheckDigit(NamedTuple):
    """A check character (校验码): the algorithm, and from where to where; the last one is the check."""

    algorithm: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a refused code probably is instead; `{code}` in the sentences is the code itself."""

    pattern: re.Pattern[str]
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """One code system, as its file in contracts/codes says.

    `lengths` are all the lengths that a code can have, or the least and the greatest where `ranged`.
    `examples` are valid and `refused` are not, both by test of the loader.
    """

    name: str
    title_zh: str
    title_en: str
    uri: str
    reading: str
    source: str
    lengths: tuple[int, ...]
    ranged: bool = False
    pattern: re.Pattern[str] | None = None
    shape: Shape | None = None
    parts: tuple[PartMeaning, ...] = ()
    check_digits: tuple[CheckDigit, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    forbidden: str = ""
    examples: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def part(self, name: str) -> PartMeaning:
        """Return the meaning of a part. Raises KeyError for a name that the system does not have."""
        for each in self.parts:
            for one in (each, *each.inner):
                if one.name == name:
                    return one
        raise KeyError(f"{self.name}: {name}")

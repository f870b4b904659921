"""匹配用表: the TOML tables of `data/`, read once, ready to look up."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from gateway.coding.matching.text import flat


@dataclass(frozen=True, slots=True)
class FormTable:
    """剂型: every spelling of a form, its group, the plainer form it is a kind of."""

    words: Mapping[str, str]
    groups: Mapping[str, str]
    kind_of: Mapping[str, str]
    prefixes: tuple[tuple[str, str], ...]
    group_words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NameTable:
    """通用名: salts, marks and synonyms; lists are sorted so that the longest spelling comes first."""

    acids: tuple[str, ...]
    bases: tuple[str, ...]
    hydrates: tuple[str, ...]
    same: Mapping[str, str]
    whole_starts: tuple[str, ...]
    whole_ends: tuple[str, ...]
    marks: tuple[str, ...]
    prefixes: tuple[tuple[str, str], ...]
    greek: tuple[tuple[str, str], ...]
    synonyms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EnterpriseTable:
    """企业名: legal forms, trade words, notes, regions."""

    legal: tuple[str, ...]
    full: tuple[str, ...]
    """Those legal forms that only a full name ends in."""
    legal_latin: tuple[str, ...]
    trade: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]
    """(word, role): former, packer, trustee."""
    regions: tuple[str, ...]


@lru_cache(maxsize=1)
def form_table() -> FormTable:
    """Return the forms. Raises ValueError (a defect of the file) for one spelling of two forms."""
    read = _read("forms.toml")
    words: dict[str, str] = {}
    groups: dict[str, str] = {}
    for group, forms in read["group"].items():
        for form, spellings in forms.items():
            groups[form] = group
            for word in (form, *spellings):
                if words.setdefault(flat(word), form) != form:
                    message = f"forms.toml: {word} is {form} and {words[flat(word)]}"
                    raise ValueError(message)
    group_words = {
        flat(word): group for group, said in read["group_words"].items() for word in said
    }
    return FormTable(words, groups, read["kind_of"], _pairs(read["prefix"]), group_words)


@lru_cache(maxsize=1)
def name_table() -> NameTable:
    """Return the names' table."""
    read = _read("names.toml")
    salts = read["salts"]
    same = salts["same"]
    return NameTable(
        acids=_longest([*salts["acids"], *(word for word in same if word.endswith("酸"))]),
        bases=_longest(salts["bases"]),
        hydrates=_longest(salts["hydrates"]),
        same=same,
        whole_starts=_longest(read["whole"]["starts"]),
        whole_ends=_longest(read["whole"]["ends"]),
        marks=_longest(read["marks"]["texts"]),
        prefixes=_pairs(read["prefixes"]),
        greek=_pairs(read["greek"]),
        synonyms=read["synonyms"],
    )


@lru_cache(maxsize=1)
def enterprise_table() -> EnterpriseTable:
    """Return the enterprises' table."""
    read = _read("enterprises.toml")
    notes = {word: role for role in ("former", "packer", "trustee") for word in read[role]}
    return EnterpriseTable(
        legal=_longest([*read["legal"], *read["loose"]]),
        full=_longest(read["legal"]),
        legal_latin=_longest(read["legal_latin"]),
        trade=_longest(read["trade"]),
        notes=tuple((word, notes[word]) for word in _longest(notes)),
        regions=_longest(read["regions"]),
    )


def _read(name: str) -> dict[str, Any]:
    found = files("gateway.coding.matching").joinpath("data", name)
    return tomllib.loads(found.read_text("utf-8"))


def _longest(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words), key=lambda word: (-len(word), word)))


def _pairs(table: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((word, table[word]) for word in _longest(table))

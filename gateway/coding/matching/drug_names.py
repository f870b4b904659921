"""通用名: what a drug name is made of, so that 苯磺酸氨氯地平片, 氨氯地平(苯磺酸盐)片 and
氨氯地平口服常释剂型 can be compared part by part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.coding.matching.forms import NO_FORM, Form, field_form, finest, split_form
from gateway.coding.matching.tables import NameTable, form_table, name_table
from gateway.coding.matching.text import arabic, bracketed, flat

_STRENGTH_END: Final = re.compile(r"[0-9.]+(?:mg|g|ug|ml|%|万?单位|iu)$")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_TYPE_END: Final = re.compile(r"(?<![a-z0-9-])(?:i{1,3}|iv|v|vi{0,3})$")
SHORTEST_CORE: Final = 2
SHORTEST_BEFORE_BASE: Final = 3


@dataclass(frozen=True, slots=True)
class DrugName:
    """A name in its parts."""

    core: str
    """The substance without salt and form (氨氯地平); two synonyms have one core."""
    salts: frozenset[str] = frozenset()
    form: Form = NO_FORM
    qualifiers: frozenset[str] = frozenset()
    """Everything else that was said, e.g. 18aa-1, 1 (of Ⅰ), 无糖型: exact matches have the same ones."""
    aliases: tuple[str, ...] = ()
    """Cores of second names in brackets: 埃索美拉唑(艾司奥美拉唑)."""


@lru_cache(maxsize=4096)
def parse_name(text: str) -> DrugName:
    """Return the parts of a generic or registered name. Never raises; "" gives an empty core."""
    table = name_table()
    plain = _unmarked(flat(text), table)
    outside, inside = bracketed(plain)
    outside, qualifiers = _typed(outside)
    form, base = split_form(outside)
    base, after = _typed(base)
    qualifiers |= after
    core, salts = _desalted(base, table)
    core = _one_name(core, table)
    parts = _Brackets(form)
    for part in inside:
        parts.take(part, table)
    return DrugName(
        core=core,
        salts=salts | parts.salts,
        form=parts.form,
        qualifiers=frozenset(qualifiers | parts.qualifiers),
        aliases=tuple(alias for alias in parts.aliases if alias != core),
    )


class _Brackets:
    """What the brackets of one name add."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.salts: frozenset[str] = frozenset()
        self.qualifiers: set[str] = set()
        self.aliases: list[str] = []

    def take(self, part: str, table: NameTable) -> None:
        """Sort one bracket into salt, form, second name or qualifier."""
        salt = _salt_of(part, table)
        if salt:
            self.salts |= {salt}
            return
        if part in form_table().words or part in form_table().group_words:
            self.form = finest(self.form, field_form(part)) if self.form else field_form(part)
            return
        if len(_HAN.findall(part)) > SHORTEST_CORE and not part.endswith("型"):
            _, base = split_form(part)
            core, _ = _desalted(base, table)
            self.aliases.append(_one_name(core, table))
        self.qualifiers.add(arabic(part))


def _unmarked(text: str, table: NameTable) -> str:
    for mark in table.marks:
        text = text.replace(flat(mark), "") if flat(mark) else text
    for word, letter in table.greek:
        text = text.replace(word, letter)
    return text


def _typed(text: str) -> tuple[str, set[str]]:
    """Cut a strength or a type number (Ⅰ) off the end of a name."""
    found = _STRENGTH_END.search(text) or _TYPE_END.search(text)
    if found is None or found.start() < SHORTEST_CORE:
        return text, set()
    return text[: found.start()], {arabic(found.group())}


def _desalted(base: str, table: NameTable) -> tuple[str, frozenset[str]]:
    """Return the name without its salts, and the salts in their usual spelling."""
    salts: set[str] = set()
    for hydrate in table.hydrates:
        if base.endswith(hydrate) and len(base) > len(hydrate) + 1:
            base = base[: -len(hydrate)]
            salts.add(hydrate)
            break
    if base.startswith(table.whole_starts) or base.endswith(table.whole_ends):
        return base, frozenset(salts)
    base = _cut_acid(base, salts, table)
    return _cut_base(base, salts, table), frozenset(salts)


def _cut_acid(base: str, salts: set[str], table: NameTable) -> str:
    for acid in table.acids:
        if base.startswith(acid) and len(base) - len(acid) >= SHORTEST_CORE:
            salts.add(table.same.get(acid, acid))
            return base[len(acid) :].removeprefix("盐") or base
        if base.endswith(acid + "盐") and len(base) - len(acid) > SHORTEST_CORE:
            salts.add(table.same.get(acid, acid))
            return base[: -len(acid) - 1]
    return base


def _cut_base(base: str, salts: set[str], table: NameTable) -> str:
    for word in table.bases:
        left = len(base) - len(word)
        if base.endswith(word) and left >= SHORTEST_BEFORE_BASE and base[:left] not in table.acids:
            salts.add(table.same.get(word, word))
            return base[:left]
    return base


def _salt_of(part: str, table: NameTable) -> str:
    """Return the salt that a bracket names alone: 苯磺酸盐, 盐酸, 钠盐."""
    word = part.removesuffix("盐")
    if word in table.acids or word in table.bases:
        return table.same.get(word, word)
    return table.same.get(part, part) if part in table.bases or part in table.hydrates else ""


def _one_name(core: str, table: NameTable) -> str:
    for word, same in table.prefixes:
        if core.startswith(word) and len(core) > len(word) + 1:
            core = same + core[len(word) :]
    return arabic(table.synonyms.get(core, core))

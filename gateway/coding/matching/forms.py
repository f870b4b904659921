"""剂型: which form a name or a form field speaks of, and whether two forms can be one product's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from gateway.coding.matching.evidence import Verdict
from gateway.coding.matching.tables import form_table
from gateway.coding.matching.text import bracketed, flat


@dataclass(frozen=True, slots=True)
class Form:
    """A form, or only a notice's group of forms (`form` is "" then); both "" where nothing is known."""

    form: str = ""
    group: str = ""

    def __bool__(self) -> bool:
        return bool(self.group)


NO_FORM = Form()


def form_of(form: str) -> Form:
    """Return a form of the table with its group."""
    return Form(form, form_table().groups[form])


@lru_cache(maxsize=8192)
def field_form(text: str) -> Form:
    """Return what a dosage form field says: 片剂(薄膜衣), 胶囊剂, 口服常释剂型; nothing when unknown."""
    table = form_table()
    outside, inside = bracketed(flat(text))
    if outside in table.group_words:
        return Form("", table.group_words[outside])
    plain = table.words.get(outside, "")
    for part in inside:
        finer = _finer(plain, part)
        if finer:
            return form_of(finer)
    return form_of(plain) if plain else _ending(outside)


def _finer(plain: str, part: str) -> str:
    """Return the form that a bracket makes of a plain one: 胶囊剂(肠溶) is 肠溶胶囊."""
    words = form_table().words
    for word in (part, part + plain, part.removesuffix("型") + plain):
        form = words.get(word, "")
        if form and (not plain or is_kind_of(form, plain)):
            return form
    return ""


def _ending(text: str) -> Form:
    form, _ = split_form(text)
    return form


@lru_cache(maxsize=1)
def _suffixes() -> dict[str, Form]:
    table = form_table()
    found = {word: form_of(form) for word, form in table.words.items()}
    return found | {word: Form("", group) for word, group in table.group_words.items()}


@lru_cache(maxsize=1)
def _longest_suffix() -> int:
    return max(map(len, _suffixes()))


def split_form(name: str) -> tuple[Form, str]:
    """Return the form at the end (or 注射用… at the beginning) of a flat name, and the name without it.

    A name that is nothing but a form word stays whole.
    """
    table = form_table()
    suffixes = _suffixes()
    prefixed = NO_FORM
    for word, form in table.prefixes:
        if name.startswith(word) and len(name) > len(word) + 1:
            prefixed, name = form_of(form), name[len(word) :]
            break
    for length in range(min(_longest_suffix(), len(name) - 1), 0, -1):
        form_found = suffixes.get(name[-length:])
        if form_found:
            return (prefixed or form_found), name[:-length]
    return prefixed, name


def is_kind_of(form: str, plainer: str) -> bool:
    """Return whether a form is the plainer one or a kind of it."""
    kinds = form_table().kind_of
    while form:
        if form == plainer:
            return True
        form = kinds.get(form, "")
    return False


def finest(first: Form, second: Form) -> Form:
    """Return the form that says more: 分散片 in the name against 片剂 in the field."""
    if not first.form or not second.form:
        return first if first.form else second or first
    return second if second.form != first.form and is_kind_of(second.form, first.form) else first


def compare_forms(ours: Form, theirs: Form) -> Verdict:
    """Return how two forms stand to each other."""
    if not ours or not theirs:
        return Verdict.UNKNOWN
    if ours.form and theirs.form:
        if ours.form == theirs.form:
            return Verdict.EQUAL
        if is_kind_of(ours.form, theirs.form) or is_kind_of(theirs.form, ours.form):
            return Verdict.COMPATIBLE if _same_route(ours, theirs) else Verdict.SIMILAR
        return Verdict.SIMILAR if ours.group == theirs.group else Verdict.DIFFERENT
    return Verdict.COMPATIBLE if ours.group == theirs.group else Verdict.DIFFERENT


def _same_route(ours: Form, theirs: Form) -> bool:
    """阴道片 is a kind of 片 by its name only: a plain 片 is swallowed."""
    mixed = {ours.group, theirs.group}
    return len(mixed) == 1 or "其他" in mixed

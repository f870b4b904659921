"""药品名称与规格: explicit rules by which one drug is recognised under several names.

A pilot list says 苯磺酸氨氯地平, its volumes 氨氯地平口服常释剂型, a later batch the same with other brackets.
A drug is an active ingredient in a dosage form. Two keys are made of a name: a `strict` one (width,
blanks, brackets, form) and a `loose` one, without the salt. Names are matched by the loose key unless
one table of one batch then has two different strict names for it; those are kept apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.demo.tables import ascii_text

_ORAL: Final = "口服常释剂型"
_INJECTED: Final = "注射剂"
_FORMS: Final[dict[str, str]] = {
    "口服常释剂型": _ORAL,
    "薄膜衣片": _ORAL,
    "分散片": _ORAL,
    "胶囊剂": _ORAL,
    "软胶囊": _ORAL,
    "胶囊": _ORAL,
    "片剂": _ORAL,
    "片": _ORAL,
    "缓释控释剂型": "缓释控释剂型",
    "缓释胶囊": "缓释控释剂型",
    "缓释片": "缓释控释剂型",
    "控释片": "缓释控释剂型",
    "咀嚼片": "咀嚼片",
    "泡腾片": "泡腾片",
    "口崩片": "口崩片",
    "口服溶液剂": "口服液体剂",
    "口服液体剂": "口服液体剂",
    "口服溶液": "口服液体剂",
    "口服混悬液": "口服混悬剂",
    "口服混悬剂": "口服混悬剂",
    "干混悬剂": "口服混悬剂",
    "口服散剂": "口服散剂",
    "散剂": "口服散剂",
    "颗粒剂": "颗粒剂",
    "颗粒": "颗粒剂",
    "注射用无菌粉末": _INJECTED,
    "注射液": _INJECTED,
    "注射剂": _INJECTED,
    "粉针剂": _INJECTED,
    "滴眼剂": "滴眼剂",
    "滴眼液": "滴眼剂",
    "吸入溶液": "吸入溶液",
    "吸入剂": "吸入剂",
    "溶液": "溶液",
    "喷雾剂": "喷雾剂",
    "气雾剂": "气雾剂",
    "乳膏剂": "乳膏剂",
    "乳膏": "乳膏剂",
    "软膏剂": "软膏剂",
    "软膏": "软膏剂",
    "凝胶剂": "凝胶剂",
    "凝胶": "凝胶剂",
    "栓剂": "栓剂",
    "栓": "栓剂",
    "贴剂": "贴剂",
}
"""Dosage form at the end of a name → the group it is bought in. Tablets and capsules are one group."""

_PREFIX_FORMS: Final = (("注射用", _INJECTED), ("吸入用", "吸入溶液"))
_ACIDS: Final = (
    *("对甲苯磺酸", "门冬氨酸", "甲苯磺酸", "苯磺酸", "甲磺酸", "氢溴酸", "硫酸氢", "枸橼酸"),
    *(
        "酒石酸",
        "马来酸",
        "富马酸",
        "琥珀酸",
        "苹果酸",
        "盐酸",
        "硫酸",
        "磷酸",
        "醋酸",
        "草酸",
        "乳酸",
    ),
)
_BASES: Final = ("二钠", "钠", "钾", "钙")
_SHORTEST_INGREDIENT: Final = 3
_KEPT_BEFORE_BASE: Final = ("酸", "化", "氢", "素", "糖")
_FORMS_BY_LENGTH: Final = sorted(_FORMS, key=len, reverse=True)
_STRENGTH_SUFFIX: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:mg|g|ug|μg|ml|iu|%)$", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class DrugName:
    """A name taken apart. `salt_free` differs from `ingredient` where a salt was named."""

    ingredient: str
    salt_free: str
    form: str

    @property
    def strict(self) -> tuple[str, str]:
        """Return the key that ignores writing only."""
        return self.ingredient, self.form

    @property
    def loose(self) -> tuple[str, str]:
        """Return the key that ignores the salt too."""
        return self.salt_free, self.form


def read_drug_name(name: str, form_group: str = "") -> DrugName:
    """Return the parts of a drug's name (品种名称); `form_group` says the form where the name does not."""
    text = ascii_text(name).replace("μ", "u")
    strength = _STRENGTH_SUFFIX.search(text)
    suffix = strength[0].lower() if strength else ""
    text = text.removesuffix(strength[0]) if strength else text
    text, form = _split_form(text)
    ingredient = _without_alias(text) + suffix
    return DrugName(ingredient, _without_salt(ingredient), form or form_of(form_group))


def form_of(form_group: str) -> str:
    """Return the group of a stated dosage form; an unknown one stays as it is."""
    text = ascii_text(form_group)
    return _FORMS.get(text, text)


def _split_form(text: str) -> tuple[str, str]:
    for prefix, form in _PREFIX_FORMS:
        if text.startswith(prefix) and len(text) > len(prefix) + 1:
            rest, _ = _split_suffix(text.removeprefix(prefix))
            return rest, form
    return _split_suffix(text)


def _split_suffix(text: str) -> tuple[str, str]:
    for suffix in _FORMS_BY_LENGTH:
        if text.endswith(suffix) and len(text) > len(suffix) + 1:
            return text.removesuffix(suffix), _FORMS[suffix]
    return text, ""


def _without_alias(text: str) -> str:
    """Drop a second name in brackets; what says a kind (…型) or holds a digit tells drugs apart."""

    def kept(found: re.Match[str]) -> str:
        inner = found[1]
        return found[0] if inner.endswith("型") or any(map(str.isdigit, inner)) else ""

    return _BRACKETS.sub(kept, text) or text


def _without_salt(ingredient: str) -> str:
    for acid in _ACIDS:
        if ingredient.startswith(acid) and len(ingredient) >= len(acid) + _SHORTEST_INGREDIENT:
            ingredient = ingredient.removeprefix(acid)
            break
    for base in _BASES:
        rest = ingredient.removesuffix(base)
        if rest == ingredient or len(rest) < _SHORTEST_INGREDIENT:
            continue
        return ingredient if rest.endswith(_KEPT_BEFORE_BASE) else rest
    return ingredient


# --------------------------------------------------------------------------- 规格

_MICROGRAMS: Final = {"ug": 1, "mcg": 1, "mg": 1_000, "g": 1_000_000}
_MASS: Final = r"([0-9]{1,9})(?:\.([0-9]{1,6}))?(ug|mcg|mg|g)"
_VOLUME: Final = r"([0-9]{1,6}(?:\.[0-9]{1,6})?)ml"
_SOLID: Final = re.compile(_MASS)
_LIQUID: Final = (
    re.compile(rf"(?P<volume>{_VOLUME}):{_MASS}"),
    re.compile(rf"{_MASS}/(?P<volume>{_VOLUME})"),
)
_PERCENT_NOTE: Final = re.compile(r"\([0-9.]+%\)$")


def spec_key(spec: str) -> str:
    """Return the specification (规格) in one writing: 2ml:0.2mg for 0.2mg/2ml, lower case, no blanks."""
    text = _PERCENT_NOTE.sub("", ascii_text(spec).lower().replace("μ", "u").replace("mcg", "ug"))
    for shape in _LIQUID:
        found = shape.fullmatch(text)
        if found:
            volume = _trimmed(found["volume"])
            return f"{volume}:{text.replace(found['volume'], '').strip(':/')}"
    return text


def strength_of(spec: str) -> tuple[int, str] | None:
    """Return (content in micrograms, unit) of a specification; None for what states no single mass.

    The unit of a solution names its volume: contents are compared only within one volume.
    """
    text = spec_key(spec)
    volume, _, mass = text.rpartition(":")
    found = _SOLID.fullmatch(mass)
    if found is None or (volume and not re.fullmatch(_VOLUME, volume)):
        return None
    micrograms = _micrograms(found[1], found[2] or "", found[3])
    if not micrograms:
        return None
    return micrograms, f"ug/{volume}" if volume else "ug"


def _micrograms(whole: str, fraction: str, unit: str) -> int | None:
    scaled = int(whole + fraction) * _MICROGRAMS[unit]
    value, rest = divmod(scaled, 10 ** len(fraction))
    return None if rest or value < 1 else value


def _trimmed(volume: str) -> str:
    number = volume.removesuffix("ml")
    return (number.rstrip("0").rstrip(".") if "." in number else number) + "ml"

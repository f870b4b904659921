"""说明缘由: says why a code does not keep to its system, in the order in which a person would look.

Only refused codes come here, so it may take its time: invisible characters, blanks, full-width and
lower-case characters (with the spelling that would be right), foreign letters, what the code probably is
instead, the length, and at last the first wrong character.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.coding.systems import refusal as why
from gateway.coding.systems.refusal import CodeRefusal, refusal
from gateway.coding.systems.shape import Shape, spoken
from gateway.coding.systems.system import CodeSystem

_LOOKALIKES: Final = {"I": "1", "O": "0", "S": "5", "Z": "2"}

Accepts = Callable[[str], bool]


def surface_refusal(
    system: CodeSystem, code: object, accepts: Accepts, allowed: str = ""
) -> CodeRefusal | None:
    """Return what is wrong before any structure: no text, empty, invisible, blank, full-width.

    `accepts` tells whether another spelling would be right; `allowed` are control characters that belong
    to the code.
    """
    if not isinstance(code, str):
        return refusal(system.name, str(code), "code.not_text")
    if not code or why.is_blank(code):
        return refusal(system.name, code, "code.empty")
    return None if why.is_plain(code) else _misspelt(system, code, accepts, allowed)


def _misspelt(system: CodeSystem, code: str, accepts: Accepts, allowed: str) -> CodeRefusal | None:
    trimmed = why.trimmed(code)
    if trimmed != code:
        return refusal(system.name, code, "code.blank_ends", **_fix(trimmed, accepts))
    place = why.first_invisible(code, allowed)
    if place:
        sign = why.shown(code[place - 1])
        return refusal(system.name, code, "code.control", place=place, sign=sign)
    place = why.first_fullwidth(code)
    if place:
        fixed = _fix(why.half_width(code), accepts, why.half_width(code).upper())
        sign = code[place - 1]
        return refusal(system.name, code, "code.fullwidth", place=place, sign=sign, **fixed)
    return None


def _fix(right: str, accepts: Accepts, *others: str) -> dict[str, str]:
    """Return the half sentences that name the right spelling, empty where it would be refused too."""
    for each in (right, *others):
        if accepts(each):
            return {"fix_zh": f"，应写作 {each}", "fix_en": f"; write {each}"}
    return {"fix_zh": "", "fix_en": ""}


def form_refusal(system: CodeSystem, code: str, accepts: Accepts) -> CodeRefusal:
    """Return why a code does not keep to its system's pattern."""
    shape = system.shape
    if shape is None:
        raise ValueError(f"{system.name} has no pattern")
    found = surface_refusal(system, code, accepts)
    if found is None:
        found = _blank_inside(system, code, accepts)
    if found is None:
        found = _letters(system, code, shape, accepts) or _probably(system, code)
    if found is None and len(code) not in _lengths(system):
        expected = length_text(system)
        found = refusal(system.name, code, "code.length", expected=expected, found=len(code))
    return found or _first_wrong(system, code, shape, accepts)


def _lengths(system: CodeSystem) -> range | tuple[int, ...]:
    if system.ranged:
        return range(system.lengths[0], system.lengths[-1] + 1)
    return system.lengths


def length_text(system: CodeSystem) -> str:
    """Return the lengths for a sentence: 23, 11/12 or 15–64."""
    if system.ranged:
        return f"{system.lengths[0]}–{system.lengths[-1]}"
    return "/".join(map(str, system.lengths))


def _blank_inside(system: CodeSystem, code: str, accepts: Accepts) -> CodeRefusal | None:
    place = 0 if why.is_plain(code) else why.first_blank(code)
    if not place:
        return None
    fixed = _fix("".join(sign for sign in code if not why.first_blank(sign)), accepts)
    return refusal(system.name, code, "code.blank_inside", place=place, **fixed)


def _letters(system: CodeSystem, code: str, shape: Shape, accepts: Accepts) -> CodeRefusal | None:
    """Return what is wrong with letters: lower case, or letters that the alphabet leaves out."""
    if shape.alphabet.issuperset(code):
        return None
    for place, sign in enumerate(code, 1):
        if sign.isascii() and sign.islower() and sign not in shape.alphabet:
            upper = "".join(s if s in shape.alphabet else s.upper() for s in code)
            fixed = _fix(upper, accepts)
            if not fixed["fix_zh"] and any(map(str.islower, shape.alphabet)):
                continue  # small letters have a place in this code, only not here
            return refusal(system.name, code, "code.lowercase", place=place, sign=sign, **fixed)
        if sign in system.forbidden:
            like = _LOOKALIKES.get(sign, "")
            hints = {
                "hint_zh": f"，是否为数字 {like}" if like else "",
                "hint_en": f"; is it the digit {like}?" if like else "",
            }
            return refusal(system.name, code, "code.letter", place=place, sign=sign, **hints)
    return None


def _probably(system: CodeSystem, code: str) -> CodeRefusal | None:
    for each in system.confusions:
        if each.pattern.fullmatch(code):
            zh, en = (text.replace("{code}", why.shortened(code)) for text in (each.zh, each.en))
            return refusal(system.name, code, "code.confused", zh=zh, en=en)
    return None


def _first_wrong(system: CodeSystem, code: str, shape: Shape, accepts: Accepts) -> CodeRefusal:
    left = shape.follow(code)
    if left.kept == len(code):
        zh, en = spoken(left.expected)
        facts = {"expected_zh": zh, "expected_en": en, "place": left.kept + 1}
        return refusal(system.name, code, "code.incomplete", **facts)
    sign, place = code[left.kept], left.kept + 1
    if not left.expected:
        expected = length_text(system)
        return refusal(system.name, code, "code.length", expected=expected, found=len(code))
    if sign.isascii() and sign.islower() and sign.upper() in left.expected:
        fixed = _fix(code.upper(), accepts)
        return refusal(system.name, code, "code.lowercase", place=place, sign=sign, **fixed)
    zh, en = spoken(left.expected)
    facts = {"expected_zh": zh, "expected_en": en, "place": place}
    return refusal(system.name, code, "code.character", sign=why.shown(sign), **facts)

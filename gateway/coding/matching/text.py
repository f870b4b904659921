"""文本归一: the spelling differences that say nothing, taken out of a name before it is compared."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2s
from typing import Final

_BRACKETS: Final = str.maketrans("[]{}【】〔〕〈〉《》「」", "()()()()()()()")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212~]")  # NFKC has made the other kinds of these
_IDLE: Final = re.compile(r"[\s·・•。'’`\u200b-\u200f\ufeff]+|(?<![0-9])\.|\.(?![0-9])")
_ROMAN: Final = re.compile(r"(?<![a-z])(?:i{1,3}|iv|v|vi{0,3}|ix|x)(?![a-z0-9])")
_ROMAN_VALUES: Final = {
    roman: str(value)
    for value, roman in enumerate(
        ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"), start=1
    )
}
_LONGEST: Final = 300


def flat(text: str) -> str:
    """Return the text in one width and case, with one kind of brackets and dashes, without spaces.

    Spaces, full stops and middle dots go as well: they come and go between sources. Of a text beyond
    300 characters the rest is kept as its digest: two such texts are equal only when they are.
    """
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + blake2s(text.encode(errors="surrogatepass")).hexdigest()
    plain = unicodedata.normalize("NFKC", text).lower().translate(_BRACKETS)
    return _IDLE.sub("", _DASHES.sub("-", plain))


def arabic(text: str) -> str:
    """Return a flat text with Roman numerals that stand alone written as digits (Ⅰ, I and 1 are one)."""
    return _ROMAN.sub(lambda found: _ROMAN_VALUES[found.group()], text)


def bracketed(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the flat text without its outermost brackets, and what stood in them, in order.

    A bracket that never closes ends with the text; one that never opened is dropped.
    """
    outside: list[str] = []
    inside: list[str] = []
    depth = start = 0
    for at, character in enumerate(text):
        if character == "(":
            start = at + 1 if depth == 0 else start
            depth += 1
        elif character == ")":
            if depth == 1:
                inside.append(text[start:at])
            depth = max(0, depth - 1)
        elif depth == 0:
            outside.append(character)
    if depth:
        inside.append(text[start:])
    return "".join(outside), tuple(part for part in inside if part)


def grams(text: str) -> set[str]:
    """Return the pairs of neighbouring characters; a text of one character is its own gram."""
    return {text[at : at + 2] for at in range(len(text) - 1)} or ({text} if text else set())

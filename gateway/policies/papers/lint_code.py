"""规则所读条款: which terms the policies' code reads, found in its text, so that a misspelt one is seen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

CODE_FOLDER: Final = Path(__file__).parents[1]
_TERM: Final = re.compile(r"[a-z_]+\.[a-z_]+")
_FAMILY: Final = re.compile(r"([a-z_]+)\.")
_FILE_ENDINGS: Final = (".toml", ".py", ".json", ".md")
_ASKING: Final = frozenset({"value", "term", "next_value", "speaks_of"})
"""The methods of Terms and Rulebook whose first text argument of that form names a term."""


@dataclass(frozen=True, slots=True)
class _Module:
    """What a module's text holds: its texts, the families of f"family.{…}", what terms are asked for by."""

    texts: frozenset[str]
    families: frozenset[str]
    asked: frozenset[str]


def terms_read(known: frozenset[str], folder: Path = CODE_FOLDER) -> dict[str, tuple[str, ...]]:
    """Return the terms that the modules of a folder read, each with these modules, sorted.

    A text `family.term` counts where the family is known or where terms are asked for by it; a text
    `family.{name}` counts for every known term of the family whose short name stands in the module.
    """
    families = {name.partition(".")[0] for name in known}
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        module = _read(path, path.stat().st_mtime_ns)
        texts = {text for text in module.texts if _is_term(text)}
        named = {text for text in texts if text.partition(".")[0] in families}
        built = {
            name
            for name in known
            if name.partition(".")[0] in module.families and name.partition(".")[2] in module.texts
        }
        for name in named | built | {each for each in module.asked if _is_term(each)}:
            found.setdefault(name, set()).add(path.stem)
    return {name: tuple(sorted(modules)) for name, modules in sorted(found.items())}


def _is_term(text: str) -> bool:
    return _TERM.fullmatch(text) is not None and not text.endswith(_FILE_ENDINGS)


@lru_cache(maxsize=1024)
def _read(path: Path, _changed: int) -> _Module:
    texts: set[str] = set()
    families: set[str] = set()
    asked: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            families |= set(_family(node))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _ASKING:
            asked |= {each for argument in node.args[:2] for each in _texts(argument)}
    return _Module(frozenset(texts), frozenset(families), frozenset(asked))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _family(node: ast.JoinedStr) -> Iterator[str]:
    """Yield the family of f"family.{…}"."""
    first = node.values[0] if node.values else None
    if isinstance(first, ast.Constant):
        read = _FAMILY.fullmatch(str(first.value))
        if read is not None:
            yield read[1]

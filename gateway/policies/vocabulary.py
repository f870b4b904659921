"""条款词汇: the terms that policies understand, read from `contracts/policies/vocabulary.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured

VOCABULARY_FILE: Final = "vocabulary.toml"
UNITS: Final = frozenset(
    {"choice", "ratio", "months", "days", "workdays", "count", "date", "percent", "price"}
)
RULE_PATTERN: Final = r"R([1-9]|1[0-5])"
_NEEDED: Final = ("form", "unit", "rule", "zh", "en")


@dataclass(frozen=True, slots=True)
class Word:
    """One term: the form of its values (a regular expression), their unit, the rule it belongs to."""

    name: str
    form: str
    unit: str
    rule: str
    zh: str
    en: str
    needs: tuple[str, ...] = ()
    """Terms that must be in force on the day from which this one is."""
    reserved: str = ""
    """Why the term is known although no paper gives it a value (预留)."""

    def fits(self, value: object) -> bool:
        """Return whether a value has the term's form."""
        return isinstance(value, str) and re.fullmatch(self.form, value, re.ASCII) is not None


@lru_cache(maxsize=8)
def load_vocabulary(folder: Path) -> Mapping[str, Word]:
    """Return the words by name. Raises Misconfigured with every finding."""
    path = folder / VOCABULARY_FILE
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"{path.name}: {error}") from error
    findings: list[str] = []
    words = {name: _word(name, told, findings) for name, told in given.items()}
    findings += [
        f"{path.name}: {name}: needs {needed}, which is no term"
        for name, word in words.items()
        for needed in word.needs
        if needed not in words
    ]
    if findings:
        raise Misconfigured(*findings)
    return words


def _word(name: str, told: Any, findings: list[str]) -> Word:
    where = f"{VOCABULARY_FILE}: {name}"
    table: dict[str, Any] = told if isinstance(told, dict) else {}
    findings += [f"{where}: {part} is missing" for part in _NEEDED if not table.get(part)]
    unknown = sorted(set(table) - {*_NEEDED, "needs", "reserved"})
    if unknown:
        findings.append(f"{where}: unknown {', '.join(unknown)}")
    if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
        findings.append(f"{where}: a term's name is family.term")
    texts = {part: str(table.get(part, "")) for part in _NEEDED}
    if texts["unit"] not in UNITS:
        findings.append(f"{where}: unit {texts['unit']!r} is none of {', '.join(sorted(UNITS))}")
    if not re.fullmatch(RULE_PATTERN, texts["rule"]):
        findings.append(f"{where}: rule {texts['rule']!r} is none of R1 to R15")
    try:
        re.compile(texts["form"], re.ASCII)
    except re.error as error:
        findings.append(f"{where}: form: {error}")
    needs, reserved = tuple(map(str, table.get("needs", ()))), str(table.get("reserved", ""))
    return Word(name=name, **texts, needs=needs, reserved=reserved)

"""取值释义: what a choice's word means, in Chinese, for people who read the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.policies.policy import shown
from gateway.policies.terms import CHOICES_FILE
from gateway.policies.vocabulary import Word
from gateway.toml_tables import parse_tables, read_text

_UNITS: Final = {"months": "个月", "days": "天", "workdays": "个工作日", "count": "", "price": "元"}
_HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class Choices:
    """The words by term and value."""

    meanings: Mapping[tuple[str, str], str]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.meanings)

    def unworded(self, word: Word, value: str) -> bool:
        """Return whether a choice has no words; a value that is Chinese itself needs none."""
        return word.unit == "choice" and value.isascii() and self.shown(word, value) == value

    def shown(self, word: Word, value: str) -> str:
        """Return a value as people read it: 80%, 10 个工作日, 自次月起; the value itself where nothing is known."""
        if word.unit in {"ratio", "percent"}:
            part = Decimal(value) * (_HUNDRED if word.unit == "ratio" else 1)
            return f"{shown(f'{part:f}')}%"
        if word.unit != "choice":
            unit = _UNITS.get(word.unit, "")
            return f"{value} {unit}".strip()
        whole = self.meanings.get((word.name, value))
        if whole is not None or "," not in value:
            return whole or value
        parts = [self.meanings.get((word.name, each)) for each in value.split(",")]
        return "、".join(part for part in parts if part) if all(parts) else value


def load_choices(folder: Path) -> Choices:
    """Return the meanings of a folder's `choices.toml`. Raises Misconfigured with every finding."""
    path = folder / CHOICES_FILE
    if not path.exists():
        raise Misconfigured(f"{path.name}: 缺此文件 the file is missing")
    given: dict[str, Any] = parse_tables(read_text(path), path.name)
    findings: list[str] = []
    meanings: dict[tuple[str, str], str] = {}
    for name, values in given.items():
        if not isinstance(values, dict):
            findings.append(
                f"{path.name}: {name} 应为取值与释义的表 is a table of values and their words"
            )
            continue
        for value, words in values.items():
            if not isinstance(words, str) or not words.strip():
                findings.append(f"{path.name}: {name}: {value} 没有释义 has no words")
            meanings[name, value] = str(words)
    if findings:
        raise Misconfigured(*findings)
    return Choices(meanings)

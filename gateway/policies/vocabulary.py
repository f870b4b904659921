"""条款词汇: the terms that policies understand, read from `contracts/policies/vocabulary.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.toml_tables import parse_tables, read_text

VOCABULARY_FILE: Final = "vocabulary.toml"
UNITS: Final = frozenset(
    {"choice", "ratio", "months", "days", "workdays", "count", "date", "percent", "price"}
)
RULE_PATTERN: Final = r"R([1-9]|1[0-5])"
_NEEDED: Final = ("form", "unit", "rule", "zh", "en")
_WRITTEN: Final = {
    "ratio": '小数文字，如 80% 写作 "0.80"',
    "percent": '百分数文字，如 "5"',
    "price": '元，小数文字，如 "0.053"',
    "date": '日期文字，如 "12-31" 或 "2019-03-20"，依词汇表',
    **dict.fromkeys(("months", "days", "workdays", "count"), '整数文字，如 "30"'),
}


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

    @property
    def written(self) -> str:
        """Return how a value is written, for people: the choices that there are, or an example."""
        if re.fullmatch(r"[a-z_0-9|]+", self.form):
            return " 或 ".join(f'"{each}"' for each in self.form.split("|"))
        several = re.fullmatch(r"\(([a-z_|]+)\)\(,\(\1\)\)\*", self.form)
        if several is not None:
            return f'"{several[1].replace("|", ",")}" 中的一项或几项'
        return _WRITTEN.get(self.unit, "文字，几项之间用“、”分隔")

    def fits(self, value: object) -> bool:
        """Return whether a value has the term's form."""
        return isinstance(value, str) and re.fullmatch(self.form, value, re.ASCII) is not None


@lru_cache(maxsize=8)
def load_vocabulary(folder: Path) -> Mapping[str, Word]:
    """Return the words by name. Raises Misconfigured with every finding."""
    path = folder / VOCABULARY_FILE
    if not path.exists():
        raise Misconfigured(f"{path.name}: 缺此文件 the file is missing")
    given = parse_tables(read_text(path), path.name)
    findings: list[str] = []
    words = {name: _word(name, told, findings) for name, told in given.items()}
    findings += [
        f"{path.name}: {name}: 所需条款不存在 needs {needed}, which is no term"
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
    findings += [f"{where}: 缺 {part} is missing" for part in _NEEDED if not table.get(part)]
    unknown = sorted(set(table) - {*_NEEDED, "needs", "reserved"})
    if unknown:
        findings.append(f"{where}: 没有此项，请删去 unknown {', '.join(unknown)}")
    if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
        findings.append(f"{where}: 条款键写作 家族.条款 a term's name is family.term")
    texts = {part: str(table.get(part, "")) for part in _NEEDED}
    if texts["unit"] not in UNITS:
        findings.append(
            f"{where}: 没有此单位 unit {texts['unit']!r} is none of {', '.join(sorted(UNITS))}"
        )
    if not re.fullmatch(RULE_PATTERN, texts["rule"]):
        findings.append(f"{where}: 没有此规则 rule {texts['rule']!r} is none of R1 to R15")
    try:
        re.compile(texts["form"], re.ASCII)
    except re.error as error:
        findings.append(f"{where}: form 不是正则表达式 no regular expression: {error}")
    needs, reserved = tuple(map(str, table.get("needs", ()))), str(table.get("reserved", ""))
    return Word(name=name, **texts, needs=needs, reserved=reserved)

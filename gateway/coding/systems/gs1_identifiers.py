"""应用标识符: the table of GS1 application identifiers, read from contracts/codes/gs1_identifiers.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from gateway.coding.systems.loading import CODES_FOLDER, parsed_toml
from gateway.coding.systems.system import PartMeaning
from gateway.errors import Misconfigured

IDENTIFIERS_FILE: Final = "gs1_identifiers.toml"
DATES: Final = ("yymmd0", "yymmdd", "yymmddhh", "yymmddhhmm")
_PREDEFINED: Final = frozenset(
    f"{number:02}" for number in (*range(5), *range(11, 21), *range(31, 37), 41)
)
"""First two digits of the identifiers whose data has a predefined length: no FNC1 behind them.

GS1 General Specifications 7.8.5.2. Every other identifier needs the separator, fixed length or not.
"""
_KEYS: Final = frozenset({"ai", "name", "zh", "en", "form", "check", "date", "code_type"})
_FIELD: Final = re.compile(r"(n|an)(\.\.)?([0-9]{1,2})")


class Field(NamedTuple):
    """One stretch of an element's data: digits only or set 82, from so many to so many characters."""

    digits: bool
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Identifier:
    """An application identifier (应用标识符): its data's form, check digit and date.

    `least` and `most` are the characters of the data; `predefined` data ends by itself, without FNC1.
    `check` is over how many of the first digits the last one is a GS1 mod 10 check; 0 is none.
    """

    ai: str
    meaning: PartMeaning
    fields: tuple[Field, ...]
    least: int
    most: int
    check: int
    date: str
    predefined: bool


@lru_cache(maxsize=1)
def identifiers() -> Mapping[str, Identifier]:
    """Return the identifiers that the gateway ships, by their digits; read once."""
    return load_identifiers(CODES_FOLDER / IDENTIFIERS_FILE)


def load_identifiers(path: Path) -> Mapping[str, Identifier]:
    """Read a table of identifiers. Raises Misconfigured with every finding."""
    findings: list[str] = []
    given = parsed_toml(path, findings) or {}
    found: dict[str, Identifier] = {}
    rows = given.get("identifier")
    if not findings and (set(given) != {"identifier"} or not isinstance(rows, list) or not rows):
        findings.append(f"{path.name}: a list of identifiers is expected, nothing else")
        rows = []
    for row in rows or []:
        problem = _problem(row, found)
        if problem:
            findings.append(f"{path.name}: {row}: {problem}")
        else:
            found[row["ai"]] = _identifier(row)
    if findings:
        raise Misconfigured(*findings)
    return found


def _problem(row: Any, found: Mapping[str, Identifier]) -> str:  # noqa: PLR0911 - one line per kind
    if not isinstance(row, dict) or not {"ai", "name", "zh", "en", "form"} <= set(row) <= _KEYS:
        return "ai, name, zh, en and form are needed; check, date and code_type may be"
    texts = [value for key, value in row.items() if key != "check"]
    if not all(isinstance(text, str) and text for text in texts):
        return "all but check are texts"
    ai = row["ai"]
    if re.fullmatch(r"[0-9]{2,4}", ai) is None:
        return "ai has two to four digits"
    if any(ai.startswith(other) or other.startswith(ai) for other in found):
        return "the ai stands twice, or begins another"
    if row["name"] in {each.meaning.name for each in found.values()}:
        return "the name stands twice"
    fields = _fields(row["form"])
    if not fields:
        return "form is n14, n..8, an..20 or two of them with +"
    check = row.get("check", 0)
    if type(check) is not int or not 0 <= check <= fields[0].least:
        return "check is a number of digits of the first field"
    if row.get("date", DATES[0]) not in DATES:
        return f"date is one of {', '.join(DATES)}"
    return ""


def _fields(form: str) -> tuple[Field, ...]:
    read = [_FIELD.fullmatch(each) for each in form.split("+")]
    found: list[Field] = []
    for place, each in enumerate(read):
        if each is None or not int(each[3]):
            return ()
        least = int(each[3]) if not each[2] else int(place == 0)
        found.append(Field(each[1] == "n", least, int(each[3])))
    return tuple(found)


def _identifier(row: Mapping[str, Any]) -> Identifier:
    meaning = PartMeaning(
        row["name"],
        f"({row['ai']}) {row['zh']}",
        f"({row['ai']}) {row['en']}",
        code_type=row.get("code_type", ""),
    )
    fields = _fields(row["form"])
    return Identifier(
        ai=row["ai"],
        meaning=meaning,
        fields=fields,
        least=sum(field.least for field in fields),
        most=sum(field.most for field in fields),
        check=row.get("check", 0),
        date=row.get("date", ""),
        predefined=row["ai"][:2] in _PREDEFINED,
    )

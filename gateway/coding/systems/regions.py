"""区划: the regions of GB/T 2260 with their years, and the insurance regions beyond it.

Years are as precise as the published lists: a code counts from the year in which it first appeared to the
year in which it was gone, both inclusive. Insurance regions (省本级, development zones) have no years.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from gateway.coding.systems.loading import CODES_FOLDER, parsed_toml
from gateway.coding.systems.region_history import GATHERING, REGIONS_FILE
from gateway.errors import Misconfigured

INSURANCE_FILE: Final = "insurance_regions.toml"
_COLUMNS: Final = ("code", "name", "since", "until", "list")
_CODE: Final = re.compile(r"[0-9]{6}")
_YEAR: Final = re.compile(r"([0-9]{4})?")

Standing = Literal["gb2260", "statistical", "insurance", "unknown"]


class Name(NamedTuple):
    """One name of a region: years from and to, inclusive; "" is open."""

    text: str
    since: str
    until: str

    def holds_in(self, year: str) -> bool:
        """Return whether the name (and the code) held in a year; "" asks for any year."""
        return not year or (self.since <= year and (not self.until or year <= self.until))


@dataclass(frozen=True, slots=True)
class Region:
    """A region (区划): its names in the order of time, and where it stands.

    In GB/T 2260 (gb2260); only in the lists of the statistical office, as development zones do
    (statistical); among the insurance regions (insurance); nowhere, though its province exists (unknown).

    `parent` is the code of the region above it, "" for a province. An `unknown` one has no names.
    """

    code: str
    names: tuple[Name, ...]
    parent: str
    standing: Standing

    @property
    def name(self) -> str:
        """Return the latest name, "" where none is known."""
        return self.names[-1].text if self.names else ""

    @property
    def level(self) -> str:
        """Return province, prefecture or county, as the zeros at the end say."""
        return _level(self.code)

    @property
    def years(self) -> str:
        """Return the years of the code for a sentence, as …–2011 or 1997–…"""
        return f"{self.names[0].since or '…'}–{self.names[-1].until or '…'}" if self.names else ""

    def name_in(self, year: str) -> str | None:
        """Return the name in a year; None where the code did not hold then. "" asks for the latest."""
        if not year:
            return self.name
        held = [each.text for each in self.names if each.holds_in(year)]
        return held[-1] if held else None


class Regions:
    """Every known region by its code."""

    def __init__(
        self, known: Mapping[str, Region], forms: tuple[tuple[re.Pattern[str], str], ...]
    ) -> None:
        self._known, self._forms = known, forms
        self._provinces = frozenset(code[:2] for code in known)

    def __len__(self) -> int:
        return len(self._known)

    @classmethod
    def load(cls, folder: Path = CODES_FOLDER, *added: Path) -> Regions:
        """Read the table and the insurance regions, and the operator's own files of the same form.

        Raises Misconfigured with every finding.
        """
        findings: list[str] = []
        known = _table(folder / REGIONS_FILE, findings)
        insured: dict[str, str] = {}
        forms: list[tuple[re.Pattern[str], str]] = []
        for path in (folder / INSURANCE_FILE, *added):
            _insurance(path, insured, forms, findings)
        if findings:
            raise Misconfigured(*findings)
        for code, name in insured.items():
            if code not in known or known[code].standing != "gb2260":
                known[code] = Region(code, (Name(name, "", ""),), "", "insurance")
        placed = {code: _placed(region, known) for code, region in known.items()}
        return cls(placed, tuple(forms))

    def get(self, code: str) -> Region | None:
        """Return the region of a code, an unknown one where only its province is known, else None."""
        found = self._known.get(code)
        if found is not None or code[:2] not in self._provinces or not _CODE.fullmatch(code):
            return found
        names: tuple[Name, ...] = ()
        for pattern, name in self._forms:
            if pattern.fullmatch(code):
                names = (Name(name, "", ""),)
                break
        standing: Standing = "insurance" if names else "unknown"
        return Region(code, names, _above(code, self._known), standing)

    def full_name(self, region: Region, year: str = "") -> str:
        """Return the name with those above it, as they were in a year, the province first."""
        names = [region.name_in(year) or region.name]
        above = self._known.get(region.parent)
        while above is not None:
            names.append(above.name_in(year) or above.name)
            above = self._known.get(above.parent)
        return "".join(name for name in reversed(names) if name not in GATHERING)


@lru_cache(maxsize=1)
def regions() -> Regions:
    """Return the regions that the gateway ships; read when first asked for."""
    return Regions.load()


def _level(code: str) -> str:
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


def _above(code: str, known: Mapping[str, Region]) -> str:
    """Return the nearest region above a code that is known; "" for a province."""
    for above in (f"{code[:4]}00", f"{code[:2]}0000"):
        if above != code and above in known and len(above.rstrip("0")) < len(code.rstrip("0")):
            return above
    return ""


def _placed(region: Region, known: Mapping[str, Region]) -> Region:
    return Region(region.code, region.names, _above(region.code, known), region.standing)


def _table(path: Path, findings: list[str]) -> dict[str, Region]:
    found: dict[str, list[Name]] = {}
    standings: dict[str, Standing] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if next(rows, None) != list(_COLUMNS):
                findings.append(f"{path.name}: the columns are {','.join(_COLUMNS)}")
                return {}
            for line, row in enumerate(rows, 2):
                if not _sound(row):
                    findings.append(f"{path.name} line {line}: {','.join(row)} is no region")
                    continue
                code, name, since, until, standing = row
                found.setdefault(code, []).append(Name(name, since, until))
                standings[code] = "gb2260" if standing == "gb2260" else "statistical"
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        findings.append(f"{path.name}: {error}")
    return {code: Region(code, tuple(names), "", standings[code]) for code, names in found.items()}


def _sound(row: list[str]) -> bool:
    return (
        len(row) == len(_COLUMNS)
        and _CODE.fullmatch(row[0]) is not None
        and bool(row[1])
        and _YEAR.fullmatch(row[2]) is not None
        and _YEAR.fullmatch(row[3]) is not None
        and row[4] in {"gb2260", "statistical"}
    )


def _insurance(
    path: Path,
    insured: dict[str, str],
    forms: list[tuple[re.Pattern[str], str]],
    findings: list[str],
) -> None:
    given = parsed_toml(path, findings) or {}
    findings += [f"{path.name}: unknown {key}" for key in sorted(set(given) - {"region", "form"})]
    for each in _tables(path, given, "region", findings):
        code, name = each.get("code"), each.get("name")
        if not _texts(each, {"code", "name", "source"}) or not _CODE.fullmatch(str(code)):
            findings.append(
                f"{path.name}: region {code}: six digits, a name and a source are needed"
            )
        elif str(code) in insured:
            findings.append(f"{path.name}: region {code} stands twice")
        else:
            insured[str(code)] = str(name)
    for each in _tables(path, given, "form", findings):
        if not _texts(each, {"pattern", "name", "source"}):
            findings.append(f"{path.name}: form: pattern, name and source are needed")
            continue
        try:
            forms.append((re.compile(each["pattern"], re.ASCII), each["name"]))
        except re.error as error:
            findings.append(f"{path.name}: form {each.get('pattern')}: {error}")


def _tables(
    path: Path, given: dict[str, Any], key: str, findings: list[str]
) -> list[dict[str, Any]]:
    value = given.get(key, [])
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    findings.append(f"{path.name}: write [[{key}]]")
    return []


def _texts(given: Mapping[str, object], keys: set[str]) -> bool:
    return set(given) == keys and all(isinstance(v, str) and v.strip() for v in given.values())

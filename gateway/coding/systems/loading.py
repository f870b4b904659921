"""读取编码体系: reads contracts/codes/*.toml, every file as a whole, all findings at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.coding.systems.check_digits import ALGORITHMS
from gateway.coding.systems.shape import Shape
from gateway.coding.systems.system import (
    READINGS,
    CheckDigit,
    CodeSystem,
    Confusion,
    PartMeaning,
)
from gateway.errors import Misconfigured

CODES_FOLDER: Final = Path(__file__).parents[3] / "contracts" / "codes"
TABLES: Final = frozenset({"insurance_regions", "region_changes", "gs1_identifiers"})
"""Files in the same folder that are tables of a system, not systems themselves."""

_TEXTS: Final = ("title_zh", "title_en", "uri", "reading", "source")
_LISTS: Final = ("examples", "refused", "notes")
_KEYS: Final = frozenset(
    {*_TEXTS, *_LISTS, "pattern", "lengths", "length_range", "forbidden"}
    | {"part", "check_digit", "confused"}
)
_PART_KEYS: Final = frozenset(
    {"name", "from", "to", "within", "zh", "en", "code_type", "strict", "values"}
)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,40}")


@lru_cache(maxsize=4)
def load_code_systems(folder: Path = CODES_FOLDER) -> Mapping[str, CodeSystem]:
    """Return the code systems of a folder by name. Raises Misconfigured with every finding."""
    findings: list[str] = []
    read: dict[str, CodeSystem] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.stem in TABLES:
            continue
        system = _System(path, findings).read()
        if system is not None:
            read[system.name] = system
    if not read and not findings:
        findings.append(f"{folder}: 没有编码体系 there is no code system")
    findings += _between(read)
    if findings:
        raise Misconfigured(*findings)
    return read


def code_systems() -> Mapping[str, CodeSystem]:
    """Return the code systems that the gateway ships, by name; read once."""
    return load_code_systems(CODES_FOLDER)


def parsed_toml(path: Path, findings: list[str]) -> dict[str, Any] | None:
    """Return a TOML file's content; None (with a finding) when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        findings.append(f"{path.name}: {error}")
        return None


def _between(read: Mapping[str, CodeSystem]) -> list[str]:
    """Return what is wrong between the systems: one URI for two, parts of a system that is not there."""
    found: list[str] = []
    by_uri: dict[str, str] = {}
    for system in read.values():
        other = by_uri.setdefault(system.uri, system.name)
        if other != system.name:
            found.append(f"{system.name}.toml: uri {system.uri} is also that of {other}")
        found += [
            f"{system.name}.toml: part {part.name}: no such code type {part.code_type}"
            for part in system.parts
            if part.code_type and part.code_type not in read
        ]
    return found


class _System:
    """One file being read; findings name the file and the key."""

    def __init__(self, path: Path, findings: list[str]) -> None:
        self._path, self._findings = path, findings
        self._given: dict[str, Any] = {}

    def read(self) -> CodeSystem | None:
        given = parsed_toml(self._path, self._findings)
        if given is None:
            return None
        before = len(self._findings)
        self._given = given
        if _NAME.fullmatch(self._path.stem) is None:
            self._find("the file's name must be a code type")
        for key in sorted(set(given) - _KEYS):
            self._find(f"unknown key {key}")
        texts = {key: self._text(key) for key in _TEXTS}
        lists = {key: self._list(key) for key in _LISTS}
        if texts["reading"] and texts["reading"] not in READINGS:
            self._find(f"reading must be one of {', '.join(READINGS)}")
        if not lists["examples"]:
            self._find("examples are missing")
        pattern, shape = self._pattern()
        lengths, ranged = self._lengths(shape)
        parts = self._parts(pattern, lengths)
        checks = self._check_digits(lengths, ranged=ranged)
        confusions = tuple(filter(None, map(self._confusion, self._tables("confused"))))
        forbidden = given.get("forbidden", "")
        if not isinstance(forbidden, str):
            self._find("forbidden must be text")
        if len(self._findings) == before:
            self._find_bad_examples(lists["examples"], pattern, checks)
        if len(self._findings) > before:
            return None
        return CodeSystem(
            name=self._path.stem,
            lengths=lengths,
            ranged=ranged,
            pattern=pattern,
            shape=shape,
            parts=parts,
            check_digits=checks,
            confusions=confusions,
            forbidden=forbidden,
            title_zh=texts["title_zh"],
            title_en=texts["title_en"],
            uri=texts["uri"],
            reading=texts["reading"],
            source=texts["source"],
            examples=lists["examples"],
            refused=lists["refused"],
            notes=lists["notes"],
        )

    def _find(self, what: str) -> None:
        self._findings.append(f"{self._path.name}: {what}")

    def _text(self, key: str) -> str:
        value = self._given.get(key)
        if not isinstance(value, str) or not value.strip():
            self._find(f"{key} is missing or no text")
            return ""
        return value

    def _list(self, key: str) -> tuple[str, ...]:
        value = self._given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._find(f"{key} must be a list of texts")
            return ()
        return tuple(value)

    def _tables(self, key: str) -> list[dict[str, Any]]:
        value = self._given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._find(f"{key} must be written as [[{key}]]")
            return []
        return value

    def _pattern(self) -> tuple[re.Pattern[str] | None, Shape | None]:
        given, reading = self._given.get("pattern"), self._given.get("reading")
        if given is None and reading in {"gs1", "udi", "opaque"}:
            return None, None
        if not isinstance(given, str) or not given:
            self._find("pattern is missing or no text")
            return None, None
        try:
            return re.compile(given, re.ASCII), Shape(given)
        except (ValueError, re.error) as error:
            self._find(f"pattern: {error}")
            return None, None

    def _lengths(self, shape: Shape | None) -> tuple[tuple[int, ...], bool]:
        listed, ranged = self._given.get("lengths"), self._given.get("length_range")
        value: Any = listed if ranged is None else ranged
        if (listed is None) == (ranged is None) or not _ascending(value):
            self._find("either lengths or length_range is needed: whole numbers, ascending")
            return (), False
        if ranged is not None and len(ranged) != 2:  # noqa: PLR2004 - the least and the greatest
            self._find("length_range has the least and the greatest")
            return (), True
        found = shape.lengths() if shape else []
        if ranged is not None:
            found = [found[0], found[-1]] if found else []
        if shape and found != value:
            self._find(f"lengths {value} are not those of the pattern, {found}")
        return tuple(value), ranged is not None

    def _parts(
        self, pattern: re.Pattern[str] | None, lengths: tuple[int, ...]
    ) -> tuple[PartMeaning, ...]:
        read = [part for each in self._tables("part") if (part := self._part(each))]
        names = [part.name for part in read]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._find(f"part {name} stands twice")
        for part in read:
            if not part.start and (pattern is None or part.name not in pattern.groupindex):
                self._find(f"part {part.name}: neither from and to, nor a group of the pattern")
            if lengths and part.end > lengths[0]:
                self._find(f"part {part.name}: to {part.end} is beyond the shortest code")
        outer = [part for part in read if not part.within]
        for part in read:
            if part.within and not any(_holds(one, part) for one in outer):
                self._find(f"part {part.name}: not inside {part.within}")
        self._find_gaps([part for part in outer if part.start], lengths)
        return tuple(_with_inner(part, read) for part in outer)

    def _find_gaps(self, fixed: list[PartMeaning], lengths: tuple[int, ...]) -> None:
        """Parts by position follow each other without gap, to the end of the code."""
        at = 1
        for part in fixed:
            if part.start != at:
                self._find(f"part {part.name}: begins at {part.start}, not at {at}")
            at = part.end + 1
        whole = len(fixed) == sum(not each.get("within") for each in self._tables("part"))
        if fixed and whole and lengths and (len(lengths) != 1 or at != lengths[0] + 1):
            self._find(f"the parts end at {at - 1}, the code at {lengths[-1]}")

    def _part(self, given: dict[str, Any]) -> PartMeaning | None:
        name = given.get("name")
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            self._find(f"part {name!r}: no name")
            return None
        before = len(self._findings)
        for key in sorted(set(given) - _PART_KEYS):
            self._find(f"part {name}: unknown key {key}")
        start, end = given.get("from", 0), given.get("to", 0)
        if type(start) is not int or type(end) is not int or not self._placed(given, start, end):
            self._find(f"part {name}: from and to are places, counted from 1")
        texts = {key: given.get(key, "") for key in ("zh", "en", "within", "code_type")}
        if not all(isinstance(text, str) for text in texts.values()):
            self._find(f"part {name}: zh, en, within and code_type are texts")
        if not texts["zh"] or not texts["en"]:
            self._find(f"part {name}: zh and en are needed")
        values, strict = given.get("values", {}), given.get("strict", False)
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            self._find(f"part {name}: values are texts")
        if type(strict) is not bool or (strict and not texts["code_type"]):
            self._find(f"part {name}: strict is true or false, and needs a code_type")
        if len(self._findings) > before:
            return None
        return PartMeaning(name, start=start, end=end, strict=strict, values=values, **texts)

    @staticmethod
    def _placed(given: dict[str, Any], start: int, end: int) -> bool:
        return 1 <= start <= end if "from" in given or "to" in given else True

    def _check_digits(self, lengths: tuple[int, ...], *, ranged: bool) -> tuple[CheckDigit, ...]:
        found = []
        for given in self._tables("check_digit"):
            name, start, end = (given.get(key) for key in ("algorithm", "from", "to"))
            if set(given) != {"algorithm", "from", "to"} or name not in ALGORITHMS:
                self._find(f"check_digit: algorithm ({', '.join(ALGORITHMS)}), from, to")
            elif type(start) is not int or type(end) is not int or not 1 <= start < end:
                self._find(f"check_digit {name}: from and to are places, counted from 1")
            elif ranged or (lengths and end > lengths[0]):
                self._find(f"check_digit {name}: to {end} is beyond the shortest code")
            else:
                found.append(CheckDigit(str(name), start, end))
        return tuple(found)

    def _find_bad_examples(
        self,
        examples: tuple[str, ...],
        pattern: re.Pattern[str] | None,
        checks: tuple[CheckDigit, ...],
    ) -> None:
        for code in examples if pattern else ():
            if pattern and pattern.fullmatch(code) is None:
                self._find(f"example {code} is not of the pattern")
                continue
            for check in checks:
                right = ALGORITHMS[check.algorithm](code[check.start - 1 : check.end - 1])
                if code[check.end - 1] != right:
                    self._find(f"example {code}: the check character {check.end} must be {right}")

    def _confusion(self, given: dict[str, Any]) -> Confusion | None:
        texts = [given.get(key) for key in ("pattern", "zh", "en")]
        if set(given) != {"pattern", "zh", "en"} or not all(isinstance(t, str) for t in texts):
            self._find("confused: pattern, zh and en")
            return None
        try:
            return Confusion(re.compile(str(texts[0]), re.ASCII), str(texts[1]), str(texts[2]))
        except re.error as error:
            self._find(f"confused: {error}")
            return None


def _ascending(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(type(each) is int and each > 0 for each in value)
        and value == sorted(set(value))
    )


def _holds(outer: PartMeaning, inner: PartMeaning) -> bool:
    return outer.name == inner.within and 0 < outer.start <= inner.start <= inner.end <= outer.end


def _with_inner(outer: PartMeaning, read: list[PartMeaning]) -> PartMeaning:
    inner = tuple(part for part in read if part.within == outer.name)
    return PartMeaning(
        outer.name,
        outer.zh,
        outer.en,
        outer.start,
        outer.end,
        code_type=outer.code_type,
        strict=outer.strict,
        values=outer.values,
        inner=inner,
    )

"""国家目录: the national platform's catalogue download (transaction 1301) as product records.

TAB-separated, no header, columns by position (contracts/catalogues/national_1301.toml); plain text or the
zip that transaction 9102 hands out. Appended columns are ignored. Nothing is held in memory but one line.
"""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from gateway.coding.interchange.archive import Archive
from gateway.coding.interchange.cells import Limits
from gateway.coding.interchange.days import NotADay, day_of, end_of
from gateway.coding.interchange.findings import Finding, bad_file, finding, quoted
from gateway.coding.interchange.headings import CATALOGUES
from gateway.coding.interchange.source import Content, content_of
from gateway.coding.interchange.texts import Chunks, encoding_of, file_chunks
from gateway.coding.interchange.unified import known_system, unified_check
from gateway.coding.products.packs import PackFactors
from gateway.coding.products.record import FIRST_DAY, CodeLink, ProductRecord
from gateway.coding.records import OPEN_END
from gateway.coding.rows import SHAPES
from gateway.coding.systems import CodeRefusal, parse
from schemas.codes import CodeKind

NATIONAL: Final = "national_1301"
_LINE_LIMIT: Final = 1 << 20
_SHAPE: Final = SHAPES[CodeKind.PRODUCT.value]
_TEXTS: Final = (
    "trade_name", "generic_name", "dosage_form", "specification", "pack", "holder", "maker", "approval_no",
)  # fmt: skip
_ENDED: Final = "0"
_CACHE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Layout:
    """目录列位: positions (from 0) of the fields and linked codes of a catalogue file."""

    fields: Mapping[str, tuple[int, ...]]
    links: Mapping[str, tuple[int, ...]]
    blank: frozenset[str]
    source: str

    @property
    def wanted(self) -> int:
        """Return how many columns a row needs."""
        every = (*self.fields.values(), *self.links.values())
        return max(place for places in every for place in places) + 1

    @classmethod
    def load(cls, name: str = NATIONAL) -> Layout:
        """Read `contracts/catalogues/<name>.toml`."""
        with (CATALOGUES / f"{name}.toml").open("rb") as file:
            given = tomllib.load(file)
        return cls(
            {field: _from_zero(places) for field, places in given["fields"].items()},
            {kind: _from_zero(places) for kind, places in given["links"].items()},
            frozenset(given["blank"]),
            given["source"],
        )


def _from_zero(places: Sequence[int]) -> tuple[int, ...]:
    return tuple(place - 1 for place in places)


@dataclass(frozen=True, slots=True)
class Listed:
    """One good row: the product, and what says which of several rows of a code is the newest."""

    row: int
    record: ProductRecord
    newest: tuple[str, str]
    """(version, time of the last change)."""


class CatalogueFile:
    """One file of the national catalogue, read as often as needed. Raises BadFile."""

    def __init__(self, path: Path, layout: Layout, limits: Limits) -> None:
        self._layout, self._wanted = layout, layout.wanted
        self._chunks = _chunks_of(path, limits)
        self._encoding, self.notes = encoding_of(path.name, self._chunks)
        self._systems = {name: known_system(name) for name in layout.links}
        self._factors: dict[tuple[str, ...], PackFactors | None] = {}

    def rows(self) -> Iterator[Listed | Finding]:
        """Yield every row, good or bad, in order; blank lines are skipped."""
        for row, line in enumerate(self._lines(), start=1):
            if line.strip():
                yield self._read(row, line.split("\t"))

    def _lines(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)("strict")
        left = ""
        for chunk in self._chunks():
            *lines, left = (left + decoder.decode(chunk)).split("\n")
            if len(left) > _LINE_LIMIT:
                raise bad_file(
                    "file.not_csv", detail=f"a line of more than {_LINE_LIMIT} characters"
                )
            yield from (line.removesuffix("\r") for line in lines)
        left += decoder.decode(b"", final=True)
        if left:
            yield left.removesuffix("\r")

    def _read(self, row: int, cells: list[str]) -> Listed | Finding:
        if len(cells) < self._wanted:
            return finding("row.columns", row, found=len(cells), wanted=self._wanted)
        values = {name: self._first(cells, at) for name, at in self._layout.fields.items()}
        unified = values["unified_code"]
        if not unified:
            return finding("row.required", row, "unified_code")
        problem = self._problem(unified)
        if problem:
            return finding("row.unified", row, text=quoted(unified), detail=problem)
        try:
            since, until = _days(values)
        except NotADay as error:
            return finding(error.code, row, text=error.text)
        if since > until:
            return finding("row.invalid", row, detail=f"{since} > {until}")
        record = ProductRecord(
            unified,
            links=self._links(cells),
            factors=self._pack_factors(values),
            valid_from=since,
            valid_to=until,
            **{name: values[name] for name in _TEXTS},
        )
        return Listed(row, record, (values["version"], values["updated"]))

    def _problem(self, unified: str) -> str:
        if _SHAPE.match(unified) is None:
            return "形状不符 not the shape of a product's code"
        return unified_check(CodeKind.PRODUCT.value, unified)

    def _first(self, cells: Sequence[str], places: tuple[int, ...]) -> str:
        for place in places:
            text = cells[place].strip()
            if text and text not in self._layout.blank:
                return text
        return ""

    def _links(self, cells: Sequence[str]) -> tuple[CodeLink, ...]:
        """Return the linked codes; one that its system refuses links nothing and is left out."""
        found = []
        for name, places in self._layout.links.items():
            code = self._first(cells, places)
            if code and not (self._systems[name] and isinstance(parse(name, code), CodeRefusal)):
                found.append(CodeLink(name, code))
        return tuple(found)

    def _pack_factors(self, values: Mapping[str, str]) -> PackFactors | None:
        given = tuple(values[name] for name in ("ratio", "pricing_unit", "pack_unit", "unit"))
        if given not in self._factors:
            if len(self._factors) > _CACHE:
                self._factors.clear()
            self._factors[given] = pack_factors(*given)
        return self._factors[given]


def pack_factors(ratio: str, pricing_unit: str, pack_unit: str, unit: str) -> PackFactors | None:
    """Return the pack factors of 转换比 (units in one sales pack), None where they cannot be told.

    What is priced is the minimum pack or the minimum unit, whichever 最小计价单位 names; where it names
    neither, nothing is guessed.
    """
    try:
        units = Fraction(ratio) if ratio else Fraction(0)
    except (ValueError, ZeroDivisionError):
        return None
    if units <= 0:
        return None
    if pricing_unit and pricing_unit == unit:
        return PackFactors.of_ratio(units, units_per_pricing=Fraction(1))
    if pricing_unit and pricing_unit == pack_unit:
        return PackFactors.of_ratio(units, units_per_pricing=units)
    return None


def _days(values: Mapping[str, str]) -> tuple[str, str]:
    """Return both days of a row; a row that is marked invalid ends when it was last changed at the latest."""
    since = _day(values["valid_from"]) or FIRST_DAY
    until = _end(values["valid_to"])
    if values["flag"] == _ENDED and until == OPEN_END:
        until = max(since, _day(values["updated"]) or since)
    return since, until


@lru_cache(maxsize=_CACHE)
def _day(text: str) -> str:
    return day_of(text[: len("2026-07-01")] if " " in text or "T" in text else text)


@lru_cache(maxsize=_CACHE)
def _end(text: str) -> str:
    return end_of(_day(text)) if text else OPEN_END


def _chunks_of(path: Path, limits: Limits) -> Chunks:
    content = content_of(path, limits)
    if content is Content.TEXT:
        return partial(file_chunks, path)
    if content is not Content.ZIP:
        raise bad_file("file.kind", content=content.value)
    names = [name for name in Archive(path, limits).names if not name.endswith("/")]
    if len(names) != 1:
        raise bad_file("zip.parts", names=", ".join(names[:10]) or "–")
    return lambda: Archive(path, limits).chunks(names[0])

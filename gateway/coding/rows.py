"""对照文件: one row of the crosswalk, its checks, and how the files are read.

Findings name file and line. UTF-8 (with or without BOM) is the encoding; GB18030, which spreadsheets
on Chinese desktops still write, is accepted with a note; anything else is a finding.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from gateway.coding.records import OPEN_END, Choice, Relation
from gateway.errors import Misconfigured
from schemas.canonical import DATE_PATTERN
from schemas.codes import (
    ENTERPRISE_PATTERN,
    INSTITUTION_PATTERN,
    UNIFIED_CODE_PATTERN,
    CodeKind,
)

PRODUCTS_FILE: Final = "products.csv"
FINDING_LIMIT: Final = 200
LONGEST_CODE: Final = 64
LONGEST_REASON: Final = 500
REQUIRED: Final = ("partner", "local_code", "unified_code", "valid_from", "valid_to")
OPTIONAL: Final = ("kind", "relation", "choice", "reason")
COLUMNS: Final = ("partner", "kind", "local_code", "unified_code", "valid_from", "valid_to")
ALL_COLUMNS: Final = (*COLUMNS, "relation", "choice", "reason")
PRODUCT_COLUMNS: Final = ("unified_code", "drug")

SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    CodeKind.PRODUCT.value: re.compile(UNIFIED_CODE_PATTERN.rstrip("$") + r"\Z"),
    CodeKind.INSTITUTION.value: re.compile(INSTITUTION_PATTERN.rstrip("$") + r"\Z"),
    CodeKind.ENTERPRISE.value: re.compile(ENTERPRISE_PATTERN.rstrip("$") + r"\Z"),
}
"""Shape of a unified code per kind (structure only)."""

_PARTNER: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}\Z")
_DATE: Final = re.compile(DATE_PATTERN.rstrip("$") + r"\Z")
_FULLWIDTH: Final = re.compile("[\uff01-\uff5e\u3000]")
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff\ufffd]")
_RELATIONS: Final = tuple(each.value for each in Relation)
_CHOICES: Final = tuple(each.value for each in Choice)
_CHUNK: Final = 1 << 20


class CrosswalkRow(NamedTuple):
    """One dated meaning of one local code; both dates inclusive.

    `relation` and `choice` are the words of `records.Relation` and `records.Choice`; a relation of none
    has no unified code and gives a `reason`.
    """

    partner: str
    kind: str
    local_code: str
    unified_code: str
    valid_from: str
    valid_to: str = OPEN_END
    relation: str = Relation.EQUIVALENT.value
    choice: str = ""
    reason: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what must have one meaning on a day."""
        return (self.partner, self.kind, self.local_code)


class Findings:
    """What is wrong, one line each, the first FINDING_LIMIT of them; the rest is counted."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._more = 0

    def add(self, name: str, line: int, what: str) -> None:
        """Note one finding; line 0 is the file as a whole."""
        if len(self._lines) < FINDING_LIMIT:
            self._lines.append(f"{name} line {line}: {what}" if line else f"{name}: {what}")
        else:
            self._more += 1

    def raise_any(self) -> None:
        """Raise Misconfigured when there is any finding."""
        if self._lines:
            more = (f"… and {self._more} more",) if self._more else ()
            raise Misconfigured(*self._lines, *more)


class Reading:
    """One file being read: its name for people, where findings go, notes for the operator."""

    def __init__(self, name: str, path: Path, findings: Findings) -> None:
        self.name, self.path, self.findings = name, path, findings
        self.notes: list[str] = []
        self.chooses = False
        """Whether the file has a column `choice`; known once its head was read."""

    def find(self, line: int, what: str) -> None:
        """Note a finding at a line of this file."""
        self.findings.add(self.name, line, what)

    def encoding(self) -> str | None:
        """Return how the file is to be decoded; None (with a finding) when it cannot be."""
        for name in ("utf-8-sig", "gb18030"):
            if _decodes(self.path, name):
                if name == "gb18030":
                    self.notes.append(f"{self.name}: not UTF-8, read as GB18030")
                return name
        self.find(0, "neither UTF-8 nor GB18030")
        return None

    def records(self, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, int], list[str]]]:
        """Yield (line, place of each column, cells); a file that cannot be read ends in a finding."""
        try:
            encoding = self.encoding()
            if encoding is None:
                return
            with self.path.open(encoding=encoding, newline="") as file:
                yield from self._cells(csv.reader(file, strict=True), required)
        except OSError as error:
            self.find(0, f"cannot be read: {error.strerror}")

    def _cells(
        self, reader: Iterator[list[str]], required: tuple[str, ...]
    ) -> Iterator[tuple[int, dict[str, int], list[str]]]:
        line = 0
        try:
            places = self._head(next(reader, []), required)
            if places is None:
                return
            width = max(places.values()) + 1
            for cells in reader:
                line = reader.line_num  # type: ignore[attr-defined]
                if not any(cells):
                    continue
                if len(cells) < width:
                    self.find(line, f"{len(cells)} cells where {width} are needed")
                    continue
                yield line, places, cells
        except csv.Error as error:
            self.find(line + 1, f"not CSV: {error}")

    def _head(self, cells: list[str], required: tuple[str, ...]) -> dict[str, int] | None:
        names = [cell.strip() for cell in cells]
        missing = [name for name in required if name not in names]
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if missing or twice:
            problem = f"no column {', '.join(missing)}" if missing else f"column {twice[0]} twice"
            self.find(1, problem)
            return None
        return {name: place for place, name in enumerate(names) if name}


def read_rows(reading: Reading) -> Iterator[tuple[int, CrosswalkRow]]:
    """Yield (line, row) of a crosswalk file; bad rows become findings, good ones go on."""
    checked: set[tuple[str, ...]] = set()
    get: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    for line, places, cells in reading.records(REQUIRED):
        if not get:
            get = tuple(places[name] for name in REQUIRED)
            others = tuple(places.get(name, -1) for name in OPTIONAL)
            ignored = sorted(set(places) - set(ALL_COLUMNS))
            if ignored:
                reading.notes.append(f"{reading.name}: columns not used: {', '.join(ignored)}")
            reading.chooses = "choice" in places
        partner, local, unified, since, until = (cells[at] for at in get)
        kind, relation, choice, reason = (
            cells[at] if 0 <= at < len(cells) else "" for at in others
        )
        row = CrosswalkRow(
            partner,
            kind or CodeKind.PRODUCT.value,
            local,
            unified,
            since,
            until or OPEN_END,
            relation or Relation.EQUIVALENT.value,
            choice,
            reason,
        )
        problem = row_problem(row, checked)
        if problem:
            reading.find(line, problem)
        else:
            yield line, row


def row_problem(row: CrosswalkRow, checked: set[tuple[str, ...]] | None = None) -> str:
    """Return what is wrong with a row, "" when nothing is.

    `checked` remembers what was found good (dates, unified codes): a million rows repeat them.
    """
    known = checked if checked is not None else set()
    dates = (row.valid_from, row.valid_to)
    if dates not in known:
        problem = _dates_problem(*dates)
        if problem:
            return problem
        known.add(dates)
    meaning = (row.kind, row.unified_code, row.relation)
    if meaning not in known:
        problem = _unified_problem(*meaning)
        if problem:
            return problem
        known.add(meaning)
    partner = (row.partner,)
    if partner not in known:
        if _PARTNER.match(row.partner) is None:
            return _wrong("partner", row.partner)
        known.add(partner)
    if row.choice or row.reason or row.relation == Relation.NONE:
        problem = _choice_problem(row.relation, row.choice) or _reason_problem(row)
        if problem:
            return problem
    return _local_problem(row.local_code)


def _choice_problem(relation: str, choice: str) -> str:
    if choice not in _CHOICES:
        return f"choice {choice[:LONGEST_CODE]!r} is none of {', '.join(filter(None, _CHOICES))}"
    if choice and relation != Relation.EQUIVALENT:
        return f"choice {choice} is for equivalent codes only"
    return ""


def _reason_problem(row: CrosswalkRow) -> str:
    if row.relation == Relation.NONE and not row.reason.strip():
        return "relation none needs a reason"
    if len(row.reason) > LONGEST_REASON or _UNSEEN.search(row.reason):
        return _wrong("reason", row.reason)
    return ""


def _dates_problem(since: str, until: str) -> str:
    for name, text in (("valid_from", since), ("valid_to", until)):
        if _DATE.match(text) is None or not _is_day(text):
            return _wrong(name, text)
    return f"valid_from {since} is after valid_to {until}" if since > until else ""


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _unified_problem(kind: str, unified: str, relation: str) -> str:
    shape = SHAPES.get(kind)
    if shape is None:
        return f"kind {kind!r} is none of {', '.join(SHAPES)}"
    if relation not in _RELATIONS:
        return f"relation {relation[:LONGEST_CODE]!r} is none of {', '.join(_RELATIONS)}"
    if relation == Relation.NONE:
        return f"relation none, but unified_code {unified[:LONGEST_CODE]!r}" if unified else ""
    return "" if shape.match(unified) else _wrong(f"unified_code ({kind})", unified)


def _local_problem(local: str) -> str:
    if local.isascii() and local.isprintable() and 0 < len(local) <= LONGEST_CODE:
        return "" if local == local.strip() else _wrong("local_code", local)
    bad = (
        not 0 < len(local) <= LONGEST_CODE
        or local != local.strip()
        or _UNSEEN.search(local) is not None
        or _FULLWIDTH.search(local) is not None
    )
    return _wrong("local_code", local) if bad else ""


def _wrong(what: str, text: str) -> str:
    if not text:
        return f"{what} is empty"
    if _FULLWIDTH.search(text):
        return f"{what} has full-width characters: {text[:LONGEST_CODE]!r}"
    return f"bad {what}: {text[:LONGEST_CODE]!r}"


def product_rows(reading: Reading) -> Iterator[tuple[int, str, str, str]]:
    """Yield (line, unified code, drug, drug name) of `products.csv`; a blank drug is left out."""
    shape = SHAPES[CodeKind.PRODUCT.value]
    for line, places, cells in reading.records(PRODUCT_COLUMNS):
        unified, drug = cells[places["unified_code"]], cells[places["drug"]]
        name_at = places.get("drug_name", -1)
        name = cells[name_at].strip() if 0 <= name_at < len(cells) else ""
        if shape.match(unified) is None:
            reading.find(line, _wrong("unified_code", unified))
        elif drug and _local_problem(drug):
            reading.find(line, _wrong("drug", drug))
        elif drug:
            yield line, unified, drug, name


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                if b"\x00" in chunk:  # UTF-16, or no text at all
                    return False
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True

"""对照载入: the rows of the operator's files put in order, and what contradicts what is found.

A million rows repeat the same few thousand products, days and files: each text is kept once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from gateway.coding.records import KNOWN_EVER, Choice, CrosswalkVersion, Relation
from gateway.coding.rows import (
    PRODUCTS_FILE,
    CrosswalkRow,
    Findings,
    Reading,
    product_rows,
    read_rows,
)


class Source(NamedTuple):
    """Where a meaning of the files comes from."""

    name: str
    choice: str
    chooses: bool
    """Whether the file has a column `choice`."""

    def packed(self) -> str:
        """Return the source as a text: the collector does not look into tuples of mere texts."""
        return f"{self.choice}|{'+' if self.chooses else ''}|{self.name}"

    @classmethod
    def of(cls, packed: str) -> Source:
        """Return the source out of its text."""
        choice, chooses, name = packed.split("|", 2)
        return cls(name, choice, bool(chooses))


STORED: Final = ""
"""The source (packed) of what comes from the store."""
Key = tuple[str, str, str]
"""(partner, kind, local code)."""
Meaning = tuple[str, str, str, str, str]
"""(valid_from, valid_to, unified code, known_from, packed source); ISO dates compare as text."""
Meanings = Meaning | list[Meaning]
"""One meaning as it is; several, in order of valid_from, as a list: most codes never change. An empty
list is a code that was heard of, but means nothing (any longer)."""
Space = dict[str, Meanings]
Spaces = dict[str, dict[str, Space]]


def several(meanings: Meanings | None) -> list[Meaning]:
    """Return the meanings as a list of its own."""
    if meanings is None:
        return []
    return [meanings] if isinstance(meanings, tuple) else list(meanings)


class Loading:
    """The crosswalk of the files while they are being read."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.spaces: Spaces = {}
        self.others: dict[Key, tuple[CrosswalkVersion, ...]] = {}
        """What is not equivalent: it codes no message."""
        self.drugs: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.notes: list[str] = []
        self.size = 0
        self._shared: dict[str, str] = {}
        self._sources: dict[tuple[str, str], str] = {}
        self._several: set[Key] = set()

    def take(self, files: Iterable[tuple[str, Path]]) -> None:
        """Read every file, then `settle`."""
        listed = list(files)
        for name, path in listed:
            reading = Reading(name, path, self.findings)
            if name == PRODUCTS_FILE:
                self._take_products(reading)
            else:
                for _, row in read_rows(reading):
                    self.add(row, name, chooses=reading.chooses)
            self.notes += reading.notes
        self.settle(listed)

    def add(self, row: CrosswalkRow, name: str = "rows", *, chooses: bool = False) -> None:
        """Take one sound row of the file `name`."""
        self.size += 1
        source = self._sources.get((name, row.choice))
        if source is None:
            source = Source(name, row.choice, chooses).packed()
            self._sources[name, row.choice] = source
        if row.relation != Relation.EQUIVALENT:
            self.others[row.key] = (*self.others.get(row.key, ()), _version(row, name))
            self._several.add(row.key)
            self.spaces.setdefault(row.partner, {}).setdefault(row.kind, {}).setdefault(
                row.local_code, []
            )
            return
        shared = self._shared
        meaning = (
            shared.setdefault(row.valid_from, row.valid_from),
            shared.setdefault(row.valid_to, row.valid_to),
            shared.setdefault(row.unified_code, row.unified_code),
            KNOWN_EVER,
            source,
        )
        space = self.spaces.setdefault(row.partner, {}).setdefault(row.kind, {})
        before = space.setdefault(row.local_code, meaning)
        if before is meaning:
            return
        if isinstance(before, tuple):
            before = space[row.local_code] = [before]
            self._several.add(row.key)
        before.append(meaning)

    def _take_products(self, reading: Reading) -> None:
        for line, unified, drug, name in product_rows(reading):
            known = self.drugs.setdefault(unified, drug)
            if known != drug:
                self.findings.add(reading.name, line, f"{unified}: drug {drug} and {known}")
            named = self.names.setdefault(drug, name) if name else name
            if named != name:
                self.findings.add(reading.name, line, f"drug {drug}: named {name} and {named}")

    def settle(self, files: Iterable[tuple[str, Path]] = ()) -> None:
        """Put several meanings in order and report those that contradict each other."""
        contradicted: set[Key] = set()
        for partner, kind, local in self._several:
            space = self.spaces[partner][kind]
            meanings = _in_order(several(space[local]))
            space[local] = meanings[0] if len(meanings) == 1 else meanings
            spans = [(one[0], one[1], one[2], "") for one in meanings]
            others = self.others.get((partner, kind, local), ())
            spans += [(one.valid_from, one.valid_to, *one.meaning[::-1]) for one in others]
            if _contradict(sorted(spans)):
                contradicted.add((partner, kind, local))
        if contradicted and not self._locate(contradicted, files):
            for key in sorted(contradicted):
                self.findings.add("codes", 0, f"{' '.join(key)}: two meanings at the same time")

    def _locate(self, contradicted: set[Key], files: Iterable[tuple[str, Path]]) -> bool:
        """Read the files once more for the rows concerned: their places are not kept in memory."""
        places: dict[Key, list[tuple[str, int, CrosswalkRow]]] = {}
        for name, path in files:
            if name == PRODUCTS_FILE:
                continue
            for line, row in read_rows(Reading(name, path, Findings())):
                if row.key in contradicted:
                    places.setdefault(row.key, []).append((name, line, row))
        for found in places.values():
            for name, line, what in _reported(sorted(found, key=_since)):
                self.findings.add(name, line, what)
        return bool(places)


def _version(row: CrosswalkRow, name: str) -> CrosswalkVersion:
    return CrosswalkVersion(
        *row[:6],
        relation=Relation(row.relation),
        choice=Choice(row.choice),
        reason=row.reason,
        origin=f"file {name}",
    )


def _since(place: tuple[str, int, CrosswalkRow]) -> str:
    return place[2].valid_from


def _in_order(meanings: list[Meaning]) -> list[Meaning]:
    """Return the meanings by valid_from, the same one that stands twice once."""
    once: dict[tuple[str, str, str], Meaning] = {}
    for one in meanings:
        once.setdefault(one[:3], one)
    return [once[key] for key in sorted(once)]


def _reported(found: list[tuple[str, int, CrosswalkRow]]) -> Iterator[tuple[str, int, str]]:
    """Yield (file, line, sentence) of each row that contradicts an earlier one."""
    for at, (origin, origin_line, first) in enumerate(found):
        for name, line, second in found[at + 1 :]:
            same = (first.unified_code, first.relation) == (second.unified_code, second.relation)
            if second.valid_from <= first.valid_to and not same:
                said = (
                    f"{' '.join(second.key)} means {_said(second)} from {second.valid_from}, but "
                    f"{_said(first)} until {first.valid_to} ({origin} line {origin_line})"
                )
                yield name, line, said


def _said(row: CrosswalkRow) -> str:
    if row.relation == Relation.EQUIVALENT:
        return row.unified_code
    return f"{row.unified_code} ({row.relation})".strip()


def _contradict(spans: list[tuple[str, str, str, str]]) -> bool:
    """Return whether two different meanings hold on one day.

    `spans` are (valid_from, valid_to, unified code, relation, "" being equivalent), in order.
    """
    for at, (_, until, *meaning) in enumerate(spans):
        for later in islice(spans, at + 1, None):
            if later[0] > until:
                break
            if list(later[2:]) != meaning:
                return True
    return False

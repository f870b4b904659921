"""条款检查: holds every value of the regions' files against the papers, the vocabulary and the code.

`lint` answers with one finding per fault and notes on what is worth knowing; it goes on where a file is not
sound, so that everything that is wrong is told at once. `terms.py` refuses unsound files when the program
starts; what is checked here is what only a reviewer can want: that a value's source exists and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.policies.papers.choices import Choices, load_choices
from gateway.policies.papers.coverage import coverage_findings
from gateway.policies.papers.given_terms import (
    GivenRegion,
    GivenTerm,
    given_regions,
    inherited,
    regions_above,
)
from gateway.policies.papers.lint_code import CODE_FOLDER, terms_read
from gateway.policies.papers.lint_findings import Finding
from gateway.policies.papers.papers import Citation, Paper, citations, load_papers
from gateway.policies.terms import CHOICES_FILE, COVERAGE_FILE, TERMS_FOLDER, load_terms
from gateway.policies.vocabulary import VOCABULARY_FILE, Word, load_vocabulary

TESTS_FOLDER: Final = Path(__file__).parents[3] / "tests"
_PLAIN_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_WHOLE_UNITS: Final = frozenset({"months", "days", "workdays", "count"})
_MONTH_AND_DAY: Final = re.compile(r"[0-9]{2}-[0-9]{2}")
_LEAP_YEAR: Final = "2020-"


@dataclass(frozen=True, slots=True)
class Reading:
    """What is checked: the regions as given, the papers by number, the words, what choices mean."""

    regions: Mapping[str, GivenRegion]
    papers: Mapping[str, Paper]
    words: Mapping[str, Word]
    choices: Choices


def read_folder(folder: Path = TERMS_FOLDER) -> Reading:
    """Return what stands in a folder; papers, vocabulary and choices that it lacks come from ours.

    Raises Misconfigured when papers, vocabulary or choices cannot be read.
    """
    return Reading(
        given_regions(folder),
        load_papers(_or_ours(folder, "papers")),
        load_vocabulary(_or_ours(folder, VOCABULARY_FILE)),
        load_choices(_or_ours(folder, CHOICES_FILE)),
    )


def lint(
    folder: Path = TERMS_FOLDER, tests: Path = TESTS_FOLDER, code: Path = CODE_FOLDER
) -> list[Finding]:
    """Return every finding on a folder of terms, faults and notes, sorted by file and term.

    `tests` is where the coverage table's tests are looked up; where it is absent a note says so.
    `code` holds the policies that read the terms.
    Raises Misconfigured when there is no such folder.
    """
    if not folder.is_dir():
        raise Misconfigured(f"{folder}: 不是目录 not a folder")
    try:
        reading = read_folder(folder)
    except Misconfigured as wrong:
        return _unsound(wrong)
    unsound = _sound(folder)
    found = [*_terms(reading), *_vocabulary(reading, code), *_choices(reading)]
    if (folder / COVERAGE_FILE).exists():
        found += coverage_findings(
            folder / COVERAGE_FILE, reading.regions, reading.papers, reading.words, tests
        )
    broken = frozenset(each.file.removesuffix(".toml") for each in unsound)
    return sorted({*unsound, *(each for each in found if not _follows(each, broken))})


def _follows(found: Finding, broken: frozenset[str]) -> bool:
    """Tell whether a finding may be there only because a region's file is not sound: that is told first."""
    if not broken:
        return False
    if found.kind == "term_unused":
        return True
    if found.kind in {"cell_empty", "cell_unsupported", "cell_incomplete"}:
        region = found.term.rpartition(" ")[2]
        return not broken.isdisjoint((region, *regions_above(region)))
    above = regions_above(found.file.removesuffix(".toml"))
    return found.kind.startswith("override_") and not broken.isdisjoint(above)


def _or_ours(folder: Path, name: str) -> Path:
    return folder if (folder / name).exists() else TERMS_FOLDER


def _sound(folder: Path) -> list[Finding]:
    """Return what keeps the program from starting with these files."""
    try:
        load_terms(folder)
    except Misconfigured as wrong:
        return _unsound(wrong)
    return []


def _unsound(wrong: Misconfigured) -> list[Finding]:
    parts = (str(each).partition(": ") for each in wrong.findings)
    return [Finding(file, "", "unsound", said or file) for file, _, said in parts]


def _terms(reading: Reading) -> Iterator[Finding]:
    for region in reading.regions.values():
        if region.paper_number and region.paper_number not in reading.papers:
            yield Finding(region.file, "paper", "paper_unknown", region.paper_number)
        for term in region.terms:
            yield from _cited(reading, term)
            yield from _unit(reading.words.get(term.name), term)
            yield from _override(reading, term)
        yield from _gaps(region)


def _gaps(region: GivenRegion) -> Iterator[Finding]:
    """Yield where two values of one term leave days between them on which none holds."""
    ordered = sorted(region.terms, key=lambda each: (each.name, each.since))
    for earlier, later in pairwise(ordered):
        if earlier.name != later.name or earlier.until is None:
            continue
        first = earlier.until + timedelta(days=1)
        if first < later.since:
            days = f"{first} – {later.since - timedelta(days=1)}"
            yield Finding(region.file, later.name, "value_gap", days)


def _cited(reading: Reading, term: GivenTerm) -> Iterator[Finding]:
    try:
        cited = citations(term.clause)
    except ValueError as wrong:
        yield Finding(term.file, term.name, "citation_malformed", str(wrong))
        return
    for each in cited:
        paper = reading.papers.get(each.number)
        if paper is None:
            yield Finding(term.file, term.name, "paper_unknown", each.number)
            continue
        if not paper.applies_to(term.region):
            yield Finding(term.file, term.name, "paper_elsewhere", each.number)
        for kind, detail in (*_marks(paper, each), *_days(paper, each, term)):
            yield Finding(term.file, term.name, kind, detail)


def _marks(paper: Paper, cited: Citation) -> Iterator[tuple[str, str]]:
    if not cited.marks:
        yield ("cited_whole" if paper.whole else "clause_missing"), paper.number
    for mark in cited.marks:
        if mark not in paper.clauses:
            yield "clause_unknown", f"{paper.number} {mark}"


def _days(paper: Paper, cited: Citation, term: GivenTerm) -> Iterator[tuple[str, str]]:
    earliest = max(paper.earliest(mark) for mark in cited.marks or ("",))
    if term.since < earliest:
        yield "too_early", f"{term.since} < {earliest} {paper.number}"
    end = paper.in_force_until
    if end is not None and (term.until is None or term.until > end):
        yield "too_late", f"{term.until or '…'} > {end} {paper.number}"


def _unit(word: Word | None, term: GivenTerm) -> Iterator[Finding]:
    if word is not None and not fits_unit(word.unit, term.value):
        yield Finding(term.file, term.name, "unit_misfit", f"{term.value} ({word.unit})")


def fits_unit(unit: str, value: str) -> bool:
    """Return whether a value is of its unit: a ratio from above 0 to 1, a count from 1, a day, a word."""
    if unit == "choice":
        return bool(value) and _PLAIN_NUMBER.fullmatch(value) is None
    if unit == "date":
        text = _LEAP_YEAR + value if _MONTH_AND_DAY.fullmatch(value) else value
        try:
            return date.fromisoformat(text).isoformat() == text
        except ValueError:
            return False
    if not value.isascii() or _PLAIN_NUMBER.fullmatch(value) is None:
        return False
    if unit in _WHOLE_UNITS:
        return "." not in value and int(value) > 0
    upper = {"ratio": 1, "percent": 100}.get(unit)
    return Fraction(value) > 0 and (upper is None or Fraction(value) <= upper)


def _override(reading: Reading, term: GivenTerm) -> Iterator[Finding]:
    above = inherited(reading.regions, term.region, term.name)
    meets = [each for each in above if _overlap(each, term)]
    if not meets:
        if term.overrides is not None:
            yield Finding(term.file, term.name, "override_empty", term.overrides)
        return
    replaced = meets[0]
    if term.overrides is None:
        yield Finding(term.file, term.name, "override_unnamed", replaced.clause)
    elif term.overrides not in {each.clause for each in meets}:
        yield Finding(
            term.file, term.name, "override_wrong", f"{term.overrides} ≠ {replaced.clause}"
        )
    if all(each.value == term.value for each in meets):
        yield Finding(
            term.file, term.name, "duplicate_inherited", f"{term.value} {replaced.clause}"
        )


def _overlap(one: GivenTerm, other: GivenTerm) -> bool:
    latest = max(one.since, other.since)
    return one.holds_on(latest) and other.holds_on(latest)


def _vocabulary(reading: Reading, code: Path) -> Iterator[Finding]:
    used = {term.name for region in reading.regions.values() for term in region.terms}
    for name, word in reading.words.items():
        if name not in used and not word.reserved:
            yield Finding(VOCABULARY_FILE, name, "term_unused", word.zh)
        if name in used and word.reserved:
            yield Finding(VOCABULARY_FILE, name, "reserved_used", word.reserved)
    read = terms_read(frozenset(reading.words), code)
    for name, modules in read.items():
        if name not in reading.words:
            yield Finding(f"{modules[0]}.py", name, "code_unknown", name)
    for name, word in reading.words.items():
        if name not in read and not word.reserved:
            yield Finding(VOCABULARY_FILE, name, "code_unread", word.zh)


def _choices(reading: Reading) -> Iterator[Finding]:
    for region in reading.regions.values():
        for term in region.terms:
            word = reading.words.get(term.name)
            if word is not None and reading.choices.unworded(word, term.value):
                yield Finding(CHOICES_FILE, term.name, "choice_unworded", term.value)
    for name, value in reading.choices:
        word = reading.words.get(name)
        if word is None or not word.fits(value):
            yield Finding(CHOICES_FILE, name, "choice_unknown", value)

"""覆盖表: which rule of which region rests on what and is proved by what, read from `coverage.toml` and checked.

A cell is filled, silent (文件未规定) or still to be done. Its terms are not listed by hand: they are the
region's own values, and its province's, whose rule it is, so that a value that somebody adds shows at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.policies.papers.coverage_tests import is_test
from gateway.policies.papers.given_terms import GivenRegion, GivenTerm, regions_above
from gateway.policies.papers.lint_findings import Finding
from gateway.policies.papers.papers import Paper, citations
from gateway.policies.registry import POLICIES
from gateway.policies.terms import COVERAGE_FILE, TERMS_FOLDER
from gateway.policies.vocabulary import Word
from gateway.toml_tables import parse_tables, read_text

RULES: Final = tuple(f"R{number}" for number in range(1, 16))
_TEXTS: Final = ("zh", "en", "scene", "why", "todo")
_LISTS: Final = ("clauses", "tests", "policies", "year_scenes")
_KNOWN: Final = frozenset({*_TEXTS, *_LISTS, "silent"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name in both languages, the policies that stand for it."""

    zh: str
    en: str
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One rule in one region. `silent`: no paper speaks. `todo`: what is not built yet, "" when it is."""

    rule: str
    region: str
    zh: str
    en: str
    scene: str
    why: str
    todo: str
    clauses: tuple[str, ...]
    tests: tuple[str, ...]
    policies: tuple[str, ...]
    year_scenes: tuple[str, ...]
    silent: bool

    @property
    def name(self) -> str:
        """Return how the cell is called: rule and region."""
        return f"{self.rule} {self.region}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The table. `unnamed`: cells that the overview of the papers leaves blank."""

    regions: tuple[str, ...]
    unnamed: frozenset[str]
    rules: Mapping[str, Rule]
    cells: Mapping[str, Cell]

    def cell(self, rule: str, region: str) -> Cell:
        """Return a cell; one that the table lacks is still to be done."""
        name = f"{rule} {region}"
        lacking = Cell(
            rule, region, "", "", "", "", "表中缺此格 missing", (), (), (), (), silent=False
        )
        return self.cells.get(name, lacking)


def load_coverage(path: Path = TERMS_FOLDER / COVERAGE_FILE) -> Coverage:
    """Read the table. Raises Misconfigured with every finding on its form."""
    given: dict[str, Any] = parse_tables(read_text(path), path.name)
    findings: list[str] = []
    rules = {name: _rule(name, told, findings) for name, told in _table(given, "rules").items()}
    cells = [
        _cell(rule, region, told, rules, findings)
        for rule, row in _table(given, "cells").items()
        for region, told in (row if isinstance(row, dict) else {}).items()
    ]
    unnamed, regions = _list(given, "unnamed"), _list(given, "regions")
    findings += [f"unknown {n}" for n in set(given) - {"rules", "cells", "unnamed", "regions"}]
    findings += [f"rules.{rule} is missing" for rule in RULES if rule not in rules]
    if findings:
        raise Misconfigured(*(f"{path.name}: {each}" for each in findings))
    return Coverage(regions, frozenset(unnamed), rules, {cell.name: cell for cell in cells})


def cell_terms(
    cell: Cell, regions: Mapping[str, GivenRegion], words: Mapping[str, Word]
) -> list[GivenTerm]:
    """Return the values whose rule the cell's is: the region's own, then what it inherits."""
    found: list[GivenTerm] = []
    for code in (cell.region, *regions_above(cell.region)):
        names = {term.name for term in found}
        found += [
            term
            for term in (regions[code].terms if code in regions else ())
            if term.name not in names and words.get(term.name) and _of(words, term) == cell.rule
        ]
    return found


def coverage_findings(
    path: Path,
    regions: Mapping[str, GivenRegion],
    papers: Mapping[str, Paper],
    words: Mapping[str, Word],
    tests: Path,
) -> list[Finding]:
    """Return what is wrong with the table, what is still to be done as notes."""
    try:
        coverage = load_coverage(path)
    except Misconfigured as wrong:
        parts = (str(each).partition(": ")[2] for each in wrong.findings)
        return [Finding(path.name, "", "coverage_unsound", said) for said in parts]
    found = [*_missing(coverage), *_policies(coverage)]
    for cell in coverage.cells.values():
        terms = cell_terms(cell, regions, words)
        said = [*_standing(coverage, cell, terms), *_clauses(cell, papers)]
        found += [(cell.name, kind, detail) for kind, detail in said]
    if tests.is_dir():
        found += _tests(coverage, tests)
    else:
        found.append(("tests", "tests_absent", tests.name))
    return [Finding(path.name, term, kind, detail) for term, kind, detail in found]


def _of(words: Mapping[str, Word], term: GivenTerm) -> str:
    return words[term.name].rule


def _missing(coverage: Coverage) -> Iterator[tuple[str, str, str]]:
    wanted = [f"{rule} {region}" for rule in RULES for region in coverage.regions]
    yield from ((name, "cell_missing", name) for name in wanted if name not in coverage.cells)
    for name in sorted({*coverage.cells, *coverage.unnamed} - set(wanted)):
        yield name, "coverage_unsound", f"{name} 不在表内 is no cell of the table"


def _policies(coverage: Coverage) -> Iterator[tuple[str, str, str]]:
    known = {policy.name for policy in POLICIES}
    for cell in coverage.cells.values():
        if not cell.silent and not cell.todo:
            for name in cell.policies:
                if name not in known:
                    yield cell.name, "policy_unknown", name


def _standing(
    coverage: Coverage, cell: Cell, terms: Sequence[GivenTerm]
) -> Iterator[tuple[str, str]]:
    """Yield what a cell claims against what the files say."""
    unnamed = cell.name in coverage.unnamed
    if cell.silent:
        if terms:
            yield "cell_empty", "、".join(dict.fromkeys(term.name for term in terms))
        if not unnamed:
            yield "cell_empty", "概览此格有规定 the overview names something here"
        return
    if not terms and not cell.why:
        yield "cell_unsupported", "没有条款取值 no term, and no why"
    if unnamed and not cell.why:
        yield "cell_unsupported", "概览此格空白 the overview leaves it blank, and no why"
    lacks = [name for name in ("zh", "en", "scene", "clauses") if not getattr(cell, name)]
    if not cell.todo and not cell.tests:
        lacks.append("tests")
    if lacks:
        yield "cell_incomplete", ", ".join(lacks)
    if cell.todo:
        yield "cell_todo", cell.todo


def _clauses(cell: Cell, papers: Mapping[str, Paper]) -> Iterator[tuple[str, str]]:
    for clause in cell.clauses:
        try:
            cited = citations(clause)
        except ValueError as wrong:
            yield "citation_malformed", str(wrong)
            continue
        for each in cited:
            paper = papers.get(each.number)
            if paper is None:
                yield "paper_unknown", each.number
                continue
            if not paper.applies_to(cell.region):
                yield "paper_elsewhere", each.number
            for mark in each.marks:
                if mark not in paper.clauses:
                    yield "clause_unknown", f"{each.number} {mark}"
            if not each.marks and not paper.whole:
                yield "clause_missing", each.number


def _tests(coverage: Coverage, tests: Path) -> Iterator[tuple[str, str, str]]:
    for cell in coverage.cells.values():
        yield from (
            (cell.name, "test_unknown", test) for test in cell.tests if not is_test(tests, test)
        )


def _table(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = given.get(name)
    return table if isinstance(table, dict) else {}


def _list(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    listed = given.get(name)
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


def _rule(name: str, told: Any, findings: list[str]) -> Rule:
    table = told if isinstance(told, dict) else {}
    texts = [str(table.get(part, "")) for part in ("zh", "en")]
    policies = _list(table, "policies")
    if name not in RULES or not all(texts) or not policies:
        findings.append(f"rules.{name}: one of R1 to R15, with zh, en and policies")
    return Rule(texts[0], texts[1], policies)


def _cell(
    rule: str, region: str, told: Any, rules: Mapping[str, Rule], findings: list[str]
) -> Cell:
    table = told if isinstance(told, dict) else {}
    where = f"cells.{rule}.{region}"
    findings += [f"{where}: unknown {name}" for name in sorted(set(table) - _KNOWN)]
    findings += [
        f"{where}: {name} is text" for name in _TEXTS if not isinstance(table.get(name, ""), str)
    ]
    findings += [
        f"{where}: {name} is a list of texts"
        for name in _LISTS
        if not isinstance(each := table.get(name, []), list)
        or not all(isinstance(one, str) and one for one in each)
    ]
    silent = table.get("silent", False)
    if not isinstance(silent, bool) or (silent and set(table) - {"silent", "why"}):
        findings.append(f"{where}: silent = true stands alone, or with why")
    return Cell(
        rule=rule,
        region=region,
        zh=str(table.get("zh", "")),
        en=str(table.get("en", "")),
        scene=str(table.get("scene", "")),
        why=str(table.get("why", "")),
        todo=str(table.get("todo", "")),
        clauses=_list(table, "clauses"),
        tests=_list(table, "tests"),
        policies=_list(table, "policies") or (rules[rule].policies if rule in rules else ()),
        year_scenes=_list(table, "year_scenes"),
        silent=silent is True,
    )

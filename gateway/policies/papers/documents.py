"""条款文书: makes docs/policies/ from the regions' files, the papers and the coverage table.

One page per region that a lawyer can read, the papers with who cites them, the coverage of the rules. The
pages are generated (`python -m gateway.ops.contracts`); a red test says when one is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.policies.papers.coverage import RULES, Cell, Coverage, cell_terms, load_coverage
from gateway.policies.papers.coverage_tests import test_path
from gateway.policies.papers.document_text import (
    SILENT,
    UNITS_SHOWN,
    anchor,
    days,
    linked,
    table,
)
from gateway.policies.papers.given_terms import GivenRegion, GivenTerm, regions_above
from gateway.policies.papers.lint import Reading, read_folder
from gateway.policies.papers.papers import Paper, citations
from gateway.policies.terms import COVERAGE_FILE, TERMS_FOLDER

FOLDER: Final = "docs/policies"
README: Final = f"{FOLDER}/README.md"
BEGIN: Final = "<!-- generated from contracts/policies: begin -->"
END: Final = "<!-- generated from contracts/policies: end -->"
_MADE: Final = "<!-- 由 contracts/policies 生成，勿手改 generated, do not edit -->"
_ROOT: Final = Path(__file__).parents[3]
_NAMED: Final = ("条款含义 meaning", "取值 value", "单位 unit", "依据 clause", "起止 days")
_CELL: Final = ("地区 region", "文件规定 what the papers say", "条款 clauses", "条款键 keys")
_COVERED: Final = (*_CELL, "规则模块 policy", "测试 tests", "演示场景 scene")
_COLUMNS: Final = (*_NAMED, "出处 origin", "条款键 key", "文件用语及说明 words")


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Everything that pages are made from."""

    reading: Reading
    coverage: Coverage


def policy_pages() -> dict[str, str]:
    """Return the pages' texts by path (a generator of gateway.ops.contracts).

    Raises Misconfigured when a file cannot be read or the README's marks are missing.
    """
    shelf = _Shelf(read_folder(TERMS_FOLDER), load_coverage(TERMS_FOLDER / COVERAGE_FILE))
    pages = {
        f"{FOLDER}/{code}.md": "\n".join(_region_page(shelf, region))
        for code, region in shelf.reading.regions.items()
    }
    pages[f"{FOLDER}/papers.md"] = "\n".join(_papers_page(shelf))
    pages[f"{FOLDER}/coverage.md"] = "\n".join(_coverage_page(shelf))
    pages[README] = _readme(shelf)
    return pages


def _region_page(shelf: _Shelf, region: GivenRegion) -> Iterator[str]:
    reading = shelf.reading
    above = [
        reading.regions[code] for code in regions_above(region.code) if code in reading.regions
    ]
    paper = reading.papers.get(region.paper_number)
    yield from (_MADE, "", f"# {region.name} {region.code}", "")
    if paper is not None:
        yield f"- 本地文件 own paper: [{paper.number}](papers.md#{anchor(paper)}) 《{paper.title}》"
    for each in above:
        yield (
            f"- 本地文件未规定的，适用 [{each.name}](./{each.code}.md) 的条款 "
            "where it is silent, these apply"
        )
    yield "- 文件未规定的，网关不作任何结论 what no paper says leads to no conclusion"
    yield ""
    for rule in RULES:
        told = shelf.coverage.rules[rule]
        yield from (f"## {rule} {told.zh} {told.en}", "")
        yield from _rule_rows(shelf, region, shelf.coverage.cell(rule, region.code))
        yield ""


def _rule_rows(shelf: _Shelf, region: GivenRegion, cell: Cell) -> Iterator[str]:
    if cell.zh:
        yield from (f"{cell.zh} — {cell.en}", "")
    terms = cell_terms(cell, shelf.reading.regions, shelf.reading.words)
    if terms:
        yield from table(_COLUMNS, [_row(shelf.reading, region, term) for term in terms])
    elif cell.clauses:
        clauses = "；".join(linked(shelf.reading.papers, each) for each in cell.clauses)
        yield f"{clauses}：{cell.why}"
    else:
        yield f"{SILENT}。{cell.why}"


def _row(reading: Reading, region: GivenRegion, term: GivenTerm) -> tuple[str, ...]:
    word = reading.words[term.name]
    shown = reading.choices.shown(word, term.value)
    value = f"**{shown}**" if shown == term.value else f"**{shown}** `{term.value}`"
    if term.region != region.code:
        origin = f"承自 [{reading.regions[term.region].name}](./{term.region}.md)"
    elif term.overrides:
        origin = f"本地，替代 {linked(reading.papers, term.overrides)}"
    else:
        origin = "本地"
    unit = UNITS_SHOWN.get(word.unit, word.unit)
    clause, held = linked(reading.papers, term.clause), days(term.since, term.until)
    meaning = f"{word.zh}<br>{word.en}"
    return (meaning, value, unit, clause, held, origin, f"`{term.name}`", term.words)


def _papers_page(shelf: _Shelf) -> Iterator[str]:
    papers = shelf.reading.papers
    citing = _citing(shelf.reading)
    yield from (_MADE, "", "# 文件 Papers", "")
    yield (
        "只登记文号、日期与各条标题，不抄录正文。"
        "Numbers, days and headings only; the texts are not copied here."
    )
    for paper in sorted(papers.values(), key=lambda each: (each.whole, each.region, each.number)):
        yield from ("", f'<a id="{anchor(paper)}"></a>', "", f"## {paper.number}", "")
        yield from _about(paper)
        if paper.clauses:
            rows = [_clause_row(paper, mark, citing) for mark in paper.clauses]
            columns = ("条款 clause", "标题 heading", "说明 note", "引用者 cited by")
            yield from ("", *table(columns, rows))
        elif (paper.number, "") in citing:
            yield f"- 引用者 cited by: {_shown_citing(citing[paper.number, ''])}"
    yield ""


def _about(paper: Paper) -> Iterator[str]:
    issued = str(paper.issued_on) if paper.issued_on else f"{paper.issued_year} 年"
    yield f"- 《{paper.title}》"
    yield f"- 发文机关 issued by: {'、'.join(paper.issuers)}"
    yield f"- 印发 issued on: {issued} {paper.issued_note}".rstrip()
    if paper.in_force_from is not None:
        held = days(paper.in_force_from, paper.in_force_until)
        yield f"- 施行 in force: {held}。{paper.in_force_note}"
    yield f"- 来源 source: {paper.source}"
    if paper.whole:
        yield "- 正文未登记，只作整体引用 its text is not at hand, it is cited as a whole"


def _clause_row(
    paper: Paper, mark: str, citing: dict[tuple[str, str], list[GivenTerm]]
) -> tuple[str, ...]:
    clause = paper.clauses[mark]
    since = f"{clause.since} 起：{clause.why} " if clause.since else ""
    place = f'<a id="{anchor(paper, mark)}"></a>{mark}'
    shown = _shown_citing(citing.get((paper.number, mark), []))
    return (place, clause.heading, f"{since}{clause.note}".strip(), shown)


def _citing(reading: Reading) -> dict[tuple[str, str], list[GivenTerm]]:
    found: dict[tuple[str, str], list[GivenTerm]] = {}
    for region in reading.regions.values():
        for term in region.terms:
            try:
                cited = citations(term.clause)
            except ValueError:
                continue  # `jicai policies lint` names it
            for each in cited:
                for mark in each.marks or ("",):
                    found.setdefault((each.number, mark), []).append(term)
    return found


def _shown_citing(terms: list[GivenTerm]) -> str:
    named = dict.fromkeys((term.region, term.name) for term in terms)
    by_region: dict[str, list[str]] = {}
    for region, name in named:
        by_region.setdefault(region, []).append(f"`{name}`")
    return "；".join(
        f"[{code}](./{code}.md) {'、'.join(names)}" for code, names in by_region.items()
    )


def _coverage_page(shelf: _Shelf) -> Iterator[str]:
    coverage, regions = shelf.coverage, shelf.reading.regions
    yield from (_MADE, "", "# 规则覆盖 Coverage of the rules", "")
    yield (
        f"✔ 已实现并有测试 built and tested · 待 待完成 to be done · – {SILENT}。"
        "`jicai policies lint` 逐格核对条款、测试与规则 checks every cell."
    )
    yield ""
    names = [regions[code].name if code in regions else code for code in coverage.regions]
    rows = [
        (f"[{rule}](#{rule.lower()})", coverage.rules[rule].zh, *_signs(coverage, rule))
        for rule in RULES
    ]
    yield from table(("规则 rule", "内容 subject", *names), rows)
    for rule in RULES:
        told = coverage.rules[rule]
        yield from ("", f'<a id="{rule.lower()}"></a>', "", f"## {rule} {told.zh} {told.en}", "")
        cells = [coverage.cell(rule, code) for code in coverage.regions]
        yield from table(_COVERED, [_coverage_row(shelf, cell) for cell in cells])
    yield ""


def _signs(coverage: Coverage, rule: str) -> Iterator[str]:
    for code in coverage.regions:
        cell = coverage.cell(rule, code)
        yield "–" if cell.silent else "待" if cell.todo else "✔"


def _coverage_row(shelf: _Shelf, cell: Cell) -> tuple[str, ...]:
    reading = shelf.reading
    region = reading.regions[cell.region].name if cell.region in reading.regions else cell.region
    name = f"[{region}](./{cell.region}.md)"
    if cell.silent:
        return (name, f"{SILENT}{'：' if cell.why else ''}{cell.why}", "–", "–", "–", "–", "–")
    terms = cell_terms(cell, reading.regions, reading.words)
    keys = dict.fromkeys(
        f"`{term.name}`{'' if term.region == cell.region else '（承）'}" for term in terms
    )
    said = f"{cell.zh}<br>{cell.en}{f'<br>{cell.why}' if cell.why else ''}"
    clauses = "；".join(linked(reading.papers, each) for each in cell.clauses)
    tests = "<br>".join(_test_link(test) for test in cell.tests) or "–"
    policies = "、".join(f"`{each}`" for each in cell.policies)
    shown = f"待完成 to be done: {cell.todo}" if cell.todo else tests
    titles = "".join(f"<br>模拟年 demo-year：{title}" for title in cell.year_scenes)
    scene = f"{cell.scene}{titles}"
    return (name, said, clauses, "<br>".join(keys) or "–", policies, shown, scene)


def _test_link(test: str) -> str:
    file, _, function = test.partition("::")
    return f"[{function}](../../{test_path(file)})"


def _readme(shelf: _Shelf) -> str:
    path = _ROOT / README
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Misconfigured(f"{README}: the marks of the generated tables are missing")
    made = "\n".join(_overview(shelf.reading))
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def _overview(reading: Reading) -> Iterator[str]:
    rows = []
    for code, region in reading.regions.items():
        paper = reading.papers.get(region.paper_number)
        number = f"[{paper.number}](papers.md#{anchor(paper)})" if paper else region.paper_number
        above = [reading.regions[c].name for c in regions_above(code) if c in reading.regions]
        page = f"[{region.name}](./{code}.md)"
        rows.append((page, code, number, "、".join(above) or "–", str(len(region.terms))))
    columns = (
        "地区 region",
        "代码 code",
        "文件 paper",
        "承自 inherits from",
        "本地条款数 own values",
    )
    yield from table(columns, rows)
    yield from ("", "预留条款（尚无地区取值）Reserved terms that no region gives a value:", "")
    words = [word for word in reading.words.values() if word.reserved]
    reserved = [(f"`{w.name}`", w.rule, f"{w.zh} {w.en}", w.reserved) for w in words]
    yield from table(("条款键 key", "规则 rule", "含义 meaning", "原因 why"), reserved)

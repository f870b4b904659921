"""政策文件: the papers that values cite, each with its number, its days and its clauses as they are printed.

`contracts/policies/papers/<slug>.toml` holds one paper: headings only, never its text. A citation is the
paper's number and a clause mark (`黔医保发〔2019〕69号 五（三）`); several are separated by `；`, and one may
name neighbours at once (`四（五）（六）`, `四（五）1、3`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.policies.terms import TERMS_FOLDER
from gateway.toml_tables import parse_tables, read_text
from schemas.codes import REGION_PATTERN

PAPERS_FOLDER: Final = "papers"
NATIONAL: Final = "100000"
"""GB/T 2260 of the whole country: such a paper holds everywhere."""

_NUMBER: Final = r"[^\s；〔〕]+〔[0-9]{4}〕[0-9]+号"
_CITATION: Final = re.compile(rf"({_NUMBER})(?: (\S+))?")
_NUMERAL: Final = "一二三四五六七八九十"
_MARK: Final = re.compile(rf"([{_NUMERAL}]+)((?:（[{_NUMERAL}]+）)*)([0-9]+(?:、[0-9]+)*)?")
_TEXTS: Final = ("number", "title", "region", "source")
_KNOWN: Final = frozenset(
    {*_TEXTS, "issuer", "issued_on", "issued_year", "issued_note", "in_force_from"}
    | {"in_force_until", "in_force_note", "whole", "clauses"}
)
_CLAUSE_KEYS: Final = frozenset({"mark", "heading", "from", "why", "note"})


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its mark and heading; a day of its own and why, where it binds before the paper does."""

    mark: str
    heading: str
    since: date | None = None
    why: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. `issued_on` None: only its year is known. `whole`: it may be cited without a clause."""

    slug: str
    number: str
    title: str
    issuers: tuple[str, ...]
    region: str
    issued_on: date | None
    issued_year: int
    issued_note: str
    in_force_from: date | None
    in_force_until: date | None
    in_force_note: str
    source: str
    whole: bool
    clauses: Mapping[str, Clause]

    def applies_to(self, region: str) -> bool:
        """Return whether the paper is the region's own, its city's, its province's or national."""
        return self.region in {region, f"{region[:4]}00", f"{region[:2]}0000", NATIONAL}

    def earliest(self, mark: str) -> date:
        """Return the day before which nothing can rest on a clause (or "" for the paper as a whole)."""
        clause = self.clauses.get(mark)
        issued = self.issued_on or date(self.issued_year, 1, 1)
        return (clause.since if clause else None) or self.in_force_from or issued


@dataclass(frozen=True, slots=True)
class Citation:
    """One paper's number with the clause marks cited of it; none: the paper as a whole."""

    number: str
    marks: tuple[str, ...]


def citations(text: str) -> tuple[Citation, ...]:
    """Return what a `clause` cites. Raises ValueError where it is not of that form."""
    found = []
    for part in text.split("；"):
        read = _CITATION.fullmatch(part)
        if read is None:
            raise ValueError(part)
        found.append(Citation(read[1], expanded(read[2]) if read[2] else ()))
    return tuple(found)


def expanded(mark: str) -> tuple[str, ...]:
    """Return the single clauses of a mark: 四（五）（六） is 四（五） and 四（六）, 四（五）1、3 is two items."""
    read = _MARK.fullmatch(mark)
    if read is None:
        return (mark,)
    sections = re.findall(r"（[^（）]+）", read[2])
    items = read[3].split("、") if read[3] else []
    if items and len(sections) == 1:
        return tuple(f"{read[1]}{sections[0]}{item}" for item in items)
    if len(sections) > 1 and not items:
        return tuple(f"{read[1]}{section}" for section in sections)
    return (mark,)


def load_papers(folder: Path = TERMS_FOLDER) -> Mapping[str, Paper]:
    """Return the papers below a folder of terms by number. Raises Misconfigured with every finding."""
    findings: list[str] = []
    found: dict[str, Paper] = {}
    for path in sorted((folder / PAPERS_FOLDER).glob("*.toml")):
        paper = _paper(path, findings)
        if paper is None:
            continue
        if paper.number in found:
            findings.append(f"{path.name}: {paper.number} stands in {found[paper.number].slug} too")
        found[paper.number] = paper
    if findings:
        raise Misconfigured(*findings)
    return found


def _paper(path: Path, findings: list[str]) -> Paper | None:
    try:
        given: dict[str, Any] = parse_tables(read_text(path), path.name)
    except Misconfigured as wrong:
        findings.extend(wrong.findings)
        return None
    said = [*_unsound(given), *_undated(given)]
    clauses = _clauses(given.get("clauses", []), said)
    findings += [f"{path.name}: {each}" for each in said]
    if said:
        return None
    issued = given.get("issued_on")
    return Paper(
        slug=path.stem,
        number=given["number"],
        title=given["title"],
        issuers=tuple(given["issuer"]),
        region=given["region"],
        issued_on=issued,
        issued_year=issued.year if issued else given["issued_year"],
        issued_note=str(given.get("issued_note", "")),
        in_force_from=given.get("in_force_from"),
        in_force_until=given.get("in_force_until"),
        in_force_note=str(given.get("in_force_note", "")),
        source=given["source"],
        whole=given.get("whole") is True,
        clauses=clauses,
    )


def _unsound(given: Mapping[str, Any]) -> list[str]:
    said = [f"没有此项，请删去 unknown {name}" for name in sorted(set(given) - _KNOWN)]
    said += [
        f"缺 {name} is missing"
        for name in _TEXTS
        if not isinstance(given.get(name), str) or not given[name].strip()
    ]
    if re.fullmatch(_NUMBER, str(given.get("number", ""))) is None:
        said.append(
            f"number {given.get('number')!r} 不是文号，应如 合成〔2026〕1号（括号为〔〕）no document number"
        )
    if re.fullmatch(REGION_PATTERN, str(given.get("region", ""))) is None:
        said.append("region 为六位区划代码，全国为 100000 region has six digits")
    issuer = given.get("issuer")
    if not isinstance(issuer, list) or not issuer or not all(isinstance(e, str) for e in issuer):
        said.append('issuer 为发文机关的列表，如 ["合成示例机关"] issuer is a list of names')
    if not given.get("clauses") and given.get("whole") is not True:
        said.append("没有登记条款的文件须写 whole = true a paper without clauses says so")
    return said


def _undated(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the days: the issue's day, or its year and why no more is known."""
    said = []
    issued, year = given.get("issued_on"), given.get("issued_year")
    days = {name: given.get(name) for name in ("issued_on", "in_force_from", "in_force_until")}
    said += [
        f"{name} 应为日期，不加引号 is a day (YYYY-MM-DD, without quotes)"
        for name, day in days.items()
        if day is not None and type(day) is not date
    ]
    if (issued is None) == (year is None):
        said.append(
            "issued_on 与 issued_year 须有且只有一项 either issued_on or issued_year is given"
        )
    elif issued is None and (type(year) is not int or not given.get("issued_note")):
        said.append(
            "issued_year 为数字，且须以 issued_note 说明为何不知日期 says why the day is unknown"
        )
    start, end = days["in_force_from"], days["in_force_until"]
    if type(start) is date and type(end) is date and end < start:
        said.append(f"失效早于生效 in_force_until {end} is before in_force_from {start}")
    return said


def _clauses(given: Any, said: list[str]) -> dict[str, Clause]:
    found: dict[str, Clause] = {}
    listed: Sequence[Any] = given if isinstance(given, list) else [None]
    for number, each in enumerate(listed, 1):
        told = each if isinstance(each, dict) else {}
        mark, heading, since = told.get("mark"), told.get("heading"), told.get("from")
        if not isinstance(mark, str) or not isinstance(heading, str) or not mark or not heading:
            said.append(
                f"第 {number} 条: 缺 mark 或 heading（文字） clause {number}: mark and heading are texts"
            )
            continue
        if set(told) - _CLAUSE_KEYS:
            unknown = ", ".join(sorted(set(told) - _CLAUSE_KEYS))
            said.append(f"{mark}: 没有此项，请删去 clause {mark}: unknown {unknown}")
        if mark in found:
            said.append(f"{mark}: 条款重复 clause {mark} stands twice")
        if since is not None and (type(since) is not date or not told.get("why")):
            said.append(
                f"{mark}: from 应为日期，且以 why 说明为何更早生效"
                f" clause {mark}: from is a day, and why says why it binds earlier"
            )
            continue
        notes = str(told.get("why", "")), str(told.get("note", ""))
        found[mark] = Clause(mark, heading, since, *notes)
    return found

"""条款文书的写法: how values, days, clauses and links are written in docs/policies/, Chinese first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from gateway.policies.papers.papers import Citation, Paper, citations

PAPERS_PAGE: Final = "papers.md"
SILENT: Final = "文件未规定 the paper is silent"
UNITS_SHOWN: Final[dict[str, str]] = {
    "choice": "选项",
    "ratio": "比例",
    "months": "月",
    "days": "天",
    "workdays": "工作日",
    "count": "个数",
    "date": "日期",
    "percent": "百分比",
    "price": "价格",
}
_DIGITS: Final = {numeral: str(place) for place, numeral in enumerate("一二三四五六七八九", 1)}
_TEN: Final = "十"


def cell_text(text: str) -> str:
    """Return a text as one cell of a table: no line breaks, no column marks."""
    return " ".join(text.split()).replace("|", "\\|")


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the lines of a Markdown table."""
    head = f"| {' | '.join(columns)} |"
    rule = f"|{'---|' * len(columns)}"
    return [head, rule, *(f"| {' | '.join(map(cell_text, row))} |" for row in rows)]


def anchor(paper: Paper, mark: str = "") -> str:
    """Return where a paper's entry, or one of its clauses, stands on the papers' page."""
    if not mark:
        return paper.slug
    flat = mark.replace("（", "-").replace("）", "-").replace("附件", "annex").strip("-")
    parts = [_arabic(part) for part in flat.split("-")]
    return "-".join((paper.slug, *parts))


def _arabic(numeral: str) -> str:
    """Return 十一 as 11, 四 as 4; what is no numeral stays as it is."""
    if numeral and set(numeral) <= {*_DIGITS, _TEN}:
        tens, mark, ones = numeral.rpartition(_TEN)
        if not mark:
            return "".join(_DIGITS[each] for each in ones)
        return str(int(_DIGITS.get(tens, "1")) * 10 + int(_DIGITS.get(ones, "0")))
    return numeral


def linked(papers: Mapping[str, Paper], clause: str) -> str:
    """Return a citation with a link to each clause's entry; as it stands where it cannot be read."""
    try:
        cited = citations(clause)
    except ValueError:
        return clause
    return "；".join(_linked(papers, each, text) for each, text in zip(cited, clause.split("；")))  # noqa: B905 - citations() splits at the same mark


def _linked(papers: Mapping[str, Paper], cited: Citation, text: str) -> str:
    paper = papers.get(cited.number)
    if paper is None:
        return text
    first = next((mark for mark in cited.marks if mark in paper.clauses), "")
    return f"[{text}]({PAPERS_PAGE}#{anchor(paper, first)})"


def days(since: date, until: date | None) -> str:
    """Return from when to when something holds."""
    return f"{since} 起" if until is None else f"{since} 至 {until}"

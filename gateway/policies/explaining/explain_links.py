"""条款链接: where a cited clause stands in the register of papers (docs/policies/papers.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.policies.papers.document_text import anchor
from gateway.policies.papers.papers import Paper, citations

PAPERS_PAGE: Final = "docs/policies/papers.md"


@dataclass(frozen=True, slots=True)
class ClauseLink:
    """One clause of one paper. `href` is relative to the project; `heading` is as the paper prints it."""

    number: str
    mark: str
    title: str
    heading: str
    href: str

    def as_dict(self) -> dict[str, str]:
        """Return it as plain JSON data."""
        return {name: getattr(self, name) for name in self.__slots__}


def clause_links(clause: str, papers: Mapping[str, Paper]) -> list[ClauseLink]:
    """Return the registered clauses that a citation names; [] where it names none of them."""
    try:
        cited = citations(clause)
    except ValueError:
        return []
    found = []
    for each in cited:
        paper = papers.get(each.number)
        for mark in each.marks or ("",):
            if paper is None or (mark and mark not in paper.clauses):
                continue
            heading = paper.clauses[mark].heading if mark else ""
            href = f"{PAPERS_PAGE}#{anchor(paper, mark)}"
            found.append(ClauseLink(paper.number, mark, paper.title, heading, href))
    return found

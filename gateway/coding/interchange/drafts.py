"""草案: rows of a crosswalk file as proposals, each with its row number; what is wrong as findings.

Nothing is guessed: a number where a code belongs may have lost its zeros, a formula's value may be
another tomorrow, a date in a code column is what a spreadsheet made of it. All are findings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.coding.interchange.cells import Cell
from gateway.coding.interchange.fields import CROSSWALK, LONGEST_REASON
from gateway.coding.interchange.findings import Finding, finding, quoted
from gateway.coding.interchange.headings import Headed
from gateway.coding.interchange.plan import ColumnPlan, near
from gateway.coding.interchange.values import Taking
from gateway.coding.records import Choice, Proposal, Relation
from gateway.coding.rows import CrosswalkRow, row_problem

UnifiedCheck = Callable[[str, str], str]
"""(kind, unified code) → what is wrong with it by its code system; "" when nothing is."""

LONGEST_SOURCE: Final = 150
"""Characters of a file's name in an evidence."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One good row: what it proposes, and whether it says itself from when it holds."""

    row: int
    proposal: Proposal
    dated: bool
    """False where `valid_from` is the import's own constant: the table says what holds, not since when."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the import is told beside the file."""

    plan: ColumnPlan
    partners: Collection[str]
    """The registered partners."""
    check: UnifiedCheck
    evidence: str = ""
    source: str = ""
    """Name of the file: it stands in each row's evidence, with the row."""


class Drafting:
    """Turns the rows of one file into drafts; what is wrong gathers in `findings`."""

    def __init__(self, table: Headed, given: Given) -> None:
        self._given = given
        self._taking = Taking(table, given.plan, CROSSWALK)
        self._rows = table.rows
        self._checked: set[tuple[str, ...]] = set()
        self._codes: dict[tuple[str, str], str] = {}
        self.findings: list[Finding] = []

    def drafts(self) -> Iterator[Draft]:
        """Yield the good rows in order; blank rows are skipped."""
        for row, cells in self._rows:
            if any(cell != "" for cell in cells):
                draft = self._draft(row, cells)
                if draft is not None:
                    yield draft

    def _draft(self, row: int, cells: Sequence[Cell]) -> Draft | None:
        before = len(self.findings)
        values = self._taking.values(row, cells, self.findings)
        if len(self.findings) > before:
            return None
        problem = self._problem(row, values)
        if problem is not None:
            self.findings.append(problem)
            return None
        return Draft(row, self._proposal(row, values), self._taking.said_from)

    def _proposal(self, row: int, values: dict[str, str]) -> Proposal:
        return Proposal(
            values["partner"],
            values["kind"],
            values["local_code"],
            values["unified_code"],
            values["valid_from"],
            values["valid_to"],
            Relation(values["relation"]),
            Choice(values["choice"]),
            evidence=self._evidence(row, values),
            reason=values["reason"],
            local_name=values["local_name"],
            local_specification=values["local_specification"],
        )

    def _evidence(self, row: int, values: dict[str, str]) -> str:
        said, source = values["evidence"] or self._given.evidence, self._given.source
        if not source:
            return said
        at = f"{source[:LONGEST_SOURCE]} row {row}"
        return f"{said[: LONGEST_REASON - len(at) - 2]}; {at}" if said else at

    def _problem(self, row: int, values: dict[str, str]) -> Finding | None:
        if values["status"] not in {"", "approved"}:
            return finding("row.status", row, "status", text=values["status"])
        partner = values["partner"]
        if partner not in self._given.partners:
            nearest = near(partner, self._given.partners)
            return finding("row.partner", row, "partner", text=quoted(partner), nearest=nearest)
        detail = row_problem(
            CrosswalkRow(
                partner,
                values["kind"],
                values["local_code"],
                values["unified_code"],
                values["valid_from"],
                values["valid_to"],
                values["relation"],
                values["choice"],
                values["reason"],
            ),
            self._checked,
        )
        if detail:
            return finding("row.invalid", row, detail=detail)
        return self._unified_problem(row, values["kind"], values["unified_code"])

    def _unified_problem(self, row: int, kind: str, unified: str) -> Finding | None:
        if not unified:
            return None
        detail = self._codes.get((kind, unified))
        if detail is None:
            detail = self._codes[kind, unified] = self._given.check(kind, unified)
        if not detail:
            return None
        return finding("row.unified", row, "unified_code", text=quoted(unified), detail=detail)

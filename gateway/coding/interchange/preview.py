"""预览: what an import would change, row by row, against what is believed now.

new        a meaning where there was none on these days
changed    a meaning that corrects or follows another one
retired    a meaning that the partner's whole table (`full`) no longer has: it ends
unchanged  stands already
conflicting  contradicts another row of the file, or what cannot be changed by an import
invalid    cannot be read (the findings)

Any conflicting or invalid row and the file as a whole changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.coding.interchange.findings import Finding
from gateway.coding.records import CrosswalkVersion, Proposal


class State(StrEnum):
    """What becomes of one row."""

    NEW = "new"
    CHANGED = "changed"
    RETIRED = "retired"
    UNCHANGED = "unchanged"
    CONFLICTING = "conflicting"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the preview. `row` 0: not from a row, but from what the file does not have."""

    row: int
    state: State
    key: tuple[str, str, str]
    zh: str
    en: str
    proposals: tuple[Proposal, ...] = ()
    before: tuple[CrosswalkVersion, ...] = ()
    """What is believed now and would end."""

    def as_dict(self) -> dict[str, object]:
        """Return the line for a JSON answer."""
        partner, kind, local = self.key
        return {
            "row": self.row,
            "state": self.state.value,
            "partner": partner,
            "kind": kind,
            "local_code": local,
            "unified_code": self.proposals[-1].unified_code if self.proposals else "",
            "zh": self.zh,
            "en": self.en,
        }


@dataclass(slots=True)
class Preview:
    """预览: the whole diff of one file."""

    changes: list[Change] = field(default_factory=list)
    counts: Counter[State] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Take in one line."""
        self.changes.append(change)
        self.counts[change.state] += 1

    def add_invalid(self, found: Sequence[Finding]) -> None:
        """Take in the findings: one line each, a row counted once."""
        for one in found:
            key = ("", "", one.column)
            self.changes.append(Change(one.row, State.INVALID, key, one.zh, one.en))
        self.counts[State.INVALID] += len({one.row for one in found})

    def conflict(self, rows: Iterable[int], zh: str, en: str) -> None:
        """Turn the lines of these rows into conflicting ones."""
        wanted = set(rows)
        for at, change in enumerate(self.changes):
            if change.row in wanted and change.state not in {State.CONFLICTING, State.INVALID}:
                self.counts[change.state] -= 1
                self.counts[State.CONFLICTING] += 1
                self.changes[at] = Change(change.row, State.CONFLICTING, change.key, zh, en)

    @property
    def good(self) -> bool:
        """Return whether nothing stands against the import."""
        return not (self.counts[State.CONFLICTING] or self.counts[State.INVALID])

    def proposals(self) -> Iterator[Proposal]:
        """Yield what is to be proposed, in the file's order."""
        for change in self.changes:
            yield from change.proposals

    def summary(self) -> dict[str, int]:
        """Return how many rows are of each state, all states named."""
        return {state.value: self.counts[state] for state in State}

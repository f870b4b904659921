"""推演: what would have followed from a history under other terms, beside what follows under those in force.

Both sets of terms judge the same facts from the beginning in recorded order; each takes its own
conclusions (a payment standard, a measured month) where a policy consumes them. Nothing is written.
What was concluded from the first to the last day is then compared, in `simulating_difference.py`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.policies.papers.lint import lint
from gateway.policies.papers.lint_findings import Finding
from gateway.policies.policy import Policy
from gateway.policies.quarters import day_in_china
from gateway.policies.rulebook import Rulebook
from gateway.policies.running.corrections import superseded_by
from gateway.policies.running.replaying import Drawn, Replay
from gateway.policies.running.replaying_history import concluded
from gateway.policies.terms import COVERAGE_FILE, TERMS_FOLDER, load_terms
from gateway.ports import Entry
from gateway.toml_tables import parse_tables, read_text
from schemas.envelope import Message

Find = Callable[[str], Awaitable[Entry | None]]
_FILE_LIMIT: Final = 1 << 20


def terms_with(region: str, file: Path, folder: Path = TERMS_FOLDER) -> Rulebook:
    """Return all terms, those of one region out of a file of their own, checked like any others.

    Raises Misconfigured with every finding.
    """
    if not file.is_file():
        raise Misconfigured(f"{file}: 没有此文件 no such file")
    if file.stat().st_size > _FILE_LIMIT:
        raise Misconfigured(f"{file}: 不是条款文件 far too large for a file of terms")
    if not (folder / f"{region}.toml").is_file():
        known = ", ".join(sorted(load_terms(folder).regions))
        raise Misconfigured(f"--region {region}: 没有该地区条款 no terms of this region ({known})")
    code = parse_tables(read_text(file), file.name).get("code")
    if code != region:
        raise Misconfigured(
            f"{file.name}: code {code!r} 与 --region {region} 不符，请更正其一"
            f" code and --region {region} differ"
        )
    with _beside(region, file, folder) as folder_with:
        try:
            return load_terms(folder_with)
        except Misconfigured as wrong:  # the operator knows the file by the name that was given
            own = f"{region}.toml:"
            named = [
                f"{file.name}:{each.removeprefix(own)}" if each.startswith(own) else each
                for each in wrong.findings
            ]
            raise Misconfigured(*named) from wrong


def doubts(region: str, file: Path, folder: Path = TERMS_FOLDER) -> list[Finding]:
    """Return what `jicai policies lint` would find in a region's terms out of a file of their own.

    A draft may be run all the same: its paper is often not signed yet. Raises Misconfigured.
    """
    with _beside(region, file, folder) as folder_with:
        found = [each for each in lint(folder_with) if not each.note]
    return [replace(each, file=file.name) for each in found if each.file == f"{region}.toml"]


@contextmanager
def _beside(region: str, file: Path, folder: Path) -> Iterator[Path]:
    """Make a copy of a folder of terms in which a region has those of a file; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="jicai-terms-") as made:
        copy = Path(made)
        for path in folder.glob("*.toml"):
            if path.name != COVERAGE_FILE:
                shutil.copyfile(path, copy / path.name)
        shutil.copyfile(file, copy / f"{region}.toml")
        yield copy


def lies_in(region: str, whole: str) -> bool:
    """Return whether a region (GB/T 2260, six digits) lies in another one or is it."""
    significant = (
        whole[:2] if whole.endswith("0000") else whole[:4] if whole.endswith("00") else whole
    )
    return region.startswith(significant)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the conclusions about a region dated from the first to the last day, inclusive."""

    region: str
    first: date
    last: date
    known_at: datetime | None = None

    def asks_for(self, message: Message) -> bool:
        """Return whether a conclusion is asked for."""
        day = day_in_china(message.time)
        within = self.first.isoformat() <= day <= self.last.isoformat()
        return within and lies_in(message.region, self.region)

    def reaches(self, message: Message) -> bool:
        """Return whether a fact is one of the history: nothing after the last day is."""
        return day_in_china(message.time) <= self.last.isoformat()


@dataclass(slots=True)
class Side:
    """One set of terms over the history. `drawn`: what is asked for, in the order it was concluded."""

    replay: Replay
    question: Question
    drawn: list[Drawn] = field(default_factory=list)
    _superseded: set[str] = field(default_factory=set)
    _judged: set[str] = field(default_factory=set)

    async def take(self, message: Message, find: Find) -> None:
        """Judge a fact and, in turn, every conclusion that a policy takes."""
        gone = await self._withdrawn(message, find)
        if gone is _REFUSED:
            return
        self._judged.add(message.id)
        waiting = deque(self.replay.take(message, gone))
        while waiting:
            each = waiting.popleft()
            if self.question.asks_for(each.message):
                self.drawn.append(each)
            if self.replay.takes(each.message.type):
                waiting.extend(self.replay.take(each.message))

    async def _withdrawn(self, message: Message, find: Find) -> Message | None:
        named = superseded_by(message)
        if not named or message.id in self._superseded:
            return _REFUSED if message.id in self._superseded else None
        entry = await find(named)
        gone = entry.message if entry is not None else None
        same = gone is not None and (gone.partner, gone.type) == (message.partner, message.type)
        if not same or named in self._superseded or named == message.id:
            return _REFUSED  # as the runner lays such a correction aside
        self._superseded.add(named)
        return gone if named in self._judged else None


_REFUSED: Final = Message("", "", "", "", "", b"")


async def simulate(
    entries: AsyncIterator[Entry],
    find: Find,
    policies: Sequence[Policy],
    terms: tuple[Rulebook, Rulebook],
    question: Question,
) -> tuple[Side, Side]:
    """Return what follows under the terms in force and under the others. Raises what `entries` does."""
    sides = tuple(Side(Replay(policies, rules), question) for rules in terms)
    async for entry in entries:
        message = entry.message
        if concluded(message) or not sides[0].replay.takes(message.type):
            continue
        if question.reaches(message):
            for side in sides:
                await side.take(message, find)
    return sides[0], sides[1]

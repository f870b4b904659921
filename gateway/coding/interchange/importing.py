"""导入: a partner's table becomes one batch of proposals, as a whole or not at all.

`prepare` reads, judges and changes nothing. `file` makes the batch durable in one commit, so that a killed
import leaves nothing half done; the batch's id is made of the file, the plan and the mode, so that the
same file imported again finds its batch instead of making another.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import orjson

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.interchange.believed import StandingCrosswalk
from gateway.coding.interchange.cells import Limits
from gateway.coding.interchange.compare import compare
from gateway.coding.interchange.drafts import Drafting, Given
from gateway.coding.interchange.findings import BadFile, Finding, bad_file
from gateway.coding.interchange.headings import headed
from gateway.coding.interchange.missing import Scope
from gateway.coding.interchange.opening import open_table
from gateway.coding.interchange.plan import ColumnPlan
from gateway.coding.interchange.preview import Change, Preview, State
from gateway.coding.interchange.unified import known_system, unified_check
from gateway.coding.review import Review
from gateway.coding.review_plan import OutcomeState, ProposalOutcome

Progress = Callable[[str, int], None]
"""Told what is being done (reading, comparing, filing) and how many rows of it are done."""
READING: Final = "reading"
COMPARING: Final = "comparing"
FILING: Final = "filing"
TOLD_EACH: Final = 1000
_CHUNK: Final = 1 << 20
_BATCH_DIGITS: Final = 32

Item = TypeVar("Item")


def silent(_what: str, _done: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """导入单: what is to be imported and how it is meant."""

    path: Path
    plan: ColumnPlan = field(default_factory=ColumnPlan)
    partner: str = ""
    kind: str = ""
    evidence: str = ""
    """What every row without its own evidence relies on: a document's number, a letter."""
    full: bool = False
    """The file is the whole table of the partner: what it does not have is retired."""
    effective: str = ""
    """With `full`: the first day on which what is missing holds no longer (YYYY-MM-DD)."""
    suggested: bool = False
    """Take the usual meaning of the table's headings."""
    limits: Limits = field(default_factory=Limits)

    @property
    def columns(self) -> ColumnPlan:
        """Return the plan with partner and kind among its constants."""
        return self.plan.with_constants(partner=self.partner, kind=self.kind)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an import would do."""

    batch: str
    preview: Preview
    rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `filed` 0 with nothing refused: it was all there already."""

    batch: str
    filed: int
    already: int
    refused: tuple[Change, ...] = ()
    """Lines that somebody's decision in between speaks against; nothing was filed then."""


def prepare(
    order: ImportOrder,
    crosswalk: Crosswalk,
    partners: Collection[str],
    progress: Progress = silent,
) -> Prepared:
    """Read a file and compare it with what is believed; nothing is written.

    Raises BadFile for what concerns the file as a whole; what is wrong with rows is in the preview.
    """
    plan = order.columns
    if plan.unified_system and not known_system(plan.unified_system):
        raise bad_file("plan.bad", detail=f"unified_system {plan.unified_system}")
    table = open_table(
        order.path,
        sheet=plan.sheet,
        delimiter=plan.delimiter,
        limits=order.limits,
        escaped=plan.escaped,
    )
    batch = batch_id(order)  # of a file that may be read: a pipe would be waited for
    found = headed(table, plan, "crosswalk", suggested=order.suggested)
    check = partial(unified_check, system=plan.unified_system)
    drafting = Drafting(found, Given(plan, partners, check, order.evidence, table.name))
    drafts = list(told(drafting.drafts(), progress, READING))
    if not drafts and not drafting.findings:
        raise bad_file("file.no_rows")
    scope = Scope(
        full=order.full,
        effective=order.effective,
        partner=plan.constants.get("partner", ""),
        kind=plan.constants.get("kind", ""),
        source=order.path.name,
    )
    progress(COMPARING, len(drafts))
    preview = compare(drafts, StandingCrosswalk(crosswalk), scope)
    preview.add_invalid(drafting.findings)
    preview.changes.sort(key=lambda one: one.row or len(drafts) + len(drafting.findings) + 10**9)
    rows = len(drafts) + len({one.row for one in drafting.findings})
    return Prepared(batch, preview, rows, (*crosswalk.notes, *table.notes))


def told(items: Iterable[Item], progress: Progress, what: str) -> Iterator[Item]:
    """Yield the items and tell how many there were, now and then and at the end."""
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if done % TOLD_EACH == 0:
            progress(what, done)
    progress(what, done)


def batch_id(order: ImportOrder) -> str:
    """Return the id of the batch that this file, plan and mode make: the same for the same."""
    digest = hashlib.sha256()
    said = {
        "full": order.full,
        "effective": order.effective if order.full else "",
        "evidence": order.evidence,
        "name": order.path.name,
        "suggested": order.suggested,
    }
    digest.update(orjson.dumps(said, option=orjson.OPT_SORT_KEYS))
    digest.update(order.columns.canonical())
    try:
        with order.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise bad_file(
            "file.unreadable", detail=f"{order.path}: {error.strerror or error}"
        ) from error
    return f"import-{digest.hexdigest()[:_BATCH_DIGITS]}"


async def file_batch(
    prepared: Prepared, review: Review, *, by: str, now: datetime, progress: Progress = silent
) -> Imported:
    """Propose everything of a good preview in one commit; whoever approves is another person.

    Nothing is filed when somebody has decided something in between that speaks against a part of it
    (`refused`). Raises BadFile for a preview that is not good, Rejected (`by`), Unavailable.
    """
    if not prepared.preview.good:
        raise BadFile(*_against(prepared.preview))
    proposals = list(prepared.preview.proposals())
    if not proposals:
        return Imported(prepared.batch, 0, 0)
    progress(FILING, 0)
    outcomes = await review.propose(
        proposals, by=by, now=now, batch=prepared.batch, all_or_none=True
    )
    progress(FILING, len(proposals))
    states = Counter(one.state for one in outcomes)
    refused = tuple(_refused(prepared.preview, outcomes))
    filed = 0 if refused else states[OutcomeState.ACCEPTED]
    return Imported(prepared.batch, filed, states[OutcomeState.DUPLICATE], refused)


def _refused(preview: Preview, outcomes: Sequence[ProposalOutcome]) -> Iterator[Change]:
    """Yield the lines whose proposals were refused, with the reasons."""
    words = iter(outcomes)
    for change in preview.changes:
        issues = [each for _ in change.proposals for each in next(words).issues]
        if issues:
            zh, en = "; ".join(one.zh for one in issues), "; ".join(one.en for one in issues)
            yield Change(change.row, State.CONFLICTING, change.key, zh, en)


def _against(preview: Preview) -> list[Finding]:
    return [
        Finding(one.state.value, one.zh, one.en, one.row)
        for one in preview.changes
        if one.state in {State.CONFLICTING, State.INVALID}
    ]

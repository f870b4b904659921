"""对接方目录: a partner's own catalogue (what its codes are called), by which candidates are ranked.

Kept as facts for review (local_items.py), not as meanings: nothing is coded by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Final

from gateway.coding.interchange.fields import ITEMS, OTHER_CODE
from gateway.coding.interchange.findings import BadFile, Finding, finding, quoted
from gateway.coding.interchange.headings import headed
from gateway.coding.interchange.importing import ImportOrder, Progress, silent, told
from gateway.coding.interchange.opening import open_table
from gateway.coding.interchange.plan import near
from gateway.coding.interchange.preview import State
from gateway.coding.interchange.values import Taking
from gateway.coding.local_items import item_key, keeping, kept_items
from gateway.coding.records import LocalItem
from gateway.coding.systems import CodeRefusal, parse
from gateway.ports import Commit, Journal

PAGE: Final = 500
_TEXTS: Final = tuple(one.name for one in fields(LocalItem)[3:] if one.name != "other_codes")


@dataclass(slots=True)
class ItemsPreview:
    """What an import of items would do."""

    counts: Counter[State] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    items: dict[str, LocalItem] = field(default_factory=dict)
    """Key → item, in the file's order."""
    notes: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, int]:
        """Return how many items there are of each state."""
        invalid = len({one.row for one in self.findings})
        shown = (State.NEW, State.CHANGED, State.UNCHANGED)
        return {state.value: self.counts[state] for state in shown} | {"invalid": invalid}


def read_items(
    order: ImportOrder, partners: Collection[str], progress: Progress = silent
) -> ItemsPreview:
    """Read a partner's catalogue; rows that are wrong become findings. Raises BadFile."""
    plan, preview = order.columns, ItemsPreview()
    table = open_table(
        order.path,
        sheet=plan.sheet,
        delimiter=plan.delimiter,
        limits=order.limits,
        escaped=plan.escaped,
    )
    found = headed(table, plan, "items", suggested=order.suggested)
    taking = Taking(found, plan, ITEMS)
    rows: dict[str, int] = {}
    for row, cells in told(found.rows, progress, "reading"):
        if not any(cell != "" for cell in cells):
            continue
        before = len(preview.findings)
        values = taking.values(row, cells, preview.findings)
        if len(preview.findings) == before:
            _take(row, values, partners, preview, rows)
    preview.notes = table.notes
    return preview


def _take(
    row: int,
    values: dict[str, str],
    partners: Collection[str],
    preview: ItemsPreview,
    rows: dict[str, int],
) -> None:
    partner = values["partner"]
    if partner not in partners:
        nearest = near(partner, partners)
        wrong = finding("row.partner", row, "partner", text=quoted(partner), nearest=nearest)
        preview.findings.append(wrong)
        return
    others = {
        name.removeprefix(OTHER_CODE): code
        for name, code in values.items()
        if name.startswith(OTHER_CODE) and code
    }
    problems = list(_code_problems(row, others))
    item = LocalItem(
        partner,
        values["kind"],
        values["local_code"],
        **{name: values[name] for name in _TEXTS},
        other_codes=tuple(sorted(others.items())),
    )
    key = item_key(item)
    known = preview.items.setdefault(key, item)
    if known != item:
        detail = f"{item.local_code}: 与第 {rows[key]} 行不同 differs from row {rows[key]}"
        problems.append(finding("row.invalid", row, "local_code", detail=detail))
    rows.setdefault(key, row)
    preview.findings += problems


def _code_problems(row: int, others: dict[str, str]) -> Iterator[Finding]:
    for name, code in others.items():
        try:
            read = parse(name, code)
        except KeyError as error:
            yield finding("row.invalid", row, f"{OTHER_CODE}{name}", detail=str(error))
            continue
        if isinstance(read, CodeRefusal):
            detail = f"{read.zh} {read.en}"
            yield finding("row.code", row, system=name, text=quoted(code), detail=detail)


async def compare_items(journal: Journal, preview: ItemsPreview) -> list[LocalItem]:
    """Count what is new and changed, and return those items; nothing is written. Raises Unavailable."""
    differing: list[LocalItem] = []
    left = iter(preview.items.values())
    while page := list(islice(left, PAGE)):
        kept = await kept_items(journal, page)
        for item in page:
            before = kept.get(item_key(item))
            if before == item:
                preview.counts[State.UNCHANGED] += 1
            else:
                preview.counts[State.NEW if before is None else State.CHANGED] += 1
                differing.append(item)
    return differing


async def keep_items(journal: Journal, preview: ItemsPreview) -> int:
    """Write what is new and changed in one commit; return how many. Raises BadFile, Unavailable."""
    if preview.findings:
        raise BadFile(*preview.findings)
    differing = await compare_items(journal, preview)
    if differing:
        await journal.commit(Commit(writes=keeping(differing)))
    return len(differing)

"""供应台账: facts kept as one short text per month, so that a year of them costs little to read and write.

Most messages only add a row; a row is looked into only when something may follow from it. Each row has its
message's id, so that what comes twice is known and what is corrected is found again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

Months = Mapping[str, str]
"""YYYY-MM → rows."""
_MONTH: Final = len("2026-01")
_ROW, _FIELD = "\x1e", "\x1f"
"""Control characters, which no text of a canonical message contains."""


def knows(months: Months, day: str, identity: str) -> bool:
    """Return whether a message of a day has a row."""
    return identity in months.get(day[:_MONTH], "")


def with_row(months: Months, day: str, identity: str, fields: Sequence[str]) -> dict[str, str]:
    """Return the ledger with one more row; `fields` are texts without control characters."""
    month, row = day[:_MONTH], _FIELD.join((identity, *fields))
    known = months.get(month)
    return {**months, month: f"{known}{_ROW}{row}" if known else row}


def without_row(months: Months, day: str, identity: str) -> dict[str, str]:
    """Return the ledger without a message's row; as it is where there is none."""
    month = day[:_MONTH]
    rows = [row for row in months.get(month, "").split(_ROW) if row]
    kept = [row for row in rows if not row.startswith(identity)]
    others = {name: text for name, text in months.items() if name != month}
    return {**others, month: _ROW.join(kept)} if kept else others


def rows(months: Months) -> Iterator[list[str]]:
    """Yield [message id, *fields] of every row, month by month, in the order in which they came."""
    for _, text in sorted(months.items()):
        for row in text.split(_ROW):
            if row:
                yield row.split(_FIELD)

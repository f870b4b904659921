"""供应台账: facts kept as one short text per month, so that a year of them costs little to read and write.

Most messages only add a row; a row is looked into only when something may follow from it. Each row has its
message's id, so that what comes twice is known and what is corrected is found again. A row is words with
spaces between them, rows end with a semicolon; a word that has such signs itself is written with %XX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote, unquote

Months = Mapping[str, str]
"""YYYY-MM → rows."""
MONTH: Final = len("2026-01")
MONTHS_KEPT: Final = 26
_ROW, _WORD = ";", " "
_EMPTY: Final = "%"
_PLAIN: Final = re.compile(r"[^ ;%\"\\\t\r\n]+")


def knows(months: Months, day: str, identity: str) -> bool:
    """Return whether a message of a day has a row."""
    return identity in months.get(day[:MONTH], "")


def with_row(months: Months, day: str, identity: str, fields: Sequence[str]) -> dict[str, str]:
    """Return the ledger with one more row."""
    month = day[:MONTH]
    return {**months, month: months.get(month, "") + written((identity, *fields))}


def without_row(months: Months, day: str, identity: str) -> dict[str, str]:
    """Return the ledger without a message's row; as it is where there is none."""
    month = day[:MONTH]
    kept = [words for words in read(months.get(month, "")) if words[0] != identity]
    others = {name: text for name, text in months.items() if name != month}
    return {**others, month: "".join(map(written, kept))} if kept else others


def lately(months: dict[str, str], kept: int = MONTHS_KEPT) -> dict[str, str]:
    """Return the ledger's last months that have rows: a ledger does not grow with the years."""
    if len(months) <= kept:
        return months
    return {month: months[month] for month in sorted(months)[-kept:]}


def rows(months: Months) -> Iterator[list[str]]:
    """Yield [message id, *fields] of every row, month by month, in the order in which they came."""
    for _, text in sorted(months.items()):
        yield from read(text)


def written(words: Iterable[str]) -> str:
    """Return a row as text."""
    return _WORD.join(map(_safe, words)) + _ROW


def read(text: str) -> Iterator[list[str]]:
    """Yield the rows of a text."""
    for row in text.split(_ROW):
        if row:
            yield [_word(word) for word in row.split(_WORD)]


def _safe(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    return quote(word, safe="") or _EMPTY


def _word(word: str) -> str:
    if "%" not in word:
        return word
    return "" if word == _EMPTY else unquote(word)

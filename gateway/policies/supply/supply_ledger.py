"""供应台账: facts kept as one short text per month, so that a year of them costs little to read and write.

Most messages only add a row; a row is looked into only when something may follow from it. Each row has its
message's id, so that what comes twice is known and what is corrected is found again. A row is words with
spaces between them, rows end with a semicolon; a word that has such signs itself is written with %XX.

A month that another one has followed hardly changes any more: it is packed, unless it is short. A packed
month begins with a space, as no row does.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

Months = Mapping[str, str]
"""YYYY-MM → rows."""
MONTH: Final = len("2026-01")
MONTHS_KEPT: Final = 26
PACKED_FROM: Final = 256
"""Shorter texts are not worth packing."""
_PACKED: Final = " "
_ROW, _WORD = ";", " "
_EMPTY: Final = "%"
_PLAIN: Final = re.compile(r"[^ ;%\"\\\t\r\n]+")
_PLAIN_ROW: Final = re.compile(rf"{_PLAIN.pattern}(?: {_PLAIN.pattern})*")


def knows(months: Months, day: str, identity: str) -> bool:
    """Return whether a message of a day has a row."""
    return identity in _text(months, day[:MONTH])


def with_rows(
    months: Months, day: str, identity: str, several: Iterable[Sequence[str]]
) -> dict[str, str]:
    """Return the ledger with more rows of one message; a new month packs those that there are."""
    month = day[:MONTH]
    text = _text(months, month) + "".join(written((identity, *fields)) for fields in several)
    if month in months:
        return {**months, month: text}
    return {**{name: _packed(each) for name, each in months.items()}, month: text}


def without_row(months: Months, day: str, identity: str) -> dict[str, str]:
    """Return the ledger without a message's rows; as it is where there are none."""
    month = day[:MONTH]
    kept = [words for words in read(_text(months, month)) if words[0] != identity]
    others = {name: text for name, text in months.items() if name != month}
    return {**others, month: "".join(map(written, kept))} if kept else others


def lately(months: dict[str, str], kept: int = MONTHS_KEPT) -> dict[str, str]:
    """Return the ledger's last months that have rows: a ledger does not grow with the years."""
    if len(months) <= kept:
        return months
    return {month: months[month] for month in sorted(months)[-kept:]}


def rows(months: Months, word: str = "") -> Iterator[list[str]]:
    """Yield [message id, *fields] of every row, month by month, in the order in which they came.

    Only of those that have a word somewhere, where one is given.
    """
    for month in sorted(months):
        yield from read(_text(months, month), word)


def written(words: Iterable[str]) -> str:
    """Return a row as text."""
    given = tuple(words)
    row = _WORD.join(given)
    if row.count(_WORD) == len(given) - 1 and _PLAIN_ROW.fullmatch(row):  # by far the most
        return row + _ROW
    return _WORD.join(map(_safe, given)) + _ROW


def read(text: str, word: str = "") -> Iterator[list[str]]:
    """Yield the rows of a text; only those with a word, where one is given."""
    wanted = _safe(word) if word else ""
    if wanted not in text:
        return
    for row in text.split(_ROW):
        if row and wanted in row:
            yield [_word(each) for each in row.split(_WORD)] if "%" in row else row.split(_WORD)


def _text(months: Months, month: str) -> str:
    text = months.get(month, "")
    return _unpacked(text) if text[:1] == _PACKED else text


def _packed(text: str) -> str:
    if text[:1] == _PACKED or len(text) < PACKED_FROM:
        return text
    return _PACKED + b64encode(zlib.compress(text.encode())).decode()


@lru_cache(maxsize=256)
def _unpacked(text: str) -> str:
    return zlib.decompress(b64decode(text[len(_PACKED) :])).decode()


def _safe(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    return quote(word, safe="") or _EMPTY


def _word(word: str) -> str:
    if "%" not in word:
        return word
    return "" if word == _EMPTY else unquote(word)

"""验收单的分部: one part of an institution's receipts, as one long text that is written and read as a whole.

A part is three digits, the first day at whose end any of its receipts is looked at again (a lower bound;
`~~~`: never), and then its receipts in the order in which they came, each `|number:receipt` with the short
text of `payment_clock_packed`. What that text does not hold (a receipt in plain JSON, a number that has one
of the two signs in it) makes its part a plain JSON object: receipts by number.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.policies.payments.payment_clock_packed import NO_DAY, SETTLED, Packed

PARTS: Final = 64
NEVER: Final = "~~~"
"""Sorts after all days."""
NO_PART: Final = ""
_PLACES: Final = tuple(map(str, range(PARTS)))
_HEAD: Final = len(NEVER)
_LOOKED: Final = re.compile(r"\|([^:]*):(...)(.)")
"""A receipt's number, the day when it is looked at again, and whether it is paid exactly."""

Part = str | dict[str, Packed]
Looked = tuple[str, bool]
"""A receipt that is looked at again: its number, and whether that is to forget it, as it is paid exactly."""


def part_of(receipt_no: str) -> str:
    """Return in which of a fixed number of parts a receipt is kept, so that a change copies one part."""
    return _PLACES[zlib.crc32(receipt_no.encode()) % PARTS]


def fits(receipt_no: str) -> bool:
    """Return whether a receipt's number can stand in a part's text."""
    return "|" not in receipt_no and ":" not in receipt_no


def place_in(part: str, number: str) -> tuple[int, int]:
    """Return where the text of a receipt, whose number fits, begins and ends; (0, 0): the part has none."""
    at = part.find(f"|{number}:")
    if at < 0:
        return 0, 0
    at += len(number) + 2
    end = part.find("|", at)
    return at, end if end > 0 else len(part)


def with_text(part: str, number: str, place: tuple[int, int], text: str) -> str:
    """Return a part with a receipt's text in its place, or behind the others where it had none."""
    first, before, (at, end) = _first(text), part[:_HEAD], place
    if not at:
        return f"{min(first, before or NEVER)}{part[_HEAD:]}|{number}:{text}"
    return f"{min(first, before)}{part[_HEAD:at]}{text}{part[end:]}"


def receipt_in(part: Part, number: str) -> Packed | None:
    """Return a receipt as it is kept; None where the part has none."""
    if not isinstance(part, str):
        return part.get(number)
    at, end = place_in(part, number) if fits(number) else (0, 0)
    return part[at:end] or None


def receipts_in(part: Part) -> Iterable[tuple[str, Packed]]:
    """Return all receipts of a part with their numbers, in the order in which they came."""
    if not isinstance(part, str):
        return part.items()
    each = (known.partition(":") for known in part[_HEAD + 1 :].split("|") if known)
    return ((number, text) for number, _, text in each)


def with_receipt(part: Part, number: str, receipt: Packed) -> Part:
    """Return a part with a receipt in the place of the one that it had, or behind the others."""
    if isinstance(part, str) and isinstance(receipt, str) and fits(number):
        return with_text(part, number, place_in(part, number), receipt)
    return part_with({**dict(receipts_in(part)), number: receipt})


def without_receipt(part: Part, number: str) -> Part:
    """Return a part without a receipt."""
    if not isinstance(part, str):
        return part_with({name: each for name, each in part.items() if name != number})
    at, end = place_in(part, number) if fits(number) else (0, 0)
    left = part[: at - len(number) - 2] + part[end:] if at else part
    return left if len(left) > _HEAD else NO_PART


def part_with(receipts: Mapping[str, Packed]) -> Part:
    """Return a part of receipts: a text, or plain JSON where a receipt does not fit into one."""
    texts, first = [], NEVER
    for number, receipt in receipts.items():
        if not isinstance(receipt, str) or not fits(number):
            return dict(receipts)
        texts.append(f"|{number}:{receipt}")
        first = min(first, _first(receipt))
    return first + "".join(texts) if texts else NO_PART


def due_in(part: str, limit: str) -> tuple[list[Looked], str]:
    """Return which receipts are looked at again up to a day, and the next such day's digits."""
    now, codes = [], [NEVER]
    for number, code, mark in _LOOKED.findall(part):
        if code > limit:
            codes.append(code)
        elif code != NO_DAY:
            now.append((number, mark == SETTLED))
    return now, min(codes)


def headed(part: str, first: str) -> str:
    """Return a part of which nothing is looked at again before a day."""
    return first + part[_HEAD:]


def _first(text: str) -> str:
    """Return the day when a receipt is looked at again, as it stands before a part."""
    first = text[:_HEAD]
    return NEVER if first == NO_DAY else first

"""GS1 元素串: reads element strings, as printed `(01)…(17)…` or as scanned, with FNC1 as GS.

Source: GB/T 16986; GS1 General Specifications 3 (identifiers), 7.8 (processing), 7.12 (the century).
In the printed form an identifier is two to four digits in brackets, so the data may hold brackets, but not
digits in brackets.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from gateway.coding.systems.check_digits import gs1_mod10
from gateway.coding.systems.gs1_identifiers import Identifier, identifiers
from gateway.coding.systems.refusal import CodeRefusal, refusal, shown
from gateway.coding.systems.system import ParsedCode, Part

SEPARATOR: Final = "\x1d"
_SYMBOLOGIES: Final = ("]C1", "]d2", "]Q3", "]e0", "]J1")
"""What a scanner puts before GS1 data: GS1-128, DataMatrix, QR, DataBar and composite, DotCode."""
_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)")
_SET_82: Final = frozenset(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
_DIGITS: Final = frozenset("0123456789")
_CENTURY_AHEAD, _CENTURY_BEHIND = 51, -50


class Element(NamedTuple):
    """One element of a string: identifier, data, where the data begins (from 1), and its date if any.

    `day` is ISO (YYYY-MM-DD); "" where the data is no date or no reference day was given.
    """

    identifier: Identifier
    text: str
    place: int
    day: str = ""


class _Wrong(Exception):  # noqa: N818 - carries a reason out of the walk
    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


def read_elements(code_type: str, code: str, on: str = "") -> tuple[Element, ...] | CodeRefusal:
    """Return the elements of a string in order, or why it is none.

    `on` is the reference day (YYYY-MM-DD) by which two-digit years get their century. Never raises for a
    bad string.
    """
    try:
        walk = _printed(code) if code.startswith("(") else _scanned(code)
        found: dict[str, Element] = {}
        for element in walk:
            found[element.identifier.ai] = _checked(element, found, on)
    except _Wrong as wrong:
        return refusal(code_type, code, wrong.reason, **wrong.facts)
    return tuple(found.values())


def as_parsed(code_type: str, code: str, elements: tuple[Element, ...], *more: str) -> ParsedCode:
    """Return the elements as the parts of a code, with their dates as notes."""
    parts = tuple(Part(each.identifier.meaning, each.text) for each in elements)
    return ParsedCode(code_type, code, parts, (*_date_notes(elements), *more))


def _date_notes(elements: tuple[Element, ...]) -> Iterator[str]:
    for each in elements:
        if each.day:
            yield f"{each.identifier.meaning.zh} {each.day}"
        elif each.identifier.date == "yymmd0" and each.text.endswith("00"):
            yield f"{each.identifier.meaning.zh} 日为 00，即月末 the day 00 is the month's end"


def _printed(code: str) -> Iterator[Element]:
    opened = list(_BRACKETED.finditer(code))
    if not opened or opened[0].start():
        raise _Wrong("gs1.bracket", place=1)
    ends = [*(each.start() for each in opened[1:]), len(code)]
    for bracket, end in zip(opened, ends, strict=True):
        identifier = identifiers().get(bracket[1])
        if identifier is None:
            raise _Wrong("gs1.ai_unknown", ai=bracket[1], place=bracket.start() + 2)
        yield Element(identifier, code[bracket.end() : end], bracket.end() + 1)


def _scanned(code: str) -> Iterator[Element]:
    at = 3 if code.startswith(_SYMBOLOGIES) else 0
    if code.startswith(SEPARATOR, at):
        at += 1
    if at == len(code):
        raise _Wrong("gs1.bracket", place=at + 1)
    while at < len(code):
        identifier = _identifier_at(code, at)
        begin = at + len(identifier.ai)
        end = code.find(SEPARATOR, begin)
        end = len(code) if end < 0 else end
        if identifier.predefined:
            end = min(end, begin + identifier.most)
        yield Element(identifier, code[begin:end], begin + 1)
        at = end + code.startswith(SEPARATOR, end)


def _identifier_at(code: str, at: int) -> Identifier:
    for length in (2, 3, 4):
        found = identifiers().get(code[at : at + length])
        if found is not None:
            return found
    if code[at] == SEPARATOR:
        raise _Wrong("gs1.separator", place=at + 1)
    ai = "".join(map(shown, code[at : at + 4]))
    raise _Wrong("gs1.ai_unknown", ai=ai, place=at + 1)


def _checked(element: Element, before: Mapping[str, Element], on: str) -> Element:
    """Return the element with its day. Raises _Wrong; `before` are the elements that stand before it."""
    identifier, text, place, _ = element
    if identifier.ai in before:
        raise _Wrong("gs1.ai_twice", ai=identifier.ai, place=place)
    least, most = identifier.least, identifier.most
    if not least <= len(text) <= most:
        expected = str(most) if least == most else f"{least}–{most}"
        facts = {"place": place, "expected": expected, "found": len(text)}
        raise _Wrong("gs1.length", **_named(identifier), **facts)
    _check_signs(element)
    if identifier.check:
        _check_digit(element)
    if not identifier.date:
        return element
    day = day_of(text, identifier.date, on)
    if day is None:
        raise _Wrong("gs1.date", place=place, text=text, **_named(identifier))
    return element._replace(day=day) if day else element


def _named(identifier: Identifier) -> dict[str, str]:
    return {"ai": identifier.ai, "zh": identifier.meaning.zh.partition(" ")[2]}


def _check_digit(element: Element) -> None:
    last = element.identifier.check - 1
    expected, found = gs1_mod10(element.text[:last]), element.text[last]
    if expected != found:
        facts = {"place": element.place + last, "expected": expected, "found": found}
        raise _Wrong("gs1.check", **_named(element.identifier), **facts)


def _check_signs(element: Element) -> None:
    at = 0
    for field in element.identifier.fields:
        allowed = _DIGITS if field.digits else _SET_82
        stretch = element.text[at : at + field.most]
        if not allowed.issuperset(stretch):
            wrong = next(n for n, sign in enumerate(stretch) if sign not in allowed)
            facts = {"place": element.place + at + wrong, "sign": shown(stretch[wrong])}
            raise _Wrong("gs1.character", **_named(element.identifier), **facts)
        at += field.most


def day_of(text: str, form: str, on: str) -> str | None:
    """Return the day of YYMMDD… as YYYY-MM-DD, "" when no reference day gives the century, None if wrong.

    A DD of 00 (form yymmd0) is the last day of the month. Without a reference day 29 February needs a year
    that is divisible by four.
    """
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    full = century(year, int(on[:4])) if on else 2000 + year
    if not 1 <= month <= 12:  # noqa: PLR2004 - months
        return None
    last = calendar.monthrange(full, month)[1]
    if form == "yymmd0" and day == 0:
        day = last
    if not 1 <= day <= last or not _hours(text[6:]):
        return None
    return date(full, month, day).isoformat() if on else ""


def century(year: int, now: int) -> int:
    """Return the full year of two digits, seen from the year `now` (GS1 General Specifications 7.12)."""
    ahead = year - now % 100
    base = now - now % 100
    if ahead >= _CENTURY_AHEAD:
        base -= 100
    elif ahead <= _CENTURY_BEHIND:
        base += 100
    return base + year


def _hours(text: str) -> bool:
    """Return whether what follows the day is a time: HH, HHMM or HHMMSS, or nothing."""
    pairs = [text[at : at + 2] for at in range(0, len(text), 2)]
    limits = (23, 59, 59)
    return len(pairs) <= len(limits) and all(
        len(pair) == 2 and int(pair) <= limit  # noqa: PLR2004 - two digits each
        for pair, limit in zip(pairs, limits, strict=False)
    )

"""金额与数量的读取: partners' decimal text → canonical fixed-scale strings.

Only plain ASCII decimals are numbers. Each function returns "" after adding what is wrong to `found`.
"""

from __future__ import annotations

import re
from typing import Final

from schemas.issues import Issue, issue
from schemas.money import PRICE_SCALE, QUANTITY_SCALE, SUM_SCALE, plain, scaled

PRICE_DIGITS: Final = 10
QUANTITY_DIGITS: Final = 12
SUM_DIGITS: Final = 14
_PLAIN: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_FULLWIDTH: Final = re.compile(r"[\uff01-\uff5e\u3000]")


def has_fullwidth(text: str) -> bool:
    """Return whether full-width forms (全角, U+FF01–FF5E) stand in the text."""
    return _FULLWIDTH.search(text) is not None


def unreadable(text: str, path: str, scale: int, *, line: int | None = None) -> Issue:
    """Return why `text` is not a decimal with at most `scale` places."""
    if has_fullwidth(text):
        return issue("field.fullwidth", path, line=line)
    if _PLAIN.fullmatch(text) is None:
        return issue("field.format", path, line=line, detail=f"decimal: {text[:40]}")
    places = len(text.partition(".")[2].rstrip("0"))
    if places > scale:
        return issue("money.scale", path, line=line, scale=scale)
    return issue("field.range", path, line=line, detail=text[:40])


def _read(
    text: str, path: str, found: list[Issue], scale: int, digits: int, line: int | None
) -> int | None:
    try:
        value = scaled(text, scale)
    except ValueError:
        found.append(unreadable(text, path, scale, line=line))
        return None
    if abs(value) >= 10 ** (digits + scale):
        found.append(issue("field.range", path, line=line, detail=text[:40]))
        return None
    return value


def read_quantity(text: str, path: str, found: list[Issue], *, line: int | None = None) -> str:
    """Return a positive quantity with 4 decimals; zero and less add quantity.negative."""
    value = _read(text, path, found, QUANTITY_SCALE, QUANTITY_DIGITS, line)
    if value is None:
        return ""
    if value <= 0:
        found.append(issue("quantity.negative", path, line=line))
        return ""
    return plain(value, QUANTITY_SCALE)


def read_count(text: str, path: str, found: list[Issue], *, line: int | None = None) -> str:
    """Return a quantity that may be zero (stock, a quarter's share) with 4 decimals."""
    value = _read(text, path, found, QUANTITY_SCALE, QUANTITY_DIGITS, line)
    if value is None:
        return ""
    if value < 0:
        found.append(issue("quantity.negative", path, line=line))
        return ""
    return plain(value, QUANTITY_SCALE)


def read_price(text: str, path: str, found: list[Issue], *, line: int | None = None) -> str:
    """Return a unit price with 6 decimals; below zero adds field.range (zero is a gift: 赠品)."""
    value = _read(text, path, found, PRICE_SCALE, PRICE_DIGITS, line)
    if value is None:
        return ""
    if value < 0:
        found.append(issue("field.range", path, line=line, detail=text[:40]))
        return ""
    return plain(value, PRICE_SCALE)


def read_sum(text: str, path: str, found: list[Issue], *, line: int | None = None) -> str:
    """Return a sum of money with 2 decimals; red-letter (negative) sums are sums too."""
    value = _read(text, path, found, SUM_SCALE, SUM_DIGITS, line)
    return "" if value is None else plain(value, SUM_SCALE)

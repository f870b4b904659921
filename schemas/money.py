"""金额与数量: exact decimals with the national interface's fixed scales.

Unit prices carry 6 decimals, quantities 4, sums 2 (16,6 / 16,4 / 16,2 in the 3501-3507 tables of the
national insurance interface). On the wire and in canonical data they are anchored ASCII strings; in
arithmetic they are integers scaled by a power of ten. Never a float, never a JSON number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Final

from pydantic import StringConstraints

PRICE_SCALE: Final = 6
QUANTITY_SCALE: Final = 4
SUM_SCALE: Final = 2
FEN_PER_YUAN: Final = 100

PRICE_PATTERN: Final = r"^[0-9]{1,10}\.[0-9]{6}$"
QUANTITY_PATTERN: Final = r"^[0-9]{1,12}\.[0-9]{4}$"
SUM_PATTERN: Final = r"^-?[0-9]{1,14}\.[0-9]{2}$"

UnitPriceText = Annotated[str, StringConstraints(strict=True, pattern=PRICE_PATTERN)]
QuantityText = Annotated[str, StringConstraints(strict=True, pattern=QUANTITY_PATTERN)]
SumText = Annotated[str, StringConstraints(strict=True, pattern=SUM_PATTERN)]

_DECIMAL = re.compile(r"(-?)([0-9]{1,14})(?:\.([0-9]{1,12}))?")
_WHOLE_DIGITS: Final = 14
_DECIMALS: Final = 12
_REMEMBERED: Final = 16_384
"""Texts: a receipt's are read by one policy after the other, a price comes again with every receipt."""


def scaled(text: str, scale: int) -> int:
    """Return the decimal `text` as an integer number of 10^-scale units, exactly.

    Raises ValueError when the text is not a plain ASCII decimal or has more than `scale` significant
    decimals (trailing zeros beyond the scale are harmless: 12.5000000 is 12.5).
    """
    return _remembered(text, scale)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str, scale: int) -> int:
    whole, _, fraction = str.partition(text, ".")
    if len(fraction) == scale <= _DECIMALS and 0 < len(whole) <= _WHOLE_DIGITS and fraction:
        digits = whole + fraction  # the usual: exactly as many decimals as the scale has
        if digits.isascii() and digits.isdigit():
            return int(digits)
    return _read(text, scale)


def _read(text: str, scale: int) -> int:
    """Return any decimal as `scaled` does."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        message = f"not a plain decimal: {text!r}"
        raise ValueError(message)
    sign, whole, fraction = found.groups()
    fraction = (fraction or "").rstrip("0")
    if len(fraction) > scale:
        message = f"more than {scale} decimals: {text!r}"
        raise ValueError(message)
    value = int(whole) * int(10**scale) + int(fraction.ljust(scale, "0") or "0")
    return -value if sign else value


def plain(value: int, scale: int) -> str:
    """Return an integer number of 10^-scale units as a decimal string with exactly `scale` places."""
    if not scale:
        return str(value)
    digits = str(value)
    if value < 0 or len(digits) <= scale:
        digits = digits.zfill(scale + (2 if value < 0 else 1))  # zeros go behind the sign
    return f"{digits[:-scale]}.{digits[-scale:]}"


def fen(text: str) -> int:
    """Return a sum such as "12.34" as integer fen. Raises ValueError for anything else."""
    return scaled(text, SUM_SCALE)


def yuan(amount: int) -> str:
    """Return integer fen as a sum string with two decimals."""
    return plain(amount, SUM_SCALE)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded half away from zero (四舍五入), in integers."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def line_amount(unit_price: str, quantity: str) -> int:
    """Return unit price × quantity in fen, rounded half up once."""
    product = scaled(unit_price, PRICE_SCALE) * scaled(quantity, QUANTITY_SCALE)
    return divide_half_up(product, 10 ** (PRICE_SCALE + QUANTITY_SCALE - SUM_SCALE))

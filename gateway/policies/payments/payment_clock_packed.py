"""验收单的紧凑写法: a receipt as one short text, because every change writes all that are kept.

A packed receipt is the day when it is looked at again, `=` where it is paid exactly or `;` where it is not,
and its facts, parted by `;`, without commas at the end:

    a DAY DUE ID fen,product,enterprise,region    an accepted line
    p DAY ID fen,enterprise,region                paid (r: returned, f: paid by the fund)

A day is three digits of base 62, counted from 1900 (`000`: none), so that the texts sort like the days; an
id is 22 characters of base 64. A capital letter marks what takes a forgotten message back. Products,
enterprises and regions are numbers in the institution's tables; left out are the first region, a name that
nobody gave, and the fen of a credit that pays all that was left. What does not fit (ids that are not the
gateway's, far days) stays plain JSON.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from datetime import date
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Final, TypeGuard

from gateway.policies.payments.payment_clock_days import days_after
from gateway.policies.payments.payment_clock_receipts import COUNTER, Line, Receipt
from gateway.policies.payments.payment_clock_standing import KEPT_DAYS

NO_DAY: Final = "000"
SETTLED: Final = "="
UNSETTLED: Final = ";"
LINE: Final = "a"
_DIGITS: Final = digits + ascii_uppercase + ascii_lowercase
_BASE: Final = len(_DIGITS)
_FIRST: Final = "1900-01-01"
_BEFORE: Final = date.fromisoformat(_FIRST).toordinal() - 1
_HEX: Final = 32
_ID: Final = 22
_LINE_END, _CREDIT_END = 29, 26
LINE_ID: Final = slice(7, _LINE_END)
CREDIT_ID: Final = slice(4, _CREDIT_END)

Packed = str | dict[str, Any]
"""A receipt as it is kept: the short text, or plain JSON with `n`, the day when it is looked at again."""


class Unpackable(Exception):  # noqa: N818 - no error: such a receipt is kept as plain JSON
    """Something does not fit into the short text."""


class Names:
    """Texts that many receipts share, each with a number. The given table is never changed."""

    __slots__ = ("_own", "_texts", "table")

    def __init__(self, table: dict[str, int]) -> None:
        self.table = table
        self._own = False
        self._texts: list[str] = []

    def number(self, text: str) -> int:
        """Return a text's number; a new text gets the next one."""
        found = self.table.get(text)
        if found is None:
            if not self._own:
                self._own, self.table = True, dict(self.table)
            found = self.table[text] = len(self.table)
        return found

    def text(self, number: int) -> str:
        """Return the text that has a number."""
        if len(self._texts) < len(self.table):
            self._texts = list(self.table)  # they were put in by number, and JSON keeps the order
        return self._texts[number]


@lru_cache(maxsize=16384)
def day_code(day: str) -> str:
    """Return a day's three digits. Raises Unpackable for a day that has none."""
    if not day:
        return NO_DAY
    rest, found = date.fromisoformat(day).toordinal() - _BEFORE, ""
    for _ in NO_DAY:
        rest, digit = divmod(rest, _BASE)
        found = _DIGITS[digit] + found
    if rest or found == NO_DAY:
        raise Unpackable(day)
    return found


@lru_cache(maxsize=16384)
def code_after(code: str, count: int) -> str:
    """Return the digits of the day some days after another. Raises Unpackable for a day that has none."""
    return day_code(days_after(day_of_code(code), count))


@lru_cache(maxsize=16384)
def day_of_code(code: str) -> str:
    """Return the day of three digits."""
    number = 0
    for digit in code:
        number = number * _BASE + _DIGITS.index(digit)
    return date.fromordinal(number + _BEFORE).isoformat() if number else ""


def coming_of(stored: Packed) -> str:
    """Return the day when a receipt is looked at again; "" for never."""
    return day_of_code(stored[:3]) if isinstance(stored, str) else str(stored["n"])


def is_settled(stored: Packed) -> TypeGuard[str]:
    """Return whether a receipt is kept as one that is paid exactly."""
    return isinstance(stored, str) and stored[len(NO_DAY)] == SETTLED


def limit_code(day: str) -> str:
    """Return three digits that sort like a day among those of other days, whatever day it is."""
    try:
        return day_code(day)
    except Unpackable:
        return NO_DAY if day < _FIRST else _DIGITS[-1] * len(NO_DAY)


def packed(receipt: Receipt, coming: str, names: Names, regions: Names, *, settled: bool) -> Packed:
    """Return a receipt as it is kept, to be looked at again on the day `coming`.

    `settled`: it is paid exactly by now, and forgotten on that day.
    """
    try:
        return _text(receipt, coming, names, regions, settled=settled)
    except Unpackable:
        for each in (*receipt["a"], *receipt["c"]):
            regions.number(each[5])
        for line in receipt["a"]:
            names.number(line[4])
        return {**receipt, "n": coming}


def _text(receipt: Receipt, coming: str, names: Names, regions: Names, *, settled: bool) -> str:
    """Return the short text. Raises Unpackable."""
    owed, facts = 0, []
    for line in receipt["a"]:
        owed += line[2]
        facts.append(line_text(line, names, regions))
    for credit in receipt["c"]:
        facts.append(credit_text(credit, owed, names, regions))
        owed -= credit[2]
    if settled == bool(owed):  # paid exactly, but with a credit that is dated ahead
        raise Unpackable(coming)
    return day_code(coming) + (SETTLED if settled else UNSETTLED) + ";".join(facts)


def line_text(line: Line, names: Names, regions: Names) -> str:
    """Return an accepted line as text. Raises Unpackable."""
    identity, day, amount, due, product, region, enterprise = line
    kind, short = _short(LINE, identity)
    bought = names.number(product) if product else ""
    by = names.number(enterprise) if enterprise else ""
    what = f"{short}{amount},{bought},{by},{regions.number(region) or ''}"
    return f"{kind}{day_code(day)}{day_code(due)}{what}".rstrip(",")


def line_amount(text: str) -> int:
    """Return the fen of an accepted line's text."""
    return int(text[_LINE_END:].split(",", 1)[0])


def credit_text(credit: Line, owed: int, names: Names, regions: Names) -> str:
    """Return a credit as text, where so much was left to pay. Raises Unpackable."""
    identity, day, amount, paid, enterprise, region = credit
    kind, short = _short(paid, identity)
    to = names.number(enterprise) if enterprise else ""
    what = f"{'' if amount == owed else amount},{to},{regions.number(region) or ''}"
    return f"{kind}{day_code(day)}{short}{what}".rstrip(",")


def _short(kind: str, identity: str) -> tuple[str, str]:
    """Return a fact's letter and its id in base 64. Raises Unpackable for ids of another form."""
    if identity[:1] == COUNTER:
        kind, identity = kind.upper(), identity[len(COUNTER) :]
    try:
        number = bytes.fromhex(identity)
    except ValueError as error:
        raise Unpackable(identity) from error
    if len(identity) != _HEX or number.hex() != identity:
        raise Unpackable(identity)
    return kind, b2a_base64(number, newline=False)[:_ID].decode()


def _identity(kind: str, short: str) -> str:
    identity = a2b_base64(short + "==").hex()
    return identity if kind.islower() else COUNTER + identity


def unpacked(stored: Packed, names: Names, regions: Names) -> Receipt:
    """Return a receipt out of what is kept of it.

    `t`, the last day that had ended when anything was said of it, counts for what is paid exactly, and is
    told for it: the day from which on it has been kept.
    """
    if not isinstance(stored, str):
        return stored
    lines: list[Line] = []
    credits_: list[Line] = []
    owed = 0
    for fact in stored[4:].split(";"):
        if fact[0] in "aA":
            line = _line(fact, names, regions)
            owed += line[2]
            lines.append(line)
        else:
            credit = _credit(fact, owed, names, regions)
            owed -= credit[2]
            credits_.append(credit)
    said = days_after(day_of_code(stored[:3]), -KEPT_DAYS) if stored[3] == SETTLED else ""
    return {"a": lines, "c": credits_, "t": said}


def _line(fact: str, names: Names, regions: Names) -> Line:
    amount, product, enterprise, region = f"{fact[_LINE_END:]},,,".split(",")[:4]
    return [
        _identity(fact[0], fact[LINE_ID]),
        day_of_code(fact[1:4]),
        int(amount),
        day_of_code(fact[4:7]),
        names.text(int(product)) if product else "",
        regions.text(int(region or 0)),
        names.text(int(enterprise)) if enterprise else "",
    ]


def _credit(fact: str, owed: int, names: Names, regions: Names) -> Line:
    amount, enterprise, region = f"{fact[_CREDIT_END:]},,".split(",")[:3]
    return [
        _identity(fact[0], fact[CREDIT_ID]),
        day_of_code(fact[1:4]),
        int(amount) if amount else owed,
        fact[0].lower(),
        names.text(int(enterprise)) if enterprise else "",
        regions.text(int(region or 0)),
    ]

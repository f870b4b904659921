"""校验: HL7 values to canonical ones, with every finding kept, each at its HL7 place (`RXE[2]-3`)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from adapters._kit.decimals import read_price, read_quantity, read_sum
from adapters._kit.times import CHINA, read_date
from schemas.codes import TRACE_CODE_PATTERN
from schemas.events import OFFSET_CHINA
from schemas.issues import Issue, issue

CODE_LIMIT: Final = 64
TEXT_LIMIT: Final = 200
_SHOWN: Final = 32
_DAY: Final = len("YYYYMMDD")
_FULLWIDTH: Final = re.compile(r"[\uff10-\uff19]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TRACE: Final = re.compile(TRACE_CODE_PATTERN)
_OFFSET: Final = re.compile(r"([+-])(0[0-9]|1[0-4])([0-5][0-9])")
# already canonical, as most numbers are: taken as they stand; everything else goes the long way
_QUANTITY: Final = re.compile(r"[1-9][0-9]{0,11}\.[0-9]{4}")
_PRICE: Final = re.compile(r"(?:0|[1-9][0-9]{0,9})\.[0-9]{6}")
_SUM: Final = re.compile(r"(?:0|[1-9][0-9]{0,13})\.[0-9]{2}")
# YYYYMMDD[HH[MM[SS[.S…]]]][±ZZZZ]: HL7's DTM from the precision of a day on
_MOMENT: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})"
    r"(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(\.[0-9]{1,6})?)?)?)?"
    r"([+-][0-9]{4})?"
)


def offset_of(moment: str) -> str:
    """Return the offset of an HL7 moment as ±HH:MM; China's where it names none."""
    found = _OFFSET.fullmatch(moment[-5:])
    return f"{found[1]}{found[2]}:{found[3]}" if found else OFFSET_CHINA


class Findings:
    """What was found wrong with one message; the methods return "" where they found something."""

    __slots__ = ("issues",)

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def add(self, code: str, path: str, line: int | None = None, **facts: object) -> str:
        """Keep one issue."""
        self.issues.append(issue(code, path, line=line, **facts))
        return ""

    def text(
        self,
        value: str,
        path: str,
        line: int | None = None,
        *,
        limit: int = TEXT_LIMIT,
        required: bool = True,
        ascii_digits: bool = True,
    ) -> str:
        """Return a code, number or name as it is, once it is one the canonical language takes."""
        if not value:
            return self.add("field.required", path, line) if required else ""
        if value.isascii() and value.isprintable() and len(value) <= limit:
            return value
        if len(value) > limit:
            return self.add(
                "field.format", path, line, detail=f"超过 {limit} 字 over {limit} characters"
            )
        if _CONTROL.search(value):
            return self.add("field.format", path, line, detail="控制字符 control characters")
        if ascii_digits and _FULLWIDTH.search(value):
            return self.add("field.fullwidth", path, line)
        return value

    def code(self, value: str, path: str, line: int | None = None, *, required: bool = True) -> str:
        """Return a partner's own code (at most 64 characters)."""
        return self.text(value, path, line, limit=CODE_LIMIT, required=required)

    def quantity(self, value: str, path: str, line: int | None = None) -> str:
        """Return a positive quantity with 4 decimals."""
        if _QUANTITY.fullmatch(value):
            return value
        if not value:
            return self.add("field.required", path, line)
        return read_quantity(value, path, self.issues, line=line)

    def unit_price(
        self, value: str, path: str, line: int | None = None, *, required: bool = True
    ) -> str:
        """Return a unit price with 6 decimals."""
        if _PRICE.fullmatch(value):
            return value
        if not value:
            return self.add("field.required", path, line) if required else ""
        return read_price(value, path, self.issues, line=line)

    def sum(self, value: str, path: str, line: int | None = None) -> str:
        """Return a sum of money with 2 decimals; an order's sums are not negative."""
        if _SUM.fullmatch(value):
            return value
        if not value:
            return self.add("field.required", path, line)
        read = read_sum(value, path, self.issues, line=line)
        if read.startswith("-"):
            return self.add("field.range", path, line, detail=value[:_SHOWN])
        return read

    def moment(self, value: str, path: str, line: int | None = None, *, offset: str) -> str:
        """Return an HL7 moment as RFC 3339 in China's offset.

        `offset` counts where it names none (MSH-7's); a bare date is its midnight.
        """
        if not value:
            return self.add("field.required", path, line)
        if _FULLWIDTH.search(value):
            return self.add("field.fullwidth", path, line)
        found = _MOMENT.fullmatch(value)
        if found is None:
            return self.add("date.invalid", path, line, detail=f"{value[:_SHOWN]!r}")
        year, month, day, hour, minute, second, fraction, zone = found.groups("")
        zone = f"{zone[:3]}:{zone[3:]}" if zone else offset
        clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}{fraction}"
        text = f"{year}-{month}-{day}T{clock}{zone}"
        try:
            instant = datetime.fromisoformat(text)
            return text if zone == OFFSET_CHINA else instant.astimezone(CHINA).isoformat()
        except (ValueError, OverflowError):
            return self.add("date.invalid", path, line, detail=f"{value[:_SHOWN]!r}")

    def day(self, value: str, path: str, line: int | None = None) -> str:
        """Return an optional HL7 date as YYYY-MM-DD; a time of day behind it is of no account."""
        return read_date(value[:_DAY], path, self.issues, line=line) if value else ""

    def trace_code(self, value: str, path: str, line: int | None = None) -> str:
        """Return a drug trace code (药品追溯码)."""
        if _TRACE.fullmatch(value):
            return value
        if _FULLWIDTH.search(value):
            return self.add("field.fullwidth", path, line)
        return self.add("field.format", path, line, detail=f"追溯码 trace code {value[:_SHOWN]!r}")

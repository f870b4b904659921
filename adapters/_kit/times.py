"""日期时间: partners' dates and instants → canonical ones.

Read are yyyyMMdd, yyyy-MM-dd; yyyyMMddHHmm[ss[.f]][±zzzz] (HL7 and the insurance interface) and
ISO 8601. A time without offset is China's (UTC+8); every instant comes out in China's offset, so that
its first ten characters are the Chinese calendar day by which codes and terms are looked up.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Final

from schemas.issues import Issue, issue

CHINA: Final = timezone(timedelta(hours=8))
UNTIL_FURTHER_NOTICE: Final = "2999-12-31"
"""How the platforms write an end that is not known (29991231)."""
_DATE: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_ISO: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_COMPACT: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(Z|[+-][0-9]{4})?"
)
_MICROSECONDS: Final = 6


def read_date(text: str, path: str, found: list[Issue], *, line: int | None = None) -> str:
    """Return a date as YYYY-MM-DD; "" after adding date.invalid to `found`."""
    match = _DATE.fullmatch(text)
    if match is not None and text.count("-") in (0, 2):
        try:
            return date(*map(int, match.groups())).isoformat()
        except ValueError:
            pass
    found.append(issue("date.invalid", path, line=line, detail=text[:40]))
    return ""


def read_instant(text: str, path: str, found: list[Issue], *, line: int | None = None) -> str:
    """Return an instant as RFC 3339 in UTC+8; "" after adding date.invalid to `found`."""
    try:
        return _instant(text).isoformat()
    except (ValueError, OverflowError):
        found.append(issue("date.invalid", path, line=line, detail=text[:40]))
        return ""


def _instant(text: str) -> datetime:
    match = _ISO.fullmatch(text)
    if match is not None:
        day, clock, fraction, offset = match.groups()
    else:
        match = _COMPACT.fullmatch(text)
        if match is None:
            raise ValueError(text)
        year, month, of_month, hour, minute, second, fraction, offset = match.groups()
        day, clock = f"{year}-{month}-{of_month}", f"{hour}:{minute}:{second or '00'}"
    parts = f".{fraction[:_MICROSECONDS]:0<6}" if fraction else ""
    return datetime.fromisoformat(f"{day}T{clock}{parts}{offset or '+08:00'}").astimezone(CHINA)


def compact_date(text: str) -> str:
    """Return a canonical date as yyyyMMdd."""
    return text.replace("-", "")


def compact_instant(text: str) -> str:
    """Return a canonical instant as yyyyMMddHHmmss in China's time."""
    return _instant(text).strftime("%Y%m%d%H%M%S")


def plain_instant(text: str) -> str:
    """Return a canonical instant as yyyy-MM-dd HH:mm:ss in China's time."""
    return _instant(text).strftime("%Y-%m-%d %H:%M:%S")


def unix_seconds(text: str) -> int:
    """Return a canonical instant as seconds since 1970-01-01 UTC."""
    return int(_instant(text).timestamp())

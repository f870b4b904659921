"""报文类型: what one line of the list of message types says (see `events.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from schemas.canonical import Canonical
from schemas.issues import Issue

__all__ = ["CHINA", "KEY_SEPARATOR", "OFFSET_CHINA", "TYPE_PREFIX", "EventType"]

TYPE_PREFIX: Final = "cn.jicai."
KEY_SEPARATOR: Final = "/"
OFFSET_CHINA: Final = "+08:00"
CHINA: Final = timezone(timedelta(hours=8))
"""The offset of the calendar that business days are of."""
_DAY: Final = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class EventType:
    """One line of the list."""

    name: str
    model: type[Canonical]
    key: tuple[str, ...]
    dated_by: str
    derived: bool = False
    """True for what only the gateway itself may say (conclusions, rejections)."""
    adds_up: Callable[[dict[str, Any]], tuple[Issue, ...]] | None = None
    """What the model cannot say about data that satisfies it: sums and counts across fields."""

    @property
    def entity_event(self) -> str:
        """Return `<entity>.<event>`, e.g. order.placed."""
        return self.name.removeprefix(TYPE_PREFIX).rsplit(".v", 1)[0]

    @property
    def topic(self) -> str:
        """Return the Kafka topic."""
        return f"vbp.{self.entity_event}"

    def subject(self, data: Mapping[str, Any]) -> str:
        """Return the business key of canonical data. Raises KeyError when a key field is missing."""
        if len(self.key) == 1:
            return str(data[self.key[0]])
        return KEY_SEPARATOR.join(str(data[field]) for field in self.key)

    def business_time(self, data: Mapping[str, Any]) -> str:
        """Return the business time as RFC 3339; a bare date is its midnight in China (UTC+8)."""
        text = str(data[self.dated_by])
        return text if "T" in text else f"{text}T00:00:00{OFFSET_CHINA}"

    def business_day(self, data: Mapping[str, Any]) -> str:
        """Return the day (YYYY-MM-DD, in China) as of which a message's codes are looked up.

        Data need not be checked yet: what is no instant gives its first ten signs, nothing gives "".
        """
        text = str(data.get(self.dated_by, ""))
        if len(text) <= _DAY or text.endswith(OFFSET_CHINA):  # by far the most
            return text[:_DAY]
        return _day_in_china(text)


def _day_in_china(text: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(CHINA).date().isoformat()
    except (ValueError, OverflowError):
        pass
    return text[:_DAY]

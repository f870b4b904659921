"""报文类型: what one line of the list of message types says (see `events.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.canonical import Canonical
from schemas.issues import Issue

__all__ = ["KEY_SEPARATOR", "OFFSET_CHINA", "TYPE_PREFIX", "EventType"]

TYPE_PREFIX: Final = "cn.jicai."
KEY_SEPARATOR: Final = "/"
OFFSET_CHINA: Final = "+08:00"


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

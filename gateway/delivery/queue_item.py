"""队列项: one delivery to one partner as it stands in the key-value space, and the space's names."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

import orjson

from schemas.envelope import Message

CONSUMER: Final = "delivery"
COUNTERS: Final = "delivery/counters"
"""Key: partner; value: the number of the last delivery queued for it. Whoever queues advances it."""
STANDINGS: Final = "delivery/standings"
"""Key: partner; value: see standing.py."""
_KEY_DIGITS: Final = 16


def queue_space(partner: str) -> str:
    """Return the space of a partner's queue; its keys are the queue's order."""
    return f"queue/{partner}"


def dead_space(partner: str) -> str:
    """Return the space of a partner's dead letters; keys as they were in the queue."""
    return f"dead/{partner}"


def queue_key(number: int) -> str:
    """Return the zero-padded key of the n-th delivery that was ever queued for a partner."""
    return f"{number:0{_KEY_DIGITS}d}"


class ItemState(StrEnum):
    """What is known of a queued delivery."""

    WAITING = "waiting"
    """Never tried."""
    UNKNOWN = "unknown"
    """Tried without a usable answer: the partner may have it. Sent again under the same key."""


@dataclass(frozen=True, slots=True)
class Item:
    """One queued delivery. `place` is the message's place in the journal, "<shard>-<seq>"."""

    message_id: str
    type: str
    subject: str
    place: str
    route: int
    queued_at: str
    attempts: int = 0
    """Calls made so far that count against the limit."""
    not_before: str = ""
    """RFC 3339: not to be tried earlier; empty: at once."""
    state: ItemState = ItemState.WAITING
    tried_since: str = ""
    """RFC 3339: when the first call without a usable answer ended; empty: never tried."""
    replays: int = 0
    """How often an operator brought it back from the dead letters."""

    @classmethod
    def of(cls, message: Message, route: int, now: datetime) -> Self:
        """Return a fresh item for a message."""
        return cls(
            message.id,
            message.type,
            message.subject,
            message.sequence,
            route,
            now.isoformat(),
        )

    @classmethod
    def read(cls, value: bytes) -> Self:
        """Read an item back."""
        given: dict[str, Any] = orjson.loads(value)
        return cls(**{**given, "state": ItemState(given["state"])})

    def written(self) -> bytes:
        """Return the item as it is stored."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)

    def is_due(self, now: datetime) -> bool:
        """Tell whether it may be tried now."""
        return not self.not_before or datetime.fromisoformat(self.not_before) <= now

    def tried(self, now: datetime, *, counts: bool, not_before: datetime) -> Self:
        """Return the item after a call without a usable answer."""
        return replace(
            self,
            attempts=self.attempts + counts,
            not_before=not_before.isoformat(),
            state=ItemState.UNKNOWN,
            tried_since=self.tried_since or now.isoformat(),
        )

    def has_tried_for(self, now: datetime, patience: timedelta) -> bool:
        """Tell whether the first failed call lies at least this long back."""
        return bool(self.tried_since) and now - datetime.fromisoformat(self.tried_since) >= patience

    def afresh(self) -> Self:
        """Return the item as an operator brings it back: no attempts yet, due at once."""
        return replace(self, attempts=0, not_before="", tried_since="", replays=self.replays + 1)


def journal_order(place: str) -> tuple[str, int]:
    """Return (shard, number) of a journal place; ("", 0) of a message without one."""
    shard, _, number = place.rpartition("-")
    return (shard, int(number)) if number.isascii() and number.isdigit() else ("", 0)

"""队首: the front part of one partner's queue in memory, and the choice of what goes next.

Order holds per subject. Topics have no order among each other, so of several waiting messages of one
subject the one with the earlier place in the journal goes first, whichever was queued first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.delivery.queue_item import Item, journal_order, queue_space
from gateway.ports import Journal

PAGE: Final = 256
LOW: Final = 64
CAP: Final = 8192
"""Most items held in memory per partner; reached only when thousands wait behind failing subjects."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An item with its key and version in the key-value space."""

    key: str
    item: Item
    version: int


class Window:
    """The front of one partner's queue."""

    def __init__(self, journal: Journal, partner: str) -> None:
        self._journal, self._space = journal, queue_space(partner)
        self._items: dict[str, Queued] = {}
        self._of_subject: dict[str, set[str]] = {}
        self._busy: dict[str, str] = {}
        self._last = ""
        self._reading = 0
        self.more = True
        """Whether there may be items beyond those in memory."""

    def __len__(self) -> int:
        return len(self._items)

    @property
    def under_way(self) -> int:
        """Return the number of deliveries that were chosen and have not ended."""
        return len(self._busy)

    async def refill(self, *, beyond: int = LOW) -> None:
        """Read on when fewer than `beyond` items are in memory."""
        while self.more and len(self._items) < beyond:
            self.more, reading = False, self._reading  # what is queued from here on sets it again
            page = await self._journal.scan(self._space, after=self._last, limit=PAGE)
            if (
                reading != self._reading
            ):  # forgotten meanwhile: this page belongs to the old reading
                self.more = True
                continue
            for key, stored in page:
                item = Item.read(stored.value)
                self._items[key] = Queued(key, item, stored.version)
                self._of_subject.setdefault(item.subject, set()).add(key)
                self._last = key
            self.more = self.more or len(page) == PAGE

    async def choose(self, now: datetime, parallel: int) -> Queued | None:
        """Return the next delivery that may begin (and hold it as under way), reading on if needed."""
        await self.refill()
        while True:
            found = self._next(now, parallel)
            if found is not None:
                self._busy[found.key] = found.item.subject
                return found
            if not self.more or parallel == 1 or len(self._items) >= CAP:
                return None
            await self.refill(beyond=len(self._items) + PAGE)

    def _next(self, now: datetime, parallel: int) -> Queued | None:
        if len(self._busy) >= parallel:
            return None
        blocked = set(self._busy.values())
        for candidate in self._items.values():
            subject = candidate.item.subject
            if subject in blocked:
                continue
            first = self._first_of(candidate)
            if first.item.is_due(now):
                return first
            if parallel == 1:  # strict: the head blocks the queue while it is retried
                return None
            blocked.add(subject)
        return None

    def _first_of(self, candidate: Queued) -> Queued:
        keys = self._of_subject[candidate.item.subject]
        first, (shard, number) = candidate, journal_order(candidate.item.place)
        for key in keys if len(keys) > 1 else ():
            other, place = journal_order(self._items[key].item.place)
            if other == shard and place < number:
                first, number = self._items[key], place
        return first

    def next_due(self, now: datetime) -> datetime | None:
        """Return the earliest time after now that an item waits for; None when none does."""
        put_off = (
            datetime.fromisoformat(each.item.not_before)
            for each in self._items.values()
            if each.item.not_before
        )
        return min((each for each in put_off if each > now), default=None)

    def ended(self, key: str) -> None:
        """Note that a delivery is no longer under way."""
        self._busy.pop(key, None)

    def removed(self, key: str) -> None:
        """Note that an item has left the queue."""
        gone = self._items.pop(key, None)
        if gone is not None:
            keys = self._of_subject[gone.item.subject]
            keys.discard(key)
            if not keys:
                del self._of_subject[gone.item.subject]

    def changed(self, queued: Queued, item: Item) -> None:
        """Note that an item was written anew (its version is one higher)."""
        if queued.key in self._items:  # else forgotten meanwhile, and read anew with the next page
            self._items[queued.key] = Queued(queued.key, item, queued.version + 1)

    def forget(self) -> None:
        """Drop everything that is not under way and read the queue anew."""
        self._items.clear()
        self._of_subject.clear()
        self._reading += 1
        self._last, self.more = "", True

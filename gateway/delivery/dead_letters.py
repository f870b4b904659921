"""死信: deliveries that a person must look at: list, inspect, replay, discard.

A dead letter does not hold up what comes after it, not even of the same subject: it may stay for days,
and the partner must not wait for them. Replayed, it goes to the queue's end with a fresh attempt count.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Self

import orjson

from gateway.delivery.attempt import Outcome, cut
from gateway.delivery.queue_item import (
    COUNTERS,
    Item,
    ItemState,
    dead_space,
    queue_key,
    queue_space,
)
from gateway.delivery.queueing import REDO_LIMIT, advanced
from gateway.delivery.receipts import Addressed, receipt
from gateway.errors import Contended
from gateway.ports import Commit, Entry, Journal, Stored, Write
from schemas.envelope import Message

PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One delivery that ended without success, and why. `text` may quote the partner's answer."""

    item: Item
    died_at: str
    reason: str
    """refused (the partner or the adapter said no), exhausted (no usable answer), missing."""
    code: str
    text: str
    status: int
    request_digest: str
    response_digest: str

    @classmethod
    def of(cls, item: Item, reason: str, outcome: Outcome, now: datetime) -> Self:
        """Return the dead letter that an item becomes after this outcome."""
        return cls(
            item,
            now.isoformat(),
            reason,
            outcome.code,
            outcome.text,
            outcome.status,
            outcome.request_digest,
            outcome.response_digest,
        )

    @classmethod
    def read(cls, value: bytes) -> Self:
        """Read a dead letter back."""
        given: dict[str, Any] = orjson.loads(value)
        item = given.pop("item")
        return cls(Item(**{**item, "state": ItemState(item["state"])}), **given)

    def written(self) -> bytes:
        """Return it as it is stored."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)

    def facts(self) -> dict[str, Any]:
        """Return what a receipt says of it."""
        return {
            "reason": self.reason,
            "code": self.code,
            "text": self.text,
            "attempts": self.item.attempts,
            "request_digest": self.request_digest,
            "response_digest": self.response_digest,
        }


@dataclass(frozen=True, slots=True)
class Filed:
    """A dead letter with its partner and its key in the drawer."""

    partner: str
    key: str
    letter: DeadLetter


class DeadLetters:
    """The drawers of all partners."""

    def __init__(self, journal: Journal, clock: Callable[[], datetime]) -> None:
        self._journal, self._clock = journal, clock

    async def listed(self, partner: str = "", *, after: str = "", limit: int = 100) -> list[Filed]:
        """Return dead letters, oldest first; of one partner (keys > `after`) or of all."""
        found: list[Filed] = []
        for each in [partner] if partner else await self._partners():
            room = limit - len(found)
            if room <= 0:
                break
            page = await self._journal.scan(
                dead_space(each), after=after if partner else "", limit=room
            )
            found += [Filed(each, key, DeadLetter.read(one.value)) for key, one in page]
        return found

    async def counts(self) -> dict[str, int]:
        """Return the number of dead letters of every partner that ever had a queue."""
        return {
            each: await count(self._journal, dead_space(each)) for each in await self._partners()
        }

    async def inspect(self, partner: str, key: str) -> tuple[DeadLetter, Entry | None]:
        """Return a dead letter and its message's row of the journal. Raises KeyError."""
        stored = await self._journal.get(dead_space(partner), key)
        if stored is None:
            raise KeyError(f"{partner}/{key}")
        letter = DeadLetter.read(stored.value)
        return letter, await self._journal.find(letter.item.message_id)

    async def replay(self, partner: str, key: str = "") -> int:
        """Put one dead letter, or all of a partner, at the queue's end; return how many.

        Raises KeyError when there is none with this key.
        """
        if key:
            return await self._replayed(partner, [key], strict=True)
        # only what lies there now: what dies again meanwhile stays for the next look
        keys = [each async for each in _keys(self._journal, dead_space(partner))]
        done = 0
        for start in range(0, len(keys), PAGE):
            done += await self._replayed(partner, keys[start : start + PAGE], strict=False)
        return done

    async def discard(self, partner: str, key: str, reason: str, by: str = "") -> None:
        """Take a dead letter out for good; the reason stays in the journal.

        Raises KeyError, and ValueError when the reason is empty.
        """
        if not reason.strip():
            raise ValueError("a reason is needed to discard a dead letter")
        for _ in range(REDO_LIMIT):
            stored = await self._journal.get(dead_space(partner), key)
            if stored is None:
                raise KeyError(f"{partner}/{key}")
            try:
                await self._journal.commit(await self._discarding(partner, key, stored, reason, by))
            except Contended:
                continue
            return
        raise Contended(f"{partner}/{key} keeps changing")

    async def _discarding(
        self, partner: str, key: str, stored: Stored, reason: str, by: str
    ) -> Commit:
        letter = DeadLetter.read(stored.value)
        entry = await self._journal.find(letter.item.message_id)
        now = self._clock()
        message = entry.message if entry else stand_in(letter.item, now)
        facts = {**letter.facts(), "discarded_for": cut(reason.strip()), "discarded_by": cut(by)}
        return Commit(
            writes=[Write(dead_space(partner), key, None, expected=stored.version)],
            receipts=[receipt(Addressed(message, partner, key), "discarded", now, facts)],
        )

    async def _replayed(self, partner: str, keys: Sequence[str], *, strict: bool) -> int:
        for _ in range(REDO_LIMIT):
            found = await self._journal.get_many(dead_space(partner), keys)
            if not found:
                if strict:
                    raise KeyError(f"{partner}/{keys[0]}")
                return 0
            counter = await self._journal.get(COUNTERS, partner)
            try:
                await self._journal.commit(_moving(partner, found, counter))
            except Contended:
                continue
            return len(found)
        raise Contended(f"the queue of {partner} keeps changing")

    async def _partners(self) -> list[str]:
        return [each async for each in _keys(self._journal, COUNTERS)]


def _moving(partner: str, found: dict[str, Stored], counter: Stored | None) -> Commit:
    number = int(counter.value) if counter else 0
    work = Commit()
    for key in sorted(found):
        number += 1
        item = DeadLetter.read(found[key].value).item.afresh()
        work.writes += [
            Write(dead_space(partner), key, None, expected=found[key].version),
            Write(queue_space(partner), queue_key(number), item.written(), expected=0),
        ]
    work.writes.append(advanced(partner, number, counter.version if counter else 0))
    return work


def stand_in(item: Item, now: datetime) -> Message:
    """Return an empty message for the receipt of an item whose message is not in the journal."""
    return Message(item.message_id, "", item.type, item.subject, now.isoformat(), b"{}")


async def _keys(journal: Journal, space: str) -> AsyncIterator[str]:
    after = ""
    while page := await journal.scan(space, after=after):
        for key, _ in page:
            yield key
        after = page[-1][0]


async def count(journal: Journal, space: str) -> int:
    """Return how many keys a space has."""
    number, after = 0, ""
    while page := await journal.scan(space, after=after):
        number += len(page)
        after = page[-1][0]
    return number

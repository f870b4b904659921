"""What is open of linked prices after everything a host concluded, and the same as messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from gateway.policies.policy import Conclusion
from gateway.policies.prices.price_book_check import check_prices
from schemas.envelope import SOURCE_PREFIX, Message, canonical_bytes
from schemas.events import EVENT_TYPES, PRICE_LINK_ENDED, PRICE_LINK_PROPOSED, PRICE_LINKED
from tests.unit.policies.hosting import Host

Day = tuple[str, str, str]
"""Product, region and first day of a price."""
_HOW = frozenset({"because", "replaces"})
_ARRIVES = 0.8
_COMPARED = (
    "unified_code",
    "region",
    "effective_from",
    "price_before",
    "price_after",
    "reference_code",
    "reference_region",
    "reference_price",
    "converted",
    "follows",
)


def open_conclusions(
    host: Host, ends: dict[str, str], says: Iterable[str] = ()
) -> dict[str, Conclusion]:
    """Return by id what neither ended (`ends`: type of the end → the field that names it) nor was replaced."""
    found: dict[str, Conclusion] = {}
    wanted = set(says)
    for identity, conclusion in host.drawn:
        if conclusion.type in ends:
            del found[conclusion.data[ends[conclusion.type]]]
            continue
        if conclusion.data.get("replaces"):
            del found[conclusion.data["replaces"]]
        assert identity not in found
        found[identity] = conclusion
    return {name: each for name, each in found.items() if not wanted or each.type in wanted}


class Book(NamedTuple):
    """What a policy says of prices by product, region and first day, and how it says that it ended."""

    says: frozenset[str]
    ends: dict[str, str]

    def standing(self, host: Host) -> dict[Day, tuple[str, dict[str, Any]]]:
        """Return what is open by its day: all that it says, but not how it was found."""
        found: dict[Day, tuple[str, dict[str, Any]]] = {}
        for each in open_conclusions(host, self.ends, self.says).values():
            kept = {name: value for name, value in each.data.items() if name not in _HOW}
            assert _day(each) not in found
            found[_day(each)] = (each.type, kept)
        return found

    def put_right(self, host: Host, gone: Message, by: Message) -> list[Conclusion]:
        """Supersede a message, and see that one word is said of each day that is otherwise now.

        Of one product in one region all that ends is said before what is new.
        """
        before = self.standing(host)
        said = [each for each in host.supersede(gone, by) if each.type in {*self.says, *self.ends}]
        after, days = self.standing(host), [_day(each) for each in said]
        assert sorted(days) == sorted(
            day for day in {**before, **after} if before.get(day) != after.get(day)
        )
        for product in {day[:2] for day in days}:
            ends = [each.type in self.ends for each in said if _day(each)[:2] == product]
            assert ends == sorted(ends, reverse=True)
        return said

    def after_corrections(
        self, host: Host, right: Sequence[Message], wrong: Sequence[Message], order: Random
    ) -> Host:
        """Return a host that took wrong facts where right ones of their type belong, each put right.

        Some of the wrong ones never arrived. A correction that comes again leads to nothing more.
        """
        left, heard = list(wrong), []
        pairs: list[tuple[Message, Message]] = []
        for each in right:
            false = next((one for one in left if one.type == each.type), None)
            if false is not None:
                left.remove(false)
                pairs.append((false, each))
            if false is None or order.random() < _ARRIVES:
                heard.append(false or each)
        order.shuffle(heard)
        order.shuffle(pairs)
        host.take(*heard)
        for false, true in pairs:
            if false in heard:
                self.put_right(host, false, true)
            else:
                host.supersede(false, true)
        for false, true in pairs:
            assert host.supersede(false, true) == []
        return host


def _day(conclusion: Conclusion) -> Day:
    data = conclusion.data
    return data["unified_code"], data["region"], data["effective_from"]


LINKS = Book(frozenset({PRICE_LINKED, PRICE_LINK_PROPOSED}), {PRICE_LINK_ENDED: "linked_id"})


def still_linked(host: Host) -> list[tuple[Any, ...]]:
    """Return the open linked prices and proposals, comparable whatever their ids."""
    found = open_conclusions(host, {PRICE_LINK_ENDED: "linked_id"})
    return sorted(
        (each.type, *(str(each.data[name]) for name in _COMPARED)) for each in found.values()
    )


def as_messages(host: Host) -> list[Message]:
    """Return a host's conclusions as the messages they become."""
    return [
        Message(
            id=identity,
            source=f"{SOURCE_PREFIX}policy-{host.policy.name}",
            type=each.type,
            subject=EVENT_TYPES[each.type].subject(each.data),
            time=EVENT_TYPES[each.type].business_time(each.data),
            data=canonical_bytes(each.data),
        )
        for identity, each in host.drawn
    ]


def sound(host: Host, *facts: Message) -> tuple[str, ...]:
    """Return what violates I5 in everything a host was told and concluded."""
    return check_prices([*facts, *as_messages(host)])


def numbered(messages: Iterable[Message]) -> list[Message]:
    """Return messages with their places in a journal."""
    return [message.numbered(0, at) for at, message in enumerate(messages, start=1)]


def corrected(message: Message, number: str, **changed: Any) -> Message:
    """Return a message that supersedes another one."""
    content = message.content() | changed | {"supersedes": message.id}
    blob = canonical_bytes(content)
    EVENT_TYPES[message.type].model.model_validate_json(blob)
    identity = f"{int(message.id, 16) ^ hash_of(number):032x}"
    return replace(message, id=identity, data=blob)


def rightly(messages: Iterable[Message]) -> list[Message]:
    """Return messages of the same content under ids of their own, recorded after all others."""
    return [
        corrected(message, "right").numbered(0, 1000 + at) for at, message in enumerate(messages)
    ]


def hash_of(text: str) -> int:
    """Return a number that depends on the text alone."""
    return int.from_bytes(text.encode().ljust(8, b"_")[:8], "big")
